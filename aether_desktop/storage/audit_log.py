"""Writing entries of the audit log, inside the transaction that they are about. What differs by engine is here.

SQLite has one writer, so the place in the tree is given at once, just before COMMIT. PostgreSQL gives it in a deferred
trigger (migrations/postgresql/audit_log.sql); what happens here is locking the device and adding its entries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from aether_desktop.domain.audit import Attestation, LogEntry, entry_leaf, key_id_of
from aether_desktop.domain.merkle import Frontier, MerkleError
from aether_desktop.ports.access import AuditSigner
from aether_desktop.ports.audit import AuditError, AuditFault
from aether_desktop.storage.columns import json_text, microseconds
from aether_desktop.storage.schema import AUDIT_DEVICES, AUDIT_ENTRIES, AUDIT_HEADS

_ENTRIES, _HEADS, _DEVICES = AUDIT_ENTRIES.c, AUDIT_HEADS.c, AUDIT_DEVICES.c
_DEVICE: Final = "SELECT last_counter, last_hash FROM aether_audit_device(%s, %s, %s, %s)"
TOUCHED: Final = "touched"  # in an entry's detail: rows by table, as storage.counting lists them


@dataclass(frozen=True, slots=True)
class Deed:
    """What one entry is to say. ``row_id`` where it is about one row."""

    entry_id: int
    action: str
    table: str
    rows: int
    detail: dict[str, object]
    row_id: int | None = None


class AuditLog(ABC):
    """The log of one vault as one person writes it. Safe for use from several threads, each with its connection."""

    def __init__(self, vault_id: int, user_id: int) -> None:
        self._vault_id = vault_id
        self._user_id = user_id
        self.signer: AuditSigner | None = None

    @abstractmethod
    def append(self, connection: Connection, deeds: Sequence[Deed], at: datetime) -> None:
        """Raises driver errors, LevelLockedError from the signer, AuditError for a head that is none."""

    def _drafts(self, deeds: Sequence[Deed], at: datetime) -> list[LogEntry]:
        return [
            LogEntry(
                vault_id=self._vault_id,
                id=deed.entry_id,
                at=microseconds(at),
                user_id=self._user_id,
                action=deed.action,
                table=deed.table,
                rows=deed.rows,
                detail=json_text(deed.detail),
            )
            for deed in deeds
        ]

    def _signed(
        self, signer: AuditSigner, drafts: Sequence[LogEntry], counter: int, last: bytes
    ) -> list[tuple[LogEntry, bytes, bytes]]:
        """Entry, bytes and signature, in the device's chain behind ``counter`` and the leaf hash ``last``."""
        result = []
        key_id = signer.key_id
        for draft in drafts:
            counter += 1
            entry = replace(draft, key_id=key_id, counter=counter, previous=last)
            content = entry.encode()
            signature = signer.sign(content)
            last = entry_leaf(content, signature)
            result.append((entry, content, signature))
        return result

    def _row(self, deed: Deed, at: datetime) -> dict[str, Any]:
        return {
            "vault_id": self._vault_id,
            "id": deed.entry_id,
            "at": at,
            "user_id": self._user_id,
            "action": deed.action,
            "table_name": deed.table,
            "row_count": deed.rows,
            "detail": deed.detail,
            "row_id": deed.row_id,
        }


def _signed_columns(entry: LogEntry, content: bytes, signature: bytes) -> dict[str, Any]:
    return {
        "attested": Attestation.CLIENT,
        "key_id": entry.key_id,
        "counter": entry.counter,
        "previous": entry.previous,
        "entry": content,
        "signature": signature,
    }


class SqliteAuditLog(AuditLog):
    """See ``AuditLog``; the caller holds the file's write lock."""

    def append(self, connection: Connection, deeds: Sequence[Deed], at: datetime) -> None:
        drafts = self._drafts(deeds, at)
        signer = self.signer
        if signer is None:
            entries = [(draft, draft.encode(), b"") for draft in drafts]
        else:
            entries = self._signed(signer, drafts, *self._device(connection, signer, at))
        frontier = self._head(connection)
        rows = []
        for deed, (entry, content, signature) in zip(deeds, entries, strict=True):
            row = self._row(deed, at) | {"leaf_index": frontier.append(entry_leaf(content, signature))}
            if signature:
                rows.append(row | _signed_columns(entry, content, signature))
            else:
                unsigned = {"key_id": None, "counter": None, "previous": None, "signature": None}
                rows.append(row | unsigned | {"attested": Attestation.SERVER, "entry": content})
        connection.execute(insert(AUDIT_ENTRIES), rows)
        head = {"size": frontier.size, "peaks": frontier.peaks}
        written = sqlite_insert(AUDIT_HEADS).values(vault_id=self._vault_id, **head)
        connection.execute(written.on_conflict_do_update(index_elements=["vault_id"], set_=head))

    def _head(self, connection: Connection) -> Frontier:
        row = connection.execute(select(_HEADS.size, _HEADS.peaks).where(_HEADS.vault_id == self._vault_id)).first()
        if row is None:
            if connection.scalar(select(_ENTRIES.id).where(self._mine(), _ENTRIES.leaf_index.is_not(None)).limit(1)):
                raise _broken_head()
            return Frontier()
        try:
            frontier = Frontier(row.size, row.peaks)
        except MerkleError as error:
            raise _broken_head() from error
        last = connection.scalar(
            select(_ENTRIES.leaf_index)
            .where(self._mine(), _ENTRIES.leaf_index.is_not(None))
            .order_by(_ENTRIES.leaf_index.desc())
            .limit(1)
        )
        if (-1 if last is None else last) != frontier.size - 1:
            raise _broken_head()
        return frontier

    def _device(self, connection: Connection, signer: AuditSigner, at: datetime) -> tuple[int, bytes]:
        """How far the device's chain reaches; a new device is noted."""
        query = (
            select(_ENTRIES.counter, _ENTRIES.entry, _ENTRIES.signature)
            .where(self._mine(), _ENTRIES.key_id == signer.key_id)
            .order_by(_ENTRIES.counter.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is not None:
            return row.counter, entry_leaf(row.entry, row.signature)
        device = sqlite_insert(AUDIT_DEVICES).values(
            vault_id=self._vault_id,
            key_id=key_id_of(signer.public_key),
            user_id=self._user_id,
            public_key=signer.public_key,
            registered_at=at,
        )
        connection.execute(device.on_conflict_do_nothing())
        return 0, b""

    def _mine(self) -> Any:
        return _ENTRIES.vault_id == self._vault_id


class PostgresAuditLog(AuditLog):
    """See ``AuditLog``. A device that writes in two programs at once waits for itself until the first has committed."""

    def append(self, connection: Connection, deeds: Sequence[Deed], at: datetime) -> None:
        signer = self.signer
        rows = [self._row(deed, at) for deed in deeds]
        if signer is not None:
            values = (self._vault_id, signer.key_id, self._user_id, signer.public_key)
            counter, last = connection.exec_driver_sql(_DEVICE, values).one()
            signed = self._signed(signer, self._drafts(deeds, at), int(counter), bytes(last))
            rows = [row | _signed_columns(*each) for row, each in zip(rows, signed, strict=True)]
        connection.execute(insert(AUDIT_ENTRIES), rows)


def audit_log_of(dialect: str, *, vault_id: int, user_id: int) -> AuditLog:
    """The log as the engine wants it written."""
    return (PostgresAuditLog if dialect == "postgresql" else SqliteAuditLog)(vault_id, user_id)


def _broken_head() -> AuditError:
    return AuditError(
        "The audit log does not end where its head says: it was cut or altered, so nothing is added to it.",
        fault=AuditFault.HEAD,
        hint="Run: aether-desktop audit verify",
    )
