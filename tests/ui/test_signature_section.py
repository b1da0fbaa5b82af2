"""The details of a payment say whose signature it carries, and that it was altered when it was."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.payment_signatures import SignatureState
from aether_desktop.domain.payments import Payment
from aether_desktop.domain.records import TableName
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.services.payment_signatures import PaymentSignatures
from aether_desktop.services.records import RecordService
from aether_desktop.ui.views.payments import PaymentsView
from aether_desktop.ui.views.signature_section import SignatureSection
from tests.services.signers import Signers
from tests.ui.ledgers import WAIT, Ledger

PAID = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)


@pytest.fixture
def signing(ledger: Ledger) -> Ledger:
    """The same ledger, whose person has keys."""
    storage = ledger.services.storage
    signatures = PaymentSignatures(vault_id=storage.info.vault_id, signer=Signers(storage).founder)
    records = RecordService(storage, ledger.services.undo, signatures=signatures)
    ledger.services = dataclasses.replace(ledger.services, signatures=signatures, records=records)
    ledger.context = dataclasses.replace(ledger.context, services=ledger.services)
    return ledger


def pay(ledger: Ledger, level: str, external_id: str = "") -> int:
    (euro,) = ledger.services.storage.currencies.ensure([fiat_currency("EUR")])
    values = {
        "paid_at": PAID,
        "amount": Amount.parse("12.30", euro),
        "security_level": level,
        "external_id": external_id,
    }
    return ledger.services.records.create(TableName.PAYMENTS, values).id


def shown(ledger: Ledger, qtbot: QtBot) -> tuple[PaymentsView, SignatureSection]:
    """The page with its first row in the details."""
    page = PaymentsView(ledger.context)
    qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
    page.resize(1100, 900)
    page.show()
    qtbot.waitExposed(page)
    (section,) = page.details.findChildren(SignatureSection)
    (row,) = ledger.services.storage.windows.rows(TableQuery(TableName.PAYMENTS))
    page.details.show_row(row)
    qtbot.waitUntil(lambda: section.report is not None, timeout=WAIT)
    return page, section


def test_a_signed_payment_says_by_whom(signing: Ledger, qtbot: QtBot) -> None:
    pay(signing, "quantum")
    _, section = shown(signing, qtbot)
    assert section.isVisible()
    assert section._word.text() == "Signature valid"
    assert "signed by miriam" in section.sentence.text()
    assert section._when.text().startswith("Signed ")
    assert not section.compare_button.isVisible()
    assert section.accessibleName().startswith("Signature valid. Valid: signed by miriam")


def test_a_payment_that_need_not_be_signed_says_nothing(signing: Ledger, qtbot: QtBot) -> None:
    pay(signing, "standard")
    _, section = shown(signing, qtbot)
    assert section.isHidden()


def test_an_altered_amount_is_said_with_both_figures(signing: Ledger, qtbot: QtBot) -> None:
    payment_id = pay(signing, "quantum")
    payments = signing.services.storage.payments
    stored = payments.get(payment_id)
    euro = stored.amount.currency
    payments.update(dataclasses.replace(stored, amount=Amount.parse("999", euro)))  # past the service that signs
    _, section = shown(signing, qtbot)
    assert section._word.text() == "Altered since it was signed"
    plain = section.sentence.text().replace("\u200b", "")
    assert "amount: signed 12.3 EUR" in plain
    assert "now 999 EUR" in plain
    assert section.sentence.property("kind") == "error"


def test_what_could_not_be_compared_can_be_asked_for(signing: Ledger, qtbot: QtBot) -> None:
    payment_id = pay(signing, "quantum", "pi_1")
    locked = [True]

    def open_id(payment: Payment) -> str:
        if locked:
            raise LevelLockedError(Court.HOLY)
        assert isinstance(payment.external_id, str)
        return payment.external_id

    signer = signing.services.signatures._signer
    sealed = PaymentSignatures(vault_id=signing.services.info.vault_id, signer=signer, open_id=open_id)
    signing.services = dataclasses.replace(signing.services, signatures=sealed)
    signing.context = dataclasses.replace(signing.context, services=signing.services)
    with pytest.raises(LevelLockedError):
        sealed.check(signing.services.storage.payments.get(payment_id), complete=True)
    page, section = shown(signing, qtbot)
    assert section.compare_button.isVisible()
    assert "The provider's id was not compared: level 2 is locked." in section.sentence.text()
    locked.clear()  # as when the level was opened
    section.compare_button.click()
    qtbot.waitUntil(section.compare_button.isHidden, timeout=WAIT)
    assert section.report is not None
    assert section.report.state is SignatureState.VALID
    assert "not compared" not in section.sentence.text()
    page.details.show_row(None)
    assert section.report is None
