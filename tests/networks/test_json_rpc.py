"""JSON-RPC against endpoints that behave, and against all that do not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from aether_desktop.domain.endpoints import parse_endpoint
from aether_desktop.networks.event_loop import BlockingJsonRpc, NetworkLoop
from aether_desktop.networks.http_client import HttpClient, HttpLimits
from aether_desktop.networks.json_rpc import JsonRpcClient, NetworkEndpoints
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.networks import (
    AnswerTooLargeError,
    BadAnswerError,
    EndpointsFailedError,
    EndpointTimeoutError,
    HttpStatusError,
    MethodMissingError,
    NetworkError,
    RpcCall,
    RpcError,
    UnreachableError,
    WrongChainError,
)
from aether_desktop.ports.work import CancelToken
from tests.support.scripted_endpoints import (
    CHAIN_ID,
    HOSTILE,
    Asked,
    Behaviour,
    ScriptedServer,
    ServerThread,
    always,
    http,
    no_batches,
    raw,
    reset,
    stall,
    well,
)

_PATIENT = HttpLimits(connect_seconds=20.0, total_seconds=20.0, body_bytes=100_000)
_SHORT = HttpLimits(connect_seconds=20.0, total_seconds=0.3)  # for those who never answer


class Client:
    """An endpoint asked from this thread."""

    def __init__(self, servers: ServerThread) -> None:
        self.servers = servers
        self.loop = NetworkLoop()
        self.http = HttpClient(limits=_PATIENT, keep=2)
        self.loop.before_close(self.http.close)
        self.started: list[ScriptedServer] = []

    def server(self, behaviour: Behaviour = well, **more: object) -> ScriptedServer:
        self.started.append(self.servers.serve(ScriptedServer(behaviour, **more)))  # type: ignore[arg-type]
        return self.started[-1]

    def of(self, server: ScriptedServer, limits: HttpLimits = _PATIENT) -> JsonRpcClient:
        return JsonRpcClient(self.http, parse_endpoint(server.url), limits=limits)

    def network(self, *servers: ScriptedServer, chain_id: int | None = CHAIN_ID) -> NetworkEndpoints:
        self.now = 0.0
        places = [parse_endpoint(server.url) for server in servers]
        return NetworkEndpoints(self.http, places, chain_id=chain_id, now=lambda: self.now)

    def close(self) -> None:
        self.loop.close()
        for server in self.started:
            self.servers.stop(server)


@pytest.fixture
def client(servers: ServerThread) -> Iterator[Client]:
    with closing(Client(servers)) as made:
        yield made


def test_calls_and_batches_come_back_in_order_over_one_connection(client: Client) -> None:
    server = client.server()
    rpc = client.of(server)
    assert client.loop.run(rpc.call("eth_chainId")) == hex(CHAIN_ID)
    results = client.loop.run(rpc.batch([RpcCall("echo", [number]) for number in range(250)] + [RpcCall("nothing")]))
    assert results[:250] == [[number] for number in range(250)]
    assert isinstance(results[250], MethodMissingError)
    assert server.connections == 1
    assert [len(asked.calls) for asked in server.asked] == [1, 100, 100, 51]
    assert "authorization" not in server.asked[0].headers


def test_an_endpoint_without_batches_is_asked_one_by_one(client: Client) -> None:
    server = client.server(no_batches)
    rpc = client.of(server)
    for _ in range(2):
        assert client.loop.run(rpc.batch([RpcCall("echo", [1]), RpcCall("echo", [2])])) == [[1], [2]]
    assert sum(asked.body.startswith(b"[") for asked in server.asked) == 1  # it was not tried again


def test_a_connection_that_was_closed_while_idle_is_no_failure(client: Client) -> None:
    async def closes(asked: Asked, writer: object) -> None:
        await well(asked, writer)  # type: ignore[arg-type]
        writer.close()  # type: ignore[attr-defined]

    server = client.server(closes)
    rpc = client.of(server)
    for _ in range(3):
        assert client.loop.run(rpc.call("eth_chainId")) == hex(CHAIN_ID)
    assert server.connections == 3


_EXPECTED: dict[str, type[NetworkError]] = {
    "stall": EndpointTimeoutError,
    "reset": UnreachableError,
    "huge": AnswerTooLargeError,
    "trickle": EndpointTimeoutError,
    "empty": UnreachableError,
    "lies about length": AnswerTooLargeError,
    "html error": RpcError,
    "redirect": HttpStatusError,
    "unavailable": HttpStatusError,
}
_FORM_IS_RIGHT = frozenset({"wrong chain", "text for a number", "negative"})  # JSON-RPC all the same


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - _FORM_IS_RIGHT))
def test_a_hostile_endpoint_is_a_typed_error_in_time(client: Client, name: str) -> None:
    rpc = client.of(client.server(HOSTILE[name]), _SHORT if name in {"stall", "trickle"} else _PATIENT)
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        client.loop.run(rpc.call("eth_chainId"))
    assert time.monotonic() - began < 15.0
    assert type(caught.value) is _EXPECTED.get(name, BadAnswerError)
    words = f"{caught.value} {caught.value.details}"
    assert "planted" not in words  # the path may be a key
    assert "\u202e" not in words
    assert len(words) < 1000


def test_the_words_of_an_endpoint_are_one_plain_line(client: Client) -> None:
    said = "line\nbreak \u202eturned" + "x" * 5000
    rpc = client.of(client.server(always({"jsonrpc": "2.0", "id": "ID", "error": {"code": 3, "message": said}})))
    with pytest.raises(RpcError) as caught:
        client.loop.run(rpc.call("eth_call"))
    assert caught.value.code == 3
    assert caught.value.said.startswith("line break \ufffdturned")
    assert len(caught.value.said) <= 300


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b'[{"jsonrpc":"2.0","id":1,"result":1}]',
        b'[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":1,"result":2}]',
        b'[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":7,"result":2}]',
        b'[{"jsonrpc":"2.0","id":true,"result":1},{"jsonrpc":"2.0","id":2,"result":2}]',
        b'{"jsonrpc":"2.0","id":1,"result":1}',
        b"3",
    ],
)
def test_a_batch_that_does_not_answer_what_was_asked_is_refused(client: Client, answer: bytes) -> None:
    rpc = client.of(client.server(raw(http(answer))))
    with pytest.raises(BadAnswerError):
        client.loop.run(rpc.batch([RpcCall("a"), RpcCall("b")]))


def test_an_endpoint_of_another_chain_is_never_believed(client: Client) -> None:
    wrong, good = client.server(chain_id=1), client.server()
    network = client.network(wrong, good)
    assert client.loop.run(network.call("eth_blockNumber")) == "0x3e8"
    assert [json.loads(asked.body)["method"] for asked in wrong.asked] == ["eth_chainId"]
    first, second = network.health()
    assert "serves chain 1, not 2615" in first.problem
    assert not first.verified
    assert second.verified
    alone = client.network(wrong)
    with pytest.raises(EndpointsFailedError) as caught:
        client.loop.run(alone.call("eth_blockNumber"))
    assert isinstance(caught.value.problems[0][1], WrongChainError)


def test_the_next_endpoint_answers_and_the_first_comes_back(client: Client) -> None:
    first, second = client.server(reset), client.server(height=5)
    network = client.network(first, second)
    assert client.loop.run(network.call("eth_blockNumber")) == "0x5"
    first.behaviour = well
    assert client.loop.run(network.call("eth_blockNumber")) == "0x5"  # it rests for a second
    client.now = 1.5
    assert client.loop.run(network.call("eth_blockNumber")) == "0x3e8"
    assert client.loop.run(network.chosen()).endpoint.port == first.port


def test_waits_grow_like_fibonacci_and_no_endpoint_is_lost(client: Client) -> None:
    server = client.server(HOSTILE["unavailable"])
    network = client.network(server)
    waits = []
    for _ in range(8):
        with pytest.raises(EndpointsFailedError):
            client.loop.run(network.call("eth_blockNumber"))
        waits.append(network.health()[0].wait_seconds)
    assert waits == [7, 7, 7, 7, 7, 8, 13, 21]  # it asked for 7 seconds itself
    server.behaviour = well
    assert client.loop.run(network.call("eth_blockNumber")) == "0x3e8"  # all rest: asked all the same


def test_a_method_that_one_lacks_is_asked_of_the_next(client: Client) -> None:
    poor, rich = client.server(missing=frozenset({"echo"})), client.server()
    network = client.network(poor, rich)
    for _ in range(3):
        assert client.loop.run(network.call("echo", [1])) == [1]
    assert sum(b"echo" in asked.body for asked in poor.asked) == 1
    assert network.health()[0].problem == ""  # lacking a method is no illness
    with pytest.raises(MethodMissingError):
        client.loop.run(client.network(poor).call("echo"))


def test_a_refusal_is_an_answer_and_goes_no_further(client: Client) -> None:
    says_no = client.server(always({"jsonrpc": "2.0", "id": "ID", "error": {"code": 3, "message": "reverted"}}))
    other = client.server()
    with pytest.raises(RpcError, match="reverted"):
        client.loop.run(client.network(says_no, other, chain_id=None).call("eth_call"))
    assert other.asked == []


def test_a_cancelled_token_ends_the_wait(client: Client) -> None:
    server = client.server(stall)
    rpc = BlockingJsonRpc(client.loop, client.network(server))
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    with pytest.raises(OperationCancelled):
        rpc.call("eth_blockNumber", token=token)
    client.loop.close()
    with pytest.raises(OperationCancelled):
        rpc.call("eth_blockNumber")
