"""Files read as the program reads them: a real file, the table reader, a module."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from aether_desktop.services.tabular import open_table
from aether_desktop.sum_api import (
    CHAINS,
    Currency,
    Direction,
    FieldMapping,
    Movement,
    Rejection,
    SowingContext,
    SowingModule,
    TransactionStatus,
    parse_address,
)

OURS = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
THEIRS = "0x75e7f640bf6968b6f32c47a3cd82c3c2c9dcae68"
OTHERS = "0x1c6db129a338e9a39a559a856175605dada4bdcd"
TOKEN = "0x6b175474e89094c44da98b954eedeac495271d0f"
HASH = "0x" + "ab" * 32
TXID = "cd" * 32


def shared_data(name: str) -> Path:
    """A file beside the checkout; the test is skipped, and says so, where it is absent."""
    root = Path(os.environ.get("AETHER_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    path = root / name
    if not path.is_file():
        pytest.skip(f"the data folder beside the checkout has no {name}")
    return path


def context(
    address: str = OURS,
    *,
    chain: str = "ethereum",
    name: str = "Main",
    known: Iterable[Currency] = (),
    account: str = "",
    zone_minutes: int = 0,
    mapping: FieldMapping | None = None,
) -> SowingContext:
    """A wallet, and currencies as the import service answers for them."""
    place = CHAINS[chain]
    stored = {(currency.contract or currency.symbol): currency for currency in known}

    def currency(symbol: str, contract: str, token_name: str) -> Currency:
        if not contract and symbol == place.symbol:
            return place.coin
        found = stored.get(contract or symbol)
        return found or Currency(symbol, 18, place.key, contract, token_name, decimals_assumed=True)

    canonical = parse_address(address, place.family, testnet=place.testnet) if address else ""
    return SowingContext(
        wallet_name=name,
        wallet_address=canonical,
        chain=place,
        currency=currency,
        zone_minutes=zone_minutes,
        account=account,
        mapping=mapping,
    )


@dataclass(frozen=True)
class Reading:
    movements: list[Movement]
    rejections: list[Rejection]
    records: int

    @property
    def reasons(self) -> dict[int, str]:
        return {rejection.row: rejection.reason for rejection in self.rejections}

    @property
    def movement(self) -> Movement:
        """The only one there is."""
        assert self.rejections == []
        assert len(self.movements) == 1
        return self.movements[0]

    @property
    def reason(self) -> str:
        """The only rejection there is."""
        assert self.movements == []
        assert len(self.rejections) == 1
        return self.rejections[0].reason

    def require_accounted(self) -> None:
        """Every record is either movements or one rejection."""
        stored = {movement.row for movement in self.movements}
        refused = [rejection.row for rejection in self.rejections]
        assert len(refused) == len(set(refused))
        assert stored.isdisjoint(refused)
        assert len(stored) + len(refused) == self.records
        assert all(rejection.reason for rejection in self.rejections)


def read(path: Path, module: SowingModule, where: SowingContext, *, recognised: bool = True) -> Reading:
    with open_table(path, recognises=module.recognises) as table:
        assert module.recognises(table.table.heading) or not recognised
        found = list(module.read(table.table, where))
        reading = Reading(
            [item for item in found if isinstance(item, Movement)],
            [*(item for item in found if isinstance(item, Rejection)), *table.rejections],
            table.records,
        )
    reading.require_accounted()
    return reading


def read_text(
    folder: Path, text: str | bytes, module: SowingModule, where: SowingContext, *, recognised: bool = True
) -> Reading:
    path = folder / "export.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path, module, where, recognised=recognised)


def rows(heading: Sequence[str], *records: Sequence[str], delimiter: str = ",") -> str:
    """Quoted text of a table."""

    def line(cells: Sequence[str]) -> str:
        return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    return "".join(line(cells) for cells in (heading, *records))


def balances(movements: Iterable[Movement]) -> dict[str, int]:
    """What the movements add up to, as the ledger counts them: by symbol."""
    sums: dict[str, int] = defaultdict(int)
    signs = {Direction.IN: 1, Direction.OUT: -1, Direction.SELF: 0}
    for movement in movements:
        if movement.status is TransactionStatus.CONFIRMED:
            sums[movement.currency.symbol] += signs[movement.direction] * movement.units
        if movement.status in {TransactionStatus.CONFIRMED, TransactionStatus.FAILED} and movement.fee_units:
            assert movement.fee_currency is not None
            sums[movement.fee_currency.symbol] -= movement.fee_units
    return dict(sums)
