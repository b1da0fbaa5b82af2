"""Rows as a JSON array, an object a line, with the same names as the CSV; written as they come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TextIO

from aether_desktop.sum_api import Row, TableSpec
from aether_desktop.sums.reaping.fields import Value, fields_of, names_of


class JsonExport:
    """Base units are text, ids are whole numbers of up to 63 bits, times ISO 8601, an absent value null."""

    key = "json"
    title = "JSON"
    extension = "json"

    def heading(self, spec: TableSpec, columns: Sequence[str]) -> list[str]:
        """As the importer that reads the file back finds it."""
        return names_of(spec, columns)

    def write(self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], sink: TextIO) -> int:
        fields = fields_of(spec, columns)
        encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
        count = 0
        sink.write("[")
        for row in rows:
            record: dict[str, Value] = {}
            for field in fields:
                record.update(zip(field.names, field.convert(row.values[field.place]), strict=True))
            sink.write((",\n" if count else "\n") + encode(record))
            count += 1
        sink.write("\n]\n" if count else "]\n")
        return count
