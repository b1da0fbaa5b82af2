"""A person's keys: each private half opens with its own level only, and belongs to one person of one vault."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import KeysDamagedError, LevelLockedError
from aether_desktop.security.canonical import NotCanonicalError
from aether_desktop.security.hybrid_signatures import verify
from aether_desktop.security.person_keys import (
    POSSESSION,
    PersonKeyring,
    bundle_fingerprint,
    comparison_code,
    decode_bundle,
    encode_bundle,
    make_person_keys,
)
from tests.security.parties import NOW, VAULT, FixedLevels

LEVELS = FixedLevels(b"miriam")
MADE = make_person_keys(LEVELS, vault_id=VAULT, user_id=1, at=NOW)


def test_what_is_sealed_opens_to_the_public_half() -> None:
    ring = PersonKeyring(LEVELS, MADE.stored)
    assert ring.signing().public == MADE.public.signing
    assert ring.device().public_key().public_bytes_raw() == MADE.public.device
    for court in Court:
        ring.encryption(court)  # compares its public half itself
    verify(MADE.public.signing, MADE.possession, MADE.stored.bundle, purpose=POSSESSION)


def test_each_half_needs_its_own_level() -> None:
    levels = FixedLevels(b"miriam")
    ring = PersonKeyring(levels, MADE.stored)
    levels.open = {Court.OUTER}
    ring.encryption(Court.OUTER)
    ring.device()
    for needs_more, level in ((ring.signing, Court.HOLY), (lambda: ring.encryption(Court.MOST_HOLY), Court.MOST_HOLY)):
        with pytest.raises(LevelLockedError) as caught:
            needs_more()
        assert caught.value.level is level
    with pytest.raises(LevelLockedError):
        make_person_keys(levels, vault_id=VAULT, user_id=1, at=NOW)


def test_other_levels_open_nothing() -> None:
    ring = PersonKeyring(FixedLevels(b"somebody else"), MADE.stored)
    with pytest.raises(KeysDamagedError):
        ring.signing()


def test_private_halves_do_not_pass_for_another_bundle() -> None:
    other = make_person_keys(LEVELS, vault_id=VAULT, user_id=2, at=NOW)
    mixed = MADE.stored._replace(bundle=other.stored.bundle)
    with pytest.raises(KeysDamagedError):
        PersonKeyring(LEVELS, mixed).signing()


@settings(max_examples=60)
@given(st.integers(min_value=0))
def test_one_flipped_bit_in_the_row_opens_nothing(position: int) -> None:
    sealed = bytearray(MADE.stored.sealed)
    bit = position % (len(sealed) * 8)
    sealed[bit // 8] ^= 1 << bit % 8
    row = MADE.stored._replace(sealed=bytes(sealed))
    with pytest.raises(KeysDamagedError):
        ring = PersonKeyring(LEVELS, row)
        ring.signing()
        ring.device()
        for court in Court:
            ring.encryption(court)


def test_a_re_key_seals_the_same_keys_under_other_secrets() -> None:
    target = FixedLevels(b"after the compromise")
    row = PersonKeyring(LEVELS, MADE.stored).resealed(target)
    assert PersonKeyring(target, row).signing().public == MADE.public.signing
    with pytest.raises(KeysDamagedError):
        PersonKeyring(LEVELS, row).signing()


def test_the_bundle_is_read_back_and_refuses_anything_else() -> None:
    encoded = encode_bundle(MADE.public)
    assert decode_bundle(encoded) == MADE.public
    for damaged in (encoded + b"\0", encoded[:-1], encoded.replace(b"aether/1/", b"aether/2/", 1)):
        with pytest.raises(NotCanonicalError):
            decode_bundle(damaged)
    with pytest.raises(ValueError, match="length"):
        replace(MADE.public, device=b"short")


def test_the_code_people_compare_tells_keys_apart() -> None:
    code = comparison_code(bundle_fingerprint(MADE.public))
    assert [len(group) for group in code.split()] == [4] * 8
    other = replace(MADE.public, user_id=2)
    assert code != comparison_code(bundle_fingerprint(other))


def test_no_repr_shows_a_secret() -> None:
    ring = PersonKeyring(LEVELS, MADE.stored)
    shown = f"{ring!r} {ring.signing()!r} {ring.encryption(Court.HOLY)!r}"
    assert "Signing" in shown
    assert len(shown) < 400
