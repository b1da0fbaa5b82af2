"""Movements of a file as rows of ``transactions``: what tells them again, and their column values. The hot loop of
every import, so: tuples, locals, no object per row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from aether_desktop.domain.amounts import Currency, InvalidAmountError, rescale_units
from aether_desktop.domain.transactions import TEXT_LIMITS, Direction, Movement
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.storage.columns import figure_text, rank_key, units_key

IDENTITY_BYTES: Final = 16
# The columns of a bulk row, in order; the others of the table are constants of one batch.
ROW_COLUMNS: Final = (
    "id",
    "occurred_at",
    "tx_hash",
    "kind",
    "leg",
    "direction",
    "status",
    "currency_id",
    "amount",
    "amount_rank",
    "fee_currency_id",
    "fee",
    "fee_rank",
    "from_address",
    "to_address",
    "counterparty",
    "contract_address",
    "block_number",
    "method",
    "error",
    "description",
    "source_row",
    "identity",
)
_PERSON: Final = b"aether movement"
_PERSON_REPEATED: Final = b"aether repeated"
_SEPARATOR: Final = "\x00"  # no stored text may contain it


class Coin(NamedTuple):
    """A currency as stored. ``key`` is what identities call it, ``given`` the decimals the file's units are in."""

    id: int
    decimals: int
    given: int
    key: str
    symbol: str


class Coins:
    """Currency objects of movements to stored coins; importers share few objects among many rows."""

    _LIMIT: Final = 4096

    def __init__(self, look_up: Callable[[Currency], Currency | None]) -> None:
        """``look_up`` gives the stored currency, or None for one that only a preview meets."""
        self._look_up = look_up
        self._by_object: dict[int, tuple[Coin, Currency]] = {}  # the object is held so that its id stays its own
        self._by_value: dict[Currency, Coin] = {}

    def of(self, currency: Currency) -> Coin:
        found = self._by_object.get(id(currency))
        if found is not None:
            return found[0]
        coin = self._by_value.get(currency)
        if coin is None:
            coin = self._by_value[currency] = self._resolved(currency)
        if len(self._by_object) >= self._LIMIT:
            self._by_object.clear()
        self._by_object[id(currency)] = (coin, currency)
        return coin

    def _resolved(self, currency: Currency) -> Coin:
        stored = self._look_up(currency) or currency
        key = f"{currency.chain}/{currency.contract or currency.symbol}"
        return Coin(stored.id, stored.decimals, currency.decimals, key, stored.symbol.casefold())


class Digest(NamedTuple):
    """``digest`` tells a movement again in any file; ``rank`` is its figure, ``coin`` its currency."""

    digest: bytes
    rank: bytes
    coin: Coin


def digests(movements: Sequence[Movement], coins: Coins) -> list[Digest]:
    """Identities, ordinals not yet counted.

    Over: hash in lower case, leg, direction, chain and contract (or symbol), from, to, and the *figure*, which a
    correction of decimals does not change. Without a hash also time, description and fee. Raises InvalidInputError
    naming the row.
    """
    result: list[Digest] = []
    append, coin_of = result.append, coins.of
    row = 0
    try:
        for movement in movements:
            row, occurred_at, tx_hash, _, leg, direction, _, units, currency = movement[:9]
            coin = coin_of(currency)
            rank = rank_key(units, coin.given)
            parts = (tx_hash.lower(), leg._value_, direction._value_, coin.key, movement[11], movement[12])
            text = _SEPARATOR.join(parts)
            separators = 5
            if not tx_hash:
                fee = _fee_text(movement, coins)
                text = _SEPARATOR.join((text, str(occurred_at), movement[17], fee))
                separators = 8
            if text.count(_SEPARATOR) != separators:
                raise InvalidInputError(f"Row {row} contains a NUL character.", field=str(row))
            digest = blake2b(text.encode() + b"\x00" + rank, digest_size=IDENTITY_BYTES, person=_PERSON).digest()
            append(Digest(digest, rank, coin))
    except (InvalidAmountError, UnicodeEncodeError) as error:
        raise _unstorable(row, error) from error
    return result


def repeated(digest: bytes, ordinal: int) -> bytes:
    """The identity of the ``ordinal``-th further movement equal to one seen before in the same file (from 1)."""
    content = digest + ordinal.to_bytes(8, "big")
    return blake2b(content, digest_size=IDENTITY_BYTES, person=_PERSON_REPEATED).digest()


def bulk_row(movement: Movement, digest: Digest, *, identity: bytes, row_id: int, coins: Coins) -> tuple[Any, ...]:
    """The values of ``ROW_COLUMNS``. Raises InvalidInputError naming the row."""
    row, occurred_at, tx_hash, kind, leg, direction, status, units, _, fee_units, fee_currency = movement[:11]
    from_address, to_address, contract_address, block_number, method, error, description, label, note = movement[11:]
    _, rank, coin = digest
    words = f"{contract_address}{method}{error}{description}{label}{note}"
    if _SEPARATOR in words:
        raise InvalidInputError(f"Row {row} contains a NUL character.", field=str(row))
    try:
        if not words.isascii():
            words.encode()
        if coin.given != coin.decimals:
            units = stored_units(units, coin)
        if fee_units is None:
            fee_id = fee = fee_rank = None
        else:
            fee_id, fee, fee_rank = _fee(fee_units, coin if fee_currency is None else coins.of(fee_currency))
        amount = units_key(units)
    except (InvalidAmountError, UnicodeEncodeError) as problem:
        raise _unstorable(row, problem) from problem
    party = from_address if direction is Direction.IN else to_address or contract_address
    return (
        row_id, occurred_at, tx_hash, kind._value_, leg._value_, direction._value_, status._value_,
        coin.id, amount, rank, fee_id, fee, fee_rank,
        from_address, to_address, party, contract_address,
        block_number, method, error, description, row, identity,
    )  # fmt: skip


def stored_units(units: int, coin: Coin) -> int:
    """Units of the file in the stored decimals: the same figure. Raises InvalidAmountError for lost digits."""
    if coin.given == coin.decimals:
        return units
    return rescale_units(units, old_decimals=coin.given, new_decimals=coin.decimals)


def counterparty(*, direction: Direction, from_address: str, to_address: str, contract_address: str) -> str:
    """The other side: from when value comes in, else to, else the contract."""
    return from_address if direction is Direction.IN else to_address or contract_address


def overlong(movements: Sequence[Movement]) -> InvalidInputError | None:
    """After the database refused rows: which one, and why; None when no text is too long."""
    for movement in movements:
        for name, limit in TEXT_LIMITS.items():
            if len(getattr(movement, name)) > limit:
                words = name.replace("_", " ")
                return InvalidInputError(
                    f"Row {movement.row}: the {words} has more than {limit} characters.", field=str(movement.row)
                )
        if movement.block_number is not None and not 0 <= movement.block_number < 2**63:
            return InvalidInputError(f"Row {movement.row}: this is no block number.", field=str(movement.row))
    return None


def _fee(units: int, coin: Coin) -> tuple[int, bytes, bytes]:
    return coin.id, units_key(stored_units(units, coin)), rank_key(units, coin.given)


def _fee_text(movement: Movement, coins: Coins) -> str:
    if movement.fee_units is None:
        return ""
    coin = coins.of(movement.fee_currency or movement.currency)
    return f"{figure_text(rank_key(movement.fee_units, coin.given))} {coin.key}"


def _unstorable(row: int, error: Exception) -> InvalidInputError:
    if isinstance(error, InvalidAmountError):
        return InvalidInputError(f"Row {row}: {error.reason}", field=str(row))
    return InvalidInputError(f"Row {row} contains half a character (a lone surrogate).", field=str(row))
