"""The import wizard on the screen, as its tests use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.wizards.import_flow import FileState, Step
from aether_desktop.ui.wizards.import_wizard import ImportWizard
from tests.ui.ledgers import ADDRESS, OTHER, WAIT, Ledger

HEADING = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $1/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method"
)


def row(number: int, *, value: str = "1", sender: str = OTHER) -> str:
    """One line under HEADING."""
    return (
        f"0x{number:064x},{number},{1_600_000_000 + number},2020-09-13 12:26:40,{sender},{ADDRESS},,{value},0,1,"
        "0.001,1,300,,,Transfer"
    )


class Wizard:
    """The wizard on the screen, used like a person would: by its buttons and fields."""

    def __init__(self, ledger: Ledger, qtbot: QtBot) -> None:
        self.ledger, self.qtbot = ledger, qtbot
        self.widget = ImportWizard(ledger.context)
        qtbot.addWidget(self.widget)
        self.widget.resize(1100, 700)
        self.widget.show()
        qtbot.waitExposed(self.widget)
        self.widget.open()

    @property
    def step(self) -> Step:
        return self.widget.flow.step

    def write(self, name: str, *lines: str) -> Path:
        path = self.ledger.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def part(self, name: str) -> QWidget:
        found = self.widget.findChild(QWidget, import_part_name(name))
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        button = self.part(name)
        assert isinstance(button, QPushButton)
        assert button.isVisible()
        assert button.isEnabled(), self.widget.flow.obstacle()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, name: str, data: object) -> None:
        box = self.part(name)
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findData(data))

    def until(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=WAIT)

    def add(self, *paths: Path) -> None:
        self.widget.add_files(paths)
        self.until(lambda: all(file.state is not FileState.READING for file in self.widget.flow.files))

    def ready(self) -> None:
        """The wallet was offered and chosen, the files are read."""
        self.until(self.widget.next_button.isEnabled)

    def checked(self) -> None:
        self.until(lambda: self.step is Step.PREVIEW and not self.widget.flow.without_preview())

    def ended(self) -> None:
        self.until(lambda: self.widget.flow.ended)

    def wallet_id(self) -> int | None:
        wallet = self.widget.flow.wallet
        return wallet.id if wallet is not None else None

    def rows(self) -> int:
        storage = self.ledger.services.storage
        return storage.windows.count(TableQuery(TableName.TRANSACTIONS))
