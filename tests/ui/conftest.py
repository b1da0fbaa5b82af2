"""What tests of the window share: the theme, a vault behind it, its founder and their page of people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.users import PeopleView
from tests.support.identities import Person, founder
from tests.support.storages import vault_template
from tests.ui.ledgers import WAIT, Ledger, opened_ledger
from tests.ui.people_on_screen import use
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


@pytest.fixture
def miriam(ledger: Ledger) -> Person:
    """The founder, whose keys the ledger's services use from now on."""
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    one = founder(storage)
    use(ledger, one)
    return one


@pytest.fixture
def people_page(ledger: Ledger, qtbot: QtBot) -> Callable[[], PeopleView]:
    """Opens the people page."""

    def opening() -> PeopleView:
        page = PeopleView(ledger.context)
        qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
        page.resize(1180, 900)
        with qtbot.waitSignal(page.model.count_changed, timeout=WAIT):
            page.show()
        qtbot.waitExposed(page)
        return page

    return opening
