"""The window around the pages: lazily made pages, keyboard, message bar, status, what floats, what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aether_desktop.ui import object_names
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.shell.first_run import FirstRunPage
from aether_desktop.ui.shell.keyboard import KEYBOARD_MAP, PAGE_KEYS
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.ui.sample_pages import MemoryState, SamplePage, sample_sections

NO_KEYS = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def state() -> MemoryState:
    return MemoryState()


@pytest.fixture
def made() -> list[str]:
    """Keys of the pages that were made, in order."""
    return []


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, state: MemoryState, made: list[str]) -> MainWindow:
    shown = MainWindow(theme, state)
    qtbot.addWidget(shown)
    shown.set_sections(sample_sections(theme, made=made))
    with qtbot.waitActive(shown):  # shortcuts belong to the active window
        shown.show()
        shown.activateWindow()
    return shown


def child(parent: QWidget, name: str) -> QWidget:
    found = parent.findChild(QWidget, name)
    assert isinstance(found, QWidget), name
    return found


def press(window: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
    QTest.keyClick(window, key, modifiers)


class TestPages:
    def test_pages_are_made_when_opened_and_kept(self, window: MainWindow, made: list[str]) -> None:
        assert made == ["overview"]
        page = window.open_section("wallets")
        assert window.open_section("wallets") is page
        window.open_section("overview")
        assert made == ["overview", "wallets"]
        assert window.current_section == "overview"

    def test_an_unknown_section_is_refused(self, window: MainWindow) -> None:
        with pytest.raises(KeyError):
            window.open_section("nowhere")

    def test_clicking_the_navigation_opens_the_page(self, qtbot: QtBot, window: MainWindow) -> None:
        entry = child(window, object_names.navigation_name("contracts"))
        with qtbot.waitSignal(window.section_changed, timeout=1000) as told:
            QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
        assert told.args == ["contracts"]
        assert child(window, object_names.page_name("contracts")).isVisible()

    def test_every_section_has_its_entry(self, window: MainWindow) -> None:
        for key in object_names.SECTIONS:
            entry = child(window, object_names.navigation_name(key))
            assert isinstance(entry, QAbstractButton)
            assert entry.accessibleName() == entry.text() != ""

    def test_arrow_keys_walk_through_the_sections(self, qtbot: QtBot, window: MainWindow) -> None:
        child(window, object_names.navigation_name("overview")).setFocus()
        press(child(window, object_names.navigation_name("overview")), Qt.Key.Key_Down)
        qtbot.waitUntil(lambda: window.current_section == "wallets")

    def test_the_same_section_again_is_silent(self, qtbot: QtBot, window: MainWindow) -> None:
        with qtbot.assertNotEmitted(window.section_changed):
            window.open_section("overview")


def is_open(window: MainWindow, key: str) -> bool:
    return window.current_section == key and not window.going


class TestFirstPaint:
    def test_it_is_told_once_and_after_the_paint(self, qtbot: QtBot, theme: Theme) -> None:
        shown = MainWindow(theme, MemoryState())
        qtbot.addWidget(shown)
        with qtbot.waitSignal(shown.first_painted, timeout=3000):
            shown.show()
        assert not shown.windowIcon().isNull()
        with qtbot.assertNotEmitted(shown.first_painted, wait=50):
            shown.update()


class TestMemory:
    def test_section_and_place_come_back(
        self, qtbot: QtBot, theme: Theme, window: MainWindow, state: MemoryState
    ) -> None:
        window.open_section("settings")
        window.setGeometry(40, 30, 1000, 600)
        window.close()
        again = MainWindow(theme, state)
        qtbot.addWidget(again)
        again.set_sections(sample_sections(theme))
        assert again.current_section == "settings"
        assert (again.width(), again.height()) == (1000, 600)

    @pytest.mark.parametrize("nonsense", [17, "not base64 \u20ac", ["x"], {"a": 1}, "AAAA"])
    def test_nonsense_in_the_settings_is_ignored(self, qtbot: QtBot, theme: Theme, nonsense: object) -> None:
        state = MemoryState()
        state.values = {"window.geometry": nonsense, "window.section": nonsense}
        window = MainWindow(theme, state)
        qtbot.addWidget(window)
        window.set_sections(sample_sections(theme))
        assert window.width() == Size.WINDOW_WIDTH
        assert window.current_section == "overview"


class TestKeyboard:
    def test_control_and_a_number_opens_a_section(self, qtbot: QtBot, window: MainWindow) -> None:
        for number, key in enumerate(object_names.SECTIONS[:9], 1):
            press(window, Qt.Key(Qt.Key.Key_0 + number), CONTROL)
            qtbot.waitUntil(partial(is_open, window, key))

    def test_the_last_of_two_wishes_counts(self, qtbot: QtBot, window: MainWindow) -> None:
        told: list[str] = []
        window.section_changed.connect(told.append)
        window.go_to("contracts")
        window.go_to("people")
        assert window.going
        qtbot.waitUntil(partial(is_open, window, "people"))
        assert told == ["people"]

    def test_a_command_goes_to_the_section_asked_for_just_before(self, window: MainWindow) -> None:
        window.go_to("contracts")
        window.run_page_command(PageCommand.FILTER)
        assert window.current_section == "contracts"

    @pytest.mark.parametrize(
        ("key", "modifiers", "command"),
        [
            (Qt.Key.Key_F, CONTROL, PageCommand.FILTER),
            (Qt.Key.Key_N, CONTROL, PageCommand.ADD),
            (Qt.Key.Key_I, CONTROL, PageCommand.IMPORT),
            (Qt.Key.Key_E, CONTROL, PageCommand.EXPORT),
            (Qt.Key.Key_Z, CONTROL, PageCommand.UNDO),
            (Qt.Key.Key_F5, NO_KEYS, PageCommand.REFRESH),
        ],
    )
    def test_the_page_on_view_gets_its_commands(
        self, window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier, command: PageCommand
    ) -> None:
        page = window.open_section("transactions")
        press(window, key, modifiers)
        assert isinstance(page, SamplePage)
        assert page.commands == [command]

    def test_a_page_without_commands_refuses(self, window: MainWindow) -> None:
        assert not window.run_page_command(PageCommand.ADD)

    def test_what_works_everywhere_comes_after_the_page_and_not_while_one_stands_alone(
        self, window: MainWindow
    ) -> None:
        done: list[str] = []
        window.commands.set_everywhere({PageCommand.IMPORT: lambda: done.append("import")})
        press(window, Qt.Key.Key_I, CONTROL)
        assert done == ["import"]
        page = window.open_section("transactions")
        assert isinstance(page, SamplePage)
        press(window, Qt.Key.Key_I, CONTROL)
        assert (done, page.commands) == (["import"], [PageCommand.IMPORT])
        window.show_alone(QLabel("locked"))
        assert not window.run_page_command(PageCommand.IMPORT)
        assert done == ["import"]

    def test_every_bound_key_is_on_the_shortcuts_page(self, window: MainWindow) -> None:
        told = {key.keys for key in KEYBOARD_MAP}
        assert set(PAGE_KEYS) <= told
        press(window, Qt.Key.Key_F1)
        page = child(window, object_names.SHORTCUTS_PAGE)
        assert page.isVisible()
        words = {label.text() for label in page.findChildren(QLabel)}
        assert told <= words
        press(page, Qt.Key.Key_Escape)
        assert page.isHidden()

    def test_f1_again_closes_it(self, window: MainWindow) -> None:
        press(window, Qt.Key.Key_F1)
        press(window, Qt.Key.Key_F1)
        assert child(window, object_names.SHORTCUTS_PAGE).isHidden()


class TestMessages:
    def test_a_page_may_place_the_bar_itself(self, window: MainWindow) -> None:
        window.messages.show_message(MessageLevel.ERROR, "The server does not answer.")
        assert window.messages.isVisible()
        page = window.open_section("transactions")
        assert window.messages.parentWidget() is page
        window.open_section("overview")
        assert window.messages.parentWidget() is not page
        assert window.messages.isVisible()

    def test_escape_takes_it_away(self, window: MainWindow) -> None:
        window.messages.show_message(MessageLevel.WARNING, "Look.")
        press(window, Qt.Key.Key_Escape)
        assert window.messages.isHidden()


class TestStatus:
    def test_it_says_what_it_is_told_and_hides_what_it_is_not(self, window: MainWindow) -> None:
        rows = child(window, object_names.STATUS_ROWS)
        assert rows.isHidden()
        window.status.set_rows("10,482,113 rows, exact")
        window.status.set_connection("Vault, encrypted")
        window.status.set_level("Outer Court, 14 min")
        window.status.set_freshness("Last round 6 s ago")
        for name in ("CONNECTION", "ROWS", "LEVEL", "FRESHNESS"):
            assert child(window, getattr(object_names, f"STATUS_{name}")).isVisible()
        assert isinstance(rows, QLabel)
        assert rows.text() == "10,482,113 rows, exact"

    def test_running_jobs_are_counted_and_shown(self, window: MainWindow) -> None:
        slot = child(window, object_names.STATUS_ACTIVITY)
        assert isinstance(slot, QPushButton)
        assert slot.text() == "No jobs"
        job: JobHandle[None] = JobHandle(1, "Import a.csv", lambda: None)
        window.activity.job_started(job)
        assert slot.text() == "1 job running"
        QTest.mouseClick(slot, Qt.MouseButton.LeftButton)
        panel = child(window, object_names.ACTIVITY_PANEL)
        assert panel.isVisible()
        bottom = panel.mapTo(window, panel.rect().bottomRight())
        assert bottom.x() <= window.width()
        assert bottom.y() <= window.height() - window.status.height()
        window.activity.job_ended(job)
        assert slot.text() == "No jobs"
        press(panel, Qt.Key.Key_Escape)
        assert panel.isHidden()


class TestAlone:
    def test_one_page_alone_until_told(self, window: MainWindow) -> None:
        alone = QLabel("locked")
        window.show_alone(alone)
        assert alone.isVisible()
        assert window.navigation.isHidden()
        press(window, Qt.Key.Key_2, CONTROL)  # decides what comes afterwards, shows nothing
        press(window, Qt.Key.Key_K, CONTROL)
        assert alone.isVisible()
        assert window.findChild(QWidget, object_names.COMMAND_PALETTE) is None
        window.end_alone()
        assert not alone.isVisible()
        assert window.navigation.isVisible()
        assert window.current_section == "wallets"

    def test_a_page_alone_gives_way_to_the_sections(self, qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
        shown = MainWindow(theme, MemoryState())
        qtbot.addWidget(shown)
        first = FirstRunPage(theme, proposed_vault=tmp_path / "books.aether")
        shown.show_alone(first)
        shown.show()
        assert first.isVisible()
        shown.set_sections(sample_sections(theme))
        assert not first.isVisible()
        assert shown.current_section == "overview"


class TestNarrow:
    def test_a_narrow_window_shows_icons_alone(self, window: MainWindow) -> None:
        window.resize(1200, 700)
        wide = window.navigation.width()
        window.resize(700, 400)
        assert window.navigation.width() < wide / 3
        entry = child(window, object_names.navigation_name("wallets"))
        assert entry.toolTip() == "Wallets (Ctrl+2)"
        window.resize(1200, 700)
        assert window.navigation.width() == wide

    def test_what_floats_stays_inside(self, window: MainWindow) -> None:
        window.open_palette()
        for size in ((640, 360), (1300, 700)):
            window.resize(*size)
            palette = child(window, object_names.COMMAND_PALETTE)
            assert palette.geometry().right() < window.width()
            assert palette.geometry().bottom() < window.height()


def test_the_whole_shell_changes_its_theme(window: MainWindow, theme: Theme) -> None:
    window.open_section("transactions")
    dark = window.grab().toImage()
    theme.set_mode(ThemeMode.LIGHT)
    light = window.grab().toImage()
    assert dark.pixelColor(5, 5).lightness() < 60
    assert light.pixelColor(5, 5).lightness() > 200
    leftover = [
        (x, y)
        for x in range(0, light.width(), 3)
        for y in range(0, light.height(), 3)
        if light.pixelColor(x, y).lightness() < 25
    ]
    assert not leftover  # no surface kept its dark colour


CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QProgressBar)


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader could not name, and what takes the focus without a name."""
    inner = ("qt_", "QScroll")
    return [
        f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parentWidget()).__name__}"
        for widget in (root, *root.findChildren(QWidget))
        if (isinstance(widget, CONTROLS) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and not widget.accessibleName()
        and not widget.objectName().startswith(inner)
        and not isinstance(widget.parentWidget(), CONTROLS)
        and not (isinstance(widget, QAbstractScrollArea) and widget.focusPolicy() == Qt.FocusPolicy.NoFocus)
    ]


def everything(window: MainWindow, theme: Theme, tmp_path: Path) -> QWidget:
    for key in object_names.SECTIONS:
        window.open_section(key)
    window.messages.show_message(MessageLevel.ERROR, "What happened.", "details")
    QTest.mouseClick(child(window, object_names.MESSAGE_BAR_DETAILS), Qt.MouseButton.LeftButton)
    window.activity.job_started(JobHandle(1, "Import a.csv", lambda: None))
    window.open_palette()
    window.toggle_shortcuts()
    window.toggle_activity()
    window.show_alone(FirstRunPage(theme, proposed_vault=tmp_path / "books.aether"))
    return window


def test_every_control_has_a_name(window: MainWindow, theme: Theme, tmp_path: Path) -> None:
    assert nameless(everything(window, theme, tmp_path)) == []


def test_the_search_for_nameless_controls_finds_them(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    QPushButton(parent=holder)
    QLineEdit(holder).setAccessibleName("named")
    assert len(nameless(holder)) == 1


def test_every_visible_control_can_be_reached_by_tab(qtbot: QtBot, window: MainWindow) -> None:
    window.open_section("transactions")
    wanted = {
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit | QAbstractItemView)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    }
    reached: set[QWidget] = set()
    start: QWidget | None = window
    for _ in range(400):
        start = start.nextInFocusChain() if start is not None else None
        if start is None or start is window:
            break
        if start.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.add(start)
    sections = {widget for widget in wanted if widget.objectName().startswith("navigation_")}
    assert len(sections & reached) >= 1  # the arrow keys walk from one section to the next
    assert {widget.accessibleName() for widget in wanted - sections - reached} == set()


def test_object_names_are_unique_and_made_one_way() -> None:
    constants = {name: value for name, value in vars(object_names).items() if name.isupper() and isinstance(value, str)}
    assert len(set(constants.values())) == len(constants)
    assert all(value == value.lower() and " " not in value for value in constants.values())
    makers: list[Callable[[str], str]] = [
        object_names.grid_name,
        object_names.filter_name,
        object_names.add_name,
        object_names.import_name,
        object_names.export_name,
        object_names.columns_name,
        object_names.details_name,
        object_names.details_toggle_name,
    ]
    every = [maker(table) for maker in makers for table in object_names.TABLES]
    assert len(set(every)) == len(every)
    assert object_names.grid_name("transactions") == "transactions_grid"
    assert object_names.navigation_name("people") == "navigation_people"
