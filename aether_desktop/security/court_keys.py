"""Court keys: what seals the fields of one owner in one court, by version; wrapped to each person who may open them.

Wrapped with HPKE (RFC 9180), base mode: KEM MLKEM768_X25519, HKDF-SHA256, AES-256-GCM; ``info`` is canonical
``aether/1/court-key`` (vault, owner, court, version, SHA-256 of the recipient's key). Base mode does not say who
wrapped: that a key is the owner's own, a statement in the membership log vouches for with the SHA-256 of the wrapped
bytes and a commitment to the key, HKDF-SHA256 of it with canonical ``aether/1/court-commitment`` as info.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import CourtGranted, PublicKeys
from aether_desktop.ports.access import KeysDamagedError
from aether_desktop.ports.identity import StoredCourtKey
from aether_desktop.security.canonical import encode
from aether_desktop.security.person_keys import encryption_public

KEY_BYTES: Final = 32
_WRAP_LABEL: Final = "aether/1/court-key"
_COMMITMENT_LABEL: Final = "aether/1/court-commitment"


def suite() -> Suite:
    """The one suite that court keys, and shares of a quorum, are wrapped with."""
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class CourtKeyName:
    """Which key: of whom, for which court, the how-manieth."""

    vault_id: int
    owner_id: int
    court: Court
    version: int

    def info(self, recipient_key: bytes) -> bytes:
        """What HPKE binds the wrapped key to; ``recipient_key`` is the hash of the recipient's public key."""
        return encode(_WRAP_LABEL, *self._fields(), recipient_key)

    def commitment(self, key: bytes | bytearray) -> bytes:
        """Tells keys apart without telling anything about them."""
        return expand(key, encode(_COMMITMENT_LABEL, *self._fields()))

    def _fields(self) -> tuple[int, int, int, int]:
        return self.vault_id, self.owner_id, int(self.court), self.version


def expand(key: bytes | bytearray, info: bytes) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869, no salt) from a court key, for one purpose."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


def new_court_key() -> bytearray:
    """Random; wipe it after use."""
    return bytearray(os.urandom(KEY_BYTES))


def wrap(
    name: CourtKeyName, key: bytes | bytearray, *, recipient: PublicKeys, at: datetime
) -> tuple[CourtGranted, StoredCourtKey]:
    """The statement that vouches for it, and the row. The caller has the recipient's keys from the log."""
    recipient_key = recipient.key_hash(name.court)
    public = encryption_public(recipient.encryption[name.court - 1])
    wrapped = suite().encrypt(bytes(key), public, name.info(recipient_key))
    fact = CourtGranted(
        owner_id=name.owner_id,
        court=name.court,
        version=name.version,
        recipient_id=recipient.user_id,
        recipient_key=recipient_key,
        commitment=name.commitment(key),
        wrapped=hashlib.sha256(wrapped).digest(),
    )
    row = StoredCourtKey(
        owner_id=name.owner_id,
        court=name.court,
        version=name.version,
        recipient_id=recipient.user_id,
        recipient_key=recipient_key,
        wrapped=wrapped,
        created_at=at,
    )
    return fact, row


def unwrap(name: CourtKeyName, row: StoredCourtKey, private: MLKEM768X25519PrivateKey) -> bytearray:
    """Raises KeysDamagedError. Whether the key is the owner's own, the caller must ask the log."""
    try:
        key = bytearray(suite().decrypt(row.wrapped, private, name.info(row.recipient_key)))
    except InvalidTag as error:
        raise _damaged(name) from error
    if len(key) != KEY_BYTES:
        raise _damaged(name)
    return key


def _damaged(name: CourtKeyName) -> KeysDamagedError:
    return KeysDamagedError(
        f"A key of the {name.court.title}, version {name.version}, does not open with your own key.",
        hint="Ask its owner to grant it again.",
    )
