"""The import wizard over a real vault: from files dropped on the page to rows in the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import StorageUnavailableError
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.object_names import import_name, import_part_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.views.transactions import TransactionsView
from aether_desktop.ui.wizards.import_flow import FileState, Step
from aether_desktop.ui.wizards.import_wizard import ImportWizard
from aether_desktop.ui.zone import LOCAL_ZONE, ZONE_SETTING
from tests.ui.ledgers import ADDRESS, HOSTILE, OTHER, WAIT, Ledger

_HEADING = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
    "CurrentValue @ $1/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method"
)


def _row(number: int, *, value: str = "1", sender: str = OTHER) -> str:
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


@pytest.fixture
def wizard(ledger: Ledger, qtbot: QtBot) -> Wizard:
    ledger.wallet()
    return Wizard(ledger, qtbot)


class TestARoundTrip:
    def test_a_known_file_from_choosing_to_the_ledger(self, wizard: Wizard, qtmodeltester: Any) -> None:
        file = wizard.write("export.csv", _HEADING, _row(1), _row(2, value="0.000000000000000001"), _row(3, value="x"))
        wizard.add(file)
        wizard.ready()
        assert wizard.widget.flow.wallet is not None, "the only wallet is chosen"
        wizard.press("next")
        assert wizard.step is Step.PREVIEW
        wizard.checked()
        counts = wizard.widget.pages.preview.counts.text()
        assert counts == "3 rows: 2 new, 0 already there, 1 wrong"
        model = wizard.widget.pages.preview.model
        qtmodeltester.check(model)
        shown = [[model.index(row, column).data() for column in range(7)] for row in range(model.rowCount())]
        assert [row[0] for row in shown] == ["2", "3", "4"]
        assert [row[1] for row in shown] == ["New", "New", "Wrong"]
        assert shown[0][2:5] == ["Received", "13 Sep 2020 12:26:41", "+1 ETH"]
        assert shown[0][5].casefold() == OTHER
        assert shown[0][6] == f"0x{1:064x}"
        assert "not a decimal number" in shown[2][2]
        assert model.index(1, 4).data(Qt.ItemDataRole.ToolTipRole) == "0.000000000000000001 ETH"
        assert wizard.rows() == 0, "a check stores nothing"
        assert wizard.widget.next_button.text() == "Import 2 rows"
        wizard.press("next")
        wizard.ended()
        assert wizard.widget.pages.result.counts.text() == "3 rows: 2 new, 0 already there, 1 wrong."
        assert wizard.rows() == 2
        qtmodeltester.check(wizard.widget.pages.result.model)
        (batch,) = wizard.ledger.services.importing.batches()
        assert (batch.file_name, batch.new, batch.rejected) == ("export.csv", 2, 1)

    def test_the_rows_of_the_batch_are_one_press_away(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        asked: list[TableQuery] = []
        wizard.ledger.context.navigator.rows_asked.connect(asked.append)
        wizard.press("show_rows_0")
        (batch,) = wizard.ledger.services.importing.batches()
        assert asked == [TableQuery(TableName.TRANSACTIONS, (Term("batch", Comparison.EQUAL, str(batch.id)),))]
        assert wizard.ledger.services.storage.windows.count(asked[0]) == 1

    def test_the_same_file_again_brings_nothing_and_says_so(self, wizard: Wizard) -> None:
        file = wizard.write("export.csv", _HEADING, _row(1), _row(2))
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        wizard.press("more")
        assert (wizard.step, wizard.widget.flow.files) == (Step.FILES, [])
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.pages.preview.counts.text() == "2 rows: 0 new, 2 already there, 0 wrong"
        assert not wizard.widget.next_button.isEnabled()
        assert wizard.widget.flow.obstacle() == "There is nothing new in these files."

    def test_several_files_are_each_a_batch_and_overlaps_merge(self, wizard: Wizard) -> None:
        one = wizard.write("one.csv", _HEADING, _row(1), _row(2))
        two = wizard.write("two.csv", _HEADING, _row(2), _row(3))
        wizard.add(one, two)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        box = wizard.part("preview_file")
        assert isinstance(box, QComboBox)
        assert [box.itemText(number) for number in range(box.count())] == ["one.csv", "two.csv"]
        wizard.press("next")
        wizard.ended()
        reports = [file.report for file in wizard.widget.flow.files]
        assert [(report.new, report.duplicates) for report in reports if report] == [(2, 0), (1, 1)]
        assert wizard.rows() == 3

    def test_it_works_by_keyboard(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        QTest.keyClick(wizard.widget, Qt.Key.Key_Return)
        wizard.checked()
        QTest.keyClick(wizard.widget, Qt.Key.Key_Return)
        wizard.ended()
        with wizard.qtbot.waitSignal(wizard.widget.closed, timeout=WAIT):
            QTest.keyClick(wizard.widget, Qt.Key.Key_Escape)
        assert wizard.rows() == 1


class TestUnknownFiles:
    def test_columns_are_chosen_with_values_of_the_file_beside_them(self, wizard: Wizard) -> None:
        file = wizard.write(
            "odd.csv", "When;What it was;Qty", "03/04/2024;=cmd;1.5", "05/04/2024;rent;-0.25", "06/04/2024;x;many"
        )
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        assert wizard.step is Step.MAPPING
        page = wizard.widget.pages.mapping
        assert page.boxes["occurred_at"].currentData() == "When"
        assert page.boxes["amount"].currentData() == "Qty"
        assert page._samples["amount"].text() == "1.5 · -0.25 · many"
        page.boxes["amount"].setCurrentIndex(0)
        assert wizard.widget.flow.obstacle() == "Say which column holds the amount."
        assert not wizard.widget.next_button.isEnabled()
        assert page.boxes["amount"].property("invalid") is True
        wizard.choose("map_amount", "Qty")
        wizard.choose("map_description", "What it was")
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.pages.preview.counts.text() == "3 rows: 0 new, 0 already there, 3 wrong"
        reason = wizard.widget.pages.preview.model.index(0, 2).data()
        assert reason.startswith("Time: “03/04/2024” can be 3 April or 4 March")
        wizard.press("back")
        assert wizard.step is Step.MAPPING
        wizard.choose("day_first", True)
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        storage = wizard.ledger.services.storage
        found = storage.windows.window(TableQuery(TableName.TRANSACTIONS), 0, 10).rows
        position = TABLES[TableName.TRANSACTIONS].index("description")
        described = {row.values[position] for row in found}
        assert described == {"=cmd", "rent"}

    def test_a_file_that_is_no_table_can_be_left_out(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("notes.txt", "just words"), wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        wizard.press("next")
        assert wizard.step is Step.MAPPING
        wizard.press("leave_out")
        wizard.checked()
        assert [file.name for file in wizard.widget.flow.files] == ["export.csv"]


class TestBadInput:
    def test_empty_binary_and_missing_files_are_refused_by_name(self, wizard: Wizard) -> None:
        empty, binary = wizard.ledger.folder / "empty.csv", wizard.ledger.folder / "binary.csv"
        empty.write_bytes(b"")
        binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
        wizard.add(empty, binary, wizard.ledger.folder / "gone.csv")
        files = wizard.widget.flow.files
        assert [file.state for file in files] == [FileState.REFUSED] * 3
        assert all(file.name in file.refusal for file in files)
        assert wizard.widget.flow.obstacle() == "None of these files can be imported."
        remove = wizard.part("remove_1")
        QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
        assert [file.name for file in wizard.widget.flow.files] == ["empty.csv", "gone.csv"]

    def test_the_history_of_another_wallet_is_refused_row_by_row(self, wizard: Wizard) -> None:
        stranger = "0x1111111111111111111111111111111111111111"
        line = _row(1).replace(ADDRESS, stranger)
        wizard.add(wizard.write("other.csv", _HEADING, line))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.flow.obstacle() == "No row of these files can be stored."
        assert "Wrong wallet" in wizard.widget.pages.preview.model.index(0, 2).data()

    def test_hostile_names_stay_plain(self, wizard: Wizard) -> None:
        name = HOSTILE.replace("/", "_")
        wizard.add(wizard.write(f"{name}.csv", _HEADING, _row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        for label in wizard.widget.findChildren(QWidget):
            text = getattr(label, "text", None)
            if callable(text) and isinstance(label, QPushButton):
                assert "\u202e" not in text()

    def test_a_file_that_vanishes_before_the_import_stores_nothing(self, wizard: Wizard) -> None:
        file = wizard.write("export.csv", _HEADING, _row(1))
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        file.unlink()
        wizard.press("next")
        wizard.ended()
        (flow_file,) = wizard.widget.flow.files
        assert "export.csv is not there" in flow_file.failure
        assert wizard.rows() == 0
        wizard.write("export.csv", _HEADING, _row(1))
        wizard.press("retry_0")
        wizard.until(lambda: flow_file.report is not None)
        assert wizard.rows() == 1


class TestRefusedRows:
    def test_they_can_be_copied_and_saved(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1), _row(2, value="-1"), _row(3, value="1,5")))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.ended()
        grid = wizard.part("rejections")
        assert isinstance(grid, QTableView)
        assert grid.isVisible()
        wizard.press("copy_rejections")
        copied = QGuiApplication.clipboard().text()
        assert copied.splitlines()[0] == "File,Row,Reason"
        assert [line.split(",")[1] for line in copied.splitlines()[1:]] == ["3", "4"]
        target = wizard.ledger.folder / "rejected.csv"
        wizard.press("save_rejections")
        dialog = wizard.widget.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.selectedFiles()[0].endswith("rejected.csv")
        dialog.fileSelected.emit(str(target))
        dialog.close()
        wizard.until(target.exists)
        wizard.until(lambda: any(str(target) in text for _level, text in wizard.ledger.said))
        assert target.read_text(encoding="utf-8") == copied


class TestWallets:
    def test_a_wallet_is_added_beside_the_files(self, ledger: Ledger, qtbot: QtBot) -> None:
        wizard = Wizard(ledger, qtbot)
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        assert wizard.widget.flow.obstacle() == "Choose the wallet whose history this is."
        wizard.press("add_wallet")
        form = wizard.widget._form
        assert form is not None
        assert not wizard.widget.next_button.isEnabled()
        form.fill({"name": "Treasury", "chain": "ethereum", "address": "0xf98"})
        form.submit()
        address = form._fields["address"]
        wizard.until(lambda: bool(address.error))
        assert "37 are missing" in address.error
        assert isinstance(address.editor, QLineEdit)
        address.editor.setText(ADDRESS)
        form.submit()
        wizard.ready()
        assert wizard.widget.flow.wallet is not None
        assert wizard.widget.flow.wallet.address == ADDRESS

    def test_a_wallet_asked_for_is_chosen(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.wallet()
        second = ledger.wallet("Cold", OTHER)
        wizard = Wizard(ledger, qtbot)
        assert wizard.wallet_id() is None, "of several nobody knows which"
        wizard.widget.open(second)
        wizard.until(lambda: wizard.wallet_id() == second)


class TestInTheBackground:
    def test_cancel_stores_nothing_and_says_so(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, *(_row(number) for number in range(1, 50))))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        gate = threading.Event()
        wizard.ledger.jobs.write(lambda _token, _progress: gate.wait(WAIT / 1000))  # holds the one write lane
        wizard.press("next")
        live = wizard.ledger.jobs
        wizard.until(lambda: [job.title for job in live.live if job.title] == ["Import export.csv into Treasury"])
        wizard.until(wizard.part("progress_0").isVisible)
        wizard.press("cancel_0")
        gate.set()
        wizard.ended()
        assert wizard.widget.flow.files[0].cancelled
        assert wizard.rows() == 0
        assert wizard.part("retry_0").isVisible()

    def test_going_back_stops_a_check(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        gate = threading.Event()
        wizard.ledger.jobs.write(lambda _token, _progress: gate.wait(WAIT / 1000))
        wizard.press("next")
        assert wizard.widget.flow.obstacle() == "The files are being read."
        wizard.press("back")
        gate.set()
        wizard.until(lambda: not wizard.ledger.jobs.live)
        assert wizard.step is Step.FILES
        assert len(wizard.widget.flow.without_preview()) == 1
        wizard.press("next")
        wizard.checked()

    def test_it_goes_on_when_the_wizard_is_closed_and_tells_the_end(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.widget.hide()
        wizard.until(lambda: bool(wizard.ledger.said))
        assert wizard.ledger.said[0][1] == "export.csv: 1 row: 1 new, 0 already there, 0 wrong."
        wizard.widget.show()
        wizard.widget.open()
        assert (wizard.step, wizard.widget.flow.files) == (Step.FILES, [])

    def test_a_server_that_goes_away_is_said_and_can_be_tried_again(
        self, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()

        def fail(*_args: object, **_words: object) -> None:
            raise StorageUnavailableError("The server cannot be reached.", hint="Try again later.")

        with monkeypatch.context() as patch:
            patch.setattr(type(wizard.ledger.services.importing), "run", fail)
            wizard.press("next")
            wizard.ended()
        assert wizard.widget.flow.files[0].failure == "The server cannot be reached. Try again later."
        wizard.press("retry_0")
        wizard.until(lambda: wizard.widget.flow.files[0].report is not None)
        assert wizard.rows() == 1


class TestFiles:
    def test_several_files_are_chosen_at_once(self, wizard: Wizard) -> None:
        paths = [wizard.write(name, _HEADING, _row(1)) for name in ("one.csv", "two.csv")]
        wizard.press("choose")
        dialog = wizard.widget.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
        dialog.filesSelected.emit([str(path) for path in paths])
        dialog.close()
        assert [file.path for file in wizard.widget.flow.files] == paths

    def test_files_are_dropped_on_the_page(self, wizard: Wizard) -> None:
        path = wizard.write("export.csv", _HEADING, _row(1))
        page = wizard.widget.pages.files
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)), QUrl("https://example.org/x.csv")])
        action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(5, 5), action, data, buttons, keys)
        page.dragEnterEvent(enter)
        assert enter.isAccepted()
        page.dropEvent(QDropEvent(QPointF(5, 5), action, data, buttons, keys))
        assert [file.path for file in wizard.widget.flow.files] == [path]

    def test_text_dropped_on_the_page_is_no_file(self, wizard: Wizard) -> None:
        data = QMimeData()
        data.setText("0xf98")
        enter = QDragEnterEvent(
            QPoint(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        enter.ignore()
        wizard.widget.pages.files.dragEnterEvent(enter)
        assert not enter.isAccepted()

    def test_the_offset_of_times_without_a_zone_moves_them(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("odd.csv", "Date,Amount", "2024-01-31 12:00:00,1"))
        wizard.ready()
        wizard.choose("zone", 330)
        wizard.press("next")
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.pages.preview.model.index(0, 3).data() == "31 Jan 2024 06:30:00"

    def test_times_are_shown_in_the_visible_zone(self, wizard: Wizard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        try:
            wizard.ledger.context.settings.set(ZONE_SETTING, LOCAL_ZONE)
            wizard.add(wizard.write("export.csv", _HEADING, _row(1)))
            wizard.ready()
            wizard.press("next")
            wizard.checked()
            model = wizard.widget.pages.preview.model
            assert model.index(0, 3).data() == "13 Sep 2020 17:56:41"
            assert model.headerData(3, Qt.Orientation.Horizontal) == "Time (local)"
        finally:
            monkeypatch.undo()
            time.tzset()


class TestInTheTransactions:
    @pytest.fixture
    def page(self, ledger: Ledger, qtbot: QtBot) -> TransactionsView:
        ledger.wallet()
        page = TransactionsView(ledger.context)
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        ledger.context.navigator.import_asked.connect(page.show_import)
        page.resize(1100, 700)
        page.show()
        qtbot.waitExposed(page)
        return page

    def test_the_wizard_takes_the_place_of_the_ledger(self, page: TransactionsView, qtbot: QtBot) -> None:
        button = page.findChild(QWidget, import_name("transactions"))
        assert button is not None
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert page.importing
        qtbot.waitUntil(page.wizard.isVisible, timeout=WAIT)
        assert not page.header.isVisible()
        assert not page.run_page_command(PageCommand.FILTER)
        with qtbot.waitSignal(page.wizard.closed, timeout=WAIT):
            QTest.mouseClick(page.wizard.close_button, Qt.MouseButton.LeftButton)
        assert page.wizard.isHidden()
        assert page.header.isVisible()

    def test_rows_asked_for_elsewhere_are_not_behind_it(self, page: TransactionsView, qtbot: QtBot) -> None:
        assert page.run_page_command(PageCommand.IMPORT)
        assert page.importing
        with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
            page.show_query(TableQuery(TableName.TRANSACTIONS, (Term("batch", Comparison.EQUAL, "1"),)))
        assert page.wizard.isHidden()
        assert page.filter_bar.text == "batch=1"

    def test_an_empty_ledger_begins_with_it(self, page: TransactionsView, qtbot: QtBot) -> None:
        qtbot.waitUntil(page.content.empty.isVisible, timeout=WAIT)
        page.content.empty.started.emit()
        qtbot.waitUntil(page.wizard.isVisible, timeout=WAIT)


def test_every_control_has_a_name(wizard: Wizard) -> None:
    wizard.add(wizard.write("odd.csv", "Date,Amount", "2024-01-31,1"))
    wizard.ready()
    for step in Step:
        wizard.widget.pages.page(step)
    controls = [
        widget
        for kind in (QPushButton, QComboBox, QLineEdit, QTableView)
        for widget in wizard.widget.findChildren(kind)
        if not (isinstance(widget, QLineEdit) and isinstance(widget.parent(), QComboBox))
    ]
    assert len(controls) > 25
    assert [widget for widget in controls if not widget.accessibleName() or not widget.objectName()] == []
