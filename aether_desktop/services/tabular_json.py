"""Objects of a JSON array (or one a line), as rows of cells; read piece by piece, whatever the file's size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.services.tabular_bytes import TextSource

MAX_OBJECT = 1024 * 1024  # characters
_LOOKS_LIKE = re.compile(r"\s*(?:\[\s*(?:\{|\]|\Z)|\{\s*(?:\"|\}|\Z))")
_SPACE = re.compile(r"[\s]*")
_BETWEEN = re.compile(r"[\s,]*")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
# Numbers stay as written: an amount must not pass through a float.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def looks_like_json(text: str) -> bool:
    """Whether a file that begins so is an array of objects, or objects."""
    return _LOOKS_LIKE.match(text) is not None


class ObjectReader:
    """Numbers objects like rows under a heading: the first is 2. The heading is the first object's keys.

    Cells: null is empty, true and false are words, numbers as written, an array of words joined by spaces, anything
    else compact JSON. After text that is no JSON nothing more can be read; that is said once.
    """

    def __init__(self, source: TextSource, rejections: list[Rejection], *, first: str) -> None:
        """``first`` is the text already taken from ``source``. Raises ImportRefusedError when no object comes."""
        self._source = source
        self._rejections = rejections
        self._buffer = first
        self._position = 0
        self._number = 1
        self._ended = False
        self._array = False
        self._open()
        self._first = self._next_object()
        if not isinstance(self._first, dict) or not self._first:
            why = f" {rejections[0].reason}" if rejections else ""
            raise ImportRefusedError(f"The file holds no rows: a JSON array of objects is needed.{why}")
        self.heading = tuple(str(key) for key in self._first)

    @property
    def count(self) -> int:
        """Objects given or rejected so far."""
        return self._number - 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        heading = self.heading
        found: object = self._first
        while found is not None:
            self._number += 1
            reason = _problem(found, heading)
            if not reason:
                assert isinstance(found, dict)  # noqa: S101 - _problem has judged it
                cells = [_cell(found.get(name)) for name in heading]
                if not _UNFIT.search("".join(cells)):
                    yield self._number, cells
                    found = self._next_object()
                    continue
                reason = "The row contains a NUL character or half a character; the file may be damaged."
            self._rejections.append(Rejection(self._number, reason))
            found = self._next_object()
        while self._source.text():
            continue

    def _open(self) -> None:
        self._position = self._past(_SPACE)
        if self._buffer.startswith("[", self._position):
            self._array = True
            self._position += 1

    def _next_object(self) -> object:
        """The next value, None at the end."""
        self._position = self._past(_BETWEEN)
        if self._position >= len(self._buffer):
            if self._array:
                self._give_up("The file seems to be cut off here: its closing bracket is missing.")
            return None
        if self._array and self._buffer[self._position] == "]":
            self._position += 1
            if self._past(_SPACE) < len(self._buffer):
                self._give_up("Something follows the end of the array; it was left out.")
            self._ended = True
            return None
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._position)
            except (json.JSONDecodeError, RecursionError) as error:
                if len(self._buffer) - self._position <= MAX_OBJECT and self._more():
                    continue
                self._give_up(f"This is not readable as JSON, nor is what follows it: {_said(error)}.")
                return None
            self._position = end
            return "" if value is None else value

    def _past(self, pattern: re.Pattern[str]) -> int:
        """Where ``pattern`` ends, with more text read as needed; the buffer's end only at the end of the file."""
        while True:
            match = pattern.match(self._buffer, self._position)
            end = match.end() if match else self._position
            if end < len(self._buffer):
                return end
            self._position = end
            if not self._more():
                return len(self._buffer)

    def _more(self) -> bool:
        text = self._source.text()
        self._buffer, self._position = self._buffer[self._position :] + text, 0
        return bool(text)

    def _give_up(self, reason: str) -> None:
        if not self._ended:
            self._number += 1
            self._rejections.append(Rejection(self._number, reason))
        self._ended = True
        self._buffer, self._position, self._array = "", 0, False
        while self._source.text():
            continue


def _problem(found: object, heading: tuple[str, ...]) -> str:
    if not isinstance(found, Mapping):
        return "This is not an object with named values."
    if len(found) > len(heading) or not all(key in heading for key in found):
        unknown = next((str(key) for key in found if key not in heading), "")
        return f"It has a value {plain_line(unknown, 60)!r} that the first row does not have."
    return ""


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return plain_line(error.msg, 120)
    return "it is nested too deeply"
