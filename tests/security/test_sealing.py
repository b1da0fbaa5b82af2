"""Sealed fields: bound to their place, never under one nonce twice, counted; blind tokens over all live versions."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import CourtRevoked
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import RotationNeededError, StoredRotation
from aether_desktop.security.court_keys import CourtKeyName
from aether_desktop.security.court_ring import SEALS_BEFORE_ROTATION
from aether_desktop.security.sealing import HEADER_BYTES, OVERHEAD, _Column, associated_data
from tests.security.parties import NOW, VAULT, Party, founder, joined

FIELD = SealedField.PAYMENT_EXTERNAL_ID
ROW = {"row_id": 9, "owner_id": 1, "revision": 3}


@dataclass(frozen=True)
class Moved:
    """A sealed value at a place that is not its own."""

    name: str
    field: SealedField = FIELD
    row_id: int = 9
    owner_id: int = 1
    revision: int = 3


@pytest.fixture(scope="module")
def miriam() -> Party:
    return founder()


def test_a_value_opens_where_it_was_sealed(miriam: Party) -> None:
    sealer = miriam.identity.sealer
    for plain in (b"", b"DE89 3704", b"\0" * 5000):
        sealed = sealer.seal(FIELD, plain, **ROW)
        assert len(sealed) == len(plain) + OVERHEAD
        assert sealer.open(FIELD, sealed, **ROW) == plain
        assert plain == b"" or plain not in sealed


@pytest.mark.parametrize(
    "place",
    [
        Moved("another row", row_id=10),
        Moved("another revision", revision=2),
        Moved("another owner", owner_id=2),
        Moved("another column", field=SealedField.PAYMENT_METADATA),
        Moved("another court", field=SealedField.NOTE),
    ],
    ids=lambda place: place.name,
)
def test_ciphertext_moved_does_not_open(place: Moved) -> None:
    miriam = founder()
    aaron = joined(miriam, 2, "aaron")
    # both own a first Holy key, and aaron lets miriam open his: only the binding stands in the way
    aaron.issue(aaron.identity.grant_court(2, Court.HOLY, recipient_id=1))
    miriam.identity.settled()
    sealer = miriam.identity.sealer
    sealed = sealer.seal(FIELD, b"secret", **ROW)
    with pytest.raises(SealError) as caught:
        sealer.open(place.field, sealed, row_id=place.row_id, owner_id=place.owner_id, revision=place.revision)
    assert caught.value.field is place.field
    assert place.field.value in str(caught.value)


@settings(max_examples=200)
@given(st.integers(min_value=0))
def test_one_flipped_bit_is_an_error_that_names_the_field(position: int) -> None:
    sealed = bytearray(SEALED)
    bit = position % (len(sealed) * 8)
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SealError, PermissionDeniedError)) as caught:
        FOUNDER.identity.sealer.open(FIELD, bytes(sealed), **ROW)
    if isinstance(caught.value, SealError):
        assert caught.value.field is FIELD
    else:
        assert 16 <= bit < 80  # a version of the key that nobody has


FOUNDER = founder("keeper")
SEALED = FOUNDER.identity.sealer.seal(FIELD, b"a value of some length", **ROW)


@pytest.mark.parametrize("length", range(OVERHEAD))
def test_a_cut_value_is_an_error(length: int) -> None:
    with pytest.raises(SealError):
        FOUNDER.identity.sealer.open(FIELD, SEALED[:length], **ROW)


def _nonces(count: int) -> set[bytes]:
    seal = FOUNDER.identity.sealer.seal
    return {seal(FIELD, b"", row_id=row, owner_id=1, revision=1)[10:HEADER_BYTES] for row in range(count)}


def test_no_nonce_is_used_twice_in_a_hundred_thousand() -> None:
    assert len(_nonces(100_000)) == 100_000


@pytest.mark.long
def test_no_nonce_is_used_twice_in_a_million() -> None:
    assert len(_nonces(1_000_000)) == 1_000_000


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.binary(min_size=22, max_size=22))
def test_the_quick_way_to_the_associated_data_is_the_canonical_one(row: int, revision: int, header: bytes) -> None:
    for field in SealedField:
        name = CourtKeyName(VAULT, 12345678901, field.court, 7)
        column = _Column(name, field, bytes(32))
        expected = associated_data(header, name, field, row_id=row, revision=revision)
        assert column.associated(header, row_id=row, revision=revision) == expected


class TestLocking:
    def test_a_locked_level_neither_seals_nor_opens_and_its_keys_are_wiped(self) -> None:
        miriam = founder()
        ring, sealer = miriam.identity.ring, miriam.identity.sealer
        sealed = sealer.seal(FIELD, b"x", **ROW)
        note = sealer.seal(SealedField.NOTE, b"y", **ROW)
        kept = ring._keys[CourtKeyName(VAULT, 1, Court.HOLY, 1)]
        assert any(kept)
        assert ring.key(CourtKeyName(VAULT, 1, Court.HOLY, 1)) == kept
        miriam.levels.open = {Court.OUTER}
        for refused in (
            lambda: sealer.open(FIELD, sealed, **ROW),
            lambda: sealer.seal(FIELD, b"x", **ROW),
            lambda: sealer.blind(FIELD, b"x", owner_id=1),
        ):
            with pytest.raises(LevelLockedError) as caught:
                refused()
            assert caught.value.level is Court.HOLY
        assert not any(kept)
        assert sealer.open(SealedField.NOTE, note, **ROW) == b"y"
        miriam.levels.open = set(Court)
        assert sealer.open(FIELD, sealed, **ROW) == b"x"

    def test_locking_while_others_seal_never_seals_under_a_wiped_key(self) -> None:
        """Zeros are a key that everybody knows."""
        miriam = founder()
        ring, sealer = miriam.identity.ring, miriam.identity.sealer
        sealed: list[tuple[int, bytes]] = []
        failures: list[Exception] = []

        def work() -> None:
            for row in range(200):
                try:
                    sealed.append((row, sealer.seal(FIELD, b"x", row_id=row, owner_id=1, revision=1)))
                except Exception as error:  # noqa: BLE001 - a thread must not lose it
                    failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            ring.lock(Court.HOLY)
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(sealed) == 800
        for row, value in sealed:
            assert sealer.open(FIELD, value, row_id=row, owner_id=1, revision=1) == b"x"


class TestVersions:
    def test_old_values_open_after_a_rotation_and_new_ones_use_the_new_key(self) -> None:
        miriam = founder()
        sealer = miriam.identity.sealer
        old = sealer.seal(FIELD, b"x", **ROW)
        token = sealer.blind(FIELD, b"x", owner_id=1)
        miriam.issue(miriam.identity.new_court(1, Court.HOLY))
        new = sealer.seal(FIELD, b"x", **ROW)
        assert [int.from_bytes(value[2:10], "big") for value in (old, new)] == [1, 2]
        assert sealer.open(FIELD, old, **ROW) == sealer.open(FIELD, new, **ROW) == b"x"
        tokens = sealer.blind(FIELD, b"x", owner_id=1)
        assert len(tokens) == 2
        assert tokens[1:] == token
        miriam.server.rotations.put(StoredRotation(1, Court.HOLY, 2, NOW, finished_at=NOW))
        miriam.identity.settled()
        assert sealer.blind(FIELD, b"x", owner_id=1) == tokens[:1]
        assert sealer.open(FIELD, old, **ROW) == b"x"  # an old value in the audit still opens

    def test_blind_tokens_tell_owner_field_and_value_apart(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        mine = miriam.identity.sealer.blind(FIELD, b"x", owner_id=1)
        assert mine == miriam.identity.sealer.blind(FIELD, b"x", owner_id=1)
        assert mine != miriam.identity.sealer.blind(FIELD, b"y", owner_id=1)
        assert mine != miriam.identity.sealer.blind(SealedField.PAYMENT_METADATA, b"x", owner_id=1)
        assert mine != aaron.identity.sealer.blind(FIELD, b"x", owner_id=2)

    def test_without_a_grant_nothing_opens(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        sealed = miriam.identity.sealer.seal(FIELD, b"x", **ROW)
        for refused in (
            lambda: aaron.identity.sealer.open(FIELD, sealed, **ROW),
            lambda: aaron.identity.sealer.seal(FIELD, b"x", **ROW),
            lambda: aaron.identity.sealer.blind(FIELD, b"x", owner_id=1),
        ):
            with pytest.raises(PermissionDeniedError):
                refused()

    def test_after_a_revocation_nothing_is_sealed_before_the_key_is_replaced(self) -> None:
        miriam = founder()
        aaron = joined(miriam, 2, "aaron")
        miriam.issue(miriam.identity.grant_court(1, Court.HOLY, recipient_id=2))
        aaron.identity.settled()
        sealed = aaron.identity.sealer.seal(FIELD, b"from aaron", **ROW)
        miriam.state_facts(CourtRevoked(1, Court.HOLY, 2))
        aaron.identity.settled()
        for one in (miriam, aaron):
            with pytest.raises(RotationNeededError) as caught:
                one.identity.sealer.seal(FIELD, b"x", **ROW)
            assert (caught.value.owner_id, caught.value.court) == (1, Court.HOLY)
            assert "aaron" in str(caught.value)
        miriam.issue(miriam.identity.new_court(1, Court.HOLY))
        aaron.identity.settled()
        new = miriam.identity.sealer.seal(FIELD, b"after", **ROW)
        assert miriam.identity.sealer.open(FIELD, sealed, **ROW) == b"from aaron"
        with pytest.raises(PermissionDeniedError):
            aaron.identity.sealer.open(FIELD, new, **ROW)

    def test_a_key_seals_only_so_often(self) -> None:
        miriam = founder()
        miriam.identity.sealer.seal(FIELD, b"x", **ROW)
        miriam.server.court_keys.seals[1, Court.HOLY, 1] = SEALS_BEFORE_ROTATION
        with pytest.raises(RotationNeededError):
            for _ in range(300):  # what was counted ahead may still be used
                miriam.identity.sealer.seal(FIELD, b"x", **ROW)
        miriam.issue(miriam.identity.new_court(1, Court.HOLY))
        miriam.identity.sealer.seal(FIELD, b"x", **ROW)

    def test_counting_ahead_writes_rarely(self) -> None:
        miriam = founder()
        for row in range(20_000):
            miriam.identity.sealer.seal(FIELD, b"", row_id=row, owner_id=1, revision=1)
        assert miriam.server.court_keys.counted < 10
        assert miriam.server.court_keys.seals[1, Court.HOLY, 1] >= 20_000
