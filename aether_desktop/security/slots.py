"""One slot: what a factor derives, and the level's secret wrapped under it (design, section 6).

K(1) = HKDF(salt = D, ikm = Argon2id(password)), K(n+1) = HKDF(salt = S(n), ikm = Argon2id(factor)). The recovery kit's
slot of level 1 has no salt: it must open without the device's key. HKDF gives 64 bytes: an AES-256-GCM key and a tag
that commits to it (GCM alone lets one ciphertext open under two keys).

In the canonical form: the info is "aether/1/slot-key", vault id, level, kind, slot id; the associated data of the
wrapped secret is "aether/1/slot", vault id, level, and the slot's fields but the last as a sequence.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import FactorKind
from aether_desktop.security.canonical import encode
from aether_desktop.security.memory import Secret
from aether_desktop.security.passwords import SALT_BYTES, STANDARD, Cost, hkdf, stretch

SECRET_BYTES: Final = 32
SLOT_ID_BYTES: Final = 8
TAG_BYTES: Final = 16  # of a device's key: under which name it is kept, and a check of it
NONCE_BYTES: Final = 12
SEALED_BYTES: Final = NONCE_BYTES + SECRET_BYTES + 16
_DEVICE_CHECK: Final = b"aether/1/device-key-check"


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """Which device's key a slot needs."""

    tag: bytes
    """The name it is kept under."""
    check: bytes
    """Derived from it, to tell a wrong device from a wrong password."""


@dataclass(frozen=True, slots=True)
class Slot:
    """As it stands in the key file."""

    slot_id: bytes
    kind: FactorKind
    label: str
    created: int
    """Seconds since 1970."""
    device: DeviceRef | None
    """Level 1 only, and not for the kit."""
    salt: bytes
    cost: Cost
    commitment: bytes
    wrapped: bytes
    """Nonce and AES-256-GCM of the level's secret."""


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """Where a slot stands: bound into its key and its ciphertext."""

    vault_id: bytes
    level: Court


def device_check(key: Secret) -> bytes:
    """16 bytes that tell whether a device's key is the right one; they say nothing else about it."""
    with hkdf(key, info=_DEVICE_CHECK, size=TAG_BYTES) as check:
        return bytes(check.data)


def make_slot(
    place: SlotPlace,
    level_secret: Secret,
    *,
    factor: bytearray,
    kind: FactorKind,
    below: Secret | None,
    device: DeviceRef | None = None,
    label: str = "",
    created: int,
) -> Slot:
    """Wrap a level's secret. ``below``: the device's key at level 1, S(n-1) above, None for the kit at level 1."""
    slot_id, salt = secrets.token_bytes(SLOT_ID_BYTES), secrets.token_bytes(SALT_BYTES)
    with _slot_keys(place, slot_id, kind, factor=factor, salt=salt, cost=STANDARD, below=below) as keys:
        bare = Slot(slot_id, kind, label, created, device, salt, STANDARD, bytes(keys.data[32:]), b"")
        with Secret(keys.data[:32]) as key:
            wrapped = seal(key, level_secret, _associated(place, bare))
    return Slot(slot_id, kind, label, created, device, salt, STANDARD, bare.commitment, wrapped)


def open_slot(place: SlotPlace, slot: Slot, *, factor: bytearray, below: Secret | None) -> Secret | None:
    """The level's secret, None when the factor is another one, or the slot was altered."""
    with _slot_keys(place, slot.slot_id, slot.kind, factor=factor, salt=slot.salt, cost=slot.cost, below=below) as keys:
        if not compare_digest(keys.data[32:], slot.commitment):
            return None
        with Secret(keys.data[:32]) as key:
            return unseal(key, slot.wrapped, _associated(place, slot))


def seal(key: Secret, content: Secret, associated: bytes) -> bytes:
    """AES-256-GCM under a fresh random nonce: nonce and ciphertext."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key.data).encrypt(nonce, content.data, associated)


def unseal(key: Secret, sealed: bytes, associated: bytes) -> Secret | None:
    """None when it was sealed under another key, for another place, or altered."""
    content = Secret(SECRET_BYTES)
    try:
        AESGCM(key.data).decrypt_into(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated, content.data)
    except InvalidTag:
        content.wipe()
        return None
    return content


def _slot_keys(
    place: SlotPlace,
    slot_id: bytes,
    kind: FactorKind,
    *,
    factor: bytearray,
    salt: bytes,
    cost: Cost,
    below: Secret | None,
) -> Secret:
    info = encode("aether/1/slot-key", place.vault_id, int(place.level), kind.value, slot_id)
    with stretch(factor, salt=salt, cost=cost) as stretched:
        return hkdf(stretched, salt=below, info=info, size=64)


def _associated(place: SlotPlace, slot: Slot) -> bytes:
    return encode("aether/1/slot", place.vault_id, int(place.level), slot_fields(slot))


def slot_fields(slot: Slot) -> tuple[bytes | str | int, ...]:
    """Everything but the wrapped secret, in the order of the key file."""
    return (
        slot.slot_id,
        slot.kind.value,
        slot.label,
        slot.created,
        b"" if slot.device is None else slot.device.tag,
        b"" if slot.device is None else slot.device.check,
        slot.salt,
        slot.cost.memory,
        slot.cost.passes,
        slot.cost.lanes,
        slot.commitment,
    )
