"""Reads the one release file that a person named: a file, or an https address. Small and timed."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aether_desktop.ports.errors import InvalidInputError, NotFoundError

_LARGEST: Final = 100_000
_SECONDS: Final = 10.0


def read_release(location: str) -> bytes:
    """At most 100 KB. Raises NotFoundError when it cannot be reached or read, InvalidInputError for other addresses.

    Worker threads only: it waits up to 10 s.
    """
    scheme = urlsplit(location).scheme
    if scheme == "https":
        return _fetched(location)
    if scheme and len(scheme) > 1 and scheme != "file":  # one letter is a drive of Windows
        raise InvalidInputError(
            f"A release file lies in a folder or at an https address, not at {scheme}:", field="updates"
        )
    path = Path(urlsplit(location).path if scheme == "file" else location)
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise NotFoundError(f"The release file {path} cannot be read: {error.strerror or error}.") from error


def _fetched(address: str) -> bytes:
    opener = urllib.request.OpenerDirector()  # without redirects, proxies, or the name of a program
    opener.add_handler(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.addheaders = []
    try:
        with opener.open(address, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_LARGEST)
            return content
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise NotFoundError(f"The release file at {urlsplit(address).hostname} was not reached: {error}.") from error
