"""What needs a person's attention, and what to do about it. Pure over what was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.amounts import Currency, format_units
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.imports import BatchStatus, ImportBatch
from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.storage import Dip
from aether_desktop.services.people import PeopleService
from aether_desktop.services.vault_access import AccessState, VaultAccess

_REJECTED_SHOWN = 10


class AttentionKind(StrEnum):
    NO_PASSWORD = "no_password"  # noqa: S105 - a kind of attention
    OLDER_KEYS = "older_keys"
    NO_KIT = "no_kit"
    OLD_COPIES = "old_copies"
    NO_KEYS = "no_keys"
    DIP = "dip"
    ASSUMED_DECIMALS = "assumed_decimals"
    REJECTED_ROWS = "rejected_rows"
    NO_PRICE = "no_price"
    NO_WALLET = "no_wallet"
    NO_HISTORY = "no_history"


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at: ``text`` says what, ``hint`` what to do; ``query`` opens the rows it is about."""

    kind: AttentionKind
    text: str
    hint: str = ""
    query: TableQuery | None = None
    wallet_id: int | None = None
    currency: Currency | None = None
    since: datetime | None = None
    batch_id: int | None = None


def access_attention(access: VaultAccess) -> Iterator[Attention]:
    """What is missing of password and recovery kit, an older key file, copies that open more easily than the vault.

    Worker threads. Raises KeysDamagedError, KeyStoreError.
    """
    if access.state is AccessState.OLD:
        yield Attention(
            AttentionKind.NO_PASSWORD,
            "This vault has no password: whoever can read your keyring or key file can open it.",
            "Set a password; then both are needed.",
        )
        return
    notice = access.keys_notice()
    if notice is not None:
        yield Attention(AttentionKind.OLDER_KEYS, notice.text, notice.hint)
    copies = [copy for copy in access.old_copies() if not copy.set_aside]
    if copies:
        yield Attention(
            AttentionKind.OLD_COPIES,
            "Beside the vault lies an older copy of it: " + " ".join(copy.text for copy in copies),
            "The program kept it when it changed the vault. Whoever takes it needs less than for the vault itself."
            " Deleting it verifies the whole vault first.",
        )
    levels = [level for level in access.describe() if level.exists]
    if not levels[0].has_kit:
        yield Attention(
            AttentionKind.NO_KIT,
            "There is no recovery kit: with a forgotten password or a lost computer nobody can open this vault again.",
            "Make one; it takes a pen and two minutes.",
        )
    elif missing := [str(int(level.level)) for level in levels if not level.has_kit]:
        yield Attention(
            AttentionKind.NO_KIT,
            f"The recovery kit does not open level {' and '.join(missing)}, which came after it.",
            "Make a new one.",
        )


def keys_attention(people: PeopleService) -> Iterator[Attention]:
    """Whether sealing and signing have begun. Worker threads. Raises MembershipError."""
    if not people.begun():
        yield Attention(
            AttentionKind.NO_KEYS,
            "Sensitive fields are not sealed one by one, and changes are not signed: nobody has keys of their own.",
            "Make yours on the page of people; that sets up levels 2 and 3.",
        )


class AttentionFinder:
    """Most pressing first: missing history, rejected rows, assumed decimals, prices, empty wallets."""

    def __init__(self, *, wallets: Sequence[Wallet], batches: Sequence[ImportBatch], dips: Sequence[Dip]) -> None:
        self._wallets = {wallet.id: wallet for wallet in wallets}
        self._batches = [batch for batch in batches if batch.status is BatchStatus.STORED]
        self._dips = dips

    def find(
        self, with_history: Collection[int], *, currencies: Sequence[Currency], unpriced: Sequence[str], fiat: str
    ) -> Iterator[Attention]:
        """``with_history`` are the wallets that have rows; ``unpriced`` the symbols held that have no price."""
        if not self._wallets:
            yield Attention(AttentionKind.NO_WALLET, "There is no wallet yet.", "Add one, then import its history.")
        for dip in self._dips:
            wallet = self._wallets.get(dip.wallet_id)
            if wallet is not None:
                yield self._dip(dip, wallet)
        yield from self._rejected()
        for currency in currencies:
            if currency.decimals_assumed:
                yield Attention(
                    AttentionKind.ASSUMED_DECIMALS,
                    f"{_name(currency)} is taken to have {currency.decimals} decimals; its file did not say.",
                    "Correct the decimals once; every figure shown stays the same.",
                    TableQuery(TableName.TRANSACTIONS, (Term("contract_address", Comparison.EQUAL, currency.contract),))
                    if currency.contract
                    else None,
                    currency=currency,
                )
        if unpriced:
            names = ", ".join(plain_line(symbol, 20) for symbol in unpriced[:8])
            more = f" and {len(unpriced) - 8} more" if len(unpriced) > 8 else ""
            yield Attention(
                AttentionKind.NO_PRICE,
                f"There is no price in {fiat} for {names}{more}; no value is shown.",
                "Import prices: a CSV file with date, symbol, currency, price.",
            )
        for wallet in self._wallets.values():
            if wallet.id not in with_history:
                yield Attention(
                    AttentionKind.NO_HISTORY,
                    f"{plain_line(wallet.name, 60)} has no transactions yet.",
                    "Import its history from a file.",
                    wallet_id=wallet.id,
                )

    def _dip(self, dip: Dip, wallet: Wallet) -> Attention:
        lowest = format_units(dip.lowest_units, dip.currency.decimals)
        terms = (
            Term("wallet", Comparison.EQUAL, wallet.name),
            Term("asset", Comparison.EQUAL, dip.currency.asset),
            Term("occurred_at", Comparison.AT_MOST, iso(dip.since)),
        )
        return Attention(
            AttentionKind.DIP,
            f"{plain_line(wallet.name, 60)}: {_name(dip.currency)} falls below zero on {dip.since:%Y-%m-%d} "
            f"(lowest {lowest}): history before then is missing.",
            self._missing_export(dip.currency, wallet),
            TableQuery(TableName.TRANSACTIONS, terms),
            wallet_id=wallet.id,
            currency=dip.currency,
            since=dip.since,
        )

    def _missing_export(self, currency: Currency, wallet: Wallet) -> str:
        """Which export would fill the gap, by what was imported for the wallet so far."""
        formats = {batch.format for batch in self._batches if batch.wallet_id == wallet.id}
        chain = CHAINS[wallet.chain]
        earlier = "Export the whole history, from the first transaction on, and import it; overlaps merge."
        if chain.family is not AddressFamily.EVM or not any(each.startswith("etherscan.") for each in formats):
            return earlier
        if currency.contract:
            return earlier if "etherscan.erc20" in formats else "Import the ERC-20 token transfers export."
        if "etherscan.normal" not in formats:
            return "Import the normal transactions export."
        if "etherscan.internal" not in formats:
            return f"Import the internal transactions export: contracts pay out {currency.symbol} there."
        return earlier

    def _rejected(self) -> Iterator[Attention]:
        latest: dict[tuple[int, str], ImportBatch] = {}  # a file imported again answers for itself
        for batch in self._batches:
            latest.setdefault((batch.wallet_id, batch.file_name), batch)
        for batch in [each for each in latest.values() if each.rejected][:_REJECTED_SHOWN]:
            rows = "1 row" if batch.rejected == 1 else f"{batch.rejected} rows"
            yield Attention(
                AttentionKind.REJECTED_ROWS,
                f"{rows} of {plain_line(batch.file_name, 60)} could not be read and are missing.",
                "Look at the reasons, correct the file and import it again; what is stored already is not added twice.",
                wallet_id=batch.wallet_id,
                batch_id=batch.id,
            )


def _name(currency: Currency) -> str:
    return plain_line(currency.symbol or currency.contract, 30)
