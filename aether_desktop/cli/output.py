"""What the command line prints: data to standard output, messages of one line to standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import TextIO

from aether_desktop.domain.text import plain_line

_MESSAGE_LIMIT = 2000
_CELL_LIMIT = 200


class Terminal:
    """The two streams. Text from outside is shown as one plain line, so that no control character reaches a terminal;
    JSON is ASCII with escapes for the same reason."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        for stream in (self.out, self.err):
            if isinstance(stream, io.TextIOWrapper):  # a terminal of another encoding shows escapes, not an error
                stream.reconfigure(errors="backslashreplace")

    def say(self, message: str) -> None:
        """One line for a person."""
        self.err.write(plain_line(message, _MESSAGE_LIMIT) + "\n")
        self.err.flush()

    def line(self, text: str) -> None:
        """One line of data."""
        self.out.write(plain_line(text, _MESSAGE_LIMIT) + "\n")

    def exact(self) -> TextIO:
        """Standard output as UTF-8 with line ends as written, whatever the locale: made by ``>`` a file is complete."""
        if isinstance(self.out, io.TextIOWrapper):
            self.out.reconfigure(encoding="utf-8", errors="strict", newline="")
        return self.out

    def json(self, value: object) -> None:
        self.out.write(json.dumps(value, indent=2) + "\n")

    def table(self, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns with a heading; nothing but the heading when there are no rows."""
        cells = [[plain_line(cell, _CELL_LIMIT) for cell in row] for row in (heading, *rows)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(heading))]
        for row in cells:
            padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.out.write(padded.rstrip() + "\n")

    def flush(self) -> None:
        """Raises BrokenPipeError when the reader has gone."""
        self.out.flush()


class ProgressLine:
    """Progress in place on standard error, when that is a terminal; silent otherwise."""

    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._live = err.isatty()
        self._shown = ""

    def __call__(self, done: int, total: int | None, message: str = "") -> None:
        if not self._live:
            return
        text = f"{message} {done:,}" + (f" of {total:,}" if total else "")
        text = plain_line(text.strip(), 78)
        if text != self._shown:
            self._shown = text
            self._err.write(f"\r\x1b[K{text}")
            self._err.flush()

    def clear(self) -> None:
        if self._shown:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._shown = ""
