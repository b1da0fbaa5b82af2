"""Whatever is wrong with a file: every record is stored or refused with its reason, and nothing else is raised."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.sum_api import (
    HeadedTable,
    HeadingAdviser,
    ImportRefusedError,
    Movement,
    TransactionStatus,
)
from tests.sums.reading import HASH, OURS, Reading, read, read_text, rows
from tests.sums.samples import SAMPLES, Sample

KEYS = sorted(SAMPLES)
each_kind = pytest.mark.parametrize("key", KEYS)
# The folder of a test is made once for all its examples; each writes the same file anew.
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def good(folder: Path, sample: Sample) -> list[Movement]:
    reading = read_text(folder, sample.text(), sample.module, sample.where)
    assert reading.rejections == []
    assert reading.movements
    return reading.movements


def changed(folder: Path, sample: Sample, data: bytes) -> Reading | None:
    """The reading of a damaged file; None where it is refused as a whole."""
    path = folder / "damaged.csv"
    path.write_bytes(data)
    try:
        return read(path, sample.module, sample.where, recognised=False)
    except ImportRefusedError:
        return None


# -- headings -----------------------------------------------------------------------------------------------------


@each_kind
def test_one_kind_only_takes_the_heading(key: str) -> None:
    takers = [other for other, sample in SAMPLES.items() if sample.module.recognises(SAMPLES[key].heading)]
    assert takers == [key]


@each_kind
def test_columns_in_any_order_with_others_between(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    wanted = good(tmp_path, sample)
    order = list(range(len(sample.heading)))
    random.Random(7).shuffle(order)
    heading = ["Extra", *(sample.heading[index] for index in order), "Another"]
    records = [["x", *(record[index] for index in order), ""] for record in sample.records]
    assert read_text(tmp_path, rows(heading, *records), sample.module, sample.where).movements == wanted


@each_kind
def test_heading_in_other_case_and_spacing(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    heading = [f"  {name.upper().replace(' ', '   ')} " for name in sample.heading]
    text = rows(heading, *sample.records)
    assert read_text(tmp_path, text, sample.module, sample.where).movements == good(tmp_path, sample)


@each_kind
def test_each_missing_column_is_named(key: str) -> None:
    sample = SAMPLES[key]
    assert isinstance(sample.module, HeadingAdviser)
    for index, name in enumerate(sample.heading):
        heading = [*sample.heading[:index], *sample.heading[index + 1 :]]
        if name in sample.optional:
            assert sample.module.recognises(heading), name
            continue
        assert not sample.module.recognises(heading), name
        missing = sample.module.compare(heading).missing
        assert len(missing) == 1
        stem = missing[0].split("(")[0].strip().casefold()
        assert name.casefold().startswith(stem) or {missing[0], name} == {"Transaction Hash", "Txhash"}
        with pytest.raises(ImportRefusedError, match="no column"):
            list(sample.module.read(HeadedTable("x.csv", tuple(heading), iter(())), sample.where))


# -- encodings, line ends, delimiters -----------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(key: str, encoding: str, end: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    wanted = good(tmp_path, sample)
    if key == "aether.csv":
        end = "\n"  # its sample has a line end of its own within a cell
    data = sample.text().replace("\n", end).encode(encoding) if end != "\n" else sample.text().encode(encoding)
    found = read_text(tmp_path, data, sample.module, sample.where).movements
    assert [movement._replace(description="") for movement in found] == [
        movement._replace(description="") for movement in wanted
    ]


@each_kind
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(key: str, delimiter: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    found = read_text(tmp_path, sample.text(delimiter=delimiter), sample.module, sample.where)
    assert found.movements == good(tmp_path, sample)


@each_kind
def test_lines_before_the_heading_and_blank_ones_after(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    text = f"Exported by somebody\n\nAccount: {OURS}\n" + sample.text() + "\n\n"
    assert read_text(tmp_path, text, sample.module, sample.where).movements == good(tmp_path, sample)


# -- damage -------------------------------------------------------------------------------------------------------


@each_kind
def test_cut_off_anywhere(key: str, tmp_path: Path) -> None:
    """What was whole before the cut is stored; the row that was cut is refused or, cut at its end, whole."""
    sample = SAMPLES[key]
    wanted = good(tmp_path, sample)
    data = sample.text().encode()
    start = len(rows(sample.heading).encode())
    step = max(1, (len(data) - start) // 60)
    for cut in range(start, len(data), step):
        if data[:cut].endswith(b","):
            continue  # like a whole row whose last cell is empty
        reading = changed(tmp_path, sample, data[:cut])
        assert reading is not None
        assert reading.movements == wanted[: len(reading.movements)]
        assert len(reading.rejections) <= 3


@each_kind
@pytest.mark.parametrize("damage", ["", "-5", "1e400", "=1+1", "\ufffd", "<b>&nbsp;\u202e", "9" * 200, "N/A", "\u0663"])
def test_any_cell_may_be_wrong(key: str, damage: str, tmp_path: Path) -> None:
    """One record refused or taken, the others as before, whichever cell holds nonsense."""
    sample = SAMPLES[key]
    wanted = [movement for movement in good(tmp_path, sample) if movement.row != 2]
    for index in range(len(sample.heading)):
        record = [*sample.records[0][:index], damage, *sample.records[0][index + 1 :]]
        text = rows(sample.heading, record, *sample.records[1:])
        if key == "ledger.live" and sample.heading[index].startswith(("Account", "Currency")):
            continue  # these say which account is meant, so they may change what becomes of the other rows
        reading = changed(tmp_path, sample, text.encode())
        assert reading is not None
        assert [movement for movement in reading.movements if movement.row != 2] == wanted


@each_kind
def test_damaged_records_between_good_ones(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    good_row = rows(sample.records[0]).encode()
    bad = [b"one,two\n", b"\x00\n", good_row.replace(b"\n", b",surplus\n"), b'"' + b"x" * 2_000_000 + b'"\n']
    if "\n" in sample.records[0]:
        bad.pop()
    data = rows(sample.heading).encode() + b"".join(item + good_row for item in bad)
    reading = changed(tmp_path, sample, data)
    assert reading is not None
    stored = {movement.row for movement in reading.movements}
    assert stored == {3, 5, 7, 9}
    for number, word in {2: "2 cells", 4: "NUL", 6: "cells", 8: "longer than"}.items():
        assert word in reading.reasons[number]


@each_kind
def test_equal_rows_are_all_kept(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    once = good(tmp_path, sample)
    twice = read_text(
        tmp_path, rows(sample.heading, *sample.records, *sample.records), sample.module, sample.where
    ).movements
    assert len(twice) == 2 * len(once)


@each_kind
def test_heading_alone_is_no_error(key: str, tmp_path: Path) -> None:
    sample = SAMPLES[key]
    reading = read_text(tmp_path, rows(sample.heading), sample.module, sample.where)
    assert (reading.movements, reading.rejections, reading.records) == ([], [], 0)


@each_kind
@many
@given(data=st.data())
def test_flipped_bytes(key: str, tmp_path: Path, data: st.DataObject) -> None:
    sample = SAMPLES[key]
    content = bytearray(sample.text().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    changed(tmp_path, sample, bytes(content))


@each_kind
@many
@given(data=st.data())
def test_any_cells_under_a_good_heading(key: str, tmp_path: Path, data: st.DataObject) -> None:
    """Well-formed tables of nonsense: what is stored can be stored."""
    sample = SAMPLES[key]
    likely = st.sampled_from([cell for record in sample.records for cell in record] + ["0", "-1", "1.5", HASH])
    cell = st.one_of(likely, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
    width = st.integers(len(sample.heading) - 1, len(sample.heading) + 1)
    records = data.draw(st.lists(width.flatmap(lambda n: st.lists(cell, min_size=n, max_size=n)), max_size=4))
    reading = changed(tmp_path, sample, rows(sample.heading, *records).encode())
    assert reading is None or all(map(storable, reading.movements))


def storable(movement: Movement) -> bool:
    assert 0 <= movement.units < 2**256
    assert movement.fee_units is None or (0 <= movement.fee_units < 2**256 and movement.fee_currency is not None)
    assert movement.occurred_at >= 0
    limits = {"tx_hash": 200, "method": 200, "error": 2000, "description": 10_000, "label": 255, "note": 20_000}
    for name, limit in limits.items():
        text = getattr(movement, name)
        assert len(text) <= limit
        assert "\x00" not in text
        text.encode()
    assert movement.block_number is None or 0 <= movement.block_number < 2**63
    return isinstance(movement.status, TransactionStatus)


@many
@given(content=st.binary(max_size=3000))
def test_any_bytes_at_all(tmp_path: Path, content: bytes) -> None:
    for key in KEYS:
        changed(tmp_path, SAMPLES[key], content)
