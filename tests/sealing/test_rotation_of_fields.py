"""A court's key is replaced: every field opens under the new one, is found, and is still the one stored last."""

from __future__ import annotations

from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import Payment
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.services.rotation import RotationService
from tests.sealing.conftest import METHOD, Keyed

METHODS, PAYMENTS, USERS = TableName.PAYMENT_METHODS, TableName.PAYMENTS, TableName.USERS


def rotate(keyed: Keyed, court: Court) -> int:
    """Returns the values that went over."""
    signers = keyed.signers
    rotation = RotationService(
        keyed.storage,
        signers.server,
        keyed.storage.sealed_rows,
        identity=signers.identity,
        sealer=signers.identity.sealer,
        batch=2,
    )
    return rotation.rotate(keyed.storage.info.user_id, court).rows_done


def test_every_field_goes_over(keyed: Keyed) -> None:
    methods = [keyed.add_method(name=f"Card {number}") for number in range(3)]
    payment = keyed.add_payment()
    before = keyed.raw(methods[0], "last_four_sealed")[0]
    assert rotate(keyed, Court.HOLY) == 3 * 3 + 2
    for method in methods:
        for name in ("provider_reference", "last_four", "expires_on"):
            (after,) = keyed.raw(method, f"{name}_sealed")
            assert after.key_version == 2
            assert after.revision == 1
            assert keyed.reveal(method, name) == str(METHOD[name])
    found = keyed.services.sealed.payment("Lydia Bank", "pay_planted_id")
    assert found.id == payment.id
    assert keyed.reveal(payment, "metadata", PAYMENTS) == "planted metadata"
    assert before.key_version == 1


def test_an_edit_after_it_and_an_undo_open(keyed: Keyed) -> None:
    """What undo puts back was sealed under the key before."""
    method = keyed.add_method()
    edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
    rotate(keyed, Court.HOLY)
    assert keyed.reveal(edited, "last_four") == "1881"
    keyed.services.undo.undo()
    now = keyed.services.records.get(METHODS, method.id)
    assert keyed.reveal(now, "last_four") == "4242"
    (sealed,) = keyed.raw(now, "last_four_sealed")
    assert sealed.key_version == 2
    keyed.services.undo.redo()
    assert keyed.reveal(now, "last_four") == "1881"


def test_another_court_is_left_alone(keyed: Keyed) -> None:
    payment = keyed.add_payment()
    me = keyed.storage.users.get(keyed.storage.info.user_id)
    edited = keyed.services.records.edit(USERS, me, {"email": "planted@example.org"})
    assert rotate(keyed, Court.OUTER) == 1
    assert keyed.reveal(edited, "email", USERS) == "planted@example.org"
    assert isinstance(payment, Payment)
    assert isinstance(payment.external_id, Sealed)
    assert keyed.raw(payment, "external_id_sealed", table=PAYMENTS)[0].key_version == 1
