"""The keys of one person of one vault: for each court one to receive court keys with, one pair to sign, one device key.

Receiving: HPKE (RFC 9180) with MLKEM768_X25519, public ML-KEM-768 (1184 bytes) and X25519 (32), private the seeds of
both (64 and 32). Signing: ``hybrid_signatures``. Device: Ed25519, for audit entries. Private halves are sealed one by
one under level secrets (``Levels.derive``): court n's under level n, the signing pair under level 2, the device key
under level 1. Any thread.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import PublicKeys
from aether_desktop.ports.access import KeysDamagedError, Levels
from aether_desktop.ports.identity import StoredPersonKeys
from aether_desktop.security.boxes import BoxError, open_box, seal_box, wipe
from aether_desktop.security.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.security.hybrid_signatures import SEED_BYTES, HybridSigningKey

BUNDLE_LABEL: Final = "aether/1/person-keys"
SEALED_LABEL: Final = "aether/1/person-private-keys"
POSSESSION: Final = "aether/1/possession"
_BOX_LABEL: Final = "aether/1/person-private-key"
_KEM_BYTES: Final = 1184
_KEM_SEED_BYTES: Final = 64


class _Part(NamedTuple):
    """One private half: its permanent name, the level that opens it, its size."""

    name: str
    level: Court
    size: int

    @property
    def info(self) -> bytes:
        return f"aether/1/person-key/{self.name}".encode("ascii")


_ENCRYPTION: Final = tuple(_Part(str(int(court)), court, _KEM_SEED_BYTES + 32) for court in Court)
_SIGNING: Final = _Part("signing", Court.HOLY, SEED_BYTES)
_DEVICE: Final = _Part("device", Court.OUTER, 32)
_PARTS: Final = (*_ENCRYPTION, _SIGNING, _DEVICE)


# -- public halves -----------------------------------------------------------------------------------------------


def encode_bundle(keys: PublicKeys) -> bytes:
    """The canonical form of a person's public keys."""
    return encode(BUNDLE_LABEL, keys.vault_id, keys.user_id, list(keys.encryption), keys.signing, keys.device)


def decode_bundle(data: bytes) -> PublicKeys:
    """Raises NotCanonicalError."""
    decoder = Decoder(BUNDLE_LABEL, data)
    vault_id, user_id = decoder.number(), decoder.number()
    inner = decoder.sequence()
    encryption = (inner.bytes(), inner.bytes(), inner.bytes())
    inner.end()
    signing, device = decoder.bytes(), decoder.bytes()
    decoder.end()
    try:
        return PublicKeys(vault_id, user_id, encryption, signing, device)
    except ValueError as error:
        raise NotCanonicalError(str(error)) from error


def bundle_fingerprint(keys: PublicKeys) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(encode_bundle(keys)).digest()


def comparison_code(digest: bytes) -> str:
    """The first 128 bits of a SHA-256 for two people to compare: eight groups of four hexadecimal digits."""
    digits = digest[:16].hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def encryption_public(key: bytes) -> MLKEM768X25519PublicKey:
    """Raises ValueError for bytes that are no such key."""
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(key[:_KEM_BYTES]), X25519PublicKey.from_public_bytes(key[_KEM_BYTES:])
    )


def encryption_private(seed: bytes | bytearray) -> MLKEM768X25519PrivateKey:
    """From the 96 bytes of seeds. Raises ValueError."""
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(bytes(seed[:_KEM_SEED_BYTES])),
        X25519PrivateKey.from_private_bytes(bytes(seed[_KEM_SEED_BYTES:])),
    )


def encryption_pair_public(seed: bytes | bytearray) -> bytes:
    """The public key of the 96 bytes of seeds. Raises ValueError."""
    kem = MLKEM768PrivateKey.from_seed_bytes(bytes(seed[:_KEM_SEED_BYTES])).public_key().public_bytes_raw()
    return kem + X25519PrivateKey.from_private_bytes(bytes(seed[_KEM_SEED_BYTES:])).public_key().public_bytes_raw()


# -- private halves ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewPersonKeys:
    """Just made: the row to store, and the person's own signature over the public half."""

    public: PublicKeys
    stored: StoredPersonKeys
    possession: bytes


def make_person_keys(
    levels: Levels, *, vault_id: int, user_id: int, generation: int = 1, at: datetime
) -> NewPersonKeys:
    """All three levels must be open. Raises LevelLockedError."""
    seeds = [bytearray(os.urandom(part.size)) for part in _PARTS]
    try:
        signing = HybridSigningKey(seeds[3])
        public = PublicKeys(
            vault_id=vault_id,
            user_id=user_id,
            encryption=(
                encryption_pair_public(seeds[0]),
                encryption_pair_public(seeds[1]),
                encryption_pair_public(seeds[2]),
            ),
            signing=signing.public,
            device=Ed25519PrivateKey.from_private_bytes(bytes(seeds[4])).public_key().public_bytes_raw(),
        )
        stored = StoredPersonKeys(
            user_id=user_id,
            generation=generation,
            bundle=encode_bundle(public),
            sealed=_sealed(levels, public, seeds),
            created_at=at,
        )
        return NewPersonKeys(public, stored, signing.sign(stored.bundle, purpose=POSSESSION))
    finally:
        wipe(*seeds)


class PersonKeyring:
    """The keys of one generation; opens a private half when it is needed and keeps none.

    Raises KeysDamagedError for a row that was altered, LevelLockedError.
    """

    def __init__(self, levels: Levels, row: StoredPersonKeys) -> None:
        self._levels = levels
        self._row = row
        try:
            self.public = decode_bundle(row.bundle)
            self._boxes = _boxes(row.sealed)
        except NotCanonicalError as error:
            raise _damaged() from error

    @property
    def generation(self) -> int:
        """Which of the person's keys these are."""
        return self._row.generation

    def encryption(self, court: Court) -> MLKEM768X25519PrivateKey:
        """What unwraps court keys of that court. Raises LevelLockedError, KeysDamagedError."""
        seed = self._open(_ENCRYPTION[court - 1])
        try:
            if encryption_pair_public(seed) != self.public.encryption[court - 1]:
                raise _damaged()
            return encryption_private(seed)
        finally:
            wipe(seed)

    def signing(self) -> HybridSigningKey:
        """Raises LevelLockedError, KeysDamagedError."""
        seed = self._open(_SIGNING)
        try:
            key = HybridSigningKey(seed)
        finally:
            wipe(seed)
        if key.public != self.public.signing:
            raise _damaged()
        return key

    def device(self) -> Ed25519PrivateKey:
        """Signs audit entries. Raises LevelLockedError, KeysDamagedError."""
        seed = self._open(_DEVICE)
        try:
            key = Ed25519PrivateKey.from_private_bytes(bytes(seed))
        finally:
            wipe(seed)
        if key.public_key().public_bytes_raw() != self.public.device:
            raise _damaged()
        return key

    def is_sealed_before(self) -> bool:
        """Whether a private half still waits under a former secret. All levels open. Raises LevelLockedError."""
        for part in _PARTS:
            try:
                key = self._levels.derive(part.level, part.info)
                wipe(open_box(key, self._boxes[part.name], context=_context(self.public, part)))
            except BoxError:
                return True
        return False

    def resealed(self, target: Levels) -> StoredPersonKeys:
        """The same keys under other level secrets (all open), for a re-key. Raises LevelLockedError."""
        seeds: list[bytearray] = []
        try:
            seeds.extend(self._open(part) for part in _PARTS)
            return self._row._replace(sealed=_sealed(target, self.public, seeds))
        finally:
            wipe(*seeds)

    def _open(self, part: _Part) -> bytearray:
        present = self._levels.derive(part.level, part.info)
        for key in (present, *self._levels.derive_previous(part.level, part.info)):
            with suppress(BoxError):
                seed = open_box(key, self._boxes[part.name], context=_context(self.public, part))
                if len(seed) != part.size:
                    raise _damaged()
                return seed
        raise _damaged()


def _sealed(levels: Levels, public: PublicKeys, seeds: list[bytearray]) -> bytes:
    return encode(
        SEALED_LABEL,
        [
            [part.name, seal_box(levels.derive(part.level, part.info), seed, context=_context(public, part))]
            for part, seed in zip(_PARTS, seeds, strict=True)
        ],
    )


def _boxes(sealed: bytes) -> dict[str, bytes]:
    decoder = Decoder(SEALED_LABEL, sealed)
    listed = decoder.sequence()
    found: dict[str, bytes] = {}
    for part in _PARTS:
        each = listed.sequence()
        if each.text() != part.name:
            raise NotCanonicalError("another private key was expected")
        found[part.name] = each.bytes()
        each.end()
    listed.end()
    decoder.end()
    return found


def _context(public: PublicKeys, part: _Part) -> bytes:
    return encode(_BOX_LABEL, public.vault_id, public.user_id, part.name, bundle_fingerprint(public))


def _damaged() -> KeysDamagedError:
    return KeysDamagedError(
        "Your private keys in this vault were altered, or belong to another person's levels.",
        hint="Restore the vault and its .keys file from the same back-up.",
    )
