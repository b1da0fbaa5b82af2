"""Signs as one person, and verifies signatures of people whom the membership log certifies. Any worker thread."""

from __future__ import annotations

from typing import NamedTuple

from aether_desktop.ports.signing import PersonSignature, Signatory
from aether_desktop.security.hybrid_signatures import BadSignatureError, fingerprint, verify
from aether_desktop.security.identity import PersonIdentity


class _Certified(NamedTuple):
    public: bytes
    signatory: Signatory


class PersonSigning:
    """Implements ``ports.signing.PersonSigner``. Raises MembershipError, KeyStoreError, the StorageError family."""

    def __init__(self, identity: PersonIdentity) -> None:
        self._identity = identity

    @property
    def user_id(self) -> int:
        """Who signs."""
        return self._identity.user_id

    def sign(self, message: bytes, *, purpose: str) -> PersonSignature:
        """Raises LevelLockedError (level 2), KeysDamagedError."""
        key = self._identity.keyring().signing()
        return PersonSignature(fingerprint(key.public), key.sign(message, purpose=purpose))

    def signatory(self, key: bytes) -> Signatory | None:
        """None for a key that the log never certified."""
        found = self._certified(key)
        return None if found is None else found.signatory

    def verify(self, signature: PersonSignature, message: bytes, *, purpose: str) -> bool:
        """Whether the certified key of that fingerprint made it."""
        found = self._certified(signature.key)
        if found is None:
            return False
        try:
            verify(found.public, signature.value, message, purpose=purpose)
        except BadSignatureError:
            return False
        return True

    def _certified(self, key: bytes) -> _Certified | None:
        state = self._identity.state()
        for person in state.people.values():
            for keys in (person.keys, *reversed(state.former.get(person.user_id, ()))):
                if fingerprint(keys.signing) == key:
                    current = keys is person.keys
                    return _Certified(keys.signing, Signatory(person.user_id, person.username, current, person.active))
        return None
