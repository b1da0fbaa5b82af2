"""Wallets: one address of one owner on one chain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aether_desktop.domain.addresses import same_address
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.records import Record, require_address, require_chain, require_text


class WalletKind(StrEnum):
    NATIVE = "native"
    TOKEN = "token"  # noqa: S105 - a wallet kind, not a secret
    NFT = "nft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet(Record):
    """``chain`` is a key of domain.chains; ``address`` becomes canonical text. For a wallet of many addresses give one.

    Raises InvalidRecordError naming the field.
    """

    name: str
    chain: str
    address: str
    kind: WalletKind = WalletKind.NATIVE
    symbol: str = ""
    watch_only: bool = True

    def __post_init__(self) -> None:
        require_text("name", self.name, limit=200)
        chain = require_chain(self.chain)
        object.__setattr__(self, "address", require_address(self.address, chain))
        require_text("symbol", self.symbol, limit=64, empty=True)
        if not self.symbol:
            object.__setattr__(self, "symbol", chain.symbol)

    def is_at(self, address: str) -> bool:
        """Whether that is its address, in whatever spelling; False for what is no address."""
        return address == self.address or same_address(self.address, address, CHAINS[self.chain].family)
