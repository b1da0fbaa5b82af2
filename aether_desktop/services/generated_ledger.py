"""A large made-up ledger: wallets and their movements as a function of size and seed alone. Nothing in it is real.

Whole numbers only, so that every machine makes the same rows: powers and logarithms differ between C libraries. Pure;
no wallet's balance of any currency is ever below zero.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Final, NamedTuple

from aether_desktop.domain.addresses import AddressFamily, to_checksum
from aether_desktop.domain.addresses.base58 import encode_base58, encode_base58check
from aether_desktop.domain.addresses.filecoin import encode_delegated
from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.transactions import Direction, Leg, Movement, TransactionKind, TransactionStatus

FIRST: Final = datetime(2016, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2026, 11, 1, tzinfo=UTC)
CHUNK_ROWS: Final = 4096
ROWS_PER_PARTY: Final = 40
_EPOCH: Final = int(FIRST.timestamp())
_SPAN: Final = int((LAST - FIRST).total_seconds())
_MILLION: Final = 1_000_000
_HASHES_AT_ONCE: Final = 512
_ETHEREUM_NAMESPACE: Final = 10
# Shifts of a random index, so that low indexes are drawn far more often: about 1/index, the last ones a few times each.
_SHIFTS: Final = 4

IN, OUT, SELF = Direction.IN, Direction.OUT, Direction.SELF
SEND, RECEIVE, CALL = TransactionKind.SEND, TransactionKind.RECEIVE, TransactionKind.CONTRACT_INTERACTION
CONFIRMED, FAILED = TransactionStatus.CONFIRMED, TransactionStatus.FAILED


class WalletPlan(NamedTuple):
    """``share`` of the rows in thousandths; ``since`` in thousandths of the whole time."""

    name: str
    chain: str
    share: int
    since: int


PLANS: Final = (
    WalletPlan("Treasury", "atc", 300, 90),
    WalletPlan("Ether savings", "ethereum", 330, 0),
    WalletPlan("Household", "atc", 110, 300),
    WalletPlan("Workshop", "ethereum", 90, 450),
    WalletPlan("Bitcoin cold storage", "bitcoin", 80, 0),
    WalletPlan("Archive storage", "filecoin", 50, 500),
    WalletPlan("Reef", "solana", 40, 550),
)
_TOKENS: Final = (  # chain, symbol, name, decimals
    ("atc", "FTC", "FractalCoin", 18),
    ("atc", "AIC", "AIcoin", 18),
    ("atc", "GRAIN", "Grain share", 0),
    ("ethereum", "HUSD", "Harbour Dollar", 6),
    ("ethereum", "LGOLD", "Ledger Gold", 8),
    ("ethereum", "CEDAR", "Cedar", 18),
    ("solana", "CORAL", "Coral", 9),
)
_METHODS: Final = ("Transfer", "Swap", "Approve", "Deposit", "Claim rewards", "Withdraw", "0xa9059cbb")
_ERRORS: Final = ("Out of gas", "execution reverted", "execution reverted: transfer amount exceeds allowance")
_LABELS: Final = (
    *("Rent", "Bakery", "Solar panels", "Grain order", "Library donation", "Consulting", "Server hosting", "Insurance"),
    *("Temple tithe", "Jubilee fund", "School fees", "Salary", "Refund", "Invoice", "Savings plan", "Exchange"),
)
_DESCRIPTIONS: Final = ("monthly payment", "correction of the last transfer", "part two of three", "agreed by voice")
_BLOCK_SECONDS: Final = {"bitcoin": 600, "filecoin": 30, "solana": 1}


@dataclass(frozen=True, slots=True)
class PlannedWallet:
    """One wallet to be made and how many rows it gets."""

    name: str
    chain: str
    address: str
    rows: int
    number: int


class Ledger:
    """``rows`` movements over several wallets. One thread."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self.seed = seed
        shares = [rows * plan.share // 1000 for plan in PLANS]
        shares[0] += rows - sum(shares)
        self.wallets = tuple(
            PlannedWallet(plan.name, plan.chain, self._address("own", plan.chain, number), count, number)
            for number, (plan, count) in enumerate(zip(PLANS, shares, strict=True))
        )

    def currencies(self, chain: str) -> list[Currency]:
        """The chain's coin, then its tokens."""
        return [
            CHAINS[chain].coin,
            *(
                Currency(symbol, decimals, chain=chain, contract=self._address("token", chain, number), name=name)
                for number, (where, symbol, name, decimals) in enumerate(_TOKENS)
                if where == chain
            ),
        ]

    def files(self, wallet: PlannedWallet) -> Iterator[tuple[int, Iterator[list[Movement]]]]:
        """A wallet's movements as the yearly files people have: year, and chunks to be used up before the next year."""
        maker = _WalletMaker(self, wallet)
        for year, movements in groupby(maker.movements(), key=_year_of):
            yield year, _chunks(movements)

    def party(self, family: AddressFamily, number: int) -> str:
        """The address of the ``number``-th other side."""
        chain = next(chain.key for chain in CHAINS.values() if chain.family is family and not chain.testnet)
        return self._address("party", chain, number)

    def _address(self, kind: str, chain: str, number: int) -> str:
        raw = hashlib.blake2b(f"{self.seed} {kind} {chain} {number}".encode(), digest_size=32).digest()
        return _ADDRESS_OF[CHAINS[chain].family](raw)


class _WalletMaker:
    """One wallet's rows, ascending in time."""

    def __init__(self, ledger: Ledger, wallet: PlannedWallet) -> None:
        chain = CHAINS[wallet.chain]
        self._ledger, self._wallet, self._family = ledger, wallet, chain.family
        self._random = random.Random(f"aether ledger {ledger.seed} {ledger.rows} {wallet.number}")  # noqa: S311 - sample
        coin, *self._tokens = ledger.currencies(wallet.chain)
        self._coin = coin
        self._balances: dict[Currency, int] = dict.fromkeys((coin, *self._tokens), 0)
        self._parties = [""] * max(1, wallet.rows // ROWS_PER_PARTY)
        self._bits = len(self._parties).bit_length()
        self._fee: int = 10 ** max(coin.decimals - 6, 0)  # a unit of fees: a millionth of the coin
        self._row = 1

    def movements(self) -> Iterator[Movement]:
        """All rows; some of the last month wait for their confirmation."""
        left = self._wallet.rows
        for moment, tx_hash in zip(self._moments(), self._hashes(), strict=False):
            event = self._event(moment, tx_hash)[:left]
            yield from event
            left -= len(event)
            if not left:
                return

    # -- one event -----------------------------------------------------------------------------------------------

    def _event(self, moment: int, tx_hash: str) -> list[Movement]:
        """One transaction: one row, or several under one hash."""
        draw = self._random.getrandbits(10)
        if draw < 8:
            return [self._one(moment, tx_hash, IN, status=TransactionStatus.ORPHANED)]
        if draw < 28:
            return [self._failed(moment, tx_hash)]
        if self._tokens and draw < 300:
            return self._token_event(moment, tx_hash, trade=draw < 70)
        if self._family is AddressFamily.EVM and draw < 370:
            return [self._one(moment, tx_hash, IN, leg=Leg.INTERNAL, kind=CALL, method="Claim rewards")]
        if draw < 380:
            return [self._one(moment, tx_hash, SELF, kind=SEND)]
        late = moment > _EPOCH + _SPAN - 2_500_000 and draw & 31 == 0
        status = TransactionStatus.PENDING if late else CONFIRMED
        return [self._one(moment, tx_hash, IN if draw < 720 else OUT, status=status)]

    def _one(
        self,
        moment: int,
        tx_hash: str,
        direction: Direction,
        *,
        kind: TransactionKind | None = None,
        leg: Leg = Leg.NORMAL,
        status: TransactionStatus = CONFIRMED,
        method: str = "Transfer",
    ) -> Movement:
        """A movement of the coin; what is not there cannot be sent, and comes in instead."""
        units, fee = self._units(self._coin), self._fee_units()
        held = self._balances[self._coin]
        if direction is not IN and held < units + fee:
            direction, kind = IN, None
        paid = 0 if direction is IN else fee
        if status is CONFIRMED:
            moved = units if direction is IN else -units if direction is OUT else 0
            self._balances[self._coin] = held + moved - paid
        return self._row_of(
            moment, tx_hash, kind or (RECEIVE if direction is IN else SEND), leg, direction,
            status=status, units=units, currency=self._coin, fee=None if direction is IN else paid, method=method,
        )  # fmt: skip

    def _failed(self, moment: int, tx_hash: str) -> Movement:
        """Moves nothing, and costs its fee where one can be paid."""
        fee = self._fee_units()
        if self._balances[self._coin] < fee:
            return self._one(moment, tx_hash, IN)
        self._balances[self._coin] -= fee
        return self._row_of(
            moment, tx_hash, CALL, Leg.NORMAL, OUT, status=FAILED, units=self._units(self._coin), currency=self._coin,
            fee=fee, method=_METHODS[self._random.randrange(len(_METHODS))],
            error=_ERRORS[self._random.randrange(len(_ERRORS))],
        )  # fmt: skip

    def _token_event(self, moment: int, tx_hash: str, *, trade: bool) -> list[Movement]:
        """A token comes in, or goes out beside the row that paid the fee, or is traded for another."""
        source, balances = self._random, self._balances
        token = self._tokens[source.randrange(len(self._tokens))]
        units, fee = self._units(token), self._fee_units()
        goes = source.getrandbits(1) and balances[token] >= units and balances[self._coin] >= fee
        party = self._party()
        if not goes:
            balances[token] += units
            return [self._token_row(moment, tx_hash, token, IN, units=units, party=party)]
        balances[token] -= units
        balances[self._coin] -= fee
        payer = self._row_of(
            moment, tx_hash, CALL, Leg.NORMAL, OUT, units=0, currency=self._coin, fee=fee,
            party=token.contract, method="Swap" if trade else "Transfer",
        )  # fmt: skip
        rows = [payer, self._token_row(moment, tx_hash, token, OUT, units=units, party=party)]
        if trade and len(self._tokens) > 1:
            other = self._tokens[self._tokens.index(token) - 1]
            got = self._units(other)
            balances[other] += got
            rows.append(self._token_row(moment, tx_hash, other, IN, units=got, party=party))
        return rows

    def _token_row(
        self, moment: int, tx_hash: str, token: Currency, direction: Direction, *, units: int, party: str
    ) -> Movement:
        return self._row_of(
            moment, tx_hash, RECEIVE if direction is IN else SEND, Leg.TOKEN, direction, units=units, currency=token,
            party=party, contract=token.contract, method="Transfer",
        )  # fmt: skip

    def _row_of(
        self,
        moment: int,
        tx_hash: str,
        kind: TransactionKind,
        leg: Leg,
        direction: Direction,
        *,
        units: int,
        currency: Currency,
        fee: int | None = None,
        status: TransactionStatus = CONFIRMED,
        party: str = "",
        contract: str = "",
        method: str = "",
        error: str = "",
    ) -> Movement:
        self._row += 1
        own, party = self._wallet.address, party or self._party()
        words = self._random.getrandbits(12)
        pending = status is TransactionStatus.PENDING
        return Movement(
            self._row,
            moment * _MILLION,
            tx_hash,
            kind,
            leg,
            direction,
            status,
            units,
            currency,
            fee,
            None if fee is None else self._coin,
            party if direction is IN else own,
            own if direction is not OUT else party,
            contract,
            None if pending else self._block(moment),
            method if self._family is AddressFamily.EVM else "",
            error,
            _DESCRIPTIONS[words & 3] if words >> 5 == 3 else "",
            _label(words) if words >> 7 == 1 else "",
        )

    # -- figures, times, others ----------------------------------------------------------------------------------

    def _units(self, currency: Currency) -> int:
        """From a ten-thousandth to a hundred, mostly with few digits, as people send them."""
        source = self._random
        figure = (100 + source.randrange(900)) * int(10 ** source.randrange(6))  # three digits, of a millionth
        if source.getrandbits(2) == 0:
            figure += source.randrange(100)
        finer = int(10 ** max(currency.decimals - 6, 0))
        scaled = figure * finer if currency.decimals >= 6 else figure // 10**4 + 1
        if currency.decimals == 18 and source.getrandbits(3) == 0:
            scaled += source.getrandbits(39)
        return scaled

    def _fee_units(self) -> int:
        return (21 + self._random.getrandbits(9)) * self._fee

    def _block(self, moment: int) -> int:
        return 400_000 + (moment - _EPOCH) // _BLOCK_SECONDS.get(self._wallet.chain, 12)

    def _party(self) -> str:
        """A few of them very often, most of them a few times."""
        source, parties = self._random, self._parties
        shift = max(source.randrange(self._bits + _SHIFTS) - _SHIFTS, 0)
        number = (source.getrandbits(self._bits) >> shift) % len(parties)
        if not parties[number]:
            parties[number] = self._ledger.party(self._family, self._wallet.number * _MILLION + number)
        return parties[number]

    def _moments(self) -> Iterator[int]:
        """Seconds since 1970, ascending, busier towards the end."""
        count, source = self._wallet.rows, self._random
        start = _SPAN * PLANS[self._wallet.number].since // 1000
        span, below = _SPAN - start, 0
        for number in range(1, count + 1):
            above = span * number * (3 * count - number) // (2 * count * count)
            yield _EPOCH + start + below + source.randrange(max(above - below, 1))
            below = above

    def _hashes(self) -> Iterator[str]:
        """32 random bytes each, written as the chain writes them."""
        source = self._random
        prefix = "0x" if self._family is AddressFamily.EVM else ""
        while True:
            digits = source.randbytes(32 * _HASHES_AT_ONCE).hex()
            for start in range(0, len(digits), 64):
                yield f"{prefix}{digits[start : start + 64]}"


def _label(words: int) -> str:
    """Half of them with a number, so that there are many different ones."""
    label = _LABELS[words & 15]
    return f"{label} {words}" if words & 16 else label


def _bitcoin_address(raw: bytes) -> str:
    return encode_base58check(b"\0" + raw[:20])


def _filecoin_address(raw: bytes) -> str:
    return encode_delegated(_ETHEREUM_NAMESPACE, raw[:20])


def _evm_address(raw: bytes) -> str:
    return to_checksum("0x" + raw[:20].hex())


_ADDRESS_OF: Final[dict[AddressFamily, Callable[[bytes], str]]] = {
    AddressFamily.EVM: _evm_address,
    AddressFamily.BITCOIN: _bitcoin_address,
    AddressFamily.FILECOIN: _filecoin_address,
    AddressFamily.SOLANA: encode_base58,
}


def _year_of(movement: Movement) -> int:
    return datetime.fromtimestamp(movement.occurred_at // _MILLION, UTC).year


def _chunks(movements: Iterator[Movement]) -> Iterator[list[Movement]]:
    while chunk := list(islice(movements, CHUNK_ROWS)):
        yield chunk
