"""64-bit ids without a round trip per row: 41 bits of milliseconds since 2024, 12 bits client number, 10 bits sequence.

A client number is *leased* in the table id_clients. What a lease gives is a range of milliseconds: whoever takes the
number next starts at or after its end, so two clients never give the same id, however wrong their clocks are. Ids
grow; a bulk load may run ahead of the clock, a clock set back changes nothing.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from aether_desktop.ports.errors import AetherError, AlreadyExistsError, StorageBusyError, StorageError
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated
from aether_desktop.storage.schema import ID_CLIENTS

EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
SEQUENCE_BITS: Final = 10
CLIENT_BITS: Final = 12
CLIENTS: Final = 1 << CLIENT_BITS
_PER_MS: Final = 1 << SEQUENCE_BITS
_LAST_MS: Final = (1 << 41) - 1
_MS: Final = timedelta(milliseconds=1)
LEASE_MS: Final = 7 * 24 * 3600 * 1000
_AHEAD: Final = 60_000  # ms by which a bulk load may have run ahead of the clock
_TRIES: Final = 8  # races for a number between clients that start together


def milliseconds_now() -> int:
    """Milliseconds since 2024 by this machine's clock."""
    return (time.time_ns() // 1_000_000) - int(EPOCH.timestamp() * 1000)


def first_id(now_ms: int | None = None) -> int:
    """An id for a new vault, which has no clients yet: the time, and random bits in place of client and sequence."""
    moment = milliseconds_now() if now_ms is None else now_ms
    return (max(moment, 0) << (CLIENT_BITS + SEQUENCE_BITS)) | secrets.randbits(CLIENT_BITS + SEQUENCE_BITS)


@dataclass(frozen=True, slots=True)
class Lease:
    """Milliseconds [start, end) of a client number; ``generation`` fences it against a later holder."""

    number: int
    generation: int
    start: int
    end: int


class LeasedIdentifiers:
    """The ids of one client of one vault. Any thread; a lease is taken at first use, in a transaction of its own."""

    def __init__(self, kit: EngineKit, vault_id: int, *, clock: Callable[[], int] = milliseconds_now) -> None:
        self.holder = secrets.token_hex(8)
        self._kit = kit
        self._vault_id = vault_id
        self._clock = clock
        self._lock = threading.Lock()  # guards the two below; never held during a query
        self._lease: Lease | None = None
        self._next = 0  # sequence numbers since 2024: milliseconds * 1024 + position
        self._taking = threading.Lock()

    @property
    def lease(self) -> Lease | None:
        """What is held now."""
        return self._lease

    @property
    def client(self) -> tuple[int, int]:
        """Number and generation of the lease held; (-1, 0) without one."""
        lease = self._lease
        return (-1, 0) if lease is None else (lease.number, lease.generation)

    def ready(self) -> None:
        """Hold a lease with at least half of its time left. Not inside a write transaction.

        Raises the StorageError family.
        """
        if self._short(self._lease):
            with self._taking:
                if self._short(self._lease):
                    self._take()

    def reserve(self, count: int) -> Sequence[int]:
        """``count`` growing ids, larger than all given before by this client. Raises the StorageError family."""
        if self._lease is None:
            self.ready()
        with self._lock:
            lease = self._lease
            if lease is None:
                raise StorageError("This client has no number to make ids with.", hint="Open the vault again.")
            first = max(self._next, min(self._clock(), lease.end - 1) << SEQUENCE_BITS)
            if first + count > lease.end << SEQUENCE_BITS:
                raise StorageError("This client has given all ids of its lease.", hint="Open the vault again.")
            self._next = first + count
        if count == 1:
            return (_identifier(first, lease.number),)
        return [_identifier(place, lease.number) for place in range(first, first + count)]

    def release(self) -> None:
        """Give the number back: the next holder starts after the last id given. Never raises; a lease also expires."""
        with self._lock:
            lease, self._lease = self._lease, None
            unused = max((self._next >> SEQUENCE_BITS) + 1, lease.start if lease is not None else 0)
        if lease is None:
            return
        end = min(unused, lease.end)
        row = (
            update(ID_CLIENTS).where(*self._mine(lease)).values(released_at=_time(self._clock()), expires_at=_time(end))
        )
        try:
            with self._writing() as connection:
                connection.execute(row)
        except AetherError:
            return  # unreachable, read-only or full: the lease ends by itself

    # -- inside --------------------------------------------------------------------------------------------------

    def _short(self, lease: Lease | None) -> bool:
        return lease is None or lease.end - self._clock() < LEASE_MS // 2

    def _mine(self, lease: Lease) -> tuple[ColumnElement[bool], ...]:
        return (
            ID_CLIENTS.c.vault_id == self._vault_id,
            ID_CLIENTS.c.number == lease.number,
            ID_CLIENTS.c.generation == lease.generation,
            ID_CLIENTS.c.holder == self.holder,
        )

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            translated(where=self._kit.location),
            self._kit.exclusive(None),
            self._kit.writer.connect() as connection,
            connection.begin(),
        ):
            yield connection

    def _take(self) -> None:
        for _ in range(_TRIES):
            try:
                with self._writing() as connection:
                    lease = self._renewed(connection) or self._fresh(connection)
            except AlreadyExistsError:
                continue  # another client took the same unused number first
            if lease is None:
                continue  # or a released one
            with self._lock:
                same = self._lease is not None and self._lease.number == lease.number
                after = self._next if same else -(-self._next // _PER_MS) * _PER_MS
                self._next = max(after, lease.start << SEQUENCE_BITS)
                self._lease = lease
            return
        raise StorageBusyError("Too many clients start at once.", hint="Try again.")

    def _renewed(self, connection: Connection) -> Lease | None:
        """The lease held, with a later end; None if there is none or somebody took the number after it expired."""
        held = self._lease
        if held is None:
            return None
        end = self._end(max(self._clock(), self._next >> SEQUENCE_BITS))
        renewed = connection.execute(update(ID_CLIENTS).where(*self._mine(held)).values(expires_at=_time(end)))
        return replace(held, end=end) if renewed.rowcount == 1 else None

    def _fresh(self, connection: Connection) -> Lease | None:
        now = max(self._clock(), 0)
        rows = connection.execute(select(ID_CLIENTS).where(ID_CLIENTS.c.vault_id == self._vault_id)).all()
        used = {row.number for row in rows}
        free = next((number for number in range(CLIENTS) if number not in used), None)
        over = sorted((row for row in rows if _milliseconds(row.expires_at) <= now), key=_milliseconds_of_row)
        released = [
            row for row in rows if row.released_at is not None and _milliseconds(row.expires_at) <= now + _AHEAD
        ]
        if not released and free is not None:
            lease = Lease(free, 1, now, self._end(now))
            connection.execute(
                insert(ID_CLIENTS).values(
                    vault_id=self._vault_id,
                    number=free,
                    holder=self.holder,
                    generation=1,
                    writes=0,
                    leased_at=_time(now),
                    expires_at=_time(lease.end),
                )
            )
            return lease
        if not released and not over:
            raise StorageError(
                f"All {CLIENTS} client numbers of this vault are in use.",
                hint="Close programs that use it; numbers of programs that ended badly come free after a week.",
            )
        row = (released or over)[0]
        return self._taken_over(connection, row, now)

    def _taken_over(self, connection: Connection, row: Row[Any], now: int) -> Lease | None:
        start = max(_milliseconds(row.expires_at), now)
        lease = Lease(row.number, row.generation + 1, start, self._end(start))
        taken = connection.execute(
            update(ID_CLIENTS)
            .where(
                ID_CLIENTS.c.vault_id == self._vault_id,
                ID_CLIENTS.c.number == row.number,
                ID_CLIENTS.c.generation == row.generation,
                ID_CLIENTS.c.expires_at == row.expires_at,
            )
            .values(
                holder=self.holder,
                generation=lease.generation,
                writes=0,
                leased_at=_time(now),
                expires_at=_time(lease.end),
                released_at=None,
            )
        )
        return lease if taken.rowcount == 1 else None

    def _end(self, start: int) -> int:
        if start >= _LAST_MS:
            raise StorageError(
                "This machine's clock is wrong: it shows a year after 2093.", hint="Set the clock, then try again."
            )
        return min(start + LEASE_MS, _LAST_MS)


def _identifier(place: int, number: int) -> int:
    milliseconds, sequence = divmod(place, _PER_MS)
    return (milliseconds << (CLIENT_BITS + SEQUENCE_BITS)) | (number << SEQUENCE_BITS) | sequence


def _time(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * _MS


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // _MS


def _milliseconds_of_row(row: Row[Any]) -> int:
    return _milliseconds(row.expires_at)
