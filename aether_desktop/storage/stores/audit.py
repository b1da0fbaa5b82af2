"""The audit log as people and verifiers read it; ``Database.write`` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Row, Select, Text, and_, func, insert, or_, select, type_coerce

from aether_desktop.domain.audit import entry_leaf
from aether_desktop.ports.access import AuditSigner
from aether_desktop.ports.audit import (
    AuditEntry,
    AuditError,
    AuditFilter,
    Device,
    LogHead,
    LogRow,
    StoredCheckpoint,
)
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.columns import json_text
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import AUDIT_CHECKPOINTS, AUDIT_DEVICES, AUDIT_ENTRIES, AUDIT_HEADS

_ENTRIES, _HEADS, _DEVICES, _POINTS = AUDIT_ENTRIES.c, AUDIT_HEADS.c, AUDIT_DEVICES.c, AUDIT_CHECKPOINTS.c
_PAGE: Final = 2_000
_END: Final = (1 << 63) - 1
_LEAVES: Final = "SELECT leaf_index, leaf FROM aether_audit_leaves(%s, %s, %s)"
_SHOWN: Final = (
    _ENTRIES.id,
    _ENTRIES.at,
    _ENTRIES.user_id,
    _ENTRIES.action,
    _ENTRIES.table_name,
    _ENTRIES.row_count,
    _ENTRIES.detail,
    _ENTRIES.row_id,
    _ENTRIES.leaf_index,
    _ENTRIES.attested,
    _ENTRIES.login,
)
_STORED: Final = (
    _ENTRIES.leaf_index,
    _ENTRIES.id,
    type_coerce(_ENTRIES.at, BigInteger).label("at"),
    _ENTRIES.user_id,
    _ENTRIES.action,
    _ENTRIES.table_name,
    _ENTRIES.row_count,
    type_coerce(_ENTRIES.detail, Text).label("detail"),
    _ENTRIES.row_id,
    _ENTRIES.login,
    type_coerce(_ENTRIES.attested, Text).label("attested"),
    _ENTRIES.key_id,
    _ENTRIES.counter,
    _ENTRIES.previous,
    _ENTRIES.entry,
    _ENTRIES.signature,
)


class SqlAuditStore:
    """Implements ``ports.audit.AuditStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- for people ----------------------------------------------------------------------------------------------

    def recent(self, limit: int) -> list[AuditEntry]:
        """Latest first; ``detail`` is compact JSON, empty where there is nothing to add."""
        return self.page(AuditFilter(), limit=limit)

    def page(
        self, wanted: AuditFilter, *, limit: int, before: AuditEntry | None = None, token: CancelToken | None = None
    ) -> list[AuditEntry]:
        """Latest first, those older than ``before``. Raises OperationCancelled."""
        query = select(*_SHOWN).where(*self._conditions(wanted))
        if before is not None:
            query = query.where(
                or_(_ENTRIES.at < before.at, and_(_ENTRIES.at == before.at, _ENTRIES.id < before.id)),
                _ENTRIES.at <= before.at,  # by itself it drives the index
            )
        return self._shown(query.order_by(_ENTRIES.at.desc(), _ENTRIES.id.desc()).limit(limit), token)

    def count(self, wanted: AuditFilter, *, token: CancelToken | None = None) -> int:
        """Raises OperationCancelled."""
        query = select(func.count()).select_from(AUDIT_ENTRIES).where(*self._conditions(wanted))
        return self._database.fetch(lambda connection: int(connection.execute(query).scalar_one()), token=token)

    def get(self, entry_id: int) -> AuditEntry:
        """Raises NotFoundError."""
        found = self._shown(select(*_SHOWN).where(self._mine(), _ENTRIES.id == entry_id))
        if not found:
            raise NotFoundError("There is no such audit entry.", hint="Refresh and look again.")
        return found[0]

    def at_index(self, leaf_index: int) -> AuditEntry | None:
        """The entry at a place in the log; None when the place is empty."""
        found = self._shown(select(*_SHOWN).where(self._mine(), _ENTRIES.leaf_index == leaf_index))
        return found[0] if found else None

    def actions(self) -> list[str]:
        """Every action there is an entry of, sorted; one probe of the index for each."""

        def walk(connection: Any) -> list[str]:
            found: list[str] = []
            query = select(func.min(_ENTRIES.action)).where(self._mine())
            action = connection.scalar(query)
            while action is not None:
                found.append(action)
                action = connection.scalar(query.where(_ENTRIES.action > action))
            return found

        return self._database.fetch(walk)

    # -- for verifiers -------------------------------------------------------------------------------------------

    def head(self) -> LogHead:
        """(0, empty) before the first entry."""
        query = select(_HEADS.size, _HEADS.peaks).where(_HEADS.vault_id == self._database.vault_id)
        row = self._database.fetch(lambda connection: connection.execute(query).first())
        return LogHead(0, b"") if row is None else LogHead(row.size, bytes(row.peaks))

    def last_index(self) -> int:
        """The largest place of an entry, -1 for an empty log."""
        query = select(func.max(_ENTRIES.leaf_index)).where(self._mine(), _ENTRIES.leaf_index.is_not(None))
        found = self._database.fetch(lambda connection: connection.scalar(query))
        return -1 if found is None else int(found)

    def log(self, start: int = 0, stop: int | None = None, *, token: CancelToken | None = None) -> Iterator[LogRow]:
        """Entries by their place, a page at a time; empty places are left out. Raises OperationCancelled."""
        while stop is None or start < stop:
            query = select(*_STORED).where(self._mine(), _ENTRIES.leaf_index >= start).order_by(_ENTRIES.leaf_index)
            if stop is not None:
                query = query.where(_ENTRIES.leaf_index < stop)
            rows = self._rows(query.limit(_PAGE), token)
            yield from rows
            if len(rows) < _PAGE:
                return
            start = rows[-1].leaf_index + 1

    def leaves(
        self, start: int = 0, stop: int | None = None, *, token: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Places and leaf hashes of all entries, also those that the person may not read. Raises OperationCancelled."""
        if self._database.dialect != "postgresql":
            for row in self.log(start, stop, token=token):
                yield row.leaf_index, entry_leaf(row.entry, row.signature)
            return
        end = _END if stop is None else stop
        while start < end:
            values = (self._database.vault_id, start, end)
            found = self._database.fetch(
                lambda connection, values=values: connection.exec_driver_sql(_LEAVES, values).all(),  # type: ignore[misc]
                token=token,
            )
            for index, leaf in found:
                yield index, bytes(leaf)
            if not found:
                return
            start = found[-1][0] + 1

    def unplaced(self) -> int:
        """Entries with bytes but without a place: there are none unless somebody wrote around the log."""
        query = select(func.count()).select_from(AUDIT_ENTRIES)
        query = query.where(self._mine(), _ENTRIES.leaf_index.is_(None), _ENTRIES.entry.is_not(None))
        return self._database.fetch(lambda connection: int(connection.execute(query).scalar_one()))

    def devices(self) -> list[Device]:
        """Keys that sign entries, in the order they came."""
        query = (
            select(_DEVICES.key_id, _DEVICES.user_id, _DEVICES.public_key)
            .where(_DEVICES.vault_id == self._database.vault_id)
            .order_by(_DEVICES.registered_at, _DEVICES.key_id)
        )
        rows = self._database.fetch(lambda connection: connection.execute(query).all())
        return [Device(bytes(row.key_id), row.user_id, bytes(row.public_key)) for row in rows]

    def checkpoints(self) -> list[StoredCheckpoint]:
        """By size."""
        query = select(AUDIT_CHECKPOINTS).where(_POINTS.vault_id == self._database.vault_id)
        rows = self._database.fetch(
            lambda connection: connection.execute(query.order_by(_POINTS.size, _POINTS.id)).all()
        )
        return [
            StoredCheckpoint(
                id=row.id,
                size=row.size,
                at=row.at,
                user_id=row.user_id,
                body=bytes(row.body),
                public_key=bytes(row.public_key),
                signature=bytes(row.signature),
            )
            for row in rows
        ]

    # -- writing -------------------------------------------------------------------------------------------------

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """With an entry that says so, which comes after what the checkpoint covers."""
        with self._database.write(action="audit.checkpoint", table=AUDIT_CHECKPOINTS.name) as unit:
            row = checkpoint._asdict() | {"vault_id": unit.vault_id}
            unit.connection.execute(insert(AUDIT_CHECKPOINTS).values(row))
            unit.audit(rows=0, size=checkpoint.size)

    def note(self, action: str, *, table: str = "", row_id: int | None = None, **detail: object) -> None:
        """An entry about something that changes no row."""
        with self._database.write(action=action, table=table) as unit:
            unit.row_id = row_id
            ids = {} if row_id is None else {"ids": [row_id]}
            unit.audit(rows=0, **({"noted": True} | ids | detail))

    def sign_with(self, signer: AuditSigner | None) -> None:
        """Entries are signed from now on; None: only the database vouches for them. Any thread."""
        self._database.sign_with(signer)

    def refuse(self, error: AuditError | None) -> None:
        """From now on every write raises this error; None lifts it. Any thread."""
        self._database.refuse_writes(error)

    # -- inside --------------------------------------------------------------------------------------------------

    def _mine(self) -> ColumnElement[bool]:
        return _ENTRIES.vault_id == self._database.vault_id

    def _conditions(self, wanted: AuditFilter) -> list[ColumnElement[bool]]:
        conditions = [self._mine()]
        if wanted.user_id is not None:
            conditions.append(_ENTRIES.user_id == wanted.user_id)
        if wanted.action:
            conditions.append(_ENTRIES.action == wanted.action)
        if wanted.table:
            conditions.append(_ENTRIES.table_name == wanted.table)
        if wanted.since is not None:
            conditions.append(_ENTRIES.at >= wanted.since)
        if wanted.until is not None:
            conditions.append(_ENTRIES.at < wanted.until)
        if wanted.row_id is not None:  # an entry about several rows lists them
            listed = type_coerce(_ENTRIES.detail, Text).contains(str(wanted.row_id), autoescape=True)
            conditions.append(or_(_ENTRIES.row_id == wanted.row_id, and_(_ENTRIES.row_id.is_(None), listed)))
        return conditions

    def _shown(self, query: Select[Any], token: CancelToken | None = None) -> list[AuditEntry]:
        rows = self._database.fetch(lambda connection: connection.execute(query).all(), token=token)
        return [_entry(row) for row in rows]

    def _rows(self, query: Select[Any], token: CancelToken | None) -> list[LogRow]:
        rows = self._database.fetch(lambda connection: connection.execute(query).all(), token=token)
        return [
            LogRow(
                leaf_index=row.leaf_index,
                id=row.id,
                at=row.at,
                user_id=row.user_id,
                action=row.action,
                table=row.table_name,
                rows=row.row_count,
                detail=row.detail,
                row_id=row.row_id,
                login=row.login,
                attested=row.attested,
                key_id=bytes(row.key_id or b""),
                counter=row.counter or 0,
                previous=bytes(row.previous or b""),
                entry=bytes(row.entry or b""),
                signature=bytes(row.signature or b""),
            )
            for row in rows
        ]


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        user_id=row.user_id,
        action=row.action,
        table=row.table_name,
        rows=row.row_count,
        detail=json_text(row.detail) if row.detail else "",
        row_id=row.row_id,
        leaf_index=row.leaf_index,
        attested=row.attested,
        login=row.login,
    )
