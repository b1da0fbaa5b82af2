"""Files of the import wizard: how they come, how their times are meant, and what is refused of them."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton, QTableView, QWidget

from aether_desktop.ui.wizards.import_flow import FileState
from aether_desktop.ui.zone import LOCAL_ZONE, ZONE_SETTING
from tests.ui.ledgers import ADDRESS, HOSTILE
from tests.ui.wizard_on_screen import HEADING, Wizard, row


class TestFiles:
    def test_several_files_are_chosen_at_once(self, wizard: Wizard) -> None:
        paths = [wizard.write(name, HEADING, row(1)) for name in ("one.csv", "two.csv")]
        wizard.press("choose")
        dialog = wizard.widget.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
        dialog.filesSelected.emit([str(path) for path in paths])
        dialog.close()
        assert [file.path for file in wizard.widget.flow.files] == paths

    def test_files_are_dropped_on_the_page(self, wizard: Wizard) -> None:
        path = wizard.write("export.csv", HEADING, row(1))
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
            wizard.add(wizard.write("export.csv", HEADING, row(1)))
            wizard.ready()
            wizard.press("next")
            wizard.checked()
            model = wizard.widget.pages.preview.model
            assert model.index(0, 3).data() == "13 Sep 2020 17:56:41"
            assert model.headerData(3, Qt.Orientation.Horizontal) == "Time (local)"
        finally:
            monkeypatch.undo()
            time.tzset()


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
        line = row(1).replace(ADDRESS, stranger)
        wizard.add(wizard.write("other.csv", HEADING, line))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        assert wizard.widget.flow.obstacle() == "No row of these files can be stored."
        assert "Wrong wallet" in wizard.widget.pages.preview.model.index(0, 2).data()

    def test_hostile_names_stay_plain(self, wizard: Wizard) -> None:
        name = HOSTILE.replace("/", "_")
        wizard.add(wizard.write(f"{name}.csv", HEADING, row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        for label in wizard.widget.findChildren(QWidget):
            text = getattr(label, "text", None)
            if callable(text) and isinstance(label, QPushButton):
                assert "\u202e" not in text()

    def test_a_file_that_vanishes_before_the_import_stores_nothing(self, wizard: Wizard) -> None:
        file = wizard.write("export.csv", HEADING, row(1))
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
        wizard.write("export.csv", HEADING, row(1))
        wizard.press("retry_0")
        wizard.until(lambda: flow_file.report is not None)
        assert wizard.rows() == 1


class TestRefusedRows:
    def test_they_can_be_copied_and_saved(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1), row(2, value="-1"), row(3, value="1,5")))
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
