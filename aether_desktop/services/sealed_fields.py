"""Sealing what people type, opening what they ask to see, and finding payments by a sealed id. Worker threads only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from aether_desktop.domain.payments import Payment
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.sealed_fields import (
    BLIND_FIELDS,
    SEALED_FIELDS,
    UNREVISED,
    Sealed,
    SealedField,
    sealed_names,
    text_of,
    value_of,
)
from aether_desktop.ports.access import FieldSealer, LevelLockedError
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.storage import RecordStore, Storage
from aether_desktop.services.latest_values import require_latest

RecordT = TypeVar("RecordT", bound=Record)


class SealedFieldService:
    """``sealer`` None: the sample vault and vaults before passwords, whose values are plain."""

    def __init__(self, storage: Storage, sealer: FieldSealer | None) -> None:
        self._storage = storage
        self._sealer = sealer

    @property
    def active(self) -> bool:
        """Whether values of this vault are sealed. Any thread."""
        return self._sealer is not None

    def owner_of(self, record: Record) -> int:
        """Whose court key a row is sealed with: an embedded vault has one person with keys, the one who opens it."""
        info = self._storage.info
        return info.user_id if info.engine == "sqlite" else record.owner_id

    # -- storing -------------------------------------------------------------------------------------------------

    def sealed(self, table: TableName, record: RecordT, *, base: Record | None = None) -> RecordT:
        """The record as it may be stored: what is plain is sealed, what differs from ``base`` is sealed anew.

        Raises LevelLockedError, PermissionDeniedError without a key of the owner, AlreadyExistsError for an id that
        is there, RotationNeededError, MembershipError.
        """
        names = sealed_names(table)
        if self._sealer is None:
            return record
        changes: dict[str, Any] = {}
        for name in names:
            value = getattr(record, name)
            if isinstance(value, Sealed) and base is not None and value == getattr(base, name):
                continue
            text = self.text(table, record, name)
            if text:
                changes[name] = self._seal(
                    SEALED_FIELDS[table, name], text, record, revision=1 if base is None else base.version + 1
                )
        return dataclasses.replace(record, **changes) if changes else record

    def create_many(self, table: TableName, records: Sequence[Record]) -> ChangeSet:
        """Store new records of this person in bulk, sealed; the audit has their digest, so their seals are UNREVISED.

        That a provider's id is there once is left to the table. Raises LevelLockedError, PermissionDeniedError,
        RotationNeededError, MembershipError, the StorageError family.
        """
        over: dict[str, Sequence[object]] = {}
        if self._sealer is not None:
            for name in sealed_names(table):
                over |= self._sealed_columns(table, name, records)
        return self._store(table).create_many(records, over)

    def _sealed_columns(self, table: TableName, name: str, records: Sequence[Record]) -> dict[str, Sequence[object]]:
        """The plain, the sealed and the blind column of a field."""
        field, owner_id = SEALED_FIELDS[table, name], self._storage.info.user_id
        texts = [text_of(getattr(record, name)) for record in records]
        filled = [at for at, text in enumerate(texts) if text]
        plains = [(records[at].id, texts[at].encode()) for at in filled]
        contents = self._require_sealer().seal_many(field, plains, owner_id=owner_id, revision=UNREVISED)
        sealed: list[bytes | None] = [None] * len(records)
        for at, content in zip(filled, contents, strict=True):
            sealed[at] = Sealed.of(UNREVISED, content).stored
        columns: dict[str, Sequence[object]] = {
            name: [value_of(field, "")] * len(records),
            f"{name}_sealed": sealed,
        }
        if field in BLIND_FIELDS:
            columns[f"{name}_blind"] = [self._tokens(text, owner_id)[0] if text else None for text in texts]
        if field is SealedField.USER_EMAIL:
            columns[f"{name}_fold"] = [""] * len(records)
        return columns

    def same(self, table: TableName, record: Record, name: str, value: object) -> bool:
        """Whether a field of the record holds ``value``, which may be another seal of the same.

        Raises LevelLockedError, PermissionDeniedError, SealError, where it must be opened to know.
        """
        mine = getattr(record, name)
        if mine == value:
            return True
        if not isinstance(mine, Sealed) and not isinstance(value, Sealed):
            return False
        changed: dict[str, Any] = {name: value}
        other = dataclasses.replace(record, **changed)
        return self.text(table, record, name) == self.text(table, other, name)

    # -- opening -------------------------------------------------------------------------------------------------

    def opened(self, table: TableName, record: RecordT) -> RecordT:
        """The same with every sealed field in plain, for computing with; never show or store what it returns.

        Raises LevelLockedError, PermissionDeniedError, SealError.
        """
        sealed = [name for name in sealed_names(table) if isinstance(getattr(record, name), Sealed)]
        if not sealed:
            return record
        plain: dict[str, Any] = {
            name: value_of(SEALED_FIELDS[table, name], self.text(table, record, name)) for name in sealed
        }
        return dataclasses.replace(record, **plain)

    def text(self, table: TableName, record: Record, name: str) -> str:
        """A field in plain, for computing with; never show or store it.

        Raises LevelLockedError, PermissionDeniedError, SealError.
        """
        value: Sealed | str | date | None = getattr(record, name)
        if not isinstance(value, Sealed):
            return text_of(value)
        plain = self._require_sealer().open(
            SEALED_FIELDS[table, name],
            value.content,
            row_id=record.id,
            owner_id=self.owner_of(record),
            revision=value.revision,
        )
        return plain.decode()

    def reveal(self, table: TableName, row_id: int, name: str) -> str:
        """One field's text, after an audit entry says so; without the entry nothing is returned.

        Raises LevelLockedError (the court's level), PermissionDeniedError saying who may grant, SealError for a value
        that was altered, moved, or put back from before, NotFoundError, InvalidInputError.
        """
        if (table, name) not in SEALED_FIELDS:
            raise InvalidInputError("This field is not sealed.", field=name)
        with self._storage.unit_of_work():
            record = self._store(table).get(row_id)
            value = getattr(record, name)
            if not isinstance(value, Sealed):
                return text_of(value)
            text = self.text(table, record, name)
            require_latest(self._storage.audit, value, SEALED_FIELDS[table, name], place=(table.value, row_id, name))
            self._storage.audit.note(
                "sealed.reveal", table=table.value, row_id=row_id, field=SEALED_FIELDS[table, name].value
            )
        return text

    # -- finding -------------------------------------------------------------------------------------------------

    def payment(self, provider: str, external_id: str) -> Payment:
        """The payment with that id of that provider, sealed or not, of anybody whose key this person has.

        Raises NotFoundError, LevelLockedError.
        """
        if self._sealer is not None:
            for owner_id in self._owners():
                found = self._storage.payments.by_tokens(provider, self._tokens(external_id, owner_id))
                if found:
                    return found[0]
        return self._storage.payments.by_external_id(provider, external_id)

    def payments_called(self, external_id: str) -> list[Payment]:
        """Those of any provider whose sealed id is exactly that; none while the level is locked."""
        if self._sealer is None or not external_id:
            return []
        try:
            tokens = [token for owner_id in self._owners() for token in self._tokens(external_id, owner_id)]
        except (LevelLockedError, PermissionDeniedError):
            return []
        return self._storage.payments.by_tokens(None, tokens)

    def _owners(self) -> Iterator[int]:
        me = self._storage.info.user_id
        yield me
        if self._storage.info.engine != "sqlite":
            yield from (user.id for user in self._storage.users.all() if user.id != me)

    def _tokens(self, external_id: str, owner_id: int) -> tuple[bytes, ...]:
        """Under every live version; none of an owner whose key this person does not have."""
        if self._sealer is None or not external_id:
            return ()
        try:
            return self._sealer.blind(SealedField.PAYMENT_EXTERNAL_ID, external_id.encode(), owner_id=owner_id)
        except PermissionDeniedError:
            if owner_id == self._storage.info.user_id:
                raise
            return ()

    # -- inside --------------------------------------------------------------------------------------------------

    def _seal(self, field: SealedField, text: str, record: Record, *, revision: int) -> Sealed:
        sealer = self._require_sealer()
        owner_id = self.owner_of(record)
        token = None
        if field in BLIND_FIELDS:
            tokens = self._tokens(text, owner_id)
            if isinstance(record, Payment):
                self._require_new(record, text, tokens)
            token = tokens[0]
        content = sealer.seal(field, text.encode(), row_id=record.id, owner_id=owner_id, revision=revision)
        return Sealed.of(revision, content, token=token)

    def _require_new(self, payment: Payment, external_id: str, tokens: tuple[bytes, ...]) -> None:
        """The unique rule of the table knows neither tokens of older keys nor values that are still plain."""
        there = self._storage.payments.by_tokens(payment.provider, tokens)
        with suppress(NotFoundError):
            there.append(self._storage.payments.by_external_id(payment.provider, external_id))
        if any(other.id != payment.id and other.owner_id == payment.owner_id for other in there):
            raise AlreadyExistsError("A payment with this id of this provider is already there.", field="external_id")

    def _require_sealer(self) -> FieldSealer:
        if self._sealer is None:
            raise PermissionDeniedError(
                "This value is sealed, and no keys are open that could open it.",
                hint="Open the vault with its password.",
            )
        return self._sealer

    def _store(self, table: TableName) -> RecordStore[Any]:
        stores: dict[TableName, RecordStore[Any]] = {
            TableName.USERS: self._storage.users,
            TableName.PAYMENTS: self._storage.payments,
            TableName.PAYMENT_METHODS: self._storage.payment_methods,
        }
        return stores[table]
