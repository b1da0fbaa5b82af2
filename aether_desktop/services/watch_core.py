"""The monitor's heart: who is asked when, what the answers make of each node, who is told. One event loop."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from aether_desktop.domain.node_states import Gap, Moment, Step, first_state, resumed
from aether_desktop.domain.notices import Notice
from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.temple import Tier
from aether_desktop.ports.monitoring import (
    Clocks,
    MonitorBoard,
    NodeReading,
    NodeTransition,
    ProbeRunner,
    WatchedNode,
    WatchState,
)
from aether_desktop.services.notice_decisions import NoticeDecisions
from aether_desktop.services.watch_board import BoardMaker, stale_after
from aether_desktop.services.watch_clocks import GapWatch
from aether_desktop.services.watch_entries import Entry, Round, TierViews, absorb, checked_at, took_over
from aether_desktop.services.watch_rounds import CONFIRM, Rounds, WatchLimits
from aether_desktop.services.watch_schedule import delay

_LOG: Final = logging.getLogger(__name__)
_MEASURE_ANEW: Final = 30.0  # seconds over which all nodes are asked again after a gap, or their interval if shorter
_QUIET_BOARD: Final = 10.0  # seconds after which a board is published even though nothing changed
_JUST_NOW: Final = 1.0  # second: a neighbour asked since then is not asked again
_NEIGHBOURS: Final = 50  # nodes of its tier that are asked at once, too
_LATE: Final = 30.0  # seconds behind the schedule that are said


class WatchCore:
    """``publish`` and ``tell`` are called on the loop and must return at once. ``quiet`` says whether people want no
    notices at a time."""

    def __init__(
        self,
        clocks: Clocks,
        *,
        publish: Callable[[MonitorBoard], None],
        tell: Callable[[list[Notice]], None],
        quiet: Callable[[datetime], bool],
        new_id: Callable[[], int],
        limits: WatchLimits | None = None,
    ) -> None:
        self._clocks = clocks
        self._publish = publish
        self._tell = tell
        self._quiet = quiet
        self.entries: dict[int, Entry] = {}
        self.rounds = Rounds(clocks, limits or WatchLimits(), entry_of=self.entries.get, ask=self._round)
        self.decisions = NoticeDecisions(new_id)
        self.runners: Mapping[str, ProbeRunner] = {}
        self.measured: Callable[[Entry, Round], None] | None = None
        self.muted_until: datetime | None = None
        self.state = WatchState.STARTING
        self.note = ""  # of the store: why nothing is kept
        self.unread = 0
        self._views = TierViews()
        self._board = BoardMaker()
        self._gaps = GapWatch(clocks)
        self._looked_around: dict[Tier, float] = {}
        self._generation = 0
        self._places = 0
        self._last_check: datetime | None = None
        self._published_at = float("-inf")
        self._why_no_data = ""
        self._interval = timedelta(seconds=60)
        self.asked = 0  # probes, since the start

    # -- what is watched -------------------------------------------------------------------------------------------

    def moment(self) -> Moment:
        return Moment(self._clocks.wall(), self._clocks.ticks())

    def load(self, nodes: Collection[WatchedNode], readings: Collection[NodeReading]) -> list[NodeTransition]:
        """These and no others, from now on. Nodes that were watched before go on as they are."""
        at = self.moment()
        stored = {reading.node_id: reading for reading in readings}
        wanted = {node.id for node in nodes}
        for node_id in [each for each in self.entries if each not in wanted]:
            self._drop(node_id)
        transitions: list[NodeTransition] = []
        for node in nodes:
            entry = self.entries.get(node.id)
            steps: list[Step] = []
            if entry is None:
                entry, first = self._begun(node, stored.get(node.id), at)
                steps.append(first)
            else:
                if node != entry.node:
                    self._views.drop(entry.keys)
                self.decisions.rename(node.id, name=node.name, tier=node.tier)
            steps += entry.configure(node, at)
            transitions += self._noted(entry, steps, at)
            if not entry.watched:
                self.rounds.drop(node.id)
            elif self.rounds.due_at(node.id) is None:
                self.rounds.begin(entry, within=entry.interval)
            self._put(entry)
        self._interval = stale_after(self.entries.values())
        self._last_check = max(filter(None, (self._last_check, checked_at(self.entries.values()))), default=None)
        return transitions

    def clear(self, state: WatchState) -> None:
        """Watch nothing."""
        self._generation += 1
        for node_id in list(self.entries):
            self.decisions.forget(node_id)
        self.entries.clear()
        self.rounds.clear()
        self._views.clear()
        self._board.clear()
        self.state, self._why_no_data, self._last_check = state, "", None
        self.publish()

    def set_ours(self, ours: Collection[int]) -> None:
        """Nodes that this client polls; the others are somebody else's."""
        for node_id, entry in self.entries.items():
            mine = node_id in ours
            if mine == entry.ours:
                continue
            entry.ours = mine
            entry.forget_answers()
            if mine:
                self.rounds.begin(entry, within=_MEASURE_ANEW)
            else:
                self.rounds.drop(node_id)
                self._views.drop(entry.keys)
            self._put(entry)

    def take_over(self, readings: Collection[NodeReading]) -> None:
        """What others found of the nodes that they poll; they tell their own people."""
        for reading in readings:
            entry = self.entries.get(reading.node_id)
            if entry is None or entry.ours or entry.reading() == reading:
                continue
            took_over(entry, reading)
            self._last_check = max(filter(None, (self._last_check, reading.state.checked_at)), default=None)
            self._put(entry)

    def check_now(self, node_ids: Collection[int] | None) -> None:
        """These (None: all), as soon as limits allow."""
        for node_id in self.entries if node_ids is None else node_ids:
            entry = self.entries.get(node_id)
            if entry is not None:
                self.rounds.ask_now(entry)

    # -- asking ----------------------------------------------------------------------------------------------------

    async def _round(self, entry: Entry) -> None:
        generation, ticks = self._generation, self._clocks.ticks()
        due = entry.due_probes(ticks)
        if len(due) == 1:
            answers = [(due[0], await self._answer(entry, due[0]))]
        else:
            answers = list(zip(due, await asyncio.gather(*(self._answer(entry, each) for each in due)), strict=True))
        self.asked += len(answers)
        if self.entries.get(entry.node.id) is not entry:
            entry.running = False
            return
        if generation != self._generation or not entry.ours:
            self._again(entry)  # asked before a gap, heard after it: it says nothing about now
            return
        answers = [each for each in answers if each[0].id in entry.keys]
        at = self.moment()
        wait = delay(entry.interval, entry.down_rounds)
        done = absorb(entry, answers, self._views, at=at, delay=wait)
        self._last_check = at.wall
        if self._why_no_data:
            self._why_no_data = ""
            self.state = WatchState.WATCHING
        elif self.state is WatchState.STARTING:
            self.state = WatchState.WATCHING
        if done.step.transition is not None:
            self.decisions.note(entry.node.id, done.step.transition, at)
        if self.measured is not None:
            self.measured(entry, done)
        if entry.doubt:
            self._look_around(entry, at.ticks)
        self._again(entry)

    def _look_around(self, entry: Entry, ticks: float) -> None:
        """Its neighbours may have changed with it: to find out soon tells a failed tier from a failed node."""
        tier = entry.node.tier
        if ticks - self._looked_around.get(tier, float("-inf")) < CONFIRM:
            return
        self._looked_around[tier] = ticks
        others = (
            each.node.id
            for each in self.entries.values()
            if each.node.tier is tier and each is not entry and not each.doubt and ticks - each.due > _JUST_NOW
        )
        self.check_now(list(itertools.islice(others, _NEIGHBOURS)))

    async def _answer(self, entry: Entry, probe: Probe) -> ProbeAnswer:
        runner = self.runners.get(probe.kind)
        if runner is None:
            return ProbeAnswer(
                outcome=ProbeOutcome.NOT_ASKED, reason=f"No module asks probes of the kind {probe.kind} here."
            )
        return await runner.ask(probe, turn=entry.turns.get(probe.id, 0), last=entry.answers.get(probe.id))

    def _again(self, entry: Entry) -> None:
        self.rounds.again(entry)
        self._put(entry)

    # -- time passing ----------------------------------------------------------------------------------------------

    def beat(self, passed: float) -> list[NodeTransition]:
        """Look at the clocks, at what is stale, at whom to tell; publish what changed."""
        why = self._gaps.look(passed)
        at = self.moment()
        transitions = self._measure_anew(why, at) if why else self._age(at)
        quiet = self._quiet(at.wall) or (self.muted_until is not None and at.wall < self.muted_until)
        if self.muted_until is not None and at.wall >= self.muted_until:
            self.muted_until = None
        notices = self.decisions.due(at, quiet=quiet)
        if notices:
            self._tell(notices)
        if self._board.dirty or at.ticks - self._published_at >= _QUIET_BOARD:
            self.publish()
        return transitions

    def publish(self) -> None:
        now = self._clocks.wall()
        self._published_at = self._clocks.ticks()
        stale_since, sentence = self._staleness(now)
        self._publish(
            self._board.make(
                self.state,
                now,
                last_check=self._last_check,
                stale_since=stale_since,
                muted_until=self.muted_until,
                unread=self.unread,
                sentence=sentence or self.note,
            )
        )

    def _staleness(self, now: datetime) -> tuple[datetime | None, str]:
        if self.state is WatchState.NO_DATA:
            return self._last_check or now, self._why_no_data
        if self.state is not WatchState.WATCHING or not any(entry.watched for entry in self.entries.values()):
            return None, "" if self.entries else "No node is watched."
        if self._last_check is not None and now - self._last_check > self._interval:
            return self._last_check, f"No data since {self._last_check:%Y-%m-%d %H:%M} UTC."
        late = self.rounds.late()
        return None, f"The monitor is {late:.0f} seconds behind." if late > _LATE else ""

    def _measure_anew(self, why: str, at: Moment) -> list[NodeTransition]:
        self._generation += 1
        self._views.clear()
        asked = any(entry.watched and entry.ours for entry in self.entries.values())
        if asked and self.state in (WatchState.WATCHING, WatchState.NO_DATA):
            self.state, self._why_no_data = WatchState.NO_DATA, why
        transitions: list[NodeTransition] = []
        for entry in self.entries.values():
            entry.forget_answers()
            if not entry.ours:
                continue
            transitions += self._noted(entry, [entry.step(Gap(why), at, entry.rules(entry.interval))], at)
            self.rounds.begin(entry, within=_MEASURE_ANEW)
            self._put(entry)
        return transitions

    def _age(self, at: Moment) -> list[NodeTransition]:
        transitions: list[NodeTransition] = []
        for entry in self.entries.values():
            if not entry.ours:
                continue
            if entry.needs_tick(at):
                rules = entry.rules(delay(entry.interval, entry.down_rounds))
                noted = self._noted(entry, [entry.tick(at, rules)], at)
                if noted:
                    self._put(entry)
                transitions += noted
        return transitions

    # -- inside ----------------------------------------------------------------------------------------------------

    def _begun(self, node: WatchedNode, stored: NodeReading | None, at: Moment) -> tuple[Entry, Step]:
        state = stored.state if stored is not None else first_state(at, candidate=node.candidate, retired=node.retired)
        begun = resumed(state, at) if stored is not None else Step(state)
        entry = Entry(node, begun.state, self._places)
        self._places += 1
        if stored is not None:
            entry.latency, entry.height, entry.lag, entry.peers = (
                stored.latency, stored.height, stored.lag, stored.peers,
            )  # fmt: skip
        self.entries[node.id] = entry
        self.decisions.begin(node.id, name=node.name, tier=node.tier, state=state, now=at.wall)
        return entry, begun

    def _noted(self, entry: Entry, steps: list[Step], at: Moment) -> list[NodeTransition]:
        found: list[NodeTransition] = []
        for each in steps:
            if each.transition is not None:
                self.decisions.note(entry.node.id, each.transition, at)
                found.append(NodeTransition(entry.node.id, each.transition))
        return found

    def _drop(self, node_id: int) -> None:
        entry = self.entries.pop(node_id)
        self.rounds.drop(node_id)
        self._views.drop(entry.keys)
        self._board.drop(node_id)
        self.decisions.forget(node_id)

    def _put(self, entry: Entry) -> None:
        due = self.rounds.due_at(entry.node.id)
        following = None
        if due is not None:
            following = self._clocks.wall() + timedelta(seconds=max(0.0, due - self._clocks.ticks()))
        self._board.put(entry, following)
