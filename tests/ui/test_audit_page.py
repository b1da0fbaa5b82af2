"""The audit page over a real vault: who did what, filters, pages, verification, checkpoints, comparing."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.locations import resources_dir
from aether_desktop.ports.audit import AuditEntry, AuditFilter
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.ui import object_names
from aether_desktop.ui.models import value_table_model
from aether_desktop.ui.views import audit_entries
from aether_desktop.ui.views.audit import AuditView
from aether_desktop.ui.views.audit_amounts import coins_of
from aether_desktop.ui.views.audit_entries import AuditRow, action_words, audit_facts, what_changed
from aether_desktop.ui.zone import LOCAL_ZONE, ZONE_SETTING
from tests.storage.samples import LATER
from tests.support.audits import audit_of, device
from tests.support.identities import founder
from tests.ui.ledgers import WAIT, Ledger
from tests.ui.value_pages import click, refreshed, shown

TOKEN = "0x" + "c0" * 20
MOVEMENT: dict[str, object] = {"occurred_at": LATER, "kind": "receive", "direction": "in"}


@pytest.fixture
def signing(ledger: Ledger) -> Ledger:
    """A ledger whose changes are signed and whose log this computer remembers."""
    storage = ledger.services.storage
    storage.audit.sign_with(device())
    service = audit_of(storage, ledger.folder / "pins")
    service.sign_on()
    services = dataclasses.replace(ledger.services, audit=service)
    context = dataclasses.replace(ledger.context, services=services)
    return dataclasses.replace(ledger, services=services, context=context)


def tamper(ledger: Ledger, statement: str) -> None:
    storage = ledger.services.storage
    assert isinstance(storage, SqlStorage)
    with storage._vault.kit.writer.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement)


def actions(page: AuditView) -> list[str]:
    return [row.entry.action for row in page.model.rows]


def waited(qtbot: QtBot, page: AuditView) -> None:
    qtbot.waitUntil(lambda: not page.loading, timeout=WAIT)


class TestEntries:
    def test_changes_are_listed_newest_first_with_their_people(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.imported(2)
        page = shown(qtbot, AuditView(ledger.context))
        assert actions(page).index("import.store") < actions(page).index("wallets.create")
        assert {row.person for row in page.model.rows} == {"miriam"}
        stored = next(row for row in page.model.rows if row.entry.action == "import.store")
        cells = {column.key: column.cell(stored).plain() for column in page.model.columns}
        assert (cells["action"], cells["person"]) == ("Import store", "miriam")

    def test_what_was_before_and_is_now_stands_in_the_details(self, signing: Ledger, qtbot: QtBot) -> None:
        wallet = signing.wallet()
        record = signing.services.records.get(TableName.WALLETS, wallet)
        signing.services.records.edit(TableName.WALLETS, record, {"name": "Savings"})
        page = shown(qtbot, AuditView(signing.context))
        assert page.grid.select_key(page.model.rows[0].entry.id)

        def facts() -> set[str]:
            return {label.text() for label in page.side.findChildren(QLabel)}

        qtbot.waitUntil(lambda: "Signed by the person's device" in facts(), timeout=WAIT)
        assert any("Treasury" in text and "Savings" in text for text in facts())
        assert what_changed(page.model.rows[0].entry.detail, {}).startswith("Name: Treasury \u2192 Savings")

    def test_the_model_obeys_qt(self, ledger: Ledger, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
        ledger.imported(2)
        qtmodeltester.check(shown(qtbot, AuditView(ledger.context)).model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here

    def test_a_new_change_appears(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = shown(qtbot, AuditView(ledger.context))
        before = len(page.model.rows)
        ledger.wallet()
        refreshed(qtbot, page, ChangeSet(frozenset({TableName.WALLETS}), None))
        assert len(page.model.rows) > before
        assert actions(page)[0] == "wallets.create"

    def test_people_stand_by_their_names_and_their_ids_in_the_details(self, ledger: Ledger, qtbot: QtBot) -> None:
        storage = ledger.services.storage
        assert isinstance(storage, SqlStorage)
        miriam = founder(storage)
        made = miriam.people.invite("aaron", Role.MEMBER)
        miriam.people.set_role(miriam.user_id, Role.ZADOKITE)
        page = shown(qtbot, AuditView(ledger.context))
        told = {row.entry.action: what_changed(row.entry.detail, row.people) for row in page.model.rows}
        assert told["invitation.add"] == f"Person: aaron, Invitation: {made.stored.id}"
        assert told["court.wrap"].startswith("Keys: Outer Court of miriam, number 1, for miriam; Holy Place of miriam")
        (invited,) = [row for row in page.model.rows if row.entry.action == "invitation.add"]
        facts = {fact.label: fact for fact in audit_facts(invited, UTC)}
        assert facts["Person"].value == f"aaron (id {made.stored.user_id})"
        assert facts["Person"].copy == str(made.stored.user_id)
        (made_row,) = [row for row in page.model.rows if row.entry.row_id == made.stored.user_id]
        assert {fact.label: fact.value for fact in audit_facts(made_row, UTC)}["Row"] == facts["Person"].value

    def test_amounts_are_shown_in_their_coin_and_in_base_units_in_the_details(
        self, ledger: Ledger, qtbot: QtBot
    ) -> None:
        """Also of an edit that names no coin, and of one from before the token's decimals were corrected."""
        services, token = ledger.services, Currency("USDC", 18, chain="ethereum", contract=TOKEN, decimals_assumed=True)
        record = services.records.create(
            TableName.TRANSACTIONS, {**MOVEMENT, "wallet_id": ledger.wallet(), "amount": Amount(2 * 10**18, token)}
        )
        record = services.records.edit(TableName.TRANSACTIONS, record, {"amount": Amount(25 * 10**17, token)})
        (stored,) = [coin for coin in services.storage.currencies.all() if coin.contract == TOKEN]
        services.storage.currencies.rescale(stored.id, 6)
        record = services.records.get(TableName.TRANSACTIONS, record.id)
        other = Currency("ETH", 18, chain="ethereum")
        services.records.edit(TableName.TRANSACTIONS, record, {"amount": Amount(3 * 10**18, other)})
        page = shown(qtbot, AuditView(ledger.context))
        told = [row for row in page.model.rows if row.entry.table == "transactions"]
        now, edited, made = told[:3]
        assert "Amount: 2 USDC \u2192 2.5 USDC" in what_changed(edited.entry.detail, {}, edited.coins)
        assert "Amount: 2.5 USDC \u2192 3 ETH" in what_changed(now.entry.detail, {}, now.coins)
        facts = {fact.label: fact for fact in audit_facts(edited, UTC)}
        assert facts["Amount"].value == "2 USDC  \u2192  2.5 USDC"
        assert facts["Amount in base units"].value == f"{2 * 10**18}  \u2192  {25 * 10**17}"
        assert facts["Amount in base units"].copy == str(25 * 10**17)
        facts = {fact.label: fact for fact in audit_facts(made, UTC)}
        assert (facts["Amount"].value, facts["Amount in base units"].value) == ("2 USDC", str(2 * 10**18))
        detail = next(column for column in page.model.columns if column.key == "detail")
        assert detail.cell(made).plain().count("2 USDC") == 1
        assert detail.whole is not None
        assert detail.whole(edited) == edited.entry.detail
        assert str(25 * 10**17) in edited.entry.detail

    def test_an_amount_of_an_unknown_coin_stays_as_it_is(self, ledger: Ledger) -> None:
        detail = json.dumps({"after": {"amount": "7" * 30, "currency_id": "12345"}})
        entry = AuditEntry(1, LATER, 1, "transactions.create", "transactions", 1, detail, row_id=9)
        assert coins_of(ledger.services.storage, [entry]) == {}
        facts = {fact.label: fact.value for fact in audit_facts(AuditRow(entry, "miriam", {}), UTC)}
        assert facts["Amount"] == "7" * 30
        assert "Amount in base units" not in facts

    def test_the_heading_names_the_zone_that_was_chosen(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = shown(qtbot, AuditView(ledger.context))
        assert page.model.columns[0].title == "Time (UTC)"
        ledger.context.settings.set(ZONE_SETTING, LOCAL_ZONE)
        ledger.context.navigator.look_changed.emit()
        assert page.model.columns[0].title == "Time (local)"

    def test_actions_read_as_words(self) -> None:
        assert action_words("import.undo") == "Import undo"
        assert action_words("payment_methods.archive") == "Payment methods archive"
        assert "\n" not in action_words("a\nb")

    @pytest.mark.parametrize(
        ("detail", "line"),
        [
            ("", ""),
            ("{", ""),
            ("[]", ""),
            ('{"after":{"note":{"sealed":"0123456789abcdef"}}}', "Note: sealed (0123456\u2026)"),
            ('{"before":{"a":""},"after":{"a":true}}', "A: (empty) \u2192 yes"),
            ('{"batch":7,"touched":{}}', "Batch: 7"),
            ('{"after":{"x":"<b>\\u202e\\n"}}', "X: <b>"),
        ],
    )
    def test_one_line_says_what_changed(self, detail: str, line: str) -> None:
        assert what_changed(detail, {}).strip() == line or line in what_changed(detail, {})
        assert "\n" not in what_changed(detail, {})


class TestFilters:
    def test_each_choice_asks_anew(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.imported(2)
        page = shown(qtbot, AuditView(ledger.context))
        every = len(page.model.rows)
        page.filter.action.setCurrentIndex(page.filter.action.findData("wallets.create"))
        waited(qtbot, page)
        assert actions(page) == ["wallets.create"]
        row = page.model.rows[0].entry.row_id
        click(page.filter.clear_link)
        waited(qtbot, page)
        assert len(page.model.rows) == every
        page.filter.table.setCurrentIndex(page.filter.table.findData("prices"))
        waited(qtbot, page)
        assert actions(page) == []
        assert row is not None
        page.filter.only_row(row)
        waited(qtbot, page)
        assert "wallets.create" in actions(page)
        assert page.filter.wanted == AuditFilter(row_id=row)

    def test_days(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = shown(qtbot, AuditView(ledger.context))
        page.filter.until.setText("2020-01-01")
        page.filter.until.editingFinished.emit()
        waited(qtbot, page)
        assert actions(page) == []
        page.filter.until.setText("the day before")
        page.filter.until.editingFinished.emit()
        waited(qtbot, page)
        assert actions(page)
        assert page.filter.until.property("invalid") is True

    def test_what_cannot_be_read_is_said_in_words(self, ledger: Ledger, qtbot: QtBot) -> None:
        page = shown(qtbot, AuditView(ledger.context))
        bar = page.filter
        assert bar.problem == ""

        def typed(field: QLineEdit, text: str) -> None:
            field.setText(text)
            field.editingFinished.emit()
            waited(qtbot, page)

        typed(bar.row, "twelve")
        typed(bar.since, "2026-02-30")
        said = (
            "\u201ctwelve\u201d is no id of a row, which has digits only; nothing is asked by it.",
            "\u201c2026-02-30\u201d is no day, which is written as 2026-11-23; nothing is asked by it.",
        )
        assert bar.problem == " ".join(said)
        assert (bar.row.accessibleDescription(), bar.since.accessibleDescription()) == said
        assert bar.wanted == AuditFilter()
        click(bar.clear_link)
        waited(qtbot, page)
        assert (bar.problem, bar.row.text(), bar.row.accessibleDescription()) == ("", "", "")
        assert bar.row.property("invalid") is False
        typed(bar.since, "2026-03-02")
        typed(bar.until, "2026-03-01")
        assert bar.problem == "The last day is before the first, so no entry fits."
        typed(bar.until, "2026-03-02")
        assert bar.problem == ""

    def test_the_row_of_an_entry_can_be_followed(self, ledger: Ledger, qtbot: QtBot) -> None:
        ledger.wallet()
        page = shown(qtbot, AuditView(ledger.context))
        assert page.grid.select_key(page.model.rows[0].entry.id)
        for part in ("only_row", "only_person"):
            button = page.findChild(QPushButton, object_names.audit_part_name(part))
            assert button is not None
            click(button)
            waited(qtbot, page)
            assert actions(page)[0] == "wallets.create"


class TestPages:
    def test_older_entries_follow_page_by_page(
        self, ledger: Ledger, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (audit_entries, value_table_model):
            monkeypatch.setattr(module, "MAX_ROWS", 3)
        for number in range(4):
            ledger.services.storage.audit.note("said", number=number)
        page = shown(qtbot, AuditView(ledger.context))
        first = [row.entry.id for row in page.model.rows]
        assert len(first) == 3
        page.older()
        waited(qtbot, page)
        second = [row.entry.id for row in page.model.rows]
        assert not set(first) & set(second)
        assert second[0] < first[-1]
        page.newer()
        waited(qtbot, page)
        assert [row.entry.id for row in page.model.rows] == first


class TestTheLog:
    def test_a_whole_log_is_said_to_be_whole(self, signing: Ledger, qtbot: QtBot) -> None:
        signing.imported(2)
        page = shown(qtbot, AuditView(signing.context))
        page.verify()
        qtbot.waitUntil(lambda: bool(page.sheet.verify_row.result), timeout=WAIT)
        assert "The log is whole" in page.sheet.verify_row.result
        assert page.sheet.isVisible()

    def test_the_first_bad_entry_is_named_and_selected(self, signing: Ledger, qtbot: QtBot) -> None:
        signing.imported(2)
        tamper(signing, "UPDATE audit_entries SET action = 'nothing.happened' WHERE leaf_index = 2")
        page = shown(qtbot, AuditView(signing.context))
        page.filter.table.setCurrentIndex(page.filter.table.findData("prices"))
        waited(qtbot, page)
        page.verify()
        qtbot.waitUntil(lambda: bool(page.sheet.verify_row.result), timeout=WAIT)
        assert "Entry 2" in page.sheet.verify_row.result
        qtbot.waitUntil(
            lambda: not page.loading and page.grid.current() is not None and page.grid.current().entry.leaf_index == 2,
            timeout=WAIT,
        )

    def test_a_log_that_was_cut_refuses_every_change_and_says_so(self, signing: Ledger, qtbot: QtBot) -> None:
        signing.wallet()
        signing.services.audit.sign_on()
        tamper(signing, "DELETE FROM audit_entries WHERE leaf_index = (SELECT max(leaf_index) FROM audit_entries)")
        tamper(signing, "DELETE FROM audit_heads")
        signing.services.audit.remember()
        page = shown(qtbot, AuditView(signing.context))
        problem = page.findChild(QLabel, object_names.audit_part_name("problem"))
        assert problem is not None
        assert problem.isVisible()
        assert "cut off" in problem.text()

    def test_checkpoint_proof_and_comparison(self, signing: Ledger, qtbot: QtBot, tmp_path: Path) -> None:
        signing.wallet()
        page = shown(qtbot, AuditView(signing.context))
        page.open_sheet()
        page.sheet.export_checkpoint(tmp_path / "point.json")
        qtbot.waitUntil(lambda: "Signed over" in page.sheet.checkpoint_row.result, timeout=WAIT)
        assert page.grid.select_key(page.model.rows[-1].entry.id)
        page.export_proof(tmp_path / "proof.json")
        qtbot.waitUntil(lambda: any("proves entry" in text for _level, text in signing.said), timeout=WAIT)
        for name in ("point.json", "proof.json"):
            command = [sys.executable, "-I", str(resources_dir() / "verify_proof.py"), str(tmp_path / name)]
            assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        page.sheet.show_code()
        qtbot.waitUntil(lambda: page.sheet.compare_row.result.count("-") == 6, timeout=WAIT)
        page.sheet.compare_code(page.sheet.compare_row.result)
        qtbot.waitUntil(lambda: "the same on both" in page.sheet.compare_row.result, timeout=WAIT)
        page.sheet.compare_file(tmp_path / "point.json")
        qtbot.waitUntil(lambda: "the same on both" in page.sheet.compare_row.result, timeout=WAIT)
        page.sheet.compare_code("something else")
        qtbot.waitUntil(lambda: bool(page.sheet.code_field.error), timeout=WAIT)
        fields = json.loads((tmp_path / "point.json").read_text("utf-8"))
        assert fields["code"].startswith(str(fields["size"]))
