"""Watching while the vault is locked: allowed or not, what may be watched then, and what it brought. Worker threads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from typing import Final

from aether_desktop.domain.times import utc_now
from aether_desktop.ports.errors import DamagedVaultError, KeyMissingError, NotAVaultError, WrongKeyError
from aether_desktop.ports.monitoring import MonitorFile, MonitorFiles, NodeTransition, WatchBatch
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent

_AT_ONCE: Final = 5000


class LockedWatching:
    """Of one vault file that is open. Raises KeyStoreError, the StorageError family."""

    def __init__(self, storage: Storage, files: MonitorFiles, *, now: Callable[[], datetime] = utc_now) -> None:
        self._storage = storage
        self._files = files
        self._now = now

    @property
    def allowed(self) -> bool:
        """Whether the person allowed it; looks at the disk only."""
        return self._files.exists

    def allow(self) -> None:
        """Make the file, with a key of its own in the keyring: endpoints and states of the nodes as they are now."""
        self._take_in_what_opens()
        nodes = self._storage.watching.watch.nodes()
        readings = self._storage.watching.watch.readings()
        known = {node.id for node in nodes}
        with closing(self._files.create()) as file:
            file.replace_nodes(nodes)
            file.write(WatchBatch(readings=[each for each in readings if each.node_id in known]))
        self._storage.audit.note("nodes.watch_while_locked")

    def forbid(self) -> None:
        """Remove the file and its key; what it collected is taken in first where it can be read."""
        self._take_in_what_opens()
        self._files.remove()
        self._storage.audit.note("nodes.no_watch_while_locked")

    def refresh(self) -> None:
        """Before the vault is locked, and when nodes change: the file has what the vault says."""
        file = self._files.open()
        if file is None:
            return
        with closing(file):
            nodes = self._storage.watching.watch.nodes()
            known = {node.id for node in nodes}
            file.replace_nodes(nodes)
            readings = self._storage.watching.watch.readings()
            file.write(WatchBatch(readings=[each for each in readings if each.node_id in known]))

    def take_in(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """What was measured while the vault was locked goes into it; the number of samples.

        Killed in the middle, the rest is taken in the next time, nothing twice. Raises OperationCancelled.
        """
        file = self._files.open()
        if file is None:
            return 0
        with closing(file):
            return self._take_in(file, token, progress)

    def _take_in_what_opens(self) -> None:
        """A file whose key is gone, or that is damaged, must not stay because of that."""
        with suppress(KeyMissingError, WrongKeyError, NotAVaultError, DamagedVaultError):
            self.take_in()

    def _take_in(self, file: MonitorFile, token: CancelToken | None, progress: Progress) -> int:
        watching = self._storage.watching
        known = {node.id for node in watching.watch.nodes()}
        done = 0
        while True:
            if token is not None:
                token.check()
            batch = file.collected(_AT_ONCE)
            newer = {
                each.node_id: each.state.checked_at
                for each in watching.watch.readings()
                if each.state.checked_at is not None
            }
            mine = WatchBatch(
                samples=[sample for sample in batch.samples if sample.node_id in known],
                readings=[
                    each
                    for each in batch.readings
                    if each.node_id in known
                    and each.state.checked_at is not None
                    and (each.node_id not in newer or newer[each.node_id] < each.state.checked_at)
                ],
                transitions=[each for each in batch.transitions if each.node_id in known and not self._has(each)],
            )
            if mine.samples or mine.readings or mine.transitions:
                watching.watch.write(mine)
            file.forget(dataclasses.replace(batch, readings=()))
            done += len(mine.samples)
            progress(done, None)
            if len(batch.samples) < _AT_ONCE and len(batch.transitions) < _AT_ONCE:
                break
        watching.watch.maintain(self._now())
        return done

    def _has(self, found: NodeTransition) -> bool:
        log = self._storage.watching.log
        return found in log.transitions(found.node_id, since=found.transition.at)
