"""Rows as CSV (RFC 4180) with column keys for a heading; texts that look like formulas are kept from being ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TextIO

from aether_desktop.sum_api import ColumnKind, Row, TableSpec
from aether_desktop.sums.own_format import BASE_UNITS, DECIMALS, guarded
from aether_desktop.sums.reaping.fields import Field, Value, fields_of, names_of

_PLAIN_KINDS = frozenset(
    {ColumnKind.TIME, ColumnKind.DATE, ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN, ColumnKind.CHOICE}
)


class CsvExport:
    """Numbers stay numbers; tags are words with spaces between. An absent value is an empty cell."""

    key = "csv"
    title = "CSV"
    extension = "csv"

    def heading(self, spec: TableSpec, columns: Sequence[str]) -> list[str]:
        """As the importer that reads the file back finds it."""
        return names_of(spec, columns)

    def write(self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], sink: TextIO) -> int:
        fields = fields_of(spec, columns)
        writer = csv.writer(sink, lineterminator="\r\n")
        writer.writerow(list(chain.from_iterable(field.names for field in fields)))
        count = 0
        for row in rows:
            writer.writerow([cell for field in fields for cell in _cells(field, row.values[field.place])])
            count += 1
        return count


def _cells(field: Field, value: object) -> list[str]:
    values = field.convert(value)
    if field.kind in _PLAIN_KINDS:
        return [_plain(item) for item in values]
    if field.kind is ColumnKind.AMOUNT:
        key = field.names[0]
        numbers = {key, key + BASE_UNITS, key + DECIMALS}
        return [
            _plain(item) if name in numbers else guarded(_plain(item))
            for name, item in zip(field.names, values, strict=True)
        ]
    return [guarded(_plain(item)) for item in values]


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(value)
    return str(value)
