"""Small explorer exports to import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.services.conftest import ADDRESS

OTHER = "0x75e7f640bf6968b6f32c47a3cd82c3c2c9dcae68"
CONTRACT = "0xab95e915c123fded5bdfb6325e35ef5515f1ea69"
NORMAL = (
    '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ $2527/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status",'
    '"ErrCode","Method"'
)
ERC20 = (
    '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue","USDValueDayOfTx",'
    '"ContractAddress","TokenName","TokenSymbol"'
)


def tx_hash(number: int) -> str:
    return "0x" + f"{number:064x}"


def incoming(number: int, value: str, *, at: int = 1_500_000_000) -> str:
    return normal(number, OTHER, ADDRESS.lower(), value, "0", at=at)


def outgoing(number: int, value: str, *, at: int = 1_500_000_000, fee: str = "0.001", failed: bool = False) -> str:
    return normal(number, ADDRESS.lower(), OTHER, "0", value, at=at, fee=fee, failed=failed)


def normal(
    number: int,
    sender: str,
    to: str,
    value_in: str,
    value_out: str,
    *,
    at: int,
    fee: str = "0.001",
    failed: bool = False,
) -> str:
    status = ("Error(0)", "reverted") if failed else ("", "")
    cells = (
        *(tx_hash(number), str(number), str(at + number), "", sender, to, "", value_in, value_out, "0", fee),
        *("0", "300", *status, "Transfer"),
    )
    return _line(cells)


def token_in(number: int, value: str, *, symbol: str = "XNN", contract: str = CONTRACT) -> str:
    return _line(
        (
            *(tx_hash(number), str(number), str(1_500_000_000 + number), "", OTHER, ADDRESS.lower(), value),
            *("N/A", contract, "Xenon", symbol),
        )
    )


def _line(cells: Sequence[str]) -> str:
    return ",".join(f'"{cell}"' for cell in cells)


def write(path: Path, heading: str, *rows: str) -> Path:
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path
