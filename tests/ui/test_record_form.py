"""The nine forms: every field named, errors under it, keys that work, and what is not touched stored as it was."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.content import ContentEntry, ContentKind
from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.monitoring import MonitoringAction, MonitoringEntry, Severity
from aether_desktop.domain.payments import Payment, PaymentMethod, PaymentMethodKind
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.domain.transactions import Direction, Transaction, TransactionKind
from aether_desktop.domain.users import User
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ui.forms.fields import FORMS, Editor, FieldError, FieldSpec, text_of, value_of
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.object_names import field_name, form_name, form_part_name
from aether_desktop.ui.theme.theme import Theme
from tests.ui.ledgers import ADDRESS, HOSTILE

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
_BASE = {"id": 7, "owner_id": 1, "created_at": NOW}
TOKEN = Currency("US DT", 6, "ethereum", "0x" + "ab" * 20)
NAMELESS = Currency("", 3, "ethereum", "0x" + "cd" * 20)
WALLET = Wallet(**_BASE, name=HOSTILE, chain="ethereum", address=ADDRESS)  # type: ignore[arg-type]
METHOD = PaymentMethod(**_BASE, name="Card", kind=PaymentMethodKind.CARD, expires_on=date(2027, 8, 31))  # type: ignore[arg-type]
RECORDS: dict[TableName, Record] = {
    TableName.WALLETS: WALLET,
    TableName.TRANSACTIONS: Transaction(
        **_BASE,  # type: ignore[arg-type]
        wallet_id=7,
        occurred_at=NOW.replace(microsecond=123),
        kind=TransactionKind.SEND,
        direction=Direction.OUT,
        amount=Amount(1_234_567, TOKEN),
        fee=Amount(1, NAMELESS),
        tx_hash="0xAB two\u2028lines",
        description=f"first\nsecond\t{HOSTILE}",
    ),
    TableName.CONTRACTS: Contract(**_BASE, name=" Spaces kept ", chain="ethereum", status=ContractStatus.PENDING),  # type: ignore[arg-type]
    TableName.TEMPLE_NODES: TempleNode(**_BASE, node_id="node\n1", tier=next(iter(Tier))),  # type: ignore[arg-type]
    TableName.PAYMENTS: Payment(
        **_BASE,  # type: ignore[arg-type]
        paid_at=NOW,
        amount=Amount(1250, Currency("EUR", 2)),
        wallet_id=99,
        payment_method_id=None,
    ),
    TableName.PAYMENT_METHODS: METHOD,
    TableName.CONTENT: ContentEntry(**_BASE, cid="b" + "a" * 58, kind=ContentKind.WALLET_BACKUP, size_bytes=2**62),  # type: ignore[arg-type]
    TableName.MONITORING: MonitoringEntry(
        **_BASE,  # type: ignore[arg-type]
        seen_at=NOW,
        action=MonitoringAction.THREAT_DETECTED,
        severity=Severity.CRITICAL,
        description="a\n\nb",
    ),
    TableName.USERS: User(**_BASE, username="ada", active=False),  # type: ignore[arg-type]
}
EVERY_TABLE = pytest.mark.parametrize("table", list(TableName))


def opened(qtbot: QtBot, theme: Theme, table: TableName, record: Record | None = None) -> RecordForm:
    form = RecordForm(table, theme, wallets=[WALLET], methods=[METHOD], record=record)
    qtbot.addWidget(form)
    form.resize(420, 900)
    form.show()
    qtbot.waitExposed(form)
    return form


def line(form: RecordForm, key: str) -> QLineEdit:
    editor = form._fields[key].editor
    assert isinstance(editor, QLineEdit)
    return editor


@EVERY_TABLE
def test_every_field_has_its_name(qtbot: QtBot, theme: Theme, table: TableName) -> None:
    form = opened(qtbot, theme, table)
    assert form.objectName() == form_name(table)
    assert form.accessibleName()
    for spec in FORMS[table]:
        editor = form.findChild(QWidget, field_name(table, spec.key))
        assert isinstance(editor, QWidget)
        assert editor.accessibleName().startswith(spec.title)
        assert editor.isVisible()
        assert editor.focusPolicy() & Qt.FocusPolicy.TabFocus
    for part in ("save", "cancel"):
        assert form.findChild(QWidget, form_part_name(table, part)) is not None


@EVERY_TABLE
def test_what_must_be_filled_in_is_said_under_the_field(qtbot: QtBot, theme: Theme, table: TableName) -> None:
    form = opened(qtbot, theme, table)
    heard: list[object] = []
    form.submitted.connect(heard.append)
    required = [
        spec
        for spec in FORMS[table]
        if not spec.optional and not spec.first and spec.editor not in {Editor.CHOICE, Editor.CHECK, Editor.WALLET}
    ]
    form.save_button.click()
    assert required
    assert heard == []
    for spec in required:
        field = form._fields[spec.key]
        assert field.error
        assert field._message.isVisible()
        assert field.editor.accessibleDescription() == field.error
    for spec in FORMS[table]:
        assert bool(form._fields[spec.key].error) is (spec in required)
    assert form.save_button.isEnabled()


@EVERY_TABLE
def test_a_record_nobody_touched_is_stored_as_it_was(qtbot: QtBot, theme: Theme, table: TableName) -> None:
    """Also where an editor cannot show it: line breaks, tokens, wallets that are not listed."""
    record = RECORDS[table]
    form = opened(qtbot, theme, table, record)
    with qtbot.waitSignal(form.submitted) as submitted:
        form.save_button.click()
    values = submitted.args[0]
    assert values == {spec.key: getattr(record, spec.key) for spec in FORMS[table]}
    assert dataclasses.replace(record, **values) == record
    assert not form.save_button.isEnabled()  # until the answer is here


def test_a_token_keeps_being_that_token(qtbot: QtBot, theme: Theme) -> None:
    for typed, units in (("2.5 US DT", 2_500_000), ("2.5 us dt", 2_500_000), ("7", 7_000_000)):
        form = opened(qtbot, theme, TableName.TRANSACTIONS, RECORDS[TableName.TRANSACTIONS])
        line(form, "amount").setText(typed)
        with qtbot.waitSignal(form.submitted) as submitted:
            form.submit()
        assert submitted.args[0]["amount"] == Amount(units, TOKEN)
        assert submitted.args[0]["fee"] == Amount(1, NAMELESS)


def test_enter_submits_and_escape_cancels(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.WALLETS)
    line(form, "name").setText("Treasury")
    line(form, "address").setText(ADDRESS)
    with qtbot.waitSignal(form.submitted) as submitted:
        QTest.keyClick(line(form, "name"), Qt.Key.Key_Return)
    assert submitted.args[0]["name"] == "Treasury"
    with qtbot.waitSignal(form.cancelled):
        QTest.keyClick(line(form, "name"), Qt.Key.Key_Escape)


def test_escape_cancels_from_every_field(qtbot: QtBot, theme: Theme) -> None:
    for table in TableName:
        form = opened(qtbot, theme, table)
        for spec in FORMS[table]:
            with qtbot.waitSignal(form.cancelled):
                QTest.keyClick(form._fields[spec.key].editor, Qt.Key.Key_Escape)


def test_a_second_submit_waits_for_the_first(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.USERS, RECORDS[TableName.USERS])
    heard: list[object] = []
    form.submitted.connect(heard.append)
    QTest.keyClick(line(form, "username"), Qt.Key.Key_Return)
    QTest.keyClick(line(form, "username"), Qt.Key.Key_Return)
    assert len(heard) == 1
    form.show_error("The database does not answer.")
    QTest.keyClick(line(form, "username"), Qt.Key.Key_Return)
    assert len(heard) == 2


def test_a_refusal_stands_under_its_field_or_at_the_foot(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.WALLETS, WALLET)
    form.submit()
    form.show_refusal(InvalidInputError("That name is taken.", field="name"))
    assert form._fields["name"].error == "That name is taken."
    assert form.save_button.isEnabled()
    form.show_refusal(InvalidInputError("Something about the whole.", field="owner_id"))
    assert form._error.isVisible()
    assert form._error.text() == "Something about the whole."


def test_hostile_names_are_plain_and_hidden_characters_told(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.WALLETS, WALLET)
    assert line(form, "name").text() == HOSTILE
    assert "hidden characters" in form._fields["name"]._message.text()
    assert "\u202e" not in form._fields["name"]._message.text()
    assert "<b>" in form._fields["name"]._message.text()
    assert form._fields["name"]._message.textFormat() == Qt.TextFormat.PlainText
    line(form, "name").setText("Treasury")
    assert "hidden" not in form._fields["name"]._message.text()
    chooser = opened(qtbot, theme, TableName.TRANSACTIONS)._fields["wallet_id"].editor
    assert isinstance(chooser, QComboBox)
    assert "<b>Rent</b>" in chooser.itemText(0)
    assert "\u202e" not in chooser.itemText(0)


def test_a_wallet_that_is_not_listed_is_not_shown_as_another(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.PAYMENTS, RECORDS[TableName.PAYMENTS])
    chooser = form._fields["wallet_id"].editor
    assert isinstance(chooser, QComboBox)
    assert chooser.currentData() == "99"
    assert chooser.currentText() == "One that is not listed any more"


def test_tab_leaves_a_field_of_many_lines(qtbot: QtBot, theme: Theme) -> None:
    form = opened(qtbot, theme, TableName.MONITORING)
    lines = form._fields["description"].editor
    assert isinstance(lines, QPlainTextEdit)
    assert lines.tabChangesFocus()


# -- values and texts, no widgets


_MONEY = FieldSpec("amount", "Amount", Editor.MONEY)
_TIME = FieldSpec("at", "Time", Editor.TIME)
_DATE = FieldSpec("on", "Day", Editor.DATE)
_WHOLE = FieldSpec("count", "Count", Editor.WHOLE)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (_MONEY, "-1 EUR"),
        (_MONEY, "1,5 EUR"),
        (_MONEY, "1.234 EUR"),
        (_MONEY, "12"),
        (_MONEY, "EUR"),
        (_MONEY, "1 NOSUCH"),
        (_MONEY, "1e999 EUR"),
        (_MONEY, "nan EUR"),
        (_TIME, "soon"),
        (_TIME, "2024-13-01"),
        (_TIME, "2024-02-30 10:00"),
        (_DATE, "31.8."),
        (_WHOLE, "1.5"),
        (_WHOLE, "1_000"),
        (_WHOLE, "\u0661\u0662"),
        (_WHOLE, "9" * 5000),
        (_WHOLE, "many"),
    ],
)
def test_what_cannot_be_a_value_is_refused_with_a_sentence(spec: FieldSpec, text: str) -> None:
    with pytest.raises(FieldError) as refused:
        value_of(spec, text)
    assert refused.value.reason.endswith((".", "?"))
    assert len(refused.value.reason) > 10


@pytest.mark.parametrize("spec", [_MONEY, _TIME, _DATE, _WHOLE])
def test_empty_is_refused_or_nothing(spec: FieldSpec) -> None:
    for blank in ("", "   "):
        with pytest.raises(FieldError):
            value_of(spec, blank)
        assert value_of(dataclasses.replace(spec, optional=True), blank) is None


def test_an_amount_without_unit_is_in_the_wallets_coin() -> None:
    for key, chain in CHAINS.items():
        assert value_of(_MONEY, "2", chain=key) == Amount.parse("2", chain.coin)


@given(units=st.integers(0, 2**256 - 1), chain=st.sampled_from(sorted(CHAINS)))
def test_amounts_come_back_exactly(units: int, chain: str) -> None:
    amount = Amount(units, CHAINS[chain].coin)
    assert value_of(_MONEY, text_of(amount), chain=chain) == amount
    assert value_of(_MONEY, text_of(amount), before=amount) == amount


@given(units=st.integers(0, 2**256 - 1), symbol=st.text(max_size=12), decimals=st.integers(0, 77))
def test_tokens_come_back_exactly_whatever_they_call_themselves(units: int, symbol: str, decimals: int) -> None:
    amount = Amount(units, Currency(symbol, decimals, "ethereum", "0x" + "ab" * 20))
    assert value_of(_MONEY, text_of(amount), chain="ethereum", before=amount) == amount


@given(moment=st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_come_back_exactly(moment: datetime) -> None:
    assert value_of(_TIME, text_of(moment)) == moment


@given(day=st.dates(date(1970, 1, 2), date(2200, 1, 1)))
def test_days_come_back_exactly(day: date) -> None:
    assert value_of(_DATE, text_of(day)) == day


@given(number=st.integers(-(10**18), 10**18))
def test_whole_numbers_come_back_exactly(number: int) -> None:
    assert value_of(_WHOLE, text_of(number)) == number


@given(text=st.text(max_size=40))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    for spec in (_MONEY, _TIME, _DATE, _WHOLE):
        with suppress(FieldError):
            assert value_of(spec, text, chain="ethereum") is not None
