"""Networks over a real vault, their endpoints asked over real connections on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from aether_desktop.domain.chains import CHAINS
from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, OperationCancelled
from aether_desktop.ports.networks import EndpointsFailedError
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.networks import NetworkService
from aether_desktop.services.service_set import ServiceSet
from tests.support.scripted_endpoints import CHAIN_ID, HEIGHT, HOSTILE, ScriptedServer, ServerThread, well

OWN = {"name": "FractalCoin", "chain_id": 26_150, "symbol": "FTC", "endpoints": ("https://ftc.example/v3/key",)}


@pytest.fixture(scope="module")
def servers() -> Iterator[ServerThread]:
    with closing(ServerThread()) as thread:
        yield thread


@pytest.fixture
def networks(services: ServiceSet) -> Iterator[NetworkService]:
    info, storage = services.info, services.storage
    with closing(JsonRpcConnections()) as connections:
        yield NetworkService(storage.networks, connections, user_id=info.user_id, new_id=storage.new_id)


def test_the_presets_are_those_of_the_ecosystem(networks: NetworkService) -> None:
    found = {each.chain_id: each for each in networks.all()}
    assert list(found) == [2615, 2616, 2618, 1, 11155111]
    assert found[2618].endpoints == ("http://localhost:8545",)
    assert [each.endpoints for each in found.values() if each.chain_id != 2618] == [()] * 4
    assert {each.chain.key for each in found.values() if each.chain} <= CHAINS.keys()


def test_a_preset_is_changed_and_put_back(networks: NetworkService) -> None:
    changed = networks.save({"endpoints": ("http://127.0.0.1:9",)}, base=networks.find("0xa37"))
    assert (changed.name, changed.version, networks.find("ATC")) == ("AetherCoin mainnet", 1, changed)
    again = networks.save({"confirmations": 30}, base=changed)
    assert (again.confirmations, again.endpoints, again.version) == (30, changed.endpoints, 2)
    with pytest.raises(InvalidInputError) as refused:
        networks.save({"chain_id": 5}, base=again)
    assert refused.value.field == "chain_id"
    networks.remove(again)
    assert networks.find("2615").endpoints == ()
    with pytest.raises(NotFoundError):
        networks.remove(networks.find("2615"))


def test_networks_of_ones_own(networks: NetworkService) -> None:
    made = networks.save({**OWN, "explorer": "https://scan.example/"})
    assert networks.all()[-1] == made
    assert made.transaction_link("0xab") == "https://scan.example/tx/0xab"
    with pytest.raises(AlreadyExistsError):
        networks.save(OWN)
    networks.remove(made)
    with pytest.raises(NotFoundError, match="AetherCoin mainnet"):
        networks.find("FTC")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"chain_id": 0}, "chain_id"),
        ({"chain_id": 2**63}, "chain_id"),
        ({"symbol": ""}, "symbol"),
        ({"endpoints": ("ftp://node",)}, "endpoints"),
        ({"endpoints": ("tcp://node:1",)}, "endpoints"),
        ({"endpoints": ("http://a", "http://a")}, "endpoints"),
        ({"confirmations": 0}, "confirmations"),
        ({"explorer": "javascript:alert(1)"}, "explorer"),
    ],
)
def test_what_is_refused_names_its_field(networks: NetworkService, changed: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        networks.save({**OWN, **changed})
    assert refused.value.field == field
    with pytest.raises(InvalidInputError, match="Fill this in"):
        networks.save({name: value for name, value in OWN.items() if name != "symbol"})


def test_endpoints_prove_their_chain(networks: NetworkService, servers: ServerThread) -> None:
    good, other = servers.serve(ScriptedServer(well)), servers.serve(ScriptedServer(well, chain_id=1))
    network = networks.save({"endpoints": (other.url, good.url)}, base=networks.of_chain(CHAIN_ID))
    wrong, right = networks.check(network)
    assert (right.head, right.problem) == (HEIGHT, "")
    assert wrong.head is None
    assert "serves chain 1, not 2615" in wrong.problem
    client = networks.client(network)
    assert client.call("eth_blockNumber") == hex(HEIGHT)  # of the second
    with pytest.raises(EndpointsFailedError, match="not 2615"):
        networks.client(networks.save({"endpoints": (other.url,)}, base=network)).call("eth_blockNumber")
    for server in (good, other):
        servers.stop(server)


@pytest.mark.parametrize(
    "name", ["html", "not a number", "deep", "another id", "text for a number", "negative", "empty"]
)
def test_hostile_endpoints_are_said_and_harm_nothing(
    networks: NetworkService, servers: ServerThread, name: str
) -> None:
    server = servers.serve(ScriptedServer(HOSTILE[name]))
    (found,) = networks.check(networks.save({"endpoints": (server.url,)}, base=networks.of_chain(CHAIN_ID)))
    assert found.head is None
    assert found.problem
    assert "<" not in found.problem
    servers.stop(server)


def test_without_an_endpoint_it_is_said(networks: NetworkService) -> None:
    with pytest.raises(InvalidInputError, match="no endpoint"):
        networks.check(networks.of_chain(1))


def test_what_is_asked_is_broken_off(services: ServiceSet, servers: ServerThread) -> None:
    info, storage = services.info, services.storage
    connections = JsonRpcConnections()
    networks = NetworkService(storage.networks, connections, user_id=info.user_id, new_id=storage.new_id)
    server = servers.serve(ScriptedServer(HOSTILE["stall"]))
    token = CancelToken()
    token.cancel()
    network = networks.save({"endpoints": (server.url,)}, base=networks.of_chain(CHAIN_ID))
    with pytest.raises(OperationCancelled):
        networks.check(network, token=token)
    connections.close()
    with pytest.raises(OperationCancelled):
        networks.check(network)
    with suppress(OperationCancelled):
        connections.close()
    servers.stop(server)
