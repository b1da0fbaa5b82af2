"""The engine over two real chain nodes on loopback: heads, lag, another chain, a missing method, one that stops."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from datetime import UTC, datetime

import pytest

from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.networks.probe_network import ProbeTransport
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, ProbeRunner, WatchedNode
from aether_desktop.ports.networks import RpcCall, RpcError
from aether_desktop.security.certificates import certificate_expires_at
from aether_desktop.services.probe_runners import GuardedProbe
from aether_desktop.services.watch_engine import EngineParts, WatchEngine
from aether_desktop.services.watch_rounds import WatchLimits
from aether_desktop.sum_api import ProbeContext, SumDescriptor, SumKind
from aether_desktop.sums.interceding.evm import EvmProbe
from tests.support.chains import Chain, program
from tests.support.processes import ToolMissingError
from tests.support.time_machine import RememberingStore

_PATIENCE = 30.0  # seconds


class MissingMethod:
    """Asks what no node offers."""

    probe_kind = "missing"
    title = "A method that is missing"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        answers = await context.network.rpc(probe.target, [RpcCall("eth_chainId"), RpcCall("temple_incense")])
        if isinstance(answers[1], RpcError):
            raise answers[1]
        return ProbeAnswer(outcome=ProbeOutcome.ANSWERED)


@asynccontextmanager
async def both_kinds() -> AsyncIterator[Mapping[str, ProbeRunner]]:
    transport = ProbeTransport(certificate_expires_at)
    try:
        yield {
            module.probe_kind: GuardedProbe(
                SumDescriptor(module.probe_kind, SumKind.INTERCEDING, module.title, "1", "", module),
                module,
                transport,
                wall=lambda: datetime.now(UTC),
                note=lambda key, said: pytest.fail(f"{key}: {said}"),
            )
            for module in (EvmProbe(), MissingMethod())
        }
    finally:
        await transport.close()


def watched(number: int, url: str, kind: str = "evm", network: str = "atc") -> WatchedNode:
    probe = Probe(
        id=100 + number, node_id=number, kind=kind, target=url, network=network, interval=86_400, timeout=_PATIENCE
    )
    return WatchedNode(
        id=number, name=f"node-{number}", tier=Tier.MOST_HOLY_PLACE, type=NodeType.ZADOKITE, probes=(probe,)
    )


class Watch:
    """The engine over these nodes; they are asked when ``until`` wants to know."""

    def __init__(self, nodes: list[WatchedNode]) -> None:
        self.store = RememberingStore(nodes)
        self._seen = threading.Condition()
        self._engine = WatchEngine(EngineParts(both_kinds, limits=WatchLimits(beat=0.02)))
        self._engine.subscribe(self._hear)
        self._engine.start(self.store)
        with self._seen:
            assert self._seen.wait_for(lambda: len(self._engine.board.nodes) == len(nodes), _PATIENCE)

    def until(self, told: Callable[[Mapping[int, NodeView]], bool]) -> Mapping[int, NodeView]:
        """What all nodes are, once that is so; each round waits for the one before."""
        for _ in range(12):
            before = {number: view.checked_at for number, view in self._engine.board.nodes.items()}
            self._engine.check_now()
            with self._seen:
                assert self._seen.wait_for(lambda before=before: self._asked_since(before), _PATIENCE)  # type: ignore[misc]
            if told(self._engine.board.nodes):
                return self._engine.board.nodes
        pytest.fail(f"never: {dict(self._engine.board.nodes)}")

    def close(self) -> None:
        self._engine.stop()

    def _asked_since(self, before: Mapping[int, datetime | None]) -> bool:
        views = self._engine.board.nodes
        return all(
            view.checked_at is not None and view.checked_at != before.get(number) for number, view in views.items()
        )

    def _hear(self, _board: MonitorBoard) -> None:
        with self._seen:
            self._seen.notify_all()


@pytest.fixture
def chains() -> Iterator[tuple[Chain, Chain]]:
    try:
        program()
    except ToolMissingError as missing:
        pytest.skip(str(missing))
    with ExitStack() as stack:
        connections = stack.enter_context(closing(JsonRpcConnections()))
        first, second = (stack.enter_context(closing(Chain(2615, connections))) for _ in range(2))
        yield first, second


def test_real_nodes_are_seen_as_they_are(chains: tuple[Chain, Chain]) -> None:
    first, second = chains
    first.mine(500)
    second.mine(500)
    nodes = [
        watched(1, first.url),
        watched(2, second.url),
        watched(3, second.url, network="atc-testnet"),
        watched(4, first.url, kind="missing"),
    ]
    with closing(Watch(nodes)) as watch:
        well = watch.until(lambda views: views[3].status is NodeStatus.DOWN)
        assert [well[each].status for each in (1, 2, 4)] == [NodeStatus.UP, NodeStatus.UP, NodeStatus.UNKNOWN]
        assert (well[1].height, well[1].lag, well[2].height, well[2].lag) == (500, 0, 500, 0)
        assert well[1].peers is None  # this node does not offer net_peerCount (-32601), and is up all the same
        assert well[3].why == "It serves chain 2615, not 2616."
        assert "refuses temple_incense" in well[4].why
        first.mine(30)
        behind = watch.until(lambda views: views[2].status is NodeStatus.DEGRADED)
        assert (behind[1].height, behind[1].lag, behind[2].height, behind[2].lag) == (530, 0, 500, 30)
        assert behind[2].why == "Its head is 30 blocks behind the best of its tier."
        assert behind[1].status is NodeStatus.UP
        second.mine(30)
        assert watch.until(lambda views: views[2].status is NodeStatus.UP)[2].lag == 0
        second.close()
        gone = watch.until(lambda views: views[2].status is NodeStatus.DOWN)
        assert gone[1].status is NodeStatus.UP
        assert gone[4].status is NodeStatus.UNKNOWN  # never down, however often
    outcomes = {each.node_id: each.outcome for each in watch.store.samples}
    assert outcomes == {
        1: ProbeOutcome.ANSWERED,
        2: ProbeOutcome.REFUSED,
        3: ProbeOutcome.REFUSED,
        4: ProbeOutcome.UNSUPPORTED,
    }
    assert {each.outcome for each in watch.store.samples if each.node_id == 3} == {
        ProbeOutcome.WRONG,
        ProbeOutcome.REFUSED,
    }
