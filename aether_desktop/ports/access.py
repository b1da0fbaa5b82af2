"""Levels, seals and signatures as the layers without cryptography see them. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.errors import AetherError, KeyStoreError


class LevelLockedError(AetherError):
    """The level is not open now; the window asks for its factor and tries again."""

    def __init__(self, level: Court, message: str = "", *, hint: str = "") -> None:
        super().__init__(
            message or f"This needs level {int(level)} ({level.title}), which is locked.",
            hint=hint or f"Unlock level {int(level)} and try again.",
        )
        self.level = level


class WrongFactorError(AetherError):
    """The password, passphrase, key file or words do not open the level. ``wait`` is in seconds, 0 to try again now."""

    def __init__(self, message: str, *, wait: float = 0.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.wait = wait


class KeysDamagedError(KeyStoreError):
    """The key file was altered, is cut off, or was made by a newer program. Nothing is guessed."""


class SealError(AetherError):
    """A sealed field does not open: altered, moved from another row, or sealed under another key. Names the field."""

    def __init__(self, message: str, *, field: SealedField, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Levels(Protocol):
    """The level secrets that are open now."""

    def is_open(self, level: Court) -> bool:
        """Any thread."""
        ...

    def derive(self, level: Court, info: bytes) -> bytes:
        """32 bytes by HKDF-SHA256 from the level's secret, for one purpose. Raises LevelLockedError."""
        ...

    def derive_previous(self, level: Court, info: bytes) -> tuple[bytes, ...]:
        """The same from the secrets that the level had before "compromised", newest first: for opening what was not
        sealed anew yet, never for sealing. Empty when nothing waits. Raises LevelLockedError."""
        ...


class AttemptCounter(Protocol):
    """Wrong factors in a row, by level, and how long they make one wait. Worker threads only."""

    def wait(self, level: Court) -> float:
        """Seconds until the next attempt, 0 for now."""
        ...

    def begin(self, level: Court) -> None:
        """Count an attempt as failed before it is made. Raises WrongFactorError while the wait lasts."""
        ...

    def succeed(self, level: Court) -> None:
        """The factor was right: the next failure is the first one."""
        ...


class AuditSigner(Protocol):
    """Signs audit entries as one device of one person."""

    @property
    def public_key(self) -> bytes:
        """Ed25519, 32 bytes."""
        ...

    @property
    def key_id(self) -> bytes:
        """Which key: the first 16 bytes of the SHA-256 of its public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Ed25519 (RFC 8032), 64 bytes. Raises LevelLockedError when the vault was locked meanwhile."""
        ...


class FieldSealer(Protocol):
    """Seals and opens fields of one vault. ``owner_id`` is the person whose court key is used."""

    def seal(self, field: SealedField, plain: bytes, *, row_id: int, owner_id: int, revision: int) -> bytes:
        """Raises LevelLockedError, PermissionDeniedError without a key of that owner."""
        ...

    def seal_many(
        self, field: SealedField, plains: Sequence[tuple[int, bytes]], *, owner_id: int, revision: int
    ) -> list[bytes]:
        """One field of many rows, given by id. Raises as ``seal``."""
        ...

    def open(self, field: SealedField, sealed: bytes, *, row_id: int, owner_id: int, revision: int) -> bytes:
        """Raises SealError, LevelLockedError, PermissionDeniedError."""
        ...

    def blind(self, field: SealedField, plain: bytes, *, owner_id: int) -> tuple[bytes, ...]:
        """Search tokens under every live version of the key, the current one first. For high-entropy fields only.

        Raises LevelLockedError, PermissionDeniedError.
        """
        ...

    def blind_many(self, field: SealedField, plains: Sequence[bytes], *, owner_id: int) -> list[tuple[bytes, ...]]:
        """The same for many values; also for the words of notes, which give their repetition away."""
        ...

    def owners(self, court: Court) -> tuple[int, ...]:
        """Whose keys of the court this person has, in the order of ids. Raises LevelLockedError."""
        ...
