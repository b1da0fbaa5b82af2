"""wallet add|list, token list|rescale."""

from __future__ import annotations

from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import InvalidInputError, NotFoundError


def add(context: Context) -> int:
    options = context.options
    wallet = context.services().wallets.add(
        name=options.name, chain=options.chain, address=options.address, kind=options.kind
    )
    context.terminal.say(f"Added the wallet {wallet.name} on {wallet.chain}: {wallet.address}")
    if options.json:
        context.terminal.json(wallet_facts(wallet))
    else:
        context.terminal.line(str(wallet.id))
    return DONE


def list_wallets(context: Context) -> int:
    wallets = context.services().storage.wallets.all()
    if context.options.json:
        context.terminal.json([wallet_facts(wallet) for wallet in wallets])
    else:
        rows = [(str(wallet.id), wallet.name, wallet.chain, wallet.address) for wallet in wallets]
        context.terminal.table(("id", "name", "chain", "address"), rows)
    return DONE


def list_tokens(context: Context) -> int:
    currencies = context.services().storage.currencies.all()
    if context.options.json:
        context.terminal.json([_currency(currency) for currency in currencies])
    else:
        rows = [
            (str(each.id), each.symbol, str(each.decimals), "assumed" if each.decimals_assumed else "", each.contract)
            for each in currencies
        ]
        context.terminal.table(("id", "symbol", "decimals", "", "contract"), rows)
    return DONE


def rescale(context: Context) -> int:
    options = context.options
    currency = _find_currency(context.services().storage.currencies.all(), options.token)
    context.services().importing.rescale(currency.id, options.decimals)
    context.terminal.say(f"{currency.symbol} now has {options.decimals} decimals; every figure shown stayed the same.")
    return DONE


def _find_currency(currencies: list[Currency], text: str) -> Currency:
    wanted = text.strip().casefold()
    found = [each for each in currencies if wanted in (each.contract.casefold(), str(each.id))]
    found = found or [each for each in currencies if each.symbol.casefold() == wanted]
    if not found:
        raise NotFoundError(f"There is no token {text[:80]!r}.", hint="See: aether-desktop token list")
    if len(found) > 1:
        raise InvalidInputError(
            f"Several tokens are called {text[:80]!r}.", field="token", hint="Give the contract address or the id."
        )
    return found[0]


def wallet_facts(wallet: Wallet) -> dict[str, object]:
    return {
        "id": str(wallet.id),
        "name": wallet.name,
        "chain": wallet.chain,
        "address": wallet.address,
        "kind": wallet.kind.value,
        "symbol": wallet.symbol,
        "watch_only": wallet.watch_only,
    }


def _currency(currency: Currency) -> dict[str, object]:
    return {
        "id": str(currency.id),
        "symbol": currency.symbol,
        "name": currency.name,
        "chain": currency.chain,
        "contract": currency.contract,
        "decimals": currency.decimals,
        "decimals_assumed": currency.decimals_assumed,
    }
