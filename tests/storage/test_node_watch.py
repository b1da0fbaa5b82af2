"""Watching nodes in a vault and in a database: batches, leases, roll-ups, harmony, the council."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aether_desktop.domain.harmony import Harmony
from aether_desktop.domain.latencies import LatencySketch
from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import KEPT, RAW_KEPT, Period, Sample
from aether_desktop.domain.node_states import Cause, Moment, Transition, first_state
from aether_desktop.domain.probes import Probe, ProbeOutcome
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.monitoring import Lease, NodeReading, NodeTransition, StaleLeaseError, WatchBatch
from aether_desktop.storage.sql_storage import SqlStorage
from tests.support.sample_writer import AT_ONCE, BEGIN
from tests.support.storages import VaultPlace

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def new_node(storage: SqlStorage, name: str = "altar", *, thresholds: int = 3) -> TempleNode:
    node = TempleNode(
        id=storage.new_id(),
        owner_id=storage.info.user_id,
        created_at=NOON,
        node_id=name,
        tier=Tier.OUTER_COURT,
        storage_threshold=thresholds,
    )
    storage.temple_nodes.create(node)
    return storage.temple_nodes.get(node.id)


def probe(storage: SqlStorage, node: TempleNode, **more: object) -> Probe:
    given = {"kind": "tcp", "target": "127.0.0.1:8545", **more}
    return Probe(id=storage.new_id(), node_id=node.id, **given)  # type: ignore[arg-type]  # by name


def sample(node_id: int, at: datetime, **more: object) -> Sample:
    given: dict[str, object] = {
        "outcome": ProbeOutcome.ANSWERED,
        "grade": Grade.GOOD,
        "status": NodeStatus.UP,
        "latency": 0.25,
        "height": 100,
        "freshness": 1.0,
        "agrees": True,
        **more,
    }
    return Sample(node_id=node_id, probe_id=7, at=at, **given)  # type: ignore[arg-type]  # by name


def every(node_id: int, start: datetime, hours: float, *, step: float = 300.0, **more: object) -> list[Sample]:
    count = int(hours * 3600 / step)
    return [sample(node_id, start + timedelta(seconds=step * number), **more) for number in range(count)]


def watched_for_a_week(storage: SqlStorage, count: int) -> list[TempleNode]:
    """A sample every twelve hours is enough to be measured."""
    nodes = [new_node(storage, f"n{number:02}") for number in range(count)]
    samples = [each for node in nodes for each in every(node.id, NOON, 190, step=43_200)]
    storage.watching.watch.write(WatchBatch(samples=samples))
    return nodes


class TestWhatIsWatched:
    def test_nodes_come_with_probes_and_silences(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        one, two = probe(storage, node), probe(storage, node, kind="http", target="https://example.org/x", interval=60)
        storage.watching.probes.replace(node.id, [one, two])
        (watched,) = storage.watching.watch.nodes()
        assert (watched.id, watched.name, watched.type.value, watched.probes) == (
            node.id,
            "altar",
            "levite",
            (one, two),
        )
        assert (watched.retired, watched.candidate, watched.silenced_until) == (False, False, None)

    def test_probes_are_replaced_as_a_whole(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        one, two = probe(storage, node), probe(storage, node, target="127.0.0.1:1")
        storage.watching.probes.replace(node.id, [one, two])
        three = Probe(id=two.id, node_id=node.id, kind="tcp", target="127.0.0.1:2")
        storage.watching.probes.replace(node.id, [three])
        assert storage.watching.probes.of_node(node.id) == [three]
        assert storage.watching.probes.replace(node.id, [three]).tables == frozenset()


class TestBatches:
    def test_what_was_measured_comes_back(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        state = first_state(Moment(NOON, 0.0))
        down = Transition(
            at=NOON,
            before=NodeStatus.UNKNOWN,
            after=NodeStatus.DOWN,
            cause=Cause.MEASURED,
            why="refused",
            lasted=timedelta(seconds=90),
        )
        reading = NodeReading(node_id=node.id, state=state, latency=0.125, height=5, lag=1, peers=3)
        taken = sample(node.id, NOON, outcome=ProbeOutcome.WRONG, grade=Grade.BAD, agrees=False, reason="chain 1")
        batch = WatchBatch(samples=[taken], readings=[reading], transitions=[NodeTransition(node.id, down)])
        storage.watching.watch.write(batch)
        log = storage.watching.log
        assert log.samples(node.id, since=NOON) == [taken]
        assert log.reading(node.id) == reading
        assert log.transitions(node.id, since=NOON) == [NodeTransition(node.id, down)] == log.transitions(since=NOON)

    def test_the_status_of_the_record_follows_and_its_version_does_not(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        state = first_state(Moment(NOON, 0.0))
        up = NodeReading(
            node_id=node.id, state=state.__class__(status=NodeStatus.UP, observed=NodeStatus.UP, since=NOON)
        )
        changes = storage.watching.watch.write(WatchBatch(readings=[up]))
        assert changes.ids == frozenset({node.id})
        found = storage.temple_nodes.get(node.id)
        assert (found.status, found.version) == (NodeStatus.UP, node.version)
        assert storage.watching.watch.write(WatchBatch(readings=[up])).tables == frozenset()

    def test_nothing_overrules_retirement(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        storage.temple_nodes.set_status(node.id, NodeStatus.RETIRED, version=node.version)
        state = first_state(Moment(NOON, 0.0))
        storage.watching.watch.write(WatchBatch(readings=[NodeReading(node_id=node.id, state=state)]))
        assert storage.temple_nodes.get(node.id).status is NodeStatus.RETIRED

    def test_measuring_leaves_no_audit_entries_but_changes_do(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        size = storage.audit.head().size
        storage.watching.watch.write(WatchBatch(samples=every(node.id, NOON, 1)))
        assert storage.audit.head().size == size
        state = first_state(Moment(NOON, 0.0), candidate=True)
        storage.watching.watch.write(WatchBatch(readings=[NodeReading(node_id=node.id, state=state)]))
        assert storage.audit.head().size == size + 1


class TestLeases:
    def test_one_client_polls_and_the_other_takes_over_when_it_dies(self, place: VaultPlace) -> None:
        one, two = place.open(), place.open()
        node = new_node(one)
        (held,) = one.watching.watch.lease([node.id], holder="one", seconds=30)
        assert two.watching.watch.lease([node.id], holder="two", seconds=30) == []
        (again,) = one.watching.watch.lease([node.id], holder="one", seconds=0.001)
        assert (again.fence, held.fence) == (1, 1)
        taken: list[Lease] = []
        while not taken:  # a millisecond
            taken = two.watching.watch.lease([node.id], holder="two", seconds=30)
        assert taken[0].fence == 2
        late = WatchBatch(samples=every(node.id, NOON, 1), fences={node.id: held.fence})
        with pytest.raises(StaleLeaseError) as refused:
            one.watching.watch.write(late)
        assert refused.value.node_ids == {node.id}
        assert one.watching.log.samples(node.id, since=NOON) == []
        two.watching.watch.write(WatchBatch(samples=[sample(node.id, NOON)], fences={node.id: taken[0].fence}))
        assert len(one.watching.log.samples(node.id, since=NOON)) == 1

    def test_what_is_given_back_is_free(self, place: VaultPlace) -> None:
        one, two = place.open(), place.open()
        node = new_node(one)
        one.watching.watch.lease([node.id], holder="one", seconds=30)
        one.watching.watch.release(holder="one")
        assert [lease.fence for lease in two.watching.watch.lease([node.id], holder="two", seconds=30)] == [2]


class TestUpkeep:
    def test_samples_become_roll_ups_of_every_length(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        bad = {"outcome": ProbeOutcome.REFUSED, "grade": Grade.BAD, "status": NodeStatus.DOWN, "latency": None}
        samples = every(node.id, NOON, 36, step=100.0)
        samples[0] = sample(node.id, NOON, **bad, height=None, freshness=None, agrees=None)
        storage.watching.watch.write(WatchBatch(samples=samples))
        storage.watching.watch.maintain(NOON + timedelta(hours=36, minutes=2))
        log = storage.watching.log
        fives = log.roll_ups(node.id, Period.FIVE_MINUTES, since=NOON)
        assert (len(fives), fives[0].samples, fives[0].answered) == (432, 3, 2)
        assert fives[0].statuses == {NodeStatus.DOWN: 1, NodeStatus.UP: 2}
        hours = log.roll_ups(node.id, Period.HOUR, since=NOON)
        assert ([part.samples for part in hours], hours[0].answered) == ([36] * 36, 35)
        days = log.roll_ups(node.id, Period.DAY, since=NOON)  # the second one is still running
        assert [part.samples for part in days] == [432, 864]
        assert days[0].latencies == LatencySketch.of([0.25] * 431)
        assert (days[0].highest_height, days[0].availability) == (100, 431 / 432)

    def test_late_samples_are_counted(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        watch = storage.watching.watch
        watch.write(WatchBatch(samples=every(node.id, NOON, 2)))
        watch.maintain(NOON + timedelta(hours=3))
        watch.write(WatchBatch(samples=[sample(node.id, NOON + timedelta(seconds=1))]))
        watch.maintain(NOON + timedelta(hours=3, minutes=5))
        hours = storage.watching.log.roll_ups(node.id, Period.HOUR, since=NOON)
        assert [part.samples for part in hours] == [13, 12]

    def test_what_is_old_goes(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        watch, log = storage.watching.watch, storage.watching.log
        watch.write(WatchBatch(samples=every(node.id, NOON, 1)))
        watch.maintain(NOON + timedelta(hours=2))
        watch.maintain(NOON + RAW_KEPT + timedelta(hours=2))
        assert log.samples(node.id, since=NOON) == []
        assert len(log.roll_ups(node.id, Period.FIVE_MINUTES, since=NOON)) == 12
        watch.maintain(NOON + KEPT[Period.FIVE_MINUTES] + timedelta(days=1))
        assert log.roll_ups(node.id, Period.FIVE_MINUTES, since=NOON) == []
        assert [part.samples for part in log.roll_ups(node.id, Period.HOUR, since=NOON)] == [12]
        watch.maintain(NOON + KEPT[Period.HOUR] + timedelta(days=1))
        assert [part.samples for part in log.roll_ups(node.id, Period.DAY, since=NOON)] == [12]


class TestHarmony:
    def test_the_score_is_measured_and_explained(self, storage: SqlStorage) -> None:
        node = new_node(storage)
        bad: dict[str, Any] = {"outcome": ProbeOutcome.TIMED_OUT, "grade": Grade.BAD, "latency": None, "height": None}
        samples = every(node.id, NOON, 18) + every(
            node.id, NOON + timedelta(hours=18), 6, **bad, freshness=None, agrees=None
        )
        storage.watching.watch.write(WatchBatch(samples=samples))
        storage.watching.watch.maintain(NOON + timedelta(days=1, minutes=3))
        (harmony,) = storage.watching.log.harmony(node.id)
        assert harmony == Harmony(
            node_id=node.id,
            at=NOON + timedelta(days=1),
            asked=288,
            answered=216,
            fresh=216,
            freshness_sum=216.0,
            compared=216,
            matched=216,
        )
        assert storage.temple_nodes.get(node.id).harmony == 18.0
        assert harmony.explanation == (
            "18.00 = 24 * availability 0.7500 (216 of 288 probes answered)"
            " * freshness 1.0000 (216 heads compared with the tier's best)"
            " * agreement 1.0000 (216 of 216 checks as the majority), over the last 24 hours."
        )

    def test_seven_days_make_an_elder(self, storage: SqlStorage) -> None:
        node = watched_for_a_week(storage, 1)[0]
        watch = storage.watching.watch
        watch.maintain(NOON + timedelta(days=7, minutes=2))
        assert storage.watching.log.council() == []
        watch.maintain(NOON + timedelta(days=7, hours=2, minutes=2))
        assert [(seat.number, seat.node_id) for seat in storage.watching.log.council()] == [(1, node.id)]
        assert storage.temple_nodes.get(node.id).elder
        watch.maintain(NOON + timedelta(days=10))  # nothing was heard for two days: unknown is no Elder
        assert storage.watching.log.council() == []
        assert not storage.temple_nodes.get(node.id).elder

    def test_twenty_four_are_enough(self, sqlite_storage: SqlStorage) -> None:
        nodes = watched_for_a_week(sqlite_storage, 26)
        sqlite_storage.watching.watch.maintain(NOON + timedelta(days=7, hours=2, minutes=2))
        council = sqlite_storage.watching.log.council()
        assert [(seat.number, seat.node_id) for seat in council] == [
            (number, node.id) for number, node in enumerate(nodes[:24], 1)
        ]
        assert [sqlite_storage.temple_nodes.get(node.id).elder for node in nodes] == [True] * 24 + [False] * 2


class TestBounds:
    def test_a_simulated_year_leaves_what_is_kept_and_no_more(self, sqlite_storage: SqlStorage) -> None:
        """The short form; a year raw for five nodes and of roll-ups for 500: ``scripts/bench_nodes.py``."""
        storage = sqlite_storage
        node = new_node(storage)
        watch = storage.watching.watch
        for day in range(0, 365, 5):
            at = NOON + timedelta(days=day)
            watch.write(WatchBatch(samples=every(node.id, at, 5 * 24, step=43_200)))
            watch.maintain(at + timedelta(days=5))
        with storage._database.read() as connection:
            counts = {
                name: list(connection.scalars(text(f"SELECT count(*) FROM {table}")))
                for name, table in {
                    "samples": "node_samples",
                    "parts": "node_roll_ups GROUP BY period ORDER BY period",
                    "harmony": "node_harmony",
                }.items()
            }
        assert counts["samples"] == [4]  # two a day, of 48 hours
        five_minutes, hours, days = counts["parts"]
        assert (five_minutes, hours, days) == (16, 184, 365)
        assert counts["harmony"] == [32 * 24]

    def test_batches_that_were_acknowledged_survive_a_kill(self, place: VaultPlace) -> None:
        with closing(place.open()) as storage:
            node = new_node(storage)
        command = [sys.executable, "-m", "tests.support.sample_writer", place.engine, place.location, str(node.id)]
        acknowledged = 0
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
                if acknowledged >= 7 * AT_ONCE:
                    child.kill()  # and read on: what it still said before it died counts, too
            assert child.stderr is not None
            errors = child.stderr.read()
        assert child.returncode == -9, errors
        with closing(place.open()) as storage:
            stored = storage.watching.log.samples(node.id, since=BEGIN, limit=1_000_000)
            assert len(stored) % AT_ONCE == 0
            assert acknowledged <= len(stored) <= acknowledged + AT_ONCE
            status = NodeStatus.DEGRADED if len(stored) // AT_ONCE % 2 else NodeStatus.UP
            assert storage.temple_nodes.get(node.id).status is status
            (lease,) = storage.watching.watch.lease([node.id], holder="next", seconds=30)
            assert lease.fence == 2
            assert storage.check() == []
