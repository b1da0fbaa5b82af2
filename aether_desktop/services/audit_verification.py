"""Reading the whole audit log with suspicion: every entry by itself, in its device's chain, and in the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aether_desktop.domain.audit import (
    Attestation,
    CheckpointBody,
    LogEntry,
    RootPin,
    comparison_code,
    entry_leaf,
    key_id_of,
)
from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.domain.merkle import HASH_BYTES, Frontier, MerkleError
from aether_desktop.ports.audit import (
    AuditFault,
    AuditProofs,
    Device,
    KeyHolders,
    LogHead,
    LogRow,
    StoredCheckpoint,
)
from aether_desktop.ports.work import CancelToken, Progress, silent

_TOLD_EVERY: Final = 500


@dataclass(frozen=True, slots=True)
class BadPlace:
    """What is wrong first. ``index`` is the entry's place, counted from 0; up to ``last`` where it is not known more
    exactly. ``entry_id`` is 0 where there is no entry to name."""

    fault: AuditFault
    index: int
    reason: str
    entry_id: int = 0
    last: int = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """``bad`` None: the log is whole. ``hidden``: entries of others that the person may not read, which count in the
    tree only. ``certified``: the keys that signed were compared with the membership log.
    ``code`` stands for the log as far as it was read."""

    size: int
    root: bytes
    code: str
    signed: int
    attested: int
    hidden: int
    certified: bool
    checkpoints: int
    pinned: int
    bad: BadPlace | None


class HiddenEntry(NamedTuple):
    """An entry of somebody else that this person may not read."""

    leaf_index: int
    leaf: bytes


class _BadEntryError(Exception):
    def __init__(self, bad: BadPlace) -> None:
        super().__init__(bad.reason)
        self.bad = bad


class LogVerifier:
    """One reading of one log; one thread."""

    def __init__(
        self,
        *,
        vault_id: int,
        proofs: AuditProofs,
        devices: Sequence[Device],
        holders: KeyHolders | None = None,
    ) -> None:
        self._vault_id = vault_id
        self._proofs = proofs
        self._devices = {device.key_id: device for device in devices}
        self._holders = holders
        self._frontier = Frontier()
        self._chains: dict[bytes, tuple[int, bytes]] = {}
        self._marks: dict[int, list[tuple[AuditFault, str, bytes]]] = {}
        self._signed = 0
        self._attested = 0
        self._hidden = 0
        self._checkpoints = 0
        self._sound_size = 0
        self._bad_point: _BadEntryError | None = None

    def run(
        self,
        rows: Iterable[LogRow | HiddenEntry],
        *,
        head: LogHead,
        pin: RootPin | None,
        checkpoints: Sequence[StoredCheckpoint],
        token: CancelToken,
        progress: Progress = silent,
    ) -> Verdict:
        """Stops at the first bad entry. Raises OperationCancelled."""
        bad: BadPlace | None = None
        try:
            self._mark(pin, checkpoints)
            self._check_mark()
            for row in rows:
                if self._frontier.size % _TOLD_EVERY == 0:
                    token.check()
                    progress(self._frontier.size, head.size, "Verifying the audit log")
                self._entry(row)
                self._check_mark()
            self._end(head, pin)
            if self._bad_point is not None:
                raise self._bad_point
        except _BadEntryError as error:
            bad = error.bad
        root = self._frontier.root
        return Verdict(
            size=self._frontier.size,
            root=root,
            code=comparison_code(self._vault_id, self._frontier.size, root),
            signed=self._signed,
            attested=self._attested,
            hidden=self._hidden,
            certified=self._holders is not None,
            checkpoints=self._checkpoints,
            pinned=0 if pin is None else pin.size,
            bad=bad,
        )

    # -- one entry -------------------------------------------------------------------------------------------------

    def _entry(self, row: LogRow | HiddenEntry) -> None:
        index = self._frontier.size
        if row.leaf_index != index:
            raise _BadEntryError(
                BadPlace(
                    AuditFault.MISSING, index, f"Entry {index} is missing; the next one is entry {row.leaf_index}."
                )
            )
        if isinstance(row, HiddenEntry):
            self._hidden += 1
            self._frontier.append(row.leaf)
            return
        try:
            entry = LogEntry.decode(row.entry)
        except NotCanonicalError:
            raise self._altered(row, "its bytes cannot be read") from None
        wrong = _differences(row, entry, self._vault_id)
        if wrong:
            raise self._altered(row, f"its {wrong} is not what was written")
        leaf = entry_leaf(row.entry, row.signature)
        if entry.key_id:
            self._signed_entry(row, entry, leaf)
        elif row.signature or row.attested != Attestation.SERVER.value:
            raise self._altered(row, "it claims a signature that it does not have")
        else:
            self._attested += 1
        self._frontier.append(leaf)

    def _signed_entry(self, row: LogRow, entry: LogEntry, leaf: bytes) -> None:
        device = self._devices.get(entry.key_id)
        if row.attested != Attestation.CLIENT.value:
            raise self._altered(row, "it hides that it is signed")
        if device is None or key_id_of(device.public_key) != entry.key_id:
            raise self._bad(AuditFault.DEVICE, row, "it is signed with a key that is not known")
        owner = device.user_id if self._holders is None else self._holders.device_owner(device.public_key)
        if owner is None:
            raise self._bad(AuditFault.DEVICE, row, "it is signed with a key that nobody certified")
        if owner != entry.user_id:
            raise self._bad(AuditFault.DEVICE, row, "it is signed with another person's key")
        if not self._proofs.entry_signed(device.public_key, row.signature, row.entry):
            raise self._altered(row, "its signature does not fit")
        counter, last = self._chains.get(entry.key_id, (0, b""))
        if (entry.counter, entry.previous) != (counter + 1, last):
            raise self._bad(AuditFault.CHAIN, row, "it does not follow what the same device signed before")
        self._chains[entry.key_id] = (entry.counter, leaf)
        self._signed += 1

    # -- the tree --------------------------------------------------------------------------------------------------

    def _mark(self, pin: RootPin | None, checkpoints: Sequence[StoredCheckpoint]) -> None:
        """What the log must be like at certain sizes. A checkpoint that nobody signed is told last: anybody in the
        vault could add one, and it says nothing about the log."""
        if pin is not None:
            told = "this computer saw another log up to here"
            self._marks.setdefault(pin.size, []).append((AuditFault.FORK, told, pin.peaks))
        for point in checkpoints:
            try:
                body = self._checkpoint_body(point)
            except _BadEntryError as error:
                self._bad_point = self._bad_point or error
                continue
            told = f"a checkpoint of {point.at:%Y-%m-%d %H:%M} UTC speaks of another log up to here"
            self._marks.setdefault(body.size, []).append((AuditFault.FORK, told, body.root))
            self._checkpoints += 1

    def _checkpoint_body(self, point: StoredCheckpoint) -> CheckpointBody:
        try:
            body = CheckpointBody.decode(point.body)
        except NotCanonicalError:
            body = None
        owner = None if self._holders is None else self._holders.signing_owner(point.public_key)
        if (
            body is None
            or (body.vault_id, body.size, body.user_id) != (self._vault_id, point.size, point.user_id)
            or (owner is not None and owner != body.user_id)
            or not self._proofs.checkpoint_signed(point.public_key, point.signature, point.body)
        ):
            raise _BadEntryError(
                BadPlace(
                    AuditFault.CHECKPOINT,
                    -1,
                    f"The checkpoint of {point.at:%Y-%m-%d %H:%M} UTC over {point.size} entries was not signed by the"
                    " person it names, or was altered.",
                )
            )
        return body

    def _check_mark(self) -> None:
        size = self._frontier.size
        for fault, told, mark in self._marks.pop(size, ()):
            is_root = len(mark) == HASH_BYTES and (size.bit_count() != 1 or mark == self._frontier.root)
            if mark == (self._frontier.root if is_root else self._frontier.peaks):
                self._sound_size = max(self._sound_size, size)
                continue
            start, stop = (self._sound_size, size) if is_root else _different(size, mark, self._frontier.peaks)
            start = max(start, self._sound_size)
            raise _BadEntryError(BadPlace(fault, start, f"{_between(start, stop)}: {told}.", last=stop - 1))

    def _end(self, head: LogHead, pin: RootPin | None) -> None:
        size = self._frontier.size
        if pin is not None and size < pin.size:
            raise self._cut(size, f"this computer saw {pin.size}")
        if self._marks:
            raise self._cut(size, f"a checkpoint covers {min(self._marks)}")
        if size < head.size:
            raise self._cut(size, f"its head counts {head.size}")
        if size > head.size:
            raise _BadEntryError(
                BadPlace(
                    AuditFault.HEAD, head.size, f"The log's head counts {head.size} entries, but there are {size}."
                )
            )
        if head.peaks != self._frontier.peaks:
            start, stop = _different(size, head.peaks, self._frontier.peaks)
            start = max(start, self._sound_size)
            reason = f"{_between(start, stop)}: the log's head was made over other entries."
            raise _BadEntryError(BadPlace(AuditFault.HEAD, start, reason, last=stop - 1))

    def _cut(self, size: int, known: str) -> _BadEntryError:
        reason = f"The log ends after {size} entries, but {known}: its end was cut off."
        return _BadEntryError(BadPlace(AuditFault.CUT, size, reason))

    def _altered(self, row: LogRow, why: str) -> _BadEntryError:
        return self._bad(AuditFault.ALTERED, row, why)

    def _bad(self, fault: AuditFault, row: LogRow, why: str) -> _BadEntryError:
        return _BadEntryError(BadPlace(fault, row.leaf_index, f"Entry {row.leaf_index}: {why}.", entry_id=row.id))


def follow(pin: RootPin, leaves: Iterable[tuple[int, bytes]]) -> Frontier:
    """The log as it grew from what is remembered. Stops at an empty place."""
    frontier = Frontier(pin.size, pin.peaks)
    for index, leaf in leaves:
        if index != frontier.size:
            break
        frontier.append(leaf)
    return frontier


def with_hidden(rows: Iterable[LogRow], leaves: Iterable[tuple[int, bytes]]) -> Iterator[LogRow | HiddenEntry]:
    """Every entry in order: those that may be read, and of the others what stands for them in the tree."""
    readable = iter(rows)
    row = next(readable, None)
    for index, leaf in leaves:
        while row is not None and row.leaf_index < index:
            yield row
            row = next(readable, None)
        if row is not None and row.leaf_index == index:
            yield row
            row = next(readable, None)
        else:
            yield HiddenEntry(index, leaf)
    while row is not None:
        yield row
        row = next(readable, None)


def _differences(row: LogRow, entry: LogEntry, vault_id: int) -> str:
    """The first column that is not what the entry's bytes say; empty when all are."""
    pairs = (
        ("vault", vault_id, entry.vault_id),
        ("id", row.id, entry.id),
        ("time", row.at, entry.at),
        ("person", row.user_id, entry.user_id),
        ("action", row.action, entry.action),
        ("table", row.table, entry.table),
        ("number of rows", row.rows, entry.rows),
        ("detail", row.detail, entry.detail),
        ("login", row.login, entry.login),
        ("device key", row.key_id, entry.key_id),
        ("device counter", row.counter, entry.counter),
        ("link to the entry before", row.previous, entry.previous),
    )
    for name, column, written in pairs:
        if column != written:
            return name
    if row.row_id is not None and str(row.row_id) not in entry.detail:
        return "row"
    if (
        row.row_id is None
        and ('"before"' in entry.detail or '"after"' in entry.detail)
        and not entry.facts.keys().isdisjoint({"before", "after"})
    ):
        return "row"
    return ""


def _different(size: int, one: bytes, other: bytes) -> tuple[int, int]:
    """The leaves [start, stop) of the first perfect subtree in which two frontiers of a size differ."""
    try:
        Frontier(size, one)
    except MerkleError:
        return 0, size
    start = 0
    for place in range(size.bit_count()):
        width = 1 << ((size - start).bit_length() - 1)
        here = slice(place * HASH_BYTES, (place + 1) * HASH_BYTES)
        if one[here] != other[here]:
            return start, start + width
        start += width
    return 0, size


def _between(start: int, stop: int) -> str:
    return f"Entry {start}" if stop - start <= 1 else f"One of the entries {start} to {stop - 1}"
