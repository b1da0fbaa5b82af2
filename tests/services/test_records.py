"""Create, edit, archive and restore through one service, with undo and redo, over a real vault."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet, WalletKind
from aether_desktop.ports.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from aether_desktop.services.records import RECORD_TYPES, field_names
from aether_desktop.services.service_set import ServiceSet
from tests.services.conftest import ADDRESS, open_services_over

NOW = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)
WALLET: dict[str, object] = {"name": "Treasury", "chain": "ethereum", "address": ADDRESS.lower()}


def _samples(services: ServiceSet) -> dict[TableName, dict[str, object]]:
    wallet = services.wallets.add(name="Payer", chain="ethereum", address="0x" + "11" * 20)
    (euro, ether) = services.storage.currencies.ensure([fiat_currency("EUR"), CHAINS["ethereum"].coin])
    return {
        TableName.WALLETS: WALLET,
        TableName.TRANSACTIONS: {
            "wallet_id": wallet.id,
            "occurred_at": NOW,
            "kind": "send",
            "direction": "out",
            "amount": Amount.parse("0.5", ether),
        },
        TableName.CONTRACTS: {"name": "Registry", "chain": "atc", "address": "0x" + "22" * 20, "status": "active"},
        TableName.TEMPLE_NODES: {"node_id": "outer-1", "tier": "outer_court", "storage_threshold": 4},
        TableName.PAYMENTS: {"paid_at": NOW, "amount": Amount.parse("12.30", euro), "wallet_id": wallet.id},
        TableName.PAYMENT_METHODS: {"name": "House card", "kind": "card", "last_four": "4242"},
        TableName.CONTENT: {"cid": "Qm" + "a" * 44, "kind": "wallet_backup"},
        TableName.MONITORING: {
            "seen_at": NOW,
            "action": "threat_detected",
            "severity": "warning",
            "description": "odd",
        },
        TableName.USERS: {"username": "jonas", "email": "jonas@example.org", "role": "levite"},
    }


def test_every_table_creates_archives_and_undoes(services: ServiceSet) -> None:
    records = services.records
    for table, values in _samples(services).items():
        record = records.create(table, values)
        assert type(record) is RECORD_TYPES[table]
        assert records.get(table, record.id).archived_at is None
        assert records.archive(table, [record.id]) == 1
        assert records.archive(table, [record.id]) == 0
        assert records.get(table, record.id).archived_at is not None
        assert services.undo.undo().startswith("archive")
        assert records.get(table, record.id).archived_at is None
        assert services.undo.undo().startswith("add")
        assert records.get(table, record.id).archived_at is not None
        assert services.undo.redo().startswith("add")
        assert records.get(table, record.id).archived_at is None


def test_edit_and_its_undo_touch_only_the_changed_fields(services: ServiceSet) -> None:
    wallet = services.records.create(TableName.WALLETS, WALLET)
    edited = services.records.edit(TableName.WALLETS, wallet, {"name": "Reserve", "kind": "token"})
    assert isinstance(edited, Wallet)
    assert (edited.name, edited.kind, edited.version) == ("Reserve", WalletKind.TOKEN, wallet.version + 1)
    services.undo.undo()
    back = services.storage.wallets.get(wallet.id)
    assert (back.name, back.kind) == ("Treasury", WalletKind.NATIVE)
    services.undo.redo()
    assert services.storage.wallets.get(wallet.id).name == "Reserve"


def test_several_edits_of_one_row_are_undone_one_by_one(services: ServiceSet) -> None:
    record = services.records.create(TableName.WALLETS, WALLET)
    for name in ("A", "B", "C"):
        record = services.records.edit(TableName.WALLETS, record, {"name": name})
    names = []
    while services.undo.undo_text.startswith("edit"):
        services.undo.undo()
        names.append(services.storage.wallets.get(record.id).name)
    assert names == ["B", "A", "Treasury"]


def test_a_stale_edit_is_refused_with_both_versions(services: ServiceSet, vault_file: Path, tmp_path: Path) -> None:
    base = services.records.create(TableName.WALLETS, WALLET)
    with closing(open_services_over(vault_file, tmp_path)) as other:
        other.records.edit(TableName.WALLETS, other.records.get(TableName.WALLETS, base.id), {"name": "Theirs"})
    with pytest.raises(ConflictError) as caught:
        services.records.edit(TableName.WALLETS, base, {"name": "Mine"})
    assert isinstance(caught.value.mine, Wallet)
    assert isinstance(caught.value.theirs, Wallet)
    assert (caught.value.mine.name, caught.value.theirs.name) == ("Mine", "Theirs")


def test_undo_never_overwrites_what_somebody_else_changed(
    services: ServiceSet, vault_file: Path, tmp_path: Path
) -> None:
    record = services.records.create(TableName.WALLETS, WALLET)
    services.records.edit(TableName.WALLETS, record, {"name": "Mine"})
    with closing(open_services_over(vault_file, tmp_path)) as other:
        current = other.records.get(TableName.WALLETS, record.id)
        other.records.edit(TableName.WALLETS, current, {"kind": "nft"})
        services.undo.undo()  # another field: kept, and ours goes back
        stored = services.storage.wallets.get(record.id)
        assert (stored.name, stored.kind) == ("Treasury", WalletKind.NFT)
        services.undo.redo()
        other.records.edit(TableName.WALLETS, other.records.get(TableName.WALLETS, record.id), {"name": "Theirs"})
    with pytest.raises(ConflictError):
        services.undo.undo()
    assert services.storage.wallets.get(record.id).name == "Theirs"
    assert services.undo.undo_text == "edit wallet"


@pytest.mark.parametrize(
    ("table", "values", "field", "said"),
    [
        (TableName.WALLETS, {**WALLET, "name": " "}, "name", "empty"),
        (TableName.WALLETS, {**WALLET, "chain": "dogecoin"}, "chain", "ethereum"),
        (TableName.WALLETS, {**WALLET, "address": ADDRESS.swapcase().replace("0X", "0x")}, "address", ""),
        (TableName.WALLETS, {**WALLET, "kind": "odd"}, "kind", "native, token, nft"),
        (TableName.WALLETS, {**WALLET, "colour": "red"}, "colour", "no field"),
        (TableName.WALLETS, {"name": "x", "address": ADDRESS}, "chain", "Fill this in"),
        (TableName.WALLETS, {**WALLET, "name": None}, "name", "Fill this in"),
        (TableName.PAYMENTS, {"paid_at": NOW, "amount": None}, "amount", "Fill this in"),
        (TableName.TEMPLE_NODES, {"node_id": "x", "tier": "most_holy_place", "storage_threshold": 4}, "tier", "tier"),
        (
            TableName.PAYMENT_METHODS,
            {"name": "x", "kind": "card", "last_four": "4242424242424242"},
            "last_four",
            "four",
        ),
        (TableName.USERS, {"username": "a b"}, "username", "spaces"),
    ],
)
def test_refusals_name_the_field(
    services: ServiceSet, table: TableName, values: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        services.records.create(table, values)
    assert caught.value.field == field
    assert said in caught.value.message
    assert list(services.records.check(table, values)) == [field]
    assert services.undo.undo_text == ""


def test_a_name_is_taken_once(services: ServiceSet) -> None:
    services.records.create(TableName.WALLETS, WALLET)
    with pytest.raises(AlreadyExistsError) as caught:
        services.records.create(TableName.WALLETS, {**WALLET, "name": "TREASURY", "address": "0x" + "33" * 20})
    assert caught.value.field == "name"


def test_check_says_nothing_about_good_values(services: ServiceSet) -> None:
    assert services.records.check(TableName.WALLETS, WALLET) == {}
    assert "name" in field_names(TableName.WALLETS)
    assert "version" not in field_names(TableName.WALLETS)


def test_wallets_are_found_by_name_id_and_address(services: ServiceSet) -> None:
    wallet = services.wallets.add(name="Treasury", chain="1", address=ADDRESS.lower())
    assert wallet.chain == "ethereum"
    for text in ("treasury", str(wallet.id), ADDRESS, ADDRESS.lower()):
        assert services.wallets.find(text).id == wallet.id
    services.wallets.add(name="Same address", chain="atc", address=ADDRESS)
    with pytest.raises(InvalidInputError, match="Several"):
        services.wallets.find(ADDRESS)
    with pytest.raises(NotFoundError, match="Known wallets: Same address, Treasury"):
        services.wallets.find("nobody")
    with pytest.raises(InvalidInputError, match="not known"):
        services.wallets.add(name="x", chain="dogecoin", address=ADDRESS)
