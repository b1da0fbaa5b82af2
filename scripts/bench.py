"""make bench: what the program costs, always as a ratio to something measured in the same run.

Cold start against a bare PySide6 window; import against the raw engine; what sealing and the audit add; longest stall;
a large ledger in the window beside Qt's stock models (scripts/bench_large.py); the window while ten thousand nodes
report (scripts/bench_board.py).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scripts.gui_session import Gaps

ROOT = Path(__file__).resolve().parent.parent
STARTS = 7


def first_paint(kind: str, data_dir: Path) -> dict[str, float]:
    """Seconds from starting a process to the events it prints ("painted", "usable")."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "scripts" / "paint_probe.py"), kind, str(data_dir), repr(time.time())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    times = {}
    for line in done.stdout.splitlines():
        word, _, value = line.partition(" ")
        if word == "failed":
            raise RuntimeError(value)
        times[word] = float(value)
    if "painted" not in times:
        raise RuntimeError(f"the window never painted: {done.stderr[-2000:]}")
    return times


def bench_start() -> None:
    """Alternates bare and ours, so that a slow moment of the machine hits both."""
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder:
        bare, ours, usable = [], [], []
        for turn in range(STARTS + 1):
            bare_now = first_paint("bare", Path(folder))["painted"]
            times = first_paint("ours", Path(folder))
            if turn:  # the first warms the disk cache
                bare.append(bare_now)
                ours.append(times["painted"])
                usable.append(times.get("usable", float("nan")))
    base = statistics.median(bare)
    print(f"\nCold start to first paint, median of {STARTS}, seconds")
    print(f"  bare PySide6 window    {base:6.3f}   1.00")
    print(f"  Aether Desktop         {statistics.median(ours):6.3f}   {statistics.median(ours) / base:.2f}")
    print(f"  ... first page usable  {statistics.median(usable):6.3f}   {statistics.median(usable) / base:.2f}")


def run(script: str, *arguments: object, timeout: float) -> None:
    """Another script, in a process of its own."""
    command = [sys.executable, "-m", f"scripts.{script}", *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=timeout)


def session() -> None:
    """Scripted sessions in the window, in this process: their longest stalls."""
    from aether_desktop.composition import open_sample
    from scripts.gui_session import application, opened, run_session
    from scripts.lock_session import run_lock_session

    application()
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder:
        sample = open_sample(data_dir=Path(folder))
        vault = Path(sample.info.location)
        sample.close()
        program = opened(vault, Path(folder))
        gaps = run_session(program, Path(folder))
        program.close()
        print_gaps("a scripted session", gaps)
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder:
        print_gaps("making, locking and opening a vault", run_lock_session(Path(folder)))


def print_gaps(what: str, gaps: Gaps) -> None:
    print(f"\nGUI thread during {what} ({gaps.turns:,} turns of the event loop), milliseconds")
    print(f"  longest gap            {gaps.longest * 1000:6.1f}   (wanted: under 50; at {gaps.longest_in})")
    print(f"  99th percentile        {gaps.p99 * 1000:6.1f}   (wanted: under 16)")


# Parts that need nothing but their own script. The whole year of 500 nodes: python -m scripts.bench_nodes
_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "seal": ("bench_sealing",),
    "audit": ("bench_audit",),
    "probes": ("bench_probes",),
    "nodes": ("bench_nodes", "--days", "30", "--rolled", "50"),
    "board": ("bench_board",),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="the large ledger alone, with ten million rows")
    parser.add_argument("--prepared", action="store_true", help="of large ledgers those alone that are there already")
    parser.add_argument("--minutes", type=float, default=0.0, help="of the large ledger: begin nothing after so many")
    parser.add_argument("--rows", type=int, help="rows of the large ledger and of imports")
    parser.add_argument(
        "--only",
        choices=("start", "installed", "large", "import", "stall", "access", *_SCRIPTS),
        help="one part",
    )
    parser.add_argument("--session", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.session:
        session()
        return 0
    rows = options.rows or (10_000_000 if options.large else 1_000_000)
    if options.large and options.only is None:
        options.only = "large"  # the other parts do not depend on it
    if options.only in {None, "start"}:
        bench_start()
    if options.only in {None, "installed"}:
        run("bench_installed", timeout=1800)
    if options.only in {None, "stall"}:
        run("bench", "--session", timeout=600)
    if options.only in {None, "large"}:  # its table has the import too
        more = ["--prepared"] if options.prepared else []
        run("bench_large", "--rows", rows, "--minutes", options.minutes, *more, timeout=6 * 3600)
    if options.only == "import":
        run("bench_import", "--rows", rows, timeout=3600)
    if options.only in {None, "access"}:
        run("bench_access", "--rows", rows, timeout=3600)
    for part, (script, *arguments) in _SCRIPTS.items():
        if options.only in {None, part}:
            run(script, *arguments, timeout=1800)
    return 0


if __name__ == "__main__":
    sys.exit(main())
