"""One open database as one user of one vault: snapshots to read, audited transactions to write, ids, changes.

Stores get a ``Database`` and nothing else. Worker threads only.

    rows = database.fetch(lambda connection: connection.execute(statement).all(), token=token)

    with database.write(action="wallet.create", table=TableName.WALLETS) as unit:
        unit.connection.execute(insert(WALLETS).values(vault_id=unit.vault_id, owner_id=unit.user_id, ...))
        unit.audit(rows=1)
        return unit.changed(ChangeSet(frozenset({TableName.WALLETS}), frozenset({wallet_id})))
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, event, select

from aether_desktop.ports.access import AuditSigner
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ports.errors import AetherError, StorageError, StorageUnavailableError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.audit_log import TOUCHED, Deed, audit_log_of
from aether_desktop.storage.counting import RowCounts
from aether_desktop.storage.engines import CommitNotice, EngineKit
from aether_desktop.storage.failures import DRIVER_ERRORS, ConnectionLostError, translate, translated
from aether_desktop.storage.schema import AUDIT_ENTRIES, METADATA

ResultT = TypeVar("ResultT")
_STOP_AGAIN_SECONDS: Final = 0.05


class IdentifierSource(Protocol):
    """Where ids come from (identifiers.py)."""

    def ready(self) -> None:
        """Hold a valid lease; called before a transaction begins. Raises the StorageError family."""
        ...

    def reserve(self, count: int) -> Sequence[int]: ...

    @property
    def client(self) -> tuple[int, int]:
        """Number and generation of the lease held."""
        ...


class ChangeHints(Protocol):
    """What tells other clients that something was committed (changes.py)."""

    def announce(self, changes: ChangeSet) -> str:
        """The hint that travels with the commit: who and which kinds, never which rows."""
        ...


class Unit:
    """One audited group of statements inside a write transaction; valid until its ``with`` block ends."""

    def __init__(self, connection: Connection, *, vault_id: int, user_id: int, action: str, table: str) -> None:
        self.connection = connection
        self.vault_id = vault_id
        self.user_id = user_id
        self.action = action
        self.table = table
        self.rows = 0
        self.row_id: int | None = None
        self.detail: dict[str, object] = {}
        self.counts = RowCounts()
        self.changes: ChangeSet | None = None

    def about(self, row_id: int, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        """The audit entry is about this one row: what changed of it (``audit_values``: never secrets)."""
        self.row_id = row_id
        self.detail.update({name: dict(part) for name, part in (("before", before), ("after", after)) if part})

    def audit(self, *, rows: int, **detail: object) -> None:
        """Add to what the audit entry of this unit says: rows touched, and facts as JSON values (never secrets)."""
        self.rows += rows
        self.detail.update(detail)

    def changed(self, changes: ChangeSet) -> ChangeSet:
        """Note what to publish after the commit; returns its argument."""
        self.changes = changes if self.changes is None else self.changes | changes
        return changes


class _Transaction:
    """An open write transaction of one thread."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.units: list[Unit] = []  # that are done
        self.open: list[Unit] = []  # the innermost last
        self.whole: list[Unit] = []  # the one unit that the transaction was begun for, if it was
        self.stray = RowCounts()  # of statements outside any unit

    def listen(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        """For SQLAlchemy's event ``after_cursor_execute``."""
        counts = self.open[-1].counts if self.open else self.stray
        counts.listen(connection, cursor, statement, *more)

    @property
    def changes(self) -> ChangeSet | None:
        total: ChangeSet | None = None
        for unit in self.units:
            if unit.changes is not None:
                total = unit.changes if total is None else total | unit.changes
        return total


class _Interruption:
    """Stops what runs on a connection, over and over until ``retire``: a single stop may fall between two statements.

    ``begin`` may be called from any thread and returns at once.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._run, name="aether-cancel", daemon=True)
                self._thread.start()

    def retire(self) -> None:
        """Afterwards the connection may be given to somebody else."""
        with self._lock:
            self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._stop()
            self._over.wait(_STOP_AGAIN_SECONDS)


class Database:
    """The only door of the stores to the engine."""

    def __init__(
        self,
        kit: EngineKit,
        *,
        vault_id: int,
        user_id: int,
        changes: ChangeFeed,
        identifiers: IdentifierSource,
        hints: ChangeHints,
    ) -> None:
        self.vault_id = vault_id
        self.user_id = user_id
        self.changes = changes
        self._kit = kit
        self._identifiers = identifiers
        self._hints = hints
        self._local = threading.local()
        self._log = audit_log_of(kit.dialect, vault_id=vault_id, user_id=user_id)
        self._refusal: AetherError | None = None
        self._unheard: set[_Transaction] = set()  # committed, or about to be, and not yet published

    def sign_with(self, signer: AuditSigner | None) -> None:
        """Entries are signed from now on; None: only the database vouches for them. Any thread."""
        self._log.signer = signer

    def refuse_writes(self, error: AetherError | None) -> None:
        """Every write that begins from now on raises ``error``; None lifts it. Any thread."""
        self._refusal = error

    @property
    def dialect(self) -> str:
        """Either "sqlite" or "postgresql"."""
        return self._kit.dialect

    @property
    def quiet(self) -> bool:
        """Whether every commit of this client that a snapshot may hold by now was published. Any thread."""
        return not self._unheard

    @property
    def location(self) -> str:
        """A path, or a URL without its password."""
        return self._kit.location

    def new_id(self) -> int:
        """A 63-bit id nobody else gives, larger than those given before. May write (its lease): not inside a read.

        Raises the StorageError family.
        """
        return self.reserve_ids(1)[0]

    def reserve_ids(self, count: int) -> Sequence[int]:
        """``count`` growing ids; for bulk loads. Raises the StorageError family."""
        return self._identifiers.reserve(count)

    # -- reading -------------------------------------------------------------------------------------------------

    @contextmanager
    def read(self, token: CancelToken | None = None) -> Iterator[Connection]:
        """A snapshot: all statements inside see the same state. Inside a write of this thread: its own connection.

        Raises the StorageError family, OperationCancelled once ``token`` is set.
        """
        transaction = self._transaction
        with self._translating(token):
            if transaction is not None:
                with self._interruptible(transaction.connection, token):
                    yield transaction.connection
                return
            with self._kit.reader.connect() as connection, self._interruptible(connection, token):
                yield connection

    def fetch(self, work: Callable[[Connection], ResultT], *, token: CancelToken | None = None) -> ResultT:
        """``work`` in a snapshot, once more on a fresh connection if the first was lost. Prefer this to ``read``.

        ``work`` must return values, not open cursors. Raises as ``read`` does.
        """
        try:
            with self.read(token) as connection:
                return work(connection)
        except ConnectionLostError:
            if self._transaction is not None:
                raise
        with self.read(token) as connection:
            return work(connection)

    # -- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def write(self, *, action: str, table: str, token: CancelToken | None = None) -> Iterator[Unit]:
        """A transaction that commits when the block ends and is undone when it raises; then publishes the changes.

        Inside another write or ``unit_of_work`` of the same thread it joins that transaction (as a savepoint). Appends
        one audit entry: ``action`` such as "wallet.create", ``table`` a TableName or SQL table name. Raises the
        StorageError family (translated from the driver), OperationCancelled.
        """
        joined = self._transaction
        if joined is None:
            with self._begun(token) as transaction, self._unit(transaction, action, table) as unit:
                transaction.whole = [unit]
                yield unit
            return
        with (
            self._translating(token),
            self._unit(joined, action, table) as unit,
            self._savepoint(joined),
            self._interruptible(joined.connection, token),
        ):
            yield unit

    def can_give_way(self, unit: Unit) -> bool:
        """Whether another program waits for the writer and ``unit`` may be stored in parts: it has the transaction to
        itself. Never on PostgreSQL, where nobody waits."""
        transaction = self._transaction
        return transaction is not None and transaction.whole == [unit] == transaction.open and self._kit.wanted()

    def give_way(self, unit: Unit, part: Unit) -> None:
        """Commit what ``unit`` did so far as ``part``, which says what it was; let others write; begin again.

        Raises as ``write``: nothing of the part is stored then.
        """
        transaction = self._transaction
        if transaction is None or not self.can_give_way(unit):
            return
        connection = transaction.connection
        part.counts, unit.counts = unit.counts, RowCounts()
        transaction.units.append(part)
        self._require_open(connection)
        entries, changes = self._append_audit(transaction), transaction.changes
        self._unheard.add(transaction)
        try:
            self._commit(connection, entries, changes)
            transaction.units.clear()
            transaction.stray = RowCounts()
            if changes is not None:
                self.changes.publish(changes)
        finally:
            self._unheard.discard(transaction)
        self._kit.let_in()
        connection.begin()

    def part_of(self, unit: Unit) -> Unit:
        """For ``give_way``."""
        return Unit(unit.connection, vault_id=unit.vault_id, user_id=unit.user_id, action=unit.action, table=unit.table)

    def let_in(self) -> None:
        """Between two writes of long work: who waits comes first."""
        self._kit.let_in()

    def give_back(self) -> None:
        """See ``EngineKit.give_back``. Not inside a write of this thread."""
        self._kit.give_back()

    def importing(self) -> AbstractContextManager[bool]:
        """See ``EngineKit.importing``."""
        return self._kit.importing()

    @contextmanager
    def unit_of_work(self, token: CancelToken | None = None) -> Iterator[None]:
        """Writes inside (same thread) commit together or not at all. Raises as ``write`` does."""
        if self._transaction is not None:
            yield
            return
        with self._begun(token):
            yield

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside a write or ``unit_of_work``."""
        return self._transaction is not None

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _transaction(self) -> _Transaction | None:
        transaction: _Transaction | None = getattr(self._local, "transaction", None)
        return transaction

    @contextmanager
    def _unit(self, transaction: _Transaction, action: str, table: str) -> Iterator[Unit]:
        unit = Unit(
            transaction.connection, vault_id=self.vault_id, user_id=self.user_id, action=action, table=str(table)
        )
        transaction.open.append(unit)
        try:
            yield unit
        finally:
            transaction.open.pop()
        transaction.units.append(unit)

    @contextmanager
    def _begun(self, token: CancelToken | None) -> Iterator[_Transaction]:
        """A transaction of this thread, from BEGIN to publishing."""
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)  # or each refusal would keep the frames of those before
        self._identifiers.ready()
        with self._translating(token), self._kit.exclusive(token), self._kit.writer.connect() as connection:
            transaction = _Transaction(connection)
            self._local.transaction = transaction
            try:
                event.listen(connection, "after_cursor_execute", transaction.listen)
                with self._interruptible(connection, token):
                    connection.begin()
                    yield transaction
                    self._require_open(connection)
                    entries = self._append_audit(transaction)  # cancelling counts until here
                self._unheard.add(transaction)
                self._commit(connection, entries, transaction.changes)
            except BaseException:
                self._unheard.discard(transaction)
                _roll_back(connection)
                raise
            finally:
                self._local.transaction = None
        try:
            if transaction.changes is not None:
                self.changes.publish(transaction.changes)
        finally:
            self._unheard.discard(transaction)

    @contextmanager
    def _savepoint(self, transaction: _Transaction) -> Iterator[None]:
        connection = transaction.connection
        self._require_open(connection)
        connection.exec_driver_sql("SAVEPOINT aether_unit")
        try:
            yield
        except BaseException:
            with suppress(*DRIVER_ERRORS):  # the transaction is gone as a whole: _require_open says so later
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT aether_unit")
            raise
        connection.exec_driver_sql("RELEASE SAVEPOINT aether_unit")

    def _require_open(self, connection: Connection) -> None:
        if not self._kit.in_transaction(connection):
            raise StorageError(
                "An earlier step of this change was refused or interrupted; nothing was stored.", hint="Try again."
            )

    def _append_audit(self, transaction: _Transaction) -> Sequence[int]:
        """One entry per unit that wrote; their ids prove later that the transaction was committed."""
        written = [
            unit
            for unit in transaction.units
            if unit.rows or unit.detail or unit.counts.by_table or unit.changes is not None
        ]
        if not written:
            return ()
        written[-1].counts.add(transaction.stray)
        ids = self.reserve_ids(len(written))
        deeds = [
            Deed(
                entry_id=entry_id,
                action=unit.action,
                table=unit.table,
                rows=unit.rows,
                detail={**unit.detail, TOUCHED: unit.counts.by_table},
                row_id=unit.row_id,
            )
            for entry_id, unit in zip(ids, written, strict=True)
        ]
        self._log.append(transaction.connection, deeds, datetime.now(UTC))
        return ids

    def _commit(self, connection: Connection, entries: Sequence[int], changes: ChangeSet | None) -> None:
        if not entries:
            connection.commit()
            return
        number, generation = self._identifiers.client
        hint = self._hints.announce(changes or ChangeSet())
        mark = self._kit.before_commit(connection, CommitNotice(hint, self.vault_id, number, generation))
        try:
            connection.commit()
        except DRIVER_ERRORS as error:
            known = translate(error, where=self.location, metadata=METADATA)
            if not isinstance(known, ConnectionLostError):
                raise known from error
            _roll_back(connection)
            self._settle(mark, entries[-1], known)

    def _settle(self, mark: str, entry_id: int, lost: ConnectionLostError) -> None:
        """The connection broke during COMMIT: find out what became of it, and say so."""
        entry = select(AUDIT_ENTRIES.c.id).where(
            AUDIT_ENTRIES.c.vault_id == self.vault_id, AUDIT_ENTRIES.c.id == entry_id
        )
        committed = self._kit.was_committed(mark, lambda fresh: fresh.execute(entry).first() is not None)
        if committed:
            return
        if committed is None:
            raise StorageUnavailableError(
                f"The connection to {self.location} broke while a change was being stored, and the server does not say"
                " whether it was.",
                hint="Connect again and look before you enter it a second time.",
                details=lost.details,
            ) from lost
        raise ConnectionLostError(
            f"The connection to {self.location} broke before the change was stored; nothing was stored.",
            hint="What you typed is kept; try again.",
            details=lost.details,
        ) from lost

    def _translating(self, token: CancelToken | None) -> AbstractContextManager[None]:
        return translated(where=self.location, token=token, metadata=METADATA)

    @contextmanager
    def _interruptible(self, connection: Connection, token: CancelToken | None) -> Iterator[None]:
        if token is None:
            yield
            return
        token.check()
        interruption = _Interruption(self._kit.interrupter(connection))
        remove = token.on_cancel(interruption.begin)
        try:
            yield
            token.check()
        finally:
            remove()
            interruption.retire()


def _roll_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except DRIVER_ERRORS:
        connection.invalidate()  # it is gone, and the server undoes what it had
