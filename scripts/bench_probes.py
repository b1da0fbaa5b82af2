"""make bench, probes: how many a second one core asks, beside a bare asyncio client that asks the same.

python -m scripts.bench_probes            all, alternating, each in a process of its own
python -m scripts.bench_probes MODE PORT  one of them: bare, probes (the guarded module), engine (10,000 nodes)
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from aether_desktop.services.watch_entries import Entry, Round

ROOT: Final = Path(__file__).resolve().parent.parent
PROBES: Final = 4000
NODES: Final = 10_000
ROUNDS: Final = 3
AT_ONCE: Final = 100
TURNS: Final = 3
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


_MODES: Final = ("bare", "probes", "engine")


def _expect(true: bool) -> None:
    if not true:
        raise RuntimeError("the server did not answer as it should")


def measure(mode: str, port: int) -> None:
    """Print probes a second of wall time, and of processor time."""
    ask = bare if mode == "bare" else probes
    asyncio.run(ask(port, 200))  # imports, and the first of everything
    count = PROBES
    if mode == "engine":
        count = NODES * (ROUNDS - 1)
        wall, cpu = asyncio.run(engine(port, NODES))
    else:
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(ask(port, count))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(count / wall, count / cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


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


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    server = subprocess.Popen(
        [sys.executable, "-m", "scripts.bench_probes", "serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    stdout = cast("IO[str]", server.stdout)
    try:
        os.sched_setaffinity(server.pid, {cores[-1]})
        port = int(stdout.readline())
        rates: dict[str, list[tuple[float, float, float]]] = {mode: [] for mode in _MODES}
        for _ in range(TURNS):
            for mode, found in rates.items():
                command = [sys.executable, "-m", "scripts.bench_probes", mode, str(port)]
                done = subprocess.run(
                    command,
                    cwd=ROOT,
                    check=True,
                    capture_output=True,
                    text=True,
                    timeout=120,
                    preexec_fn=lambda: os.sched_setaffinity(0, {cores[0]}),  # no threads here
                )
                wall, cpu, peak = map(float, done.stdout.split())
                found.append((wall, cpu, peak))
    finally:
        server.kill()
        server.wait()
        stdout.close()
    sys.stdout.flush()
    print(f"\nProbes a second on one core, a new connection each, median of {TURNS}")
    print(f"  {'':34}{'wall':>8}{'of bare':>9}{'processor':>11}{'of bare':>9}{'peak MB':>9}")
    base = [statistics.median(each[column] for each in rates["bare"]) for column in (0, 1)]
    names = {
        "bare": "bare asyncio client",
        "probes": "a probe through module and guard",
        "engine": f"the engine, {NODES:,} nodes",
    }
    for mode, found in rates.items():
        wall, cpu, peak = (statistics.median(each[column] for each in found) for column in range(3))
        print(f"  {names[mode]:34}{wall:8,.0f}{wall / base[0]:9.2f}{cpu:11,.0f}{cpu / base[1]:9.2f}{peak:9.0f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    elif sys.argv[1:] == ["week"]:
        week()
    elif len(sys.argv) == 3:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        main()
        subprocess.run([sys.executable, "-m", "scripts.bench_probes", "week"], cwd=ROOT, check=True, timeout=600)
