"""Driver errors to the errors people see, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import IntegrityError

from aether_desktop.ports.errors import StorageUnavailableError


class ConnectionLostError(StorageUnavailableError):
    """The connection broke while it was used; a fresh one may work."""


class ViolationKind(StrEnum):
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    NOT_NULL = "not_null"


@dataclass(frozen=True, slots=True)
class Violation:
    """Which rule of the schema refused a row. ``columns`` without vault_id; empty where the engine does not say."""

    kind: ViolationKind
    constraint: str
    table: str
    columns: tuple[str, ...]


def violation(error: IntegrityError) -> Violation | None:
    """The rule an IntegrityError (caught inside a write, from ``connection.execute``) speaks of; None if unknown."""
    raise NotImplementedError
