"""Refusals of the rules in domain/permissions.py as errors. Any thread."""

from __future__ import annotations

from aether_desktop.domain.permissions import Verb, refusal
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import PermissionDeniedError


def denied(
    verb: Verb, table: str, *, own: bool = False, role: Role | None = None, details: str = ""
) -> PermissionDeniedError:
    """The error that says which rule refuses and who may lift it; also where the rules of another version refused."""
    why = refusal(verb, table, own=own, role=role)
    if why is None:
        return PermissionDeniedError(
            "The database refused this, though your role should permit it.",
            hint="Ask the administrator of the database to run: aether-desktop postgres migrate",
            details=details,
        )
    return PermissionDeniedError(why.rule, hint=why.lift, details=details)
