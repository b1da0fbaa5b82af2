"""Real exports of two public accounts, against a walk of the files that knows nothing of the importers."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from aether_desktop.sum_api import SowingModule, TransactionStatus
from aether_desktop.sums.sowing.etherscan import EtherscanErc20, EtherscanInternal, EtherscanNormal
from tests.sums.reading import balances, context, read, shared_data

FIRST = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
SECOND = "0x003dc32fe920a4aaeed12dc87e145f030aa753f3"

pytestmark = pytest.mark.shared_data


def wei(text: str) -> int:
    return int(Decimal(text.replace(",", "")).scaleb(18))


def native_balance(path: Path, account: str) -> int:
    """In minus out minus fees, as the file says."""
    total = 0
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            failed = bool(row["ErrCode"]) or row["Status"].startswith("Error")
            if not failed:
                total += wei(row["Value_IN(ETH)"]) - wei(row["Value_OUT(ETH)"])
            if row["From"] == account:
                total -= wei(row["TxnFee(ETH)"])
    return total


@pytest.mark.parametrize(
    ("name", "account", "records"),
    [("0xf98_etherscan.csv", FIRST, 9), ("0x003dc_etherscan.csv", SECOND, 482)],
)
def test_normal_export_equals_the_file_to_the_wei(name: str, account: str, records: int) -> None:
    path = shared_data(f"etherscan/{name}")
    reading = read(path, EtherscanNormal(), context(account))
    assert reading.rejections == []
    assert len(reading.movements) == reading.records == records
    assert balances(reading.movements) == {"ETH": native_balance(path, account)}


def test_first_account_is_exactly_empty() -> None:
    total = 0
    modules: dict[str, SowingModule] = {"etherscan": EtherscanNormal(), "etherscan-internal": EtherscanInternal()}
    for suffix, module in modules.items():
        reading = read(shared_data(f"etherscan/0xf98_{suffix}.csv"), module, context(FIRST))
        assert reading.rejections == []
        total += balances(reading.movements).get("ETH", 0)
    assert total == 0


def test_second_account_lacks_its_internal_history() -> None:
    reading = read(shared_data("etherscan/0x003dc_etherscan.csv"), EtherscanNormal(), context(SECOND))
    assert balances(reading.movements)["ETH"] == -449551002391525872502


def test_failed_transactions_move_nothing_and_cost_their_fee() -> None:
    reading = read(shared_data("etherscan/0x003dc_etherscan.csv"), EtherscanNormal(), context(SECOND))
    failed = [movement for movement in reading.movements if movement.status is TransactionStatus.FAILED]
    assert len(failed) == 28
    assert all(movement.fee_units for movement in failed)
    assert balances(failed)["ETH"] == -sum(movement.fee_units or 0 for movement in failed)
    assert {movement.error for movement in failed} == {
        "Error(0): Reverted",
        "Error(0): Out of gas",
        "Error(1): Reverted",
        "Error(1): Out of gas",
    }


def test_token_transfers_are_counted_by_contract() -> None:
    path = shared_data("etherscan/0xf98_etherscan-erc20.csv")
    reading = read(path, EtherscanErc20(), context(FIRST))
    assert reading.rejections == []
    expected: dict[str, int] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            sign = 1 if row["To"] == FIRST else -1
            contract = row["ContractAddress"]
            expected[contract] = expected.get(contract, 0) + sign * wei(row["TokenValue"])
    found: dict[str, int] = {}
    for movement in reading.movements:
        assert movement.fee_units is None
        contract = movement.currency.contract.lower()
        assert movement.currency.decimals_assumed
        found[contract] = found.get(contract, 0) + sum(balances([movement]).values())
    assert found == expected


@pytest.mark.parametrize("name", ["0xf98_etherscan.csv", "0xf98_etherscan-internal.csv", "0xf98_etherscan-erc20.csv"])
def test_each_file_is_taken_by_one_importer_only(name: str) -> None:
    path = shared_data(f"etherscan/{name}")
    with path.open(newline="") as file:
        heading = next(csv.reader(file))
    takers = [module.key for module in (EtherscanNormal(), EtherscanInternal(), EtherscanErc20()) if
              module.recognises(heading)]  # fmt: skip
    assert len(takers) == 1


def test_a_stranger_s_wallet_takes_no_row() -> None:
    reading = read(shared_data("etherscan/0xf98_etherscan.csv"), EtherscanNormal(), context("0x" + "11" * 20))
    assert reading.movements == []
    assert all("Wrong wallet" in reason for reason in reading.reasons.values())
