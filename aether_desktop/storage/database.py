"""One open database as one user of one vault: snapshots to read, audited transactions to write, ids, changes.

Stores get a ``Database`` and nothing else. Worker threads only.

    rows = database.fetch(lambda connection: connection.execute(statement).all(), token=token)

    with database.write(action="wallet.create", table=TableName.WALLETS) as unit:
        unit.connection.execute(insert(wallets).values(vault_id=unit.vault_id, owner_id=unit.user_id, ...))
        unit.audit(rows=1)
        return unit.changed(ChangeSet(frozenset({TableName.WALLETS}), frozenset({wallet_id})))
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.engines import EngineKit

ResultT = TypeVar("ResultT")


class IdentifierSource(Protocol):
    """Where ids come from (identifiers.py)."""

    def ready(self) -> None:
        """Hold a valid lease; called before a transaction begins. Raises the StorageError family."""
        ...

    def reserve(self, count: int) -> range: ...


class Unit:
    """One audited statement group inside a write transaction; valid until its ``with`` block ends."""

    def __init__(self, connection: Connection, *, vault_id: int, user_id: int, action: str, table: str) -> None:
        self.connection = connection
        self.vault_id = vault_id
        self.user_id = user_id
        self.action = action
        self.table = table
        self.rows = 0
        self.detail: dict[str, object] = {}
        self.changes: ChangeSet | None = None

    def audit(self, *, rows: int, **detail: object) -> None:
        """Add to what the audit entry of this unit says: rows touched, and facts as JSON values (never secrets)."""
        self.rows += rows
        self.detail.update(detail)

    def changed(self, changes: ChangeSet) -> ChangeSet:
        """Note what to publish after the commit; returns its argument."""
        self.changes = changes if self.changes is None else self.changes | changes
        return changes


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
    ) -> None:
        self.vault_id = vault_id
        self.user_id = user_id
        self.changes = changes
        self._kit = kit
        self._identifiers = identifiers
        self._local = threading.local()

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self._kit.dialect

    def new_id(self) -> int:
        """A 63-bit id nobody else gives, larger than those given before. May write (its lease): not inside a read."""
        return self.reserve_ids(1)[0]

    def reserve_ids(self, count: int) -> range:
        """``count`` ids in a row, growing; for bulk loads. Raises the StorageError family."""
        return self._identifiers.reserve(count)

    @contextmanager
    def read(self, token: CancelToken | None = None) -> Iterator[Connection]:
        """A snapshot: all statements inside see the same state. Inside a write of this thread: its own connection.

        Raises the StorageError family, OperationCancelled once ``token`` is set.
        """
        raise NotImplementedError
        yield  # pragma: no cover

    def fetch(self, work: Callable[[Connection], ResultT], *, token: CancelToken | None = None) -> ResultT:
        """``work`` in a snapshot, once more on a fresh connection if the first was lost. Prefer this to ``read``.

        ``work`` must return values, not open cursors. Raises as ``read`` does.
        """
        raise NotImplementedError

    @contextmanager
    def write(self, *, action: str, table: str, token: CancelToken | None = None) -> Iterator[Unit]:
        """A transaction that commits when the block ends and is undone when it raises; then publishes the changes.

        Inside another write or ``unit_of_work`` of the same thread it joins that transaction (as a savepoint). Appends
        one audit entry: ``action`` such as "wallet.create", ``table`` a TableName or SQL table name. Raises the
        StorageError family (translated from the driver), OperationCancelled.
        """
        raise NotImplementedError
        yield  # pragma: no cover

    @contextmanager
    def unit_of_work(self, token: CancelToken | None = None) -> Iterator[None]:
        """Writes inside (same thread) commit together or not at all."""
        raise NotImplementedError
        yield  # pragma: no cover
