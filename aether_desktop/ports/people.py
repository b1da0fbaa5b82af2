"""Logins on a shared server, as the people service asks for them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from aether_desktop.domain.users import Role


class LoginAdministration(Protocol):
    """Login roles of a shared database; absent in an embedded vault. Worker threads only.

    Every call joins the transaction of the caller (``Storage.unit_of_work``), so that a login and the statement about
    it are one change. Raises PermissionDeniedError, StorageError and its kinds.
    """

    def free_login(self, username: str) -> str:
        """The name that ``create_login`` would give now."""
        ...

    def create_login(self, username: str, role: Role, *, scram_verifier: str, until: datetime | None = None) -> str:
        """A login for a person who is in ``users`` already; returns the login's name, kept in ``vault_members``.

        ``until``: from then on it opens nothing, unless it was admitted before.
        """
        ...

    def admit_login(self, user_id: int) -> None:
        """The person's login has no end any more; harmless where it has none, or there is no login."""
        ...

    def release_login(self, user_id: int) -> None:
        """The person has no login any more: theirs is shut, its sessions end, and ``create_login`` may give another."""
        ...

    def set_role(self, user_id: int, role: Role) -> None: ...

    def disable(self, user_id: int) -> None:
        """The login can no longer be used, and its open sessions end."""
        ...

    def enable(self, user_id: int) -> None: ...

    def end_sessions(self, user_id: int) -> int:
        """Once disabling is committed: sessions that began meanwhile. Returns how many."""
        ...


class ScramVerifiers(Protocol):
    """Makes what the server stores instead of a password (RFC 5803), so that it never sees the password."""

    def __call__(self, password: str) -> str: ...
