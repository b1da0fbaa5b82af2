"""Builds the program without a window: the only module that knows every concrete class. Qt-free.

The window (bootstrap) uses the functions, the command line the ``Program``. Worker threads only, but for
``default_vault``. All raise AetherError for what the environment or the input is to blame for.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

from aether_desktop import shared_databases
from aether_desktop.domain.courts import Court
from aether_desktop.joining import begin_joining, give_password
from aether_desktop.locations import resources_dir
from aether_desktop.networks.login_session import LogindSession
from aether_desktop.ports.audit import AuditError
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    KeyStoreError,
    NotAVaultError,
    NotFoundError,
)
from aether_desktop.ports.keys import KeyStore
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.vault_keys import DeviceKeyState, Factor, VaultLockedError, require_strong
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.security import KeyFileStore, KeyringStore
from aether_desktop.security.memory import forbid_core_dumps
from aether_desktop.services.health import Check, CheckState, installation_checks
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.places import Places, find_places
from aether_desktop.services.sample import SampleFiller
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import DATABASE_URL, VAULT_PATH, SettingsFile
from aether_desktop.services.targets import Target, TargetOrigin, resolve_target, without_password
from aether_desktop.services.vault_access import AccessState, VaultAccess
from aether_desktop.storage import backup, sql_storage
from aether_desktop.storage.addresses import split_password
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.vault_files import keys_beside
from aether_desktop.sums.built_in import BUILT_IN
from aether_desktop.vault_identity import VaultIdentity, audit_of, identity_of, pins_of
from aether_desktop.vault_locks import (
    VaultLock,
    file_key_of,
    find_lock,
    finish_rekeying,
    key_of_backup,
    lock_of,
    open_lock,
)

__all__ = [
    "Program",
    "Target",
    "VaultLock",
    "begin_joining",
    "create_vault",
    "default_vault",
    "find_lock",
    "find_target",
    "forbid_core_dumps",
    "login_session",
    "open_sample",
    "open_services",
]

_SAMPLE_NAME = "Sample (generated data, not encrypted)"


# ------------------------------------------------------------------------------------------------ for the window


def default_vault(data_dir: Path | None = None) -> Path:
    """Where a new vault is proposed. Any thread."""
    return find_places(data_dir).default_vault


def find_target(
    *,
    vault: Path | None = None,
    database_url: str | None = None,
    data_dir: Path | None = None,
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
) -> Target | None:
    """What to open at start; None when nothing was named and there is no vault yet.

    Raises UnconfirmedDatabaseError for a DATABASE_URL that was never confirmed, InvalidInputError.
    """
    target = resolve_target(
        vault=vault,
        database_url=database_url,
        key_file=None,
        settings=settings,
        environment=environment,
        default_vault=default_vault(data_dir),
    )
    if target.vault is not None and target.origin is not TargetOrigin.OPTION and not target.vault.exists():
        return None
    return target


def open_services(
    target: Target,
    *,
    settings: Settings,
    key_file: Path | None = None,
    data_dir: Path | None = None,
    lock: VaultLock | None = None,
    password: Factor | None = None,
    remember: bool = True,
    token: CancelToken | None = None,
    progress: Progress = silent,
) -> ServiceSet:
    """Open a vault or database and build the services over it; ``remember`` it for the next start.

    A vault that is LOCKED needs an unlocked ``lock``, which stays the caller's, or a ``password`` (or kit): then
    closing the services locks it again. A change of keys that was interrupted is finished first.
    Raises VaultLockedError, WrongFactorError, KeyStoreError, StorageError, InvalidInputError, OperationCancelled.
    """
    chosen = key_file or target.key_file
    own = find_lock(target, key_file=chosen, data_dir=data_dir) if lock is None else lock
    with ExitStack() as on_failure:
        if own is not None and lock is None:
            on_failure.callback(own.access.lock)
        storage = _open_storage(target, own, key_file=chosen, password=password, token=token, progress=progress)
        on_failure.pop_all()
    if remember:
        _remember(target, storage.info, settings, default_vault(data_dir))
    return _services(storage, settings, key_file=chosen, lock=own, keep_lock=lock is not None)


def create_vault(
    path: Path,
    *,
    settings: Settings,
    key_file: Path | None = None,
    data_dir: Path | None = None,
    name: str = "",
    username: str = "",
    password: Factor | None = None,
) -> ServiceSet:
    """A new encrypted vault, opened, level 1 open. The device's key goes to the keyring, or to ``key_file``.

    Without a ``password`` a vault of the old kind, which the device's key opens by itself.
    Raises AlreadyExistsError, InvalidInputError, KeyStoreError, StorageError; then nothing is left behind.
    """
    if path.exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name, or open it.")
    founder = username or login_name()
    if password is None:
        _make_folder(path.parent)
        key = _key_store(key_file).create(path)
        storage = sql_storage.create_vault(path, key, name=name or path.stem, username=founder)
        lock = None
    else:
        require_strong(password)
        _make_folder(path.parent)
        lock = lock_of(path, key_file)
        lock.access.create(password)
        try:
            (file_key,) = lock.keys.file_keys()
            with file_key:
                storage = sql_storage.create_vault(path, bytes(file_key.data), name=name or path.stem, username=founder)
        except BaseException:
            lock.keys.discard()
            raise
    _remember(Target(vault=path), storage.info, settings, default_vault(data_dir))
    return _services(storage, settings, key_file=key_file, lock=lock)


def login_session() -> LogindSession:
    """Tells of locks and sleep of the desktop session. Any thread."""
    return LogindSession()


def open_sample(
    *, settings: Settings | None = None, data_dir: Path | None = None, path: Path | None = None
) -> ServiceSet:
    """The sample vault, built from resources/sample when it is not there yet. Not encrypted, needs no keyring."""
    places = find_places(data_dir)
    own = settings or SettingsFile(places.settings_file)
    where = path or places.sample_vault
    if where.exists():
        return _services(_open_plain(where), own)
    build_sample(where, settings=own)
    return _services(_open_plain(where), own)


def build_sample(
    path: Path, *, settings: Settings, token: CancelToken | None = None, progress: Progress = silent
) -> int:
    """Make the sample vault at ``path``, complete or not at all; returns the number of transactions.

    Raises AlreadyExistsError, StorageError, OperationCancelled.
    """
    if path.exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name.")
    _make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.building")
    _remove_vault(unfinished)
    try:
        storage = sql_storage.create_vault(unfinished, None, name=_SAMPLE_NAME, username=login_name(), sample=True)
        with closing(_services(storage, settings)) as services:
            rows = SampleFiller(services, resources_dir() / "sample").fill(token=token, progress=progress)
        unfinished.rename(path)
    finally:
        _remove_vault(unfinished)
    return rows


def login_name() -> str:
    """The name of the login, for the founder of a vault; "owner" where the system has none."""
    try:
        name = "".join(getpass.getuser().split())
    except (OSError, KeyError, ImportError):
        name = ""
    return name[:100] or "owner"


# ------------------------------------------------------------------------------------------ for the command line


class Program:
    """Implements cli.application.Application."""

    def __init__(self, *, data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> None:
        self._places: Places = find_places(data_dir)
        self._data_dir = data_dir
        self._environment = environment
        self._settings = SettingsFile(self._places.settings_file)
        self._ask: Callable[[str], Factor] | None = None
        self._locks: dict[Path, VaultLock] = {}
        forbid_core_dumps()

    @property
    def state_dir(self) -> Path:
        return self._places.state

    @property
    def problems(self) -> list[str]:
        return self._settings.problems

    def resolve(
        self,
        *,
        vault: Path | None = None,
        database_url: str | None = None,
        key_file: Path | None = None,
        confirm: bool = False,
    ) -> Target:
        return resolve_target(
            vault=vault,
            database_url=database_url,
            key_file=key_file,
            settings=self._settings,
            environment=self._environment,
            default_vault=self._places.default_vault,
            confirm=confirm,
        )

    def ask_with(self, ask: Callable[[str], Factor]) -> None:
        self._ask = ask

    def access(self, target: Target) -> VaultAccess | None:
        lock = self._lock(target)
        return None if lock is None else lock.access

    def open(self, target: Target, *, token: CancelToken | None = None, progress: Progress = silent) -> ServiceSet:
        lock = self._lock(target)
        if lock is not None and lock.access.state is AccessState.LOCKED:
            open_lock(lock, self._password("your keys" if lock.shared else str(lock.path)))
        return open_services(target, settings=self._settings, lock=lock, remember=False, token=token, progress=progress)

    def join(self, file: bytes, secret: str, *, key_file: Path | None, ask: Callable[[], Factor]) -> ServiceSet:
        joining = begin_joining(file, secret, key_file=key_file, data_dir=self._data_dir)
        give_password(joining, ask())
        joining.take_over()
        lock = self._locks.setdefault(joining.lock.path, joining.lock)
        return open_services(joining.target, settings=self._settings, lock=lock, remember=False)

    def create_vault(
        self, target: Target, *, name: str = "", username: str = "", password: Factor | None = None
    ) -> StorageInfo:
        """On PostgreSQL the same as ``provision_database``."""
        if target.vault is None:
            _, own = self.provision_database(
                target.database_url, name=name, username=username, key_file=target.key_file, new_password=False
            )
            services = self.open(Target(database_url=own, key_file=target.key_file))
        else:
            services = create_vault(
                target.vault,
                settings=self._settings,
                key_file=target.key_file,
                name=name,
                username=username,
                password=password,
            )
        with closing(services):
            return services.info

    def create_sample(self, path: Path, *, token: CancelToken, progress: Progress) -> int:
        return build_sample(path, settings=self._settings, token=token, progress=progress)

    def restore(
        self, source: Path, target: Target, *, replace: bool, token: CancelToken, progress: Progress
    ) -> Path | None:
        if target.vault is None:
            raise InvalidInputError(
                "A shared database is restored by its administrator.",
                field="database",
                hint="The command is pg_restore.",
            )
        if not source.is_file():
            raise NotFoundError(f"There is no backup {source}.")
        _make_folder(target.vault.parent)
        lock = lock_of(source, target.key_file)
        if lock.access.state is AccessState.LOCKED:
            open_lock(lock, self._password(str(source)))
        key = file_key_of(lock)
        lock.access.lock()
        kept = backup.restore(source, target.vault, key, replace=replace, progress=progress, token=token)
        with closing(sql_storage.open_vault(target.vault, key, token=token)) as storage:
            if kept is not None:  # it is in place of a vault whose log was seen: the person wants it so
                with suppress(KeyStoreError):
                    audit_of(storage, None, pins=pins_of(target.key_file)).accept()
        return kept

    def migrate(self, target: Target, *, create: bool, token: CancelToken, progress: Progress) -> str:
        if target.vault is not None:
            if not target.vault.exists():
                raise NotFoundError(f"There is no vault {target.vault}.", hint="Make one with: vault create")
            with closing(self.open(target, token=token, progress=progress)) as services:  # opening migrates
                return f"{services.info.location} has schema {services.info.schema_revision}."
        if create:
            said, own = self.provision_database(
                target.database_url, name="", username="", key_file=target.key_file, new_password=False
            )
            return f"{said} {own}"
        return self.migrate_database(target.database_url)

    def provision_database(
        self, url: str, *, name: str, username: str, key_file: Path | None, new_password: bool
    ) -> tuple[str, str]:
        done = shared_databases.provision(
            url,
            name=name or "vault",
            username=username or login_name(),
            key_file=key_file,
            replace_password=new_password,
        )
        shown = without_password(url)
        said = [_migrated(shown, done.before, done.after), f"Its vault {done.vault_name} is set up."]
        if done.kept:
            said.append(f"The password of its founder's login lies in {done.kept}.")
        said.append("Its founder opens it as:")
        return " ".join(said), done.url

    def migrate_database(self, url: str) -> str:
        plain, password = split_password(url)
        return _migrated(without_password(url), *sql_storage.migrate_database(plain, password=password))

    def examine(self, target: Target | None, *, token: CancelToken, progress: Progress) -> list[Check]:
        checks = list(installation_checks((self._places.data, self._places.config, self._places.state)))
        checks.append(_keyring_check())
        checks.append(_session_check())
        if target is None:
            return checks
        name = str(target.vault or without_password(target.database_url))
        if target.vault is not None and not target.vault.exists():
            missing = CheckState.NOTICE if target.origin is TargetOrigin.DEFAULT else CheckState.BAD
            return [*checks, Check(f"vault {name}", missing, "there is none yet")]
        try:
            checks += self._key_checks(target)
            with closing(self.open(target, token=token, progress=progress)) as services:
                info = services.info
                checks.append(Check("engine", CheckState.GOOD, info.engine_version))
                checks.append(Check("schema", CheckState.GOOD, info.schema_revision))
                state = CheckState.GOOD if info.encrypted or info.engine != "sqlite" else CheckState.NOTICE
                checks.append(
                    Check("encryption", state, "encrypted" if info.encrypted else "the file is not encrypted")
                )
                found = services.storage.check(token=token, progress=progress)
            checks += [Check(f"vault {name}", CheckState.BAD, problem) for problem in found]
            if not found:
                checks.append(Check(f"vault {name}", CheckState.GOOD, "pages, references and amounts agree"))
        except VaultLockedError as error:
            checks.append(Check(f"vault {name}", CheckState.NOTICE, f"not looked into: {error}"))
        except AetherError as error:
            checks.append(Check(f"vault {name}", CheckState.BAD, str(error)))
        return checks

    def modules(self) -> ModuleService:
        return ModuleService(self._settings, BUILT_IN)

    def keep_settings(self) -> None:
        self._settings.flush()

    def close(self) -> None:
        for lock in self._locks.values():
            lock.access.lock()
        self._settings.close()

    def _lock(self, target: Target) -> VaultLock | None:
        """The same lock for the same vault: what was unlocked once is not asked for again."""
        if target.vault in self._locks:
            return self._locks[target.vault]
        lock = find_lock(target, data_dir=self._data_dir)
        return None if lock is None else self._locks.setdefault(lock.path, lock)

    def _password(self, what: str) -> Factor | None:
        return None if self._ask is None else self._ask(what)

    def _key_checks(self, target: Target) -> list[Check]:
        access = self.access(target)
        if access is None:
            return []
        report = access.device()
        good = CheckState.GOOD if report.state is DeviceKeyState.PRESENT else CheckState.NOTICE
        checks = [Check("device key", good, f"{report.message} {report.hint}".strip())]
        if access.state is AccessState.OLD:
            checks.append(Check("password", CheckState.NOTICE, "there is none yet; set one with: vault password"))
        return checks


# ------------------------------------------------------------------------------------------------------- inside


def _services(
    storage: SqlStorage,
    settings: Settings,
    *,
    key_file: Path | None = None,
    lock: VaultLock | None = None,
    keep_lock: bool = False,
) -> ServiceSet:
    def close() -> None:
        try:
            with suppress(AetherError):  # the database may be gone: what was not noted is looked at the next time
                audit.remember()
        finally:
            storage.close()
            if lock is not None and not keep_lock:
                lock.access.lock()

    try:
        identity = _identity(storage, lock)
    except BaseException:
        storage.close()
        raise
    if identity is not None:
        storage.audit.sign_with(identity.auditor)
        if lock is not None:
            lock.access.reseal_with(identity.reseal)
    audit = audit_of(storage, identity, pins=None if lock is None else pins_of(lock.key_file))
    with suppress(AuditError, KeyStoreError):  # a log that was altered refuses every write, and the audit page says why
        audit.sign_on()
    return build_services(
        storage,
        settings,
        ModuleService(settings, BUILT_IN),
        audit=audit,
        on_close=close,
        restorer=partial(_restore_as, key_file=key_file, like=lock),
        access=None if lock is None else lock.access,
        signer=None if identity is None else identity.signer,
        sealer=None if identity is None else identity.sealer,
        people=None if identity is None else identity.people,
        rotation=None if identity is None else identity.rotation,
    )


def _identity(storage: SqlStorage, lock: VaultLock | None) -> VaultIdentity | None:
    """The person's keys, where a password opened level 1."""
    if lock is None or not lock.access.is_open(Court.OUTER):
        return None
    return identity_of(storage, lock.access.levels, key_file=lock.key_file)


def _restore_as(
    source: Path,
    target: Path,
    *,
    key_file: Path | None,
    like: VaultLock | None,
    token: CancelToken,
    progress: Progress,
    password: Factor | None = None,
) -> None:
    key = key_of_backup(source, key_file=key_file, like=like, factor=password)
    backup.restore(source, target, key, progress=progress, token=token)
    try:
        sql_storage.open_vault(target, key, progress=progress, token=token).close()
    except BaseException:
        _remove_vault(target)
        keys_beside(target).unlink(missing_ok=True)
        raise


def _open_storage(
    target: Target,
    lock: VaultLock | None,
    *,
    key_file: Path | None,
    password: Factor | None,
    token: CancelToken | None,
    progress: Progress,
) -> SqlStorage:
    if target.vault is None:
        if lock is not None:
            open_lock(lock, password)
        url, database_password = shared_databases.own_password(
            target.database_url, key_file=key_file, known=target.origin is TargetOrigin.SETTINGS
        )
        return sql_storage.open_database(url, password=database_password)
    if lock is None:
        return _open_plain(target.vault)
    open_lock(lock, password)
    finish_rekeying(lock, progress=progress, token=token)
    return sql_storage.open_vault(target.vault, file_key_of(lock), progress=progress, token=token)


def _open_plain(path: Path) -> SqlStorage:
    """Only the sample vault may be without encryption: a plain file put in a vault's place is refused."""
    storage = sql_storage.open_vault(path, None, sample=True)
    if storage.info.vault_name != _SAMPLE_NAME:
        storage.close()
        raise NotAVaultError(
            f"{path} is not encrypted; only the sample vault may be.", hint="Restore the vault from a backup."
        )
    return storage


def _key_store(key_file: Path | None) -> KeyStore:
    return KeyringStore() if key_file is None else KeyFileStore(key_file)


def _migrated(shown: str, before: str | None, after: str) -> str:
    return f"{shown} has schema {after}, as before." if before == after else f"{shown} now has schema {after}."


def _remember(target: Target, info: StorageInfo, settings: Settings, default: Path) -> None:
    if target.vault is None:
        url, password = split_password(target.database_url)
        DATABASE_URL.set(settings, url)
        VAULT_PATH.set(settings, "")
        if password is not None:
            with suppress(KeyStoreError):  # without a keyring it is asked for again, never written elsewhere
                KeyringStore().save_password(url, password)
    elif info.encrypted:
        DATABASE_URL.set(settings, "")
        VAULT_PATH.set(settings, "" if target.vault == default else str(target.vault.absolute()))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", field="vault"
        ) from error


def _remove_vault(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _keyring_check() -> Check:
    try:
        return Check("keyring", CheckState.GOOD, KeyringStore().describe())
    except KeyStoreError as error:
        return Check("keyring", CheckState.NOTICE, str(error))


def _session_check() -> Check:
    problem = login_session().problem()
    return Check("session locks", CheckState.NOTICE if problem else CheckState.GOOD, problem or "heard from logind")
