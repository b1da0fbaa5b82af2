"""The contract of the transaction store's records, on both engines."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, Leg, Transaction, TransactionKind, TransactionStatus
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES
from tests.storage import samples
from tests.storage.files import SHELL, USDC, add_wallet
from tests.storage.samples import ETH, LATER, NOW


def same(one: Transaction, other: Transaction) -> bool:
    """Equal but for the ids that currencies get when they are stored."""

    def bare(row: Transaction) -> Transaction:
        amounts: dict[str, Any] = {"amount": _bare(row.amount)}
        if row.fee is not None:
            amounts["fee"] = _bare(row.fee)
        return dataclasses.replace(row, **amounts)

    return bare(one) == bare(other)


def _bare(amount: Amount) -> Amount:
    return Amount(amount.base_units, dataclasses.replace(amount.currency, id=0))


@pytest.fixture
def wallet_id(storage: Storage) -> int:
    return add_wallet(storage).id


def full(storage: Storage, wallet_id: int) -> Transaction:
    """Every field set."""
    return samples.transaction(
        storage,
        wallet_id,
        kind=TransactionKind.CONTRACT_INTERACTION,
        leg=Leg.TRADE,
        direction=Direction.OUT,
        status=TransactionStatus.PENDING,
        amount=Amount(MAX_UNITS, USDC),
        fee=Amount(1, ETH),
        contract_address=samples.evm_address(8),
        block_number=2**63 - 1,
        method="swap",
        error="none\u202e",
        description="Öl & <b>",
        ai_verified=True,
        layer2_kind="rollup",
        layer2_data={"batch": 7, "proof": None},
    )


class TestRecords:
    def test_every_field_comes_back(self, storage: Storage, wallet_id: int) -> None:
        for record in (full(storage, wallet_id), samples.transaction(storage, wallet_id, tx_hash="")):
            changes = storage.transactions.create(record)
            only = frozenset({record.id})
            assert changes == ChangeSet(frozenset({TableName.TRANSACTIONS}), only, created=only)
            assert same(storage.transactions.get(record.id), record)

    def test_an_update_stores_all_fields_one_version_up(self, storage: Storage, wallet_id: int) -> None:
        record = samples.transaction(storage, wallet_id)
        storage.transactions.create(record)
        changed = dataclasses.replace(full(storage, wallet_id), id=record.id)
        storage.transactions.update(changed)
        assert same(storage.transactions.get(record.id), dataclasses.replace(changed, version=2))
        with pytest.raises(ConflictError) as refused:
            storage.transactions.update(changed)
        assert refused.value.mine == changed
        assert same(refused.value.theirs, dataclasses.replace(changed, version=2))  # type: ignore[arg-type]  # object

    def test_archived_rows_are_kept_and_come_back(self, storage: Storage, wallet_id: int) -> None:
        record = samples.transaction(storage, wallet_id)
        storage.transactions.create(record)
        storage.transactions.archive([record.id], LATER)
        assert storage.transactions.of_wallet(wallet_id) == []
        assert storage.transactions.get(record.id).archived_at == LATER
        storage.transactions.restore([record.id])
        assert [row.id for row in storage.transactions.of_wallet(wallet_id)] == [record.id]

    def test_an_unknown_wallet_is_refused(self, storage: Storage) -> None:
        with pytest.raises((NotFoundError, PermissionDeniedError), match=r"wallet|a row that it refers to"):
            storage.transactions.create(samples.transaction(storage, 5))
        with pytest.raises(NotFoundError):
            storage.transactions.get(5)

    def test_an_amount_keeps_its_figure_in_the_decimals_the_vault_knows(self, storage: Storage, wallet_id: int) -> None:
        storage.currencies.ensure([USDC])
        other = Currency("USDC", 18, chain=USDC.chain, contract=USDC.contract, decimals_assumed=True)
        record = samples.transaction(storage, wallet_id, amount=Amount(15 * 10**17, other))
        storage.transactions.create(record)
        assert str(storage.transactions.get(record.id).amount) == "1.5 USDC"
        finer = samples.transaction(storage, wallet_id, amount=Amount(1, other))
        with pytest.raises(InvalidInputError) as refused:
            storage.transactions.create(finer)
        assert refused.value.field == "amount"

    @pytest.mark.parametrize(
        ("direction", "to", "party"),
        [(Direction.IN, "t", "f"), (Direction.OUT, "t", "t"), (Direction.OUT, "", "c"), (Direction.SELF, "t", "t")],
    )
    def test_the_counterparty_is_the_other_side(
        self, storage: Storage, direction: Direction, to: str, party: str
    ) -> None:
        sides = {"from_address": "f", "to_address": to, "contract_address": "c"}
        record = samples.transaction(storage, add_wallet(storage).id, direction=direction, **sides)
        storage.transactions.create(record)
        (row,) = storage.windows.by_ids(TableName.TRANSACTIONS, [record.id])
        assert row.values[TABLES[TableName.TRANSACTIONS].index("counterparty")] == party


class TestLists:
    def test_rows_of_a_wallet_and_a_person_come_latest_first(self, storage: Storage, wallet_id: int) -> None:
        other = add_wallet(storage, name="Second", address=samples.evm_address(5)).id
        made = []
        for days, owner in ((2, wallet_id), (1, wallet_id), (3, other)):
            record = samples.transaction(storage, owner, occurred_at=NOW + timedelta(days=days))
            storage.transactions.create(record)
            made.append(record.id)
        user = storage.info.user_id
        assert [row.id for row in storage.transactions.of_wallet(wallet_id)] == [made[0], made[1]]
        assert [row.id for row in storage.transactions.of_wallet(wallet_id, 1)] == [made[0]]
        assert [row.id for row in storage.transactions.recent_of_user(user, 2)] == [made[2], made[0]]
        assert storage.transactions.recent_of_user(5, 2) == []

    def test_a_hash_may_carry_many_rows(self, storage: Storage, wallet_id: int) -> None:
        rows = [samples.transaction(storage, wallet_id, leg=leg, tx_hash="0xabc") for leg in (Leg.NORMAL, Leg.TOKEN)]
        for row in (*rows, samples.transaction(storage, wallet_id, tx_hash="")):
            storage.transactions.create(row)
        assert [row.id for row in storage.transactions.by_hash("0xabc")] == [row.id for row in rows]
        assert storage.transactions.by_hash("") == []

    def test_directions_are_counted(self, storage: Storage, wallet_id: int) -> None:
        for direction in (Direction.IN, Direction.IN, Direction.OUT):
            storage.transactions.create(samples.transaction(storage, wallet_id, direction=direction))
        archived = samples.transaction(storage, wallet_id, archived_at=NOW)
        storage.transactions.create(archived)
        found = storage.transactions.directions_of(wallet_id)
        assert found == {Direction.IN: 2, Direction.OUT: 1, Direction.SELF: 0}


class TestChanges:
    def test_a_description_is_set(self, storage: Storage, wallet_id: int) -> None:
        record = samples.transaction(storage, wallet_id)
        storage.transactions.create(record)
        storage.transactions.set_description(record.id, "for the roof", version=1)
        found = storage.transactions.get(record.id)
        assert (found.description, found.version) == ("for the roof", 2)
        with pytest.raises(ConflictError):
            storage.transactions.set_description(record.id, "late", version=1)
        with pytest.raises(InvalidInputError) as refused:
            storage.transactions.set_description(record.id, "x" * 10_001, version=2)
        assert refused.value.field == "description"

    def test_layer_2_data_is_set_and_listed(self, storage: Storage, wallet_id: int) -> None:
        plain, layered = (samples.transaction(storage, wallet_id) for _ in range(2))
        for record in (plain, layered):
            storage.transactions.create(record)
        storage.transactions.set_layer2(layered.id, "rollup", {"proof": [1, 2]}, version=1)
        (found,) = storage.transactions.layer2_of_user(storage.info.user_id)
        assert (found.id, found.layer2_kind, found.layer2_data) == (layered.id, "rollup", {"proof": [1, 2]})

    def test_a_form_opened_before_a_correction_of_decimals_is_refused(self, storage: Storage, wallet_id: int) -> None:
        record = samples.transaction(storage, wallet_id, amount=Amount(10**18, SHELL))
        storage.transactions.create(record)
        opened = storage.transactions.get(record.id)
        storage.currencies.rescale(opened.amount.currency.id, 6)
        with pytest.raises(ConflictError):
            storage.transactions.update(opened)
        assert str(storage.transactions.get(record.id).amount) == "1 SHL"
