"""Rows as text for the clipboard: TSV, CSV, JSON and Markdown, with exact values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from enum import StrEnum

from aether_desktop.domain.amounts import Amount
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TableSpec
from aether_desktop.ui.models.formatting import raw_text

COPY_LIMIT = 10_000
"""Rows the clipboard takes at once; for more there is Export."""


class CopyFormat(StrEnum):
    TSV = "tsv"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


def copy_rows(spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], form: CopyFormat) -> str:
    """The given columns (keys, in order) of the rows; amounts carry their unit. Any thread."""
    positions = [spec.index(key) for key in columns]
    table = [[_cell(row.values[position]) for position in positions] for row in rows]
    titles = [spec.columns[position].title for position in positions]
    match form:
        case CopyFormat.JSON:
            return json.dumps([dict(zip(columns, cells, strict=True)) for cells in table], ensure_ascii=False, indent=1)
        case CopyFormat.MARKDOWN:
            return _markdown(titles, table)
        case CopyFormat.CSV:
            return delimited_text(titles, table, ",")
        case CopyFormat.TSV:
            return delimited_text(titles, table, "\t")


def _cell(value: object) -> str:
    return str(value) if isinstance(value, Amount) else raw_text(value)


def delimited_text(titles: Sequence[str], table: Sequence[Sequence[str]], delimiter: str) -> str:
    """A heading and rows as CSV or TSV, safe to open in a spreadsheet."""
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
    writer.writerow(titles)
    for cells in table:  # row by row: the writer keeps the interpreter to itself until it returns
        # A carriage return alone would end the row for some readers, and the writer does not quote it.
        writer.writerow([_formula_safe(cell).replace("\r\n", "\n").replace("\r", "\n") for cell in cells])
    return sink.getvalue()


def _formula_safe(cell: str) -> str:
    """A spreadsheet runs text that starts like a formula; an apostrophe keeps it text. Numbers stay numbers."""
    if not cell or cell[0] not in "=+-@\t\r":
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell


def _markdown(titles: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        escaped = [cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells]
        return f"| {' | '.join(escaped)} |"

    return "\n".join([line(titles), line(["---"] * len(titles)), *(line(cells) for cells in table)]) + "\n"
