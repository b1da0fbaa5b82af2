"""What exporters write: exactly the rows and columns given, for spreadsheets and programs, and without loss."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.records import TableName
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.tabular import open_table
from aether_desktop.sum_api import (
    CHAINS,
    Amount,
    ColumnKind,
    ColumnSpec,
    Currency,
    Direction,
    ImportRefusedError,
    Leg,
    Movement,
    ReapingModule,
    Row,
    SowingModule,
    TableSpec,
    TransactionKind,
    TransactionStatus,
    to_micros,
)
from aether_desktop.sums.own_format import guarded, unguarded
from aether_desktop.sums.reaping.csv_export import CsvExport
from aether_desktop.sums.reaping.json_export import JsonExport
from aether_desktop.sums.sowing.aether import AetherCsv, AetherJson
from tests.sums.reading import HASH, OTHERS, OURS, THEIRS, TOKEN, Reading, context, read
from tests.sums.samples import SAMPLES

TRANSACTIONS = TABLES[TableName.TRANSACTIONS]
ALL = [column.key for column in TRANSACTIONS.columns]
ETHER = CHAINS["ethereum"].coin
USDC = Currency("USDC", 6, "ethereum", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USD Coin")
MOMENT = datetime(2017, 10, 7, 13, 46, 18, tzinfo=UTC)
FORMATS: dict[str, tuple[ReapingModule, SowingModule]] = {
    "csv": (CsvExport(), AetherCsv()),
    "json": (JsonExport(), AetherJson()),
}
each_format = pytest.mark.parametrize("form", sorted(FORMATS))


def transaction(**changes: object) -> Row:
    """A row of the transactions table, as the storage gives it."""
    values: dict[str, object] = {
        "occurred_at": MOMENT, "wallet": "Main", "chain": "ethereum", "counterparty": THEIRS, "direction": "out",
        "amount": Amount(5 * 10**17, ETHER), "symbol": "ETH", "asset": "ethereum:ETH",
        "status": "confirmed", "fee": Amount(21, ETHER),
        "kind": "send", "leg": "normal", "label": "", "method": "", "description": "", "tx_hash": HASH,
        "from_address": OURS, "to_address": THEIRS, "contract_address": "", "block_number": None, "error": "",
        "ai_verified": False, "layer2_kind": "", "batch": None, "note": "", "tags": (), "created_at": MOMENT,
        "archived_at": None, "id": 7_000_000_000_000_000_001,
    }  # fmt: skip
    values.update(changes)
    return Row(7_000_000_000_000_000_001, 1, False, tuple(values[key] for key in ALL))


def written(module: ReapingModule, rows: Sequence[Row], columns: Sequence[str], spec: TableSpec = TRANSACTIONS) -> str:
    sink = io.StringIO(newline="")
    assert module.write(spec, columns, iter(rows), sink) == len(rows)
    return sink.getvalue()


def cells(rows: Sequence[Row], columns: Sequence[str], spec: TableSpec = TRANSACTIONS) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(CsvExport(), rows, columns, spec), newline="")))


# -- form ---------------------------------------------------------------------------------------------------------


def test_csv_holds_the_columns_asked_in_their_order() -> None:
    assert cells([transaction(label="rent")], ["label", "amount", "occurred_at"]) == [
        ["label", "amount", "amount_base_units", "amount_symbol", "amount_decimals", "amount_contract", "occurred_at"],
        ["rent", "0.5", "500000000000000000", "ETH", "18", "", "2017-10-07T13:46:18Z"],
    ]


def test_json_holds_typed_values() -> None:
    rows = [transaction(tags=("rent", "home"), block_number=12, amount=Amount(1_500_000, USDC), fee=None)]
    columns = ["amount", "fee", "occurred_at", "block_number", "ai_verified", "tags", "id", "archived_at"]
    assert json.loads(written(JsonExport(), rows, columns)) == [
        {
            "amount": "1.5", "amount_base_units": "1500000", "amount_symbol": "USDC", "amount_decimals": 6,
            "amount_contract": USDC.contract,
            "fee": None, "fee_base_units": None, "fee_symbol": None, "fee_decimals": None, "fee_contract": None,
            "occurred_at": "2017-10-07T13:46:18Z", "block_number": 12, "ai_verified": False, "tags": ["rent", "home"],
            "id": 7_000_000_000_000_000_001, "archived_at": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_of_any_length_is_an_array(count: int) -> None:
    text = written(JsonExport(), [transaction()] * count, ["label"])
    assert json.loads(text) == [{"label": ""}] * count
    assert text.endswith("]\n")


def test_times_are_written_in_utc() -> None:
    there = datetime(2017, 10, 7, 15, 46, 18, 5, tzinfo=timezone(timedelta(hours=2)))
    assert cells([transaction(occurred_at=there)], ["occurred_at"])[1] == ["2017-10-07T13:46:18.000005Z"]


def test_every_kind_of_column() -> None:
    spec = TableSpec(
        TableName.PAYMENT_METHODS, "T", "t",
        (ColumnSpec("expires_on", "", ColumnKind.DATE), ColumnSpec("harmony", "", ColumnKind.NUMBER),
         ColumnSpec("is_default", "", ColumnKind.BOOLEAN), ColumnSpec("size", "", ColumnKind.INTEGER),
         ColumnSpec("tags", "", ColumnKind.TAGS)), "expires_on",
    )  # fmt: skip
    columns = [column.key for column in spec.columns]
    rows = [
        Row(1, 1, False, (date(2030, 1, 31), 23.5, True, -5, ("a", "b"))),
        Row(2, 1, False, (None, None, False, None, ())),
        Row(3, 1, False, (None, float("nan"), False, 2**63, ())),
    ]
    assert cells(rows, columns, spec)[1:] == [
        ["2030-01-31", "23.5", "true", "-5", "a b"],
        ["", "", "false", "", ""],
        ["", "", "false", "9223372036854775808", ""],
    ]
    first = json.loads(written(JsonExport(), rows, columns, spec))[0]
    assert first == {"expires_on": "2030-01-31", "harmony": 23.5, "is_default": True, "size": -5, "tags": ["a", "b"]}


@pytest.mark.parametrize("module", [CsvExport(), JsonExport()])
def test_every_table_can_be_written(module: ReapingModule) -> None:
    for spec in TABLES.values():
        empty = Row(1, 1, False, tuple(_blank(column) for column in spec.columns))
        assert written(module, [empty], [column.key for column in spec.columns], spec)


def _blank(column: ColumnSpec) -> object:
    if column.kind is ColumnKind.TAGS:
        return ()
    optional = {ColumnKind.AMOUNT, ColumnKind.TIME, ColumnKind.DATE, ColumnKind.INTEGER, ColumnKind.NUMBER}
    return None if column.kind in optional else False if column.kind is ColumnKind.BOOLEAN else ""


def test_rows_are_written_as_they_come() -> None:
    """A million rows never lie in memory: the first is out before the second is asked for."""
    for module in (CsvExport(), JsonExport()):
        sink = io.StringIO()
        seen: list[int] = []

        def rows(sink: io.StringIO = sink, seen: list[int] = seen) -> object:
            for _ in range(3):
                seen.append(len(sink.getvalue()))
                yield transaction()

        module.write(TRANSACTIONS, ALL, rows(), sink)  # type: ignore[arg-type] # a generator of rows
        assert seen[0] < seen[1] < seen[2]


# -- formulas -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "'quoted", "''"])
def test_texts_that_look_like_formulas(text: str) -> None:
    row = cells([transaction(label=text, tags=("=x",), amount=Amount(1, Currency("=cmd", 0)))],
                ["label", "tags", "amount"])[1]  # fmt: skip
    assert row == ["'" + text, "'=x", "1", "1", "'=cmd", "0", ""]


@pytest.mark.parametrize("text", ["", "rent", " =1", "a=1", "0x12", "1-2", "\u22125", "“"])
def test_other_texts_stay(text: str) -> None:
    assert cells([transaction(label=text)], ["label", "kind"])[1][0] == text


@given(st.text())
def test_guarding_loses_nothing(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


# -- back again ---------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40) | st.sampled_from(
    ["=1+1", "'", "''=", "-5", "@x", '"', '""', "a,b;c\td|e", "two\r\nlines", "\n", " outer ", "\u202eabc", "<b>"]
)
CURRENCIES = st.sampled_from(
    [ETHER, USDC, Currency("UNKNOWN", 3, "ethereum", TOKEN), Currency("=EVIL", 0, "ethereum", OTHERS)]
)
AMOUNTS = st.builds(Amount, st.integers(0, 2**256 - 1) | st.integers(0, 10**20), CURRENCIES)
ROWS = st.builds(
    transaction,
    occurred_at=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive by contract
    direction=st.sampled_from(Direction).map(str),
    status=st.sampled_from(TransactionStatus).map(str),
    kind=st.sampled_from(TransactionKind).map(str),
    leg=st.sampled_from(Leg).map(str),
    amount=AMOUNTS,
    fee=st.none() | AMOUNTS,
    label=TEXT,
    method=TEXT,
    description=TEXT,
    error=TEXT,
    note=TEXT,
    tx_hash=TEXT,
    block_number=st.none() | st.integers(0, 10**18 - 1),
)


def back(folder: Path, form: str, rows: Sequence[Row], columns: Sequence[str] = ALL, **where: str) -> Reading:
    reaping, sowing = FORMATS[form]
    path = folder / f"export.{form}"
    with path.open("w", encoding="utf-8", newline="") as sink:
        reaping.write(TRANSACTIONS, columns, rows, sink)
    return read(path, sowing, context(known=[USDC], **where))  # type: ignore[arg-type] # only text options are given


@each_format
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_what_was_exported_comes_back(form: str, rows: list[Row], tmp_path: Path) -> None:
    reading = back(tmp_path, form, rows)
    assert reading.rejections == []
    assert len(reading.movements) == len(rows)
    for number, (row, movement) in enumerate(zip(rows, reading.movements, strict=True), 2):
        values = dict(zip(ALL, row.values, strict=True))
        assert movement.row == number
        assert movement.occurred_at == to_micros(_moment(values["occurred_at"]))
        amount, fee = values["amount"], values["fee"]
        assert isinstance(amount, Amount)
        assert (movement.units, movement.currency.same_as(amount.currency)) == (amount.base_units, True)
        assert (movement.fee_units is None) == (fee is None)
        if isinstance(fee, Amount):
            assert movement.fee_units == fee.base_units
            assert movement.fee_currency is not None
            assert movement.fee_currency.same_as(fee.currency)
        for key in ("direction", "status", "kind", "leg", "label", "method", "description", "error", "note", "tx_hash",
                    "block_number", "contract_address"):  # fmt: skip
            assert getattr(movement, key) == values[key], key


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


@each_format
def test_a_token_keeps_the_decimals_that_the_vault_knows(form: str, tmp_path: Path) -> None:
    stale = Currency("USDC", 18, "ethereum", USDC.contract)
    movement = back(tmp_path, form, [transaction(amount=Amount(15 * 10**17, stale))]).movement
    assert (movement.units, movement.currency) == (1_500_000, USDC)
    finer = back(tmp_path, form, [transaction(amount=Amount(1, stale))])
    assert "decimals" in finer.reason


@each_format
def test_rows_of_several_wallets(form: str, tmp_path: Path) -> None:
    rows = [transaction(), transaction(wallet="Other")]
    assert back(tmp_path, form, rows).reasons == {3: "The row belongs to the wallet “Other”."}
    chosen = back(tmp_path, form, rows, name="Third", account="other")
    assert [movement.row for movement in chosen.movements] == [3]
    with pytest.raises(ImportRefusedError, match="several wallets"):
        back(tmp_path, form, rows, name="Third")


@each_format
def test_rows_of_another_wallet_or_chain(form: str, tmp_path: Path) -> None:
    row = transaction(from_address=THEIRS, to_address=OTHERS)
    assert back(tmp_path, form, [row]).rejections == []  # its own wallet's name: whatever it says was said there
    assert "Wrong wallet" in back(tmp_path, form, [row], name="Copy").reason
    assert "on atc" in back(tmp_path, form, [transaction(chain="atc")]).reason


@each_format
def test_an_export_of_some_columns_is_not_taken_for_a_whole_one(form: str) -> None:
    sowing = FORMATS[form][1]
    heading = SAMPLES["aether.csv"].heading
    assert sowing.recognises(heading)
    for key in ("tx_hash", "fee_base_units", "direction", "leg", "status", "amount_decimals"):
        assert not sowing.recognises([name for name in heading if name != key])


@pytest.mark.parametrize(
    ("column", "damage", "reason"),
    [
        ("amount_base_units", "5E+17", "spreadsheet"),
        ("amount_base_units", "500000000000000001", "differ"),
        ("amount", "0.51", "differ"),
        ("amount_decimals", "x", "decimals"),
        ("amount_decimals", "99", "decimals"),
        ("fee_base_units", "", "spreadsheet"),
        ("amount_symbol", "", "symbol"),
        ("direction", "up", "not one of"),
        ("occurred_at", "07/10/2017", "occurred_at: "),
        ("from_address", OURS[:-1], "from_address: "),
        ("from_address", "the bank", None),
        ("to_address", "0x75E7f640bf6968b6f32C47A3CD82C3c2c9dcAe68", "checksum"),
        ("block_number", "4.2E6", "block number"),
    ],
)
def test_what_a_spreadsheet_or_a_person_changed(column: str, damage: str, reason: str | None, tmp_path: Path) -> None:
    text = written(CsvExport(), [transaction()], ALL)
    heading, record = list(csv.reader(io.StringIO(text, newline="")))
    record[heading.index(column)] = damage
    path = tmp_path / "changed.csv"
    with path.open("w", newline="") as sink:
        csv.writer(sink).writerows([heading, record])
    reading = read(path, AetherCsv(), context())
    if reason is None:
        assert reading.movement.from_address == damage
    else:
        assert reason in reading.reason


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    rows = [transaction(label="'=x", fee=None), transaction(amount=Amount(7, USDC), direction="in", note="a\nb")]
    found: dict[str, list[Movement]] = {form: back(tmp_path, form, rows).movements for form in FORMATS}
    assert found["csv"] == found["json"]
    with open_table(tmp_path / "export.json") as table:
        assert table.table.format == "json"
