"""Many rows at once: sealed as one by one, under nonces of their own, counted, found and revealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import PaymentMethod, PaymentMethodKind
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.sealed_fields import Sealed, SealedField
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import AlreadyExistsError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.security.sealing import HEADER_BYTES
from tests.sealing.conftest import Keyed
from tests.storage import samples

METHODS, PAYMENTS = TableName.PAYMENT_METHODS, TableName.PAYMENTS


def cards(keyed: Keyed, count: int) -> list[PaymentMethod]:
    """The last one without values to seal."""
    made = [
        PaymentMethod(
            **samples.base(keyed.storage),
            name=f"Card {number}",
            kind=PaymentMethodKind.CARD,
            last_four=f"{number:04d}",
            provider_reference=f"pm_{number}",
            expires_on=date(2030, 1, 31),
        )
        for number in range(count)
    ]
    return [*made[:-1], replace(made[-1], last_four="", provider_reference="", expires_on=None)]


def test_rows_are_stored_sealed(keyed: Keyed) -> None:
    given = cards(keyed, 5)
    keyed.services.sealed.create_many(METHODS, given)
    for number, record in enumerate(given[:-1]):
        stored = keyed.storage.payment_methods.get(record.id)
        assert isinstance(stored.last_four, Sealed)
        assert keyed.raw(stored, "last_four", "provider_reference", "expires_on") == ("", "", None)
        assert keyed.reveal(stored, "last_four") == f"{number:04d}"
        assert keyed.services.sealed.opened(METHODS, stored) == record
    assert keyed.storage.payment_methods.get(given[-1].id) == given[-1]


def test_an_old_value_of_a_bulk_load_is_noticed_after_an_edit(keyed: Keyed) -> None:
    (first, *_) = given = cards(keyed, 2)
    keyed.services.sealed.create_many(METHODS, given)
    (old,) = keyed.raw(first, "last_four_sealed")
    edited = keyed.services.records.edit(METHODS, keyed.storage.payment_methods.get(first.id), {"last_four": "1881"})
    keyed.tamper(edited, last_four_sealed=old)
    with pytest.raises(SealError, match="put back"):
        keyed.reveal(edited, "last_four")


def test_payments_keep_their_tokens(keyed: Keyed) -> None:
    given = [samples.payment(keyed.storage, external_id=f"pay_{number}", metadata="m") for number in range(3)]
    keyed.services.sealed.create_many(PAYMENTS, given)
    assert keyed.services.sealed.payment(given[1].provider, "pay_1").id == given[1].id
    again: list[Record] = [samples.payment(keyed.storage, external_id="pay_1")]
    with pytest.raises(AlreadyExistsError):
        keyed.services.sealed.create_many(PAYMENTS, again)


def test_a_locked_level_stores_none(keyed: Keyed) -> None:
    given = cards(keyed, 2)
    keyed.lock()
    with pytest.raises(LevelLockedError) as locked:
        keyed.services.sealed.create_many(METHODS, given)
    assert locked.value.level is Court.HOLY
    assert keyed.storage.windows.count(TableQuery(METHODS)) == 0


def test_every_seal_has_its_own_nonce_and_is_counted(keyed: Keyed) -> None:
    field, me = SealedField.PAYMENT_METHOD_LAST_FOUR, keyed.storage.info.user_id
    sealer = keyed.signers.identity.sealer
    plains = [(row_id, b"4242") for row_id in range(1, 3_001)]
    sealed = [*sealer.seal_many(field, plains, owner_id=me, revision=7)]
    sealed += [sealer.seal(field, b"4242", row_id=row_id, owner_id=me, revision=7) for row_id, _ in plains[:500]]
    assert len({content[:HEADER_BYTES] for content in sealed}) == len(sealed)
    for (row_id, plain), content in zip(plains[:20], sealed[:20], strict=True):
        assert sealer.open(field, content, row_id=row_id, owner_id=me, revision=7) == plain
        with pytest.raises(SealError):
            sealer.open(field, content, row_id=row_id + 1, owner_id=me, revision=7)
    assert keyed.signers.server.court_keys.seals[me, Court.HOLY, 1] >= len(sealed)
