"""What is asked of every contestant, and the right first rows of each answer, found by plain SQL on the plain copy."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from scripts.large.places import Place, plain_connection

JUMPS: Final = 200
SHOWN: Final = 8  # rows compared from the top
_FRAGMENT_DIGITS: Final = 10


class Match(NamedTuple):
    """A column and what it must be: one of ``values``; or between two; or containing a text."""

    column: str
    way: str  # "in", "between" (the second value excluded), "contains"
    values: list[Any]

    def sql(self) -> str:
        """For the plain copy."""
        shown = [repr(value) for value in self.values]
        if self.way == "between":
            return f"{self.column} >= {shown[0]} AND {self.column} < {shown[1]}"
        if self.way == "contains":
            return f"{self.column} LIKE '%{self.values[0]}%'"
        return f"{self.column} IN ({', '.join(shown)})" if len(shown) > 1 else f"{self.column} = {shown[0]}"


@dataclass(frozen=True, slots=True)
class Filter:
    """``text`` as a person types it; ``matches`` for the others."""

    name: str
    text: str
    matches: list[Match]
    right: list[str] = field(default_factory=list)

    @property
    def condition(self) -> str:
        """For the plain copy."""
        return " AND ".join(match.sql() for match in self.matches)


@dataclass(frozen=True, slots=True)
class Questions:
    """All as hashes of rows, which are the same in every vault of the seed. Travels as JSON."""

    rows: int
    vault_id: int
    first: list[str]
    last: list[str]
    by_amount: list[str]
    by_amount_backward: list[str]
    jumps: list[tuple[int, str]]
    filters: list[Filter]
    combinations: list[Filter]
    fragment: Filter
    address_fragment: Filter


def ask(place: Place, *, seed: int = 1) -> Questions:
    """Made from the rows themselves, by seed."""
    connection = plain_connection(place)
    try:
        return _Asker(connection, place.rows, random.Random(seed)).questions()
    finally:
        connection.close()


class _Asker:
    def __init__(self, connection: sqlite3.Connection, rows: int, source: random.Random) -> None:
        self._connection, self._rows, self._random = connection, rows, source
        self._vault_id = int(self._values("SELECT id FROM vaults")[0])

    def questions(self) -> Questions:
        singles, combinations = self._filters()
        return Questions(
            rows=self._rows,
            vault_id=self._vault_id,
            first=self._first("1", "occurred_at DESC, id DESC"),
            last=self._first("1", "occurred_at, id")[::-1],
            by_amount=self._first("1", "amount_rank, occurred_at, id"),
            by_amount_backward=self._first("1", "amount_rank DESC, occurred_at DESC, id DESC"),
            jumps=self._jumps(),
            filters=self._answered(singles),
            combinations=self._answered(combinations),
            fragment=self._answered([self._fragment()])[0],
            address_fragment=self._answered([self._address_fragment()])[0],
        )

    def _values(self, statement: str, *values: Any) -> list[Any]:
        return [row[0] for row in self._connection.execute(statement, values)]

    def _first(self, condition: str, order: str) -> list[str]:
        return self._values(
            f"SELECT tx_hash FROM transactions WHERE vault_id = {self._vault_id} AND archived_at IS NULL"  # noqa: S608
            f" AND ({condition}) ORDER BY {order} LIMIT {SHOWN}"
        )

    def _answered(self, asked: list[Filter]) -> list[Filter]:
        """With what is right; those that find nothing in so small a ledger are left out."""
        done = [replace(each, right=self._first(each.condition, "occurred_at DESC, id DESC")) for each in asked]
        return [each for each in done if each.right]

    def _jumps(self) -> list[tuple[int, str]]:
        """Random row numbers of the first order, and what lies there."""
        numbers = self._random.sample(range(self._rows), min(JUMPS, self._rows))
        wanted, ids = set(numbers), {}
        walk = self._connection.execute(
            f"SELECT id FROM transactions WHERE vault_id = {self._vault_id} AND archived_at IS NULL"  # noqa: S608
            " ORDER BY occurred_at DESC, id DESC"
        )
        for number, (row_id,) in enumerate(walk):
            if number in wanted:
                ids[number] = row_id
        return [
            (number, str(self._values("SELECT tx_hash FROM transactions WHERE id = ?", ids[number])[0]))
            for number in numbers
        ]

    def _fragment(self) -> Filter:
        """Digits from the middle of a hash."""
        (tx_hash,) = self._values(
            f"SELECT tx_hash FROM transactions WHERE vault_id = {self._vault_id} AND id >= ? ORDER BY id LIMIT 1",  # noqa: S608
            self._id_at(2),
        )
        digits = str(tx_hash)[20 : 20 + _FRAGMENT_DIGITS]
        return Filter("hash fragment", f"hash:{digits}", [Match("tx_hash", "contains", [digits])])

    def _id_at(self, part: int) -> int:
        """One ``part``-th of the way from the first id to the last."""
        first, last = (
            self._values(f"SELECT id FROM transactions WHERE vault_id = {self._vault_id} ORDER BY id {way} LIMIT 1")[0]  # noqa: S608
            for way in ("ASC", "DESC")
        )
        return int(first + (last - first) // part)

    def _address_fragment(self) -> Filter:
        """Digits from the middle of another side's address, as it is written."""
        (address,) = self._values(
            f"SELECT counterparty FROM transactions WHERE vault_id = {self._vault_id} AND id >= ?"  # noqa: S608
            " AND counterparty LIKE '0x%' ORDER BY id LIMIT 1",
            self._id_at(3),
        )
        digits = str(address)[14 : 14 + _FRAGMENT_DIGITS]
        return Filter("address fragment", f"counterparty:{digits}", [Match("counterparty", "contains", [digits])])

    def _filters(self) -> tuple[list[Filter], list[Filter]]:
        names = dict(self._connection.execute("SELECT name, id FROM wallets"))
        counted = self._connection.execute(
            f"SELECT counterparty, count(*) FROM transactions WHERE vault_id = {self._vault_id}"  # noqa: S608
            " GROUP BY counterparty ORDER BY count(*) DESC, counterparty"
        ).fetchall()
        address = str(counted[len(counted) // 20][0])  # one that is seen often, not the most often
        moments = [int(datetime(2024, month, 1, tzinfo=UTC).timestamp() * 1_000_000) for month in (2, 4)]
        wallet = Match("wallet_id", "in", [names["Workshop"]])
        atc = Match("wallet_id", "in", [names["Treasury"], names["Household"]])
        token = Match("currency_id", "in", self._values("SELECT id FROM currencies WHERE symbol = 'HUSD'"))
        dates, party = Match("occurred_at", "between", moments), Match("counterparty", "in", [address])
        failed, pending = Match("status", "in", ["failed"]), Match("status", "in", ["pending"])
        calls, sent = Match("kind", "in", ["contract_interaction"]), Match("kind", "in", ["send"])
        typed = "date>=2024-02-01 date<2024-04-01"
        singles = [
            Filter("wallet", "wallet:Workshop", [wallet]),
            Filter("chain", "chain:atc", [atc]),
            Filter("status", "status:failed", [failed]),
            Filter("rare status", "status:pending", [pending]),
            Filter("kind", "kind:contract_interaction", [calls]),
            Filter("token", "token:HUSD", [token]),
            Filter("dates", typed, [dates]),
            Filter("counterparty", f"counterparty:{address}", [party]),
        ]
        combinations = [
            Filter("wallet and status", "wallet:Workshop status:failed", [wallet, failed]),
            Filter("token and dates", f"token:HUSD {typed}", [token, dates]),
            Filter("chain, kind, dates", f"chain:atc kind:send {typed}", [atc, sent, dates]),
            Filter("party and status", f"counterparty:{address} status:failed", [party, failed]),
        ]
        return singles, combinations
