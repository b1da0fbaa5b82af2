"""Coins and tokens, and the correction of decimals; on both engines."""

from __future__ import annotations

import dataclasses
import threading
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.amounts import MAX_UNITS, Amount, Currency
from aether_desktop.domain.transactions import Leg
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import OTHER, SHELL, USDC, add_wallet, bring, incoming, movement, rows_of, tx_hash
from tests.storage.samples import ETH
from tests.support.storages import VaultPlace


def token_of(storage: Storage) -> Currency:
    (found,) = [currency for currency in storage.currencies.all() if currency.contract]
    return found


class TestEnsure:
    def test_new_ones_get_ids_and_known_ones_keep_theirs(self, storage: Storage) -> None:
        first = storage.currencies.ensure([ETH, USDC, ETH])
        assert [dataclasses.replace(found, id=0) for found in first] == [ETH, USDC, ETH]
        assert first[0].id == first[2].id != first[1].id
        assert storage.currencies.ensure([USDC, ETH]) == [first[1], first[0]]
        assert sorted(storage.currencies.all(), key=lambda found: found.symbol) == [first[0], first[1]]
        assert storage.currencies.ensure([]) == []

    def test_a_known_one_keeps_its_stored_decimals(self, storage: Storage) -> None:
        (stored,) = storage.currencies.ensure([USDC])
        other = Currency("USDC.e", 18, chain=USDC.chain, contract=USDC.contract, decimals_assumed=True)
        assert storage.currencies.ensure([other]) == [stored]

    def test_identity_is_chain_and_contract_or_symbol(self, storage: Storage) -> None:
        wanted = [
            USDC,
            dataclasses.replace(USDC, chain="sepolia"),
            dataclasses.replace(USDC, contract=OTHER),
            dataclasses.replace(USDC, contract=""),
            dataclasses.replace(USDC, contract="", chain=""),
        ]
        assert len({found.id for found in storage.currencies.ensure(wanted)}) == 5

    def test_many_at_once(self, storage: Storage) -> None:
        wanted = [Currency(f"T{number}", 18, chain="ethereum", contract=f"0x{number:040x}") for number in range(4_500)]
        found = storage.currencies.ensure(wanted)
        assert [currency.symbol for currency in found] == [currency.symbol for currency in wanted]
        assert storage.currencies.ensure(reversed(wanted)) == found[::-1]

    @pytest.mark.parametrize("symbol", ["a\x00b", "\ud800", "x" * 201])
    def test_what_cannot_be_stored_is_refused(self, storage: Storage, symbol: str) -> None:
        with pytest.raises(InvalidInputError):
            storage.currencies.ensure([Currency(symbol, 18)])
        assert storage.currencies.all() == []

    def test_two_clients_make_the_same_one_once(self, place: VaultPlace) -> None:
        clients = [SqlStorage(place.open_raw()) for _ in range(2)]
        together = threading.Barrier(2)
        found: list[list[Currency]] = []

        def run(client: SqlStorage) -> None:
            together.wait()
            found.append(client.currencies.ensure([ETH, USDC, SHELL]))

        threads = [threading.Thread(target=run, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found[0] == found[1]
        assert len(clients[0].currencies.all()) == 3


class TestRescale:
    def test_every_figure_stays(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(
            storage,
            wallet.id,
            [
                incoming(1, leg=Leg.TOKEN, currency=SHELL, units=15 * 10**17),
                movement(2, fee_currency=SHELL, fee_units=25 * 10**16),
                movement(3, currency=SHELL, units=10**18, fee_currency=SHELL, fee_units=10**12),
                movement(4),
            ],
        )
        paid = samples.payment(storage, amount=Amount(2 * 10**18, SHELL))
        storage.payments.create(paid)
        before = [(str(row.amount), str(row.fee)) for row in rows_of(storage, wallet.id)]
        balances = {str(Fraction(b.base_units, 10**b.currency.decimals)) for b in storage.transactions.balances()}
        changes = storage.currencies.rescale(token_of(storage).id, 6)
        assert changes.ids is None
        token = token_of(storage)
        assert (token.decimals, token.decimals_assumed) == (6, False)
        rows = rows_of(storage, wallet.id)
        assert [(str(row.amount), str(row.fee)) for row in rows] == before
        assert rows[0].amount.base_units == 1_500_000
        assert storage.payments.get(paid.id).amount == Amount(2_000_000, token)
        after = {str(Fraction(b.base_units, 10**b.currency.decimals)) for b in storage.transactions.balances()}
        assert after == balances
        assert [row.version > 1 for row in rows] == [True, True, True, False]

    def test_one_lost_digit_refuses_all_and_names_the_first_row(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        file = [incoming(number, currency=SHELL, units=10**18 + (number in {3, 4})) for number in (4, 3, 2, 1)]
        bring(storage, wallet.id, file)
        before = rows_of(storage, wallet.id)
        with pytest.raises(InvalidInputError) as refused:
            storage.currencies.rescale(token_of(storage).id, 6)
        assert refused.value.field == "decimals"
        assert tx_hash(3) in refused.value.message
        assert "2024-05-01 12:03" in refused.value.message
        assert rows_of(storage, wallet.id) == before
        assert token_of(storage).decimals_assumed

    def test_a_figure_too_large_refuses_all(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(1, currency=SHELL, units=MAX_UNITS)])
        with pytest.raises(InvalidInputError, match="larger than"):
            storage.currencies.rescale(token_of(storage).id, 19)

    def test_the_same_decimals_confirm_what_was_assumed(self, storage: Storage) -> None:
        wallet = add_wallet(storage)
        bring(storage, wallet.id, [incoming(1, currency=SHELL)])
        storage.currencies.rescale(token_of(storage).id, 18)
        assert not token_of(storage).decimals_assumed
        assert rows_of(storage, wallet.id)[0].version == 1

    def test_unknown_currency_and_impossible_decimals(self, storage: Storage) -> None:
        with pytest.raises(NotFoundError):
            storage.currencies.rescale(5, 6)
        with pytest.raises(InvalidInputError):
            storage.currencies.rescale(5, 78)

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        units=st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
        old=st.integers(0, 40),
        new=st.integers(0, 40),
    )
    def test_any_rescale_keeps_all_figures_or_changes_nothing(
        self, storage: Storage, units: list[int], old: int, new: int
    ) -> None:
        unique = storage.new_id()
        wallet = add_wallet(storage, name=str(unique), address=samples.evm_address(unique))
        token = Currency("TOK", old, chain="ethereum", contract=samples.evm_address(unique))
        bring(storage, wallet.id, [incoming(n, currency=token, units=each) for n, each in enumerate(units, 1)])
        (stored,) = storage.currencies.ensure([token])
        fits = new >= old or all(each % 10 ** (old - new) == 0 for each in units)
        try:
            storage.currencies.rescale(stored.id, new)
        except InvalidInputError:
            assert not fits
        else:
            assert fits
            stored = dataclasses.replace(stored, decimals=new)
        figures = [Fraction(row.amount.base_units, 10**stored.decimals) for row in rows_of(storage, wallet.id)]
        assert figures == [Fraction(each, 10**old) for each in units]
