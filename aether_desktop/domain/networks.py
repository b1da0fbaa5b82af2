"""EVM networks as people keep them: where a chain is reached, how sure a block is, where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.chains import CHAINS, Chain
from aether_desktop.domain.endpoints import Endpoint, InvalidEndpointError, Scheme, parse_endpoint
from aether_desktop.domain.evm_transactions import MAX_CHAIN_ID
from aether_desktop.domain.records import InvalidRecordError, require_text

MOST_ENDPOINTS: Final = 8
MOST_CONFIRMATIONS: Final = 100_000
_LOCAL: Final = {"atc-local": ("http://localhost:8545",)}  # published with the ecosystem; others have none of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmNetwork:
    """``endpoints`` in the order in which they are asked; their paths may hold access keys, so they are not shown.

    ``id`` 0: a preset that was never changed. Raises InvalidRecordError naming the field.
    """

    id: int
    owner_id: int
    version: int = 1
    created_at: datetime
    name: str
    chain_id: int
    symbol: str
    endpoints: tuple[str, ...] = field(default=(), repr=False)
    confirmations: int = 12
    explorer: str = ""

    def __post_init__(self) -> None:
        require_text("name", self.name, limit=100)
        require_text("symbol", self.symbol, limit=20)
        if not 1 <= self.chain_id <= MAX_CHAIN_ID:
            raise InvalidRecordError("chain_id", f"A chain id is a number from 1 to {MAX_CHAIN_ID}.")
        if not 1 <= self.confirmations <= MOST_CONFIRMATIONS:
            raise InvalidRecordError("confirmations", f"Confirmations are 1 to {MOST_CONFIRMATIONS:,}.")
        if len(self.endpoints) > MOST_ENDPOINTS or len(set(self.endpoints)) != len(self.endpoints):
            raise InvalidRecordError("endpoints", f"At most {MOST_ENDPOINTS} endpoints, each once.")
        for text in self.endpoints:
            _web_address("endpoints", text)
        if self.explorer:
            _web_address("explorer", self.explorer)

    @property
    def chain(self) -> Chain | None:
        """The chain that wallets of this network live on; None for one that is not among the presets."""
        return next((chain for chain in evm_chains() if chain.chain_id == self.chain_id), None)

    @property
    def shown_endpoints(self) -> tuple[str, ...]:
        """For screens and logs: scheme, host and port."""
        return tuple(parse_endpoint(text).shown for text in self.endpoints)

    def transaction_link(self, transaction_hash: str) -> str:
        """Where the explorer shows it; empty without an explorer."""
        return f"{self.explorer.rstrip('/')}/tx/{transaction_hash}" if self.explorer else ""

    def address_link(self, address: str) -> str:
        """As ``transaction_link``."""
        return f"{self.explorer.rstrip('/')}/address/{address}" if self.explorer else ""


def evm_chains() -> tuple[Chain, ...]:
    """The presets that have an EIP-155 id."""
    return tuple(chain for chain in CHAINS.values() if chain.family is AddressFamily.EVM)


def preset_networks(owner_id: int, now: datetime) -> tuple[EvmNetwork, ...]:
    """As they are until somebody changes them."""
    return tuple(
        EvmNetwork(
            id=0,
            owner_id=owner_id,
            created_at=now,
            name=chain.name,
            chain_id=chain.chain_id or 0,
            symbol=chain.symbol,
            endpoints=_LOCAL.get(chain.key, ()),
            confirmations=chain.confirmations,
        )
        for chain in evm_chains()
    )


def _web_address(name: str, text: str) -> Endpoint:
    try:
        endpoint = parse_endpoint(text)
    except InvalidEndpointError as error:
        raise InvalidRecordError(name, error.reason) from error
    if endpoint.scheme not in (Scheme.HTTP, Scheme.HTTPS):
        raise InvalidRecordError(name, "This begins with http:// or https://.")
    return endpoint
