"""Sums and folding computed inside the engine: exact on both, over keys of ``columns.units_key``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Dialect, FunctionElement, Numeric, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

_CHUNK_BITS = 60  # 15 hexadecimal digits fit a BIGINT without its sign
_CHUNK_DIGITS = _CHUNK_BITS // 4


class ExactTotal(TypeDecorator[int]):
    """A whole number of any size, None over no rows: NUMERIC on PostgreSQL, decimal text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base's signature
        return None if value is None else int(value)


class exact_sum(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """SUM of a UnitsKey column or expression, as int; None when there is no row."""

    name = "exact_sum"
    inherit_cache = True
    type = ExactTotal()


class fold(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """Lower case for searching, of every script and alike on both engines (SQLite's lower() knows ASCII only).

    The result sorts by code point. Columns are of collation "C", under which PostgreSQL's lower() knows ASCII only,
    so the database's own collation does the folding (a UTF-8 one; "C" databases fold ASCII only).
    """

    name = "fold"
    inherit_cache = True
    type = Text()


@compiles(exact_sum, "sqlite")
def _sum_on_sqlite(element: exact_sum, compiler: Any, **options: Any) -> str:
    return f"aether_sum({compiler.process(element.clauses, **options)})"


@compiles(exact_sum, "postgresql")
def _sum_on_postgresql(element: exact_sum, compiler: Any, **options: Any) -> str:
    return f"sum({numeric_of_key(compiler.process(_only_argument(element), **options))})"


@compiles(fold, "sqlite")
def _fold_on_sqlite(element: fold, compiler: Any, **options: Any) -> str:
    return f"aether_fold({compiler.process(element.clauses, **options)})"


@compiles(fold, "postgresql")
def _fold_on_postgresql(element: fold, compiler: Any, **options: Any) -> str:
    text = compiler.process(_only_argument(element), **options)
    return f'(lower(({text}) COLLATE "default") COLLATE "C")'


def numeric_of_key(key: str) -> str:
    """PostgreSQL: the NUMERIC value of the units key ``key`` (an SQL expression), by built-ins that are immutable.

    Hexadecimal digits reach numbers only through bit strings, at most 63 bits at a time. Most amounts are short, so
    the common sizes have a cheaper branch: 0.4 seconds a million rows.
    """
    digits = f"encode(substr({key}, 2), 'hex')"
    short = f"('x' || lpad({digits}, 16, '0'))::bit(64)::bigint::numeric"
    branches = f"WHEN length({key}) <= 8 THEN {short} WHEN length({key}) <= 16 THEN {_chunks(digits, 2)}"
    return f"CASE {branches} ELSE {_chunks(digits, 5)} END"


def _chunks(digits: str, count: int) -> str:
    padded = f"lpad({digits}, {count * _CHUNK_DIGITS}, '0')"
    parts = [
        f"('x' || substr({padded}, {1 + index * _CHUNK_DIGITS}, {_CHUNK_DIGITS}))::bit({_CHUNK_BITS})::bigint::numeric"
        f" * {1 << (_CHUNK_BITS * (count - 1 - index))}"
        for index in range(count)
    ]
    return f"({' + '.join(parts)})"


def _only_argument(element: FunctionElement[Any]) -> ColumnElement[Any]:
    (argument,) = element.clauses
    return argument


class _KeySum:
    """SQLite aggregate over units keys; NULL over no rows, like SUM."""

    __slots__ = ("_rows", "_total")

    def __init__(self) -> None:
        self._total = 0
        self._rows = 0

    def step(self, key: bytes | None) -> None:
        if key is not None:
            self._total += int.from_bytes(key[1:], "big")
            self._rows += 1

    def finalize(self) -> str | None:
        return str(self._total) if self._rows else None


def fold_text(text: object) -> str | None:
    """One character for one, as PostgreSQL does: no final sigma, no dot kept above."""
    if text is None:
        return None
    lowered = str(text)
    return lowered.lower() if lowered.isascii() else lowered.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def register_functions(dbapi_connection: Any) -> None:
    """Give a fresh SQLite connection ``aether_sum`` and ``aether_fold``."""
    dbapi_connection.create_aggregate("aether_sum", 1, _KeySum)
    dbapi_connection.create_function("aether_fold", 1, fold_text, deterministic=True)
