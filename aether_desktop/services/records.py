"""Create, edit, archive and restore rows of the nine tables, each step undoable."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from aether_desktop.domain.amounts import InvalidAmountError
from aether_desktop.domain.content import ContentEntry
from aether_desktop.domain.contracts import Contract
from aether_desktop.domain.monitoring import MonitoringEntry
from aether_desktop.domain.payments import Payment, PaymentMethod
from aether_desktop.domain.records import InvalidRecordError, Record, TableName
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.transactions import Transaction
from aether_desktop.domain.users import User
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, InvalidInputError
from aether_desktop.ports.storage import RecordStore, Storage
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.payment_signatures import PaymentSignatures
from aether_desktop.services.sealed_fields import SealedFieldService
from aether_desktop.services.undo import UndoStack, UndoStep

RECORD_TYPES: Mapping[TableName, type[Record]] = MappingProxyType(
    {
        TableName.WALLETS: Wallet,
        TableName.TRANSACTIONS: Transaction,
        TableName.CONTRACTS: Contract,
        TableName.TEMPLE_NODES: TempleNode,
        TableName.PAYMENTS: Payment,
        TableName.PAYMENT_METHODS: PaymentMethod,
        TableName.CONTENT: ContentEntry,
        TableName.MONITORING: MonitoringEntry,
        TableName.USERS: User,
    }
)
_BOOKKEEPING = frozenset({"id", "owner_id", "version", "created_at", "archived_at"})
_MEASURED: Mapping[TableName, frozenset[str]] = MappingProxyType(
    {TableName.TEMPLE_NODES: frozenset({"harmony", "elder", "covenants", "held"})}  # measured, or earned
)


def field_names(table: TableName) -> tuple[str, ...]:
    """The fields a person may fill in, in the record's order."""
    fields = dataclasses.fields(RECORD_TYPES[table])
    left_out = _BOOKKEEPING | _MEASURED.get(table, frozenset())
    return tuple(field.name for field in fields if field.name not in left_out)


class RecordService:
    """One service for nine tables; worker threads only, except ``check``, which is pure and may run anywhere."""

    def __init__(
        self,
        storage: Storage,
        undo: UndoStack,
        *,
        now: Callable[[], datetime] = utc_now,
        signatures: PaymentSignatures | None = None,
        sealed: SealedFieldService | None = None,
    ) -> None:
        """``signatures`` None: nothing can be signed, and payments of level quantum are refused.

        ``sealed`` None: as for the sample vault, where nothing is sealed.
        """
        self._storage = storage
        self._undo = undo
        self._now = now
        self._sealed = sealed or SealedFieldService(storage, None)
        self._signatures = signatures or PaymentSignatures(vault_id=storage.info.vault_id, signer=None)

    @property
    def undo_stack(self) -> UndoStack:
        return self._undo

    def get(self, table: TableName, record_id: int) -> Record:
        """Archived rows too. Raises NotFoundError."""
        record: Record = self._store(table).get(record_id)
        return record

    def check(self, table: TableName, values: Mapping[str, object], *, base: Record | None = None) -> dict[str, str]:
        """Field -> why its value is refused; empty when a record can be made. Touches no database."""
        try:
            self._build(table, values, base=base, record_id=base.id if base else 0)
        except InvalidInputError as error:
            return {error.field: error.message}
        return {}

    def create(self, table: TableName, values: Mapping[str, object]) -> Record:
        """Store a new row of the current user; returns it.

        Raises InvalidInputError naming the field (AlreadyExistsError where it must be unique), NotFoundError; for a
        payment that is signed and for a field that is sealed LevelLockedError and PermissionDeniedError.
        """
        record = self._build(table, values, base=None, record_id=self._storage.new_id())
        if isinstance(record, Payment):
            record = self._signatures.prepared(record)
        record = self._sealed.sealed(table, record)
        self._store(table).create(record)
        ids = (record.id,)
        self._undo.push(
            UndoStep(
                f"add {TABLES[table].singular}",
                undo=lambda: self._store(table).archive(ids, self._now()),
                redo=lambda: self._store(table).restore(ids),
            )
        )
        return record

    def edit(self, table: TableName, base: Record, values: Mapping[str, object]) -> Record:
        """Change fields of ``base`` (the record as the person saw it); returns the stored record.

        Raises InvalidInputError naming the field, ConflictError when the row changed since ``base`` was read; for a
        payment that is signed and for a field that is sealed LevelLockedError and PermissionDeniedError.
        """
        record = self._build(table, values, base=base, record_id=base.id)
        _require_own_address(base, record)
        if isinstance(record, Payment) and isinstance(base, Payment):
            record = self._signatures.prepared(record, base=base)
        if isinstance(record, TempleNode) and isinstance(base, TempleNode) and record.status is not base.status:
            raise InvalidInputError(
                "A node's status is measured.", field="status", hint="Retire the node, or reinstate it, instead."
            )
        record = self._sealed.sealed(table, record, base=base)
        before, after = _difference(base, record)
        if not after:
            return base
        self._store(table).update(record)
        self._undo.push(
            UndoStep(
                f"edit {TABLES[table].singular}",
                undo=lambda: self._change_back(table, base.id, expected=after, wanted=before),
                redo=lambda: self._change_back(table, base.id, expected=before, wanted=after),
            )
        )
        return self.get(table, base.id)

    def archive(self, table: TableName, ids: Sequence[int]) -> int:
        """Archive the rows that are not archived yet; returns how many."""
        chosen = self._with_state(table, ids, archived=False)
        if chosen:
            self._store(table).archive(chosen, self._now())
            self._undo.push(self._archive_step(table, chosen))
        return len(chosen)

    def restore(self, table: TableName, ids: Sequence[int]) -> int:
        """Bring archived rows back; returns how many. Raises AlreadyExistsError when their name was taken since."""
        chosen = self._with_state(table, ids, archived=True)
        if chosen:
            self._store(table).restore(chosen)
            step = self._archive_step(table, chosen)
            self._undo.push(UndoStep(f"restore {_counted(table, len(chosen))}", undo=step.redo, redo=step.undo))
        return len(chosen)

    def _archive_step(self, table: TableName, ids: Sequence[int]) -> UndoStep:
        return UndoStep(
            f"archive {_counted(table, len(ids))}",
            undo=lambda: self._store(table).restore(ids),
            redo=lambda: self._store(table).archive(ids, self._now()),
        )

    def _with_state(self, table: TableName, ids: Sequence[int], *, archived: bool) -> list[int]:
        return [row.id for row in self._storage.windows.by_ids(table, ids) if row.archived is archived]

    def _change_back(
        self, table: TableName, record_id: int, *, expected: Mapping[str, object], wanted: Mapping[str, object]
    ) -> ChangeSet:
        """Put ``wanted`` where ``expected`` still stands; what others changed in other fields is kept."""
        store = self._store(table)
        current = store.get(record_id)
        mine: Record = dataclasses.replace(current, **dict(wanted))
        if not all(self._sealed.same(table, current, name, value) for name, value in expected.items()):
            raise ConflictError(
                "Somebody changed these fields since; they were left as they are.", mine=mine, theirs=current
            )
        return store.update(self._sealed.sealed(table, mine, base=current))

    def _build(self, table: TableName, values: Mapping[str, object], *, base: Record | None, record_id: int) -> Record:
        kind = RECORD_TYPES[table]
        allowed = field_names(table)
        for name in values:
            if name not in allowed:
                raise InvalidInputError(f"A {TABLES[table].singular} has no field {name!r}.", field=name)
        _require_filled(kind, values, new=base is None)
        typed: dict[str, Any] = {name: _coerce(kind, name, value) for name, value in values.items()}
        try:
            if base is not None:
                return dataclasses.replace(base, **typed)
            user = self._storage.info.user_id
            owner = record_id if table is TableName.USERS else user
            return kind(id=record_id, owner_id=owner, created_at=self._now(), **typed)
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error
        except InvalidAmountError as error:
            raise InvalidInputError(error.reason, field="amount") from error

    def _store(self, table: TableName) -> RecordStore[Any]:
        storage = self._storage
        stores: Mapping[TableName, RecordStore[Any]] = {
            TableName.WALLETS: storage.wallets,
            TableName.TRANSACTIONS: storage.transactions,
            TableName.CONTRACTS: storage.contracts,
            TableName.TEMPLE_NODES: storage.temple_nodes,
            TableName.PAYMENTS: storage.payments,
            TableName.PAYMENT_METHODS: storage.payment_methods,
            TableName.CONTENT: storage.content,
            TableName.MONITORING: storage.monitoring,
            TableName.USERS: storage.users,
        }
        return stores[table]


def _require_own_address(base: Record, record: Record) -> None:
    """Raises InvalidInputError where the key of a wallet would be left with another address."""
    if not isinstance(base, Wallet) or not isinstance(record, Wallet) or base.watch_only:
        return
    if record.address != base.address:
        raise InvalidInputError(
            "The key of this wallet belongs to this address.",
            field="address",
            hint="Add the other address as a wallet of its own.",
        )


def _difference(old: Record, new: Record) -> tuple[dict[str, object], dict[str, object]]:
    names = [field.name for field in dataclasses.fields(old) if field.name not in _BOOKKEEPING]
    changed = [name for name in names if getattr(old, name) != getattr(new, name)]
    return {name: getattr(old, name) for name in changed}, {name: getattr(new, name) for name in changed}


def _require_filled(kind: type[Record], values: Mapping[str, object], *, new: bool) -> None:
    """Raises InvalidInputError naming a field that has no default and no value, or None where there must be one."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.name in values:
            empty = values[field.name] is None and type(None) not in typing.get_args(hints[field.name])
        else:
            has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            empty = new and not has_default and field.name not in _BOOKKEEPING
        if empty:
            raise InvalidInputError("Fill this in; it must not be empty.", field=field.name)


def _coerce(kind: type[Record], name: str, value: object) -> object:
    """Texts of choices become their enum, as forms and the command line give them."""
    hint = typing.get_type_hints(kind).get(name)
    if isinstance(hint, type) and issubclass(hint, StrEnum) and isinstance(value, str):
        try:
            return hint(value)
        except ValueError as error:
            choices = ", ".join(member.value for member in hint)
            raise InvalidInputError(f"{value[:40]!r} is not one of: {choices}.", field=name) from error
    return value


def _counted(table: TableName, count: int) -> str:
    spec = TABLES[table]
    return spec.singular if count == 1 else f"{count} rows of {spec.title}"
