"""A good file of every kind that is known by its heading, with the wallet it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aether_desktop.sum_api import SowingContext, SowingModule
from aether_desktop.sums.sowing.aether import AetherCsv
from aether_desktop.sums.sowing.bitcoin_core import BitcoinCore
from aether_desktop.sums.sowing.electrum import Electrum
from aether_desktop.sums.sowing.etherscan import EtherscanErc20, EtherscanInternal, EtherscanNormal
from aether_desktop.sums.sowing.koinly import KoinlyUniversal
from aether_desktop.sums.sowing.ledger_live import LedgerLive
from tests.sums.reading import HASH, OURS, THEIRS, TOKEN, TXID, context, rows


@dataclass(frozen=True)
class Sample:
    module: SowingModule
    where: SowingContext
    heading: Sequence[str]
    records: Sequence[Sequence[str]]
    optional: frozenset[str]

    def text(self, *, delimiter: str = ",") -> str:
        return rows(self.heading, *self.records, delimiter=delimiter)


def _sample(
    module: SowingModule, heading: str, *records: Sequence[str], optional: str = "", chain: str = "ethereum"
) -> Sample:
    where = context("" if chain == "bitcoin" else OURS, chain=chain)
    return Sample(module, where, heading.split(","), records, frozenset(optional.split(",")))


_TIME = ("4255150", "1504958289", "2017-09-09 11:58:09")
_ETHERSCAN_OPTIONAL = (
    "Blockno,UnixTimestamp,DateTime (UTC),ContractAddress,CurrentValue @ $2527/Eth,TxnFee(USD),Historical $Price/Eth,"
    "ErrCode,Method,Type,ParentTxTo,ParentTxETH_Value,TokenName,USDValueDayOfTx"
)
_OWN = (
    "occurred_at,wallet,chain,direction,amount,amount_base_units,amount_symbol,amount_decimals,amount_contract,symbol,"
    "status,fee,fee_base_units,fee_symbol,fee_decimals,fee_contract,kind,leg,label,method,description,tx_hash,"
    "from_address,to_address,contract_address,block_number,error,note"
)
SAMPLES = {
    "etherscan.normal": _sample(
        EtherscanNormal(),
        "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
        "CurrentValue @ $2527/Eth,TxnFee(ETH),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method",
        (HASH, *_TIME, OURS, THEIRS, "", "0", "0.5", "1", "0.0004", "1", "300", "", "", "Transfer"),
        (HASH, *_TIME, THEIRS, OURS, "", "1.25", "0", "1", "0.0004", "1", "300", "", "", "Transfer"),
        (HASH, *_TIME, OURS, TOKEN, "", "0", "0", "1", "0.0004", "1", "300", "Error(0)", "Reverted", "Approve"),
        optional=_ETHERSCAN_OPTIONAL,
    ),
    "etherscan.internal": _sample(
        EtherscanInternal(),
        "Txhash,Blockno,UnixTimestamp,DateTime (UTC),ParentTxFrom,ParentTxTo,ParentTxETH_Value,From,TxTo,"
        "ContractAddress,Value_IN(ETH),Value_OUT(ETH),CurrentValue @ $2527/Eth,Historical $Price/Eth,Status,ErrCode,"
        "Type",
        (HASH, *_TIME, OURS, TOKEN, "0", TOKEN, OURS, "", "1.25", "0", "1", "300", "0", "", "call"),
        optional=_ETHERSCAN_OPTIONAL,
    ),
    "etherscan.erc20": _sample(
        EtherscanErc20(),
        "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,TokenName,"
        "TokenSymbol",
        (HASH, *_TIME, THEIRS, OURS, "1,319.5", "N/A", TOKEN, "Dai, the coin", "DAI"),
        (HASH, *_TIME, OURS, THEIRS, "7", "$7.00", TOKEN, "Dai, the coin", "DAI"),
        optional=_ETHERSCAN_OPTIONAL.replace("ContractAddress,", ""),
    ),
    "koinly.universal": _sample(
        KoinlyUniversal(),
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
        "Net Worth Currency,Label,Description,TxHash",
        ("2018-01-01 14:25 UTC", "0.5", "ETH", "150", "DAI", "0.01", "ETH", "", "", "swap", "two\nlines", HASH),
        ("2018-01-02 14:25 UTC", "", "", "2", "ETH", "", "", "", "", "", "", ""),
        optional="Net Worth Amount,Net Worth Currency,Label,Description,TxHash",
    ),
    "ledger.live": _sample(
        LedgerLive(),
        "Operation Date,Status,Currency Ticker,Operation Type,Operation Amount,Operation Fees,Operation Hash,"
        "Account Name,Account xpub,Countervalue Ticker,Countervalue at Operation Date,Countervalue at CSV Export",
        ("2021-03-04T05:06:07.000Z", "Confirmed", "ETH", "OUT", "0.51", "0.01", HASH, "Main", OURS, "USD", "1", "2"),
        ("2021-03-04T05:06:07.000Z", "Confirmed", "USDT", "IN", "25", "", HASH, "Main", OURS, "USD", "1", "2"),
        optional="Status,Countervalue Ticker,Countervalue at Operation Date,Countervalue at CSV Export",
    ),
    "electrum.history": _sample(
        Electrum(now=lambda: datetime(2024, 5, 1, tzinfo=UTC)),
        "transaction_hash,label,confirmations,value,fiat_value,fee,fiat_fee,timestamp",
        (TXID, "rent, May", "100", "-0.5001", "No Data", "0.0001", "No Data", "2020-01-02 03:04"),
        (TXID[::-1], "", "0", "1.", "No Data", "0.", "No Data", ""),
        chain="bitcoin",
        optional="confirmations,fee,fiat_value,fiat_fee",
    ),
    "bitcoin.core": _sample(
        BitcoinCore(),
        "Confirmed,Date,Type,Label,Address,Amount (BTC),ID",
        ("true", "2021-05-06T07:08:09", "Sent to", "shop", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "-0.5", TXID),
        ("true", "2021-05-06T07:08:09", "Mined", "", "", "6.25", TXID + "-000"),
        chain="bitcoin",
    ),
    "aether.csv": _sample(
        AetherCsv(),
        _OWN,
        (
            "2017-09-09T11:58:09Z", "Main", "ethereum", "out", "0.5", str(5 * 10**17), "ETH", "18", "", "ETH",
            "confirmed", "0.0004", str(4 * 10**14), "ETH", "18", "", "send", "normal", "'=rent", "Transfer", "", HASH,
            OURS, THEIRS, "", "4255150", "", "two\r\nlines",
        ),
        optional="wallet,chain,symbol,label,method,description,block_number,error,note",
    ),
}  # fmt: skip
