"""Nodes as operators handle them: names, elevation, silences, covenants, files of nodes, watching while locked."""

from __future__ import annotations

import dataclasses
import secrets
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Period, Sample
from aether_desktop.domain.node_states import Cause, NodeState, Transition
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.quiet import QuietHours
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind, NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    ConflictError,
    ImportRefusedError,
    InvalidInputError,
    PermissionDeniedError,
    WrongKeyError,
)
from aether_desktop.ports.monitoring import NodeReading, NodeTransition, WatchBatch
from aether_desktop.services.locked_watching import LockedWatching
from aether_desktop.services.nodes import CovenantStanding, NodeService, ProbeDraft
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.storage.monitor_file import SqlMonitorFile, create_monitor_file
from tests.services.signers import Signers

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def values(name: str = "altar", **more: object) -> dict[str, object]:
    return {"node_id": name, "tier": "outer_court", "storage_threshold": 3, **more}


@pytest.fixture
def signers(services: ServiceSet) -> Signers:
    return Signers(services.storage)


@pytest.fixture
def nodes(services: ServiceSet, signers: Signers) -> NodeService:
    return NodeService(services.storage, services.records, signer=signers.founder, now=lambda: NOW)


class TestRegistering:
    def test_a_node_comes_with_its_probes_or_not_at_all(self, nodes: NodeService) -> None:
        made = nodes.register(values(), [ProbeDraft(kind="tcp", target="127.0.0.1:1", interval=60)])
        assert (made.type, [probe.interval for probe in nodes.probes(made.id)]) == (NodeType.LEVITE, [60])
        assert nodes.named(" ALTAR ").id == made.id
        with pytest.raises(AlreadyExistsError):
            nodes.register(values("Altar"))
        with pytest.raises(InvalidInputError) as refused:
            nodes.register(values("gate"), [ProbeDraft(kind="tcp", target="a b")])
        assert refused.value.field == "target"
        assert len(nodes.all()) == 1

    def test_measured_fields_are_not_typed(self, services: ServiceSet) -> None:
        for name in ("harmony", "elder", "covenants", "held"):
            with pytest.raises(InvalidInputError, match="has no field"):
                services.records.create(TableName.TEMPLE_NODES, {**values(), name: None})
        node = services.nodes.register(values())
        with pytest.raises(InvalidInputError, match="status is measured"):
            services.records.edit(TableName.TEMPLE_NODES, node, {"status": "up"})


class TestElevation:
    def test_a_node_rises_one_type_at_a_time(self, services: ServiceSet, nodes: NodeService) -> None:
        node = nodes.register(values())
        with pytest.raises(InvalidInputError, match="7 or more in all; those of this one are 3"):
            nodes.elevate(node)
        raised = services.records.edit(TableName.TEMPLE_NODES, node, {"compute_threshold": 20})
        assert isinstance(raised, TempleNode)
        assert (raised.type, raised.elevation) == (NodeType.LEVITE, NodeType.AARONIC)
        with pytest.raises(InvalidInputError, match="elevate it first"):
            services.records.edit(TableName.TEMPLE_NODES, raised, {"tier": "holy_place"})
        risen = nodes.elevate(raised)
        assert risen.type is NodeType.AARONIC
        assert nodes.elevate(risen).type is NodeType.ZADOKITE
        with pytest.raises(ConflictError):
            nodes.elevate(risen)
        assert services.storage.audit.recent(1)[0].action == "temple_nodes.elevate"

    def test_lower_thresholds_lower_the_type_at_once(self, services: ServiceSet, nodes: NodeService) -> None:
        node = nodes.register(values(compute_threshold=9))
        assert node.type is NodeType.ZADOKITE
        lowered = services.records.edit(TableName.TEMPLE_NODES, node, {"compute_threshold": 0})
        again = services.records.edit(TableName.TEMPLE_NODES, lowered, {"compute_threshold": 9})
        assert isinstance(again, TempleNode)
        assert again.type is NodeType.LEVITE

    def test_the_database_knows_the_rules_too(self, services: ServiceSet, nodes: NodeService) -> None:
        node = nodes.register(values())
        with pytest.raises(InvalidInputError, match="The database refuses this value"):
            services.storage.watching.elevate(node, NodeType.ZADOKITE)


class TestRetirement:
    def test_a_retired_node_does_nothing_until_it_is_reinstated(self, nodes: NodeService) -> None:
        node = nodes.retire(nodes.register(values(compute_threshold=4)))
        assert (node.status, nodes.performable(node)) == (NodeStatus.RETIRED, ())
        with pytest.raises(InvalidInputError, match="retired"):
            nodes.perform(node.id, CovenantKind.SABBATH)
        assert nodes.reinstate(node).status is NodeStatus.UNKNOWN


class TestSilences:
    def test_of_nodes_and_of_tiers(self, services: ServiceSet) -> None:
        nodes = services.nodes
        one, two = (nodes.register(values(name)) for name in ("one", "two"))
        later = datetime.now(UTC) + timedelta(hours=1)
        nodes.silence([one.id], later, why="works")
        until = {node.id: node.silenced_until for node in services.storage.watching.watch.nodes()}
        assert until == {one.id: later, two.id: None}
        nodes.silence_tier(Tier.OUTER_COURT, later + timedelta(hours=1))
        assert [node.silenced_until for node in services.storage.watching.watch.nodes()] == [
            later + timedelta(hours=1)
        ] * 2
        nodes.silence_tier(Tier.OUTER_COURT, None)
        nodes.silence([one.id], None)
        assert nodes.silences() == []
        with pytest.raises(InvalidInputError, match="past"):
            nodes.silence([one.id], datetime.now(UTC) - timedelta(hours=1))

    def test_quiet_hours_are_kept(self, services: ServiceSet) -> None:
        hours = QuietHours(begin=time(22), end=time(6, 30), zone="Europe/Berlin", days=frozenset({0, 6}))
        services.quiet_hours.set(hours)
        assert services.quiet_hours.get() == hours
        services.settings.set("monitor.quiet_hours", {"begin": "25:00", "end": "1", "zone": "Mars"})
        assert services.quiet_hours.get() is None


class TestCovenants:
    def test_a_covenant_is_signed_audited_and_checked(self, services: ServiceSet, nodes: NodeService) -> None:
        node = nodes.register(values(compute_threshold=4))
        assert nodes.performable(node) == tuple(CovenantKind)[:4]
        made = nodes.perform(node.id, CovenantKind.JUBILEE, "debts forgiven")
        assert nodes.covenants(node.id) == [made]
        report = nodes.check_covenant(made)
        assert (report.standing, report.signer) == (CovenantStanding.VALID, "miriam")
        for change in ({"note": "debts doubled"}, {"elder": True}, {"kind": CovenantKind.SABBATH}):
            altered = dataclasses.replace(made, **change)
            assert nodes.check_covenant(altered).standing is CovenantStanding.ALTERED
        stranger = dataclasses.replace(made, key=bytes(32))
        assert nodes.check_covenant(stranger).standing is CovenantStanding.UNKNOWN_KEY
        assert services.storage.temple_nodes.get(node.id).covenants == (CovenantKind.JUBILEE,)
        assert services.storage.audit.recent(1)[0].action == "node_covenants.perform"

    def test_who_may_not_is_told_the_rule(self, nodes: NodeService) -> None:
        levite = nodes.register(values())
        candidate = nodes.register(values("new", storage_threshold=0))
        for node, kind, rule in (
            (levite, CovenantKind.JUBILEE, "Aaronic or Zadokite"),
            (levite, CovenantKind.BOOK_OF_LIFE, "Elders only"),
            (candidate, CovenantKind.SABBATH, "candidate"),
        ):
            with pytest.raises(InvalidInputError, match=rule):
                nodes.perform(node.id, kind)
        assert nodes.covenants() == []

    def test_a_change_meanwhile_and_missing_keys_are_refused(
        self, services: ServiceSet, nodes: NodeService, signers: Signers
    ) -> None:
        node = nodes.register(values(compute_threshold=4))
        made = nodes.perform(node.id, CovenantKind.JUBILEE)
        services.records.edit(
            TableName.TEMPLE_NODES, services.storage.temple_nodes.get(node.id), {"compute_threshold": 0}
        )
        with pytest.raises(InvalidInputError, match="changed while"):
            services.storage.watching.covenants.add(dataclasses.replace(made, id=services.storage.new_id()))
        with pytest.raises(PermissionDeniedError):
            services.nodes.perform(node.id, CovenantKind.SABBATH)
        signers.lock_second_level()
        with pytest.raises(LevelLockedError):
            nodes.perform(node.id, CovenantKind.SABBATH)


class TestFiles:
    def test_good_nodes_are_stored_and_bad_rows_named(self, services: ServiceSet, tmp_path: Path) -> None:
        services.nodes.register(values("there"))
        path = tmp_path / "nodes.csv"
        path.write_text(
            "Name,Tier,Storage,Compute,Abundance,Endpoint,Kind,Network,Interval\n"
            "gate,Outer Court,1,1,1,https://gate.example/rpc,,atc,60\n"
            "gate,Outer Court,1,1,1,gate.example:443,tls,,\n"
            "altar,holy_place,3,3,1,,,,\n"
            "veil,Most Holy Place,3,3,1,,,,\n"
            "there,outer court,3,,,,,,\n"
            "door,Inner Court,3,,,,,,\n"
            "door,ftc,x,,,,,,\n"
            "door,ftc,3,,,http://u:p@door.example,,,\n"
            "door,ftc,3,,,door.example:1,,,2\n"
            "gate,Outer Court,9,1,1,gate.example:1,,,\n"
            "ark,atc,12,,,ark.example:9,,nowhere,\n"
            ",ftc,3,,,,,,\n"
        )
        report = services.node_files.import_file(path)
        assert (report.rows, report.nodes, report.probes) == (12, 2, 2)
        told = {each.row: each.reason for each in report.rejections}
        assert [told[row].partition(":")[0] for row in sorted(told)] == [
            *("tier", "name", "tier", "storage", "endpoint", "interval", "name", "network", "name")
        ]
        gate = services.nodes.named("gate")
        probes = services.nodes.probes(gate.id)
        assert [(probe.kind, probe.target, probe.network, probe.interval) for probe in probes] == [
            ("evm", "https://gate.example/rpc", "atc", 60),
            ("tls", "gate.example:443", "", 30),
        ]
        assert services.nodes.named("altar").type is NodeType.AARONIC

    def test_a_file_of_something_else_is_refused(self, services: ServiceSet, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("a,b\n1,2\n")
        with pytest.raises(ImportRefusedError, match="no column name, tier"):
            services.node_files.import_file(path)


class Beside:
    """``MonitorFiles`` with a key in memory."""

    def __init__(self, path: Path) -> None:
        self.path, self.key = path, b""

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def open(self) -> SqlMonitorFile | None:
        return SqlMonitorFile(self.path, self.key) if self.exists else None

    def create(self) -> SqlMonitorFile:
        self.key = secrets.token_bytes(32)
        return create_monitor_file(self.path, self.key)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class TestWhileLocked:
    @pytest.fixture
    def beside(self, tmp_path: Path) -> Beside:
        return Beside(tmp_path / "books.monitor")

    @pytest.fixture
    def locked(self, services: ServiceSet, beside: Beside) -> LockedWatching:
        return LockedWatching(services.storage, beside, now=lambda: NOW + timedelta(hours=2))

    @pytest.fixture
    def node(self, services: ServiceSet) -> TempleNode:
        return services.nodes.register(
            values(), [ProbeDraft(kind="evm", target="https://a.example/", network="atc", settings={"slow_seconds": 2})]
        )

    def test_it_holds_what_is_watched_and_nothing_else(
        self, services: ServiceSet, locked: LockedWatching, beside: Beside, node: TempleNode
    ) -> None:
        assert not beside.exists
        locked.allow()
        assert locked.allowed
        assert (beside.path.stat().st_mode & 0o777) == 0o600
        assert b"a.example" not in beside.path.read_bytes()
        with pytest.raises(WrongKeyError):
            SqlMonitorFile(beside.path, bytes(32))
        file = beside.open()
        assert file is not None
        with closing(file):
            assert file.nodes() == services.storage.watching.watch.nodes()
            tables = {row[0] for row in file._ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {"watch_nodes", "watch_states", "watch_transitions", "watch_leases", "watch_samples"}
        locked.forbid()
        assert not beside.exists
        assert node.status is NodeStatus.UNKNOWN

    def test_a_file_whose_key_is_gone_can_be_forbidden_and_allowed_anew(
        self, services: ServiceSet, locked: LockedWatching, beside: Beside, node: TempleNode
    ) -> None:
        locked.allow()
        beside.key = bytes(32)
        locked.allow()
        file = beside.open()
        assert file is not None
        with closing(file):
            assert [each.id for each in file.nodes()] == [node.id]
        beside.key = bytes(32)
        locked.forbid()
        assert not beside.exists
        assert services.storage.audit.recent(1)[0].action == "nodes.no_watch_while_locked"

    def test_what_it_collected_is_taken_in_once(
        self, services: ServiceSet, locked: LockedWatching, beside: Beside, node: TempleNode
    ) -> None:
        locked.allow()
        samples = [
            Sample(
                node_id=node.id,
                probe_id=7,
                at=NOW + timedelta(minutes=minute),
                outcome=ProbeOutcome.ANSWERED,
                grade=Grade.GOOD,
                status=NodeStatus.UP,
                latency=0.5,
                agrees=True,
                freshness=1.0,
            )
            for minute in range(60)
        ]
        change = Transition(
            at=NOW,
            before=NodeStatus.UNKNOWN,
            after=NodeStatus.UP,
            cause=Cause.MEASURED,
            why="",
            lasted=timedelta(minutes=1),
        )
        state = NodeState(status=NodeStatus.UP, observed=NodeStatus.UP, since=NOW, checked_at=NOW)
        batch = WatchBatch(
            samples=samples,
            readings=[NodeReading(node_id=node.id, state=state)],
            transitions=[NodeTransition(node.id, change)],
        )
        file = beside.open()
        assert file is not None
        with closing(file):
            (lease,) = file.lease([node.id], holder="one", seconds=30)
            assert file.lease([node.id], holder="two", seconds=30) == []
            file.write(dataclasses.replace(batch, fences={node.id: lease.fence}))
        services.storage.watching.watch.write(batch)  # as if it was killed before the file forgot
        assert locked.take_in() == 60
        assert locked.take_in() == 0
        log = services.storage.watching.log
        assert len(log.samples(node.id, since=NOW)) == 60
        assert log.transitions(since=NOW) == [NodeTransition(node.id, change)]
        assert [part.samples for part in log.roll_ups(node.id, Period.HOUR, since=NOW)] == [60]
        assert services.storage.temple_nodes.get(node.id).status is NodeStatus.UP
