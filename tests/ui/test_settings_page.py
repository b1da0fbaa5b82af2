"""The settings page over a real vault: choices act at once, long tasks end in words, nothing is clipped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from aether_desktop.composition import create_vault
from aether_desktop.domain.records import TableName
from aether_desktop.jobs.lanes import LaneName
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.settings_file import FIAT, SettingsFile
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.ui.look import ChosenZone, compact_rows
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.theme.theme import ThemeMode
from aether_desktop.ui.theme.tokens import DARK, LIGHT, Size
from aether_desktop.ui.views.settings import SettingsView, vault_facts
from aether_desktop.ui.views.wallets import WalletsView
from aether_desktop.ui.widgets.message_bar import MessageLevel
from aether_desktop.ui.widgets.task_row import TaskRow
from aether_desktop.ui.zone import LOCAL_ZONE, UTC_ZONE, ZONE_SETTING
from tests.support.storages import KEY
from tests.ui.clipping import clipped_texts, overlapping
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.value_pages import click


@pytest.fixture
def page(ledger: Ledger, qtbot: QtBot) -> SettingsView:
    """The page on the screen."""
    made = SettingsView(ledger.context)
    qtbot.addWidget(made)
    made.resize(1120, 700)
    made.show()
    return made


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer nine hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def ended(qtbot: QtBot, row: TaskRow) -> str:
    """Wait for a task's words."""
    qtbot.waitUntil(lambda: bool(row.result) and row.button.isEnabled(), timeout=WAIT)
    return row.result


def hint_of(page: SettingsView) -> str:
    """What stands under the choice of the currency."""
    return " ".join(label.text() for label in page.look.fiat.findChildren(QLabel))


class TestLook:
    def test_a_theme_acts_at_once_and_is_kept(self, page: SettingsView, ledger: Ledger) -> None:
        choice = page.look.theme_choice.editor
        assert choice.currentData() == ThemeMode.DARK.value
        choice.setCurrentIndex(choice.findData(ThemeMode.LIGHT.value))
        choice.activated.emit(choice.currentIndex())
        assert ledger.context.theme.colours is LIGHT
        assert ledger.context.settings.get("theme") == "light"

    def test_a_theme_chosen_elsewhere_is_shown(self, page: SettingsView, ledger: Ledger) -> None:
        ledger.context.theme.set_mode(ThemeMode.LIGHT)
        assert page.look.theme_choice.editor.currentData() == "light"
        ledger.context.theme.set_mode(ThemeMode.DARK)
        assert ledger.context.theme.colours is DARK
        assert page.look.theme_choice.editor.currentData() == "dark"

    def test_the_zone_is_followed_by_who_keeps_it(self, page: SettingsView, ledger: Ledger, tokyo: None) -> None:
        zone, noon = ChosenZone(ledger.context.settings), datetime(2020, 6, 1, 12, tzinfo=UTC)
        assert time_text(noon, zone) == "01 Jun 2020 12:00:00"
        choice = page.look.zone.editor
        choice.setCurrentIndex(choice.findData(LOCAL_ZONE))
        choice.activated.emit(choice.currentIndex())
        assert ledger.context.settings.get(ZONE_SETTING) == LOCAL_ZONE
        assert time_text(noon, zone) == "01 Jun 2020 21:00:00"
        choice.setCurrentIndex(choice.findData(UTC_ZONE))
        choice.activated.emit(choice.currentIndex())
        assert time_text(noon, zone) == "01 Jun 2020 12:00:00"

    def test_low_rows_reach_the_grids_that_are_open(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        wallets = WalletsView(ledger.context)
        qtbot.addWidget(wallets, before_close_func=lambda _page: wallets.close_model())
        rows = wallets.grid.verticalHeader()
        before = rows.defaultSectionSize()
        page.look.compact.click()
        assert compact_rows(ledger.context.settings)
        assert rows.defaultSectionSize() == before - (Size.ROW - Size.ROW_COMPACT)
        page.look.compact.click()
        assert not compact_rows(ledger.context.settings)
        assert rows.defaultSectionSize() == before

    def test_scrolling_past_a_choice_does_not_change_it(self, page: SettingsView) -> None:
        choice = page.look.zone.editor
        choice.clearFocus()
        middle = QPointF(choice.rect().center())
        turn = QWheelEvent(
            middle,
            choice.mapToGlobal(middle),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(choice, turn)
        assert choice.currentData() == UTC_ZONE

    def test_currencies_with_prices_are_offered(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        choice = page.look.fiat.editor
        assert [choice.itemData(at) for at in range(choice.count())] == [""]
        prices = ledger.folder / "prices.csv"
        prices.write_text("date,symbol,currency,price\n2024-01-01,ETH,EUR,2000\n", encoding="utf-8")
        page.data.import_prices(prices)
        qtbot.waitUntil(lambda: choice.findData("EUR") >= 0, timeout=WAIT)
        choice.setCurrentIndex(choice.findData("EUR"))
        choice.activated.emit(choice.currentIndex())
        assert FIAT.get(ledger.context.settings) == "EUR"

    def test_the_currency_that_holds_unchosen_is_said(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        choice = page.look.fiat.editor
        assert choice.currentText() == "No values"
        prices = ledger.folder / "prices.csv"
        rows = "2024-01-01,ETH,USD,2100\n2024-01-01,ETH,EUR,2000\n"
        prices.write_text(f"date,symbol,currency,price\n{rows}", encoding="utf-8")
        page.data.import_prices(prices)
        qtbot.waitUntil(lambda: choice.count() == 3, timeout=WAIT)
        assert choice.currentData() == ""
        assert choice.currentText() == f"{ledger.services.balances.overview().fiat}, the first with prices"
        assert choice.currentText().startswith("EUR")

    def test_a_chosen_currency_without_prices_is_said(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        FIAT.set(ledger.context.settings, "CHF")
        prices = ledger.folder / "prices.csv"
        prices.write_text("date,symbol,currency,price\n2024-01-01,ETH,EUR,2000\n", encoding="utf-8")
        page.data.import_prices(prices)
        choice = page.look.fiat.editor
        qtbot.waitUntil(lambda: choice.findData("EUR") >= 0, timeout=WAIT)
        assert choice.currentData() == "CHF"
        assert "no prices in CHF" in hint_of(page)
        choice.setCurrentIndex(choice.findData("EUR"))
        choice.activated.emit(choice.currentIndex())
        qtbot.waitUntil(lambda: "By the prices" in hint_of(page), timeout=WAIT)


class TestSafekeeping:
    def test_a_backup_opens_with_the_vaults_key(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.imported(3)
        target = ledger.folder / "copy.aether"
        page.safekeeping.back_up(target)
        said = ended(qtbot, page.safekeeping.backup)
        assert said == f"Backed up to {target}, and proven by opening the copy."
        assert ledger.said[-1] == (MessageLevel.INFO, said)
        with closing(open_vault(target, KEY)) as copy:
            assert [batch.new for batch in copy.imports.all()] == [3]

    def test_an_existing_file_is_refused_and_untouched(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        target = ledger.folder / "mine.aether"
        target.write_bytes(b"mine")
        page.safekeeping.back_up(target)
        assert "exists already" in ended(qtbot, page.safekeeping.backup)
        assert target.read_bytes() == b"mine"
        assert ledger.said[-1][0] is MessageLevel.ERROR

    def test_the_button_asks_where_with_a_name_ready(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        click(page.safekeeping.backup.button)
        dialog = page.safekeeping.findChild(QFileDialog)
        assert dialog is not None
        assert Path(dialog.selectedFiles()[0]).name.startswith("books-")
        dialog.fileSelected.emit(str(ledger.folder / "asked.aether"))
        dialog.close()
        assert "proven" in ended(qtbot, page.safekeeping.backup)
        assert (ledger.folder / "asked.aether").exists()

    def test_a_sound_vault_is_said_to_be_healthy(self, page: SettingsView, qtbot: QtBot) -> None:
        click(page.safekeeping.check.button)
        assert ended(qtbot, page.safekeeping.check) == "Healthy: pages, references and amounts agree."

    def test_problems_are_listed_and_copied_whole(self, page: SettingsView, ledger: Ledger) -> None:
        page.safekeeping.show_problems([f"page {number} is damaged" for number in range(9)])
        lines = page.safekeeping.check.result.splitlines()
        assert lines[0].startswith("9 problems found.")
        assert lines[-1] == "and 4 more: copy them all"
        page.safekeeping.check._copy.click()
        assert len(QGuiApplication.clipboard().text().splitlines()) == 9
        assert ledger.said[-1][0] is MessageLevel.WARNING

    def test_a_backup_becomes_a_vault_of_its_own(self, ledger: Ledger, qtbot: QtBot, tmp_path: Path) -> None:
        key, settings = tmp_path / "key", SettingsFile(tmp_path / "other.json")
        with closing(create_vault(tmp_path / "own.aether", settings=settings, key_file=key)) as services:
            services.records.create(
                TableName.WALLETS, {"name": "Kept", "chain": "ethereum", "address": "0x" + "00" * 20}
            )
            made = SettingsView(replace(ledger.context, services=services))
            qtbot.addWidget(made)
            made.safekeeping.back_up(tmp_path / "copy.aether")
            ended(qtbot, made.safekeeping.backup)
            target = tmp_path / "restored.aether"
            made.safekeeping.restore_as(tmp_path / "copy.aether", target)
            said = ended(qtbot, made.safekeeping.restore)
            assert said.startswith(f"Restored as {target}, and proven by opening it.")
            assert said.endswith(f"aether-desktop --vault {target}")
            opened: list[Path] = []
            ledger.context.navigator.vault_asked.connect(opened.append)
            other = tmp_path / "other.aether"
            made.safekeeping.restore_as(tmp_path / "copy.aether", other)
            assert ended(qtbot, made.safekeeping.restore) == f"Restored as {other}, and proven by opening it."
            made.show()
            assert made.safekeeping.restore.next_button.objectName() == "settings_restore_next"
            click(made.safekeeping.restore.next_button)
            assert opened == [other]
            again = tmp_path / "nothing.aether"
            made.safekeeping.restore_as(tmp_path / "absent.aether", again)
            assert "There is no backup" in ended(qtbot, made.safekeeping.restore)
            assert not again.exists()
            assert made.safekeeping.restore.next_button.isHidden()
        settings.close()

    def test_where_restoring_is_not_wired_it_names_the_command(
        self, page: SettingsView, ledger: Ledger, qtbot: QtBot
    ) -> None:
        page.safekeeping.restore_as(ledger.folder / "books.aether", ledger.folder / "new.aether")
        assert "aether-desktop restore" in ended(qtbot, page.safekeeping.restore)


class TestData:
    def test_labels_go_out_and_come_in_again(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        wallet = ledger.wallet()
        ledger.services.annotations.annotate(TableName.WALLETS, [wallet], label="Rent")
        path = ledger.folder / "labels.jsonl"
        page.data.export_labels(path)
        assert ended(qtbot, page.data.labels_out) == f"1 record written to {path}."
        ledger.services.annotations.annotate(TableName.WALLETS, [wallet], label="")
        page.data.import_labels(path)
        assert "1 changed rows" in ended(qtbot, page.data.labels_in)
        assert ledger.services.annotations.of(TableName.WALLETS, wallet).label == "Rent"

    def test_lines_that_cannot_be_read_are_named(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        good = json.dumps({"type": "tx", "ref": "ab" * 32, "label": "for later"})
        path = ledger.folder / "labels.jsonl"
        path.write_text(f"{good}\nnonsense\n", encoding="utf-8")
        page.data.import_labels(path)
        said = ended(qtbot, page.data.labels_in)
        assert "1 name nothing here yet and are kept" in said
        assert said.splitlines()[1].startswith("Line 2: ")
        assert ledger.said[-1][0] is MessageLevel.WARNING

    def test_bad_price_rows_are_named_and_good_ones_stored(
        self, page: SettingsView, ledger: Ledger, qtbot: QtBot
    ) -> None:
        path = ledger.folder / "prices.csv"
        path.write_text("date,symbol,currency,price\n2024-01-01,ETH,EUR,2000\n2024-01-02,ETH,EUR,0\n", encoding="utf-8")
        page.data.import_prices(path)
        said = ended(qtbot, page.data.prices_in)
        assert "1 prices new or changed" in said
        assert said.splitlines()[1].startswith("Row 3: ")
        assert ledger.services.prices.fiats() == ["EUR"]

    def test_a_file_that_is_none_is_refused(self, page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
        page.data.import_prices(ledger.folder / "absent.csv")
        assert ended(qtbot, page.data.prices_in)
        assert ledger.said[-1][0] is MessageLevel.ERROR


def test_a_running_task_shows_progress_and_can_be_stopped(page: SettingsView, ledger: Ledger, qtbot: QtBot) -> None:
    row = page.safekeeping.check

    def work(token: CancelToken, progress: Progress) -> None:
        progress(1, 4, "Reading pages")
        token._event.wait(WAIT / 1000)
        raise OperationCancelled

    page.safekeeping.run(row, LaneName.READ, work, title="Check the vault", then=lambda _nothing: None, leaves="")
    qtbot.waitUntil(lambda: "25 %" in row._at.text(), timeout=WAIT)
    assert not row.button.isEnabled()
    assert row._bar.value() * 4 == row._bar.maximum()
    click(row._cancel)
    assert ended(qtbot, row) == "Stopped; nothing was changed."
    assert ledger.said == []


def test_facts_name_the_vault_and_hold_no_secret(ledger: Ledger) -> None:
    facts = {entry.label: entry.value for entry in vault_facts(ledger.services.info)}
    assert facts["Name"] == "Family"
    assert facts["Place"] == str(ledger.folder / "books.aether")
    assert facts["Encrypted"] == "Yes, the whole file"
    assert KEY.hex() not in " ".join(facts.values())
    shared = replace(
        ledger.services.info, engine="postgresql", location="postgresql://db.example/books", encrypted=False
    )
    assert {entry.label: entry.value for entry in vault_facts(shared)}["Server"] == "postgresql://db.example/books"


@pytest.mark.parametrize("width", [560, 1120])
def test_nothing_is_clipped(qtbot: QtBot, page: SettingsView, width: int) -> None:
    long = "/a/" + "folder" * 20
    page.safekeeping.show_problems([f"{long} is damaged"])
    page.data.labels_out.say(f"3 records written to {long}.", "ok")
    page.resize(width, 600)
    qtbot.waitUntil(lambda: clipped_texts(page) + overlapping(page) == [])  # cards made in sight take a turn
    area = page.findChild(QScrollArea)
    assert area is not None
    ground = area.widget()
    assert ground is not None
    assert ground.width() <= area.viewport().width()
