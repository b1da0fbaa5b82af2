"""What changes leave to be done is done behind the window's back: sums of days, and what fragments are found by.

A check of everything says what it found; a long run is told and can be stopped.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.services.ledger import LedgerService
from aether_desktop.services.search_upkeep import SearchUpkeepService
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.shell import ledger_upkeep, search_upkeep
from aether_desktop.ui.shell.ledger_upkeep import LedgerUpkeep
from aether_desktop.ui.shell.search_upkeep import SearchUpkeep
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.storage.files import add_wallet, bring, incoming
from tests.support.audits import tamper
from tests.support.storages import KEY, VaultPlace, vault_template
from tests.ui.ledgers import WAIT

_DAY = 24 * 60

Said = list[tuple[MessageLevel, str]]


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
def jobs() -> Iterator[JobRunner]:
    with closing(JobRunner(Lanes())) as runner:
        yield runner


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def said(messages: Messages) -> Said:
    told: Said = []
    messages.shown.connect(lambda level, text, _details: told.append((level, text)))
    return told


@pytest.fixture
def sums(
    qtbot: QtBot, books: SqlStorage, jobs: JobRunner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LedgerUpkeep]:
    monkeypatch.setattr(ledger_upkeep, "_REST_MS", 1)
    keeper = LedgerUpkeep(LedgerService(books), books.changes, jobs, messages, messages)
    yield keeper
    keeper.close()


@pytest.fixture
def index(
    qtbot: QtBot, books: SqlStorage, jobs: JobRunner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SearchUpkeep]:
    monkeypatch.setattr(search_upkeep, "_REST_MS", 1)
    monkeypatch.setattr(search_upkeep, "_WORTH", 5)
    keeper = SearchUpkeep(SearchUpkeepService(books), books.changes, jobs, messages, messages)
    yield keeper
    keeper.close()


def import_some(books: SqlStorage) -> None:
    """Nine rows of nine days, of one wallet."""
    rows = [incoming(day * _DAY + 1, units=1, description=f"Oil {day}") for day in range(9)]
    bring(books, add_wallet(books).id, rows)


def test_many_changed_days_are_settled_after_the_change(sums: LedgerUpkeep, books: SqlStorage, qtbot: QtBot) -> None:
    import_some(books)
    qtbot.waitUntil(lambda: books.ledger.unsettled() == 0, timeout=WAIT)
    assert books.ledger.recount() == []


def test_what_waits_from_before_is_settled_at_the_beginning(
    sums: LedgerUpkeep, books: SqlStorage, qtbot: QtBot
) -> None:
    sums.close()  # hears of no change
    import_some(books)
    assert books.ledger.unsettled() == 9
    sums.begin()
    qtbot.waitUntil(lambda: books.ledger.unsettled() == 0, timeout=WAIT)


def test_a_change_on_its_way_is_not_heard_after_the_end(
    sums: LedgerUpkeep, books: SqlStorage, jobs: JobRunner, qtbot: QtBot
) -> None:
    """A worker's change waits in the queue of this thread while everything is closed; the lanes are gone after it."""
    asked: list[JobHandle[Any]] = []
    jobs.job_started.connect(asked.append)
    bringing = threading.Thread(target=import_some, args=(books,))
    bringing.start()
    bringing.join()
    sums.close()
    jobs.join()
    QCoreApplication.sendPostedEvents()
    assert not sums._rest.isActive()
    sums.begin()
    qtbot.waitUntil(lambda: not sums._rest.isActive(), timeout=WAIT)
    assert not asked
    assert books.ledger.unsettled() == 9


def test_changes_of_other_tables_are_no_reason_to_add_up(sums: LedgerUpkeep, books: SqlStorage) -> None:
    wallet = add_wallet(books)
    assert not sums._rest.isActive()
    bring(books, wallet.id, [incoming(1, units=1)])
    assert sums._rest.isActive()


def test_who_is_asked_to_look_meanwhile_looks_once_more(
    sums: LedgerUpkeep, books: SqlStorage, jobs: JobRunner, qtbot: QtBot
) -> None:
    begun: list[JobHandle[object]] = []
    jobs.job_started.connect(begun.append)
    jobs.job_started.connect(lambda _handle: sums._look() if len(begun) == 1 else None)
    with qtbot.waitSignal(sums.ended, timeout=WAIT):
        sums.begin()
    assert len(begun) == 2


def test_a_recount_says_what_it_found(
    sums: LedgerUpkeep, books: SqlStorage, vault: Path, said: Said, qtbot: QtBot
) -> None:
    bring(books, add_wallet(books).id, [incoming(1, units=1)])
    books.ledger.settle()
    sums.recount()
    qtbot.waitUntil(lambda: len(said) == 1, timeout=WAIT)
    with closing(VaultPlace("sqlite", str(vault))) as place:
        tamper(place, "UPDATE ledger_days SET units = '2'")
    sums.recount()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WAIT)
    assert [level for level, _text in said] == [MessageLevel.INFO, MessageLevel.WARNING]
    assert "One sum of a day was not what the rows say" in said[1][1]
    assert books.ledger.recount() == []


def test_changed_rows_are_indexed_after_the_change(index: SearchUpkeep, books: SqlStorage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(index.ended, timeout=WAIT):
        import_some(books)
    qtbot.waitUntil(lambda: books.search.waiting() == 0, timeout=WAIT)


def test_a_long_run_is_listed_and_can_be_cancelled(
    index: SearchUpkeep, books: SqlStorage, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_upkeep, "_LONG", 6)
    index.close()
    import_some(books)
    listed: list[JobHandle[int]] = []
    jobs.job_started.connect(lambda handle: listed.append(handle) if handle.title else None)
    jobs.job_started.connect(lambda handle: handle.cancel() if handle.title else None)
    with qtbot.waitSignal(index.ended, timeout=WAIT):
        index.begin()
    assert [handle.title for handle in listed] == ["Index texts for search"]
    assert not listed[0].running
    index.begin()  # and goes on the next time
    qtbot.waitUntil(lambda: len(listed) == 2, timeout=WAIT)


def test_a_check_says_what_it_found(
    index: SearchUpkeep, books: SqlStorage, vault: Path, said: Said, qtbot: QtBot
) -> None:
    index.close()
    import_some(books)
    index.check()
    qtbot.waitUntil(lambda: len(said) == 1, timeout=WAIT)
    with closing(VaultPlace("sqlite", str(vault))) as place:
        tamper(place, "DELETE FROM search_word_grams WHERE rowid = (SELECT max(id) FROM transactions)")
    index.check()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WAIT)
    assert [level for level, _text in said] == [MessageLevel.INFO, MessageLevel.WARNING]
    assert said[1][1].startswith("One row was not found by the index")
    assert books.search.wrong() == 0
