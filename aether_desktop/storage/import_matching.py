"""Which movements of a file are stored already: duplicates found as sets, a chunk at a time, so memory stays flat.

Three rules, in this order. (1) The same identity is the same movement. (2) Equal movements within one file are kept
apart by their ordinal: the second of them meets the second stored one. (3) Another program's export of the same
transfer differs in addresses and legs, so there the hash, direction, figure and symbol decide, as a multiset: the nth
equal movement of the file meets the nth such row. A row of the same family of formats, or one that this family knows
already as another movement, is never met that way.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from sqlalchemy import Connection, and_, exists, func, or_, select

from aether_desktop.domain.transactions import Movement
from aether_desktop.storage.bulk import BulkRoad, Known
from aether_desktop.storage.movements import Coins, Digest, digests, repeated
from aether_desktop.storage.schema import IMPORT_BATCHES, TRANSACTIONS

NO_BATCH = 0  # ids are positive: a question asked for no batch has seen nothing


class Match:
    """What is known about one chunk. ``found`` by position; ``other`` holds the positions matched by rule 3."""

    __slots__ = ("digests", "found", "identities", "other")

    def __init__(self, found_digests: list[Digest]) -> None:
        self.digests = found_digests
        self.identities = [item.digest for item in found_digests]
        self.found: dict[int, Known] = {}
        self.other: set[int] = set()


class Matcher:
    """One file against the rows of one wallet; one thread. Driver errors pass through.

    With a batch, what earlier chunks stored or sighted is asked of the database; without one (a preview), the matcher
    remembers it.
    """

    def __init__(self, road: BulkRoad, coins: Coins, *, wallet_id: int, batch_id: int, family: str | None) -> None:
        """``family`` None skips rule 3 (nothing else is stored)."""
        self._road = road
        self._coins = coins
        self._wallet_id = wallet_id
        self._batch_id = batch_id
        self._family = family
        self._ordinals: dict[bytes, int] = {}  # only of digests that repeat
        self._met: set[bytes] = set()
        self._taken: set[int] = set()

    def match(self, movements: Sequence[Movement]) -> Match:
        """Raises InvalidInputError naming the row."""
        result = Match(digests(movements, self._coins))
        self._by_identity(result)
        if self._family is not None:
            self._by_hash(result, movements, self._family)
        if self._batch_id == NO_BATCH:
            self._taken.update(known.id for known in result.found.values())
        return result

    def _by_identity(self, result: Match) -> None:
        firsts, again = self._split(result.identities)
        again += self._meet(result, firsts)
        while again:
            again.sort()
            for position in again:
                digest = result.digests[position].digest
                ordinal = self._ordinals.get(digest, 1)
                self._ordinals[digest] = ordinal + 1
                result.identities[position] = repeated(digest, ordinal)
            again = self._meet(result, again)

    def _meet(self, result: Match, positions: Sequence[int]) -> list[int]:
        """Note the stored rows of these identities; returns where another movement of the file has the row already."""
        taken: list[int] = []
        identities = [result.identities[position] for position in positions]
        for known in self._road.known(identities, wallet_id=self._wallet_id, batch_id=self._batch_id):
            position = positions[known.position]
            if known.seen or known.id in self._taken:
                taken.append(position)
            else:
                result.found[position] = known
        return taken

    def _split(self, identities: list[bytes]) -> tuple[list[int], list[int]]:
        """Positions whose digest is new in this file as far as is known here, and those that repeat one."""
        here = set(identities)
        if len(here) == len(identities) and here.isdisjoint(self._ordinals) and here.isdisjoint(self._met):
            if self._batch_id == NO_BATCH:
                self._met |= here
            return list(range(len(identities))), []
        firsts: list[int] = []
        again: list[int] = []
        met: set[bytes] = set()
        for position, digest in enumerate(identities):
            if digest in met or digest in self._ordinals or digest in self._met:
                again.append(position)
            else:
                met.add(digest)
                firsts.append(position)
        if self._batch_id == NO_BATCH:
            self._met |= met
        return firsts, again

    def _by_hash(self, result: Match, movements: Sequence[Movement], family: str) -> None:
        open_positions = [
            position for position, movement in enumerate(movements) if movement.tx_hash and position not in result.found
        ]
        hashes = list(dict.fromkeys(movements[position].tx_hash for position in open_positions))
        if not hashes:
            return
        taken = self._taken | {known.id for known in result.found.values()}
        free: defaultdict[tuple[str, str, bytes, str], deque[Known]] = defaultdict(deque)
        named: dict[bytes, Known] = {}
        for row in self._road.same_hash(hashes, wallet_id=self._wallet_id, batch_id=self._batch_id, family=family):
            if row.id in taken:
                continue
            known = Known(0, row.id, row.status, seen=False)
            if row.known_as is not None:
                named[bytes(row.known_as)] = known
            else:
                free[row.tx_hash, row.direction, bytes(row.amount_rank), row.symbol.casefold()].append(known)
        if named or free:
            self._claim(result, movements, open_positions, named, free)

    def _claim(
        self,
        result: Match,
        movements: Sequence[Movement],
        open_positions: Sequence[int],
        named: dict[bytes, Known],
        free: dict[tuple[str, str, bytes, str], deque[Known]],
    ) -> None:
        """Rows that the family knows already by the same identity first, then the nth by the nth."""
        for position in open_positions:
            movement, digest = movements[position], result.digests[position]
            found = named.pop(result.identities[position], None)
            if found is None:
                rows = free.get((movement.tx_hash, movement.direction.value, digest.rank, digest.coin.symbol))
                found = rows.popleft() if rows else None
            if found is not None:
                result.found[position] = found
                result.other.add(position)
                self._ordinals.setdefault(digest.digest, 1)  # its identity is not among the rows, so remember it


def family_of(file_format: str) -> str:
    """The program that makes the format: "etherscan" of "etherscan.normal"."""
    return file_format.partition(".")[0]


def others_stored(connection: Connection, *, vault_id: int, wallet_id: int, family: str) -> bool:
    """Whether rule 3 can match anything: the wallet has rows from other families, or made by hand in the vault."""
    batches, rows = IMPORT_BATCHES.c, TRANSACTIONS.c
    other_family = and_(batches.format != family, func.substr(batches.format, 1, len(family) + 1) != f"{family}.")
    by_file = exists().where(batches.vault_id == vault_id, batches.wallet_id == wallet_id, other_family)
    by_hand = exists().where(rows.vault_id == vault_id, rows.batch_id.is_(None))
    return bool(connection.scalar(select(or_(by_file, by_hand))))
