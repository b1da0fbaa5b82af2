"""Sealed notes of a shared database, as the storage sees them: it can neither open them nor make their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aether_desktop.domain.sealed_fields import Sealed


class WordToken(NamedTuple):
    """What one word of one owner's notes is found by, under one version of their court's key."""

    owner_id: int
    token: bytes


class NoteSeals(Protocol):
    """Worker threads only."""

    def seal_new(self, notes: Sequence[tuple[int, str]], *, owner_id: int) -> list[Sealed]:
        """Notes of rows that a file brings, given by the annotation's id. Raises LevelLockedError,
        PermissionDeniedError without a key of the owner, RotationNeededError, MembershipError."""
        ...

    def tokens(self, text: str) -> list[tuple[WordToken, ...]]:
        """For each word of ``text``, its tokens of every owner whose key this person has, under every live version.

        Raises LevelLockedError, PermissionDeniedError without any key, MembershipError.
        """
        ...
