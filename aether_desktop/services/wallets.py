"""Finding wallets by what people type."""

from __future__ import annotations

from aether_desktop.domain.chains import UnknownChainError, find_chain
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet, WalletKind
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.ports.storage import Storage
from aether_desktop.services.records import RecordService


class WalletService:
    """Worker threads only."""

    def __init__(self, storage: Storage, records: RecordService) -> None:
        self._storage = storage
        self._records = records

    def add(self, *, name: str, chain: str, address: str, kind: str = WalletKind.NATIVE, symbol: str = "") -> Wallet:
        """A watch-only wallet; ``chain`` by key, name, symbol or EIP-155 id.

        Raises InvalidInputError naming the field, AlreadyExistsError.
        """
        try:
            known = find_chain(chain)
        except UnknownChainError as error:
            raise InvalidInputError(error.reason, field="chain") from error
        values = {"name": name.strip(), "chain": known.key, "address": address, "kind": kind, "symbol": symbol}
        record = self._records.create(TableName.WALLETS, values)
        return self._storage.wallets.get(record.id)

    def find(self, text: str) -> Wallet:
        """A wallet by exact name (any case), id or address. Raises NotFoundError, InvalidInputError when several."""
        wanted = text.strip()
        wallets = self._storage.wallets.all()
        named = [wallet for wallet in wallets if wallet.name.casefold() == wanted.casefold()]
        if not named:
            named = [wallet for wallet in wallets if str(wallet.id) == wanted or wallet.is_at(wanted)]
        if len(named) > 1:
            raise InvalidInputError(
                f"Several wallets match {wanted[:80]!r}.", field="wallet", hint="Give the wallet's id instead."
            )
        if not named:
            known = ", ".join(wallet.name for wallet in wallets[:10])
            hint = f"Known wallets: {known}." if known else "Add one first."
            raise NotFoundError(f"There is no wallet {wanted[:80]!r}.", hint=hint)
        return named[0]
