"""Refuses Python sockets that leave this machine.

An audit hook: it sees every socket of this process made by Python code, cannot be patched away and stays for the whole
process. Sockets that C libraries open by themselves (libpq, QtNetwork) are not seen.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

_WITH_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
_NAMES = frozenset({"", "localhost"})


class OutsideConnectionError(AssertionError):
    """A test tried to reach, or to be reached from, another machine."""


def is_loopback(host: object) -> bool:
    """Tell whether a host as given to the socket module stays on this machine."""
    if host is None:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    if text in _NAMES:
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def install() -> None:
    """Add the hook to this process; it cannot be removed."""
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in _WITH_ADDRESS:
        sock, address = arguments[0], arguments[1]
        if not isinstance(sock, socket.socket) or sock.family not in _INTERNET or not isinstance(address, tuple):
            return  # unix sockets and the like
        if not is_loopback(address[0]) or (event == "socket.bind" and not address[0]):
            raise OutsideConnectionError(f"tests stay on loopback, not {address[0] or 'every address'}")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not is_loopback(arguments[0]):
        raise OutsideConnectionError(f"tests do not look up {arguments[0]!r}")
