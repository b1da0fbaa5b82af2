"""What the command line is handed: the program without a window. Implemented by composition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from aether_desktop.ports.monitoring import MonitorEngine
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.health import Check
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.releases import Notice
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.targets import Target
from aether_desktop.services.vault_access import VaultAccess


class Watching(Protocol):
    """The monitor over one store after the other. Worker threads only."""

    @property
    def engine(self) -> MonitorEngine: ...

    def opened(self, services: ServiceSet, *, token: CancelToken | None = None) -> None:
        """An open vault or database."""
        ...

    def leave(self, services: ServiceSet) -> None:
        """Before the services are closed: what was measured is written."""
        ...

    def locked(self, target: Target | None, *, key_file: Path | None = None) -> bool:
        """What may be watched without a password; False where nothing may."""
        ...

    def close(self) -> None: ...


class Application(Protocol):
    """Worker threads only. Everything raises AetherError for what the environment or the input is to blame for."""

    @property
    def state_dir(self) -> Path:
        """Where reports of internal errors go."""
        ...

    @property
    def problems(self) -> list[str]:
        """What went wrong without stopping anything (damaged settings)."""
        ...

    def resolve(
        self,
        *,
        vault: Path | None = None,
        database_url: str | None = None,
        key_file: Path | None = None,
        confirm: bool = False,
    ) -> Target: ...

    def ask_with(self, ask: Callable[[str], Factor]) -> None:
        """How a password is asked for where one is needed; ``ask`` is told of what, and may raise VaultLockedError."""
        ...

    def access(self, target: Target) -> VaultAccess | None:
        """The vault's keys and levels, nothing asked yet; None for a database or the sample."""
        ...

    def open(self, target: Target, *, token: CancelToken | None = None, progress: Progress = silent) -> ServiceSet:
        """Asks for the password of a locked vault, unless ``access`` unlocked it before.

        A vault that has new keys, or an older schema, is brought to them first, with progress.
        """
        ...

    def join(self, file: bytes, secret: str, *, key_file: Path | None, ask: Callable[[], Factor]) -> ServiceSet:
        """As an invited person: login and keys get passwords (``ask`` gives that of the keys), the database is open."""
        ...

    def create_vault(
        self, target: Target, *, name: str = "", username: str = "", password: Factor | None = None
    ) -> StorageInfo: ...

    def create_sample(self, path: Path, *, token: CancelToken, progress: Progress) -> int:
        """Returns the number of transactions in it."""
        ...

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
        """A new vault, or an empty shared database, with a generated ledger; complete or not at all."""
        ...

    def restore(
        self, source: Path, target: Target, *, replace: bool, token: CancelToken, progress: Progress
    ) -> Path | None:
        """Returns where the vault that was there is kept, None when there was none."""
        ...

    def migrate(self, target: Target, *, create: bool, token: CancelToken, progress: Progress) -> str:
        """Returns a sentence on what was done."""
        ...

    def provision_database(
        self, url: str, *, name: str, username: str, key_file: Path | None, new_password: bool
    ) -> tuple[str, str]:
        """Returns a sentence on what was done, and the founder's address."""
        ...

    def migrate_database(self, url: str) -> str:
        """Returns a sentence on what was done."""
        ...

    def examine(
        self,
        target: Target | None,
        *,
        token: CancelToken,
        progress: Progress,
        recount: bool = False,
        reindex: bool = False,
    ) -> list[Check]:
        """``target`` None: the installation only."""
        ...

    def diagnostics(self, checks: Iterable[Check]) -> str:
        """A text for somebody who helps, with nothing secret in it."""
        ...

    def modules(self) -> ModuleService:
        """The modules, without opening a vault."""
        ...

    def watching(self) -> Watching:
        """The monitor; the same one each time. Closed with the application."""
        ...

    def newer_version(self, location: str, key: str) -> Notice:
        """Look at the signed release file; ``location`` and ``key``, where given, are remembered."""
        ...

    def keep_settings(self) -> None:
        """Write them now. Raises ReadOnlyError, DiskFullError, StorageError."""
        ...

    def close(self) -> None: ...
