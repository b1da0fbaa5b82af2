"""Which coin or token a file means by a symbol or a contract."""

from __future__ import annotations

from collections.abc import Iterable

from aether_desktop.domain.addresses import InvalidAddressError, parse_address
from aether_desktop.domain.amounts import ASSUMED_DECIMALS, Currency
from aether_desktop.domain.chains import CHAINS, Chain
from aether_desktop.domain.fiat import fiat_currency

_MAX_SYMBOL, _MAX_NAME = 64, 200
# Only these: BNB, ETC and SOL are three letters too.
_FIAT = frozenset(
    {
        *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS"),
        *("INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "TWD"),
        *("UAH", "USD", "VND", "ZAR"),
    }
)
_MAIN_COINS = {chain.symbol: chain for chain in CHAINS.values() if not chain.testnet}


class CurrencyBook:
    """Answers ``SowingContext.currency`` for one wallet's chain. One thread; the same question, the same object."""

    def __init__(self, chain: Chain, stored: Iterable[Currency]) -> None:
        self._chain = chain
        self._by_contract: dict[str, Currency] = {}
        self._by_symbol: dict[tuple[str, str], Currency] = {}
        self._answers: dict[tuple[str, str], Currency] = {}
        self.assumed: list[Currency] = []
        for currency in stored:
            if currency.contract and currency.chain == chain.key:
                self._by_contract[currency.contract] = currency
            elif not currency.contract:
                self._by_symbol[currency.chain, currency.symbol] = currency

    def find(self, symbol: str, contract: str = "", name: str = "") -> Currency:
        """The known currency, or a new one; ``assumed`` lists new ones whose decimals nobody said."""
        key = (symbol, contract)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._decide(symbol.strip(), contract.strip(), name.strip())
        return answer

    def _decide(self, symbol: str, contract: str, name: str) -> Currency:
        if contract:
            return self._token(symbol, self._canonical(contract), name)
        if not symbol or symbol == self._chain.symbol:
            return self._coin(self._chain.coin)
        known = self._by_symbol.get((self._chain.key, symbol))
        if known is not None:
            return known
        chain = _MAIN_COINS.get(symbol)
        if chain is not None:
            return self._coin(chain.coin)
        if symbol in _FIAT:
            return self._coin(fiat_currency(symbol))
        return self._new(symbol, "", name)

    def _token(self, symbol: str, contract: str, name: str) -> Currency:
        known = self._by_contract.get(contract)
        if known is None:
            known = self._by_contract[contract] = self._new(symbol, contract, name)
        return known

    def _coin(self, coin: Currency) -> Currency:
        return self._by_symbol.get((coin.chain, coin.symbol), coin)

    def _new(self, symbol: str, contract: str, name: str) -> Currency:
        currency = Currency(
            symbol[:_MAX_SYMBOL],
            ASSUMED_DECIMALS,
            chain=self._chain.key,
            contract=contract,
            name=name[:_MAX_NAME],
            decimals_assumed=True,
        )
        self.assumed.append(currency)
        return currency

    def _canonical(self, contract: str) -> str:
        try:
            return parse_address(contract, self._chain.family, testnet=self._chain.testnet)
        except InvalidAddressError:
            return contract
