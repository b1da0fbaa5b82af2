"""People: identity, role and membership."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.records import InvalidRecordError, Record, require_text
from aether_desktop.domain.sealed_fields import Sealed

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}\Z")


class Role(StrEnum):
    MEMBER = "member"
    LEVITE = "levite"
    AARONIC = "aaronic"
    ZADOKITE = "zadokite"


class Membership(StrEnum):
    """Trust membership."""

    ASSOCIATE = "associate"
    FULL = "full"
    GOVERNING = "governing"


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """``username`` and, when given and not sealed, ``email`` are unique in a vault, whatever their case."""

    username: str
    email: str | Sealed = ""
    display_name: str = ""
    role: Role = Role.MEMBER
    membership: Membership = Membership.ASSOCIATE
    active: bool = True
    last_login_at: datetime | None = None

    def __post_init__(self) -> None:
        require_text("username", self.username, limit=100)
        if any(character.isspace() for character in self.username):
            raise InvalidRecordError("username", "A user name has no spaces.")
        require_text("display_name", self.display_name, limit=200, empty=True)
        if isinstance(self.email, Sealed):
            return
        if self.email and (len(self.email) > 254 or not _EMAIL.match(self.email)):
            raise InvalidRecordError("email", "This is not an e-mail address.")
