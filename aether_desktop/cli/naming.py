"""What people type as names."""

from __future__ import annotations

from aether_desktop.cli.runner import Context
from aether_desktop.domain.users import User
from aether_desktop.ports.errors import NotFoundError


def user_named(context: Context, name: str) -> User:
    """The person with this user name, in any case. Raises NotFoundError."""
    try:
        return context.services().storage.users.by_username(name)
    except NotFoundError:
        raise NotFoundError(f"There is no person {name[:80]!r}.", hint="See: aether-desktop people list") from None
