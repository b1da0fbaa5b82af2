"""Records of a delimited file, numbered, with whatever cannot be read set aside and said."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain

from aether_desktop.domain.imports import Rejection
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.services.tabular_bytes import UNDECODED, TextSource
from aether_desktop.services.tabular_layout import Layout

MAX_RECORD = 1024 * 1024  # characters, over all its lines
_MAX_RECOVERIES = 40  # each costs at most one reading of MAX_RECORD
_OVERLONG = "\x00overlong"
_CUT_OFF = " The file seems to be cut off here."


class _UnclosedError(Exception):
    """The blocks ended, or the limit was passed, while a quotation mark was open."""


class RecordReader:
    """Numbers records from the heading (1); blank ones are counted, like rows of a spreadsheet, but not given.

    A quoted cell may span lines; newlines in it are kept as written. What follows a quotation mark that is never
    closed is read again, line by line, so that one bad row does not swallow the rest.
    """

    def __init__(self, source: TextSource, layout: Layout, rejections: list[Rejection], *, first: str) -> None:
        """``first`` is the text already taken from ``source``."""
        self._blocks = _Blocks(source, first)
        self._layout = layout
        self._width = len(layout.heading)
        self._rejections = rejections
        self._number = 1 - layout.before - 1
        self._blank = 0
        self._short: Rejection | None = None  # the last record with too few cells

    @property
    def count(self) -> int:
        """Records given or rejected so far."""
        return max(0, self._number - 1) - self._blank

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        recoveries = 0
        while True:
            try:
                yield from self._read_on()
            except _UnclosedError:
                last = not self._blocks.rewind()
                ending = _CUT_OFF if last else ""
                self._reject(f"A quotation mark that opens in this row is never closed.{ending}")
            except csv.Error:
                self._blocks.rewind()
                self._reject("A cell of this row is longer than 131,072 characters.")
            else:
                break
            recoveries += 1
            if recoveries > _MAX_RECOVERIES:
                self._reject("Too many rows cannot be read; everything from here on was left out.")
                self._blocks.drain()
                break
        short = self._short
        if short is not None and short.row == self._number and not self._blocks.ends_with_newline:
            self._rejections[self._rejections.index(short)] = Rejection(short.row, short.reason + _CUT_OFF)

    def _read_on(self) -> Iterator[tuple[int, list[str]]]:
        blocks, width = self._blocks, self._width
        reader = csv.reader(
            chain.from_iterable(blocks), delimiter=self._layout.delimiter, skipinitialspace=self._layout.spaced
        )
        blocks.reader = reader
        number = self._number
        for cells in reader:
            blocks.done = reader.line_num
            self._number = number = number + 1
            if number < 2:
                if number == 1:
                    self._require_heading(cells)
                continue
            usual = len(cells) == width and not blocks.suspect and cells[0]
            if usual or self._is_sound(number, cells):
                yield number, cells

    def _is_sound(self, number: int, cells: list[str]) -> bool:
        """Judges an unusual record; drops empty cells beyond the heading's width."""
        if not any(map(str.strip, cells)):
            self._blank += 1
            return False
        found, width = len(cells), self._width
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        reason = ""
        text = "".join(cells)
        if _OVERLONG in text:
            reason = f"The row is longer than {MAX_RECORD:,} characters."
        elif "\x00" in text:
            reason = "The row contains a NUL character, which no text has; the file may be damaged."
        elif UNDECODED in text:
            reason = "The row contains bytes that are not text in the file's encoding."
        elif len(cells) != width:
            cells_found = "1 cell" if found == 1 else f"{found} cells"
            reason = f"The row has {cells_found}, but the heading has {width}."
        if not reason:
            return True
        rejection = Rejection(number, reason)
        if found < width:
            self._short = rejection
        self._rejections.append(rejection)
        return False

    def _require_heading(self, cells: list[str]) -> None:
        """The heading was judged from the file's beginning; refuse a file in which it turns out to be another."""
        text = "".join(cells)
        if "\x00" in text or UNDECODED in text:
            raise ImportRefusedError("The heading cannot be read: it holds bytes that are not text.")

    def _reject(self, reason: str) -> None:
        self._number += 1
        if self._number < 2:
            raise ImportRefusedError(f"The heading cannot be read. {reason}")
        self._rejections.append(Rejection(self._number, reason))


class _Blocks:
    """Iterator of blocks of whole lines, each an iterator of lines, for a csv.reader told to it as ``reader``.

    ``done`` is how many lines that reader had taken when it last gave a record: more taken since means that it is in
    the middle of one.
    """

    def __init__(self, source: TextSource, first: str) -> None:
        self.reader: object = None
        self.done = 0
        self.suspect = False
        self.at_end = False
        self.ends_with_newline = False
        self._source = source
        self._first: str | None = first
        self._carry = ""
        self._skipping = False
        self._held: list[str] = []  # blocks since the one in which the record under way began
        self._held_from = 0  # lines taken before the first of them
        self._again = ""

    def __iter__(self) -> Iterator[Iterator[str]]:
        return self

    def __next__(self) -> Iterator[str]:
        taken = self._taken()
        inside = taken > self.done
        if not inside:
            self._held, self._held_from, self.suspect = [], taken, False
        elif sum(map(len, self._held)) > MAX_RECORD + len(self._held[0]):
            raise _UnclosedError
        block, self._again = self._again or self._next_lines(), ""
        if not block:
            self.at_end = True
            if inside:
                raise _UnclosedError
            raise StopIteration
        self._held.append(block)
        self.suspect = self.suspect or "\x00" in block or (not block.isascii() and UNDECODED in block)
        return io.StringIO(block, newline="")

    def rewind(self) -> bool:
        """Start again after the first line of the record under way, which is given up.

        Returns whether there is anything after that line.
        """
        lines = io.StringIO("".join(self._held), newline="")
        for _ in range(self.done - self._held_from + 1):
            lines.readline()
        self._again = lines.read()
        self.reader, self.done, self._held, self._held_from = None, 0, [], 0
        return bool(self._again) or not self.at_end

    def drain(self) -> None:
        while self._source.text():
            pass

    def _taken(self) -> int:
        return int(getattr(self.reader, "line_num", 0))

    def _next_lines(self) -> str:
        """Text up to the last line end there is; a line over the limit becomes a mark."""
        while True:
            text, self._first = (self._source.text() if self._first is None else self._first), None
            if not text:
                lines, self._carry = self._carry, ""
                if self._skipping:
                    lines, self._skipping = _OVERLONG, False
                if lines:
                    self.ends_with_newline = lines[-1] in "\r\n"
                return lines
            if self._skipping:
                start = _first_line_end(text)
                if start < 0:
                    continue
                text, self._skipping = _OVERLONG + text[start:], False
            text = self._carry + text
            # A carriage return at the very end waits: a line feed may follow in the next block.
            end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
            lines, self._carry = text[:end], text[end:]
            if len(self._carry) > MAX_RECORD:
                self._carry, self._skipping = "", True
            if lines:
                self.ends_with_newline = True
                return lines


def _first_line_end(text: str) -> int:
    ends = [end for end in (text.find("\n"), text.find("\r")) if end >= 0]
    return min(ends, default=-1)
