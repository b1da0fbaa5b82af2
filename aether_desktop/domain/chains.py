"""The chains a wallet can live on: presets of the ecosystem and the watch-only families."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.amounts import Currency


class UnknownChainError(ValueError):
    """No preset has this name; ``reason`` lists the known ones."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Chain:
    """One network. ``chain_id`` is the EIP-155 id, None outside EVM."""

    key: str
    name: str
    family: AddressFamily
    symbol: str
    decimals: int
    coin_name: str
    chain_id: int | None = None
    testnet: bool = False
    confirmations: int = 12
    aliases: tuple[str, ...] = ()

    @property
    def coin(self) -> Currency:
        """The chain's own coin, in which fees are paid."""
        return Currency(self.symbol, self.decimals, chain=self.key, name=self.coin_name)


_EVM = AddressFamily.EVM
_PRESETS = (
    Chain("atc", "AetherCoin mainnet", _EVM, "ATC", 18, "AetherCoin", 2615, aliases=("aether", "aethercoin")),
    Chain("atc-testnet", "AetherCoin testnet", _EVM, "tATC", 18, "test AetherCoin", 2616, testnet=True),
    Chain("atc-local", "AetherCoin local", _EVM, "dATC", 18, "development AetherCoin", 2618, testnet=True),
    Chain("ethereum", "Ethereum", _EVM, "ETH", 18, "Ether", 1, aliases=("eth", "mainnet", "evm")),
    Chain("sepolia", "Sepolia", _EVM, "SepoliaETH", 18, "test Ether", 11155111, testnet=True),
    Chain("bitcoin", "Bitcoin", AddressFamily.BITCOIN, "BTC", 8, "Bitcoin", confirmations=6, aliases=("btc",)),
    Chain(
        "bitcoin-testnet",
        "Bitcoin testnet",
        AddressFamily.BITCOIN,
        "tBTC",
        8,
        "test Bitcoin",
        testnet=True,
        aliases=("btc-testnet",),
    ),
    Chain("filecoin", "Filecoin", AddressFamily.FILECOIN, "FIL", 18, "Filecoin", confirmations=900, aliases=("fil",)),
    Chain("solana", "Solana", AddressFamily.SOLANA, "SOL", 9, "Solana", confirmations=32, aliases=("sol",)),
)
CHAINS: MappingProxyType[str, Chain] = MappingProxyType({chain.key: chain for chain in _PRESETS})


def find_chain(text: str) -> Chain:
    """A preset by key, alias, name, coin symbol or EIP-155 id, in any case. Raises UnknownChainError."""
    wanted = text.strip().casefold()
    for chain in _PRESETS:
        names = {chain.key, chain.name.casefold(), chain.symbol.casefold(), *chain.aliases}
        if chain.chain_id is not None:
            names |= {str(chain.chain_id), hex(chain.chain_id)}
        if wanted in names:
            return chain
    raise UnknownChainError(f"The chain {text.strip()[:40]!r} is not known. Known chains: {', '.join(CHAINS)}.")
