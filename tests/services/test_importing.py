"""Files into a real vault: recognised, previewed, stored once, undone; nothing half done."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Leg
from aether_desktop.ports.errors import (
    ImportRefusedError,
    InvalidInputError,
    NotFoundError,
    OperationCancelled,
    StorageUnavailableError,
)
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.importing import ImportOptions, RowState
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.storage.sql_storage import open_database
from aether_desktop.sum_api import FieldMapping
from tests.services import files
from tests.services.conftest import ADDRESS, services_over
from tests.support.postgres import PostgresCluster
from tests.support.storages import as_founder, provision

EVERYTHING = TableQuery(TableName.TRANSACTIONS)


@pytest.fixture
def wallet_id(services: ServiceSet) -> int:
    return services.wallets.add(name="Main", chain="ethereum", address=ADDRESS).id


def count(services: ServiceSet) -> int:
    return services.storage.windows.count(EVERYTHING)


def test_a_file_is_stored_once_with_its_provenance(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "export.csv", files.NORMAL, files.incoming(1, "2"), files.outgoing(2, "0.5"))
    report = services.importing.run(path, wallet_id)
    assert (report.format, report.rows, report.new, report.duplicates) == ("etherscan.normal", 2, 2, 0)
    assert report.rejections == ()
    assert report.batch is not None
    assert report.batch.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.batch.file_name == "export.csv"
    assert services.importing.batches()[0] == report.batch
    again = services.importing.run(path, wallet_id)
    assert (again.new, again.duplicates, count(services)) == (0, 2, 2)


def test_overlapping_files_merge_and_legs_of_one_hash_survive(
    services: ServiceSet, wallet_id: int, tmp_path: Path
) -> None:
    rows = [files.incoming(number, "1") for number in range(1, 7)]
    first = files.write(tmp_path / "a.csv", files.NORMAL, *rows[:4])
    second = files.write(tmp_path / "b.csv", files.NORMAL, *rows[2:])
    tokens = files.write(tmp_path / "c.csv", files.ERC20, files.token_in(1, "5"), files.token_in(1, "6"))
    new = [services.importing.run(path, wallet_id).new for path in (first, second, tokens)]
    assert new == [4, 2, 2]
    legs = [each.leg for each in services.storage.transactions.by_hash(files.tx_hash(1))]
    assert sorted(legs) == [Leg.NORMAL, Leg.TOKEN, Leg.TOKEN]


def test_equal_rows_of_one_file_are_kept_apart(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", files.ERC20, *[files.token_in(1, "5")] * 3)
    assert services.importing.run(path, wallet_id).new == 3
    assert services.importing.run(path, wallet_id).duplicates == 3


def test_good_rows_are_stored_and_bad_ones_reported(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    bad = files.incoming(2, "much")
    path = files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "1"), bad, files.incoming(3, "1"))
    report = services.importing.run(path, wallet_id)
    assert (report.rows, report.new) == (3, 2)
    assert [(each.row, "decimal number" in each.reason) for each in report.rejections] == [(3, True)]
    assert report.batch is not None
    assert services.storage.imports.rejections(report.batch.id) == list(report.rejections)


def test_a_file_without_a_good_row_stores_nothing(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "much"))
    report = services.importing.run(path, wallet_id)
    assert (report.batch, report.new, len(report.rejections)) == (None, 0, 1)
    assert services.importing.batches() == []


def test_an_export_without_rows_counts_as_seen(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    report = services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL), wallet_id)
    assert report.batch is not None
    assert (report.rows, report.new, count(services)) == (0, 0, 0)


def test_a_dry_run_says_the_same_and_stores_nothing(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "1")), wallet_id)
    rows = (files.incoming(1, "1"), files.incoming(2, "1"), files.incoming(3, "?"))
    path = files.write(tmp_path / "b.csv", files.NORMAL, *rows)
    dry = services.importing.run(path, wallet_id, dry_run=True)
    assert (dry.batch, dry.new, dry.duplicates, len(dry.rejections)) == (None, 1, 1, 1)
    assert count(services) == 1
    assert len(services.importing.batches()) == 1
    wet = services.importing.run(path, wallet_id)
    assert (wet.new, wet.duplicates, wet.rejections) == (dry.new, dry.duplicates, dry.rejections)


def test_the_preview_shows_rows_as_they_will_be_stored(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "1")), wallet_id)
    rows = (files.incoming(1, "1"), files.incoming(2, "?"), files.incoming(3, "1.5"))
    preview = services.importing.preview(files.write(tmp_path / "b.csv", files.NORMAL, *rows), wallet_id)
    assert [(each.row, each.state) for each in preview.first] == [
        (2, RowState.DUPLICATE),
        (3, RowState.WRONG),
        (4, RowState.NEW),
    ]
    assert preview.first[2].movement is not None
    assert preview.first[2].movement.units == 15 * 10**17
    assert preview.first[1].reason
    assert (preview.report.new, preview.report.duplicates) == (1, 1)
    assert count(services) == 1


def test_the_preview_is_short_for_long_files(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    rows = [files.incoming(number, "1" if number % 10 else "?") for number in range(1, 501)]
    preview = services.importing.preview(files.write(tmp_path / "b.csv", files.NORMAL, *rows), wallet_id, limit=20)
    assert len(preview.first) == 20
    assert [each.row for each in preview.first] == sorted(each.row for each in preview.first)
    assert (preview.report.new, len(preview.report.rejections)) == (450, 50)


def test_cancelling_stores_nothing(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 20_001)))
    token = CancelToken()

    def stop_midway(done: int, total: int | None, message: str = "") -> None:
        if total and done > total // 2:
            token.cancel()

    with pytest.raises(OperationCancelled):
        services.importing.run(path, wallet_id, token=token, progress=stop_midway)
    assert count(services) == 0
    assert services.importing.batches() == []
    assert services.importing.run(path, wallet_id).new == 20_000


def test_a_file_that_changes_while_it_is_read_is_refused(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 5_001)))
    changed: list[bool] = []

    def change_once(done: int, total: int | None, message: str = "") -> None:
        if done and not changed:
            changed.append(True)
            with path.open("a") as file:
                file.write(files.incoming(9_999, "1") + "\n")

    with pytest.raises(ImportRefusedError, match="chang"):
        services.importing.run(path, wallet_id, progress=change_once)
    assert count(services) == 0


def test_undo_takes_back_what_only_this_batch_brought(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    rows = [files.incoming(number, "1") for number in range(1, 5)]
    first = services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, *rows[:3]), wallet_id).batch
    second = services.importing.run(files.write(tmp_path / "b.csv", files.NORMAL, *rows[2:]), wallet_id).batch
    assert first is not None
    assert second is not None
    noted = services.storage.transactions.by_hash(files.tx_hash(1))[0]
    services.annotations.annotate(TableName.TRANSACTIONS, [noted.id], label="rent", note="mine")
    touch = services.importing.touched_by_undo(first.id)
    assert (touch.rows, touch.kept, [each.label for each in touch.annotations]) == (2, 1, ["rent"])
    services.importing.undo(first.id)
    assert count(services) == 2
    assert services.storage.imports.get(first.id).status is BatchStatus.UNDONE
    with pytest.raises(InvalidInputError, match="already undone"):
        services.importing.undo(first.id)
    assert services.importing.run(tmp_path / "a.csv", wallet_id).new == 2
    back = services.storage.transactions.by_hash(files.tx_hash(1))[0]
    assert services.annotations.of(TableName.TRANSACTIONS, back.id).label == "rent"


def test_unknown_headings_are_refused_with_advice(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", "When,How much", "2020-01-01,5")
    kind = services.importing.recognise(path)
    assert (kind.format, kind.heading) == ("", ("When", "How much"))
    assert "generic CSV" in kind.advice
    assert kind.sample == ((2, ("2020-01-01", "5")),)
    with pytest.raises(ImportRefusedError, match="No known kind"):
        services.importing.run(path, wallet_id)


def test_a_mapping_reads_any_table(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", "When,How much,What", "2020-01-01,5,ETH", "2020-01-02,-2,ETH")
    mapping = FieldMapping({"occurred_at": "When", "amount": "How much", "symbol": "What"})
    report = services.importing.run(path, wallet_id, options=ImportOptions(mapping=mapping))
    assert (report.format, report.new) == ("generic.csv", 2)
    assert [each.base_units for each in services.balances.balances([wallet_id])] == [3 * 10**18]


def test_recognised_files_say_what_they_are(services: ServiceSet, tmp_path: Path) -> None:
    kind = services.importing.recognise(files.write(tmp_path / "a.csv", files.ERC20, files.token_in(1, "5")))
    assert (kind.format, kind.accounts) == ("etherscan.erc20", ())
    assert kind.title == "Etherscan ERC-20 transfers"


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 100, b"%PDF-1.7 ..."])
def test_what_is_no_table_is_refused(services: ServiceSet, wallet_id: int, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError):
        services.importing.run(path, wallet_id)
    with pytest.raises(ImportRefusedError):
        services.importing.recognise(path)


def test_a_missing_wallet_or_file_is_said(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "1"))
    with pytest.raises(NotFoundError):
        services.importing.run(path, wallet_id + 1)
    with pytest.raises(ImportRefusedError):
        services.importing.run(tmp_path / "none.csv", wallet_id)
    with pytest.raises(InvalidInputError, match="switched off"):
        services.modules.set_enabled("etherscan.normal", False)
        services.importing.run(path, wallet_id, options=ImportOptions(format="etherscan.normal"))


def test_assumed_decimals_are_said_and_corrected_once(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    report = services.importing.run(files.write(tmp_path / "a.csv", files.ERC20, files.token_in(1, "5.25")), wallet_id)
    assert [each.symbol for each in report.assumed] == ["XNN"]
    (balance,) = services.balances.balances([wallet_id])
    assert balance.currency.decimals_assumed
    services.importing.rescale(balance.currency.id, 6)
    (corrected,) = services.balances.balances([wallet_id])
    assert (corrected.base_units, corrected.currency.decimals_assumed) == (5_250_000, False)
    again = services.importing.run(files.write(tmp_path / "b.csv", files.ERC20, files.token_in(1, "5.25")), wallet_id)
    assert (again.new, again.duplicates, again.assumed) == (0, 1, ())
    with pytest.raises(InvalidInputError):
        services.importing.rescale(balance.currency.id, 1)


def test_a_server_that_dies_in_the_middle_has_stored_nothing(
    disposable_postgres: PostgresCluster, tmp_path: Path
) -> None:
    administration = disposable_postgres.url(disposable_postgres.create_database())
    provision(administration)
    url = as_founder(administration)
    path = files.write(tmp_path / "a.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 20_001)))

    def kill_midway(done: int, total: int | None, message: str = "") -> None:
        if total and done > total // 2 and disposable_postgres.running:
            disposable_postgres.stop()

    with closing(services_over(open_database(url), tmp_path)) as services:
        wallet = services.wallets.add(name="Main", chain="ethereum", address=ADDRESS)
        with pytest.raises(StorageUnavailableError):
            services.importing.run(path, wallet.id, progress=kill_midway)
        disposable_postgres.start()
        assert count(services) == 0
        assert services.importing.batches() == []
        assert services.importing.run(path, wallet.id).new == 20_000
