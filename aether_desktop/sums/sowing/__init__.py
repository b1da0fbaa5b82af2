"""Sowing: importers of the files that wallets, scanners and this program write."""

from __future__ import annotations

from collections.abc import Sequence

from aether_desktop.sum_api import SowingModule, SumDescriptor, SumKind, hookimpl
from aether_desktop.sums.sowing.aether import AetherCsv, AetherJson
from aether_desktop.sums.sowing.bitcoin_core import BitcoinCore
from aether_desktop.sums.sowing.electrum import Electrum
from aether_desktop.sums.sowing.etherscan import EtherscanErc20, EtherscanInternal, EtherscanNormal
from aether_desktop.sums.sowing.generic_csv import GenericCsv
from aether_desktop.sums.sowing.koinly import KoinlyUniversal
from aether_desktop.sums.sowing.ledger_live import LedgerLive

_VERSION = "1.0"


@hookimpl
def sacred_utility_modules() -> Sequence[SumDescriptor]:
    """The built-in importers, in the order in which they are asked about a heading."""
    return (
        _described(AetherCsv(), "Transactions that this program exported as CSV, without loss."),
        _described(AetherJson(), "Transactions that this program exported as JSON, without loss."),
        _described(EtherscanNormal(), "Transactions of an account, from Etherscan or a scanner built like it."),
        _described(EtherscanInternal(), "Value moved by contracts, from Etherscan or a scanner built like it."),
        _described(EtherscanErc20(), "Token transfers, from Etherscan or a scanner built like it."),
        _described(KoinlyUniversal(), "Koinly's universal form: sent, received and fee in one row."),
        _described(LedgerLive(), "The list of operations that Ledger Live saves."),
        _described(Electrum(), "The history that Electrum saves."),
        _described(BitcoinCore(), "The list of transactions that Bitcoin Core saves."),
        _described(GenericCsv(), "Any table, once you have said which column holds what."),
    )


def _described(module: SowingModule, description: str) -> SumDescriptor:
    return SumDescriptor(
        key=module.key,
        kind=SumKind.SOWING,
        title=module.title,
        version=_VERSION,
        description=description,
        implementation=module,
    )
