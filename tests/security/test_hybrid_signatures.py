"""Two signatures in one: both are needed, each bound to purpose, whole key and message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.security.hybrid_signatures import (
    SIGNATURE_BYTES,
    BadSignatureError,
    HybridSigningKey,
    fingerprint,
    verify,
)

KEY = HybridSigningKey(bytes(range(64)))
OTHER = HybridSigningKey(bytes(range(1, 65)))
SIGNED = KEY.sign(b"message", purpose="aether/1/test")


def refused(public: bytes, signature: bytes, message: bytes, purpose: str = "aether/1/test") -> None:
    with pytest.raises(BadSignatureError):
        verify(public, signature, message, purpose=purpose)


def test_it_verifies_with_its_key_message_and_purpose_only() -> None:
    assert len(SIGNED) == SIGNATURE_BYTES
    verify(KEY.public, SIGNED, b"message", purpose="aether/1/test")
    refused(OTHER.public, SIGNED, b"message")
    refused(KEY.public, SIGNED, b"massage")
    refused(KEY.public, SIGNED, b"message", "aether/1/rest")


def test_half_a_signature_is_none() -> None:
    """Whoever breaks one scheme still needs the other."""
    forged = OTHER.sign(b"message", purpose="aether/1/test")
    refused(KEY.public, SIGNED[:65] + forged[65:], b"message")
    refused(KEY.public, forged[:65] + SIGNED[65:], b"message")


def test_halves_of_two_keys_do_not_mix() -> None:
    """A key put together from two people's halves verifies neither's signature."""
    mixed = KEY.public[:32] + OTHER.public[32:]
    forged = OTHER.sign(b"message", purpose="aether/1/test")
    refused(mixed, SIGNED[:65] + forged[65:], b"message")


@given(st.integers(0, SIGNATURE_BYTES * 8 - 1))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    flipped = bytearray(SIGNED)
    flipped[bit // 8] ^= 1 << bit % 8
    refused(KEY.public, bytes(flipped), b"message")


@pytest.mark.parametrize("signature", [b"", SIGNED[:-1], SIGNED + b"\0", b"\2" + SIGNED[1:]])
def test_other_lengths_and_formats_are_refused(signature: bytes) -> None:
    refused(KEY.public, signature, b"message")
    refused(KEY.public[:-1], SIGNED, b"message")


def test_a_key_shows_nothing_and_is_told_by_its_fingerprint() -> None:
    assert bytes(range(8)).hex() not in repr(KEY)
    assert fingerprint(KEY.public) == fingerprint(HybridSigningKey(bytearray(range(64))).public)
    assert fingerprint(KEY.public) != fingerprint(OTHER.public)
    with pytest.raises(ValueError, match="64 bytes"):
        HybridSigningKey(b"short")
