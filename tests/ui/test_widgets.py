"""The parts that views are made of."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from aether_desktop.ui import object_names
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.widgets.buttons import IconButton, plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList, grouped
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import ElidedLabel
from aether_desktop.ui.widgets.message_bar import Message, MessageBar, MessageLevel
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.search_field import SearchField
from aether_desktop.ui.widgets.side_sheet import SideSheet

HASH = "0x673f0dec1416803a39d50760c697fb26f4c539b0"


def button(parent: MessageBar | DetailsList, name: str) -> QToolButton:
    return next(found for found in parent.findChildren(QToolButton) if found.accessibleName() == name)


class TestMessageBar:
    @pytest.fixture
    def bar(self, qtbot: QtBot, theme: Theme) -> MessageBar:
        made = MessageBar(theme)
        qtbot.addWidget(made)
        return made

    def test_it_is_there_only_while_it_speaks(self, bar: MessageBar) -> None:
        assert bar.isHidden()
        bar.show_message(MessageLevel.ERROR, "The disk is full. Free some space and try again.")
        assert not bar.isHidden()
        bar.dismiss()
        assert bar.isHidden()
        bar.dismiss()

    def test_everything_said_can_be_heard_by_tests(self, qtbot: QtBot, bar: MessageBar) -> None:
        with qtbot.waitSignal(bar.message_shown, timeout=1000) as heard:
            bar.show_message(MessageLevel.WARNING, "3 rows were not stored.", "row 7: no date")
        assert heard.args == [Message(MessageLevel.WARNING, "3 rows were not stored.", "row 7: no date")]

    def test_no_warning_is_lost_behind_another(self, bar: MessageBar) -> None:
        bar.show_message(MessageLevel.ERROR, "first")
        bar.show_message(MessageLevel.INFO, "news")
        bar.show_message(MessageLevel.WARNING, "second")
        shown: list[str] = []
        while bar.current is not None:
            shown.append(bar.current.text)
            bar.dismiss()
        assert shown == ["second", "first"]  # the news gave way, as news does

    def test_the_same_error_again_is_one_message(self, bar: MessageBar) -> None:
        for _ in range(3):
            bar.show_message(MessageLevel.ERROR, "The server does not answer.")
        bar.dismiss()
        assert bar.current is None

    def test_a_flood_is_bounded(self, bar: MessageBar) -> None:
        for number in range(500):
            bar.show_message(MessageLevel.ERROR, f"error {number}")
        assert bar.current == Message(MessageLevel.ERROR, "error 499")
        assert bar.findChildren(QLabel)[1].text() == "49 more"

    def test_details_open_and_can_be_copied(self, qtbot: QtBot, bar: MessageBar) -> None:
        bar.show_message(MessageLevel.ERROR, "What happened.", "<b>why</b>\nand where")
        opener = bar.findChild(QPushButton, object_names.MESSAGE_BAR_DETAILS)
        assert isinstance(opener, QPushButton)
        QTest.mouseClick(opener, Qt.MouseButton.LeftButton)
        box = bar.findChild(QPlainTextEdit)
        assert isinstance(box, QPlainTextEdit)
        assert not box.isHidden()
        assert box.toPlainText() == "<b>why</b>\nand where"
        QTest.mouseClick(button(bar, "Copy message and details"), Qt.MouseButton.LeftButton)
        assert QGuiApplication.clipboard().text() == "What happened.\n\n<b>why</b>\nand where"
        QTest.mouseClick(opener, Qt.MouseButton.LeftButton)
        assert box.isHidden()

    def test_without_details_there_is_no_button_for_them(self, bar: MessageBar) -> None:
        bar.show_message(MessageLevel.INFO, "Saved.")
        opener = bar.findChild(QPushButton, object_names.MESSAGE_BAR_DETAILS)
        assert isinstance(opener, QPushButton)
        assert opener.isHidden()

    def test_markup_is_text(self, bar: MessageBar) -> None:
        bar.show_message(MessageLevel.ERROR, "<h1>big</h1>")
        label = bar.findChild(QLabel, object_names.MESSAGE_BAR_TEXT)
        assert isinstance(label, QLabel)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert bar.accessibleName() == "<h1>big</h1>"


class TestElidedLabel:
    def test_the_whole_is_in_the_tooltip_only_where_room_is_short(self, qtbot: QtBot, theme: Theme) -> None:
        label = ElidedLabel(theme, "a rather long name of a wallet")
        qtbot.addWidget(label)
        label.resize(label.sizeHint())
        label.show()
        assert label.toolTip() == ""
        label.resize(50, label.height())
        assert label.toolTip() == "a rather long name of a wallet"
        assert label.minimumSizeHint().width() < 30

    def test_breaks_and_turns_do_not_break_the_line(self, qtbot: QtBot, theme: Theme) -> None:
        label = ElidedLabel(theme, "one\ntwo \u202ethree")
        qtbot.addWidget(label)
        assert label.text() == "one two \ufffdthree"


class TestButtons:
    def test_a_quiet_button_says_its_name_and_keys(self, qtbot: QtBot, theme: Theme) -> None:
        made = IconButton(theme, "refresh", "Refresh", shortcut="F5")
        qtbot.addWidget(made)
        assert made.accessibleName() == "Refresh"
        assert made.toolTip() == "Refresh (F5)"
        before = made.icon().cacheKey()
        theme.set_mode(ThemeMode.LIGHT)
        assert made.icon().cacheKey() != before

    def test_an_ampersand_is_shown(self, qtbot: QtBot, theme: Theme) -> None:
        made = plain_button(theme, "Smith & Sons")
        qtbot.addWidget(made)
        assert made.text() == "Smith && Sons"
        assert made.accessibleName() == "Smith & Sons"


class TestFormField:
    def test_what_is_wrong_stands_under_the_field_and_is_said(self, qtbot: QtBot, theme: Theme) -> None:
        field = FormField(theme, "Address", QLineEdit(), hint="Any chain.", object_name="wallets_field_address")
        qtbot.addWidget(field)
        field.show()
        edit = field.editor
        assert (edit.accessibleName(), edit.accessibleDescription()) == ("Address", "Any chain.")
        field.set_error("The checksum is wrong in character 7.")
        assert field.error
        assert edit.accessibleDescription() == "The checksum is wrong in character 7."
        assert edit.property("invalid") is True
        assert "The checksum is wrong in character 7." in [label.text() for label in field.findChildren(QLabel)]
        field.set_error("")
        assert edit.accessibleDescription() == "Any chain."
        assert edit.property("invalid") is False

    def test_its_label_leads_to_it(self, qtbot: QtBot, theme: Theme) -> None:
        field = FormField(theme, "Name & kind", QLineEdit())
        qtbot.addWidget(field)
        caption = field.findChildren(QLabel)[0]
        assert caption.buddy() is field.editor
        assert caption.text() == "Name && kind"  # shown as one


class TestSearchField:
    def test_typing_is_told_and_can_be_cleared(self, qtbot: QtBot, theme: Theme) -> None:
        field = SearchField(theme, name="Filter", object_name="wallets_filter")
        qtbot.addWidget(field)
        field.show()
        with qtbot.waitSignal(field.edited, timeout=1000):
            QTest.keyClicks(field.edit, "amount>=1")
        assert field.text() == "amount>=1"
        with qtbot.waitSignal(field.submitted, timeout=1000) as told:
            QTest.keyClick(field.edit, Qt.Key.Key_Return)
        assert told.args == ["amount>=1"]
        clear = field.findChildren(QToolButton)[0]
        assert not clear.isHidden()
        with qtbot.waitSignal(field.submitted, timeout=1000) as told:
            QTest.mouseClick(clear, Qt.MouseButton.LeftButton)
        assert told.args == [""]
        assert clear.isHidden()

    def test_the_frame_shows_focus_and_mistakes(self, qtbot: QtBot, theme: Theme) -> None:
        field = SearchField(theme, name="Filter")
        qtbot.addWidget(field)
        field.set_invalid("There is no column 'amuont'.")
        assert field.property("invalid") is True
        assert field.edit.accessibleDescription() == "There is no column 'amuont'."
        field.set_invalid("")
        assert field.property("invalid") is False


class TestDetailsList:
    def test_hashes_are_whole_and_in_groups(self) -> None:
        assert grouped(HASH) == "0x673f 0dec 1416 803a 39d5 0760 c697 fb26 f4c5 39b0"
        assert grouped("bafybeigdyrzt5") == "bafy beig dyrz t5"
        assert grouped("") == ""

    def test_one_click_copies_the_exact_value(self, qtbot: QtBot, theme: Theme) -> None:
        facts = DetailsList(theme)
        qtbot.addWidget(facts)
        facts.set_entries([DetailEntry("To", HASH, mono=True), DetailEntry("Block", "4,344,952", copy="4344952")])
        with qtbot.waitSignal(facts.copied, timeout=1000):
            QTest.mouseClick(button(facts, "Copy To"), Qt.MouseButton.LeftButton)
        assert QGuiApplication.clipboard().text() == HASH
        QTest.mouseClick(button(facts, "Copy Block"), Qt.MouseButton.LeftButton)
        assert QGuiApplication.clipboard().text() == "4344952"

    def test_rows_are_used_again(self, qtbot: QtBot, theme: Theme) -> None:
        facts = DetailsList(theme)
        qtbot.addWidget(facts)
        facts.set_entries([DetailEntry(f"label {number}", "value") for number in range(9)])
        widgets = len(facts.findChildren(QLabel))
        for at in range(50):
            facts.set_entries([DetailEntry("only", f"value {at}"), DetailEntry("empty", "")])
        assert len(facts.findChildren(QLabel)) == widgets
        facts.show()
        assert [label.text() for label in facts.findChildren(QLabel) if label.isVisible()] == ["only", "value 49"]

    def test_a_value_without_spaces_wraps(self, qtbot: QtBot, theme: Theme) -> None:
        facts = DetailsList(theme)
        qtbot.addWidget(facts)
        facts.set_entries([DetailEntry("Note", "x" * 400 + "\nsecond <i>line</i>")])
        facts.resize(240, 400)
        facts.show()
        assert facts.minimumSizeHint().width() <= 240


class TestPageParts:
    def test_a_header_has_its_parts_in_order(self, qtbot: QtBot, theme: Theme) -> None:
        header = PageHeader(theme, "Wallets")
        qtbot.addWidget(header)
        first = header.add_action("import", "Import", object_name="wallets_import", shortcut="Ctrl+I")
        second = header.add_action("export", "Export", object_name="wallets_export")
        primary = header.set_primary("Add wallet", object_name="wallets_add")
        header.resize(800, 50)
        header.show()
        places = [widget.mapTo(header, widget.rect().topLeft()).x() for widget in (first, second, primary)]
        assert places == sorted(places)
        assert first.toolTip() == "Import (Ctrl+I)"

    def test_facts_give_way_before_buttons(self, qtbot: QtBot, theme: Theme) -> None:
        header = PageHeader(theme, "Wallets")
        qtbot.addWidget(header)
        header.set_facts("a very long line of facts about wallets " * 5)
        primary = header.set_primary("Add wallet", object_name="wallets_add")
        header.resize(300, 50)
        header.show()
        assert primary.width() >= primary.minimumSizeHint().width()
        assert header.minimumSizeHint().width() <= 300

    def test_an_empty_page_begins_with_its_button(self, qtbot: QtBot, theme: Theme) -> None:
        state = EmptyState(
            theme, icon="wallets", sentence="Your wallets.", button="Add wallet", more="Or import.", object_name="e"
        )
        qtbot.addWidget(state)
        begin = state.findChild(QPushButton, "e_begin")
        assert isinstance(begin, QPushButton)
        with qtbot.waitSignal(state.started, timeout=1000):
            QTest.mouseClick(begin, Qt.MouseButton.LeftButton)


def test_who_stood_in_what_is_read_anew_stands_at_the_cross(theme: Theme, qtbot: QtBot) -> None:
    sheet = SideSheet(theme, "Keys", object_name="keys")
    qtbot.addWidget(sheet)
    sheet.show()
    sheet.activateWindow()
    button = plain_button(theme, "Replace key")
    sheet.refill().addWidget(button)
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    sheet.refill().addWidget(plain_button(theme, "Replace key"))
    assert sheet.close_button.hasFocus()
    qtbot.waitUntil(lambda: len(sheet.findChildren(QPushButton)) == 1)


def test_a_line_of_facts_without_room_for_a_word_shows_nothing(theme: Theme, qtbot: QtBot) -> None:
    label = ElidedLabel(theme, "3,204 rows in 4 wallets", least=10)
    qtbot.addWidget(label)
    label.show()

    def inked(width: int) -> bool:
        label.resize(width, 30)
        image = label.grab().toImage()
        ground = image.pixel(0, 0)
        return any(image.pixel(x, y) != ground for x in range(image.width()) for y in range(image.height()))

    assert inked(300)
    assert inked(12 * label.fontMetrics().averageCharWidth())
    assert not inked(6 * label.fontMetrics().averageCharWidth())
    assert label.toolTip() == "3,204 rows in 4 wallets"
