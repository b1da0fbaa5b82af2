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

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QTableView

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.composition import create_vault, open_sample
from aether_desktop.ports.queries import GroupBy
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui.object_names import SECTIONS, UNLOCK_PASSWORD, UNLOCK_START, audit_part_name
from aether_desktop.ui.theme.theme import ThemeMode
from aether_desktop.ui.views.temple_nodes import TempleNodesView
from aether_desktop.ui.views.transactions import TransactionsView
from aether_desktop.ui.wizards.import_wizard import ImportWizard
from scripts.gui_session import application, click, named, settle, wait, wait_for
from scripts.shared_shots import take_shared

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "build" / "shots"


class Camera:
    """Pictures of one window after another, in one theme, at one scale (QT_SCALE_FACTOR is set by the parent)."""

    def __init__(self, mode: str, scale: int, folder: Path) -> None:
        self._mode, self._scale, self._folder = ThemeMode(mode), scale, folder
        self._suffix = mode if scale == 1 else f"{mode}-200"

    def point_at(self, program: WindowProgram) -> None:
        """Wait until the program shows something, and give it the size and theme of the pictures."""
        wait(lambda: program.services is not None or program.window.alone_page is not None)
        program._theme.set_mode(self._mode)
        program.window.resize(QSize(1366, 768) / self._scale)
        self.window = program.window
        settle(400)

    def shoot(self, name: str, milliseconds: int = 900) -> None:
        """A picture once the window had time to settle."""
        settle(milliseconds)
        self.window.grab().save(str(self._folder / f"{name}-{self._suffix}.png"))


def take(mode: str, scale: int, folder: Path) -> None:
    """In this process: one theme at one scale."""
    app = application()
    camera = Camera(mode, scale, folder)
    data = Path(tempfile.mkdtemp(prefix="aether-shots-"))
    try:
        first = build(data_dir=data / "new")
        camera.point_at(first)
        camera.shoot("first-run")
        first.close()
        sample = open_sample(data_dir=data / "sample")
        vault = Path(sample.info.location)
        sample.close()
        program = build(vault=vault, data_dir=data / "sample")
        camera.point_at(program)
        take_sections(camera)
        take_floating(camera)
        take_import(camera, data)
        program.close()
        take_locked(camera, data)
        take_shared(camera, data)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    app.quit()


def take_sections(camera: Camera) -> None:
    """Every section, with a row chosen where there are rows."""
    for section in SECTIONS:
        page = camera.window.open_section(section)
        settle(900)
        grid = page.findChild(QTableView)
        if grid is not None and grid.model() is not None and grid.model().rowCount():
            grid.selectRow(min(1, grid.model().rowCount() - 1))
        camera.shoot(section, 300)


def take_floating(camera: Camera) -> None:
    """A form, the filter builder, the palette, the shortcuts, the sheet of the audit log."""
    window = camera.window
    window.open_section("wallets")
    click(window, "wallets_add")
    camera.shoot("wallet-form")
    click(window, "wallets_form_cancel")
    window.open_section("transactions")
    click(window, "transactions_builder")
    camera.shoot("filter-builder")
    click(window, "transactions_builder")
    ledger = window.open_section("transactions")
    if isinstance(ledger, TransactionsView):
        take_groups(camera, ledger)
    window.open_palette()
    QTest.keyClicks(named(window, "command_palette_input"), "treasury")
    camera.shoot("palette")
    window.toggle_shortcuts()
    camera.shoot("shortcuts")
    window.toggle_shortcuts()
    window.open_section("audit")
    click(window, audit_part_name("sheet_toggle"))
    camera.shoot("audit-log")
    nodes = window.open_section("temple_nodes")
    if isinstance(nodes, TempleNodesView):
        take_nodes(camera, nodes)


def take_nodes(camera: Camera, nodes: TempleNodesView) -> None:
    """The history of notices, the map, and the page of one node."""
    nodes.open_notices()
    camera.shoot("nodes-notices")
    nodes.toggle_map()
    camera.shoot("nodes-map")
    board = nodes.context.board.board
    if board.nodes:
        nodes.open_node(min(board.nodes))
        wait(lambda: nodes.node_page.facts is not None)
        camera.shoot("nodes-page")
        nodes.leave_node()
    nodes.toggle_map()


def take_groups(camera: Camera, ledger: TransactionsView) -> None:
    """Months, counterparties and tokens, and the rows of one month."""
    for by in (GroupBy.COUNTERPARTY, GroupBy.TOKEN, GroupBy.MONTH):
        ledger.group_by(by)
        camera.shoot(f"groups-{by}")
    month = ledger.groups.grid.current()
    if month is not None:
        ledger.open_group(month)
        camera.shoot("group-opened")
    ledger.group_by(None)


def take_import(camera: Camera, data: Path) -> None:
    """The wizard on a file with rows to refuse: files, preview, result."""
    window = camera.window
    file = data / "ether-savings-newer.csv"
    file.write_text(_newer_export(), encoding="utf-8")
    window.open_section("transactions")
    click(window, "transactions_import")
    wizard = wait_for(window, "import_wizard", ImportWizard)
    wallet = wait_for(window, "import_wallet", QComboBox)
    wait(lambda: wallet.count() > 1)
    wallet.setCurrentIndex(wallet.findText("Ether savings", Qt.MatchFlag.MatchContains))
    wizard.add_files([file])
    camera.shoot("import-files")
    for step in ("preview", "result"):
        wait(lambda: named(window, "import_next").isEnabled())
        click(window, "import_next")
        camera.shoot(f"import-{step}", 1500)


def _newer_export() -> str:
    """The sample's own export, once more: eight rows that are there already, one that is wrong, thirty new ones."""
    headings, *rows = (ROOT / "resources" / "sample" / "ether-savings-normal.csv").read_text("utf-8").splitlines()
    new = [row.replace(row[1:5], f"0x{number:02x}", 1) for number, row in enumerate(rows[8:38])]
    stamp = rows[38].split('"')[5]
    wrong = rows[38].replace(stamp, "yesterday")
    return "\n".join([headings, *rows[:8], wrong, *new]) + "\n"


def take_locked(camera: Camera, data: Path) -> None:
    """A vault with a password: its door, its safety in the settings, its keys, a payment method's form."""
    settings = SettingsFile(data / "made.json")
    vault, word = data / "books.aether", "lantern over quiet water"
    made = create_vault(vault, data_dir=data / "real", settings=settings, password=Factor.passphrase(word))
    made.close()
    settings.close()
    program = build(vault=vault, data_dir=data / "real")
    camera.point_at(program)
    camera.shoot("unlock")
    QTest.keyClicks(named(camera.window, UNLOCK_PASSWORD), word)
    click(camera.window, UNLOCK_START)
    wait(lambda: program.services is not None)
    camera.shoot("empty-vault", 1500)
    for section, name in (("settings", "security"), ("people", "keys"), ("wallets", "no-wallets")):
        camera.window.open_section(section)
        camera.shoot(name)
    camera.window.open_section("payment_methods")
    click(camera.window, "payment_methods_add")
    camera.shoot("payment-method-form")
    program.close()


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
            environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
            command = [sys.executable, "-m", "scripts.shots", "--take", mode, str(scale)]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
    if options.readme:
        images = ROOT / "docs" / "images"
        images.mkdir(parents=True, exist_ok=True)
        for name in ("transactions-dark", "overview-light", "temple_nodes-light"):
            shutil.copyfile(SHOTS / f"{name}.png", images / f"{name}.png")
    print(f"{len(list(SHOTS.glob('*.png')))} pictures in {SHOTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
