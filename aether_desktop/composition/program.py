"""The program without a window, for the command line. Worker threads only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from aether_desktop.composition import shared_databases
from aether_desktop.composition.diagnosing import diagnostics_text
from aether_desktop.composition.generated import build_large_sample, fill_database
from aether_desktop.composition.identity import audit_of, pins_of
from aether_desktop.composition.joining import begin_joining, give_password
from aether_desktop.composition.locks import (
    VaultLock,
    find_lock,
    key_of_backup,
    lock_of,
    open_lock,
)
from aether_desktop.composition.opening import (
    build_sample,
    create_vault,
    login_name,
    login_session,
    make_folder,
    open_services,
)
from aether_desktop.composition.releasing import release_notices
from aether_desktop.composition.watching import Watching, make_watching
from aether_desktop.ports.errors import (
    AetherError,
    InvalidInputError,
    KeyStoreError,
    NotFoundError,
)
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.vault_keys import DeviceKeyState, Factor, OldCopy, VaultLockedError
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.memory import forbid_core_dumps
from aether_desktop.services.health import Check, CheckState, installation_checks
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.places import Places, find_places
from aether_desktop.services.releases import Notice, parse_key
from aether_desktop.services.search_upkeep import SearchUpkeepService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION, SettingsFile
from aether_desktop.services.targets import Target, TargetOrigin, resolve_target, without_password
from aether_desktop.services.vault_access import AccessState, VaultAccess
from aether_desktop.storage import backup, sql_storage
from aether_desktop.storage.addresses import split_password
from aether_desktop.sums.built_in import BUILT_IN

_SOON_READ: Final = 20_000  # rows that are looked at in no time


class Program:
    """Implements cli.application.Application."""

    def __init__(self, *, data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> None:
        self._places: Places = find_places(data_dir)
        self._data_dir = data_dir
        self._environment = environment
        self._settings = SettingsFile(self._places.settings_file)
        self._ask: Callable[[str], Factor] | None = None
        self._locks: dict[Path, VaultLock] = {}
        self._watching: Watching | None = None
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

    def create_large_sample(
        self,
        target: Target,
        *,
        rows: int,
        seed: int,
        password: Factor | None,
        token: CancelToken,
        progress: Progress,
    ) -> StorageInfo:
        if target.vault is not None:
            return build_large_sample(
                target.vault,
                settings=self._settings,
                key_file=target.key_file,
                password=password,
                rows=rows,
                seed=seed,
                token=token,
                progress=progress,
            )
        with closing(self.open(target, token=token, progress=progress)) as services:
            fill_database(services, rows=rows, seed=seed, token=token, progress=progress)
            return services.info

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
        make_folder(target.vault.parent)
        key = key_of_backup(source, key_file=target.key_file, like=None, ask=lambda: self._password(str(source)))
        kept = backup.restore(source, target.vault, key, replace=replace, progress=progress, token=token)
        with closing(sql_storage.open_vault(target.vault, key, token=token)) as storage:
            if kept is not None:  # it is in place of a vault whose log was seen: the person wants it so
                with suppress(KeyStoreError):
                    audit_of(storage, None, pins=pins_of(target.key_file)).accept()
        with suppress(KeyStoreError):
            lock_of(target.vault, target.key_file).keys.accept()
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

    def examine(
        self,
        target: Target | None,
        *,
        token: CancelToken,
        progress: Progress,
        recount: bool = False,
        reindex: bool = False,
    ) -> list[Check]:
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
                if recount:
                    counted = services.ledger.recount(token=token, progress=progress)
                    state = CheckState.BAD if counted.wrong else CheckState.GOOD
                    checks.append(Check("sums of the ledger", state, counted.sentence))
                checks += _index_checks(services.search_upkeep, token, progress, reindex=reindex)
            checks += [Check(f"vault {name}", CheckState.BAD, problem) for problem in found]
            if not found:
                checks.append(Check(f"vault {name}", CheckState.GOOD, "pages, references and amounts agree"))
        except VaultLockedError as error:
            checks.append(Check(f"vault {name}", CheckState.NOTICE, f"not looked into: {error}"))
        except AetherError as error:
            checks.append(Check(f"vault {name}", CheckState.BAD, str(error)))
        return checks

    def diagnostics(self, checks: Iterable[Check]) -> str:
        return diagnostics_text(self._settings, self._data_dir, checks=checks)

    def modules(self) -> ModuleService:
        return ModuleService(self._settings, BUILT_IN, folder=ModuleFolder(self._places.modules))

    def watching(self) -> Watching:
        if self._watching is None:
            self._watching = make_watching(self._settings, data_dir=self._data_dir)
        return self._watching

    def newer_version(self, location: str, key: str) -> Notice:
        if location:
            RELEASE_LOCATION.set(self._settings, location)
        if key:
            parse_key(key)
            RELEASE_KEY.set(self._settings, "".join(key.split()))
        return release_notices(self._settings).look()

    def keep_settings(self) -> None:
        self._settings.flush()

    def close(self) -> None:
        if self._watching is not None:
            self._watching.close()
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
        checks += [Check("older copy", CheckState.NOTICE, _copy_words(copy)) for copy in access.old_copies()]
        notice = access.keys_notice()
        if notice is not None:
            checks.append(Check("key file", CheckState.BAD, f"{notice.text} {notice.command_hint}"))
        return checks


def _copy_words(copy: OldCopy) -> str:
    more = " --set-aside" if copy.set_aside else ""
    why = "Whoever takes it needs less than for the vault itself."
    kept = " A restored back-up took its place: look first whether it holds what you miss." if copy.set_aside else ""
    return f"{copy.text} {why}{kept} Delete it with: vault forget-copies{more} --yes"


def _migrated(shown: str, before: str | None, after: str) -> str:
    return f"{shown} has schema {after}, as before." if before == after else f"{shown} now has schema {after}."


def _keyring_check() -> Check:
    try:
        return Check("keyring", CheckState.GOOD, KeyringStore().describe())
    except KeyStoreError as error:
        return Check("keyring", CheckState.NOTICE, str(error))


def _index_checks(
    index: SearchUpkeepService, token: CancelToken, progress: Progress, *, reindex: bool
) -> Iterator[Check]:
    """Nothing is said of a few rows that wait: they are looked at."""
    if reindex:
        done = index.check(token=token, progress=progress)
        yield Check("index for search", CheckState.BAD if done.wrong else CheckState.GOOD, done.sentence)
        return
    waiting = index.waiting()
    if waiting > _SOON_READ:
        yield Check(
            "index for search",
            CheckState.NOTICE,
            f"about {waiting:,} rows are not indexed yet: fragments and words are looked for row by row until the"
            " window has been open for a while, or doctor --reindex was run",
        )


def _session_check() -> Check:
    problem = login_session().problem()
    return Check("session locks", CheckState.NOTICE if problem else CheckState.GOOD, problem or "heard from logind")
