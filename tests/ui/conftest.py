"""What tests of the window share: the theme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.ui.theme.theme import Theme, ThemeMode
from tests.support.storages import vault_template
from tests.ui.ledgers import Ledger, opened_ledger
from tests.ui.wizard_on_screen import Wizard


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The dark theme, applied to the application and taken off again."""
    before = qapp.font()
    made = Theme(ThemeMode.DARK)
    made.apply(qapp)
    yield made
    qapp.setStyleSheet("")
    qapp.setFont(before)
    qapp.setPalette(qapp.style().standardPalette())
    made.deleteLater()


@pytest.fixture(scope="session")
def ledger_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run's template vault."""
    return tmp_path_factory.mktemp("ledger-templates")


@pytest.fixture
def ledger(tmp_path: Path, ledger_templates: Path, theme: Theme) -> Iterator[Ledger]:
    """A fresh vault behind real services and lanes."""
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(ledger_templates), path)
    path.chmod(0o600)
    with opened_ledger(path, tmp_path, theme) as opened:
        yield opened


@pytest.fixture
def wizard(ledger: Ledger, qtbot: QtBot) -> Wizard:
    """The import wizard over a vault with one wallet."""
    ledger.wallet()
    return Wizard(ledger, qtbot)
