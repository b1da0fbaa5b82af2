"""The modules page: switching by button and keyboard; a stranger's package loads only after its warning."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.services.modules import BUILT_IN as BUILT_IN_SOURCE
from aether_desktop.services.modules import ModuleService
from aether_desktop.sum_api import ENTRY_POINT_GROUP
from aether_desktop.sums.built_in import BUILT_IN
from aether_desktop.ui import object_names
from aether_desktop.ui.views.modules import ModulesView
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.value_pages import click, shown

STRANGER = "stranger_of_the_modules_page"


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], EntryPoint]:
    """Makes an installed package of the given source; forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(source: str) -> EntryPoint:
        (tmp_path / f"{STRANGER}.py").write_text(source, encoding="utf-8")
        return EntryPoint("stranger", f"{STRANGER}:plugin", ENTRY_POINT_GROUP)

    monkeypatch.delitem(sys.modules, STRANGER, raising=False)
    return make


def page_with(ledger: Ledger, qtbot: QtBot, *packages: EntryPoint) -> ModulesView:
    modules = ModuleService(ledger.context.settings, BUILT_IN, find_packages=lambda: packages)
    services = replace(ledger.services, modules=modules)
    return shown(qtbot, ModulesView(replace(ledger.context, services=services)))


def enabled(page: ModulesView, key: str) -> bool:
    return next(entry.enabled for entry in page.context.services.modules.entries() if entry.key == key)


def settled(qtbot: QtBot, page: ModulesView, act: Callable[[], object]) -> None:
    """Act, and wait until the page has read again."""
    with qtbot.waitSignal(page.loading_changed, timeout=WAIT, check_params_cb=lambda loading: not loading):
        act()


def test_every_built_in_module_is_listed(ledger: Ledger, qtbot: QtBot) -> None:
    page = page_with(ledger, qtbot)
    assert {entry.source for entry in page.model.rows} == {BUILT_IN_SOURCE}
    assert {"etherscan.normal", "csv", "json"} <= {entry.key for entry in page.model.rows}


def test_the_model_obeys_qt(ledger: Ledger, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page_with(ledger, qtbot).model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_the_button_switches_off_and_on_again(ledger: Ledger, qtbot: QtBot) -> None:
    page = page_with(ledger, qtbot)
    page.grid.select_key("json")
    assert page.switch.text() == "Switch off"
    settled(qtbot, page, lambda: click(page.switch))
    assert not enabled(page, "json")
    assert [module.key for module in page.context.services.modules.reaping_modules()] == ["csv"]
    assert page.grid.current().key == "json"
    assert page.switch.text() == "Switch on"
    settled(qtbot, page, lambda: click(page.switch))
    assert enabled(page, "json")
    assert [text for _level, text in ledger.said] == ["JSON is switched off.", "JSON is switched on."]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_the_keyboard_switches_the_chosen_row(ledger: Ledger, qtbot: QtBot, key: Qt.Key) -> None:
    page = page_with(ledger, qtbot)
    page.grid.select_key("csv")
    settled(qtbot, page, lambda: QTest.keyClick(page.grid, key))
    assert not enabled(page, "csv")


def test_the_page_says_what_packages_from_outside_may_do(ledger: Ledger, qtbot: QtBot) -> None:
    page = page_with(ledger, qtbot)
    notice = page.findChild(QLabel, object_names.modules_part_name("notice"))
    assert notice is not None
    assert notice.isVisible()
    assert "run with full rights" in notice.text()


def test_a_strangers_package_is_loaded_only_after_its_warning(
    ledger: Ledger, qtbot: QtBot, stranger: Callable[[str], EntryPoint]
) -> None:
    page = page_with(ledger, qtbot, stranger("raise RuntimeError('I <b>break</b>')"))
    page.grid.select_key("package:stranger")
    click(page.switch)
    assert page._warning.isVisible()
    assert STRANGER not in sys.modules
    assert not enabled(page, "package:stranger")
    click(page.leave)
    assert not page.anyway.isVisible()
    assert not enabled(page, "package:stranger")
    QTest.keyClick(page.grid, Qt.Key.Key_Return)
    settled(qtbot, page, lambda: click(page.anyway))
    entry = page.grid.current()
    assert entry.enabled
    assert "I <b>break</b>" in entry.error
    assert page.model.columns[-1].cell(entry).plain() == "Error"
    settled(qtbot, page, lambda: click(page.switch))
    assert not enabled(page, "package:stranger")
