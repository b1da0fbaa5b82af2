"""What tests of the small pages share: a page on the screen whose rows are there, and files to import."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.views.value_page import ValuePage
from tests.ui.ledgers import ADDRESS, OTHER, WAIT

PageT = TypeVar("PageT", bound=ValuePage)
TOKEN = "0x969639ea632c2d0d8cc5d93f2aa7437ed8e39ef1"


def shown(qtbot: QtBot, page: PageT) -> PageT:
    """Show a page and wait for its rows."""
    qtbot.addWidget(page)
    page.resize(1180, 700)
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        page.show()
    return page


def refreshed(qtbot: QtBot, page: ValuePage, changes: ChangeSet | None = None) -> None:
    """Read again, as after ``changes`` or on F5, and wait for it."""
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        if changes is None:
            page.refresh()
        else:
            page.apply_changes(changes)


def click(button: QAbstractButton) -> None:
    """Press a button that can be seen."""
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def token_file(folder: Path, *figures: str) -> Path:
    """An ERC-20 export, which says nothing of decimals."""
    heading = (
        '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx",'
        '"ContractAddress","TokenName","TokenSymbol"'
    )
    lines = [
        f'"0x{number:064x}","{28_000 + number}","{1_618_733_797 + number}","2021-04-18 08:16:{37 + number}","{OTHER}",'
        f'"{ADDRESS}","{figure}","N/A","{TOKEN}","<b>AIcoin</b>","AIC"'
        for number, figure in enumerate(figures)
    ]
    file = folder / "tokens.csv"
    file.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")
    return file


def later_file(folder: Path) -> Path:
    """After ``ledger.imported(3)``: an export that holds the last of those rows again, and a new one."""
    heading, _first, _second, last = (folder / "export1.csv").read_text(encoding="utf-8").splitlines()
    new = last.replace(f'"0x{3:064x}"', f'"0x{4:064x}"')
    file = folder / "later.csv"
    file.write_text(f"{heading}\n{last}\n{new}\n", encoding="utf-8")
    return file
