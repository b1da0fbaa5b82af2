"""What the stores of the nine tables share: rows to records and back, versions, archiving, refusals in plain words."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, insert, select, update
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import InvalidRecordError, Record, TableName
from aether_desktop.domain.text import fold
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StorageError,
)
from aether_desktop.ports.permissions import denied
from aether_desktop.ports.tables import TABLES
from aether_desktop.storage.audit_values import changes, digest_of_ids, shown_row
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import Violation, ViolationKind, violation
from aether_desktop.storage.schema import METADATA

RecordT = TypeVar("RecordT", bound=Record)
IDS_AT_ONCE = 5_000  # SQLite takes 32 766 parameters
LISTED_IDS = 1_000  # beyond this a ChangeSet says "many"
_LISTED_IN_AUDIT = 100  # beyond this an audit entry has their digest
_KEPT = frozenset({"id", "owner_id", "created_at", "version"})
FOLDED = "_fold"  # ends the name of a column that holds another one folded
_REFERRED = {
    "users": "person",
    "wallets": "wallet",
    "currencies": "currency",
    "import_batches": "import batch",
    "payment_methods": "payment method",
}


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """What to say when the unique index over ``columns`` (without vault_id) refuses a row; ``field`` is the form's."""

    columns: tuple[str, ...]
    field: str
    message: str


def id_slices(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids without repetitions, in slices that one statement can carry."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), IDS_AT_ONCE):
        yield unique[start : start + IDS_AT_ONCE]


def record_fields(row: RowMapping) -> dict[str, Any]:
    """The arguments that every ``domain.records.Record`` takes."""
    return {name: row[name] for name in ("id", "owner_id", "version", "created_at", "archived_at")}


class SqlRecordStore(ABC, Generic[RecordT]):
    """Implements ``ports.storage.RecordStore``. Worker threads only; raises the StorageError family.

    A subclass names its table and turns records into columns and rows into records.
    """

    name: ClassVar[TableName]
    table: ClassVar[Table]
    uniques: ClassVar[tuple[UniqueRule, ...]] = ()
    apart: ClassVar[frozenset[str]] = frozenset()
    """Columns that ``update`` leaves as they are: a method of their own writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noun = TABLES[self.name].singular

    # -- what a subclass says --------------------------------------------------------------------------------

    @abstractmethod
    def _columns_of(self, record: RecordT) -> dict[str, Any]:
        """The table's own columns; called inside a write, so it may write what the record refers to."""

    @abstractmethod
    def _record_of(self, row: RowMapping) -> RecordT: ...

    def _query(self) -> Select[Any]:
        """Selects what ``_record_of`` reads."""
        return select(self.table)

    def _before_stored(self, unit: Unit, record: RecordT) -> frozenset[int]:  # noqa: ARG002 - for subclasses
        """Make room for the record in the same transaction; returns other rows changed by that."""
        return frozenset()

    def _after_stored(self, unit: Unit, record: RecordT) -> None:
        """Keep in step what depends on the record."""

    def _before_archived(self, unit: Unit, ids: Sequence[int], at: datetime | None) -> None:
        """Called before rows are archived (``at``) or restored (None)."""

    # -- the store -------------------------------------------------------------------------------------------

    def get(self, record_id: int) -> RecordT:
        """Archived rows too. Raises NotFoundError."""
        return self._database.fetch(lambda connection: self._one(connection, record_id))

    def create(self, record: RecordT) -> ChangeSet:
        """Raises AlreadyExistsError naming the field, NotFoundError for a row it refers to."""
        with self._write("create") as unit:
            others = self._before_stored(unit, record)
            row = {"vault_id": unit.vault_id, **self._row_of(record)}
            with self._refusals(unit, row):
                unit.connection.execute(insert(self.table).values(row))
            self._after_stored(unit, record)
            unit.about(record.id, {}, shown_row(row))
            return self._done(unit, others | {record.id}, created={record.id})

    def create_many(self, records: Sequence[RecordT], over: Mapping[str, Sequence[object]]) -> ChangeSet:
        """New rows by one statement; ``over`` are columns that replace the records' own, one value for each record.

        For rows that change no others. Raises as ``create``.
        """
        with self._write("create") as unit:
            rows = [{"vault_id": unit.vault_id, **self._raw_row_of(record)} for record in records]
            for name, values in over.items():
                for row, value in zip(rows, values, strict=True):
                    row[name] = value
            for row in rows:
                self._check_row(row)
            with self._refusals(unit, {}):
                unit.connection.execute(insert(self.table), rows)
            ids = frozenset(record.id for record in records)
            return self._done(unit, ids, created=ids)

    def update(self, record: RecordT) -> ChangeSet:
        """Stores all fields if ``record.version`` is current. Raises ConflictError with both, NotFoundError."""
        with self._write("update") as unit:
            return self._done(unit, self._replace(unit, record))

    def archive(self, ids: Sequence[int], at: datetime) -> ChangeSet:
        """Hides the rows; archived ones stay as they are. Raises NotFoundError, then nothing is changed."""
        return self._set_archived("archive", ids, at)

    def restore(self, ids: Sequence[int]) -> ChangeSet:
        """Shows archived rows again. Raises NotFoundError, and AlreadyExistsError where the name was taken since."""
        return self._set_archived("restore", ids, None)

    # -- for subclasses --------------------------------------------------------------------------------------

    @contextmanager
    def _write(self, verb: str) -> Iterator[Unit]:
        with self._database.write(action=f"{self.name.value}.{verb}", table=self.name.value) as unit:
            yield unit

    def _done(
        self, unit: Unit, ids: Iterable[int], *, listed: bool = True, created: Set[int] = frozenset()
    ) -> ChangeSet:
        """Audit and announce the rows touched."""
        touched = frozenset(ids)
        if len(touched) <= _LISTED_IN_AUDIT:
            unit.audit(rows=len(touched), ids=sorted(touched))
        else:
            unit.audit(rows=len(touched), digest=digest_of_ids(list(touched)))
        shown = touched if listed and len(touched) <= LISTED_IDS else None
        new = frozenset[int]() if shown is None else frozenset(created)
        return unit.changed(ChangeSet(frozenset({self.name}), shown, created=new))

    def _select(self, query: Select[Any]) -> list[RecordT]:
        """The records of a query built on ``_query``, whose vault the caller need not name."""
        return self._database.fetch(lambda connection: self._records(connection, query))

    def _records(self, connection: Connection, query: Select[Any]) -> list[RecordT]:
        rows = connection.execute(query.where(self.table.c.vault_id == self._database.vault_id)).mappings()
        return [self._checked(row) for row in rows]

    def _one(self, connection: Connection, record_id: int) -> RecordT:
        found = self._records(connection, self._query().where(self.table.c.id == record_id))
        if not found:
            raise self._gone()
        return found[0]

    def _gone(self) -> NotFoundError:
        return NotFoundError(f"This {self._noun} does not exist (any more).", hint="Refresh and look again.")

    def _set(self, verb: str, record_id: int, version: int, **fields: object) -> ChangeSet:
        """Change some fields of a record. Raises ConflictError, NotFoundError, InvalidInputError naming the field."""
        with self._write(verb) as unit:
            current = self._one(unit.connection, record_id)
            try:
                mine = dataclasses.replace(current, version=version, **fields)  # type: ignore[arg-type]  # by name
            except InvalidRecordError as error:
                raise InvalidInputError(error.reason, field=error.field) from error
            return self._done(unit, self._replace(unit, mine))

    def _replace(self, unit: Unit, record: RecordT) -> frozenset[int]:
        """Write the record over its row, one version up; returns every row changed by that."""
        others = self._before_stored(unit, record)
        columns = self.table.c
        row = {name: value for name, value in self._row_of(record).items() if name not in self.apart}
        this = (columns.vault_id == unit.vault_id, columns.id == record.id)
        before = unit.connection.execute(select(self.table).where(*this)).mappings().first()
        if before is None:
            raise self._gone()
        # Only what differs is named: on a shared server a role may change some columns and not others.
        new = {name: value for name, value in row.items() if name not in _KEPT and before[name] != value}
        statement = (
            update(self.table)
            .where(*this, columns.version == record.version)
            .values({**new, "version": columns.version + 1})
        )
        with self._refusals(unit, row):
            changed = unit.connection.execute(statement).rowcount
        if not changed:
            theirs = self._one(unit.connection, record.id)
            if theirs.version == record.version:
                raise denied(Verb.CHANGE, self.table.name, own=theirs.owner_id == unit.user_id)
            raise ConflictError(f"Somebody changed this {self._noun} since you opened it.", mine=record, theirs=theirs)
        unit.about(record.id, *changes(dict(before), row))
        self._after_stored(unit, record)
        return others | {record.id}

    # -- inside ----------------------------------------------------------------------------------------------

    def _check_row(self, row: Mapping[str, Any]) -> None:
        """Refuse what must not be stored, as columns say it."""

    def _row_of(self, record: RecordT) -> dict[str, Any]:
        row = self._raw_row_of(record)
        self._check_row(row)
        return row

    def _raw_row_of(self, record: RecordT) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": record.id,
            "owner_id": record.owner_id,
            "version": record.version,
            "created_at": record.created_at,
            "archived_at": record.archived_at,
            **self._columns_of(record),
        }
        for column, value in row.items():
            if isinstance(value, str):
                require_storable(column, value)
        for column in self.table.columns.keys() - row.keys():
            if column.endswith(FOLDED):
                row[column] = fold(row[column.removesuffix(FOLDED)])
        return row

    def _checked(self, row: RowMapping) -> RecordT:
        try:
            return self._record_of(row)
        except InvalidRecordError as error:
            raise StorageError(
                f"The stored {self._noun} {row['id']} has a {error.field} that this program refuses: {error.reason}",
                hint="Use the newest program, or run: aether-desktop doctor",
            ) from error

    def _set_archived(self, verb: str, ids: Sequence[int], at: datetime | None) -> ChangeSet:
        if not ids:
            return ChangeSet(frozenset({self.name}), frozenset())
        columns = self.table.c
        with self._write(verb) as unit:
            affected: dict[int, datetime | None] = {}
            for part in id_slices(ids):
                these = (columns.vault_id == unit.vault_id, columns.id.in_(part))
                states = unit.connection.execute(select(columns.id, columns.archived_at).where(*these)).all()
                if len(states) < len(part):
                    raise self._gone()
                affected.update(
                    {row.id: row.archived_at for row in states if (row.archived_at is None) is (at is not None)}
                )
            if not affected:
                return ChangeSet(frozenset({self.name}), frozenset())
            for part in id_slices(sorted(affected)):
                self._before_archived(unit, part, at)
                statement = (
                    update(self.table)
                    .where(columns.vault_id == unit.vault_id, columns.id.in_(part))
                    .values(archived_at=at, version=columns.version + 1)
                )
                with self._refusals(unit, {}):
                    changed = unit.connection.execute(statement).rowcount
                if changed < len(part):
                    raise denied(Verb.CHANGE, self.table.name)
            if len(affected) == 1:
                ((row_id, was),) = affected.items()
                unit.about(row_id, *changes({"archived_at": was}, {"archived_at": at}))
            return self._done(unit, affected)

    @contextmanager
    def _refusals(self, unit: Unit, row: Mapping[str, Any]) -> Iterator[None]:
        """What the database's unique rules and references refuse becomes an error that names the field."""
        try:
            yield
        except DBAPIError as error:
            broken = violation(error, METADATA)
            if broken is None:
                raise
            if broken.kind is ViolationKind.UNIQUE:
                raise self._taken(broken) from error
            if broken.kind is ViolationKind.FOREIGN_KEY:
                raise self._unknown_reference(unit, row, broken) from error
            raise

    def _taken(self, broken: Violation) -> AlreadyExistsError:
        for rule in self.uniques:
            if rule.columns == broken.columns:
                return AlreadyExistsError(rule.message, field=rule.field)
        field = broken.columns[-1] if broken.columns else ""
        return AlreadyExistsError(f"A {self._noun} with this {field.replace('_', ' ')} is already there.", field=field)

    def _unknown_reference(self, unit: Unit, row: Mapping[str, Any], broken: Violation) -> NotFoundError:
        """PostgreSQL names the rule; SQLite does not, but lets the transaction go on, so it can be asked."""
        for rule in self.table.foreign_key_constraints:
            column, target = rule.column_keys[-1], rule.referred_table
            if column == "vault_id":
                continue
            if broken.constraint:
                missing = broken.constraint == f"fk_{self.table.name}_{column}"
            else:
                missing = row.get(column) is not None and not unit.connection.scalar(
                    select(target.c.id).where(target.c.vault_id == unit.vault_id, target.c.id == row[column])
                )
            if missing:
                noun = _REFERRED[target.name]
                return NotFoundError(f"The {noun} that this {self._noun} refers to does not exist (any more).")
        return NotFoundError(f"A row that this {self._noun} refers to does not exist (any more).")


def require_storable(field: str, text: str) -> None:
    """Refuse what UTF-8 databases cannot hold. Raises InvalidInputError naming the field."""
    if text.isascii() and "\x00" not in text:
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            "The text contains half a character (a lone surrogate); type it again.", field=field
        ) from error
    if "\x00" in text:
        raise InvalidInputError("The text contains a NUL character; remove it.", field=field)
