"""Exports: exactly what is seen, whole or not at all, and without loss when they come back."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import from_micros
from aether_desktop.domain.transactions import Direction, TransactionKind, TransactionStatus
from aether_desktop.ports.errors import (
    DiskFullError,
    ImportRefusedError,
    InvalidInputError,
    OperationCancelled,
    ReadOnlyError,
    StorageError,
)
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.service_set import ServiceSet
from tests.services import files
from tests.services.conftest import ADDRESS, open_services_over

TRANSACTIONS = TableName.TRANSACTIONS
EVERYTHING = TableQuery(TRANSACTIONS)
FORMATS = ("csv", "json")


@pytest.fixture
def ledger(services: ServiceSet, tmp_path: Path) -> ServiceSet:
    wallet = services.wallets.add(name="Main", chain="ethereum", address=ADDRESS)
    rows = (files.incoming(1, "2"), files.outgoing(2, "0.5"), files.outgoing(3, "1", failed=True))
    services.importing.run(files.write(tmp_path / "n.csv", files.NORMAL, *rows), wallet.id)
    services.importing.run(files.write(tmp_path / "t.csv", files.ERC20, *[files.token_in(4, "5.25")] * 2), wallet.id)
    (row,) = services.storage.transactions.by_hash(files.tx_hash(1))
    services.annotations.annotate(TRANSACTIONS, [row.id], label="=1+1", note="two\nlines", tags=["house"])
    return services


def test_what_is_seen_is_what_is_written(ledger: ServiceSet, tmp_path: Path) -> None:
    query = parse_table_query("direction:out sort:-amount", TRANSACTIONS)
    report = ledger.exporting.run(tmp_path / "out.csv", query, format_key="csv", columns=["amount", "status", "date"])
    assert report.rows == 2
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"), newline="")))
    assert [(row["amount"], row["amount_base_units"], row["status"]) for row in rows] == [
        ("1", str(10**18), "failed"),
        ("0.5", str(5 * 10**17), "confirmed"),
    ]
    assert rows[0]["occurred_at"].endswith("Z")
    read = list(ledger.exporting.read(query, columns=["amount", "status"], limit=1))
    assert [(str(amount), status) for amount, status in read] == [("1 ETH", "failed")]


def test_formulas_stay_text(ledger: ServiceSet, tmp_path: Path) -> None:
    ledger.exporting.run(tmp_path / "out.csv", EVERYTHING, format_key="csv")
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "'=1+1" in text
    assert ",=1+1" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_imported_again_loses_nothing(
    ledger: ServiceSet, vault_file: Path, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"out.{form}"
    ledger.exporting.run(path, EVERYTHING, format_key=form)
    balances = [(each.currency.asset, each.base_units) for each in ledger.balances.balances()]
    wallet = ledger.wallets.find("Main")
    assert ledger.importing.run(path, wallet.id).duplicates == 5
    for batch in ledger.importing.batches():
        ledger.importing.undo(batch.id)
    assert ledger.balances.balances() == []
    with closing(open_services_over(vault_file, tmp_path)) as other:
        report = other.importing.run(path, wallet.id)
        assert (report.new, report.rejections, report.assumed) == (5, (), ())
        assert [(each.currency.asset, each.base_units) for each in other.balances.balances()] == balances
        (row,) = other.storage.transactions.by_hash(files.tx_hash(1))
        words = other.annotations.of(TRANSACTIONS, row.id)
        assert (words.label, words.note) == ("=1+1", "two\nlines")


@pytest.mark.parametrize("form", FORMATS)
def test_every_table_can_be_exported(ledger: ServiceSet, tmp_path: Path, form: str) -> None:
    for table in TableName:
        path = tmp_path / f"{table}.{form}"
        report = ledger.exporting.run(path, TableQuery(table), format_key=form)
        text = path.read_text(encoding="utf-8")
        count = len(json.loads(text)) if form == "json" else len(list(csv.reader(io.StringIO(text, newline="")))) - 1
        assert count == report.rows == ledger.storage.windows.count(TableQuery(table))


def test_unknown_formats_and_columns_are_refused(ledger: ServiceSet, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="Known: csv, json"):
        ledger.exporting.run(tmp_path / "out", EVERYTHING, format_key="xlsx")
    with pytest.raises(InvalidInputError, match="no column 'colour'"):
        ledger.exporting.run(tmp_path / "out", EVERYTHING, format_key="csv", columns=["colour"])
    assert not (tmp_path / "out").exists()


def test_a_cancelled_export_leaves_what_was_there(ledger: ServiceSet, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    target.chmod(0o640)
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        ledger.exporting.run(target, EVERYTHING, format_key="csv", token=token, progress=lambda *_: token.cancel())
    assert target.read_text() == "before"
    assert sorted(each.name for each in tmp_path.glob("*out*")) == ["out.csv"]
    ledger.exporting.run(target, EVERYTHING, format_key="csv")
    assert target.stat().st_mode & 0o777 == 0o640


def test_places_that_cannot_be_written_are_said(ledger: ServiceSet, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="does not exist"):
        ledger.exporting.run(tmp_path / "none" / "out.csv", EVERYTHING, format_key="csv")
    with pytest.raises(InvalidInputError, match="is a folder"):
        ledger.exporting.run(tmp_path, EVERYTHING, format_key="csv")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EROFS, ReadOnlyError),
        (errno.EIO, StorageError),
    ],
)
def test_what_the_disk_says_becomes_our_words(
    ledger: ServiceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[StorageError]
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")

    def refuse(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(kind, match=r"out\.csv"):
        ledger.exporting.run(target, EVERYTHING, format_key="csv")
    assert target.read_text() == "before"
    assert sorted(each.name for each in tmp_path.glob("*out*")) == ["out.csv"]


_UNITS = st.one_of(st.integers(0, MAX_UNITS), st.integers(0, 10**20), st.sampled_from([0, 1, MAX_UNITS]))
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
_ROWS = st.lists(
    st.tuples(_UNITS, _WORDS, st.integers(0, 4 * 10**15), st.sampled_from(Direction)), min_size=1, max_size=4
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS, form=st.sampled_from(FORMATS))
def test_any_amount_and_text_comes_back(
    services: ServiceSet, tmp_path: Path, rows: list[tuple[int, str, int, Direction]], form: str
) -> None:
    for wallet in services.storage.wallets.all():
        services.records.archive(TableName.WALLETS, [wallet.id])
    wallet = services.wallets.add(name="Any", chain="ethereum", address=ADDRESS)
    (token,) = services.storage.currencies.ensure(
        [Currency("ODD", 7, chain="ethereum", contract="0x" + "33" * 20, name="Odd")]
    )
    for units, text, micros, direction in rows:
        values = {
            "wallet_id": wallet.id,
            "occurred_at": from_micros(micros),
            "kind": TransactionKind.RECEIVE,
            "direction": direction,
            "status": TransactionStatus.CONFIRMED,
            "amount": Amount(units, token),
            "description": text,
        }
        services.records.create(TRANSACTIONS, values)
    path = tmp_path / f"any.{form}"
    mine = parse_table_query("wallet=Any sort:date", TRANSACTIONS)
    services.exporting.run(path, mine, format_key=form)
    before = _seen(services, mine)
    services.records.archive(TableName.WALLETS, [wallet.id])
    again = services.wallets.add(name="Again", chain="ethereum", address=ADDRESS)
    report = services.importing.run(path, again.id)
    assert (report.new, report.rejections) == (len(rows), ())
    assert _seen(services, parse_table_query("wallet=Again sort:date", TRANSACTIONS)) == before
    services.records.archive(TableName.TRANSACTIONS, [row.id for row in services.storage.windows.rows(EVERYTHING)])


def _seen(services: ServiceSet, query: TableQuery) -> list[tuple[object, ...]]:
    columns = ["occurred_at", "amount", "direction", "status", "description", "asset"]
    rows = services.exporting.read(query, columns=columns)
    return sorted((str(row[0]), str(row[1]), *row[2:]) for row in rows)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_seen_says_what_it_lacks_and_with_that_comes_back(
    ledger: ServiceSet, tmp_path: Path, form: str
) -> None:
    spec, seen = TABLES[TRANSACTIONS], ["occurred_at", "wallet", "amount", "label"]
    lacking = [column.key for column in ledger.modules.lacking_to_import(form, spec, seen)]
    wallet = ledger.storage.wallets.all()[0].id
    part = tmp_path / f"part.{form}"
    ledger.exporting.run(part, EVERYTHING, format_key=form, columns=seen)
    kind = ledger.importing.recognise(part)
    assert kind.format == ""
    assert f"Aether {form.upper()} export" in kind.advice
    for name in lacking:
        assert name in kind.advice
    with pytest.raises(ImportRefusedError, match="tx_hash"):
        ledger.importing.run(part, wallet)
    enough = tmp_path / f"enough.{form}"
    written = ledger.exporting.run(enough, EVERYTHING, format_key=form, columns=[*seen, *lacking])
    report = ledger.importing.run(enough, wallet)
    assert (report.duplicates, report.new, report.rejections) == (written.rows, 0, ())
