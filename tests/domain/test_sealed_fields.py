"""A sealed value as it is carried: its layout, what it shows, and which record it answers to."""

from __future__ import annotations

import copy
import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import (
    FIELD_PLACES,
    MASK,
    SEALED_FIELDS,
    Sealed,
    SealedField,
    sealed_names,
    text_of,
    value_of,
)

SHA256 = "c71108a3292afcd1051d312907d7450ef9784c5a6277302eebc4bf62cb070a34"


def seal(version: int, filler: bytes = b"\xaa") -> bytes:
    """Shaped as a seal is: format, court, key version, nonce, ciphertext and tag."""
    return b"\x01\x02" + version.to_bytes(8, "big") + filler * 12 + filler * 20


def test_the_layout_is_revision_then_seal() -> None:
    """As other programs read it."""
    sealed = Sealed.of(3, seal(7))
    assert sealed.stored == bytes.fromhex("000000000000000301020000000000000007") + b"\xaa" * 32
    assert (sealed.revision, sealed.key_version, sealed.content) == (3, 7, seal(7))
    assert sealed.record() == {"sealed": SHA256, "revision": "3", "key": "7"}


@given(st.integers(0, 2**63 - 1), st.binary(max_size=100))
def test_parts_are_whole_again(revision: int, content: bytes) -> None:
    sealed = Sealed.of(revision, content)
    assert (sealed.revision, sealed.content) == (revision, content)
    assert Sealed(sealed.stored) == sealed


@given(st.binary(max_size=60))
def test_it_shows_a_mask_whatever_it_holds(stored: bytes) -> None:
    sealed = Sealed(stored, b"token")
    assert (str(sealed), repr(sealed), f"{sealed}") == (MASK, "Sealed()", MASK)
    assert sealed.revision >= 0  # damaged ones can be looked at too
    assert sealed.key_version >= 0
    assert copy.copy(sealed) == pickle.loads(pickle.dumps(sealed)) == sealed  # noqa: S301 - its own bytes


def test_the_token_is_no_part_of_the_value() -> None:
    assert Sealed.of(1, seal(1), token=b"a") == Sealed.of(1, seal(1))


@pytest.mark.parametrize(
    ("told", "now", "accepted"),
    [
        (Sealed.of(3, seal(1)), Sealed.of(3, seal(1)), True),
        (Sealed.of(3, seal(1)), Sealed.of(3, seal(2)), True),  # sealed anew by a rotation
        (Sealed.of(3, seal(2)), Sealed.of(3, seal(1)), False),  # from before the rotation
        (Sealed.of(3, seal(1)), Sealed.of(2, seal(1)), False),  # from before the change
        (Sealed.of(3, seal(1)), Sealed.of(4, seal(1)), False),  # that nobody signed for
        (Sealed.of(3, seal(1)), Sealed.of(3, seal(1, b"\xbb")), False),  # a lost update of the same moment
    ],
)
def test_it_answers_to_the_record_of_the_latest_value(told: Sealed, now: Sealed, accepted: bool) -> None:
    assert now.replaces(told.record()) is accepted


@pytest.mark.parametrize("record", [{}, {"revision": "3"}, {"revision": "3", "key": "x"}, {"sealed": None, "key": 1}])
def test_a_record_that_says_nothing_is_not_answered_to(record: dict[str, object]) -> None:
    assert not Sealed.of(3, seal(9)).replaces(record)


def test_every_field_has_one_place_and_a_court() -> None:
    assert {FIELD_PLACES[field] for field in SEALED_FIELDS.values()} == set(SEALED_FIELDS)
    assert sealed_names(TableName.PAYMENTS) == ("external_id", "metadata")
    assert sealed_names(TableName.WALLETS) == ()
    assert {field: field.court for field in SealedField}[SealedField.WALLET_SECRET] is Court.MOST_HOLY


def test_values_and_texts() -> None:
    expiry = SealedField.PAYMENT_METHOD_EXPIRY
    assert (text_of(None), text_of(""), text_of("x"), text_of(date(2030, 1, 2))) == ("", "", "x", "2030-01-02")
    assert (value_of(expiry, "2030-01-02"), value_of(expiry, "")) == (date(2030, 1, 2), None)
    assert value_of(SealedField.USER_EMAIL, "") == ""
    with pytest.raises(ValueError, match="isoformat"):
        value_of(expiry, "soon")
