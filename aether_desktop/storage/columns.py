"""Exact column types and their byte keys: money, times and choices, equal on SQLite (STRICT tables) and PostgreSQL.

Two orders exist for money. A *units key* orders base units of one currency: a length byte, then the big-endian
bytes without leading zeros (0 to 2^256-1, at most 33 bytes). A *rank key* orders the figures people see, whatever
the decimals: a byte of exponent, then packed decimal digits without trailing zeros, so 1.5 of a 6-decimal token and
1.5 of an 18-decimal coin are equal. Both compare with memcmp, as BLOB and BYTEA do.
"""

# ruff: noqa: ARG002 - TypeDecorator hands the dialect to every conversion
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    Dialect,
    Double,
    Float,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

from aether_desktop.domain.amounts import MAX_DECIMALS, MAX_UNITS, InvalidAmountError
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.times import EPOCH

EnumT = TypeVar("EnumT", bound=StrEnum)
MAX_KEY_BYTES = 33
MAX_RANK_BYTES = 40  # exponent byte and 78 digits
_MICROSECOND = timedelta(microseconds=1)
_RANK_ZERO = b"\x00"
_EXPONENT_BIAS = 128


# -- time ------------------------------------------------------------------------------------------------------


def microseconds(moment: datetime) -> int:
    """UTC microseconds since 1970 of a zone-aware time. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The zone-aware UTC time. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + value * _MICROSECOND


# -- money keys ------------------------------------------------------------------------------------------------


def units_key(units: int) -> bytes:
    """The sort key of base units, 0 to 2^256-1. Raises InvalidAmountError outside."""
    if not 0 <= units <= MAX_UNITS:
        raise InvalidAmountError("An amount lies between 0 and 2^256-1 base units.")
    length = (units.bit_length() + 7) >> 3
    return length.to_bytes(1, "big") + units.to_bytes(length, "big")


def units_from_key(key: bytes) -> int:
    """The base units of a key."""
    return int.from_bytes(key[1:], "big")


def rank_key(units: int, decimals: int) -> bytes:
    """The sort key of the figure ``units`` / 10^``decimals``. Equal figures have equal keys.

    Raises InvalidAmountError for a negative one.
    """
    if units <= 0:
        if units:
            raise InvalidAmountError("The amount is negative.")
        return _RANK_ZERO
    digits = str(units)
    return _pack_rank(digits.rstrip("0"), len(digits) - decimals)


def figure_rank(text: str) -> bytes:
    """The rank key of a decimal text typed by a person, for comparisons with any currency.

    Raises InvalidAmountError for a negative figure or no figure at all.
    """
    cleaned = text.strip().replace(",", "").replace("\u2212", "-").removeprefix("+")
    mantissa, mark, exponent = cleaned.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    if not (whole + fraction).isdecimal() or not cleaned.isascii() or len(cleaned) > 120:
        raise InvalidAmountError("This is not a decimal number, or it is negative.")
    try:
        shift = int(exponent) if mark else 0
    except ValueError:
        raise InvalidAmountError("This is not a decimal number.") from None
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return _RANK_ZERO
    return _pack_rank(digits.rstrip("0"), len(digits) - len(fraction) + shift)


def figure_text(rank: bytes) -> str:
    """The plain decimal text of a rank key made by ``rank_key``."""
    if rank == _RANK_ZERO:
        return "0"
    digits, point = rank[1:].hex().rstrip("0"), rank[0] - _EXPONENT_BIAS
    if point <= 0:
        return "0." + "0" * -point + digits
    whole = digits[:point].ljust(point, "0")
    return f"{whole}.{digits[point:]}" if len(digits) > point else whole


def _pack_rank(digits: str, point: int) -> bytes:
    """``digits`` has no zero at either end; the figure is 0.digits times 10^point."""
    if point > 127:
        return b"\xff"
    if point < 1 - _EXPONENT_BIAS:
        return b"\x01"
    return (point + _EXPONENT_BIAS).to_bytes(1, "big") + bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "0")


# -- SQLite STRICT knows INTEGER, REAL, TEXT and BLOB only -----------------------------------------------------


@compiles(BigInteger, "sqlite")
@compiles(SmallInteger, "sqlite")
@compiles(Boolean, "sqlite")
def _strict_integer(_type: TypeEngine[Any], _compiler: Any, **_: Any) -> str:
    return "INTEGER"


@compiles(String, "sqlite")
def _strict_text(_type: TypeEngine[Any], _compiler: Any, **_: Any) -> str:
    return "TEXT"


@compiles(Float, "sqlite")
@compiles(Double, "sqlite")
def _strict_real(_type: TypeEngine[Any], _compiler: Any, **_: Any) -> str:
    return "REAL"


class Identifier(TypeDecorator[int]):
    """A 64-bit id known before the row is written."""

    impl = BigInteger
    cache_ok = True


class Flag(TypeDecorator[bool]):
    """True or false; 0 or 1 on SQLite. Pair it with ``flag_check``."""

    impl = Boolean
    cache_ok = True


class UtcTime(TypeDecorator[datetime]):
    """A zone-aware time as UTC microseconds since 1970. A time without a zone raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        return _time_read


class CalendarDate(TypeDecorator[date]):
    """A day without a zone, as ISO 8601 text, which sorts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class JsonText(TypeDecorator[Mapping[str, object]]):
    """A JSON object as compact text with sorted keys: equal objects are equal texts on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, object] | None, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, object] | None:
        return None if value is None else json.loads(value)


class Choice(TypeDecorator[EnumT], Generic[EnumT]):
    """A member of a StrEnum as its value. Pair it with ``choice_check``."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[EnumT]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: EnumT | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> EnumT | None:
        return None if value is None else self.kind(value)


class UnitsKey(TypeDecorator[int]):
    """Base units, 0 to 2^256-1, as their sort key. Compares and sorts exactly; sum with ``sums.exact_sum``."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        return None if value is None else units_key(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[bytes | None], int | None]:
        return _units_read


class SignedTotal(TypeDecorator[int]):
    """A whole number of any size and sign: NUMERIC on PostgreSQL, decimal text on SQLite. Not for comparing there."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Decimal | str | None:
        if value is None:
            return None
        return Decimal(value) if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class RankKey(TypeDecorator[bytes]):
    """The bytes of ``rank_key`` or ``figure_rank``."""

    impl = LargeBinary
    cache_ok = True


class SealedValue(TypeDecorator[Sealed]):
    """The bytes of a ``Sealed``, as they are: nothing here can open them. Bulk loads give the bytes themselves."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sealed | bytes | None, dialect: Dialect) -> bytes | None:
        return value.stored if isinstance(value, Sealed) else value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))


def json_text(value: Mapping[str, object]) -> str:
    """Compact JSON with sorted keys. Raises TypeError or ValueError for what JSON cannot hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _time_read(value: int | None) -> datetime | None:
    """In place of two calls for each value of each row."""
    return None if value is None else EPOCH + value * _MICROSECOND


def _units_read(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value[1:], "big")


# -- constraints -----------------------------------------------------------------------------------------------


def choice_check(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """CHECK that a Choice column holds one of its values; the constraint's name is the column's."""
    values = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def length_check(column: str, limit: int, *, least: int = 0) -> CheckConstraint:
    """CHECK on the number of characters of a text column."""
    upper = f"length({column}) <= {limit}"
    return CheckConstraint(f"length({column}) >= {least} AND {upper}" if least else upper, name=f"{column}_length")


class KeyShape(ColumnElement[bool]):
    """Whether a units key is well formed: length byte = bytes that follow, none of them a leading zero."""

    inherit_cache = False

    def __init__(self, column: str) -> None:
        self.column_name = column
        self.type = Boolean()


@compiles(KeyShape)
def _key_shape(element: KeyShape, compiler: Any, **_: Any) -> str:
    return key_shape_sql(element.column_name, compiler.dialect.name)


def key_shape_sql(column: str, dialect: str) -> str:
    """The text of a KeyShape check for "sqlite" or "postgresql"; for migrations, which keep text."""
    size = f"length({column}) BETWEEN 1 AND {MAX_KEY_BYTES}"
    if dialect == "postgresql":
        return (
            f"{size} AND get_byte({column}, 0) = length({column}) - 1"
            f" AND (length({column}) = 1 OR get_byte({column}, 1) <> 0)"
        )
    # hex(NULL) is no NULL but '', so NULL needs its own word
    return (
        f"{column} IS NULL OR {size} AND hex(substr({column}, 1, 1)) = printf('%02X', length({column}) - 1)"
        f" AND substr({column}, 2, 1) <> x'00'"
    )


def units_key_check(column: str) -> CheckConstraint:
    """CHECK the shape of a UnitsKey column (NULL passes)."""
    return CheckConstraint(KeyShape(column), name=f"{column}_key")


assert MAX_DECIMALS < _EXPONENT_BIAS  # noqa: S101 - the exponent byte holds every figure a currency can show
