"""People with real keys over one real vault: identity, rotation and people services of each, and a sealed table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, insert, select

from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.users import Role
from aether_desktop.ports.identity import PinStore
from aether_desktop.ports.sealed_rows import SealedRows
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.services.people import PeopleService
from aether_desktop.services.rotation import RotationService
from aether_desktop.storage.database import Database
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.stores.sealed_rows import SealedColumn, SqlSealedRows
from tests.security.parties import FixedLevels, Pins

_TABLES: Final = MetaData()
SECRETS: Final = Table(
    "test_secrets",
    _TABLES,
    Column("vault_id", BigInteger(), nullable=False),
    Column("id", BigInteger(), nullable=False, autoincrement=False),
    Column("owner_id", BigInteger(), nullable=False),
    Column("external_id", LargeBinary()),
    Column("external_id_blind", LargeBinary()),
    Column("metadata", LargeBinary()),
    PrimaryKeyConstraint("vault_id", "id"),
)
FIELDS: Final = (SealedField.PAYMENT_EXTERNAL_ID, SealedField.PAYMENT_METADATA)
COLUMNS: Final = (
    SealedColumn(FIELDS[0], SECRETS, "external_id", token="external_id_blind"),
    SealedColumn(FIELDS[1], SECRETS, "metadata"),
)


@dataclass(frozen=True)
class Seat:
    """One person's program over the vault."""

    storage: SqlStorage
    levels: FixedLevels
    pins: PinStore
    identity: PersonIdentity
    rotation: RotationService
    people: PeopleService

    @property
    def id(self) -> int:
        return self.identity.user_id


def seat(
    storage: SqlStorage,
    user_id: int,
    *,
    levels: FixedLevels | None = None,
    pins: PinStore | None = None,
    batch: int = 7,
    rows: SealedRows | None = None,
) -> Seat:
    """``rows`` None: those of the table here."""
    levels, pins = levels or FixedLevels(user_id.to_bytes(8, "big")), pins or Pins()
    identity = PersonIdentity(levels, storage.identity, pins, vault_id=storage.info.vault_id, user_id=user_id)
    rotation = RotationService(
        storage,
        storage.identity,
        rows or SqlSealedRows(storage._database, COLUMNS),
        identity=identity,
        sealer=identity.sealer,
        batch=batch,
    )
    people = PeopleService(storage, storage.identity, identity=identity, rotation=rotation)
    return Seat(storage, levels, pins, identity, rotation, people)


def founder(storage: SqlStorage, *, pins: PinStore | None = None) -> Seat:
    """The vault's founder, with keys, and the table of sealed values."""
    one = seat(storage, storage.info.user_id, pins=pins)
    one.people.found()
    with storage._database.write(action="test.table", table=SECRETS.name) as unit:
        _TABLES.create_all(unit.connection)
    return one


def joined(by: Seat, username: str, role: Role = Role.MEMBER) -> Seat:
    """Somebody invited, certified, with courts of their own."""
    made = by.people.invite(username, role)
    one = seat(by.storage, made.stored.user_id)
    by.people.accept(made.stored.id, one.people.answer(made.file, made.secret))
    one.people.make_own_courts()
    by.identity.settled()
    return one


def plain(row: int) -> bytes:
    return f"id of row {row}".encode()


def fill(one: Seat, count: int, *, first: int = 1) -> None:
    """Rows of one's own with both fields sealed, every third without the second."""
    sealer, revision = one.identity.sealer, (3).to_bytes(8, "big")
    rows = []
    for row in range(first, first + count):
        place = {"row_id": row, "owner_id": one.id, "revision": 3}
        metadata = None if row % 3 == 0 else revision + sealer.seal(FIELDS[1], b"more", **place)
        rows.append(
            {
                "vault_id": one.storage.info.vault_id,
                "id": row,
                "owner_id": one.id,
                "external_id": revision + sealer.seal(FIELDS[0], plain(row), **place),
                "external_id_blind": sealer.blind(FIELDS[0], plain(row), owner_id=one.id)[0],
                "metadata": metadata,
            }
        )
    with one.storage._database.write(action="test.fill", table=SECRETS.name) as unit:
        unit.connection.execute(insert(SECRETS), rows)


def require_readable(one: Seat, database: Database, *, version: int | None = None) -> int:
    """Every row of one's own opens, and is found by its token; returns how many. ``version``: all are under it."""
    ring = one.identity
    ring.ring.forget_rows()
    with database.read() as connection:
        rows = connection.execute(select(SECRETS).where(SECRETS.c.owner_id == one.id)).all()
    for row in rows:
        place = {"row_id": row.id, "owner_id": one.id, "revision": 3}
        assert ring.sealer.open(FIELDS[0], row.external_id[8:], **place) == plain(row.id)
        assert row.external_id_blind in ring.sealer.blind(FIELDS[0], plain(row.id), owner_id=one.id)
        assert row.metadata is None or ring.sealer.open(FIELDS[1], row.metadata[8:], **place) == b"more"
        if version is not None:
            assert ring.sealer.version(FIELDS[0], row.external_id[8:]) == version
            assert int.from_bytes(row.external_id_blind[:8], "big") == version
    return len(rows)
