"""Secrets of wallets as storage keeps them: sealed, and never anything else. Worker threads only."""

from __future__ import annotations

from typing import Protocol

from aether_desktop.domain.wallet_secrets import SecretKind, WalletSecret


class WalletSecretStore(Protocol):
    """Raises the StorageError family."""

    def of_wallet(self, wallet_id: int) -> list[WalletSecret]:
        """This person's, by kind."""
        ...

    def get(self, wallet_id: int, kind: SecretKind) -> WalletSecret:
        """This person's. Raises NotFoundError."""
        ...

    def add(self, secret: WalletSecret) -> None:
        """Raises AlreadyExistsError when the wallet has one of that kind, NotFoundError for an unknown wallet."""
        ...

    def replace(self, secret: WalletSecret) -> None:
        """One version up. Raises ConflictError when ``version`` is not the stored one, NotFoundError."""
        ...

    def remove(self, secret: WalletSecret) -> None:
        """Raises NotFoundError; ConflictError as ``replace``."""
        ...
