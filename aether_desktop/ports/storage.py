"""The storage interface: one typed store per aggregate. Rows and sessions never leave the adapter.

Every method may be called from any worker thread, never from the GUI thread. Writes commit before they return (unless
inside ``Storage.unit_of_work``), publish a ChangeSet after the commit and return it. All raise the StorageError family.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.annotations import Annotation, ForeignLabel
from aether_desktop.domain.content import ContentEntry
from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.monitoring import MonitoringEntry, Severity
from aether_desktop.domain.payments import Payment, PaymentMethod, PaymentStatus
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.domain.transactions import Balance, Direction, Movement, Transaction
from aether_desktop.domain.users import User
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.audit import AuditStore
from aether_desktop.ports.chains import NetworkStore
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ports.groups import GroupStore
from aether_desktop.ports.identity import IdentityStores
from aether_desktop.ports.monitoring import MonitoringStores
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.plain_values import PlainValueStore
from aether_desktop.ports.query_totals import QueryTotals
from aether_desktop.ports.sealed_rows import SealedRows
from aether_desktop.ports.upkeep import LedgerSettling, SearchUpkeep
from aether_desktop.ports.wallet_secrets import WalletSecretStore
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken, Progress, silent

RecordT = TypeVar("RecordT", bound=Record)


class RecordStore(Protocol[RecordT]):
    """What every editable table offers."""

    def get(self, record_id: int) -> RecordT:
        """Archived rows too. Raises NotFoundError."""
        ...

    def create(self, record: RecordT) -> ChangeSet:
        """Raises AlreadyExistsError naming the field, NotFoundError for a row it refers to."""
        ...

    def create_many(self, records: Sequence[RecordT], over: Mapping[str, Sequence[object]]) -> ChangeSet:
        """Rows that change no others, by one statement; ``over``: columns that replace the records' own."""
        ...

    def update(self, record: RecordT) -> ChangeSet:
        """Stores all fields if ``record.version`` is current, and raises the stored version by one.

        Raises ConflictError with both versions, NotFoundError.
        """
        ...

    def archive(self, ids: Sequence[int], at: datetime) -> ChangeSet: ...

    def restore(self, ids: Sequence[int]) -> ChangeSet: ...


class UserStore(RecordStore[User], Protocol):
    def by_username(self, username: str) -> User:
        """Any case. Raises NotFoundError."""
        ...

    def all(self) -> list[User]: ...

    def record_login(self, user_id: int, at: datetime) -> ChangeSet:
        """Note when a person last opened the vault; nothing is written within an hour of the last time.

        Only this changes ``last_login_at`` of a stored person, and it leaves the version as it is: nobody who edits
        the person meanwhile is in conflict with it. On a shared database one's own only. Raises NotFoundError.
        """
        ...


class WalletStore(RecordStore[Wallet], Protocol):
    def of_user(self, user_id: int) -> list[Wallet]: ...

    def all(self) -> list[Wallet]:
        """Not archived, by name."""
        ...

    def by_name(self, name: str) -> list[Wallet]:
        """Not archived, exact name in any case; names are unique per vault among wallets that are not archived."""
        ...


class ImportOutcome(NamedTuple):
    """``new`` + ``duplicates`` = the movements given. ``updated`` pending rows of earlier imports that are now
    settled. Not ``kept``: every row of the file was refused, and nothing was stored."""

    new: int
    duplicates: int
    updated: int
    changes: ChangeSet
    kept: bool = True


class DaySum(NamedTuple):
    """Net base units of one wallet and currency on one UTC day (fees included)."""

    day: datetime
    wallet_id: int
    currency: Currency
    base_units: int


class Dip(NamedTuple):
    """A running balance that falls below zero: history is missing before ``since``."""

    wallet_id: int
    currency: Currency
    since: datetime
    lowest_units: int


class TransactionStore(RecordStore[Transaction], Protocol):
    def recent_of_user(self, user_id: int, limit: int) -> list[Transaction]: ...

    def of_wallet(self, wallet_id: int, limit: int = 1000) -> list[Transaction]: ...

    def layer2_of_user(self, user_id: int, limit: int = 1000) -> list[Transaction]: ...

    def set_description(self, transaction_id: int, description: str, *, version: int) -> ChangeSet: ...

    def set_layer2(self, transaction_id: int, kind: str, data: Mapping[str, object], *, version: int) -> ChangeSet: ...

    def by_hash(self, tx_hash: str) -> list[Transaction]: ...

    def ids_by_hash(self, hashes: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The ids of ``by_hash`` for many; hashes without rows are left out."""
        ...

    def balances(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[Balance]:
        """Computed from the rows by the engine; wallets that are not archived (None: all), every currency they
        touched."""
        ...

    def daily_sums(self, wallet_ids: Sequence[int] | None = None, *, token: CancelToken | None = None) -> list[DaySum]:
        """Ascending by day."""
        ...

    def first_dips(self, *, token: CancelToken | None = None) -> list[Dip]:
        """Wallet and currency pairs whose running balance, row by row in time, is ever negative."""
        ...

    def directions_of(self, wallet_id: int) -> Mapping[Direction, int]:
        """Row counts, for "what needs attention"."""
        ...


class CurrencyStore(Protocol):
    """Coins and tokens; identity is (chain, contract) for tokens, (chain, symbol) without a contract."""

    def all(self) -> list[Currency]: ...

    def ensure(self, currencies: Iterable[Currency]) -> list[Currency]:
        """The stored currencies (with ids), created where new; a known one keeps its stored decimals."""
        ...

    def rescale(self, currency_id: int, decimals: int) -> ChangeSet:
        """Corrects the decimals of a token in one transaction: every stored amount keeps the figure it showed.

        Raises InvalidInputError naming the first row that would lose digits; then nothing is changed.
        """
        ...


class BatchTouch(NamedTuple):
    """What undoing a batch would touch: rows removed, rows kept because another batch brought them too, own words."""

    rows: int
    kept: int
    annotations: tuple[Annotation, ...]


class ImportStore(Protocol):
    def all(self, limit: int = 1000) -> list[ImportBatch]:
        """Latest first."""
        ...

    def get(self, batch_id: int) -> ImportBatch: ...

    def rejections(self, batch_id: int) -> list[Rejection]: ...

    def classify(self, wallet_id: int, movements: Sequence[Movement], *, file_format: str = "") -> list[bool]:
        """For a preview: True where the row is already stored. Ordinals are counted within the list.

        ``file_format`` also finds rows that another program's export brought, as storing would.
        """
        ...

    def store(
        self,
        batch: ImportBatch,
        movements: Iterable[Sequence[Movement]],
        rejections: Sequence[Rejection],
        *,
        token: CancelToken,
        progress: Progress = silent,
        good_only: bool = False,
    ) -> tuple[ImportBatch, ImportOutcome]:
        """All of a file or nothing, by the engine's fast road; duplicates are found as a set. One transaction, or,
        where other programs wait for a vault file's one writer, parts that let them in.

        ``movements`` come in chunks as they are parsed; ``rejections`` and the batch's ``rows`` are read after the last
        chunk (the caller may still be filling the list). Labels and notes in movements become annotations of new rows.
        ``good_only``: nothing is kept of a file of which every row is refused. Raises OperationCancelled (nothing is
        stored).
        """
        ...

    def take_back_unfinished(self) -> int:
        """Imports in parts that a program left half-way when it was ended; returns how many were taken back."""
        ...

    def touched_by_undo(self, batch_id: int) -> BatchTouch: ...

    def undo(
        self, batch_id: int, at: datetime, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> ChangeSet:
        """Removes the rows only this batch brought (their annotations are kept and return with the same rows).

        Raises NotFoundError, InvalidInputError when already undone, OperationCancelled (nothing is undone then).
        """
        ...


class ContractStore(RecordStore[Contract], Protocol):
    def of_user(self, user_id: int) -> list[Contract]: ...

    def set_status(self, contract_id: int, status: ContractStatus, *, version: int) -> ChangeSet: ...


class MonitoringStore(RecordStore[MonitoringEntry], Protocol):
    def of_user(self, user_id: int, limit: int) -> list[MonitoringEntry]: ...

    def summary(self, user_id: int) -> Mapping[Severity, int]: ...


class ContentStore(RecordStore[ContentEntry], Protocol):
    def of_user(self, user_id: int) -> list[ContentEntry]: ...

    def set_metadata(self, entry_id: int, metadata: Mapping[str, object], *, version: int) -> ChangeSet: ...


class PaymentMethodStore(RecordStore[PaymentMethod], Protocol):
    def of_user(self, user_id: int) -> list[PaymentMethod]: ...


class PaymentStore(RecordStore[Payment], Protocol):
    def by_external_id(self, provider: str, external_id: str) -> Payment:
        """One whose id is not sealed. Raises NotFoundError."""
        ...

    def by_tokens(self, provider: str | None, tokens: Sequence[bytes]) -> list[Payment]:
        """Those whose sealed id has one of these blind tokens, of any provider (None)."""
        ...

    def history_of_user(self, user_id: int, limit: int) -> list[Payment]: ...

    def set_status(self, payment_id: int, status: PaymentStatus, *, version: int) -> ChangeSet: ...


class TempleNodeStore(RecordStore[TempleNode], Protocol):
    """``update`` leaves status, harmony, Elder and covenants as they are: they are measured, or earned."""

    def of_user(self, user_id: int) -> list[TempleNode]: ...

    def set_status(self, node_id: int, status: NodeStatus, *, version: int) -> ChangeSet: ...

    def set_configuration(self, node_id: int, configuration: Mapping[str, object], *, version: int) -> ChangeSet: ...


class AnnotationStore(Protocol):
    def of(self, table: TableName, row_ids: Sequence[int]) -> Mapping[int, Annotation]: ...

    def owner_of(self, table: TableName, row_id: int) -> int:
        """Whose words those on the row are. Raises NotFoundError."""
        ...

    def owners_of(self, table: TableName, row_ids: Sequence[int]) -> Mapping[int, int]:
        """The same of many rows. Raises NotFoundError when one does not exist."""
        ...

    def put(self, annotation: Annotation) -> ChangeSet:
        """Create or replace the annotation of a row; an empty one is removed. Raises ConflictError on a stale version,
        NotFoundError when the row does not exist."""
        ...

    def put_many(self, annotations: Sequence[Annotation]) -> ChangeSet:
        """As ``put``, for different rows of one table: one entry in the audit, with their number and a digest. Sealed
        notes that changed have each one more, unless UNREVISED on a new row. Raises as ``put``; then nothing is
        stored."""
        ...

    def all(self) -> Iterator[Annotation]: ...

    def tags(self) -> list[str]: ...

    def foreign_labels(self) -> list[ForeignLabel]: ...

    def put_foreign_labels(self, labels: Sequence[ForeignLabel]) -> ChangeSet:
        """Replaces those with the same type and ref (and origin, where given)."""
        ...


class PriceStore(Protocol):
    def put(self, prices: Sequence[Price]) -> int:
        """Stores or replaces by (day, symbol, currency, source); returns how many were new or changed."""
        ...

    def latest(self, currency: str) -> Mapping[str, Price]:
        """Newest price per symbol in that fiat currency."""
        ...

    def currencies(self) -> list[str]: ...

    def at(self, symbol: str, currency: str, day: datetime) -> Price | None:
        """The newest price on or before that day."""
        ...


@dataclass(frozen=True, slots=True)
class StorageInfo:
    """``engine`` is "sqlite" or "postgresql"; ``location`` a path, or a URL without its password."""

    engine: str
    engine_version: str
    location: str
    encrypted: bool
    schema_revision: str
    vault_id: int
    vault_name: str
    user_id: int


class Storage(Protocol):
    """All stores over one database, as one user of one vault."""

    @property
    def info(self) -> StorageInfo: ...
    @property
    def changes(self) -> ChangeFeed: ...
    @property
    def users(self) -> UserStore: ...
    @property
    def wallets(self) -> WalletStore: ...
    @property
    def transactions(self) -> TransactionStore: ...
    @property
    def ledger(self) -> LedgerSettling: ...
    @property
    def search(self) -> SearchUpkeep: ...
    @property
    def currencies(self) -> CurrencyStore: ...
    @property
    def contracts(self) -> ContractStore: ...
    @property
    def monitoring(self) -> MonitoringStore: ...
    @property
    def content(self) -> ContentStore: ...
    @property
    def payment_methods(self) -> PaymentMethodStore: ...
    @property
    def payments(self) -> PaymentStore: ...
    @property
    def temple_nodes(self) -> TempleNodeStore: ...
    @property
    def watching(self) -> MonitoringStores: ...
    @property
    def annotations(self) -> AnnotationStore: ...
    @property
    def imports(self) -> ImportStore: ...
    @property
    def prices(self) -> PriceStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def windows(self) -> WindowStore: ...
    @property
    def totals(self) -> QueryTotals: ...
    @property
    def groups(self) -> GroupStore: ...
    @property
    def identity(self) -> IdentityStores: ...
    @property
    def plain_values(self) -> PlainValueStore: ...
    @property
    def sealed_rows(self) -> SealedRows: ...
    @property
    def wallet_secrets(self) -> WalletSecretStore: ...
    @property
    def networks(self) -> NetworkStore: ...

    def require_seals(self) -> None:
        """The vault has keys: from now on plain values of sealed fields are refused (PermissionDeniedError)."""
        ...

    def seal_notes(self, notes: NoteSeals) -> None:
        """The same for notes, in a shared database; what files bring is sealed, and filters find by words."""
        ...

    def new_id(self) -> int:
        """A 64-bit id no other client will give, larger than those this client gave before."""
        ...

    def unit_of_work(self) -> AbstractContextManager[None]:
        """Writes inside (same thread) commit together or not at all."""
        ...

    def backup(self, target: Path, *, progress: Progress = silent, token: CancelToken | None = None) -> None:
        """An online, encrypted, proven copy (embedded: same key). Raises StorageError; a partial target is removed.

        On PostgreSQL refused with the command that an administrator uses instead.
        """
        ...

    def check(self, *, progress: Progress = silent, token: CancelToken | None = None) -> list[str]:
        """Problems found (integrity, foreign keys, balances); an empty list is health."""
        ...

    def close(self) -> None: ...
