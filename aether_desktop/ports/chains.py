"""EVM networks: where they are kept, and how they are reached. Worker threads only, unless said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aether_desktop.domain.networks import EvmNetwork
from aether_desktop.ports.networks import JsonRpc


class NetworkStore(Protocol):
    """This person's networks. Raises the StorageError family."""

    def all(self) -> list[EvmNetwork]:
        """By chain id."""
        ...

    def add(self, network: EvmNetwork) -> None:
        """Raises AlreadyExistsError when there is one with this chain id."""
        ...

    def update(self, network: EvmNetwork) -> None:
        """One version up. Raises ConflictError when ``version`` is not the stored one, AlreadyExistsError,
        NotFoundError."""
        ...

    def remove(self, network: EvmNetwork) -> None:
        """Raises NotFoundError, ConflictError."""
        ...


class EvmConnections(Protocol):
    """Clients of networks; they share connections and are closed together."""

    def connect(self, endpoints: Sequence[str], chain_id: int) -> JsonRpc:
        """Nothing is asked yet. The chain id is proven before anything is believed. Raises InvalidInputError."""
        ...

    def close(self) -> None:
        """Break off what is asked now. Any thread; may be called twice."""
        ...
