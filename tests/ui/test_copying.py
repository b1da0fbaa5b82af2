"""Rows on the clipboard: exact, in the columns seen, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.models.copying import CopyFormat, copy_rows, delimited_text

SPEC = TABLES[TableName.TRANSACTIONS]
COLUMNS = ("amount", "occurred_at", "label")


def row(label: str, units: int = 1) -> Row:
    values = {
        "amount": Amount(units, Currency("ETH", 18, "ethereum")),
        "occurred_at": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        "label": label,
    }
    return Row(7, 1, False, tuple(values.get(column.key) for column in SPEC.columns))


def read(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize(("form", "delimiter"), [(CopyFormat.TSV, "\t"), (CopyFormat.CSV, ",")])
def test_delimited_texts_are_exact(form: CopyFormat, delimiter: str) -> None:
    text = copy_rows(SPEC, COLUMNS, [row('a "b"\tc,d\ne')], form)
    assert read(text, delimiter) == [
        ["Amount", "Time", "Label"],
        ["0.000000000000000001 ETH", "2024-01-02T03:04:05Z", 'a "b"\tc,d\ne'],
    ]


def test_json_has_the_keys_of_the_columns() -> None:
    (entry,) = json.loads(copy_rows(SPEC, COLUMNS, [row("Miete für März")], CopyFormat.JSON))
    assert entry == {
        "amount": "0.000000000000000001 ETH",
        "occurred_at": "2024-01-02T03:04:05Z",
        "label": "Miete für März",
    }


def test_markdown_keeps_its_columns() -> None:
    lines = copy_rows(SPEC, COLUMNS, [row("a|b\\c\nd")], CopyFormat.MARKDOWN).splitlines()
    assert lines[2] == "| 0.000000000000000001 ETH | 2024-01-02T03:04:05Z | a\\|b\\\\c d |"


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_disarmed(evil: str) -> None:
    (cell,) = read(delimited_text(["Label"], [[evil]], ","), ",")[1]
    assert cell == "'" + evil.replace("\r", "\n")


@pytest.mark.parametrize("number", ["-5", "+1.5", "-1e3", "7"])
def test_numbers_stay_numbers(number: str) -> None:
    assert read(delimited_text(["Amount"], [[number]], ","), ",")[1] == [number]


@given(label=st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=40))
def test_any_label_comes_back(label: str) -> None:
    text = copy_rows(SPEC, ("label", "amount"), [row(label)], CopyFormat.CSV)
    assert read(text, ",")[1][0].removeprefix("'") == label.removeprefix("'")
    assert json.loads(copy_rows(SPEC, ("label",), [row(label)], CopyFormat.JSON)) == [{"label": label}]
