"""Names of the roles of one database. Roles belong to the whole server, so every name carries the database's tag."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aether_desktop.domain.permissions import RANKS
from aether_desktop.domain.users import Role

TAG: Final = re.compile(r"[0-9a-f]{8}")
_SLUG_LIMIT: Final = 30
_NAMES_TRIED: Final = 99


def new_tag() -> str:
    """Eight hexadecimal digits."""
    return secrets.token_hex(4)


@dataclass(frozen=True, slots=True)
class AccessNames:
    """All names are plain lower-case identifiers, at most 63 bytes, and need no quoting."""

    tag: str

    def __post_init__(self) -> None:
        if TAG.fullmatch(self.tag) is None:
            raise ValueError(f"not a database tag: {self.tag!r}")

    @property
    def owner(self) -> str:
        """Owns tables; nobody logs in as it."""
        return f"aether_{self.tag}_owner"

    @property
    def provisioner(self) -> str:
        """Owns the functions that make and change logins; nobody logs in as it."""
        return f"aether_{self.tag}_provisioner"

    @property
    def groups(self) -> tuple[str, ...]:
        """Of the lowest role first."""
        return tuple(self.group(role) for role in RANKS)

    @property
    def everybody(self) -> str:
        """The group that every person is in."""
        return self.group(Role.MEMBER)

    @property
    def login_prefix(self) -> str:
        """How every person's login begins."""
        return f"aether_{self.tag}_u_"

    def group(self, role: Role) -> str:
        """Carries the grants of a role."""
        return f"aether_{self.tag}_{role.value}"

    def login(self, username: str) -> str:
        """A login for this user name; names that differ only in what is left out collide."""
        plain = unicodedata.normalize("NFKD", username).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_SLUG_LIMIT]
        return f"{self.login_prefix}{slug or 'person'}"

    def logins(self, username: str) -> Iterator[str]:
        """The login for this user name, then those to take where it is taken; some, not without end."""
        wanted = self.login(username)
        yield wanted
        yield from (f"{wanted}_{number}" for number in range(2, _NAMES_TRIED))

    def is_login(self, name: str) -> bool:
        """Whether this is a person's login of this database."""
        return name.startswith(self.login_prefix)
