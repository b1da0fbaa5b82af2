"""The value axis of a plot, in whole base units throughout: 1-2-5 ticks and their exact labels. No Qt, no floats."""

from __future__ import annotations

from typing import NamedTuple

_ROOM = 16  # the data leave a sixteenth of the axis free at each open end
_LONGEST = 15  # digits before the point; beyond, powers of ten are easier to read
_MOST_PLACES = 8  # digits after the point; the same
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class ValueTick(NamedTuple):
    """A round number of base units, and what it is called."""

    units: int
    label: str


class ValueAxis(NamedTuple):
    """From ``low`` to ``high`` (always more than ``low``), both in base units."""

    low: int
    high: int
    ticks: tuple[ValueTick, ...]

    def share(self, units: int) -> float:
        """0 at ``low``, 1 at ``high``: the quotient of the exact differences, rounded once."""
        return (units - self.low) / (self.high - self.low)


def value_axis(least: int, most: int, *, decimals: int = 0, rows: int = 5, zero: bool = False) -> ValueAxis:
    """An axis for data from ``least`` to ``most`` with at least one and at most ``rows`` ticks.

    With ``zero`` it starts or ends at zero. Raises ValueError if ``least`` is more than ``most`` or ``rows`` below 1.
    """
    low, high = _range(least, most, decimals=decimals, zero=zero)
    return ValueAxis(low, high, round_ticks(low, high, decimals=decimals, rows=rows))


def round_ticks(low: int, high: int, *, decimals: int = 0, rows: int = 5) -> tuple[ValueTick, ...]:
    """Multiples, ``low`` to ``high``, of the smallest 1, 2 or 5 times a power of ten that gives at most ``rows``.

    Where that step has none inside: one tick of the next finer step. Raises ValueError if ``low`` is more than
    ``high`` or ``rows`` below 1.
    """
    if low > high or rows < 1:
        raise ValueError("an axis runs upwards and has a row")
    power = len(str(max((high - low) // rows, 1))) - 1
    finer: range | None = None
    while True:
        for digit in (1, 2, 5):
            step = digit * 10**power
            found = range(-(-low // step) * step, high + 1, step)
            if _count(low, high, step) > rows:
                finer = found
                continue
            if _count(low, high, step) == 0 and finer is not None:
                found = range(finer.start + finer.step * (_count(low, high, finer.step) // 2), high + 1, high - low + 1)
                power = len(str(finer.step)) - 1
            return _labelled(list(found), power=power, decimals=decimals)
        power += 1


def _count(low: int, high: int, step: int) -> int:
    """len() of a range stops at 2^63."""
    return high // step - -(-low // step) + 1


def _range(least: int, most: int, *, decimals: int, zero: bool) -> tuple[int, int]:
    if least > most:
        raise ValueError("the least is more than the most")
    low, high = (min(least, 0), max(most, 0)) if zero else (least, most)
    if low == high:
        around = abs(low) // 2 or 10**decimals
        return (low, low + around) if low == 0 else (low - around, high + around)
    room = -(-(high - low) // _ROOM)
    bottom, top = low - room, high + room
    return (max(bottom, 0) if low >= 0 else bottom), (min(top, 0) if high <= 0 else top)


def _labelled(units: list[int], *, power: int, decimals: int) -> tuple[ValueTick, ...]:
    """All labels of one axis are written alike; ``power`` is that of the step."""
    places = max(decimals - power, 0)
    longest = max((len(str(abs(each))) for each in units), default=0) - decimals
    powers = longest > _LONGEST or places > _MOST_PLACES
    return tuple(
        ValueTick(each, _scientific(each, decimals) if powers else _grouped(each, decimals, places)) for each in units
    )


def _grouped(units: int, decimals: int, places: int) -> str:
    whole, rest = divmod(abs(units), 10**decimals)
    fraction = str(rest).rjust(decimals, "0")[:places]
    return f"{'-' if units < 0 else ''}{whole:,}{'.' if places else ''}{fraction}"


def _scientific(units: int, decimals: int) -> str:
    """12 000 units of 2 decimals: 1.2 times 10 to the 2."""
    if units == 0:
        return "0"
    text = str(abs(units))
    digits = text.rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    exponent = str(len(text) - 1 - decimals).translate(_SUPERSCRIPTS)
    return f"{'-' if units < 0 else ''}{mantissa}\u00d710{exponent}"
