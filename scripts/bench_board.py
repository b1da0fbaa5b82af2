"""The window while ten thousand nodes report: the real engine at 30 s a node, the map, the tray's words, a node's page.

Gaps of the GUI thread: the 99th percentile wanted under 16 ms, the longest under 50 ms.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aether_desktop.domain.temple import Tier
from aether_desktop.ports.monitoring import ProbeRunner, WatchState
from aether_desktop.services.watch_clocks import SystemClocks
from aether_desktop.services.watch_engine import EngineParts, WatchEngine
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.temple_nodes import TempleNodesView
from aether_desktop.ui.watching import BoardWatch
from scripts.gui_session import Gaps, GapWatch, application, settle, wait
from tests.support.storages import vault_template
from tests.support.time_machine import RememberingStore, ScriptedRunner, good, node, refused
from tests.ui.ledgers import opened_ledger

INTERVAL = 30  # seconds
_FAILING = 97  # every so manieth node answers nothing in every other minute


def engine_over(nodes: int) -> tuple[WatchEngine, RememberingStore]:
    """Answers at once, so that all that costs is ours."""
    clocks = SystemClocks()
    runner = ScriptedRunner(
        lambda number, uptime: refused() if number % _FAILING == 0 and uptime // 60 % 2 else good(4_344_951),
        clocks.uptime,
    )

    @asynccontextmanager
    async def probes() -> AsyncIterator[Mapping[str, ProbeRunner]]:
        yield {runner.kind: runner}

    tiers = (Tier.OUTER_COURT,) * 6 + (Tier.HOLY_PLACE,) * 3 + (Tier.MOST_HOLY_PLACE,)
    watched = [node(number, tiers[number % 10], interval=INTERVAL) for number in range(1, nodes + 1)]
    return WatchEngine(EngineParts(probes=probes, clocks=clocks)), RememberingStore(watched, kept=False)


def measure(nodes: int, seconds: float) -> Gaps:
    """One window, opened and used while they report."""
    app = application()
    sys.setswitchinterval(0.00005)  # as the program itself does
    theme = Theme(ThemeMode.DARK)
    theme.apply(app)
    folder = Path(tempfile.mkdtemp(prefix="aether-bench-"))
    try:
        vault = folder / "books.aether"
        shutil.copyfile(vault_template(folder), vault)
        vault.chmod(0o600)
        with opened_ledger(vault, folder, theme) as ledger:
            engine, store = engine_over(nodes)
            watch = BoardWatch(engine)
            page = TempleNodesView(replace(ledger.context, board=watch))
            page.resize(1170, 744)
            page.show()
            settle(500)
            gaps = GapWatch()
            gaps.begin()
            engine.start(store)
            for step in _steps(page, watch, nodes, seconds):
                gaps.step = step
            found = gaps.end()
            page.close_model()
            page.close()
            watch.close()
            engine.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _steps(page: TempleNodesView, watch: BoardWatch, nodes: int, seconds: float) -> Iterator[str]:
    yield "nodes are read"
    wait(lambda: len(watch.board.nodes) == nodes and watch.board.state is WatchState.WATCHING)
    yield "the map is made"
    page.toggle_map()
    wait(lambda: len(page.map.nodes) == nodes and page.map.settled)
    yield "nodes report to the map"
    settle(int(seconds * 1000))
    yield "the map is walked over"
    for _ in range(20):
        page.map.choose(page.map.nodes[0].key)
        page.map.grab()
        settle(50)
    yield "a node's page, while others report"
    page.open_node(page.map.nodes[0].key)
    settle(int(seconds * 500))
    yield "back to the map"
    page.leave_node()
    wait(lambda: page.map.settled)
    settle(500)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    found = measure(options.nodes, options.seconds)
    print(f"\nGUI thread while {options.nodes:,} nodes report every {INTERVAL} s ({found.turns:,} turns), milliseconds")
    print(f"  longest gap            {found.longest * 1000:6.1f}   (wanted: under 50; at {found.longest_in})")
    print(f"  99th percentile        {found.p99 * 1000:6.1f}   (wanted: under 16)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
