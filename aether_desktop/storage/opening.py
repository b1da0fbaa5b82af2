"""Creating and opening: from a file or an address to a ``Database`` of one person in one vault, with its watcher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from aether_desktop.domain.text import fold
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotAVaultError,
    PermissionDeniedError,
)
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.access.session import require_own_login
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.changes import ForeignWatcher, HintCoder, PostgresWatcher, SqlChangeFeed, SqliteWatcher
from aether_desktop.storage.database import Database
from aether_desktop.storage.engines import EngineKit
from aether_desktop.storage.failures import translated
from aether_desktop.storage.founding import founder_named, insert_vault
from aether_desktop.storage.identifiers import LeasedIdentifiers
from aether_desktop.storage.postgresql import PostgresKit, open_postgresql
from aether_desktop.storage.schema import USERS, VAULT_MEMBERS, VAULTS
from aether_desktop.storage.sqlite import SqliteKit, open_sqlite
from aether_desktop.storage.upgrade import Migrations, create_schema, require_current, upgrade_vault
from aether_desktop.storage.vault_files import passing_file, take_name


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
    founder = founder_named(name, username)
    with passing_file(path) as passing:
        kit = SqliteKit(passing, key)
        try:
            create_schema(kit, Migrations() if migrations is None else migrations)
            with translated(where=str(path)), kit.writer.connect() as connection, connection.begin():
                insert_vault(connection, founder, name=name, login="")
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
    """A vault on PostgreSQL, as the person whose login this is. Never changes the schema.

    ``username``, if given, must be that person's; ``vault`` (a name) is needed only where they belong to several.
    Raises InvalidInputError, NotAVaultError, SchemaTooOldError, SchemaTooNewError, PermissionDeniedError (also for a
    session that is not a person's own login), StorageUnavailableError.
    """
    steps = Migrations() if migrations is None else migrations
    kit = open_postgresql(read_address(url, password=password))
    with _disposed_on_failure(kit):
        require_current(kit, steps)
        with translated(where=kit.location), kit.reader.connect() as connection:
            login = require_own_login(connection, kit.location)
            seat = _seat(connection, kit.location, login=login, username=username, vault=vault)
        return OpenVault(kit, seat, revision=steps.head)


def _seat(connection: Connection, location: str, *, login: str, username: str, vault: str) -> VaultSeat:
    query = (
        select(VAULTS.c.id, VAULTS.c.name, USERS.c.id.label("user_id"))
        .join(USERS, USERS.c.vault_id == VAULTS.c.id)
        .join(VAULT_MEMBERS, (VAULT_MEMBERS.c.vault_id == USERS.c.vault_id) & (VAULT_MEMBERS.c.user_id == USERS.c.id))
        .where(VAULT_MEMBERS.c.login == login, VAULT_MEMBERS.c.left_at.is_(None))
        .where(USERS.c.active, USERS.c.archived_at.is_(None))
        .order_by(VAULTS.c.name, VAULTS.c.id)
    )
    if username:
        query = query.where(USERS.c.username_fold == fold(username.strip()))
    found = connection.execute(query).all()
    seats = [VaultSeat(row.id, row.name, row.user_id) for row in found if not vault or row.name == vault]
    if len(seats) == 1:
        return seats[0]
    if seats:
        names = ", ".join(sorted({seat.vault_name for seat in seats}))
        raise InvalidInputError(f"You belong to several vaults: {names}.", field="vault", hint="Name one of them.")
    whose = f"The login {login} is not {username}'s" if username else f"{login} does not belong to"
    raise PermissionDeniedError(
        f"{whose}{'' if username else ' a vault' if not vault else f' the vault {vault}'} on {location}.",
        hint="Ask a Zadokite of the vault to add you.",
    )


@contextmanager
def _disposed_on_failure(kit: EngineKit) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(Exception):
            kit.dispose()
        raise
