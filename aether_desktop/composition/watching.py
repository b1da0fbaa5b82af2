"""The monitor over an open vault, over the file beside a locked one, or over nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aether_desktop.networks.desktop_notifications import DesktopNotifier
from aether_desktop.networks.probe_network import ProbeTransport
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.monitoring import MonitorFile, NoticeHistory, ProbeRunner, WatchState
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.certificates import certificate_expires_at
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.places import find_places
from aether_desktop.services.quiet_hours import QuietHoursService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.targets import Target
from aether_desktop.services.watch_clocks import SystemClocks
from aether_desktop.services.watch_engine import EngineParts, WatchEngine
from aether_desktop.sums.built_in import BUILT_IN

_PATIENCE: Final = timedelta(seconds=5)  # for what was measured to be written


class Watching:
    """The engine, and which store it watches. Worker threads only, but for ``engine``, ``pause`` and ``close``."""

    def __init__(self, settings: Settings, *, data_dir: Path | None = None) -> None:
        """Starts nothing yet; any thread."""
        quiet = QuietHoursService(settings)
        clocks = SystemClocks()

        def are_quiet(at: datetime) -> bool:
            hours = quiet.get()
            return hours is not None and hours.are_now(at)

        @asynccontextmanager
        async def probes() -> AsyncIterator[Mapping[str, ProbeRunner]]:
            modules = ModuleService(settings, BUILT_IN, folder=ModuleFolder(find_places(data_dir).modules))
            transport = ProbeTransport(certificate_expires_at)
            try:
                yield modules.probes(transport, wall=clocks.wall)
            finally:
                await transport.close()

        self.engine = WatchEngine(EngineParts(probes=probes, quiet=are_quiet, clocks=clocks))
        self._file: MonitorFile | None = None

    def opened(self, services: ServiceSet, *, token: CancelToken | None = None) -> None:
        """Watch what an open vault or database holds; what was measured while it was locked is taken in first.

        Raises KeyStoreError, OperationCancelled, the StorageError family: then it is watched all the same.
        """
        self._leave_file(WatchState.STARTING)
        storage = services.storage
        try:
            if services.locked_watching is not None:
                services.locked_watching.take_in(token=token)
        finally:
            history = NoticeHistory(storage.watching.notices, storage.new_id, storage.info.user_id)
            self.engine.start(storage.watching.watch, history=history)

    def leave(self, services: ServiceSet) -> None:
        """Before it is closed: use it no more. What may be watched while it is locked is brought up to date."""
        self.engine.pause(WatchState.LOCKED, wait=_PATIENCE)
        if services.locked_watching is not None:
            with suppress(AetherError):  # the file of the last time is good enough; opening says what is wrong
                services.locked_watching.refresh()

    def locked(self, target: Target | None, *, key_file: Path | None = None) -> bool:
        """Watch what the person allowed to be watched without a password; otherwise nothing, and say so.

        Returns whether anything is watched. Raises KeyStoreError, the StorageError family.
        """
        from aether_desktop.composition.monitoring import open_monitor  # noqa: PLC0415  # SQLAlchemy and all drivers

        self._leave_file(WatchState.LOCKED)
        self.engine.pause(WatchState.LOCKED)
        if target is None or target.vault is None:
            return False
        self._file = file = open_monitor(target.vault, key_file=key_file or target.key_file)
        if file is not None:
            self.engine.start(file)
        return file is not None

    def close(self) -> None:
        """Write what was measured and end. Waits, at most some seconds."""
        self.engine.stop(wait=_PATIENCE)
        self._leave_file(WatchState.STOPPED)

    def _leave_file(self, state: WatchState) -> None:
        file, self._file = self._file, None
        if file is not None:
            self.engine.pause(state, wait=_PATIENCE)
            file.close()


def make_watching(settings: Settings, *, data_dir: Path | None = None) -> Watching:
    """For the window and for ``monitor``. Any thread; no thread is started yet."""
    return Watching(settings, data_dir=data_dir)


def desktop_notifier() -> DesktopNotifier:
    """The desktop's own notices."""
    return DesktopNotifier()
