"""A thousand endpoints, most of them hostile, under the whole engine: each harms nothing but its own state."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from aether_desktop.domain.probes import Probe, ProbeOutcome
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.networks.probe_network import ProbeTransport
from aether_desktop.ports.monitoring import MonitorBoard, ProbeRunner, WatchedNode, WatchState
from aether_desktop.security.certificates import certificate_expires_at
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.watch_engine import EngineParts, WatchEngine
from aether_desktop.services.watch_rounds import WatchLimits
from aether_desktop.sums.built_in import BUILT_IN
from tests.support.processes import Child, bound_to_parent
from tests.support.scripted_endpoints import fleet_behaviours
from tests.support.time_machine import RememberingStore

_OUTCOMES = {
    "well": {ProbeOutcome.ANSWERED},
    "stall": {ProbeOutcome.TIMED_OUT},
    "trickle": {ProbeOutcome.TIMED_OUT},
    "reset": {ProbeOutcome.REFUSED},
    "empty": {ProbeOutcome.REFUSED},
    "huge": {ProbeOutcome.TOO_LARGE},
    "lies about length": {ProbeOutcome.TOO_LARGE},
    "wrong chain": {ProbeOutcome.WRONG},
}


class NoSettings:
    def get(self, key: str, default: object = None) -> object:
        return default

    def set(self, key: str, value: object) -> None:
        raise AssertionError(key, value)


@asynccontextmanager
async def real_probes() -> AsyncIterator[Mapping[str, ProbeRunner]]:
    transport = ProbeTransport(certificate_expires_at)
    modules = ModuleService(NoSettings(), BUILT_IN, find_packages=list)
    try:
        yield modules.probes(transport, wall=lambda: datetime.now(UTC))
    finally:
        await transport.close()


def fleet(count: int) -> Iterator[list[int]]:
    child = Child(
        bound_to_parent([sys.executable, "-m", "tests.support.scripted_endpoints", str(count)]),
        env=os.environ,
        ready=lambda line: line.startswith("ports "),
        name="endpoints",
    )
    try:
        child.wait_until_ready()
        yield [int(port) for port in child.output.split()[1:]]
    finally:
        child.stop(signal=9)


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    yield from fleet(1000)


def watched(place: int, port: int, *, timeout: float) -> WatchedNode:
    probe = Probe(
        id=place + 1,
        node_id=place + 1,
        kind="evm",
        target=f"http://127.0.0.1:{port}/planted",
        network="atc",
        interval=86_400,
        timeout=timeout,
    )
    return WatchedNode(
        id=place + 1, name=f"node-{place + 1}", tier=list(Tier)[place % 3], type=NodeType.ZADOKITE, probes=(probe,)
    )


def test_a_thousand_endpoints_harm_only_themselves(ports: list[int]) -> None:
    behaviours = fleet_behaviours(len(ports))
    nodes = [
        watched(place, port, timeout=20.0 if name == "well" else 1.5)
        for place, (port, name) in enumerate(zip(ports, behaviours, strict=True))
    ]
    store = RememberingStore(nodes)
    engine = WatchEngine(EngineParts(real_probes, limits=WatchLimits(beat=0.05)))
    all_asked = threading.Event()
    late: list[float] = []
    last = time.monotonic()

    def seen(board: MonitorBoard) -> None:
        nonlocal last
        late.append(time.monotonic() - last)
        last = time.monotonic()
        if board.state is WatchState.WATCHING and all(view.checked_at for view in board.nodes.values()):
            all_asked.set()
        elif board.nodes and not asked:
            asked.append(True)
            engine.check_now()

    asked: list[bool] = []
    engine.subscribe(seen)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.start(store)
    assert all_asked.wait(60), sum(view.checked_at is not None for view in engine.board.nodes.values())
    board = engine.board
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    engine.stop()
    found = {sample.node_id: sample for sample in store.samples}
    assert len(found) == len(ports)
    for place, name in enumerate(behaviours):
        outcome = found[place + 1].outcome
        allowed = _OUTCOMES.get(name, {ProbeOutcome.UNREADABLE})
        if name != "well":  # a slow machine may run into the timeout first
            allowed = allowed | {ProbeOutcome.TIMED_OUT}
        assert outcome in allowed, (name, outcome, found[place + 1].reason)
    well = [view for view in board.nodes.values() if behaviours[view.id - 1] == "well"]
    assert {view.status for view in well} == {NodeStatus.UP}
    assert not any(view.status is NodeStatus.UP for view in board.nodes.values() if behaviours[view.id - 1] != "well")
    for view in board.nodes.values():
        assert "planted" not in view.why
        assert "\u202e" not in view.why
    assert grown < 120_000  # KiB, whatever was poured into it
    assert engine.board.state is WatchState.STOPPED
    assert sorted(late)[len(late) // 2] < 5.0


def test_stopping_is_quick_whatever_the_endpoints_do(ports: list[int]) -> None:
    stallers = [port for port, name in zip(ports, fleet_behaviours(len(ports)), strict=True) if name == "stall"]
    engine = WatchEngine(EngineParts(real_probes, limits=WatchLimits(beat=0.05)))
    store = RememberingStore([watched(place, port, timeout=30.0) for place, port in enumerate(stallers)])
    begun = threading.Event()
    engine.subscribe(lambda board: begun.set() if board.nodes else None)
    engine.start(store)
    assert begun.wait(20)
    engine.check_now()
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 3.0
    assert store.released == 1
