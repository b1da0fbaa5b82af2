"""Saved views: kept under a name, chosen, forgotten; whatever a name holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QWidgetAction
from pytestqt.qtbot import QtBot

from aether_desktop.domain.records import TableName
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.saved_views import SavedViews


def opened_menu(qtbot: QtBot, views: SavedViews, current: str, chosen: list[str]) -> QMenu:
    menu = QMenu()
    qtbot.addWidget(menu)
    views.fill_menu(menu, current=current, choose=chosen.append)
    menu.popup(menu.pos())
    qtbot.waitExposed(menu)
    return menu


def keep_line(menu: QMenu) -> tuple[QLineEdit, QPushButton]:
    holder = next(action for action in menu.actions() if isinstance(action, QWidgetAction)).defaultWidget()
    name, keep = holder.findChild(QLineEdit), holder.findChild(QPushButton)
    assert isinstance(name, QLineEdit)
    assert isinstance(keep, QPushButton)
    return name, keep


def test_a_view_is_kept_chosen_and_forgotten(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = SettingsFile(path)
    views, chosen = SavedViews(TableName.TRANSACTIONS, settings), list[str]()
    menu = opened_menu(qtbot, views, "label:rent", chosen)
    name, _keep = keep_line(menu)
    assert name.accessibleName()
    QTest.keyClicks(name, "Rent & more")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert not menu.isVisible()
    settings.close()

    settings = SettingsFile(path)
    views = SavedViews(TableName.TRANSACTIONS, settings)
    assert views.all() == {"Rent & more": "label:rent"}
    assert SavedViews(TableName.WALLETS, settings).all() == {}
    menu = opened_menu(qtbot, views, "", chosen)
    actions = {action.text(): action for action in menu.actions()}
    actions["Rent && more"].trigger()
    actions["Archived rows"].trigger()
    actions["All rows"].trigger()
    assert chosen == ["label:rent", "archived:only", ""]
    forget = next(action.menu() for action in menu.actions() if action.menu() is not None)
    assert isinstance(forget, QMenu)
    forget.actions()[0].trigger()
    assert views.all() == {}
    settings.close()


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_view_needs_a_name(qtbot: QtBot, theme: Theme, tmp_path: Path, blank: str) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    views = SavedViews(TableName.TRANSACTIONS, settings)
    menu = opened_menu(qtbot, views, "label:rent", [])
    name, keep = keep_line(menu)
    name.setText(blank)
    keep.click()
    assert views.all() == {}
    assert menu.isVisible()
    settings.close()


def test_a_persons_view_does_not_replace_a_standing_one(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    views, chosen = SavedViews(TableName.TRANSACTIONS, settings), list[str]()
    views.keep("All rows", "label:rent")
    menu = opened_menu(qtbot, views, "", chosen)
    for action in [action for action in menu.actions() if action.text() == "All rows"]:
        action.trigger()
    assert chosen == ["", "label:rent"]
    settings.close()


def test_what_is_no_view_is_left_out(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    settings.set("views.transactions", ["not", "views"])
    assert SavedViews(TableName.TRANSACTIONS, settings).all() == {}
    settings.close()
