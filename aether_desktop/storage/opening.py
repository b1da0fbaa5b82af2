"""Creating and opening: from a file or an address to a ``Database`` of one person in one vault, with its watcher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from aether_desktop.domain.records import InvalidRecordError, require_text
from aether_desktop.domain.text import fold
from aether_desktop.domain.users import Membership, Role, User
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotAVaultError,
    PermissionDeniedError,
)
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.changes import ForeignWatcher, HintCoder, PostgresWatcher, SqlChangeFeed, SqliteWatcher
from aether_desktop.storage.database import Database
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated
from aether_desktop.storage.identifiers import LeasedIdentifiers, first_id
from aether_desktop.storage.postgresql import PostgresKit, open_postgresql
from aether_desktop.storage.schema import AUDIT_ENTRIES, USERS, VAULT_MEMBERS, VAULTS
from aether_desktop.storage.sqlite import SqliteKit, open_sqlite
from aether_desktop.storage.upgrade import (
    Migrations,
    create_schema,
    migrate_database,
    require_current,
    upgrade_vault,
)
from aether_desktop.storage.vault_files import passing_file, take_name

NAME_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class VaultSeat:
    """One person's place in one vault."""

    vault_id: int
    vault_name: str
    user_id: int


class OpenVault:
    """A connected vault; ``close`` ends the watcher, gives the client number back and closes every connection."""

    def __init__(self, kit: EngineKit, seat: VaultSeat, *, revision: str) -> None:
        self.kit = kit
        self.feed = SqlChangeFeed()
        hints = HintCoder(seat.vault_id)
        self._identifiers = LeasedIdentifiers(kit, seat.vault_id)
        self.database = Database(
            kit,
            vault_id=seat.vault_id,
            user_id=seat.user_id,
            changes=self.feed,
            identifiers=self._identifiers,
            hints=hints,
        )
        self.info = StorageInfo(
            engine=kit.dialect,
            engine_version=kit.engine_version,
            location=kit.location,
            encrypted=kit.encrypted,
            schema_revision=revision,
            vault_id=seat.vault_id,
            vault_name=seat.vault_name,
            user_id=seat.user_id,
        )
        self.watcher: ForeignWatcher
        if isinstance(kit, PostgresKit):
            self.watcher = PostgresWatcher(
                self.feed, kit, vault_id=seat.vault_id, hints=hints, holder=self._identifiers.holder
            )
        else:
            assert isinstance(kit, SqliteKit)  # noqa: S101 - there are two engines
            self.watcher = SqliteWatcher(self.feed, kit)
        self.watcher.start()

    def close(self) -> None:
        """Doing so twice is harmless; never raises."""
        self.watcher.stop()
        self._identifiers.release()
        self.kit.dispose()


# -- embedded vaults ---------------------------------------------------------------------------------------------


def create_vault_file(
    path: Path,
    key: bytes | None,
    *,
    name: str,
    username: str,
    sample: bool = False,
    migrations: Migrations | None = None,
) -> None:
    """A vault with its founder, complete or not there at all; readable and writable by its owner only.

    Raises AlreadyExistsError, InvalidInputError, ReadOnlyError, DiskFullError, StorageUnavailableError.
    """
    if (key is None) != sample:
        raise ValueError("only the sample vault is without a key")
    if path.exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name, or open it.")
    founder = _founder(name, username)
    with passing_file(path) as passing:
        kit = SqliteKit(passing, key)
        try:
            create_schema(kit, Migrations() if migrations is None else migrations)
            with translated(where=str(path)), kit.writer.connect() as connection, connection.begin():
                _insert_vault(connection, founder, name=name, login="")
        finally:
            kit.dispose()
        take_name(passing, path, replace=False)


def open_vault_file(
    path: Path,
    key: bytes | None,
    *,
    sample: bool = False,
    migrations: Migrations | None = None,
    progress: Progress = silent,
    token: CancelToken | None = None,
) -> OpenVault:
    """An existing vault, migrated first if an older program made it (a back-up is kept beside it).

    Raises NotFoundError, NotAVaultError, WrongKeyError, SchemaTooNewError, StorageBusyError, ReadOnlyError,
    DiskFullError, PermissionDeniedError, OperationCancelled.
    """
    steps = Migrations() if migrations is None else migrations
    kit = open_sqlite(path, key, sample=sample)
    with _disposed_on_failure(kit):
        upgrade_vault(kit, steps, progress=progress, token=token)
        kit.use_wal()
        with translated(where=kit.location), kit.reader.connect() as connection:
            seat = _owner_of_embedded(connection, kit.location)
        return OpenVault(kit, seat, revision=steps.head)


def _owner_of_embedded(connection: Connection, location: str) -> VaultSeat:
    vaults = connection.execute(select(VAULTS)).all()
    if len(vaults) != 1:
        raise NotAVaultError(f"{location} holds no vault, or more than one.", hint="Restore a back-up.")
    vault = vaults[0]
    owners = (
        select(VAULT_MEMBERS.c.user_id)
        .where(VAULT_MEMBERS.c.vault_id == vault.id, VAULT_MEMBERS.c.role == Role.ZADOKITE)
        .order_by(VAULT_MEMBERS.c.left_at.is_not(None), VAULT_MEMBERS.c.joined_at, VAULT_MEMBERS.c.user_id)
    )
    owner = connection.execute(owners).scalars().first()
    if owner is None:
        raise NotAVaultError(f"{location} has no owner.", hint="Restore a back-up.")
    return VaultSeat(vault.id, vault.name, owner)


# -- shared databases --------------------------------------------------------------------------------------------


def open_shared(
    url: str, *, username: str = "", password: str | None = None, vault: str = "", migrations: Migrations | None = None
) -> OpenVault:
    """A vault on PostgreSQL, as the person whose login this is, or who has ``username``. Never changes the schema.

    ``vault`` (a name) is needed only where the person belongs to several. Raises InvalidInputError, NotAVaultError,
    SchemaTooOldError, SchemaTooNewError, PermissionDeniedError, StorageUnavailableError.
    """
    steps = Migrations() if migrations is None else migrations
    kit = open_postgresql(read_address(url, password=password))
    with _disposed_on_failure(kit):
        require_current(kit, steps)
        with translated(where=kit.location), kit.reader.connect() as connection:
            seat = _seat(connection, kit.location, username=username, vault=vault)
        return OpenVault(kit, seat, revision=steps.head)


def migrate_shared(
    url: str, *, password: str | None = None, into_foreign: bool = False, migrations: Migrations | None = None
) -> tuple[str | None, str]:
    """The administrator's ``migrate``: returns the revisions (before, after). Raises as ``migrate_database`` does."""
    steps = Migrations() if migrations is None else migrations
    kit = open_postgresql(read_address(url, password=password))
    try:
        return migrate_database(kit, steps, into_foreign=into_foreign)
    finally:
        kit.dispose()


def provision_shared(
    url: str, *, name: str, username: str, password: str | None = None, migrations: Migrations | None = None
) -> None:
    """The first vault and its founder in a migrated database without one; the login becomes the founder's.

    Raises AlreadyExistsError, InvalidInputError, and what ``require_current`` raises.
    """
    founder = _founder(name, username)
    kit = open_postgresql(read_address(url, password=password))
    try:
        require_current(kit, Migrations() if migrations is None else migrations)
        with translated(where=kit.location), kit.writer.connect() as connection, connection.begin():
            connection.exec_driver_sql("LOCK TABLE vaults IN EXCLUSIVE MODE")  # two first runs at once
            if connection.execute(select(VAULTS.c.id).limit(1)).first() is not None:
                raise AlreadyExistsError(f"{kit.location} holds a vault already.", field="database", hint="Open it.")
            login = str(connection.exec_driver_sql("SELECT session_user").scalar())
            _insert_vault(connection, founder, name=name, login=login)
    finally:
        kit.dispose()


def _seat(connection: Connection, location: str, *, username: str, vault: str) -> VaultSeat:
    login = str(connection.exec_driver_sql("SELECT session_user").scalar())
    found = connection.execute(
        select(VAULTS.c.id, VAULTS.c.name, USERS.c.id.label("user_id"))
        .join(USERS, USERS.c.vault_id == VAULTS.c.id)
        .join(VAULT_MEMBERS, (VAULT_MEMBERS.c.vault_id == USERS.c.vault_id) & (VAULT_MEMBERS.c.user_id == USERS.c.id))
        .where(USERS.c.username_fold == fold(username.strip()) if username else VAULT_MEMBERS.c.login == login)
        .where(USERS.c.active, USERS.c.archived_at.is_(None), VAULT_MEMBERS.c.left_at.is_(None))
        .order_by(VAULTS.c.name, VAULTS.c.id)
    ).all()
    seats = [VaultSeat(row.id, row.name, row.user_id) for row in found if not vault or row.name == vault]
    if len(seats) == 1:
        return seats[0]
    if seats:
        names = ", ".join(sorted({seat.vault_name for seat in seats}))
        raise InvalidInputError(f"You belong to several vaults: {names}.", field="vault", hint="Name one of them.")
    if connection.execute(select(VAULTS.c.id).limit(1)).first() is None:
        raise NotAVaultError(
            f"{location} holds no vault yet.",
            hint="Its administrator creates one with: aether-desktop --database URL vault create",
        )
    raise PermissionDeniedError(
        f"{username or login} does not belong to {'the vault ' + vault if vault else 'a vault'} on {location}.",
        hint="Ask a Zadokite of the vault to add you.",
    )


# -- both --------------------------------------------------------------------------------------------------------


def _founder(name: str, username: str) -> User:
    try:
        require_text("name", name, limit=NAME_LIMIT)
        user_id = first_id()
        return User(
            id=user_id,
            owner_id=user_id,
            created_at=datetime.now(UTC),
            username=username,
            role=Role.ZADOKITE,
            membership=Membership.GOVERNING,
        )
    except InvalidRecordError as error:
        raise InvalidInputError(error.reason, field=error.field) from error


def _insert_vault(connection: Connection, founder: User, *, name: str, login: str) -> None:
    """The vault's own row, its first person and the first line of its audit log."""
    vault_id, now = first_id(), founder.created_at
    in_vault: dict[str, Any] = {"vault_id": vault_id}
    connection.execute(insert(VAULTS).values(id=vault_id, name=name.strip(), created_at=now))
    connection.execute(
        insert(USERS).values(
            **in_vault,
            id=founder.id,
            owner_id=founder.id,
            version=founder.version,
            created_at=now,
            username=founder.username,
            username_fold=fold(founder.username),
            role=founder.role,
            membership=founder.membership,
            active=founder.active,
        )
    )
    connection.execute(
        insert(VAULT_MEMBERS).values(**in_vault, user_id=founder.id, role=founder.role, login=login, joined_at=now)
    )
    connection.execute(
        insert(AUDIT_ENTRIES).values(
            **in_vault,
            id=first_id(),
            at=now,
            user_id=founder.id,
            action="vault.create",
            table_name="vaults",
            row_count=1,
            detail={},
        )
    )


@contextmanager
def _disposed_on_failure(kit: EngineKit) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(Exception):
            kit.dispose()
        raise
