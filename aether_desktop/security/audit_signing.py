"""Signing and verifying the audit: entries by a device's Ed25519 key, checkpoints by a person's hybrid pair."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aether_desktop.domain.audit import CHECKPOINT_PURPOSE, key_id_of
from aether_desktop.ports.identity import Identity
from aether_desktop.security.hybrid_signatures import BadSignatureError, HybridSigningKey, verify
from aether_desktop.security.person_keys import PersonKeyring


class DeviceAuditSigner:
    """Implements ``ports.access.AuditSigner`` with the device key of a person's keys; opens it for each signature, so
    that a locked vault signs nothing. Any thread."""

    def __init__(self, keyring: PersonKeyring) -> None:
        self._keyring = keyring
        self.public_key = keyring.public.device
        self.key_id = key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Raises LevelLockedError (level 1), KeysDamagedError."""
        return self._keyring.device().sign(message)


class KeyAuditSigner:
    """Implements ``ports.access.AuditSigner`` with a key that is at hand. Any thread; its repr shows nothing of it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Never raises."""
        return self._private.sign(message)


class PersonCheckpointSigner:
    """Implements ``ports.audit.CheckpointSigner`` with the hybrid pair of a person's keys. Any thread."""

    def __init__(self, keyring: PersonKeyring) -> None:
        self._keyring = keyring
        self.public_key = keyring.public.signing

    def sign(self, message: bytes) -> bytes:
        """Raises LevelLockedError (level 2), KeysDamagedError."""
        return self._keyring.signing().sign(message, purpose=CHECKPOINT_PURPOSE)


class KeyCheckpointSigner:
    """Implements ``ports.audit.CheckpointSigner`` with a pair that is at hand. Any thread."""

    def __init__(self, key: HybridSigningKey) -> None:
        self._key = key
        self.public_key = key.public

    def sign(self, message: bytes) -> bytes:
        """Never raises."""
        return self._key.sign(message, purpose=CHECKPOINT_PURPOSE)


class SignatureProofs:
    """Implements ``ports.audit.AuditProofs``. One thread: it keeps the keys it has read."""

    def __init__(self) -> None:
        self._keys: dict[bytes, Ed25519PublicKey] = {}

    def entry_signed(self, public_key: bytes, signature: bytes, entry: bytes) -> bool:
        """Whether the device signed the entry's bytes."""
        try:
            key = self._keys.get(public_key)
            if key is None:
                key = self._keys[public_key] = Ed25519PublicKey.from_public_bytes(public_key)
            key.verify(signature, entry)
        except (InvalidSignature, ValueError):
            return False
        return True

    def checkpoint_signed(self, public_key: bytes, signature: bytes, body: bytes) -> bool:
        """Whether both halves of the pair signed the checkpoint's bytes."""
        try:
            verify(public_key, signature, body, purpose=CHECKPOINT_PURPOSE)
        except BadSignatureError:
            return False
        return True


class MembershipKeyHolders:
    """Implements ``ports.audit.KeyHolders`` by the membership log, read anew for each instance. One thread.

    Keys that were replaced still tell whose old signatures are.
    """

    def __init__(self, identity: Identity) -> None:
        """Raises MembershipError."""
        state = identity.state()
        self._devices: dict[bytes, int] = {}
        self._pairs: dict[bytes, int] = {}
        for person in state.people.values():
            for keys in (*state.former.get(person.user_id, ()), person.keys):
                self._devices[keys.device] = person.user_id
                self._pairs[keys.signing] = person.user_id
            self._devices.update({device: person.user_id for device, _name in person.devices})

    def device_owner(self, public_key: bytes) -> int | None:
        """None for a key that nobody certified."""
        return self._devices.get(public_key)

    def signing_owner(self, public_key: bytes) -> int | None:
        """None for a pair that nobody certified."""
        return self._pairs.get(public_key)
