"""Koinly, Ledger Live, Electrum and Bitcoin Core: what their rows mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aether_desktop.services.tabular import open_table
from aether_desktop.sum_api import (
    CHAINS,
    Direction,
    ImportRefusedError,
    Leg,
    SowingContext,
    TransactionKind,
    TransactionStatus,
    to_micros,
)
from aether_desktop.sums.sowing.bitcoin_core import BitcoinCore
from aether_desktop.sums.sowing.electrum import Electrum
from aether_desktop.sums.sowing.koinly import KoinlyUniversal
from aether_desktop.sums.sowing.ledger_live import LedgerLive
from tests.sums.reading import HASH, OURS, THEIRS, TXID, Reading, balances, context, read_text

ETH, BTC = 10**18, 10**8
BITCOIN = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def bitcoin(*, zone_minutes: int = 0) -> SowingContext:
    return context("", chain="bitcoin", zone_minutes=zone_minutes)


# -- Koinly -------------------------------------------------------------------------------------------------------

KOINLY = (
    "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
    "Net Worth Currency,Label,Description,TxHash\n"
)


def koinly(folder: Path, *lines: str) -> Reading:
    return read_text(folder, KOINLY + "\n".join(lines) + "\n", KoinlyUniversal(), context())


def test_koinly_sent_carries_its_fee(tmp_path: Path) -> None:
    line = f"2018-01-01 14:25 UTC,0.5,ETH,,,0.01,ETH,,,cost,Rent for May,{HASH}"
    movement = koinly(tmp_path, line).movement
    assert (movement.direction, movement.leg, movement.units) == (Direction.OUT, Leg.NORMAL, ETH // 2)
    assert movement.fee_units == ETH // 100
    assert (movement.label, movement.description, movement.tx_hash) == ("cost", "Rent for May", HASH)
    assert movement.occurred_at == to_micros(datetime(2018, 1, 1, 14, 25, tzinfo=UTC))


def test_koinly_trade_has_two_legs(tmp_path: Path) -> None:
    reading = koinly(tmp_path, "2018-01-01 14:25:01 UTC,0.5,ETH,150,DAI,0.01,ETH,,,,,")
    assert [(m.direction, m.leg, m.units, m.currency.symbol) for m in reading.movements] == [
        (Direction.OUT, Leg.TRADE, ETH // 2, "ETH"),
        (Direction.IN, Leg.TRADE, 150 * ETH, "DAI"),
    ]
    assert balances(reading.movements) == {"ETH": -51 * ETH // 100, "DAI": 150 * ETH}
    assert reading.movements[1].currency.decimals_assumed
    assert {m.row for m in reading.movements} == {2}


def test_koinly_fee_of_something_received_is_its_own_movement(tmp_path: Path) -> None:
    reading = koinly(tmp_path, "2018-01-01,,,2,DAI,0.01,ETH,,,,,")
    received, fee = reading.movements
    assert (received.direction, received.fee_units) == (Direction.IN, None)
    assert (fee.leg, fee.direction, fee.units, fee.fee_units) == (Leg.FEE, Direction.OUT, 0, ETH // 100)
    assert balances(reading.movements) == {"DAI": 2 * ETH, "ETH": -ETH // 100}


def test_koinly_fee_alone(tmp_path: Path) -> None:
    movement = koinly(tmp_path, "2018-01-01,,,,,0.01,ETH,,,,,").movement
    assert (movement.leg, movement.fee_units, movement.kind) == (
        Leg.FEE, ETH // 100, TransactionKind.CONTRACT_INTERACTION)  # fmt: skip


def test_koinly_zero_says_nothing(tmp_path: Path) -> None:
    movement = koinly(tmp_path, "2018-01-01,0,ETH,2,DAI,0,ETH,,,,,").movement
    assert (movement.direction, movement.leg, movement.fee_units) == (Direction.IN, Leg.NORMAL, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2018-01-01,,,,,,,,,,,", "neither"),
        ("2018-01-01,-1,ETH,,,,,,,,,", "negative"),
        ("2018-01-01,1,,,,,,,,,,", "currency is missing"),
        ("2018-01-01,1,BTC,,,,,,,,,", "coin of Bitcoin; this wallet is on Ethereum"),
        ("2018-01-01,1,ETH,1,BTC,,,,,,,", "coin of Bitcoin"),
        ("1/2/2018,1,ETH,,,,,,,,,", "day or the month"),
        (",1,ETH,,,,,,,,,", "Date: "),
        ("2018-01-01,1.0000000000000000001,ETH,,,,,,,,,", "decimals"),
    ],
)
def test_koinly_rows_that_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in koinly(tmp_path, line).reason


def test_koinly_s_list_of_all_wallets_is_another_kind(tmp_path: Path) -> None:
    heading = KOINLY.strip().split(",")
    assert KoinlyUniversal().recognises(heading)
    assert not KoinlyUniversal().recognises([*heading, "Sending Wallet", "Receiving Wallet"])


def test_koinly_long_labels_keep_every_word(tmp_path: Path) -> None:
    words = "word " * 80
    movement = koinly(tmp_path, f"2018-01-01,1,ETH,,,,,,,{words},,").movement
    assert len(movement.label) == 255
    assert movement.note == words.strip()


# -- Ledger Live --------------------------------------------------------------------------------------------------

LEDGER = (
    "Operation Date,Status,Currency Ticker,Operation Type,Operation Amount,Operation Fees,Operation Hash,Account Name,"
    "Account xpub,Countervalue Ticker,Countervalue at Operation Date,Countervalue at CSV Export\r\n"
)


def ledger_row(
    ticker: str, operation: str, value: str, fee: str, *, account: str = "Ethereum 1", xpub: str = OURS,
    status: str = "Confirmed",
) -> str:  # fmt: skip
    return f"2021-03-04T05:06:07.123Z,{status},{ticker},{operation},{value},{fee},{HASH},{account},{xpub},USD,1.00,2.00"


def ledger(folder: Path, *lines: str, where: SowingContext | None = None) -> Reading:
    return read_text(folder, LEDGER + "\r\n".join(lines), LedgerLive(), where or context())


def test_ledger_out_contains_its_fee(tmp_path: Path) -> None:
    reading = ledger(tmp_path, ledger_row("ETH", "OUT", "0.51", "0.01"))
    movement = reading.movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.OUT, ETH // 2, ETH // 100)
    assert movement.occurred_at == to_micros(datetime(2021, 3, 4, 5, 6, 7, 123_000, tzinfo=UTC))
    assert balances(reading.movements) == {"ETH": -51 * ETH // 100}


def test_ledger_in_pays_no_fee(tmp_path: Path) -> None:
    movement = ledger(tmp_path, ledger_row("ETH", "IN", "2", "0.01")).movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.IN, 2 * ETH, None)


def test_ledger_token_transfer_and_its_fees_row(tmp_path: Path) -> None:
    reading = ledger(tmp_path, ledger_row("ETH", "FEES", "0.01", "0.01"), ledger_row("USDT", "OUT", "25", ""))
    fee, token = reading.movements
    assert (fee.leg, fee.units, fee.fee_units) == (Leg.FEE, 0, ETH // 100)
    assert (token.leg, token.units, token.fee_units, token.currency.symbol) == (Leg.TOKEN, 25 * ETH, None, "USDT")
    assert balances(reading.movements) == {"ETH": -ETH // 100, "USDT": -25 * ETH}


@pytest.mark.parametrize(
    ("operation", "value", "fee", "net"),
    [("DELEGATE", "0.01", "0.01", -1), ("REVEAL", "0.01", "0.01", -1), ("STAKE", "5", "0.01", -1),
     ("REWARD", "0.02", "", 2), ("NFT_OUT", "0.000000000000000001", "0.01", 0), ("UNDELEGATE", "0.03", "0.01", -3)],
)  # fmt: skip
def test_ledger_staking_counts_what_leaves_the_account(
    tmp_path: Path, operation: str, value: str, fee: str, net: int
) -> None:
    reading = ledger(tmp_path, ledger_row("ETH", operation, value, fee))
    assert balances(reading.movements).get("ETH", 0) == net * ETH // 100
    assert reading.movement.method == operation


def test_ledger_failed_and_pending(tmp_path: Path) -> None:
    failed = ledger(tmp_path, ledger_row("ETH", "OUT", "0.01", "0.01", status="Failed"))
    assert failed.movement.status is TransactionStatus.FAILED
    assert balances(failed.movements) == {"ETH": -ETH // 100}
    untouched = ledger(tmp_path, ledger_row("ETH", "OUT", "0", "0.01", status="Failed"))
    assert balances(untouched.movements) == {"ETH": -ETH // 100}
    pending = ledger(tmp_path, ledger_row("ETH", "OUT", "0.51", "0.01", status="Pending"))
    assert pending.movement.status is TransactionStatus.PENDING
    assert balances(pending.movements) == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ledger_row("ETH", "TELEPORT", "1", ""), "not known"),
        (ledger_row("ETH", "OUT", "0.001", "0.01"), "smaller than Operation Fees"),
        (ledger_row("ETH", "OUT", "-1", "0"), "negative"),
        (ledger_row("ETH", "OUT", "1", "x"), "Operation Fees: "),
        (ledger_row("ETH", "OUT", "1", "0.1", status="Lost"), "not known"),
        (ledger_row("", "OUT", "1", "0.1"), "Currency Ticker"),
    ],
)
def test_ledger_rows_that_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    reading = ledger(tmp_path, ledger_row("ETH", "IN", "1", ""), line)
    assert reason in reading.reasons[3]


def test_ledger_coin_of_another_chain(tmp_path: Path) -> None:
    reading = ledger(
        tmp_path,
        ledger_row("BTC", "IN", "1", "0.0001", account="Bitcoin 1", xpub="xpub6CUGRUo"),
        ledger_row("ETH", "IN", "1", ""),
        ledger_row("DOGE", "IN", "1", "", account="Dogecoin 1", xpub="dgub8kXBZ7"),
    )
    assert reading.reasons[2] == "BTC belongs to Bitcoin; this wallet is on Ethereum."
    assert reading.reasons[4].startswith("The row belongs to another account: Dogecoin 1")
    assert [movement.row for movement in reading.movements] == [3]


def test_ledger_several_accounts(tmp_path: Path) -> None:
    lines = (
        ledger_row("ETH", "IN", "1", "", account="Ethereum 1", xpub="x1"),
        ledger_row("ETH", "IN", "2", "", account="Savings", xpub="x2"),
        ledger_row("USDT", "IN", "3", "", account="Savings", xpub="x2"),
    )
    unclear = ledger(tmp_path, *lines)
    assert unclear.movements == []
    assert "several ETH accounts: Ethereum 1 (x1), Savings (x2)" in unclear.reasons[2]
    assert "--account" in unclear.reasons[2]
    by_name = ledger(tmp_path, *lines, where=context(name="savings"))
    assert [movement.row for movement in by_name.movements] == [3, 4]
    by_option = ledger(tmp_path, *lines, where=context(account="Ethereum 1"))
    assert [movement.row for movement in by_option.movements] == [2]
    by_key = ledger(tmp_path, *lines, where=context(account="X2"))
    assert [movement.row for movement in by_key.movements] == [3, 4]
    unknown = ledger(tmp_path, *lines, where=context(account="Nobody"))
    assert "no account “Nobody”" in unknown.reasons[2]


def test_ledger_account_is_known_by_its_address(tmp_path: Path) -> None:
    lines = (
        ledger_row("ETH", "IN", "1", "", account="Ethereum 1", xpub=THEIRS),
        ledger_row("ETH", "IN", "2", "", account="Ethereum 2", xpub=OURS.upper().replace("0X", "0x")),
        ledger_row("MATIC", "IN", "2", "", account="Polygon 1", xpub=OURS),
    )
    reading = ledger(tmp_path, *lines)
    assert [movement.row for movement in reading.movements] == [3]
    stranger = ledger(tmp_path, lines[0])
    assert "Wrong wallet" in stranger.reason


def test_ledger_account_names_can_be_listed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(
        LEDGER
        + ledger_row("ETH", "IN", "1", "", account="Savings")
        + "\r\n"
        + ledger_row("BTC", "IN", "1", "", account="Bitcoin 1")
    )
    for chain, names in (("ethereum", ("Savings",)), ("bitcoin", ("Bitcoin 1",)), ("solana", ())):
        with open_table(path) as table:
            assert LedgerLive().accounts(table.table, CHAINS[chain]) == names


# -- Electrum -----------------------------------------------------------------------------------------------------

ELECTRUM = "transaction_hash,label,confirmations,value,fiat_value,fee,fiat_fee,timestamp\n"
ELECTRUM_4 = (
    "oc_transaction_hash,ln_payment_hash,label,confirmations,amount_chain_bc,amount_lightning_bc,fiat_value,"
    "network_fee_satoshi,fiat_fee,timestamp\n"
)


def electrum(folder: Path, *lines: str, heading: str = ELECTRUM, zone_minutes: int = 0) -> Reading:
    module = Electrum(now=lambda: NOW)
    return read_text(folder, heading + "\n".join(lines), module, bitcoin(zone_minutes=zone_minutes))


def test_electrum_value_contains_the_fee(tmp_path: Path) -> None:
    reading = electrum(tmp_path, f"{TXID},rent,100,-0.5001,,0.0001,,2020-01-02 03:04", zone_minutes=60)
    movement = reading.movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.OUT, BTC // 2, 10_000)
    assert movement.occurred_at == to_micros(datetime(2020, 1, 2, 2, 4, tzinfo=UTC))
    assert (movement.label, movement.tx_hash) == ("rent", TXID)
    assert balances(reading.movements) == {"BTC": -50_010_000}


def test_electrum_received_pays_no_fee(tmp_path: Path) -> None:
    movement = electrum(tmp_path, f"{TXID},,100,+1.,No Data,0.0001,No Data,2020-01-02 03:04").movement
    assert (movement.direction, movement.units, movement.fee_units) == (Direction.IN, BTC, None)


def test_electrum_to_oneself_costs_the_fee(tmp_path: Path) -> None:
    reading = electrum(tmp_path, f"{TXID},,100,-0.0001,,0.0001,,2020-01-02 03:04")
    assert (reading.movement.direction, reading.movement.units) == (Direction.SELF, 0)
    assert balances(reading.movements) == {"BTC": -10_000}


@pytest.mark.parametrize("fee", ["", "0.", "No Data", "0.5"])
def test_electrum_net_change_holds_whatever_the_fee_says(tmp_path: Path, fee: str) -> None:
    reading = electrum(tmp_path, f"{TXID},,100,-0.3,,{fee},,2020-01-02 03:04")
    assert balances(reading.movements) == {"BTC": -30_000_000}


@pytest.mark.parametrize(("confirmations", "time"), [("0", ""), ("0", "----"), ("", "unconfirmed"), ("5", "")])
def test_electrum_unconfirmed_is_pending(tmp_path: Path, confirmations: str, time: str) -> None:
    movement = electrum(tmp_path, f"{TXID},,{confirmations},-0.3,,,,{time}").movement
    assert movement.status is TransactionStatus.PENDING
    assert movement.occurred_at == to_micros(NOW)


def test_electrum_unconfirmed_with_a_time_keeps_it(tmp_path: Path) -> None:
    movement = electrum(tmp_path, f"{TXID},,0,-0.3,,,,2020-01-02 03:04").movement
    assert movement.status is TransactionStatus.PENDING
    assert movement.occurred_at == to_micros(datetime(2020, 1, 2, 3, 4, tzinfo=UTC))


def test_electrum_4_with_lightning(tmp_path: Path) -> None:
    payment = "ef" * 32
    reading = electrum(
        tmp_path,
        f"{TXID},,open channel,9,-0.02000200,0.01999800,,200,,2022-01-02 03:04:05",
        f",{payment},coffee,,,-0.00010000,,,,2022-01-03 03:04:05",
        f"{TXID[::-1]},,,3,1.5,0.,,,,2022-01-03 03:04:05",
        heading=ELECTRUM_4,
    )
    opened, channel, coffee, received = reading.movements
    assert (opened.units, opened.fee_units, opened.leg) == (2_000_000, 200, Leg.NORMAL)
    assert (channel.direction, channel.units, channel.leg) == (Direction.IN, 1_999_800, Leg.INTERNAL)
    assert (coffee.tx_hash, coffee.units, coffee.label) == (payment, 10_000, "coffee")
    assert received.units == 3 * BTC // 2
    assert balances(reading.movements) == {"BTC": -2_000_200 + 1_999_800 - 10_000 + 150_000_000}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{TXID},,1,,,,,2020-01-02 03:04", "missing"),
        (f"{TXID},,1,0.123456789,,,,2020-01-02 03:04", "decimals"),
        (f"{TXID},,x,1,,,,2020-01-02 03:04", "confirmations: "),
        (f"{TXID},,1,1,,,,yesterday", "timestamp: "),
        (",,1,1,,,,2020-01-02 03:04", "transaction_hash: "),
        ("0x12,,1,1,,,,2020-01-02 03:04", "transaction_hash: "),
        (f"{TXID},,1,-1,,-0.1,,2020-01-02 03:04", "negative"),
    ],
)
def test_electrum_rows_that_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in electrum(tmp_path, line).reason


@pytest.mark.parametrize("module", [Electrum(), BitcoinCore()])
def test_bitcoin_files_do_not_fit_other_chains(tmp_path: Path, module: Electrum | BitcoinCore) -> None:
    text = ELECTRUM if isinstance(module, Electrum) else CORE
    with pytest.raises(ImportRefusedError, match=r"belongs to Bitcoin, but .* on Ethereum"):
        read_text(tmp_path, text, module, context())


# -- Bitcoin Core -------------------------------------------------------------------------------------------------

CORE = '"Confirmed","Date","Type","Label","Address","Amount (BTC)","ID"\n'


def core(folder: Path, *lines: str, heading: str = CORE, zone_minutes: int = 0) -> Reading:
    return read_text(folder, heading + "\n".join(lines), BitcoinCore(), bitcoin(zone_minutes=zone_minutes))


def core_row(kind: str, value: str, *, confirmed: str = "true", tx: str = TXID, address: str = BITCOIN) -> str:
    return f'"{confirmed}","2021-05-06T07:08:09","{kind}","shop","{address}","{value}","{tx}"'


@pytest.mark.parametrize(
    ("kind", "value", "direction", "net"),
    [("Sent to", "-0.50010000", Direction.OUT, -50_010_000), ("Received with", "1.00000000", Direction.IN, BTC),
     ("Mined", "6.25", Direction.IN, 625_000_000), ("Payment to yourself", "-0.0001", Direction.SELF, -10_000),
     ("Empfangen über", "0.5", Direction.IN, BTC // 2), ("Überwiesen an", "-0.5", Direction.OUT, -BTC // 2),
     ("Received with", "[0.5]", Direction.IN, BTC // 2)],
)  # fmt: skip
def test_core_net_effect(tmp_path: Path, kind: str, value: str, direction: Direction, net: int) -> None:
    reading = core(tmp_path, core_row(kind, value))
    assert reading.movement.direction is direction
    assert balances(reading.movements) == {"BTC": net}
    assert (reading.movement.label, reading.movement.to_address) == ("shop", BITCOIN)


@pytest.mark.parametrize(
    ("unit", "value"), [("BTC", "0.5"), ("mBTC", "500"), ("µBTC", "500000"), ("bits", "500000"), ("sat", "50000000")]
)
def test_core_units(tmp_path: Path, unit: str, value: str) -> None:
    heading = CORE.replace("(BTC)", f"({unit})")
    assert core(tmp_path, core_row("Received with", value), heading=heading).movement.units == BTC // 2


def test_core_unknown_unit(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="unit"):
        core(tmp_path, core_row("Received with", "1"), heading=CORE.replace("(BTC)", "(DOGE)"))


def test_core_output_number_is_no_part_of_the_hash(tmp_path: Path) -> None:
    assert core(tmp_path, core_row("Received with", "1", tx=TXID + "-000")).movement.tx_hash == TXID


def test_core_local_times_and_states(tmp_path: Path) -> None:
    movement = core(tmp_path, core_row("Received with", "1", confirmed="false"), zone_minutes=-300).movement
    assert movement.status is TransactionStatus.PENDING
    assert movement.occurred_at == to_micros(datetime(2021, 5, 6, 12, 8, 9, tzinfo=UTC))


def test_core_watch_only_is_said(tmp_path: Path) -> None:
    heading = '"Confirmed","Watch-only","Date","Type","Label","Address","Amount (BTC)","ID"\n'
    line = f'"true","true","2021-05-06T07:08:09","Received with","","{BITCOIN}","1","{TXID}"'
    assert core(tmp_path, line, heading=heading).movement.description == "Watch-only address."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (core_row("Sent to", "0.5"), "positive"),
        (core_row("Received with", "-0.5"), "negative"),
        (core_row("Received with", "0.5", confirmed="maybe"), "neither true nor false"),
        (core_row("Received with", "0.5", tx="xyz"), "ID: "),
        (core_row("Received with", "0.5", address=BITCOIN[:-1] + "b"), "Address: "),
        (core_row("Received with", "0.123456789"), "decimals"),
    ],
)
def test_core_rows_that_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in core(tmp_path, line).reason
