"""The monitor of one program, over every lock and unlock: the engine and its store. Worker threads only."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aether_desktop.composition.monitoring import open_monitor
from aether_desktop.domain.times import utc_now
from aether_desktop.networks.probe_network import ProbeTransport
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.monitoring import MonitorFile, NoticeHistory, ProbeRunner, WatchState
from aether_desktop.ports.settings import Settings
from aether_desktop.security.certificates import certificate_expires_at
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.quiet_hours import QuietHoursService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.watch_engine import EngineParts, WatchEngine

_LOG: Final = logging.getLogger(__name__)
_LET_GO: Final = timedelta(seconds=10)


class Watching:
    """``engine`` is there at once and may be listened to; its thread begins with the first store."""

    def __init__(self, settings: Settings, modules: ModuleService) -> None:
        hours = QuietHoursService(settings)

        @asynccontextmanager
        async def probes() -> AsyncIterator[Mapping[str, ProbeRunner]]:
            transport = ProbeTransport(certificate_expires_at)
            try:
                yield modules.probes(transport, wall=utc_now)
            finally:
                await transport.close()

        def quiet(at: datetime) -> bool:
            found = hours.get()
            return found is not None and found.are_now(at)

        self.engine = WatchEngine(EngineParts(probes, quiet=quiet))
        self._lock = threading.Lock()
        self._file: MonitorFile | None = None

    def watch_open(self, services: ServiceSet) -> None:
        """An open vault or database; what was measured while it was locked is taken into it first.

        Raises the StorageError family, KeyStoreError.
        """
        self._let_go(WatchState.STARTING)
        if services.locked_watching is not None:
            services.locked_watching.take_in()
        storage = services.storage
        history = NoticeHistory(storage.watching.notices, storage.new_id, storage.info.user_id)
        self.engine.start(storage.watching.watch, history=history)

    def leave(self, services: ServiceSet) -> None:
        """Before the services are closed: what was measured is written, and what may be watched while it is locked is
        brought up to date."""
        self._let_go(WatchState.LOCKED)
        if services.locked_watching is not None:
            try:
                services.locked_watching.refresh()
            except AetherError as error:
                _LOG.warning("what is watched while the vault is locked is not up to date: %s", error)

    def watch_locked(self, vault: Path | None, key_file: Path | None = None) -> bool:
        """What the person allowed to be watched without a password; otherwise nothing, and the board says so.

        Returns whether anything is. Raises KeyStoreError, the StorageError family: the board says locked then.
        """
        self._let_go(WatchState.LOCKED)
        file = None if vault is None else open_monitor(vault, key_file=key_file)
        if file is None:
            return False
        with self._lock:
            self._file = file
        self.engine.start(file)
        return True

    def close(self) -> None:
        """Write what was measured and end the thread. May be called twice."""
        self.engine.stop(wait=_LET_GO)
        self._close_file()

    def _let_go(self, state: WatchState) -> None:
        self.engine.pause(state, wait=_LET_GO)
        self._close_file()

    def _close_file(self) -> None:
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            with suppress(AetherError):
                file.close()
