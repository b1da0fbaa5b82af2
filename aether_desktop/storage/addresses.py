"""Database addresses (URLs): read once, checked, and split from their password.

TLS: for any host that is not this machine ``sslmode=verify-full`` is used. A weaker mode counts only when the address
itself states ``sslmode=...``; the environment (PGSSLMODE) does not.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aether_desktop.ports.errors import InvalidInputError

_SCHEMES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_POOLER: Final = "pooler"
_STRICTEST: Final = "verify-full"


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """``parameters`` are libpq's, with the password if one was given. ``shown`` is a URL without it.

    ``pooled``: behind a transaction-pooling PgBouncer (``pooler=transaction`` in the URL).
    """

    parameters: Mapping[str, str]
    shown: str
    local: bool
    pooled: bool

    def __repr__(self) -> str:
        return f"DatabaseAddress({self.shown!r})"


def split_password(url: str) -> tuple[str, str | None]:
    """The URL without its password, and the password: in ``user:password@`` or ``?password=``.

    Raises InvalidInputError for what is no PostgreSQL URL.
    """
    parts = _split(url)
    user_info, at, hosts = parts.netloc.rpartition("@")
    user, colon, password = user_info.partition(":")
    secret = unquote(password) if colon else None
    query = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "password":
            secret = value
        else:
            query.append((name, value))
    return _join(parts, netloc=f"{user}{at}{hosts}", query=query), secret


def read_address(url: str, *, password: str | None = None) -> DatabaseAddress:
    """Check the URL and fill in the TLS rule. ``password`` is used when the URL has none.

    Raises InvalidInputError.
    """
    shown, secret = split_password(url)
    parts = _split(shown)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "sslpassword" in query:
        raise InvalidInputError(
            "The password of a certificate's key may not stand in the address.",
            field="database",
            hint="Keep that key without one, in a file that only you may read.",
        )
    pooler = query.pop(_POOLER, "")
    if pooler not in {"", "transaction", "session"}:
        raise InvalidInputError(
            "The address has an unknown pooler.", field="database", hint="Use pooler=transaction, or leave it out."
        )
    plain = _join(parts._replace(scheme="postgresql"), netloc=parts.netloc, query=list(query.items()))
    try:
        parameters = {name: str(value) for name, value in conninfo_to_dict(plain).items() if value is not None}
    except psycopg.Error as error:
        raise InvalidInputError(
            f"The database address cannot be read: {str(error).strip()}.",
            field="database",
            hint="Write postgresql://USER@HOST/DATABASE",
        ) from error
    if not parameters.get("dbname"):
        raise InvalidInputError(
            "The address names no database.", field="database", hint="Write postgresql://USER@HOST/DATABASE"
        )
    secret = password if secret is None else secret
    if secret is not None:
        parameters["password"] = secret
    local = _is_local(parameters)
    if not local:
        parameters.setdefault("sslmode", _STRICTEST)
        if parameters["sslmode"] in {_STRICTEST, "verify-ca"} and "sslrootcert" not in parameters:
            parameters["sslrootcert"] = _authorities(parameters["sslmode"])
    return DatabaseAddress(MappingProxyType(parameters), shown, local, pooler == "transaction")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
    except ValueError as error:
        raise InvalidInputError("The database address cannot be read.", field="database") from error
    if parts.scheme not in _SCHEMES:
        raise InvalidInputError(
            "This is not a PostgreSQL address.", field="database", hint="Write postgresql://USER@HOST/DATABASE"
        )
    return parts


def _join(parts: SplitResult, *, netloc: str, query: list[tuple[str, str]]) -> str:
    text = urlencode(query, quote_via=quote, safe="/,:@")
    return f"{parts.scheme}://{netloc}{parts.path}{'?' if text else ''}{text}"


def _is_local(parameters: Mapping[str, str]) -> bool:
    """Whether every host is this machine, also those that libpq would take from the environment (PGHOST)."""
    if "service" in parameters or os.environ.get("PGSERVICE"):
        return False  # a service file may name any host
    hosts = f"{_effective(parameters, 'host')},{_effective(parameters, 'hostaddr')}".split(",")
    return all(_is_local_host(host) for host in hosts)


def _effective(parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name) or os.environ.get(f"PG{name.upper()}", "")


def _is_local_host(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":  # unix sockets, or libpq's own default
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _authorities(mode: str) -> str:
    """The certificates to trust: the person's own for PostgreSQL, else the system's."""
    own = Path.home() / ".postgresql" / "root.crt"
    if own.is_file():
        return str(own)
    return ssl.get_default_verify_paths().cafile or ("system" if mode == _STRICTEST else str(own))
