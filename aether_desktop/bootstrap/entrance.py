"""What leads to open records: a vault, a shared database, an invitation, the sample. Runs on worker threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aether_desktop.ports.work import CancelToken, Progress, silent

if TYPE_CHECKING:
    from aether_desktop.composition import Target, VaultLock
    from aether_desktop.ports.vault_keys import Factor
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.shell.closed_vault import ClosedVault

    Entry = ServiceSet | ClosedVault | None

_WHY_INVITED = (
    "Your keys on this computer get a password of your own. Nobody else learns it: not whoever invited you, and not "
    "the server."
)


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What to open; all empty means what was open last, or the first-run page.

    ``data_dir`` replaces every user folder.
    """

    vault: Path | None = None
    database_url: str | None = None
    key_file: Path | None = None
    data_dir: Path | None = None


class Entrance:
    """Opens what was asked for, one thing at a time. Worker threads only; composition loads when first needed.

    ``target`` is what was entered last, None for the sample. ``answer`` is an invitation and its secret, until the
    database is open and somebody took it. What was opened belongs to the entrance until it is ``taken``.
    """

    def __init__(self, options: StartOptions, settings: SettingsFile) -> None:
        self._options, self._settings = options, settings
        self.target: Target | None = None
        self.answer: tuple[bytes, str] | None = None
        self._lock: VaultLock | None = None
        self._untaken: ServiceSet | None = None

    def taken(self, services: ServiceSet) -> None:
        """They are another's to close from now on. GUI thread."""
        if self._untaken is services:
            self._untaken = None

    def close(self) -> None:
        """Close what was opened and nobody took: the program ended, or the person went elsewhere, meanwhile.

        Any thread, while no worker opens anything.
        """
        services, self._untaken = self._untaken, None
        if services is not None:
            if services.access is not None:
                services.access.lock()
            services.close()

    def find(self) -> Entry:
        """What the options or the settings name; None when that is nothing."""
        # The library's code takes the interpreter for a while: better now than under somebody's typing.
        import aether_desktop.security.library  # noqa: F401, PLC0415
        from aether_desktop import composition  # noqa: PLC0415

        composition.forbid_core_dumps()
        target = composition.find_target(
            vault=self._options.vault,
            database_url=self._options.database_url,
            data_dir=self._options.data_dir,
            settings=self._settings,
        )
        return None if target is None else self.enter(target)

    def prepare(self) -> None:
        """Load what opens records, while nobody waits for it."""
        from aether_desktop.composition import opening  # noqa: F401, PLC0415  # SQLAlchemy and all drivers

    def enter(self, target: Target) -> Entry:
        """The services, or the vault when something must be asked before."""
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.services.vault_access import AccessState  # noqa: PLC0415
        from aether_desktop.ui.shell.closed_vault import ClosedVault  # noqa: PLC0415

        self.target = target
        key_file = self._options.key_file
        self._lock = lock = composition.find_lock(target, key_file=key_file, data_dir=self._options.data_dir)

        def opened(token: CancelToken, progress: Progress) -> ServiceSet:
            return self._opened(target, lock, token, progress)

        if lock is None:
            return opened(CancelToken(), silent)
        state, vault = lock.access.state, target.vault
        # A key file is for servers and scripts: nobody is asked for a first password there.
        if state is AccessState.LOCKED or (state is AccessState.OLD and vault is not None and key_file is None):
            return ClosedVault("the shared vault" if vault is None else vault.stem, state, lock.access, opened)
        return opened(CancelToken(), silent)

    def renew(self, close: Callable[[], None], token: CancelToken, progress: Progress) -> ServiceSet:
        """``close``, and open again with the keys that are still open: the vault file is encrypted anew meanwhile.

        Raises as both do; the keys are wiped then, and the next opening goes on.
        """
        target, lock = self.target, self._lock
        if target is None or lock is None:
            from aether_desktop.ports.vault_keys import VaultLockedError  # noqa: PLC0415  # much of the domain with it

            raise VaultLockedError("The vault is locked.", hint="Open it with its password.")
        try:
            close()
            return self._opened(target, lock, token, progress)
        except BaseException:
            lock.access.lock()
            raise

    def _opened(self, target: Target, lock: VaultLock | None, token: CancelToken, progress: Progress) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        services = composition.open_services(
            target,
            settings=self._settings,
            key_file=self._options.key_file,
            data_dir=self._options.data_dir,
            lock=lock,
            token=token,
            progress=progress,
        )
        return self._prepared(services)

    def join(self, path: str, secret: str) -> Entry:
        """The database of an invitation, once the person's keys on this computer have a password."""
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.services.exchange_files import read_exchange_file  # noqa: PLC0415
        from aether_desktop.ui.shell.closed_vault import ClosedVault  # noqa: PLC0415

        file = read_exchange_file(Path(path))
        joining = composition.begin_joining(
            file, secret, key_file=self._options.key_file, data_dir=self._options.data_dir
        )
        self.target, self.answer, self._lock = joining.target, (file, secret), joining.lock

        def opened(token: CancelToken, progress: Progress) -> ServiceSet:
            joining.take_over()
            return self._opened(joining.target, joining.lock, token, progress)

        access = joining.lock.access
        return ClosedVault(joining.vault_name, access.state, access, opened, _WHY_INVITED)

    def create(self, path: str, password: Factor) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        self.target = composition.Target(vault=Path(path))
        self._lock = lock = composition.lock_of(Path(path), self._options.key_file)
        try:
            services = composition.create_vault(
                Path(path),
                lock=lock,
                key_file=self._options.key_file,
                data_dir=self._options.data_dir,
                settings=self._settings,
                password=password,
            )
        finally:
            password.wipe()
        return self._prepared(services)

    def open_sample(self) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        self.target = self._lock = None
        return self._prepared(composition.open_sample(data_dir=self._options.data_dir, settings=self._settings))

    def _prepared(self, services: ServiceSet) -> ServiceSet:
        """Load what the pages need while this is still a worker thread."""
        from aether_desktop.ui.sections import preload_pages  # noqa: PLC0415  # after the first paint
        from aether_desktop.ui.shell import opened_vault  # noqa: F401, PLC0415

        try:
            self.close()
            preload_pages()
            services.modules.reaping_modules()
        except BaseException:
            services.close()
            raise
        self._untaken = services
        return services
