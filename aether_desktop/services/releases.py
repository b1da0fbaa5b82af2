"""A newer version, told by a signed release file at a place that the person names. Nothing else is fetched, nothing
installed.

The file is JSON: ``release`` is a text (itself JSON: version, published, valid_until, notes, sums), ``signature`` the
base64 of both schemes' signature over that text. The key is named by the person, who has it from where the program
came from.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Final, Protocol

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.settings import Settings
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION

LARGEST: Final = 100_000
PURPOSE: Final = "aether/1/release"
_KEY_PREFIX: Final = "aether-release-key:"
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})\Z")
_NOTES: Final = 400


class Standing(Enum):
    UNASKED = auto()
    """No place was named: nothing is looked for."""
    NEWEST = auto()
    NEWER = auto()
    """There is a newer version than this one."""


@dataclass(frozen=True, slots=True)
class Notice:
    standing: Standing
    sentence: str


class Verifier(Protocol):
    """Raises AetherError unless the signature is that key's over the message."""

    def __call__(self, public: bytes, signature: bytes, message: bytes) -> None: ...


class ReleaseNotices:
    """Worker threads only. ``read`` gives the file's bytes and raises AetherError; it is asked for nothing else."""

    def __init__(
        self,
        settings: Settings,
        *,
        current: str,
        read: Callable[[str], bytes],
        verify: Verifier,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._settings, self._current = settings, current
        self._read, self._verify, self._today = read, verify, today

    def look(self) -> Notice:
        """Read the file and compare. Raises AetherError: not reached, not signed with the key, too old, unreadable."""
        location, key = RELEASE_LOCATION.get(self._settings), RELEASE_KEY.get(self._settings)
        if not location:
            return Notice(Standing.UNASKED, "No place is named where a release file lies: nothing is looked for.")
        public = parse_key(key)
        release = self._verified(self._read(location), public)
        version, valid_until = _text(release, "version"), _day(release, "valid_until")
        theirs, ours = _parts(version), _parts(self._current)
        if self._today() > valid_until:
            raise InvalidInputError(
                f"The release file says itself that it is out of date (valid until {valid_until}).",
                field="updates",
                hint="Whoever keeps it may be hiding newer versions; ask where you got the program from.",
            )
        if theirs <= ours:
            return Notice(Standing.NEWEST, f"This is the newest version ({self._current}).")
        notes = plain_line(str(release.get("notes", "")), _NOTES)
        return Notice(
            Standing.NEWER,
            f"Version {version} is there, published {_day(release, 'published')}; this is {self._current}. {notes}"
            " It is not fetched by itself: get it where you got this one, and compare its SHA-256 sum.".strip(),
        )

    def _verified(self, content: bytes, public: bytes) -> dict[str, object]:
        try:
            outer = json.loads(content[:LARGEST])
            message = str(outer["release"]).encode()
            signature = base64.b64decode(str(outer["signature"]), validate=True)
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
            raise InvalidInputError("That is no release file.", field="updates", hint="Look at the place.") from error
        self._verify(public, signature, message)
        try:
            inner = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise InvalidInputError("The release file is signed but cannot be read.", field="updates") from error
        if not isinstance(inner, dict):
            raise InvalidInputError("The release file is signed but cannot be read.", field="updates")
        return inner


def parse_key(text: str) -> bytes:
    """The public pair from its printed form. Raises InvalidInputError."""
    cleaned = "".join(text.split())
    if not cleaned.startswith(_KEY_PREFIX):
        raise InvalidInputError(
            "No release key is named, and without one nothing is believed.",
            field="updates",
            hint=f"It begins with {_KEY_PREFIX} and comes from where you got the program.",
        )
    try:
        return base64.b64decode(cleaned.removeprefix(_KEY_PREFIX), validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError("The release key is damaged.", field="updates") from error


def print_key(public: bytes) -> str:
    """The form that ``parse_key`` reads."""
    return _KEY_PREFIX + base64.b64encode(public).decode("ascii")


def release_file(text: str, sign: Callable[[bytes], bytes]) -> bytes:
    """What the maintainers publish: the text and its signature."""
    signature = base64.b64encode(sign(text.encode())).decode("ascii")
    return (json.dumps({"release": text, "signature": signature}, indent=1) + "\n").encode()


def _parts(version: str) -> tuple[int, ...]:
    match = _VERSION.match(version)
    if match is None:
        raise InvalidInputError(f"{plain_line(version, 40)!r} is no version.", field="updates")
    return tuple(int(part) for part in match.groups())


def _text(release: dict[str, object], key: str) -> str:
    value = release.get(key)
    if not isinstance(value, str):
        raise InvalidInputError(f"The release file lacks {key}.", field="updates")
    return value


def _day(release: dict[str, object], key: str) -> date:
    try:
        return date.fromisoformat(_text(release, key))
    except ValueError as error:
        raise InvalidInputError(f"The release file's {key} is no day.", field="updates") from error
