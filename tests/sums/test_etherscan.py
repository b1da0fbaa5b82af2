"""Etherscan's three exports: meaning of every row, old and new headings, other chains' coins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from aether_desktop.sum_api import (
    Currency,
    Direction,
    ImportRefusedError,
    Leg,
    TransactionKind,
    TransactionStatus,
    to_checksum,
)
from aether_desktop.sums.sowing.etherscan import EtherscanErc20, EtherscanInternal, EtherscanNormal
from tests.sums.reading import HASH, OTHERS, OURS, THEIRS, TOKEN, Reading, balances, context, read_text, rows

ETH = 10**18
NORMAL: Mapping[str, str] = {
    "Transaction Hash": HASH, "Blockno": "4255150", "UnixTimestamp": "1504958289",
    "DateTime (UTC)": "2017-09-09 11:58:09", "From": OURS, "To": THEIRS, "ContractAddress": "",
    "Value_IN(ETH)": "0", "Value_OUT(ETH)": "0.5", "CurrentValue @ $2527.36/Eth": "1263.68", "TxnFee(ETH)": "0.00042",
    "TxnFee(USD)": "1.06", "Historical $Price/Eth": "303.79", "Status": "", "ErrCode": "", "Method": "Transfer",
}  # fmt: skip
INTERNAL: Mapping[str, str] = {
    "Transaction Hash": HASH, "Blockno": "4255150", "UnixTimestamp": "1504958289",
    "DateTime (UTC)": "2017-09-09 11:58:09", "ParentTxFrom": THEIRS, "ParentTxTo": OTHERS, "ParentTxETH_Value": "0",
    "From": OTHERS, "TxTo": OURS, "ContractAddress": "", "Value_IN(ETH)": "1.25", "Value_OUT(ETH)": "0",
    "CurrentValue @ $2527.36/Eth": "0", "Historical $Price/Eth": "303.79", "Status": "0", "ErrCode": "", "Type": "call",
}  # fmt: skip
ERC20: Mapping[str, str] = {
    "Transaction Hash": HASH, "Blockno": "4441567", "UnixTimestamp": "1509139741",
    "DateTime (UTC)": "2017-10-27 21:29:01", "From": THEIRS, "To": OURS, "TokenValue": "1,319.5",
    "USDValueDayOfTx": "N/A", "ContractAddress": TOKEN, "TokenName": "Dai Stablecoin", "TokenSymbol": "DAI",
}  # fmt: skip


def normal(folder: Path, *, wallet: str = OURS, chain: str = "ethereum", **changes: str) -> Reading:
    return _one(folder, EtherscanNormal(), NORMAL, changes, wallet=wallet, chain=chain)


def internal(folder: Path, **changes: str) -> Reading:
    return _one(folder, EtherscanInternal(), INTERNAL, changes)


def _one(
    folder: Path,
    module: EtherscanNormal | EtherscanInternal | EtherscanErc20,
    row: Mapping[str, str],
    changes: Mapping[str, str],
    *,
    wallet: str = OURS,
    chain: str = "ethereum",
) -> Reading:
    short = {"hash": "Transaction Hash", "unix": "UnixTimestamp", "time": "DateTime (UTC)", "sender": "From",
             "receiver": "TxTo" if "TxTo" in row else "To", "contract": "ContractAddress", "came": "Value_IN(ETH)",
             "went": "Value_OUT(ETH)", "fee": "TxnFee(ETH)", "status": "Status", "code": "ErrCode",
             "method": "Method", "block": "Blockno", "value": "TokenValue", "symbol": "TokenSymbol",
             "name": "TokenName"}  # fmt: skip
    cells = {**row, **{short.get(key, key): value for key, value in changes.items()}}
    return read_text(folder, rows(list(cells), list(cells.values())), module, context(wallet, chain=chain))


# -- direction, value, fee ----------------------------------------------------------------------------------------


def test_sender_pays_value_and_fee(tmp_path: Path) -> None:
    movement = normal(tmp_path).movement
    assert movement.direction is Direction.OUT
    assert movement.kind is TransactionKind.SEND
    assert (movement.units, movement.fee_units) == (ETH // 2, 420_000_000_000_000)
    assert movement.fee_currency == movement.currency
    assert movement.currency.symbol == "ETH"
    assert movement.from_address == to_checksum(OURS)
    assert movement.to_address == to_checksum(THEIRS)
    assert movement.occurred_at == 1_504_958_289_000_000
    assert (movement.row, movement.tx_hash, movement.leg, movement.block_number) == (2, HASH, Leg.NORMAL, 4255150)
    assert movement.method == "Transfer"


def test_receiver_pays_no_fee(tmp_path: Path) -> None:
    movement = normal(tmp_path, sender=THEIRS, receiver=OURS, came="0.5", went="0").movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.IN, ETH // 2, None)


def test_receiver_s_fee_is_not_even_read(tmp_path: Path) -> None:
    movement = normal(tmp_path, sender=THEIRS, receiver=OURS, came="0.5", went="0", fee="N/A").movement
    assert movement.fee_units is None


@pytest.mark.parametrize(("came", "went"), [("0.5", "0"), ("0", "0.5"), ("0.5", "0.5"), ("", "0.5")])
def test_to_oneself_only_the_fee_is_lost(tmp_path: Path, came: str, went: str) -> None:
    reading = normal(tmp_path, receiver=OURS, came=came, went=went)
    assert (reading.movement.direction, reading.movement.units) == (Direction.SELF, ETH // 2)
    assert balances(reading.movements) == {"ETH": -420_000_000_000_000}


@pytest.mark.parametrize("fee", ["", "N/A", "-1", "abc"])
def test_a_sender_s_unreadable_fee_is_refused(tmp_path: Path, fee: str) -> None:
    assert normal(tmp_path, fee=fee).reason.startswith("TxnFee: ")


def test_fee_of_zero_is_a_fee(tmp_path: Path) -> None:
    assert normal(tmp_path, fee="0").movement.fee_units == 0


def test_neither_side_is_the_wallet(tmp_path: Path) -> None:
    reason = normal(tmp_path, sender=THEIRS, receiver=OTHERS).reason
    assert "Wrong wallet" in reason
    for address in (THEIRS, OTHERS, OURS):
        assert to_checksum(address)[:6] in reason


def test_amount_in_the_wrong_column_is_refused(tmp_path: Path) -> None:
    assert "other direction" in normal(tmp_path, came="0.5", went="0").reason
    assert "contradict" in normal(tmp_path, came="0.5", went="0.6").reason
    assert "missing" in normal(tmp_path, came="", went=" ").reason


def test_both_columns_may_say_the_same(tmp_path: Path) -> None:
    assert normal(tmp_path, came="0.5", went="0.50").movement.units == ETH // 2


@pytest.mark.parametrize(
    ("text", "units"),
    [("1,234.5", 1_234_500 * ETH // 1000), ("5E-7", 500_000_000_000), ("0.000000000000000001", 1), ("1.", ETH)],
)
def test_amounts_are_exact(tmp_path: Path, text: str, units: int) -> None:
    assert normal(tmp_path, went=text).movement.units == units


@pytest.mark.parametrize(
    ("text", "word"),
    [("-0.5", "negative"), ("0.0000000000000000001", "decimals"), ("1e-19", "decimals"), ("0,5", "comma"),
     ("1e400", "larger"), ("\u0661", "not a decimal"), ("0x10", "not a decimal"), ("NaN", "not a decimal")],
)  # fmt: skip
def test_amounts_that_are_none_name_their_column(tmp_path: Path, text: str, word: str) -> None:
    reason = normal(tmp_path, went=text).reason
    assert reason.startswith("Value_OUT: ")
    assert word in reason


def test_nothing_moved_is_an_interaction(tmp_path: Path) -> None:
    movement = normal(tmp_path, went="0", method="Approve").movement
    assert (movement.kind, movement.units, movement.direction) == (
        TransactionKind.CONTRACT_INTERACTION, 0, Direction.OUT)  # fmt: skip


def test_contract_creation_has_no_receiver(tmp_path: Path) -> None:
    movement = normal(tmp_path, receiver="", contract=TOKEN).movement
    assert (movement.to_address, movement.contract_address) == ("", to_checksum(TOKEN))


def test_creation_of_the_wallet_itself_is_income(tmp_path: Path) -> None:
    movement = normal(tmp_path, wallet=TOKEN, sender=THEIRS, receiver="", contract=TOKEN, came="1", went="0").movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.IN, ETH, None)


# -- status -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["", "0", "Success", "success", "Confirmed"])
def test_success(tmp_path: Path, status: str) -> None:
    assert normal(tmp_path, status=status).movement.status is TransactionStatus.CONFIRMED


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [("Error(0)", "Out of gas", "Error(0): Out of gas"), ("Error(1)", "", "Error(1)"), ("1", "", "failed"),
     ("", "Reverted", "Reverted"), ("Failed", "", "Failed")],
)  # fmt: skip
def test_failure_keeps_the_amount_and_costs_the_fee(tmp_path: Path, status: str, code: str, error: str) -> None:
    reading = normal(tmp_path, status=status, code=code)
    movement = reading.movement
    assert (movement.status, movement.error) == (TransactionStatus.FAILED, error)
    assert movement.units == ETH // 2
    assert balances(reading.movements) == {"ETH": -420_000_000_000_000}


def test_unknown_status_is_refused(tmp_path: Path) -> None:
    assert "“Maybe” is not known" in normal(tmp_path, status="Maybe").reason


# -- times, hashes, addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["2017-09-09 11:58:09", "9/9/2017 11:58:09 AM", "2017-09-10 01:00:00", "soon", ""])
def test_unix_time_holds(tmp_path: Path, time: str) -> None:
    assert normal(tmp_path, time=time).movement.occurred_at == 1_504_958_289_000_000


@pytest.mark.parametrize("time", ["2017-09-11 11:58:10", "2018-09-09 11:58:09", "12/25/2017 11:58:09 AM"])
def test_times_a_day_apart_are_refused(tmp_path: Path, time: str) -> None:
    assert "more than a day apart" in normal(tmp_path, time=time).reason


def test_day_first_or_month_first_may_both_agree(tmp_path: Path) -> None:
    changes = {"unix": "1510000000"}  # 2017-11-06 20:26:40
    assert normal(tmp_path, time="11/6/2017 8:26:40 PM", **changes).movement.occurred_at == 1_510_000_000_000_000
    assert normal(tmp_path, time="06/11/2017 20:26", **changes).movement.occurred_at == 1_510_000_000_000_000


def test_without_unix_time_the_date_holds(tmp_path: Path) -> None:
    assert normal(tmp_path, unix="").movement.occurred_at == 1_504_958_289_000_000
    assert "time" in normal(tmp_path, unix="", time="").reason


@pytest.mark.parametrize("unix", ["1.5E+09", "15049582", "-1", "99999999999999999999", "\u0661" * 10])
def test_bad_unix_time_is_refused(tmp_path: Path, unix: str) -> None:
    assert normal(tmp_path, unix=unix).reason.startswith("UnixTimestamp: ")


@pytest.mark.parametrize("tx_hash", ["", "0x12", HASH[:-1], HASH + "0", "ab" * 32, "0x" + "zz" * 32])
def test_bad_hash_is_refused(tmp_path: Path, tx_hash: str) -> None:
    assert normal(tmp_path, hash=tx_hash).reason.startswith("Transaction Hash: ")


def test_hash_is_stored_in_lower_case(tmp_path: Path) -> None:
    assert normal(tmp_path, hash="0x" + "AB" * 32).movement.tx_hash == HASH


def test_bad_addresses_name_their_column(tmp_path: Path) -> None:
    assert normal(tmp_path, sender="").reason.startswith("From: ")
    assert normal(tmp_path, receiver="").reason.startswith("To: ")
    assert normal(tmp_path, receiver="vitalik.eth").reason.startswith("To: ")
    assert normal(tmp_path, contract="0x12").reason.startswith("ContractAddress: ")


def test_wrong_checksum_is_refused(tmp_path: Path) -> None:
    right = to_checksum(THEIRS)
    wrong = right[:-1] + right[-1].swapcase() if right[-1].isalpha() else right.swapcase().replace("0X", "0x")
    assert normal(tmp_path, receiver=right).movement.to_address == right
    assert "checksum" in normal(tmp_path, receiver=wrong).reason


def test_block_numbers(tmp_path: Path) -> None:
    assert normal(tmp_path, block="").movement.block_number is None
    assert normal(tmp_path, block="4,255,150").movement.block_number == 4255150
    assert normal(tmp_path, block="-1").reason.startswith("Blockno: ")


def test_texts_with_markup_and_hidden_characters_stay_text(tmp_path: Path) -> None:
    movement = normal(tmp_path, method="<b>x</b>\u202etxt", PrivateNote="=1+1 <i>").movement
    assert movement.method == "<b>x</b>\ufffdtxt"
    assert movement.note == "=1+1 <i>"


# -- headings, chains ---------------------------------------------------------------------------------------------


def test_old_heading(tmp_path: Path) -> None:
    old = {"Transaction Hash": "Txhash", "DateTime (UTC)": "DateTime"}
    cells = {old.get(key, key): value for key, value in NORMAL.items()}
    reading = read_text(tmp_path, rows(list(cells), list(cells.values())), EtherscanNormal(), context())
    assert reading.movement.units == ETH // 2


def test_another_chain_s_coin_in_the_heading(tmp_path: Path) -> None:
    cells = {key.replace("(ETH)", "(ATC)"): value for key, value in NORMAL.items()}
    text = rows(list(cells), list(cells.values()))
    for chain, symbol in (("atc", "ATC"), ("atc-testnet", "tATC")):
        movement = read_text(tmp_path, text, EtherscanNormal(), context(chain=chain)).movement
        assert movement.currency.symbol == symbol
    with pytest.raises(ImportRefusedError, match=r"in ATC, but .* on Ethereum"):
        read_text(tmp_path, text, EtherscanNormal(), context())


def test_file_of_an_evm_chain_in_a_bitcoin_wallet(tmp_path: Path) -> None:
    text = rows(list(ERC20), list(ERC20.values()))
    with pytest.raises(ImportRefusedError, match="on Bitcoin"):
        read_text(tmp_path, text, EtherscanErc20(), context("", chain="bitcoin"))


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="From more than once"):
        read_text(tmp_path, rows([*NORMAL, "From"], [*NORMAL.values(), THEIRS]), EtherscanNormal(), context())


# -- internal and tokens ------------------------------------------------------------------------------------------


def test_internal_value_comes_without_fee(tmp_path: Path) -> None:
    movement = internal(tmp_path).movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.IN, 5 * ETH // 4, None)
    assert (movement.leg, movement.method) == (Leg.INTERNAL, "call")


def test_internal_failure_moves_nothing(tmp_path: Path) -> None:
    reading = internal(tmp_path, status="1")
    assert reading.movement.status is TransactionStatus.FAILED
    assert balances(reading.movements) == {}


def test_token_transfer(tmp_path: Path) -> None:
    movement = _one(tmp_path, EtherscanErc20(), ERC20, {}).movement
    assert movement.units == 1_319_500 * ETH // 1000
    assert (movement.leg, movement.direction, movement.fee_units) == (Leg.TOKEN, Direction.IN, None)
    assert movement.contract_address == movement.currency.contract == to_checksum(TOKEN)
    assert (movement.currency.symbol, movement.currency.name) == ("DAI", "Dai Stablecoin")
    assert movement.currency.decimals_assumed


def test_known_token_keeps_its_decimals(tmp_path: Path) -> None:
    known = Currency("USDC", 6, "ethereum", to_checksum(TOKEN))
    text = rows(list(ERC20), list(ERC20.values()))
    movement = read_text(tmp_path, text, EtherscanErc20(), context(known=[known])).movement
    assert (movement.units, movement.currency) == (1_319_500_000, known)
    finer = {**ERC20, "TokenValue": "0.0000001"}
    text = rows(list(finer), list(finer.values()))
    assert "decimals" in read_text(tmp_path, text, EtherscanErc20(), context(known=[known])).reason


def test_token_names_are_made_safe(tmp_path: Path) -> None:
    movement = _one(tmp_path, EtherscanErc20(), ERC20, {"symbol": "<b>\u202eUSD", "name": "a\nb"}).movement
    assert (movement.currency.symbol, movement.currency.name) == ("<b>\ufffdUSD", "a b")


def test_token_without_a_symbol_is_called_by_its_contract(tmp_path: Path) -> None:
    movement = _one(tmp_path, EtherscanErc20(), ERC20, {"symbol": ""}).movement
    assert movement.currency.symbol.startswith("0x6B17")


def test_two_transfers_of_one_hash_are_two_movements(tmp_path: Path) -> None:
    text = rows(list(ERC20), list(ERC20.values()), list({**ERC20, "TokenValue": "7"}.values()))
    reading = read_text(tmp_path, text, EtherscanErc20(), context())
    assert [movement.row for movement in reading.movements] == [2, 3]


def test_collectibles_are_another_kind_of_file() -> None:
    heading = [name for name in ERC20 if name != "TokenValue"]
    assert not EtherscanErc20().recognises([*heading, "TokenId"])
    assert not EtherscanErc20().recognises([*ERC20, "TokenId"])
