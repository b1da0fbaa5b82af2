"""Payments of level quantum over real vaults on both engines: signed, verified, altered behind the program's back."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.courts import Court
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.membership import PersonDisabled
from aether_desktop.domain.payment_signatures import (
    HIDDEN_PURPOSE,
    PURPOSE,
    SignatureState,
    decode_shown,
    decode_stored,
    encode_shown,
    encode_stored,
    hidden_digest,
    hidden_message,
    shown_part,
    signed_message,
)
from aether_desktop.domain.payments import Payment, PaymentStatus, SecurityLevel
from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import parse_time, to_micros
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.security.hybrid_signatures import HybridSigningKey, fingerprint, verify
from aether_desktop.services.payment_signatures import PaymentSignatures, SignatureReport
from aether_desktop.services.records import RecordService
from aether_desktop.services.undo import UndoStack
from aether_desktop.storage.columns import rank_key, units_key
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.signers import Signers
from tests.support.storage_fixtures import place, storage, vault_templates
from tests.support.storages import VaultPlace

__all__ = ["place", "storage", "vault_templates"]

PAID = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "payment_signature.json"


@dataclass
class Books:
    """One vault, its people, and the two services."""

    place: VaultPlace
    storage: SqlStorage
    people: Signers
    signatures: PaymentSignatures
    records: RecordService

    def pay(self, **fields: object) -> Payment:
        (euro,) = self.storage.currencies.ensure([fiat_currency("EUR")])
        values: dict[str, object] = {
            "paid_at": PAID,
            "amount": Amount.parse("12.30", euro),
            "provider": "stripe",
            "external_id": "pi_1",
            "security_level": "quantum",
        }
        made = self.records.create(TableName.PAYMENTS, values | fields)
        return self.stored(made.id)

    def edit(self, payment: Payment, **fields: object) -> Payment:
        edited = self.records.edit(TableName.PAYMENTS, payment, fields)
        assert isinstance(edited, Payment)
        return edited

    def stored(self, payment_id: int) -> Payment:
        return self.storage.payments.get(payment_id)

    def check(self, payment_id: int) -> SignatureReport:
        return self.signatures.check(self.stored(payment_id))

    def alter(self, payment_id: int, **columns: object) -> None:
        """Straight in the database, as another program with the person's own rights."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        database = self.place.open_raw().database
        with database.write(action="test.alter", table="payments") as unit:
            statement = text(f"UPDATE payments SET {assignments} WHERE id = :id")
            assert unit.connection.execute(statement, {**columns, "id": payment_id}).rowcount == 1
            unit.audit(rows=1)


@pytest.fixture
def books(place: VaultPlace, storage: SqlStorage) -> Books:
    people = Signers(storage)
    signatures = PaymentSignatures(vault_id=storage.info.vault_id, signer=people.founder)
    return Books(place, storage, people, signatures, RecordService(storage, UndoStack(), signatures=signatures))


# -- signing and showing -----------------------------------------------------------------------------------------


def test_a_quantum_payment_is_signed_and_shown_as_valid(books: Books) -> None:
    payment = books.pay()
    report = books.check(payment.id)
    assert report.state is SignatureState.VALID
    assert not report.wrong
    assert report.signer == "miriam"
    assert report.signed_at is not None
    assert "nothing that was signed has changed" in report.sentence
    assert len(payment.quantum_signature) < 20_000


def test_the_status_may_change_and_the_signature_stays(books: Books) -> None:
    payment = books.pay()
    books.storage.payments.set_status(payment.id, PaymentStatus.COMPLETED, version=payment.version)
    assert books.check(payment.id).state is SignatureState.VALID
    edited = books.edit(books.stored(payment.id), status="refunded")
    assert edited.quantum_signature == payment.quantum_signature
    assert books.check(payment.id).state is SignatureState.VALID


def test_other_levels_are_not_signed(books: Books) -> None:
    payment = books.pay(security_level="enhanced")
    assert payment.quantum_signature == ""
    report = books.check(payment.id)
    assert report.state is SignatureState.NONE
    assert not report.wrong
    raised = books.edit(payment, security_level="quantum")
    assert books.signatures.check(raised).state is SignatureState.VALID


def test_an_edit_signs_again_and_undo_brings_the_old_signature_back(books: Books) -> None:
    payment = books.pay()
    edited = books.edit(payment, provider="adyen")
    assert edited.quantum_signature != payment.quantum_signature
    assert books.check(payment.id).state is SignatureState.VALID
    books.records.undo_stack.undo()
    back = books.stored(payment.id)
    assert (back.provider, back.quantum_signature) == ("stripe", payment.quantum_signature)
    assert books.check(payment.id).state is SignatureState.VALID


def test_an_edit_of_a_signed_payment_needs_level_two(books: Books) -> None:
    payment = books.pay()
    books.people.lock_second_level()
    with pytest.raises(LevelLockedError) as caught:
        books.edit(payment, provider="adyen")
    assert caught.value.level is Court.HOLY
    with pytest.raises(LevelLockedError):
        books.pay(external_id="pi_2")
    assert books.stored(payment.id) == payment
    assert books.check(payment.id).state is SignatureState.VALID, "checking needs no level"


def test_a_signature_is_not_given_away_and_not_typed(books: Books) -> None:
    payment = books.pay()
    with pytest.raises(InvalidInputError, match="signature would be lost") as caught:
        books.edit(payment, security_level="standard")
    assert caught.value.field == "security_level"
    with pytest.raises(InvalidInputError, match="never typed"):
        books.edit(payment, quantum_signature="c2ln")
    with pytest.raises(InvalidInputError, match="never typed"):
        books.pay(external_id="pi_2", quantum_signature="c2ln")
    assert books.stored(payment.id) == payment


def test_without_keys_of_people_the_level_is_refused_and_nothing_is_called_valid(books: Books) -> None:
    payment = books.pay()
    bare = RecordService(books.storage, UndoStack())
    with pytest.raises(PermissionDeniedError, match="no keys of people"):
        bare.create(TableName.PAYMENTS, {"paid_at": PAID, "amount": payment.amount, "security_level": "quantum"})
    unable = PaymentSignatures(vault_id=books.storage.info.vault_id, signer=None)
    report = unable.check(payment)
    assert report.state is SignatureState.UNCHECKED
    assert "no keys of people" in report.sentence


# -- altered behind the program's back ---------------------------------------------------------------------------


def test_an_amount_altered_in_the_database_is_shown_as_altered(books: Books) -> None:
    payment = books.pay()
    books.alter(payment.id, amount=units_key(999_00), amount_rank=rank_key(999_00, 2))
    assert str(books.stored(payment.id).amount) == "999 EUR"
    report = books.check(payment.id)
    assert report.state is SignatureState.ALTERED
    assert report.wrong
    assert report.signer == "miriam"
    (difference,) = report.differences
    assert difference.startswith("amount: signed 12.3 EUR")
    assert "now 999 EUR" in difference
    assert difference in report.sentence


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("provider", "adyen", "provider: signed stripe, now adyen"),
        ("external_id", "pi_2", "provider's id: not the one that was signed"),
        ("external_id", "", "provider's id: signed one, now none"),
        ("description", "for somebody else", "description: not the one that was signed"),
        ("security_level", "standard", "level: standard, and only payments of level quantum are signed"),
    ],
)
def test_other_signed_facts_altered_in_the_database_are_named(
    books: Books, column: str, value: object, said: str
) -> None:
    payment = books.pay()
    books.alter(payment.id, **{column: value})
    report = books.check(payment.id)
    assert report.state is SignatureState.ALTERED
    assert said in report.sentence


def test_a_currency_with_the_same_figure_is_another_payment(books: Books) -> None:
    payment = books.pay()
    (dollar, ether) = books.storage.currencies.ensure([fiat_currency("USD"), CHAINS["ethereum"].coin])
    books.alter(payment.id, currency_id=dollar.id)
    report = books.check(payment.id)
    assert report.state is SignatureState.ALTERED
    assert "now 12.3 USD" in report.sentence
    assert ether.id != dollar.id


def test_the_signature_of_another_payment_does_not_fit(books: Books) -> None:
    one, other = books.pay(), books.pay(external_id="pi_2")
    books.alter(other.id, quantum_signature=one.quantum_signature)
    report = books.check(other.id)
    assert report.state is SignatureState.ALTERED
    assert f"payment: signed {one.id}, now {other.id}" in report.sentence


def test_a_signature_taken_away_is_noticed(books: Books) -> None:
    payment = books.pay()
    books.alter(payment.id, quantum_signature="")
    report = books.check(payment.id)
    assert report.state is SignatureState.MISSING
    assert report.wrong
    signed = books.edit(books.stored(payment.id), description="checked against the invoice")
    assert books.signatures.check(signed).state is SignatureState.VALID


def test_a_shown_part_changed_with_the_row_is_no_signature(books: Books) -> None:
    """Who alters the row may alter the copy of the facts in the signature too; then the signature itself fails."""
    payment = books.pay()
    stored = decode_stored(payment.quantum_signature)
    shown = replace(decode_shown(stored.shown), base_units=999_00)
    forged = encode_stored(replace(stored, shown=encode_shown(shown)))
    books.alter(payment.id, amount=units_key(999_00), amount_rank=rank_key(999_00, 2), quantum_signature=forged)
    report = books.check(payment.id)
    assert report.state is SignatureState.ALTERED
    assert report.differences == ("the signature itself is not the one that was made",)


def test_a_provider_signature_taken_away_is_noticed(books: Books) -> None:
    payment = books.pay()
    stored = decode_stored(payment.quantum_signature)
    books.alter(payment.id, quantum_signature=encode_stored(replace(stored, hidden=b"")))
    assert books.check(payment.id).differences == ("provider's id: not the one that was signed",)
    assert decode_stored(books.pay(external_id="").quantum_signature).hidden == b""


@pytest.mark.parametrize("half", ["ed25519", "ml-dsa"])
def test_either_half_broken_is_a_broken_signature(books: Books, half: str) -> None:
    payment = books.pay()
    stored = decode_stored(payment.quantum_signature)
    broken = bytearray(stored.signature)
    broken[10 if half == "ed25519" else -10] ^= 1
    books.alter(payment.id, quantum_signature=encode_stored(replace(stored, signature=bytes(broken))))
    assert books.check(payment.id).state is SignatureState.ALTERED


@pytest.mark.parametrize("garbage", ["c2ln", "not base64 at all", "é"])
def test_what_is_no_signature_is_called_unreadable(books: Books, garbage: str) -> None:
    payment = books.pay()
    books.alter(payment.id, quantum_signature=garbage)
    report = books.check(payment.id)
    assert report.state is SignatureState.UNREADABLE
    assert report.wrong


# -- keys and people ---------------------------------------------------------------------------------------------


def test_a_key_that_nobody_certified_is_not_known(books: Books, place: VaultPlace) -> None:
    stranger = Signers(books.storage, name="mallory")  # keys that say they are the same person's
    forging = PaymentSignatures(vault_id=books.storage.info.vault_id, signer=stranger.founder)
    payment = books.pay()
    forged = forging.signed(replace(payment, quantum_signature=""))
    books.alter(payment.id, quantum_signature=forged.quantum_signature)
    report = books.check(payment.id)
    assert report.state is SignatureState.UNKNOWN_KEY
    assert report.wrong
    assert report.signer == ""


def test_a_colleagues_signature_is_named_and_one_in_anothers_name_is_not_taken(books: Books) -> None:
    aaron = books.people.add(books.storage.new_id(), "aaron")
    theirs = PaymentSignatures(vault_id=books.storage.info.vault_id, signer=aaron)
    payment = theirs.signed(replace(books.pay(), quantum_signature=""))
    report = books.signatures.check(payment)
    assert report.state is SignatureState.VALID
    assert "aaron (who is not its owner)" in report.sentence
    stored = decode_stored(payment.quantum_signature)
    claimed = encode_stored(replace(stored, signer_id=books.storage.info.user_id))
    assert books.signatures.check(replace(payment, quantum_signature=claimed)).state is SignatureState.UNKNOWN_KEY


def test_replaced_keys_and_a_disabled_signer_are_said(books: Books) -> None:
    user_id = books.storage.new_id()
    aaron = books.people.add(user_id, "aaron")
    mine = books.pay()
    theirs = PaymentSignatures(vault_id=books.storage.info.vault_id, signer=aaron).signed(
        replace(mine, quantum_signature="")
    )
    books.people.replace_founders_keys()
    report = books.check(mine.id)
    assert report.state is SignatureState.VALID
    assert "with keys that were replaced since" in report.sentence
    assert "replaced" not in books.signatures.check(books.pay(external_id="pi_2")).sentence
    books.people.state(PersonDisabled(user_id))
    assert "who was disabled since" in books.signatures.check(theirs).sentence


def test_a_membership_log_that_is_not_trusted_gives_no_verdict(books: Books) -> None:
    payment = books.pay()
    lines = books.people.server.membership.lines
    lines[0] = replace(lines[0], signature=bytes(len(lines[0].signature)))
    afresh = PaymentSignatures(vault_id=books.storage.info.vault_id, signer=books.people.afresh())
    report = afresh.check(payment)
    assert report.state is SignatureState.UNCHECKED
    assert "cannot be trusted" in report.sentence


# -- the format --------------------------------------------------------------------------------------------------


def _cases() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [(vectors, case) for case in vectors["cases"]]


@pytest.mark.parametrize(("vectors", "case"), _cases(), ids=lambda value: value.get("name", "") or "v")
def test_published_vectors_of_our_own_format(vectors: dict[str, Any], case: dict[str, Any]) -> None:
    given = case["payment"]
    payment = Payment(
        id=given["id"],
        owner_id=given["owner"],
        created_at=parse_time(given["created_at"]),
        paid_at=parse_time(given["paid_at"]),
        amount=Amount(
            int(given["base_units"]),
            Currency(given["symbol"], given["decimals"], chain=given["chain"], contract=given["contract"]),
        ),
        security_level=SecurityLevel.QUANTUM,
        provider=given["provider"],
        external_id=given["external_id"],
        description=given["description"],
        wallet_id=given["wallet"],
        payment_method_id=given["payment_method"],
    )
    shown = encode_shown(shown_part(payment, given["vault"]))
    hidden = hidden_digest(vault_id=given["vault"], payment_id=payment.id, external_id=given["external_id"])
    assert shown.hex() == case["shown"]
    assert hidden.hex() == case["hidden"]
    signed_at = to_micros(parse_time(case["signed_at"]))
    message = signed_message(signer_id=case["signer"], signed_at=signed_at, shown=shown)
    second = hidden_message(signer_id=case["signer"], signed_at=signed_at, hidden=hidden)
    assert message.hex() == case["message"]
    assert second.hex() == case["hidden_message"]
    stored = decode_stored(case["stored"])
    assert encode_stored(stored) == case["stored"]
    assert (stored.signer_id, stored.signed_at, stored.shown) == (case["signer"], signed_at, shown)
    public = HybridSigningKey(bytes.fromhex(vectors["signing_seed"])).public
    assert public.hex() == vectors["public_key"]
    assert stored.key == fingerprint(public) == bytes.fromhex(vectors["key"])
    verify(public, stored.signature, message, purpose=PURPOSE)
    if given["external_id"]:
        verify(public, stored.hidden, second, purpose=HIDDEN_PURPOSE)
    else:
        assert stored.hidden == b""
    assert decode_shown(shown) == shown_part(payment, given["vault"])


@pytest.mark.parametrize("damage", ["longer", "shorter", "other label"])
def test_a_stored_signature_is_read_strictly(damage: str) -> None:
    _, case = _cases()[0]
    data = base64.b64decode(case["stored"])
    changed = {
        "longer": data + b"\0",
        "shorter": data[:-1],
        "other label": data.replace(b"aether/1/payment-signature", b"aether/2/payment-signature", 1),
    }[damage]
    with pytest.raises(NotCanonicalError):
        decode_stored(base64.b64encode(changed).decode())
