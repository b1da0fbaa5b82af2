"""Tables in files: every encoding and line end, every record accounted for, and files that are something else."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import socket
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.ports.errors import ImportRefusedError, OperationCancelled
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.tabular import open_table, rows_of
from aether_desktop.services.tabular_bytes import BLOCK

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t"), max_size=12)
many = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Whole:
    heading: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    reasons: dict[int, str]
    records: int
    encoding: str
    delimiter: str
    remarks: tuple[str, ...]

    @property
    def cells(self) -> list[list[str]]:
        return [cells for _, cells in self.rows]


def whole(folder: Path, data: bytes | str, *, recognises: Sequence[str] | None = None, name: str = "x.csv") -> Whole:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    taker = None if recognises is None else lambda heading: list(heading) == list(recognises)
    with open_table(path, recognises=taker) as table:
        rows = [(number, list(cells)) for number, cells in table.table.rows]
        assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert table.size == path.stat().st_size
        numbers = [number for number, _ in rows] + [item.row for item in table.rejections]
        assert len(numbers) == len(set(numbers)) == table.records
        reasons = {item.row: item.reason for item in table.rejections}
        return Whole(table.table.heading, rows, reasons, table.records, table.encoding, table.delimiter, table.remarks)


# -- what it looks like -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_line_ends_delimiters(end: str, delimiter: str, encoding: str, tmp_path: Path) -> None:
    lines = [delimiter.join(cells) for cells in (("when", "who"), ("1", "Zoë"), ("2", "x" * 50))]
    found = whole(tmp_path, (end.join(lines) + end).encode(encoding))
    assert (found.heading, found.delimiter) == (("when", "who"), delimiter)
    assert found.rows == [(2, ["1", "Zoë"]), (3, ["2", "x" * 50])]


def test_windows_1252_is_said(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b\n1,Müller €\n".encode("cp1252"))
    assert (found.encoding, found.cells) == ("cp1252", [["1", "Müller €"]])
    assert "Windows-1252" in found.remarks[0]


def test_windows_1252_far_into_the_file(tmp_path: Path) -> None:
    data = b"a,b\n" + b"1,xxxxxxxxxxxxx\n" * (BLOCK // 8) + "2,ü\n".encode("cp1252")
    found = whole(tmp_path, data)
    assert (found.encoding, found.cells[-1], len(found.rows)) == ("cp1252", ["2", "ü"], BLOCK // 8 + 1)


def test_a_few_damaged_bytes_refuse_their_row_only(tmp_path: Path) -> None:
    found = whole(tmp_path, b"a,b\n\xc3\xa9,1\n\xff\xfe,2\nx,3\n")
    assert found.cells == [["é", "1"], ["x", "3"]]
    assert "not text" in found.reasons[3]


def test_characters_across_blocks(tmp_path: Path) -> None:
    """However the blocks cut them."""
    for shift in range(4):
        filler = "x" * (3 - shift) + "1,2222222222\n" + "1,2345678901234\n" * (BLOCK // 16 - 2)
        found = whole(tmp_path, "a,b\n" + filler + "\u20ac\U0001f600\u20ac\U0001f600,é\n" + "é,ü\r\n" * 10)
        assert found.cells[-11] == ["\u20ac\U0001f600\u20ac\U0001f600", "é"]
        assert len(found.rows) == BLOCK // 16 - 1 + 11


def test_line_ends_across_blocks(tmp_path: Path) -> None:
    for shift in range(4):
        filler = "x" * shift + "1,23456\n" + "1,2345678901234\n" * (BLOCK // 16 - 1)
        found = whole(tmp_path, "a,b\n" + filler + "3,4\r\n5,6\r\n7,8\r")
        assert [number for number, _ in found.rows] == list(range(2, BLOCK // 16 + 5))


def test_separator_line_and_preamble(tmp_path: Path) -> None:
    found = whole(tmp_path, "sep=;\na;b\n1;2,5\n")
    assert (found.heading, found.rows) == (("a", "b"), [(2, ["1", "2,5"])])
    found = whole(tmp_path, "Account statement\n\nFrom 2020 to 2021\nwhen,what,how much\n2020,x,1\n2021,y,2\n")
    assert (found.heading, [number for number, _ in found.rows]) == (("when", "what", "how much"), [2, 3])
    assert found.remarks == ("3 lines passed over before the heading.",) or "passed over" in found.remarks[0]


def test_a_known_heading_wins_wherever_it_stands(tmp_path: Path) -> None:
    text = "one,two,three\n1,2,3\n4,5,6\n1,2,3\n4,5,6\nk1;k2\n7;8\n"
    assert whole(tmp_path, text).heading == ("one", "two", "three")
    found = whole(tmp_path, text, recognises=["k1", "k2"])
    assert (found.rows, found.delimiter) == ([(2, ["7", "8"])], ";")


def test_early_broken_rows_do_not_hide_the_heading(tmp_path: Path) -> None:
    found = whole(tmp_path, "when,who,what\nbroken\nbroken,too\n" + "may,ann,rent\njune,bob,food\n" * 5)
    assert found.heading == ("when", "who", "what")
    assert list(found.reasons) == [2, 3]


def test_spaces_after_delimiters(tmp_path: Path) -> None:
    assert whole(tmp_path, 'a, b\n1, "x, y"\n').cells == [["1", "x, y"]]


def test_one_column(tmp_path: Path) -> None:
    assert whole(tmp_path, "name\nx\ny\n").cells == [["x"], ["y"]]


def test_empty_names_and_cells_at_the_end(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b,,\n1,2,,\n3,4\n5,6,,x\n")
    assert (found.heading, found.cells) == (("a", "b"), [["1", "2"], ["3", "4"]])
    assert found.reasons == {4: "The row has 4 cells, but the heading has 2."}


# -- records ------------------------------------------------------------------------------------------------------


def test_blank_records_count_but_are_left_out(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b\n\n1,2\n,\n \n3,4\n\n\n")
    assert found.rows == [(3, ["1", "2"]), (6, ["3", "4"])]
    assert (found.records, found.reasons) == (2, {})


def test_quoted_line_ends_are_kept(tmp_path: Path) -> None:
    found = whole(tmp_path, 'a,b\r\n1,"x\r\ny\rz\n"\r\n2,"say ""hi"""\r\n')
    assert found.rows == [(2, ["1", "x\r\ny\rz\n"]), (3, ["2", 'say "hi"'])]


def test_wrong_numbers_of_cells(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b,c\n1,2\n1,2,3,4\n5,6,7\n")
    assert found.reasons == {
        2: "The row has 2 cells, but the heading has 3.",
        3: "The row has 4 cells, but the heading has 3.",
    }
    assert found.rows == [(4, ["5", "6", "7"])]


def test_nul(tmp_path: Path) -> None:
    found = whole(tmp_path, b"a,b\n1,2\n3,\x00\n5,6\n")
    assert found.cells == [["1", "2"], ["5", "6"]]
    assert "NUL" in found.reasons[3]


def test_cut_off_in_a_quoted_cell(tmp_path: Path) -> None:
    found = whole(tmp_path, 'a,b\n"1","2"\n"3","4')
    assert found.cells == [["1", "2"]]
    assert "never closed" in found.reasons[3]
    assert "cut off" in found.reasons[3]


def test_cut_off_in_a_row(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b,c\n1,2,3\n4,5")
    assert found.reasons == {3: "The row has 2 cells, but the heading has 3. The file seems to be cut off here."}


def test_an_open_quote_does_not_swallow_what_follows(tmp_path: Path) -> None:
    found = whole(tmp_path, 'a,b\n1,"2\n3,4\n5,6\n')
    assert found.rows == [(3, ["3", "4"]), (4, ["5", "6"])]
    assert found.reasons == {2: "A quotation mark that opens in this row is never closed."}


def test_open_quotes_across_many_blocks(tmp_path: Path) -> None:
    found = whole(tmp_path, 'a,b\n1,"2\n' + ("3," + "4" * 61 + "\n") * (BLOCK // 16))
    assert len(found.rows) == BLOCK // 16
    assert list(found.reasons) == [2]


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n1,2\n3," + b"x" * 10_000_000 + b"\n5,6\n")
    tracemalloc.start()
    try:
        with open_table(path) as table:
            assert [number for number, _ in table.table.rows] == [2, 4]
            assert [(item.row, item.reason[:22]) for item in table.rejections] == [(3, "The row is longer than")]
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [b"x" * 3_000_000, b"a,b\n" + b"x" * 3_000_000, b'"' + b"x\n" * 2_000_000])
def test_endless_lines(data: bytes, tmp_path: Path) -> None:
    try:
        found = whole(tmp_path, data)
    except ImportRefusedError:
        return
    assert all(len(cell) < 1_100_000 for cells in found.cells for cell in cells)


def test_too_many_open_quotes_end_the_reading(tmp_path: Path) -> None:
    """Each line opens a cell and closes the one before: the work stays bounded."""
    found = whole(tmp_path, "a,b\n" + 'a","x\n' * 400_000)
    assert found.rows == []
    assert any("left out" in reason for reason in found.reasons.values())


def test_a_cell_longer_than_any_field(tmp_path: Path) -> None:
    found = whole(tmp_path, "a,b\n1," + "x" * 200_000 + "\n3,4\n")
    assert found.cells == [["3", "4"]]
    assert "131,072" in found.reasons[2]


@many
@given(st.lists(st.lists(CELL,
                         min_size=3, max_size=3), max_size=8), st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_what_a_csv_writer_writes_comes_back(tmp_path: Path, records: list[list[str]], end: str) -> None:
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["one", "two", "three"], *records])
    found = whole(tmp_path, sink.getvalue(), recognises=["one", "two", "three"])
    assert found.cells == [record for record in records if any(cell.strip() for cell in record)]
    assert found.reasons == {}


@many
@given(st.binary(max_size=4000))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(ImportRefusedError):
        whole(tmp_path, data)


@many
@given(st.text('a,";\n\r\t\x00é \ud7ff', max_size=300))
def test_any_arrangement_of_special_characters(tmp_path: Path, text: str) -> None:
    with contextlib.suppress(ImportRefusedError):  # so many NULs that it counts as binary
        whole(tmp_path, "one,two\n" + text, recognises=["one", "two"])


# -- JSON ---------------------------------------------------------------------------------------------------------


def test_json_array(tmp_path: Path) -> None:
    text = '\ufeff[{"a": "x", "b": 0.10}, {"b": 1e-7, "a": null}, {"a": true, "b": 12345678901234567890123}]'
    found = whole(tmp_path, text, name="x.json")
    assert (found.heading, found.delimiter) == (("a", "b"), "")
    assert found.rows == [(2, ["x", "0.10"]), (3, ["", "1e-7"]), (4, ["true", "12345678901234567890123"])]


def test_json_lines_and_nested_values(tmp_path: Path) -> None:
    found = whole(tmp_path, '{"a": ["x", "y"], "b": {"k": [1]}}\n{"a": "two\\nlines"}\n')
    assert found.cells == [["x y", '{"k":["1"]}'], ["two\nlines", ""]]


@pytest.mark.parametrize(
    ("text", "row", "reason"),
    [
        ('[{"a": 1}, {"b": 2}, {"a": 3}]', 3, "'b'"),
        ('[{"a": 1}, 7, {"a": 3}]', 3, "not an object"),
        ('[{"a": 1}, null, {"a": 3}]', 3, "not an object"),
        ('[{"a": 1}, {"a": "\\u0000"}, {"a": 3}]', 3, "NUL"),
        ('[{"a": 1}, {"a": "\\ud800"}, {"a": 3}]', 3, "half a character"),
        ('[{"a": 1}, {"a": 3}', 4, "closing bracket"),
        ('[{"a": 1}, {"a": 3}, {"a', 4, "not readable as JSON"),
        ('[{"a": 1}, {"a": 3}] tail', 4, "left out"),
        ('[{"a": 1}, {"a": 3}, ' + "[" * 100_000, 4, "nested too deeply"),
    ],
)
def test_json_that_is_damaged(text: str, row: int, reason: str, tmp_path: Path) -> None:
    found = whole(tmp_path, text)
    assert list(found.reasons) == [row]
    assert reason in found.reasons[row]
    assert len(found.rows) == 2


@pytest.mark.parametrize("text", ["[]", "{}", "[{}]", '[{"a', "{"])
def test_json_without_rows(text: str, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError):
        whole(tmp_path, text)


def test_json_larger_than_a_block(tmp_path: Path) -> None:
    text = "[" + ",\n".join(f'{{"n": {n}, "t": "{"é" * 50}"}}' for n in range(10_000)) + "]"
    found = whole(tmp_path, text)
    assert [cells[0] for cells in found.cells] == [str(n) for n in range(10_000)]


@many
@given(st.text('[]{}":,a1\\ \n\x00', max_size=200))
def test_any_text_like_json(tmp_path: Path, text: str) -> None:
    with contextlib.suppress(ImportRefusedError):
        whole(tmp_path, "[{" + text)


# -- files that are none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"%PDF-1.7\n...", "a PDF document"),
        (b"PK\x03\x04\x14\x00" + b"[Content_Types].xml", "an Excel workbook"),
        (b"PK\x03\x04\x14\x00" + b"data.csv", "a ZIP archive"),
        (b"SQLite format 3\x00" + bytes(84), "an SQLite database"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        (b"<?xml version='1.0'?><Document/>", "an XML document"),
        (bytes(range(256)) * 8, "binary data"),
        (bytes(500), "binary data"),
    ],
)
def test_files_that_are_something_else(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=words) as caught:
        whole(tmp_path, data, name="history.csv")
    assert caught.value.message.startswith("history.csv is ")
    assert caught.value.hint


def test_folder_missing_and_special_files(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="is a folder"):
        open_table(tmp_path)
    with pytest.raises(ImportRefusedError, match="is not there"):
        open_table(tmp_path / "none.csv")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ImportRefusedError, match="not an ordinary file"):
        open_table(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(ImportRefusedError, match="not an ordinary file"):
            open_table(tmp_path / "s")


def test_a_name_that_cannot_be_a_path() -> None:
    with pytest.raises(ImportRefusedError, match="cannot be read"):
        open_table(Path("a\x00b"))


def test_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n")
    path.chmod(0)
    person = os.geteuid()
    if person == 0:  # who may read everything: be nobody for a moment
        os.seteuid(65534)
    try:
        with pytest.raises(ImportRefusedError, match="may not be read"):
            open_table(path)
    finally:
        os.seteuid(person)


# -- while it is read ---------------------------------------------------------------------------------------------


LONG_ROW = b"1," + b"2" * 125 + b"\n"


def a_long_file(folder: Path) -> Path:
    path = folder / "history.csv"
    path.write_bytes(b"a,b\n" + LONG_ROW * (4 * BLOCK // len(LONG_ROW)))
    return path


def test_deleted_while_it_is_read(tmp_path: Path) -> None:
    with open_table(path := a_long_file(tmp_path)) as table:
        next(table.table.rows)
        path.unlink()
        with pytest.raises(ImportRefusedError, match="disappeared while it was read"):
            list(table.table.rows)


@pytest.mark.parametrize("change", ["append", "truncate", "replace", "touch"])
def test_changed_while_it_is_read(change: str, tmp_path: Path) -> None:
    with open_table(path := a_long_file(tmp_path)) as table:
        next(table.table.rows)
        if change == "append":
            with path.open("ab") as file:
                file.write(b"3,4\n")
        elif change == "truncate":
            os.truncate(path, BLOCK * 2)
        elif change == "replace":
            other = tmp_path / "other"
            other.write_bytes(path.read_bytes())
            other.replace(path)
        else:
            os.utime(path, ns=(1, 1))
        with pytest.raises(ImportRefusedError, match="changed while it was read"):
            list(table.table.rows)


def test_a_short_file_deleted_before_its_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with open_table(path) as table:
        path.unlink()
        with pytest.raises(ImportRefusedError, match="disappeared"):
            list(table.table.rows)


def test_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    with open_table(a_long_file(tmp_path), token=token) as table:
        next(table.table.rows)
        token.cancel()
        with pytest.raises(OperationCancelled):
            list(table.table.rows)


def test_progress_counts_bytes(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = a_long_file(tmp_path)
    with open_table(path, progress=lambda done, total, _="": seen.append((done, total))) as table:
        assert sum(1 for _ in table.table.rows) == 4 * BLOCK // len(LONG_ROW)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) > 3


def test_hash_of_a_file_of_which_only_the_heading_was_read(tmp_path: Path) -> None:
    with open_table(path := a_long_file(tmp_path)) as table:
        assert list(rows_of(table.table, 2)) == [(2, ("1", "2" * 125)), (3, ("1", "2" * 125))]
        assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
