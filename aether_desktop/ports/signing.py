"""A person's hybrid signature as services see it. Worker threads only."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class PersonSignature(NamedTuple):
    """``key`` is the fingerprint of the public pair that verifies it, 32 bytes."""

    key: bytes
    value: bytes


class Signatory(NamedTuple):
    """Whose key it is, as the membership log certifies. ``current``: not replaced since; ``active``: not disabled."""

    user_id: int
    username: str
    current: bool
    active: bool


class PersonSigner(Protocol):
    """Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204), both required. Raises MembershipError where the log is not to be
    trusted, the StorageError family."""

    @property
    def user_id(self) -> int:
        """Who signs. Any thread."""
        ...

    def sign(self, message: bytes, *, purpose: str) -> PersonSignature:
        """With the present keys. Raises LevelLockedError (level 2), KeysDamagedError."""
        ...

    def signatory(self, key: bytes) -> Signatory | None:
        """None for a key that the log never certified."""
        ...

    def verify(self, signature: PersonSignature, message: bytes, *, purpose: str) -> bool:
        """Whether the certified key of that fingerprint made it."""
        ...
