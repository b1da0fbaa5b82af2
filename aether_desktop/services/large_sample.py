"""Filling an empty vault with a large generated ledger by the road of every import, and other tables in proportion."""

from __future__ import annotations

import hashlib
import random
from base64 import b32encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.content import ContentEntry, ContentKind, ContentStatus
from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.monitoring import MonitoringAction, MonitoringEntry, Severity
from aether_desktop.domain.payments import Payment, PaymentStatus
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.domain.transactions import Movement
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.generated_ledger import FIRST, LAST, Ledger, PlannedWallet
from aether_desktop.services.service_set import ServiceSet

FORMAT: Final = "generated.ledger"
SOURCE: Final = "generated"
RecordT = TypeVar("RecordT")
_AT_ONCE: Final = 1000
_SECONDS: Final = int((LAST - FIRST).total_seconds())


class _Share(NamedTuple):
    """One row for every ``per`` transactions, within bounds."""

    per: int
    least: int
    most: int


class LargeSample:
    """``rows`` transactions that follow from ``seed``; ids and the audit log are the vault's own. Worker threads only.

    Every time stored is the ledger's, none the clock's.
    """

    def __init__(self, services: ServiceSet, *, rows: int, seed: int) -> None:
        self._services = services
        self._storage = services.storage
        self._ledger = Ledger(rows, seed)
        self._random = random.Random(f"aether sample {seed} {rows}")  # noqa: S311 - generated data
        self._wallet_ids: list[int] = []
        self._done = 0

    def fill(self, *, token: CancelToken, progress: Progress = silent) -> None:
        """Raises OperationCancelled and the StorageError family: what was stored before stays, unless the caller holds
        a unit of work."""
        self.fill_ledger(token=token, progress=progress)
        self._fill_others(token=token)

    def fill_ledger(self, *, token: CancelToken, progress: Progress = silent) -> None:
        """Wallets and their transactions alone, as anybody's own. Raises as ``fill``."""
        for wallet in self._ledger.wallets:
            wallet_id = self._new_wallet(wallet)
            self._wallet_ids.append(wallet_id)
            for year, chunks in self._ledger.files(wallet):
                self._store(wallet, wallet_id, year, chunks, token=token, progress=progress)

    def _fill_others(self, *, token: CancelToken) -> None:
        storage = self._storage
        self._fill(_Share(5_000, 8, 2_000), self._contract, storage.contracts.create_many, token=token)
        self._fill(_Share(5_000, 24, 2_000), self._node, storage.temple_nodes.create_many, token=token)
        self._fill(_Share(1_000, 12, 10_000), self._content, storage.content.create_many, token=token)
        self._fill(_Share(500, 40, 20_000), self._payment, self._store_payments, token=token)
        self._fill(_Share(200, 60, 50_000), self._seen, storage.monitoring.create_many, token=token)
        storage.prices.put(list(self._prices()))

    # -- the ledger ----------------------------------------------------------------------------------------------

    def _new_wallet(self, planned: PlannedWallet) -> int:
        wallet = Wallet(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            name=planned.name,
            chain=planned.chain,
            address=planned.address,
        )
        self._storage.wallets.create(wallet)
        return wallet.id

    def _store(
        self,
        wallet: PlannedWallet,
        wallet_id: int,
        year: int,
        chunks: Iterator[Sequence[Movement]],
        *,
        token: CancelToken,
        progress: Progress,
    ) -> None:
        ledger, before = self._ledger, self._done
        name = f"{wallet.name.lower().replace(' ', '-')}-{year}.generated"
        batch = ImportBatch(
            id=self._storage.new_id(),
            wallet_id=wallet_id,
            file_name=name,
            sha256=hashlib.sha256(f"{ledger.seed} {ledger.rows} {name}".encode()).hexdigest(),
            format=FORMAT,
            imported_at=LAST,
            imported_by=self._storage.info.user_id,
            rows=0,
            new=0,
            duplicates=0,
            rejected=0,
        )

        def told(done: int, total: int | None, message: str = "Rows") -> None:  # noqa: ARG001 - the total is ours
            progress(before + done, ledger.rows, message)

        _, outcome = self._storage.imports.store(batch, chunks, [], token=token, progress=told)
        self._done += outcome.new

    # -- the other tables ----------------------------------------------------------------------------------------

    def _fill(
        self,
        share: _Share,
        make: Callable[[int], RecordT],
        store: Callable[[list[RecordT], dict[str, Sequence[object]]], object],
        *,
        token: CancelToken,
    ) -> None:
        count = min(max(self._ledger.rows // share.per, share.least), share.most)
        records = map(make, range(count))
        while some := list(islice(records, _AT_ONCE)):
            token.check()
            store(some, {})

    def _store_payments(self, payments: list[Payment], _over: dict[str, Sequence[object]]) -> None:
        self._services.sealed.create_many(TableName.PAYMENTS, payments)

    def _moment(self) -> datetime:
        return FIRST + timedelta(seconds=self._random.randrange(_SECONDS))

    def _contract(self, number: int) -> Contract:
        status = self._random.choice((*(ContractStatus.ACTIVE,) * 4, ContractStatus.INACTIVE))
        return Contract(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            name=f"Contract {number + 1}",
            chain=self._random.choice(("atc", "ethereum")),
            address=self._ledger.party(AddressFamily.EVM, number),
            status=status,
            last_interaction_at=self._moment(),
        )

    def _node(self, number: int) -> TempleNode:
        source = self._random
        return TempleNode(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            node_id=f"outer-{number + 1:05d}",
            tier=Tier.OUTER_COURT,
            storage_threshold=source.randrange(4, 40),
            compute_threshold=source.randrange(4, 40),
            abundance_threshold=source.randrange(4, 40),
            harmony=source.randrange(1000, 2400) / 100,
            status=source.choice((*(NodeStatus.UP,) * 6, NodeStatus.DEGRADED, NodeStatus.DOWN, NodeStatus.RETIRED)),
        )

    def _content(self, number: int) -> ContentEntry:
        digest = bytes((1, 0x70, 0x12, 0x20)) + self._random.randbytes(32)  # CIDv1, dag-pb, SHA-256
        return ContentEntry(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            cid="b" + b32encode(digest).decode("ascii").lower().rstrip("="),
            kind=self._random.choice(tuple(ContentKind)),
            status=self._random.choice((ContentStatus.ACTIVE, ContentStatus.ACTIVE, ContentStatus.SYNCING)),
            name=f"archive-{number + 1:05d}",
            size_bytes=self._random.randrange(2_000, 40_000_000),
        )

    def _payment(self, number: int) -> Payment:
        source, ledger = self._random, self._ledger
        wallet = source.randrange(len(ledger.wallets))
        coin = ledger.currencies(ledger.wallets[wallet].chain)[0]
        (stored,) = self._storage.currencies.ensure([coin])
        return Payment(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            paid_at=self._moment(),
            amount=Amount((1 + source.randrange(99_999)) * 10 ** (coin.decimals - 4), stored),
            status=source.choice((*(PaymentStatus.COMPLETED,) * 7, PaymentStatus.PENDING, PaymentStatus.FAILED)),
            provider="Examplepay",
            wallet_id=self._wallet_ids[wallet],
            description=f"Order {number + 1}",
        )

    def _seen(self, number: int) -> MonitoringEntry:
        severity = self._random.choice((*(Severity.INFO,) * 6, Severity.WARNING, Severity.WARNING, Severity.CRITICAL))
        return MonitoringEntry(
            id=self._storage.new_id(),
            owner_id=self._storage.info.user_id,
            created_at=LAST,
            seen_at=self._moment(),
            action=self._random.choice(tuple(MonitoringAction)),
            severity=severity,
            description=f"Observation {number + 1} of the generated ledger.",
        )

    def _prices(self) -> Iterator[Price]:
        """Monthly, of every chain's coin, in two currencies."""
        chains = dict.fromkeys(wallet.chain for wallet in self._ledger.wallets)
        for chain in chains:
            symbol = self._ledger.currencies(chain)[0].symbol
            level = 1_000 + self._random.randrange(100_000)  # hundredths
            day = FIRST
            while day <= LAST:
                level = level * (950 + self._random.randrange(112)) // 1000 + 1
                for currency, rate in (("USD", 100), ("EUR", 91)):
                    cents = level * rate // 100
                    yield Price(
                        day=day,
                        symbol=symbol,
                        currency=currency,
                        price=f"{cents // 100}.{cents % 100:02d}",
                        source=SOURCE,
                    )
                day = (day + timedelta(days=32)).replace(day=1)
