"""make bench, probes: how many a second one core asks, beside bare asyncio clients that ask the same.

Two peers stand beside ours. "bare" trusts everything: it reads to the end of the connection, looks for the words, and
knows neither time nor size nor HTTP. "careful" is what one would write by hand for such an answer: a timeout, the
status, the length it was told (bounded), JSON. Both use asyncio's streams, a new connection each time, as ours.

python -m scripts.bench_probes             all, alternating, each in a process of its own; then the two below
python -m scripts.bench_probes MODE PORT   one: bare, careful, probes (the guarded module), engine (10,000 nodes)
python -m scripts.bench_probes paced PORT  10,000 nodes every 30 seconds over an encrypted vault: the share of one core
python -m scripts.bench_probes week        memory over a simulated week
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from aether_desktop.services.watch_entries import Entry, Round
    from aether_desktop.storage.sql_storage import SqlStorage

ROOT: Final = Path(__file__).resolve().parent.parent
PROBES: Final = 4000
NODES: Final = 10_000
ROUNDS: Final = 3
AT_ONCE: Final = 100
TURNS: Final = 5
PACED_SECONDS: Final = (35, 60)  # to begin with, and measured
_MOST: Final = 256 * 1024
_BODY: Final = b'{"status":"well"}'
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY
_QUESTION: Final = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"


class Answering(asyncio.Protocol):
    """The cheapest server there is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)
            self._transport.close()


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0, backlog=2000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def asked(ask: Callable[[], Awaitable[None]], count: int) -> None:
    """``AT_ONCE`` at a time, and the rate."""
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await ask()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def bare(port: int, count: int) -> int:
    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_QUESTION)
        answer = await reader.read()
        _expect(_BODY in answer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    await asked(ask, count)
    return count


async def careful(port: int, count: int) -> int:
    async def ask() -> None:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_QUESTION)
                status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
                pairs = (line.partition(":") for line in lines)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                _expect(status.split(" ")[1] == "200" and int(headers["content-length"]) <= _MOST)
                answer = json.loads(await reader.readexactly(int(headers["content-length"])))
            finally:
                writer.close()
        _expect(answer == {"status": "well"})
        with suppress(OSError):
            await writer.wait_closed()

    await asked(ask, count)
    return count


class Choices:
    """Settings of nobody."""

    def get(self, _key: str, default: object = None) -> object:
        return default

    def set(self, key: str, value: object) -> None:
        raise AssertionError(key, value)


@asynccontextmanager
async def runners() -> AsyncIterator[Mapping[str, object]]:
    from aether_desktop.networks.probe_network import ProbeTransport
    from aether_desktop.security.certificates import certificate_expires_at
    from aether_desktop.services.modules import ModuleService
    from aether_desktop.sums.built_in import BUILT_IN

    transport = ProbeTransport(certificate_expires_at)
    try:
        yield ModuleService(Choices(), BUILT_IN, find_packages=list).probes(transport, wall=lambda: datetime.now(UTC))
    finally:
        await transport.close()


async def probes(port: int, count: int) -> int:
    from aether_desktop.domain.probes import Probe, ProbeOutcome

    probe = Probe(id=1, node_id=1, kind="http", target=f"http://127.0.0.1:{port}/")
    async with runners() as kinds:
        runner = kinds["http"]

        async def ask() -> None:
            answer = await runner.ask(probe)  # type: ignore[attr-defined]
            _expect(answer.outcome is ProbeOutcome.ANSWERED)

        await asked(ask, count)
    return count


class CountingStore:
    """Takes everything, keeps nothing."""

    locked = False

    def __init__(self, port: int) -> None:
        self._port = port

    def nodes(self) -> list[object]:
        from aether_desktop.domain.probes import Probe
        from aether_desktop.domain.temple import NodeType, Tier
        from aether_desktop.ports.monitoring import WatchedNode

        return [
            WatchedNode(
                id=number,
                name=f"node-{number}",
                tier=list(Tier)[number % 3],
                type=NodeType.ZADOKITE,
                probes=(Probe(id=number, node_id=number, kind="http", target=f"http://127.0.0.1:{self._port}/"),),
            )
            for number in range(1, NODES + 1)
        ]

    def readings(self) -> list[object]:
        return []

    def lease(self, node_ids: Collection[int], **_terms: object) -> list[object]:
        from aether_desktop.ports.monitoring import Lease

        return [Lease(each, 1, datetime.now(UTC)) for each in node_ids]

    def release(self, *, holder: str) -> None:
        pass

    def write(self, _batch: object) -> None:
        pass

    def maintain(self, _now: datetime) -> None:
        pass


async def engine(port: int, count: int) -> tuple[float, float]:
    """All nodes ``ROUNDS`` times, as fast as limits allow; returns seconds of wall and processor time of all but the
    first."""
    from aether_desktop.services.watch_engine import EngineParts, WatchSession

    times: list[tuple[float, float]] = []
    ending = asyncio.Event()
    session = WatchSession(EngineParts(runners), publish=lambda _board: None, tell=lambda _notice: None)  # type: ignore[arg-type]
    keep, left = session.core.measured, set[int]()

    def measured(entry: Entry, done: Round) -> None:
        if keep is not None:
            keep(entry, done)
        left.discard(entry.node.id)
        if not left:
            times.append((time.perf_counter(), time.process_time()))
            left.update(session.core.entries)
            if len(times) > ROUNDS:
                ending.set()
            asyncio.get_running_loop().call_soon(session.core.check_now, None)

    session.core.measured = measured
    session.use(CountingStore(port), None)  # type: ignore[arg-type]
    running = asyncio.create_task(session.run(ending))
    while len(session.core.entries) < count:  # noqa: ASYNC110 - once, before anything is measured
        await asyncio.sleep(0.05)
    left.update(session.core.entries)
    session.core.check_now(None)
    await running
    return times[-1][0] - times[1][0], times[-1][1] - times[1][1]


_MODES: Final = ("bare", "careful", "probes", "engine")


def _expect(true: bool) -> None:
    if not true:
        raise RuntimeError("the server did not answer as it should")


def measure(mode: str, port: int) -> None:
    """Print probes a second of wall time, and of processor time."""
    ask = {"bare": bare, "careful": careful}.get(mode, probes)
    asyncio.run(ask(port, 200))  # imports, and the first of everything
    count = PROBES
    if mode == "engine":
        count = NODES * (ROUNDS - 1)
        wall, cpu = asyncio.run(engine(port, NODES))
    else:
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(ask(port, count))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(count / wall, count / cpu, _peak())


def _peak() -> int:
    """Megabytes, at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def resident() -> float:
    """Megabytes of this process now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def week() -> None:
    """A hundred nodes in a time machine, asked every five minutes; each is down for two hours a day."""
    from aether_desktop.domain.probes import ProbeAnswer
    from tests.support.time_machine import DAY, HOUR, RememberingStore, TimeMachine, good, node, refused

    def script(node_id: int, uptime: float) -> ProbeAnswer:
        return refused() if (uptime + node_id * 864.0) % DAY < 2 * HOUR else good(int(uptime / 12))

    store = RememberingStore([node(number) for number in range(1, 101)], kept=False)
    machine = TimeMachine(store, script, beat=60.0)
    held: list[float] = []
    for day in range(1, 8):
        machine.at(day * DAY, lambda: held.append(resident()))
    began = time.perf_counter()
    machine.run(7 * DAY + 1)
    print(f"\nA simulated week of 100 nodes: {machine.runner.asked:,} probes, {len(machine.told):,} notices")
    days = ", ".join(f"{each:.0f}" for each in held)
    print(f"  in {time.perf_counter() - began:.0f} s; resident after each day, MB: {days}")


def watched_vault(folder: Path, port: int) -> SqlStorage:
    """``NODES`` nodes with a probe each: one is made as people make it, the others are its copies."""
    from sqlalchemy import insert, select

    from aether_desktop.domain.probes import Probe
    from aether_desktop.domain.temple import Tier
    from aether_desktop.domain.temple_nodes import TempleNode
    from aether_desktop.storage.schema import NODE_PROBES, TEMPLE_NODES
    from aether_desktop.storage.sql_storage import create_vault

    storage = create_vault(folder / "books.aether", bytes(range(32)), name="Bench", username="bench")
    node = TempleNode(
        id=storage.new_id(),
        owner_id=storage.info.user_id,
        created_at=datetime.now(UTC),
        node_id="node",
        tier=Tier.OUTER_COURT,
        storage_threshold=12,
    )
    storage.temple_nodes.create(node)
    target = f"http://127.0.0.1:{port}/"
    storage.watching.probes.replace(node.id, [Probe(id=storage.new_id(), node_id=node.id, kind="http", target=target)])
    with storage._database.write(action="bench", table=TEMPLE_NODES.name) as unit:
        first = dict(unit.connection.execute(select(TEMPLE_NODES)).mappings().one())
        probe = dict(unit.connection.execute(select(NODE_PROBES)).mappings().one())
        ids = [(storage.new_id(), storage.new_id(), tier) for tier in list(Tier) * (NODES // 3)]
        more = [{**first, "id": new, "node_id": f"node {new}", "tier": tier} for new, _, tier in ids]
        unit.connection.execute(insert(TEMPLE_NODES), more)
        rows = [{**probe, "id": new, "node_id": node_id} for node_id, new, _ in ids]
        unit.connection.execute(insert(NODE_PROBES), rows)
    return storage


async def watched(storage: SqlStorage) -> tuple[float, float, int, float]:
    """Seconds of wall and processor time, probes, and how many seconds the schedule was behind at most."""
    from aether_desktop.services.watch_engine import EngineParts, WatchSession

    ending = asyncio.Event()
    session = WatchSession(EngineParts(runners), publish=lambda _board: None, tell=lambda _notice: None)  # type: ignore[arg-type]
    session.use(storage.watching.watch, None)
    running = asyncio.create_task(session.run(ending))
    await asyncio.sleep(PACED_SECONDS[0])
    wall, cpu, before, late = time.perf_counter(), time.process_time(), session.core.asked, 0.0
    for _ in range(PACED_SECONDS[1]):
        await asyncio.sleep(1)
        late = max(late, session.core.rounds.late())
    wall, cpu, count = time.perf_counter() - wall, time.process_time() - cpu, session.core.asked - before
    ending.set()
    await running
    return wall, cpu, count, late


def paced(port: int) -> None:
    """Print the share of one core that the whole of it takes: probes, states, boards, the encrypted vault."""
    with tempfile.TemporaryDirectory() as folder, closing(watched_vault(Path(folder), port)) as storage:
        wall, cpu, count, late = asyncio.run(watched(storage))
        upkeep = time.process_time()
        storage.watching.watch.maintain(datetime.now(UTC) + timedelta(minutes=6))
        upkeep = time.process_time() - upkeep
    print(f"\n{NODES:,} nodes every 30 s over an encrypted vault, {wall:.0f} s on one core")
    print(f"  {count / wall:.0f} probes a second, {100 * cpu / wall:.0f} % of the core, at most {late:.1f} s behind")
    print(f"  {1e6 * cpu / count:.0f} us of processor time a probe, writing included; peak {_peak()} MB")
    print(f"  upkeep (roll-ups of all nodes) {upkeep:.1f} s of processor time every 5 minutes")


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server on another core than ours."""
    cores = sorted(os.sched_getaffinity(0))
    server = subprocess.Popen(
        [sys.executable, "-m", "scripts.bench_probes", "serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    stdout = cast("IO[str]", server.stdout)
    try:
        os.sched_setaffinity(server.pid, {cores[-1]})
        yield int(stdout.readline())
    finally:
        server.kill()
        server.wait()
        stdout.close()


def on_one_core(*arguments: object, timeout: int) -> str:
    """What this script prints in a process of its own."""
    core = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench_probes", *map(str, arguments)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # no threads here
    )
    return done.stdout


def _spread(values: Sequence[float], form: str) -> str:
    return " ".join(format(each, form).rjust(7) for each in (min(values), statistics.median(values), max(values)))


def main() -> None:
    rates: dict[str, list[tuple[float, float, float]]] = {mode: [] for mode in _MODES}
    with serving() as port:
        for _ in range(TURNS):
            for mode, found in rates.items():
                wall, cpu, peak = map(float, on_one_core(mode, port, timeout=120).split())
                found.append((wall, cpu, peak))
        watching = on_one_core("paced", port, timeout=300)
    sys.stdout.flush()
    names = {
        "bare": "bare asyncio client",
        "careful": "careful asyncio client",
        "probes": "a probe through module and guard",
        "engine": f"the engine, {NODES:,} nodes",
    }
    print(f"\nProbes a second on one core, a new connection each: least, median and most of {TURNS} turns")
    print(f"  {'':34}{'processor time':>23}{'of bare in the turn':>24}{'wall, of bare':>24}{'MB':>5}")
    for mode, found in rates.items():
        turns = list(zip(found, rates["bare"], strict=True))
        columns = [
            _spread([each[1] for each in found], ",.0f"),
            _spread([each[1] / base[1] for each, base in turns], ".2f"),
            _spread([each[0] / base[0] for each, base in turns], ".2f"),
        ]
        print(f"  {names[mode]:34}{' '.join(columns)}{max(each[2] for each in found):5.0f}")
    print(watching.rstrip("\n"))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    elif sys.argv[1:] == ["week"]:
        week()
    elif sys.argv[1:2] == ["paced"]:
        paced(int(sys.argv[2]))
    elif len(sys.argv) == 3:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main()
        subprocess.run([sys.executable, "-m", "scripts.bench_probes", "week"], cwd=ROOT, check=True, timeout=600)
