"""What changed in the ledger is added up behind the window's back; a recount says what it found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.services.ledger import LedgerService
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell import ledger_upkeep
from aether_desktop.ui.shell.ledger_upkeep import LedgerUpkeep
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.storage.files import add_wallet, bring, incoming
from tests.support.audits import tamper
from tests.support.storages import KEY, VaultPlace, vault_template
from tests.ui.ledgers import WAIT

_DAY = 24 * 60


@pytest.fixture
def vault(tmp_path: Path, ledger_templates: Path) -> Path:
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(ledger_templates), path)
    return path


@pytest.fixture
def books(vault: Path) -> Iterator[SqlStorage]:
    with closing(open_vault(vault, KEY)) as storage:
        yield storage


@pytest.fixture
def said() -> list[tuple[MessageLevel, str]]:
    return []


@pytest.fixture
def upkeep(
    qtbot: QtBot, books: SqlStorage, said: list[tuple[MessageLevel, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[LedgerUpkeep]:
    monkeypatch.setattr(ledger_upkeep, "_REST_MS", 1)
    messages = Messages()
    messages.shown.connect(lambda level, text, _details: said.append((level, text)))
    with closing(JobRunner(Lanes())) as jobs:
        keeper = LedgerUpkeep(LedgerService(books), books.changes, jobs, messages, messages)
        yield keeper
        keeper.close()


def waits_for_nothing(books: SqlStorage) -> bool:
    return books.ledger.unsettled() == 0


def test_many_changed_days_are_settled_after_the_change(upkeep: LedgerUpkeep, books: SqlStorage, qtbot: QtBot) -> None:
    wallet = add_wallet(books)
    bring(books, wallet.id, [incoming(day * _DAY + 1, units=1) for day in range(9)])
    qtbot.waitUntil(lambda: waits_for_nothing(books), timeout=WAIT)
    assert books.ledger.recount() == []


def test_what_waits_from_before_is_settled_at_the_beginning(
    upkeep: LedgerUpkeep, books: SqlStorage, qtbot: QtBot
) -> None:
    upkeep.close()  # hears of no change
    wallet = add_wallet(books)
    bring(books, wallet.id, [incoming(day * _DAY + 1, units=1) for day in range(9)])
    assert books.ledger.unsettled() == 9
    upkeep.begin()
    qtbot.waitUntil(lambda: waits_for_nothing(books), timeout=WAIT)


def test_a_recount_says_what_it_found(
    upkeep: LedgerUpkeep, books: SqlStorage, vault: Path, said: list[tuple[MessageLevel, str]], qtbot: QtBot
) -> None:
    wallet = add_wallet(books)
    bring(books, wallet.id, [incoming(1, units=1)])
    books.ledger.settle()
    upkeep.recount()
    qtbot.waitUntil(lambda: len(said) == 1, timeout=WAIT)
    with closing(VaultPlace("sqlite", str(vault))) as place:
        tamper(place, "UPDATE ledger_days SET units = '2'")
    upkeep.recount()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WAIT)
    assert [level for level, _text in said] == [MessageLevel.INFO, MessageLevel.WARNING]
    assert "One sum of a day was not what the rows say" in said[1][1]
    assert books.ledger.recount() == []
