"""Finding any row from the palette; backups beside the open vault; the sample."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aether_desktop import composition
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotAVaultError, OperationCancelled
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.attention import AttentionKind
from aether_desktop.services.backups import BackupService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import create_vault, open_vault
from tests.services import files
from tests.services.conftest import ADDRESS
from tests.support.storages import KEY


@pytest.fixture(scope="module")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    settings = SettingsFile(folder / "settings.json")
    composition.build_sample(folder / "sample.aether", settings=settings)
    return folder / "sample.aether"


@pytest.fixture
def sample(sample_file: Path, tmp_path: Path) -> Iterator[ServiceSet]:
    path = tmp_path / "sample.aether"
    shutil.copyfile(sample_file, path)
    with closing(composition.open_sample(data_dir=tmp_path, path=path)) as services:
        yield services


def test_the_sample_fills_every_table_and_shows_what_needs_attention(sample: ServiceSet) -> None:
    counts = {table: sample.storage.windows.count(TableQuery(table)) for table in TableName}
    assert counts[TableName.TRANSACTIONS] > 3_000
    assert all(count >= 4 for count in counts.values()), counts
    overview = sample.balances.overview()
    assert {each.currency.symbol for each in overview.totals} == {"ATC", "FTC", "AIC", "ETH", "BTC"}
    assert overview.fiat_total is not None
    kinds = {each.kind for each in overview.attention}
    assert kinds == {AttentionKind.DIP, AttentionKind.ASSUMED_DECIMALS}
    (dip,) = [each for each in overview.attention if each.kind is AttentionKind.DIP]
    assert "internal transactions export" in dip.hint
    assert sample.storage.check() == []
    assert not sample.info.encrypted
    assert "not encrypted" in sample.info.vault_name


def test_the_sample_is_built_whole_or_not_at_all(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        composition.build_sample(
            tmp_path / "s.aether", settings=settings, token=token, progress=lambda *_: token.cancel()
        )
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "s.aether").write_text("mine")
    with pytest.raises(AlreadyExistsError):
        composition.build_sample(tmp_path / "s.aether", settings=settings)
    assert (tmp_path / "s.aether").read_text() == "mine"


def test_only_the_sample_may_be_unencrypted(tmp_path: Path) -> None:
    path = tmp_path / "books.aether"
    create_vault(path, None, name="Books", username="miriam", sample=True).close()
    settings = SettingsFile(tmp_path / "settings.json")
    with pytest.raises(NotAVaultError, match="not encrypted"):
        composition.open_services(composition.Target(vault=path), settings=settings)


@pytest.mark.parametrize(
    ("text", "table", "title"),
    [
        ("treasury", TableName.WALLETS, "Treasury"),
        ("Library fund", TableName.CONTRACTS, ""),
        ("landlord", TableName.TRANSACTIONS, "Landlord"),
        ("House card", TableName.PAYMENT_METHODS, "House card"),
        ("pay_00007", TableName.PAYMENTS, ""),
        ("alma@example.org", TableName.USERS, "Alma"),
        ("wallets-", TableName.CONTENT, "wallets-"),
        ("bezalel", TableName.TEMPLE_NODES, ""),
        ("resembles", TableName.MONITORING, "A dust transfer"),
    ],
)
def test_every_kind_of_row_is_found(sample: ServiceSet, text: str, table: TableName, title: str) -> None:
    hits = sample.search.find(text)
    if text == "Library fund":  # a label of transactions, and nothing else
        table = TableName.TRANSACTIONS
    assert table in {hit.table for hit in hits}
    best = next(hit for hit in hits if hit.table is table)
    assert best.title.startswith(title)
    assert best.line
    assert best.title not in best.line.split(" · ")


def test_hashes_and_addresses_lead_to_their_rows(sample: ServiceSet) -> None:
    row = sample.storage.transactions.recent_of_user(sample.info.user_id, 1)[0]
    assert sample.search.find(row.tx_hash)[0].row_id in {
        each.id for each in sample.storage.transactions.by_hash(row.tx_hash)
    }
    wallet = sample.storage.wallets.all()[1]
    assert sample.search.find(wallet.address, limit=5)[0].table is TableName.WALLETS
    assert len(sample.search.find("a", limit=5)) == 5
    assert sample.search.find("   ") == []
    assert sample.search.find("nothing has these words at all") == []


def test_a_backup_is_a_vault_with_the_same_rows(services: ServiceSet, tmp_path: Path) -> None:
    wallet = services.wallets.add(name="Main", chain="ethereum", address=ADDRESS)
    services.importing.run(files.write(tmp_path / "n.csv", files.NORMAL, files.incoming(1, "2")), wallet.id)
    folder = tmp_path / "backups"
    folder.mkdir()
    path = services.backups.back_up(folder)
    assert path.parent == folder
    services.records.edit(TableName.WALLETS, wallet, {"name": "Later"})
    with closing(open_vault(path, KEY)) as copy:
        assert [each.name for each in copy.wallets.all()] == ["Main"]
        assert len(copy.transactions.of_wallet(wallet.id)) == 1
    with pytest.raises(InvalidInputError, match="exists already"):
        services.backups.back_up(path)
    with pytest.raises(InvalidInputError, match="does not exist"):
        services.backups.back_up(tmp_path / "none" / "b.aether")


def test_backups_are_named_after_vault_and_time(services: ServiceSet) -> None:
    backups = BackupService(services.storage, now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert backups.suggested_name() == "books-20260102T030405Z.aether"
