"""Where a node or a network is reached: addresses that people type, checked before anything is sent there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

MAX_LENGTH = 2000  # characters of a typed endpoint
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}\.?\Z")
_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


class InvalidEndpointError(ValueError):
    """What was typed is no endpoint; ``reason`` is a plain sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Scheme(StrEnum):
    """How an endpoint is spoken to."""

    HTTP = "http"
    HTTPS = "https"
    TCP = "tcp"
    TLS = "tls"

    @property
    def encrypted(self) -> bool:
        return self in (Scheme.HTTPS, Scheme.TLS)


_PORTS = {Scheme.HTTP: 80, Scheme.HTTPS: 443, Scheme.TLS: 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``host`` is ASCII and lower case, IPv6 without brackets. ``path`` holds the query; it may hold an access key."""

    scheme: Scheme
    host: str
    port: int
    path: str = field(default="/", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """For screens, logs and errors: neither path nor password, because both may be secrets."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS.get(self.scheme) else f"{host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """``http://``, ``https://``, ``tcp://HOST:PORT`` or ``tls://HOST[:PORT]``.

    Raises InvalidEndpointError. Names beyond ASCII are taken in their xn-- form only: look-alike letters stay visible.
    """
    text = text.strip()
    if not text or len(text) > MAX_LENGTH or not _PRINTABLE.match(text):
        raise InvalidEndpointError("An endpoint is an address such as https://node.example:8545, without spaces.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidEndpointError("The host or the port of this endpoint cannot be read.") from error
    try:
        scheme = Scheme(parts.scheme.lower())
    except ValueError as error:
        raise InvalidEndpointError("An endpoint begins with http://, https://, tcp:// or tls://.") from error
    host = _checked_host((parts.hostname or "").lower())
    if port is None:
        port = _PORTS.get(scheme)
    if port is None or not 1 <= port <= 65535:
        raise InvalidEndpointError("The port is missing, or it does not lie between 1 and 65535.")
    if parts.fragment:
        raise InvalidEndpointError("An endpoint has no part after #.")
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    if scheme in (Scheme.TCP, Scheme.TLS) and (path != "/" or parts.username):
        raise InvalidEndpointError(f"A {scheme} endpoint is a host and a port, nothing else.")
    return Endpoint(
        scheme, host, port, path, user=unquote(parts.username or ""), password=unquote(parts.password or "")
    )


def _checked_host(host: str) -> str:
    if not host:
        raise InvalidEndpointError("The host is missing.")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise InvalidEndpointError("The IPv6 address cannot be read.") from error
    if not _HOST.match(host):
        raise InvalidEndpointError("The host is no name and no address; write names beyond ASCII in their xn-- form.")
    if re.fullmatch(r"[0-9.]+", host):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise InvalidEndpointError("The IPv4 address cannot be read.") from error
    return host
