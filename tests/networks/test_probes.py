"""Every probe through its module, its guard and the real network, against endpoints that behave and that do not."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aether_desktop.domain.probes import Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.networks.connecting import Connector
from aether_desktop.networks.probe_network import ProbeTransport
from aether_desktop.ports.networks import NetworkError
from aether_desktop.security.certificates import certificate_expires_at
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.probe_runners import GuardedProbe
from aether_desktop.sum_api import ProbeContext, SumDescriptor, SumKind
from aether_desktop.sums.built_in import BUILT_IN
from tests.support.scripted_endpoints import (
    HOSTILE,
    Asked,
    Behaviour,
    ScriptedServer,
    ServerThread,
    http,
    raw,
    rpc_result,
    stall,
    well,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class MemorySettings:
    """Choices of nobody."""

    def get(self, key: str, default: object = None) -> object:
        return default

    def set(self, key: str, value: object) -> None:
        raise AssertionError(key, value)


@asynccontextmanager
async def probes(trust: ssl.SSLContext | None = None) -> AsyncIterator[dict[str, GuardedProbe]]:
    transport = ProbeTransport(certificate_expires_at, connector=Connector(trust=trust))
    modules = ModuleService(MemorySettings(), BUILT_IN, find_packages=list)
    try:
        yield modules.probes(transport, wall=lambda: NOW)
    finally:
        await transport.close()


def ask(
    kind: str,
    target: str,
    *,
    network: str = "",
    settings: Mapping[str, object] | None = None,
    timeout: float = 20.0,
    trust: ssl.SSLContext | None = None,
    times: int = 1,
) -> ProbeAnswer:
    """The last answer of so many rounds."""

    async def asked() -> ProbeAnswer:
        answer: ProbeAnswer | None = None
        probe = Probe(
            id=1, node_id=2, kind=kind, target=target, network=network, settings=settings or {}, timeout=timeout
        )
        async with probes(trust) as runners:
            for turn in range(times):
                answer = await runners[kind].ask(probe, turn=turn, last=answer)
        assert answer is not None
        return answer

    return asyncio.run(asked())


@pytest.fixture
def serve(servers: ServerThread) -> Iterator[Callable[..., ScriptedServer]]:
    started: list[ScriptedServer] = []

    def make(behaviour: Behaviour = well, **more: object) -> ScriptedServer:
        started.append(servers.serve(ScriptedServer(behaviour, **more)))  # type: ignore[arg-type]
        return started[-1]

    yield make
    for server in started:
        servers.stop(server)


# -- EVM -----------------------------------------------------------------------------------------------------------


def test_an_evm_node_tells_chain_head_peers_and_now_and_then_an_old_block(serve: Callable[..., ScriptedServer]) -> None:
    async def node(asked: Asked, writer: asyncio.StreamWriter) -> None:
        answers = []
        for call in asked.calls:
            if call["method"] == "eth_getBlockByNumber":
                block = {"number": call["params"][0], "hash": "0x" + "ab" * 32}  # type: ignore[index]
                answers.append({"jsonrpc": "2.0", "id": call["id"], "result": block})
            else:
                answers.append(rpc_result(call, asked.server))
        writer.write(http(json.dumps(answers).encode()))

    server = serve(node, height=3000)
    answer = ask("evm", server.url, network="atc", times=2)
    assert (answer.outcome, answer.height, answer.peers, answer.syncing) == (ProbeOutcome.ANSWERED, 3000, 5, False)
    assert answer.claim == "2615/2048=" + "ab" * 32
    assert answer.latency is not None
    assert len(server.asked) == 2  # one request a round
    few = ask("evm", server.url, network="atc", settings={"min_peers": 9})
    assert (few.outcome, few.poor, few.reason) == (ProbeOutcome.ANSWERED, True, "It has 5 peers, fewer than 9.")


def test_a_missing_method_is_unknown_and_never_down(serve: Callable[..., ScriptedServer]) -> None:
    no_height = ask("evm", serve(missing=frozenset({"eth_blockNumber"})).url, network="atc")
    assert no_height.outcome is ProbeOutcome.UNSUPPORTED
    assert not no_height.outcome.is_evidence
    no_peers = ask("evm", serve(missing=frozenset({"net_peerCount", "eth_syncing"})).url, network="atc")
    assert (no_peers.outcome, no_peers.peers, no_peers.syncing) == (ProbeOutcome.ANSWERED, None, None)


def test_the_wrong_chain_is_wrong_and_any_chain_is_right_where_none_is_expected(
    serve: Callable[..., ScriptedServer],
) -> None:
    server = serve(chain_id=1)
    assert ask("evm", server.url, network="atc").reason == "It serves chain 1, not 2615."
    assert ask("evm", server.url).outcome is ProbeOutcome.ANSWERED


_OUTCOMES = {
    "stall": ProbeOutcome.TIMED_OUT,
    "trickle": ProbeOutcome.TIMED_OUT,
    "reset": ProbeOutcome.REFUSED,
    "empty": ProbeOutcome.REFUSED,
    "huge": ProbeOutcome.TOO_LARGE,
    "lies about length": ProbeOutcome.TOO_LARGE,
    "wrong chain": ProbeOutcome.WRONG,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_evm_endpoint_harms_its_own_answer_only(serve: Callable[..., ScriptedServer], name: str) -> None:
    answer = ask("evm", serve(HOSTILE[name]).url, network="atc", timeout=0.3 if name in ("stall", "trickle") else 20)
    assert answer.outcome is _OUTCOMES.get(name, ProbeOutcome.UNREADABLE)
    assert answer.outcome.is_evidence
    assert answer.reason
    assert "\u202e" not in answer.reason
    assert "planted" not in answer.reason


def test_who_asks_too_often_learns_nothing(serve: Callable[..., ScriptedServer]) -> None:
    busy = raw(http(b"slow down", status="429 Too Many Requests"))
    assert ask("evm", serve(busy).url).outcome is ProbeOutcome.UNSUPPORTED


# -- web, TCP ------------------------------------------------------------------------------------------------------


def test_web_addresses(serve: Callable[..., ScriptedServer]) -> None:
    page = serve(raw(http(b"<h1>All is well</h1>" + b" " * 400_000, kind="text/html")))
    assert ask("http", page.url).outcome is ProbeOutcome.ANSWERED
    assert ask("http", page.url, settings={"body": "All is well"}).outcome is ProbeOutcome.ANSWERED
    assert "in the first 262,144 bytes" in ask("http", page.url, settings={"body": "<b>\u202e"}).reason
    assert ask("http", page.url, settings={"status": 204}).reason == "It answers with HTTP status 200, not 204."
    moved = serve(HOSTILE["redirect"])
    assert ask("http", moved.url).outcome is ProbeOutcome.WRONG  # not followed
    assert ask("http", moved.url, settings={"status": 302}).outcome is ProbeOutcome.ANSWERED
    assert ask("http", serve(HOSTILE["huge"]).url).outcome is ProbeOutcome.ANSWERED  # its beginning was enough
    lies = serve(HOSTILE["lies about length"])
    assert ask("http", lies.url, settings={"method": "HEAD"}).outcome is ProbeOutcome.ANSWERED


def test_ports(serve: Callable[..., ScriptedServer], servers: ServerThread) -> None:
    server = serve(stall)
    assert ask("tcp", f"127.0.0.1:{server.port}").outcome is ProbeOutcome.ANSWERED
    gone = ScriptedServer()
    servers.serve(gone)
    servers.stop(gone)
    assert ask("tcp", f"127.0.0.1:{gone.port}").outcome is ProbeOutcome.REFUSED
    assert ask("tcp", "nonsense").outcome is ProbeOutcome.UNREADABLE


# -- TLS -----------------------------------------------------------------------------------------------------------


class Authority:
    """Signs certificates for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        own = self._builder(self._name, self._key, days=3000).add_extension(x509.BasicConstraints(True, None), True)
        self.trust = ssl.create_default_context(cadata=self._signed(own).public_bytes(serialization.Encoding.DER))

    def serving(self, *, days: float) -> tuple[ssl.SSLContext, str]:
        """A server's side, and the certificate's fingerprint."""
        import ipaddress

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = self._signed(self._builder(subject, key, days=days).add_extension(address, False))
        pem = self._folder / f"node-{days}.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: float) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        ends = now + timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, ends) - timedelta(days=1))
            .not_valid_after(ends)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_short_certificate_is_seen_an_expired_one_refused(
    serve: Callable[..., ScriptedServer], authority: Authority
) -> None:
    short, fingerprint = authority.serving(days=3.5)
    server = serve(tls=short)
    answer = ask("tls", f"127.0.0.1:{server.port}", trust=authority.trust)
    assert answer.outcome is ProbeOutcome.ANSWERED
    assert answer.expires_at is not None
    assert timedelta(days=3) < answer.expires_at - datetime.now(UTC) < timedelta(days=4)
    assert ask("http", server.url, trust=authority.trust).outcome is ProbeOutcome.ANSWERED
    stranger = ask("tls", f"127.0.0.1:{server.port}")
    assert (stranger.outcome, "refused" in stranger.reason) == (ProbeOutcome.WRONG, True)
    noted = ask("tls", f"127.0.0.1:{server.port}", settings={"fingerprint": fingerprint.upper()})
    assert noted.outcome is ProbeOutcome.ANSWERED
    other = ask("tls", f"127.0.0.1:{server.port}", settings={"fingerprint": "00" * 32})
    assert "another certificate" in other.reason
    expired, _ = authority.serving(days=-1.0)
    late = ask("tls", f"127.0.0.1:{serve(tls=expired).port}", trust=authority.trust)
    assert (late.outcome, "expired" in late.reason) == (ProbeOutcome.WRONG, True)
    plain = ask("tls", f"127.0.0.1:{serve(raw(b'SSH-2.0-OpenSSH' + bytes(2))).port}", timeout=0.5)
    assert plain.outcome in (ProbeOutcome.WRONG, ProbeOutcome.TIMED_OUT)


# -- IPFS ----------------------------------------------------------------------------------------------------------

_PEER = "12D3KooW" + "a" * 44
_CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


def ipfs(**changed: bytes) -> Behaviour:
    """A Kubo-style RPC."""
    answers = {
        "id": json.dumps({"ID": _PEER, "AgentVersion": "kubo"}).encode(),
        "repo/stat": b'{"RepoSize":50,"StorageMax":100}',
        "pin/ls": json.dumps({"Keys": {_CID: {"Type": "recursive"}}}).encode(),
        **{name.replace("_", "/"): answer for name, answer in changed.items()},
    }

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        assert asked.method == "POST"
        command, _, query = asked.path.partition("/api/v0/")[2].partition("?")
        if query.startswith("arg=") and query != f"arg={_CID}":
            writer.write(http(b'{"Message":"not pinned"}', status="500 Internal Server Error"))
        elif command in answers:
            writer.write(http(answers[command]))
        else:
            writer.write(http(b"404 page not found", status="404 Not Found", kind="text/plain"))

    return behave


def test_an_ipfs_node_tells_its_pins(serve: Callable[..., ScriptedServer]) -> None:
    target = f"http://127.0.0.1:{serve(ipfs()).port}"
    answer = ask("ipfs", target, settings={"pin": _CID, "peer": _PEER})
    assert (answer.outcome, answer.pins, answer.poor) == (ProbeOutcome.ANSWERED, 1, False)
    assert answer.claim.startswith("pins=")
    missing = ask("ipfs", target, settings={"pin": "Qm" + "b" * 44})
    assert (missing.poor, "does not pin" in missing.reason) == (True, True)
    assert ask("ipfs", target, settings={"peer": "Qm" + "c" * 44}).outcome is ProbeOutcome.WRONG
    server = serve(ipfs(repo_stat=b'{"RepoSize":99,"StorageMax":100}'))
    full = ask("ipfs", f"http://127.0.0.1:{server.port}")
    assert full.reason == "Its repository is nearly full."
    many = serve(ipfs(pin_ls=b'{"Keys":{' + b" " * 2_000_000 + b"}}"))
    assert ask("ipfs", f"http://127.0.0.1:{many.port}").pins is None  # too long a list is no illness


@pytest.mark.parametrize("name", ["html", "garbage", "reset", "deep", "another id", "not a number"])
def test_a_hostile_ipfs_endpoint_harms_its_own_answer_only(serve: Callable[..., ScriptedServer], name: str) -> None:
    server = serve(HOSTILE[name])
    answer = ask("ipfs", f"http://127.0.0.1:{server.port}")
    assert answer.outcome in (ProbeOutcome.UNREADABLE, ProbeOutcome.REFUSED)
    gateway = serve(raw(http(b"no", status="404 Not Found")))
    assert ask("ipfs", f"http://127.0.0.1:{gateway.port}").outcome is ProbeOutcome.UNSUPPORTED


# -- a stranger's probe --------------------------------------------------------------------------------------------


class StrangersProbe:
    """Does what it was made with."""

    probe_kind = "stranger"
    title = "Stranger\u202e"

    def __init__(self, act: Callable[[ProbeContext], Awaitable[object]]) -> None:
        self._act = act

    async def ask(self, _probe: Probe, context: ProbeContext) -> ProbeAnswer:
        return await self._act(context)  # type: ignore[return-value]


def asked_of_stranger(act: Callable[[ProbeContext], Awaitable[object]]) -> tuple[ProbeAnswer, list[str]]:
    notes: list[str] = []
    module = StrangersProbe(act)
    descriptor = SumDescriptor("stranger.probe", SumKind.INTERCEDING, module.title, "1", "", module)

    async def run() -> ProbeAnswer:
        transport = ProbeTransport(certificate_expires_at)
        runner = GuardedProbe(
            descriptor, module, transport, wall=lambda: NOW, note=lambda key, said: notes.append(f"{key}: {said}")
        )
        probe = Probe(id=1, node_id=2, kind="stranger", target="x", timeout=0.2)
        with contextlib.suppress(asyncio.CancelledError):
            await runner.ask(probe)
        answer = await runner.ask(probe)
        await transport.close()
        return answer

    return asyncio.run(run()), notes


def test_a_strangers_probe_cannot_end_the_monitor() -> None:
    async def raises(_context: ProbeContext) -> object:
        raise KeyError("<b>")

    async def leaves(_context: ProbeContext) -> object:
        raise SystemExit(3)

    async def babbles(_context: ProbeContext) -> object:
        return "fine"

    async def dawdles(_context: ProbeContext) -> object:
        await asyncio.sleep(60)
        return None

    async def passes_on(context: ProbeContext) -> object:
        return await context.network.request("GET", "http://127.0.0.1:1/")

    for act, said in ((raises, "KeyError"), (leaves, "SystemExit"), (babbles, "str")):
        answer, notes = asked_of_stranger(act)
        assert answer.outcome is ProbeOutcome.NOT_ASKED
        assert said in answer.reason
        assert len(notes) == 1  # once, not every round
    assert asked_of_stranger(dawdles)[0].outcome is ProbeOutcome.TIMED_OUT
    assert asked_of_stranger(passes_on)[0].outcome is ProbeOutcome.REFUSED


def test_errors_of_the_network_are_all_known() -> None:
    """A new one must not become "unreadable" unseen."""
    from aether_desktop.services import probe_runners

    def leaves(kind: type[NetworkError]) -> Iterator[type[NetworkError]]:
        for each in kind.__subclasses__():
            yield each
            yield from leaves(each)

    told_elsewhere = {"WrongChainError", "EndpointsFailedError"}  # of networks of several endpoints, not of probes
    for kind in leaves(NetworkError):
        assert kind.__name__ in told_elsewhere or any(issubclass(kind, each) for each, _ in probe_runners._OUTCOMES)
