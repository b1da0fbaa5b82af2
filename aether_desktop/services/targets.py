"""Which vault or database is meant: options, environment, settings, the default vault; in this order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ports.settings import Settings
from aether_desktop.services.settings_file import CONFIRMED_DATABASES, DATABASE_URL, VAULT_PATH

OWN_VARIABLE = "AETHER_DATABASE_URL"
SHARED_VARIABLE = "DATABASE_URL"
SUFFIX = ".aether"
_SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")


class TargetOrigin(StrEnum):
    OPTION = "option"
    ENVIRONMENT = "environment"
    SETTINGS = "settings"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Target:
    """A vault file or a database, one of the two. The URL may hold a password: it is kept out of ``repr``."""

    vault: Path | None = None
    database_url: str = field(default="", repr=False)
    key_file: Path | None = None
    origin: TargetOrigin = TargetOrigin.OPTION


class UnconfirmedDatabaseError(AetherError):
    """DATABASE_URL belongs to any program; this one has not been told yet that it may use it. ``url`` is that."""

    def __init__(self, url: str, shown: str) -> None:
        super().__init__(
            f"DATABASE_URL names {shown}, which this program has not used before.",
            hint="Give --confirm-database once if it is meant, or name a vault with --vault PATH.",
        )
        self.url = url


def resolve_target(
    *,
    vault: Path | None,
    database_url: str | None,
    key_file: Path | None,
    settings: Settings,
    environment: Mapping[str, str],
    default_vault: Path,
    confirm: bool = False,
) -> Target:
    """Raises InvalidInputError for contradicting options or a URL of another engine, UnconfirmedDatabaseError."""
    if vault is not None and database_url:
        raise InvalidInputError("A vault and a database cannot be opened at once.", field="vault")
    if vault is not None:
        return Target(vault=vault, key_file=key_file)
    if database_url:
        return Target(database_url=checked_url(database_url), key_file=key_file)
    if own := environment.get(OWN_VARIABLE, "").strip():
        return Target(database_url=checked_url(own), key_file=key_file, origin=TargetOrigin.ENVIRONMENT)
    shared = environment.get(SHARED_VARIABLE, "").strip()
    if shared.casefold().startswith(_SCHEMES):  # another engine's is another program's business
        url = checked_url(shared)
        if confirm:
            confirm_database(settings, url)
        elif not is_confirmed(settings, url):
            raise UnconfirmedDatabaseError(url, without_password(url))
        return Target(database_url=url, key_file=key_file, origin=TargetOrigin.ENVIRONMENT)
    if stored := DATABASE_URL.get(settings):
        return Target(database_url=checked_url(stored), key_file=key_file, origin=TargetOrigin.SETTINGS)
    if remembered := VAULT_PATH.get(settings):
        return Target(vault=default_vault.parent / remembered, key_file=key_file, origin=TargetOrigin.SETTINGS)
    return Target(vault=default_vault, key_file=key_file, origin=TargetOrigin.DEFAULT)


def confirm_database(settings: Settings, url: str) -> None:
    """Remember that this database may be used; only a digest of it is kept."""
    known = CONFIRMED_DATABASES.get(settings)
    if _digest(url) not in known:
        CONFIRMED_DATABASES.set(settings, [*known, _digest(url)])


def is_confirmed(settings: Settings, url: str) -> bool:
    return _digest(url) in CONFIRMED_DATABASES.get(settings)


def checked_url(url: str) -> str:
    """The URL, trimmed. Raises InvalidInputError for other engines."""
    cleaned = url.strip()
    if not cleaned.casefold().startswith(_SCHEMES):
        scheme = cleaned.partition(":")[0][:30]
        raise InvalidInputError(
            f"{scheme or 'This'} is not a PostgreSQL URL.",
            field="database",
            hint="It begins with postgresql://; vault files are named with --vault PATH.",
        )
    return cleaned


def without_password(url: str) -> str:
    """The URL for messages and settings: user and host stay, passwords go, also one among the parameters."""
    scheme, separator, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    if "@" in authority:
        account, _, host = authority.rpartition("@")
        authority = f"{account.partition(':')[0]}@{host}"
    path, question, parameters = tail.partition("?")
    kept = "&".join(
        part for part in parameters.split("&") if not part.casefold().startswith(("password=", "sslpassword="))
    )
    return f"{scheme}{separator}{authority}{slash}{path}{question if kept else ''}{kept}"


def _digest(url: str) -> str:
    return hashlib.sha256(without_password(url).encode()).hexdigest()
