"""Headings of known files: columns found by name, in any order, whatever their case and spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aether_desktop.sum_api import AddressFamily, Chain, HeadingFit, ImportRefusedError, SowingContext

_COIN = re.compile(r"(.+?)\s*\(([^()]*)\)\Z")
_FIAT = frozenset({"usd"})


def folded(name: str) -> str:
    """A column's name as it is compared."""
    return " ".join(name.casefold().split())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column: the names it goes by, the usual one first. ``Name(*)`` has a coin or unit in its brackets."""

    key: str
    names: tuple[str, ...]
    required: bool = True

    @property
    def shown(self) -> str:
        return self.names[0].replace("(*)", "(…)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of one file are. Positions are -1 for optional columns that are not there."""

    positions: Mapping[str, int]
    units: Mapping[str, str]
    width: int

    def __getitem__(self, key: str) -> int:
        return self.positions[key]

    def has(self, key: str) -> bool:
        return self.positions[key] >= 0

    def text(self, cells: Sequence[str], key: str) -> str:
        """The cell without outer spaces; empty where the file has no such column."""
        place = self.positions[key]
        return cells[place].strip() if place >= 0 else ""


class Shape:
    """The columns of one kind of file; ``foreign`` names are those by which another kind is told from it."""

    def __init__(self, wanted: Iterable[Wanted], *, foreign: Iterable[str] = ()) -> None:
        self._wanted = tuple(wanted)
        self._foreign = frozenset(map(folded, foreign))

    def fits(self, heading: Sequence[str]) -> bool:
        return not self.compare(heading).missing and self._foreign.isdisjoint(map(folded, heading))

    def compare(self, heading: Sequence[str]) -> HeadingFit:
        """How many required columns are there, and which are not."""
        required = [wanted for wanted in self._wanted if wanted.required]
        names = [folded(name) for name in heading]
        missing = tuple(wanted.shown for wanted in required if not _places(wanted, names))
        return HeadingFit(len(required) - len(missing), missing)

    def columns(self, heading: Sequence[str]) -> Columns:
        """Raises ImportRefusedError for a column that is missing or there twice."""
        names = [folded(name) for name in heading]
        positions: dict[str, int] = {}
        units: dict[str, str] = {}
        for wanted in self._wanted:
            places = _places(wanted, names)
            if not places and wanted.required:
                raise ImportRefusedError(f"The file has no column {wanted.shown}.", field=wanted.shown)
            if len(places) > 1:
                raise ImportRefusedError(
                    f"The file has the column {wanted.shown} more than once; it is not clear which one holds.",
                    field=wanted.shown,
                )
            place = positions[wanted.key] = places[0] if places else -1
            if place >= 0 and (match := _COIN.match(heading[place].strip())):
                units[wanted.key] = match.group(2).strip()
        return Columns(positions, units, 1 + max(positions.values(), default=-1))


class Shaped:
    """What modules share whose files are known by their columns."""

    shape: Shape

    def recognises(self, heading: Sequence[str]) -> bool:
        return self.shape.fits(heading)

    def compare(self, heading: Sequence[str]) -> HeadingFit:
        return self.shape.compare(heading)


def require_bitcoin(context: SowingContext, title: str) -> None:
    """Raises ImportRefusedError for a wallet on another chain."""
    if context.chain.family is not AddressFamily.BITCOIN:
        raise ImportRefusedError(
            f"This file is of the kind {title}, which belongs to Bitcoin, but the wallet {context.wallet_name} is on "
            f"{context.chain.name}.",
            hint="Import it into a Bitcoin wallet.",
        )


def require_coin(columns: Columns, keys: Iterable[str], chain: Chain, wallet_name: str) -> None:
    """Refuse a file whose amounts are in the coin of another chain. Raises ImportRefusedError naming both."""
    for key in keys:
        coin = columns.units.get(key, "")
        if coin and not is_coin_of(coin, chain):
            raise ImportRefusedError(
                f"The amounts of this file are in {coin[:20]}, but the wallet {wallet_name} is on {chain.name}, whose "
                f"coin is {chain.symbol}: it belongs to another chain or wallet.",
                hint=f"Import it into a wallet whose coin is {coin[:20]}.",
            )


def is_coin_of(symbol: str, chain: Chain) -> bool:
    """Whether a chain's scanner would call its coin so; those of test networks use the main network's symbol."""
    symbol, own = symbol.casefold(), chain.symbol.casefold()
    return symbol == own or (chain.testnet and len(symbol) >= 3 and own.endswith(symbol))


def _places(wanted: Wanted, names: Sequence[str]) -> list[int]:
    for name in wanted.names:
        plain = folded(name)
        if plain.endswith("(*)"):
            stem = plain[:-3].strip()
            places = [
                index
                for index, other in enumerate(names)
                if (match := _COIN.match(other)) and match.group(1) == stem and match.group(2) not in _FIAT
            ]
        else:
            places = [index for index, other in enumerate(names) if other == plain]
        if places:
            return places
    return []
