"""Markup in outside text shows literally in labels, boxes and tooltips."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QMainWindow, QMessageBox, QTableView, QToolTip
from pytestqt.qtbot import QtBot

import aether_desktop
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.theme.tokens import LIGHT
from aether_desktop.ui.widgets.labels import text_label

HOSTILE = '<b>Treasury</b> <a href="https://example.invalid/">click</a><img src="file:///x.png">'


def test_without_our_style_sheet_qt_would_read_markup(qapp: QApplication, qtbot: QtBot) -> None:
    qapp.setStyleSheet("")  # ours sets the format too
    label = QLabel(HOSTILE)
    qtbot.addWidget(label)
    label.show()
    assert label.textFormat() == Qt.TextFormat.AutoText  # the danger is real in this version of Qt


def test_boxes_and_tooltips_are_guarded_by_the_style_sheet(qtbot: QtBot, theme: Theme) -> None:
    box = QMessageBox(QMessageBox.Icon.Warning, "Title", HOSTILE)
    label = QLabel(HOSTILE)
    for widget in (box, label):
        qtbot.addWidget(widget)
        widget.show()
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert {part.textFormat() for part in box.findChildren(QLabel)} == {Qt.TextFormat.PlainText}
    QToolTip.showText(QPoint(5, 5), HOSTILE, label)
    tips = [widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel")]
    assert [tip.textFormat() for tip in tips if isinstance(tip, QLabel)] == [Qt.TextFormat.PlainText]
    QToolTip.showText(QPoint(), "")
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_a_dressed_window_guards_what_belongs_to_it(qapp: QApplication, qtbot: QtBot, theme: Theme) -> None:
    """The program's own way: the application has no style sheet, its windows have."""
    qapp.setStyleSheet("")
    window, label = QMainWindow(), QLabel(HOSTILE)
    qtbot.addWidget(window)
    theme.dress(window)
    window.setCentralWidget(label)
    window.show()
    box = QMessageBox(QMessageBox.Icon.Warning, "Title", HOSTILE, parent=window)
    box.show()
    QToolTip.showText(QPoint(5, 5), HOSTILE, label)
    tips = [widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel")]
    said = [label, *box.findChildren(QLabel), *(tip for tip in tips if isinstance(tip, QLabel))]
    assert not qapp.styleSheet()
    assert len(tips) == 1
    assert {each.textFormat() for each in said} == {Qt.TextFormat.PlainText}
    theme.set_mode(ThemeMode.LIGHT)
    assert LIGHT.background in window.styleSheet()
    box.close()
    QToolTip.showText(QPoint(), "")
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_a_label_shows_it_literally(qtbot: QtBot, theme: Theme) -> None:
    label = QLabel(HOSTILE)
    qtbot.addWidget(label)
    label.show()
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.sizeHint().width() >= label.fontMetrics().horizontalAdvance(HOSTILE)


def test_a_message_box_shows_it_literally(qtbot: QtBot, theme: Theme) -> None:
    box = QMessageBox(QMessageBox.Icon.Warning, "Title", HOSTILE)
    box.setInformativeText(HOSTILE)
    qtbot.addWidget(box)
    box.show()
    assert box.textFormat() == Qt.TextFormat.PlainText
    texts = [label for label in box.findChildren(QLabel) if label.text() == HOSTILE]
    assert len(texts) == 2
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in texts)


def test_an_input_dialog_shows_it_literally(qtbot: QtBot, theme: Theme) -> None:
    dialog = QInputDialog()
    dialog.setLabelText(HOSTILE)
    qtbot.addWidget(dialog)
    dialog.show()
    assert {label.textFormat() for label in dialog.findChildren(QLabel)} == {Qt.TextFormat.PlainText}


def test_a_cells_tooltip_shows_it_literally(qtbot: QtBot, theme: Theme) -> None:
    item = QStandardItem("cell")
    item.setToolTip(HOSTILE)
    model = QStandardItemModel(1, 1)
    model.setItem(0, 0, item)
    view = QTableView()
    view.setModel(model)
    qtbot.addWidget(view)
    view.show()
    at = view.visualRect(model.index(0, 0)).center()
    place = view.viewport().mapToGlobal(at)
    QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, place))
    tips = [widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel")]
    assert QToolTip.text() == HOSTILE
    assert [tip.textFormat() for tip in tips if isinstance(tip, QLabel)] == [Qt.TextFormat.PlainText]
    QToolTip.showText(QPoint(), "")
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_our_own_labels_need_no_style_sheet(qapp: QApplication, qtbot: QtBot, theme: Theme) -> None:
    qapp.setStyleSheet("")
    label = text_label(theme, HOSTILE)
    qtbot.addWidget(label)
    label.show()
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_every_label_is_made_in_one_place() -> None:
    ui = Path(aether_desktop.__file__).parent / "ui"
    makers = {
        file.relative_to(ui).as_posix()
        for file in ui.rglob("*.py")
        if re.search(r"\b(QLabel|QMessageBox|QTextEdit|QTextBrowser)\(", file.read_text(encoding="utf-8"))
    }
    assert makers == {"widgets/labels.py"}
