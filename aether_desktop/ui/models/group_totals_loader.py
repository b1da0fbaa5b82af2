"""Fetches what the groups on view add up to, and lets go of those nobody looks at any more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.ports.groups import Group, GroupQuery, GroupStore, GroupTotals
from aether_desktop.ports.queries import GroupBy, GroupKey
from aether_desktop.ui.jobs import JobHandle, JobRunner

_KEPT: Final = 4096
_JOBS: Final = 2  # of the four workers that read
_TOGETHER: Mapping[GroupBy, int] = MappingProxyType(
    {GroupBy.DAY: 8, GroupBy.MONTH: 1, GroupBy.COUNTERPARTY: 16, GroupBy.TOKEN: 1}
)
_NOTHING: Final = GroupTotals(0, ())
_Answer = Mapping[GroupKey, GroupTotals]


class GroupTotalsLoader(QObject):
    """First what is kept, where that says something, then everything, a few groups a job. GUI thread only."""

    arrived = Signal()
    failed = Signal(object)

    def __init__(self, groups: GroupStore, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._groups, self._jobs = groups, jobs
        self._asked: GroupQuery | None = None
        self._totals: OrderedDict[GroupKey, GroupTotals] = OrderedDict()
        self._stale: set[GroupKey] = set()
        self._visible: tuple[Group, ...] = ()
        self._running: dict[frozenset[GroupKey], JobHandle[_Answer]] = {}
        self._quick: JobHandle[_Answer] | None = None
        self._told: set[GroupKey] = set()  # asked of what is kept already
        self._generation = 0
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        self._flush.timeout.connect(self._on_flush)

    @property
    def busy(self) -> bool:
        """Whether figures are on their way."""
        return self._flush.isActive() or bool(self._running) or self._quick is not None

    def of(self, key: GroupKey) -> GroupTotals | None:
        """What is known of a group."""
        return self._totals.get(key)

    def begin(self, asked: GroupQuery) -> None:
        """Another question: nothing is known."""
        self.stop()
        self._totals.clear()
        self._asked = asked

    def renew(self, asked: GroupQuery) -> None:
        """Rows changed: what is known stays on view until it is known anew."""
        self.stop()
        self._asked = asked
        self._stale = set(self._totals)
        self._flush.start()

    def stop(self) -> None:
        """Ask nothing more until ``begin``; what is under way is cancelled, in the engine, too."""
        self._generation += 1
        self._asked = None
        self._flush.stop()
        for job in [*self._running.values(), *([] if self._quick is None else [self._quick])]:
            job.cancel()
        self._running.clear()
        self._quick = None
        self._told.clear()

    def look_at(self, groups: Sequence[Group]) -> None:
        """These are on view. Cheap to call often."""
        self._visible = tuple(groups)
        if self._asked is not None:
            self._flush.start()

    def _on_flush(self) -> None:
        asked = self._asked
        if asked is None:
            return
        seen = {group.key for group in self._visible}
        for keys, job in list(self._running.items()):
            if not keys & seen:
                job.cancel()
                del self._running[keys]
        under_way = {key for keys in self._running for key in keys}
        missing = [group for group in self._visible if group.key not in under_way and not self._is_known(group.key)]
        self._ask_quick(asked, [group for group in missing if group.key not in self._totals])
        together = _TOGETHER[asked.by]
        while missing and self._quick is None and len(self._running) < _JOBS:
            self._ask(asked, missing[:together])
            missing = missing[together:]

    def _is_known(self, key: GroupKey) -> bool:
        totals = self._totals.get(key)
        return totals is not None and totals.whole and key not in self._stale

    def _ask_quick(self, asked: GroupQuery, groups: list[Group]) -> None:
        groups = [group for group in groups if group.key not in self._told]
        if not groups or self._quick is not None:
            return
        self._told.update(group.key for group in groups)
        store = self._groups
        self._quick = (
            self._jobs.read(lambda token, _progress: store.kept(asked, groups, token=token))
            .on_success(partial(self._on_kept, self._generation))
            .on_failure(partial(self._on_failed, self._generation))
        )

    def _ask(self, asked: GroupQuery, groups: list[Group]) -> None:
        store, keys = self._groups, frozenset(group.key for group in groups)
        self._running[keys] = (
            self._jobs.read(lambda token, _progress: store.totals(asked, groups, token=token))
            .on_success(partial(self._on_totals, self._generation, keys))
            .on_failure(partial(self._on_failed, self._generation))
        )

    def _on_kept(self, generation: int, found: _Answer) -> None:
        if generation != self._generation:
            return
        self._quick = None
        for key, totals in found.items():
            if key not in self._totals and totals.rows:
                self._keep(key, totals)
        if found:
            self.arrived.emit()
        self._flush.start()

    def _on_totals(self, generation: int, keys: frozenset[GroupKey], found: _Answer) -> None:
        if generation != self._generation:
            return
        self._running.pop(keys, None)
        for key in keys:
            self._keep(key, found.get(key, _NOTHING))
            self._stale.discard(key)
        self.arrived.emit()
        self._flush.start()

    def _keep(self, key: GroupKey, totals: GroupTotals) -> None:
        self._totals[key] = totals
        self._totals.move_to_end(key)
        if len(self._totals) > _KEPT:
            self._stale.discard(self._totals.popitem(last=False)[0])

    def _on_failed(self, generation: int, error: BaseException) -> None:
        if generation == self._generation:
            self.stop()  # every repaint would ask again, and fail again
            self.failed.emit(error)
