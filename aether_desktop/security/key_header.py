"""The format of NAME.aether.keys, in the canonical form (security.canonical).

    file   = "aether/1/vault-keys", body, mac, checksum
    body   = "aether/1/vault-keys/body", vault id (16), generation, levels, file keys
    levels = one sequence per level that was set up, from 1 on: level, slots, former secrets
    slot   = id (8), kind, label, created, device tag (16 or 0), device check (16 or 0), salt (16),
             memory in KiB, passes, lanes, commitment (32), wrapped secret (60)

``mac`` is HMAC-SHA256 of the body under HKDF(S(1), "aether/1/vault-keys"); ``checksum`` is SHA-256 of label, body and
mac, which tells damage from a wrong password before anything is typed. Sealed values are nonce (12) and AES-256-GCM.
A file key is sealed under HKDF(S(1), "aether/1/vault-file") with "aether/1/vault-file", vault id as associated data; a
former secret under HKDF(S(n), "aether/1/previous-secret") with "aether/1/previous-secret", vault id, level.
Unknown labels, kinds, fields and costs below the standard are refused.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import KeysDamagedError
from aether_desktop.ports.vault_keys import FactorKind
from aether_desktop.security.canonical import Decoder, NotCanonicalError, Value, encode
from aether_desktop.security.memory import Secret
from aether_desktop.security.passwords import SALT_BYTES, Cost, hkdf
from aether_desktop.security.slots import (
    SEALED_BYTES,
    SLOT_ID_BYTES,
    TAG_BYTES,
    DeviceRef,
    Slot,
    SlotPlace,
    seal,
    slot_fields,
    unseal,
)
from aether_desktop.security.unlocked_keys import FILE_KEY, HEADER_KEY, PREVIOUS_SECRET

FILE_LABEL: Final = "aether/1/vault-keys"
BODY_LABEL: Final = "aether/1/vault-keys/body"
VAULT_ID_BYTES: Final = 16
LONGEST: Final = 256 * 1024  # bytes of a key file
_DIGEST_BYTES: Final = 32
_RESTORE: Final = "Restore it from a back-up of the vault, or put NAME.aether.keys.1 in its place."
_NEWER: Final = "Install the newest version of Aether Desktop."


@dataclass(frozen=True, slots=True)
class LevelKeys:
    """One level: the slots that open it, and its secrets before "compromised", sealed under the present one."""

    level: Court
    slots: tuple[Slot, ...]
    former: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What the key file says. ``file_keys``: the present SQLCipher key, and the next one while the file is re-keyed;
    none in shared mode."""

    vault_id: bytes
    generation: int
    levels: tuple[LevelKeys, ...]
    file_keys: tuple[bytes, ...]

    def level(self, level: Court) -> LevelKeys | None:
        """None when it was not set up."""
        return next((each for each in self.levels if each.level is level), None)

    def with_level(self, changed: LevelKeys) -> Header:
        """The same with one level replaced, or set up."""
        others = tuple(each for each in self.levels if each.level is not changed.level)
        return replace(self, levels=tuple(sorted((*others, changed), key=lambda each: each.level)))

    def place(self, level: Court) -> SlotPlace:
        return SlotPlace(self.vault_id, level)


def write_header(header: Header, secret: Secret) -> bytes:
    """The file's content, authenticated under S(1)."""
    body = encode(
        BODY_LABEL,
        header.vault_id,
        header.generation,
        tuple((int(each.level), tuple(map(_slot, each.slots)), each.former) for each in header.levels),
        header.file_keys,
    )
    authenticated = encode(FILE_LABEL, body, _mac(body, secret))
    return authenticated + encode_tail(authenticated)


def encode_tail(authenticated: bytes) -> bytes:
    """The checksum element that ends the file."""
    digest = hashlib.sha256(authenticated).digest()
    return encode(FILE_LABEL, digest)[len(encode(FILE_LABEL)) :]


def read_header(content: bytes) -> Header:
    """The header, not yet authenticated: ``authenticate`` does that once S(1) is open.

    Raises KeysDamagedError for what is damaged, unknown or weaker than the standard.
    """
    try:
        outer = Decoder(FILE_LABEL, content)
        body, _, checksum = outer.bytes(), outer.bytes(_DIGEST_BYTES), outer.bytes(_DIGEST_BYTES)
        outer.end()
    except NotCanonicalError as error:
        raise _unreadable(content, error) from error
    authenticated = content[: -len(encode_tail(b""))]
    if not hmac.compare_digest(hashlib.sha256(authenticated).digest(), checksum):
        raise KeysDamagedError("The vault's key file is damaged: its checksum differs.", hint=_RESTORE)
    try:
        return _body(body)
    except NotCanonicalError as error:
        raise KeysDamagedError(
            "The vault's key file has a form that this program does not know.", hint=_NEWER, details=str(error)
        ) from error


def authenticate(content: bytes, secret: Secret) -> None:
    """Raises KeysDamagedError when the file was not written by somebody who had S(1)."""
    outer = Decoder(FILE_LABEL, content)
    body, mac = outer.bytes(), outer.bytes(_DIGEST_BYTES)
    if not hmac.compare_digest(_mac(body, secret), mac):
        raise KeysDamagedError("The vault's key file was altered by somebody without its keys.", hint=_RESTORE)


def seal_file_key(header: Header, key: Secret, secret: Secret) -> bytes:
    """The vault file's key F under S(1)."""
    with hkdf(secret, info=FILE_KEY) as wrapping:
        return seal(wrapping, key, encode("aether/1/vault-file", header.vault_id))


def open_file_key(header: Header, sealed: bytes, secret: Secret) -> Secret:
    """Raises KeysDamagedError."""
    with hkdf(secret, info=FILE_KEY) as wrapping:
        key = unseal(wrapping, sealed, encode("aether/1/vault-file", header.vault_id))
    if key is None:
        raise KeysDamagedError("The vault file's key does not open.", hint=_RESTORE)
    return key


def seal_former(place: SlotPlace, former: Secret, secret: Secret) -> bytes:
    """A level's former secret under its present one."""
    with hkdf(secret, info=PREVIOUS_SECRET) as wrapping:
        return seal(wrapping, former, encode("aether/1/previous-secret", place.vault_id, int(place.level)))


def open_former(place: SlotPlace, sealed: bytes, secret: Secret) -> Secret:
    """Raises KeysDamagedError."""
    with hkdf(secret, info=PREVIOUS_SECRET) as wrapping:
        former = unseal(wrapping, sealed, encode("aether/1/previous-secret", place.vault_id, int(place.level)))
    if former is None:
        raise KeysDamagedError("A former secret of a level does not open.", hint=_RESTORE)
    return former


# -- inside ------------------------------------------------------------------------------------------------------


def _mac(body: bytes, secret: Secret) -> bytes:
    with hkdf(secret, info=HEADER_KEY) as key:
        return hmac.digest(bytes(key.data), body, "sha256")


def _slot(slot: Slot) -> tuple[Value, ...]:
    return (*slot_fields(slot), slot.wrapped)


def _body(body: bytes) -> Header:
    decoder = Decoder(BODY_LABEL, body)
    vault_id, generation = decoder.bytes(VAULT_ID_BYTES), decoder.number()
    levels_in = decoder.sequence()
    levels: list[LevelKeys] = []
    while not levels_in.ended:
        levels.append(_read_level(levels_in.sequence(), expected=len(levels) + 1))
    file_keys = _sealed(decoder.sequence())
    decoder.end()
    if not levels:
        raise NotCanonicalError("no level")
    if len(file_keys) > 2:
        raise NotCanonicalError("more than two file keys")
    return Header(vault_id, generation, tuple(levels), file_keys)


def _read_level(decoder: Decoder, *, expected: int) -> LevelKeys:
    number = decoder.number()
    if number != expected or number not in tuple(Court):
        raise NotCanonicalError("levels are numbered 1 to 3 without gaps")
    slots_in = decoder.sequence()
    slots: list[Slot] = []
    while not slots_in.ended:
        slots.append(_read_slot(slots_in.sequence(), Court(number)))
    former = _sealed(decoder.sequence())
    decoder.end()
    if not slots:
        raise NotCanonicalError("a level without slots")
    if len({slot.slot_id for slot in slots}) != len(slots):
        raise NotCanonicalError("two slots of one id")
    return LevelKeys(Court(number), tuple(slots), former)


def _read_slot(decoder: Decoder, level: Court) -> Slot:
    slot_id, kind, label, created = decoder.bytes(SLOT_ID_BYTES), decoder.text(), decoder.text(), decoder.number()
    tag, check = decoder.bytes(), decoder.bytes()
    salt = decoder.bytes(SALT_BYTES)
    cost = Cost(memory=decoder.number(), passes=decoder.number(), lanes=decoder.number())
    commitment, wrapped = decoder.bytes(_DIGEST_BYTES), decoder.bytes(SEALED_BYTES)
    decoder.end()
    if kind not in tuple(FactorKind):
        raise NotCanonicalError("unknown kind of slot")
    if not cost.acceptable:
        raise NotCanonicalError("a slot weaker than the standard, or one that would exhaust the machine")
    with_device = level is Court.OUTER and kind != FactorKind.KIT
    wanted = TAG_BYTES if with_device else 0
    if len(tag) != wanted or len(check) != wanted:
        raise NotCanonicalError("a device where none belongs, or none where one does")
    if created >= 1 << 40:
        raise NotCanonicalError("a time beyond the calendar")
    device = DeviceRef(tag, check) if with_device else None
    return Slot(slot_id, FactorKind(kind), label, created, device, salt, cost, commitment, wrapped)


def _sealed(decoder: Decoder) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while not decoder.ended:
        found.append(decoder.bytes(SEALED_BYTES))
    return tuple(found)


def _unreadable(content: bytes, error: NotCanonicalError) -> KeysDamagedError:
    label = content[5:]
    if label.startswith(b"aether/") and not label.startswith(FILE_LABEL.encode("ascii")):
        return KeysDamagedError("The vault's key file was written by a newer program.", hint=_NEWER)
    return KeysDamagedError("The vault's key file is damaged.", hint=_RESTORE, details=str(error))
