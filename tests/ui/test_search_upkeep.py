"""What fragments are found by is indexed behind the window's back; a long run is told and can be stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.services.search_upkeep import SearchUpkeepService
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobHandle, JobRunner
from aether_desktop.ui.shell import search_upkeep
from aether_desktop.ui.shell.search_upkeep import SearchUpkeep
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.storage.files import add_wallet, bring, incoming
from tests.support.audits import tamper
from tests.support.storages import KEY, VaultPlace, vault_template
from tests.ui.ledgers import WAIT


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
def upkeep(
    qtbot: QtBot, books: SqlStorage, jobs: JobRunner, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SearchUpkeep]:
    monkeypatch.setattr(search_upkeep, "_REST_MS", 1)
    monkeypatch.setattr(search_upkeep, "_WORTH", 5)
    keeper = SearchUpkeep(SearchUpkeepService(books), books.changes, jobs, messages, messages)
    yield keeper
    keeper.close()


def import_some(books: SqlStorage, first: int = 1) -> None:
    wallets = books.wallets.all()
    wallet = wallets[0] if wallets else add_wallet(books)
    bring(books, wallet.id, [incoming(number, description=f"Oil {number}") for number in range(first, first + 9)])


def test_changed_rows_are_indexed_after_the_change(upkeep: SearchUpkeep, books: SqlStorage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(upkeep.ended, timeout=WAIT):
        import_some(books)
    qtbot.waitUntil(lambda: books.search.waiting() == 0, timeout=WAIT)


def test_a_long_run_is_listed_and_can_be_cancelled(
    upkeep: SearchUpkeep, books: SqlStorage, jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_upkeep, "_LONG", 6)
    upkeep.close()
    import_some(books)
    listed: list[JobHandle[int]] = []
    jobs.job_started.connect(lambda handle: listed.append(handle) if handle.title else None)
    jobs.job_started.connect(lambda handle: handle.cancel() if handle.title else None)
    with qtbot.waitSignal(upkeep.ended, timeout=WAIT):
        upkeep.begin()
    assert [handle.title for handle in listed] == ["Index texts for search"]
    assert not listed[0].running
    upkeep.begin()  # and goes on the next time
    qtbot.waitUntil(lambda: len(listed) == 2, timeout=WAIT)


def test_a_check_says_what_it_found(
    upkeep: SearchUpkeep, books: SqlStorage, vault: Path, messages: Messages, qtbot: QtBot
) -> None:
    said: list[tuple[MessageLevel, str]] = []
    messages.shown.connect(lambda level, text, _details: said.append((level, text)))
    upkeep.close()
    import_some(books)
    upkeep.check()
    qtbot.waitUntil(lambda: len(said) == 1, timeout=WAIT)
    with closing(VaultPlace("sqlite", str(vault))) as place:
        tamper(place, "DELETE FROM search_word_grams WHERE rowid = (SELECT max(id) FROM transactions)")
    upkeep.check()
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WAIT)
    assert [level for level, _text in said] == [MessageLevel.INFO, MessageLevel.WARNING]
    assert said[1][1].startswith("One row was not found by the index")
    assert books.search.wrong() == 0
