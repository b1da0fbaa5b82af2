"""Screenshots of every view into build/shots: light and dark at 1366x768, and at 200 % scale.

With --readme, also refreshes the pictures in docs/images.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "build" / "shots"
SECTIONS = (
    "overview",
    "wallets",
    "transactions",
    "payments",
    "payment_methods",
    "contracts",
    "content",
    "temple_nodes",
    "monitoring",
    "people",
    "imports",
    "tokens",
    "audit",
    "modules",
    "settings",
)


def take(mode: str, scale: int, folder: Path) -> None:
    """In this process: one theme at one scale (QT_SCALE_FACTOR is set by the parent)."""
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication, QTableView

    from aether_desktop.bootstrap import build
    from aether_desktop.composition import open_sample
    from aether_desktop.ui.theme.theme import ThemeMode
    from scripts.gui_session import settle, wait

    app = QApplication([])
    data = Path(tempfile.mkdtemp(prefix="aether-shots-"))
    suffix = f"{mode}" if scale == 1 else f"{mode}-200"
    try:
        first = build(data_dir=data / "new")
        first.window.resize(QSize(1366, 768) / scale)
        first._theme.set_mode(ThemeMode(mode))
        settle(1500)
        first.window.grab().save(str(folder / f"first-run-{suffix}.png"))
        first.close()
        sample = open_sample(data_dir=data / "sample")
        vault = Path(sample.info.location)
        sample.close()
        program = build(vault=vault, data_dir=data / "sample")
        wait(lambda: program.services is not None)
        program._theme.set_mode(ThemeMode(mode))
        program.window.resize(QSize(1366, 768) / scale)
        for section in SECTIONS:
            page = program.window.open_section(section)
            settle(900)
            grid = page.findChild(QTableView)
            if grid is not None and grid.model() is not None and grid.model().rowCount():
                grid.selectRow(min(1, grid.model().rowCount() - 1))
                settle(300)
            program.window.grab().save(str(folder / f"{section}-{suffix}.png"))
        program.close()
    finally:
        shutil.rmtree(data, ignore_errors=True)
    app.quit()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--take", nargs=2, metavar=("MODE", "SCALE"), help=argparse.SUPPRESS)
    parser.add_argument("--readme", action="store_true", help="also refresh docs/images")
    options = parser.parse_args()
    SHOTS.mkdir(parents=True, exist_ok=True)
    if options.take:
        take(options.take[0], int(options.take[1]), SHOTS)
        return 0
    for mode in ("light", "dark"):
        for scale in (1, 2):
            environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), "PYTHONPATH": str(ROOT)}
            command = [sys.executable, __file__, "--take", mode, str(scale)]
            subprocess.run(command, env=environment, check=True)
    if options.readme:
        images = ROOT / "docs" / "images"
        images.mkdir(parents=True, exist_ok=True)
        for name in ("transactions-dark", "overview-light", "temple_nodes-light"):
            shutil.copyfile(SHOTS / f"{name}.png", images / f"{name}.png")
    print(f"{len(list(SHOTS.glob('*.png')))} pictures in {SHOTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
