"""Opening and making vaults, and the services over them: where every concrete class is known. Qt-free.

The window (bootstrap) uses the functions, the command line the ``Program``. Worker threads only, but for
``default_vault``. All raise AetherError for what the environment or the input is to blame for.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

from aether_desktop.composition import shared_databases
from aether_desktop.composition.finding import default_vault
from aether_desktop.composition.identity import VaultIdentity, audit_of, identity_of, pins_of, recorder_of
from aether_desktop.composition.locks import (
    VaultLock,
    explained,
    file_key_of,
    find_lock,
    finish_rekeying,
    key_of_backup,
    key_store_of,
    lock_of,
    open_lock,
)
from aether_desktop.composition.monitoring import BesideVault
from aether_desktop.domain.courts import Court
from aether_desktop.locations import resources_dir
from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.networks.login_session import LogindSession
from aether_desktop.ports.audit import AuditError
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    KeyStoreError,
    NotAVaultError,
)
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.vault_keys import Factor, require_strong
from aether_desktop.ports.wallet_keys import WalletKeys
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.places import find_places
from aether_desktop.services.recent_vaults import RecentVaults, kept_path
from aether_desktop.services.sample import SampleFiller
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import DATABASE_URL, VAULT_PATH, SettingsFile
from aether_desktop.services.targets import Target, TargetOrigin
from aether_desktop.storage import backup, sql_storage
from aether_desktop.storage.addresses import split_password
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.vault_files import keys_beside, remove_database
from aether_desktop.sums.built_in import BUILT_IN

_SAMPLE_NAME = "Sample (generated data, not encrypted)"


# ------------------------------------------------------------------------------------------------ for the window


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
        storage, rekeyed = _open_storage(
            target, own, key_file=chosen, password=password, token=token, progress=progress
        )
        on_failure.pop_all()
    if remember:
        _remember(target, storage.info, settings, default_vault(data_dir))
    services = _services(
        storage, settings, key_file=chosen, lock=own, keep_lock=lock is not None, modules=find_places(data_dir).modules
    )
    if rekeyed:
        with suppress(AetherError):  # a log that was altered takes no entry, and says so itself
            storage.audit.note("vault.rekeyed")
    return services


def create_vault(
    path: Path,
    *,
    settings: Settings,
    key_file: Path | None = None,
    data_dir: Path | None = None,
    name: str = "",
    username: str = "",
    password: Factor | None = None,
    remember: bool = True,
    lock: VaultLock | None = None,
) -> ServiceSet:
    """A new encrypted vault, opened, level 1 open. The device's key goes to the keyring, or to ``key_file``.

    Without a ``password`` a vault of the old kind, which the device's key opens by itself. ``remember`` it for the
    next start. A ``lock`` (that of the path) stays the caller's; otherwise closing the services locks the vault.
    Raises AlreadyExistsError, InvalidInputError, KeyStoreError, StorageError; then nothing is left behind.
    """
    if path.exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name, or open it.")
    founder = username or login_name()
    if password is None:
        make_folder(path.parent)
        key = key_store_of(key_file).create(path)
        storage = sql_storage.create_vault(path, key, name=name or path.stem, username=founder)
        own = None
    else:
        require_strong(password)
        make_folder(path.parent)
        own = lock_of(path, key_file) if lock is None else lock
        own.access.create(password)
        try:
            (file_key,) = own.keys.file_keys()
            with file_key:
                storage = sql_storage.create_vault(path, bytes(file_key.data), name=name or path.stem, username=founder)
        except BaseException:
            own.keys.discard()
            raise
    if remember:
        _remember(Target(vault=path), storage.info, settings, default_vault(data_dir))
    return _services(
        storage,
        settings,
        key_file=key_file,
        lock=own,
        keep_lock=lock is not None,
        modules=find_places(data_dir).modules,
    )


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
        return _services(_open_plain(where), own, modules=places.modules)
    build_sample(where, settings=own)
    return _services(_open_plain(where), own, modules=places.modules)


def build_sample(
    path: Path, *, settings: Settings, token: CancelToken | None = None, progress: Progress = silent
) -> int:
    """Make the sample vault at ``path``, complete or not at all; returns the number of transactions.

    Raises AlreadyExistsError, StorageError, OperationCancelled.
    """
    if path.exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name.")
    make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.building")
    remove_database(unfinished)
    try:
        storage = sql_storage.create_vault(unfinished, None, name=_SAMPLE_NAME, username=login_name(), sample=True)
        with closing(_services(storage, settings)) as services:
            rows = SampleFiller(services, resources_dir() / "sample").fill(token=token, progress=progress)
        unfinished.rename(path)
    finally:
        remove_database(unfinished)
    return rows


def login_name() -> str:
    """The name of the login, for the founder of a vault; "owner" where the system has none."""
    try:
        name = "".join(getpass.getuser().split())
    except (OSError, KeyError, ImportError):
        name = ""
    return name[:100] or "owner"


# ------------------------------------------------------------------------------------------------------- inside


def _services(
    storage: SqlStorage,
    settings: Settings,
    *,
    key_file: Path | None = None,
    lock: VaultLock | None = None,
    keep_lock: bool = False,
    modules: Path | None = None,
) -> ServiceSet:
    unwatch: Callable[[], None] | None = None

    connections = JsonRpcConnections()

    def close() -> None:
        connections.close()
        try:
            with suppress(AetherError):  # the database may be gone: what was not noted is looked at the next time
                audit.remember()
        finally:
            if unwatch is not None:
                unwatch()
            if lock is not None:
                lock.access.record_with(None)
                lock.keys.count_in(None)
            storage.close()
            if lock is not None and not keep_lock:
                lock.access.lock()

    try:
        identity = _identity(storage, lock)
    except BaseException:
        storage.close()
        raise
    if identity is not None and lock is not None:
        storage.audit.sign_with(identity.auditor)
        lock.access.reseal_with(identity.reseal)
        unwatch = identity.watch(lock.keys.levels.on_lock, storage.changes)
    if lock is not None:
        lock.access.record_with(recorder_of(storage))
        lock.keys.count_in(storage.attempts if lock.shared else None)
    audit = audit_of(storage, identity, pins=None if lock is None else pins_of(lock.key_file))
    with suppress(AuditError, KeyStoreError):  # a log that was altered refuses every write, and the audit page says why
        audit.sign_on()
    with suppress(AetherError):  # such as a vault that may not be written: it is tried again the next time
        storage.imports.take_back_unfinished()
    return build_services(
        storage,
        settings,
        ModuleService(settings, BUILT_IN, folder=None if modules is None else ModuleFolder(modules)),
        audit=audit,
        on_close=close,
        restorer=partial(_restore_as, key_file=key_file, like=lock),
        access=None if lock is None else lock.access,
        signer=None if identity is None else identity.signer,
        sealer=None if identity is None else identity.sealer,
        wallet_keys=_wallet_keys,
        monitor_files=None if lock is None or lock.shared else BesideVault(lock.path, key_file=lock.key_file),
        connections=connections,
        people=None if identity is None else identity.people,
        rotation=None if identity is None else identity.rotation,
        quorum=None if identity is None else identity.quorum,
    )


def _wallet_keys() -> WalletKeys:
    from aether_desktop.security.wallet_keys import EvmWalletKeys  # noqa: PLC0415 - half a second, not at every start

    return EvmWalletKeys()


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
    key = key_of_backup(source, key_file=key_file, like=like, ask=lambda: password)
    backup.restore(source, target, key, progress=progress, token=token)
    try:
        sql_storage.open_vault(target, key, progress=progress, token=token).close()
        with suppress(KeyStoreError):  # what is put there is the person's own wish, whatever was there before
            lock_of(target, key_file).keys.accept()
    except BaseException:
        remove_database(target)
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
) -> tuple[SqlStorage, bool]:
    """And whether the vault file was encrypted anew."""
    if target.vault is None:
        if lock is not None:
            open_lock(lock, password)
        url, database_password = shared_databases.own_password(
            target.database_url, key_file=key_file, known=target.origin is TargetOrigin.SETTINGS
        )
        return sql_storage.open_database(url, password=database_password), False
    if lock is None:
        return _open_plain(target.vault), False
    open_lock(lock, password)
    with explained(lock):
        rekeyed = finish_rekeying(lock, progress=progress, token=token)
        return sql_storage.open_vault(target.vault, file_key_of(lock), progress=progress, token=token), rekeyed


def _open_plain(path: Path) -> SqlStorage:
    """Only the sample vault may be without encryption: a plain file put in a vault's place is refused."""
    storage = sql_storage.open_vault(path, None, sample=True)
    if storage.info.vault_name != _SAMPLE_NAME:
        storage.close()
        raise NotAVaultError(
            f"{path} is not encrypted; only the sample vault may be.", hint="Restore the vault from a backup."
        )
    return storage


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
        VAULT_PATH.set(settings, "" if target.vault == default else kept_path(target.vault, default.parent))
        RecentVaults(settings, default.parent).add(target.vault)


def make_folder(folder: Path) -> None:
    """For the person alone. Raises InvalidInputError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", field="vault"
        ) from error
