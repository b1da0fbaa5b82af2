"""What one grid cell says, as values: models produce them, delegates paint them. No Qt, any thread may build them.

A model answers ``data(index, Role.CELL)`` with one of these, ``DisplayRole`` with ``cell.plain()`` (copying, screen
readers, keyboard search) and ``ToolTipRole`` with the whole value where the cell shows less than that. All text is
plain: delegates never interpret markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aether_desktop.domain.text import plain_line

MINUS = "\u2212"  # as wide as "+" in tabular figures; the hyphen is not
ELLIPSIS = "\u2026"
_HEAD, _TAIL = 6, 4  # 0x7a3f…91c2
_LONGEST = 500  # characters of one line; no screen is wider


class Tone(StrEnum):
    """Colour of a state. Gold, the accent, is not among them: it never stands for a state."""

    NEUTRAL = "neutral"
    OK = "ok"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


class Sign(StrEnum):
    """Direction of a movement. ``NONE`` is a plain quantity (balance, fee) or a zero: both are shown neutral."""

    NONE = ""
    PLUS = "+"
    MINUS = MINUS


def shorten(text: str) -> str:
    """Return ``0x7a3f…91c2`` for long addresses, hashes and CIDs; short texts unchanged."""
    return text if len(text) <= _HEAD + _TAIL + 2 else f"{text[:_HEAD]}{ELLIPSIS}{text[-_TAIL:]}"


def one_line(text: str) -> str:
    """Return ``text`` for one line: breaks become spaces, hidden and direction-changing characters become visible.

    So no name can reorder or hide the rest of its row.
    """
    return plain_line(text, _LONGEST)


@dataclass(frozen=True, slots=True)
class TextCell:
    """Words. ``dim`` for what is secondary; ``mono`` for hashes, CIDs and queries; ``short`` shows 0x7a3f…91c2."""

    text: str
    dim: bool = False
    mono: bool = False
    short: bool = False

    def plain(self) -> str:
        """Return the whole text."""
        return self.text


@dataclass(frozen=True, slots=True)
class TimeCell:
    """A time in the one visible zone, as "24 Nov 14:02:11"; ``relative`` ("2 min ago") only ever beside it."""

    text: str
    relative: str = ""

    def plain(self) -> str:
        """Return the absolute time, then the relative one."""
        return f"{self.text} \u00b7 {self.relative}" if self.relative else self.text


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A count or score without a currency, already grouped; right-aligned on the decimal point of its column."""

    text_integer: str
    text_fraction: str = ""
    unit: str = ""

    def plain(self) -> str:
        """Return the number and its unit."""
        return _joined(self.text_integer, self.text_fraction, self.unit)


@dataclass(frozen=True, slots=True)
class AmountCell:
    """Money. ``text_integer`` is grouped and without sign, ``text_fraction`` holds the digits after the point.

    ``truncated`` says that digits beyond the shown ones exist: the cell then ends in "…" and the tooltip has them all.
    ``text_integer == ""`` is "no value" (an unknown price), which is never painted as zero.
    """

    text_integer: str
    text_fraction: str
    unit: str
    sign: Sign = Sign.NONE
    truncated: bool = False

    @property
    def shown_sign(self) -> Sign:
        """The sign, except that an exact zero has none: nothing was gained or lost."""
        zero = not self.truncated and not (self.text_integer + self.text_fraction).strip("0")
        return Sign.NONE if zero else self.sign

    def plain(self) -> str:
        """Return sign, digits and unit as shown; an empty string for no value."""
        if not self.text_integer:
            return ""
        fraction = self.text_fraction + (ELLIPSIS if self.truncated else "")
        return self.shown_sign.value + _joined(self.text_integer, fraction, self.unit)


@dataclass(frozen=True, slots=True)
class StatusCell:
    """A pill: icon, word, colour. ``word`` carries progress where a row waits ("Pending 4/12").

    ``icon`` is a name of ``ui.icons.IconName``; empty picks the tone's own shape.
    """

    word: str
    tone: Tone = Tone.NEUTRAL
    icon: str = ""

    def plain(self) -> str:
        """Return the word."""
        return self.word


@dataclass(frozen=True, slots=True)
class AddressCell:
    """A counterparty: the name people know first (empty if none), then the address, shortened and dim."""

    name: str
    address: str

    def plain(self) -> str:
        """Return the name and the whole address."""
        return f"{self.name} {self.address}".strip()


@dataclass(frozen=True, slots=True)
class TagsCell:
    """Tags in the person's order."""

    tags: tuple[str, ...]

    def plain(self) -> str:
        """Return the tags, separated by commas."""
        return ", ".join(self.tags)


@dataclass(frozen=True, slots=True)
class FlagCell:
    """Yes or no, said by a mark and (for screen readers and copies) a word."""

    on: bool
    word_on: str = "yes"
    word_off: str = "no"

    def plain(self) -> str:
        """Return the word for the flag's state."""
        return self.word_on if self.on else self.word_off


Cell = TextCell | TimeCell | NumberCell | AmountCell | StatusCell | AddressCell | TagsCell | FlagCell


def _joined(integer: str, fraction: str, unit: str) -> str:
    number = f"{integer}.{fraction}" if fraction else integer
    return f"{number} {unit}" if unit else number
