"""How a delimited file is laid out, judged from its beginning: delimiter, and which record is the heading."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

DELIMITERS = ",;\t|"
_LOOKED_AT = 40  # records of the beginning; a heading further down is not found
_SAMPLE = 64 * 1024
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
_NUMBER = re.compile(r"[-+$€£]?[0-9][0-9.,' ]*\Z")

Recognises = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Layout:
    """``before`` records stand in front of the heading. ``spaced``: cells are written after a space."""

    delimiter: str
    before: int
    heading: tuple[str, ...]
    spaced: bool = False


def find_layout(text: str, *, whole: bool, recognises: Recognises | None) -> Layout | None:
    """The layout of the file that begins with ``text`` (all of it if ``whole``); None when there is no heading.

    ``recognises`` says whether a heading is a known one: the first such wins, wherever it stands.
    """
    sample, whole = text[:_SAMPLE], whole and len(text) <= _SAMPLE
    delimiters = DELIMITERS
    if announced := _SEPARATOR_LINE.match(sample):
        delimiters = announced.group(1)
        if delimiters in '"\r\n\x00':
            delimiters = DELIMITERS
    layouts = {mark: _records(sample, mark, whole=whole) for mark in delimiters}
    if recognises is not None:
        for mark, records in layouts.items():
            for before, record in enumerate(records):
                heading = _trimmed(record)
                if heading and recognises(heading):
                    return Layout(mark, before, heading, _is_spaced(record))
    return _likeliest(layouts, skipped=1 if announced else 0)


def _records(sample: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        records.extend(islice(reader, _LOOKED_AT))
    except csv.Error:
        return records
    if not whole and len(records) > 1 and next(reader, None) is None:
        records.pop()  # cut in its middle by the end of the sample
    return records


def _likeliest(layouts: dict[str, list[list[str]]], *, skipped: int) -> Layout | None:
    """By delimiter, the first record that half of those after it resemble; of these the widest and most alike."""
    best: tuple[float, Layout] | None = None
    for mark, records in layouts.items():
        for before, record in enumerate(records):
            if before < skipped or not _could_be_heading(record):
                continue
            heading = _trimmed(record)
            share = _share_as_wide(records[before + 1 :], len(heading))
            if share >= 0.5:
                if best is None or share * len(heading) > best[0]:
                    best = (share * len(heading), Layout(mark, before, heading, _is_spaced(record)))
                break
    if best is not None:
        return best[1]
    for mark, records in layouts.items():
        for before, record in enumerate(records):
            if before >= skipped and _trimmed(record):
                return Layout(mark, before, _trimmed(record), _is_spaced(record))
    return None


def _could_be_heading(record: Sequence[str]) -> bool:
    names = _trimmed(record)
    if len(names) < 2:
        return False
    words = [name for name in names if name and not _NUMBER.match(name)]
    return len(words) * 4 >= len(names) * 3 and len(set(words)) == len(words)


def _share_as_wide(records: Sequence[Sequence[str]], width: int) -> float:
    filled = [record for record in records if any(cell.strip() for cell in record)]
    if not filled:
        return 1.0
    return sum(len(_trimmed(record)) <= width <= len(record) for record in filled) / len(filled)


def _trimmed(record: Sequence[str]) -> tuple[str, ...]:
    """Names without outer spaces, and without the empty ones that trailing delimiters make."""
    names = [name.strip().strip("\ufeff") for name in record]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _is_spaced(record: Sequence[str]) -> bool:
    return len(record) > 1 and all(cell.startswith(" ") for cell in record[1:])
