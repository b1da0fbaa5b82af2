"""All services over one open storage: what the window and the command line are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aether_desktop.domain.records import TableName
from aether_desktop.ports.access import FieldSealer
from aether_desktop.ports.chains import EvmConnections
from aether_desktop.ports.monitoring import MonitorFiles
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.signing import PersonSigner
from aether_desktop.ports.storage import Storage, StorageInfo
from aether_desktop.ports.wallet_keys import WalletKeys
from aether_desktop.services.annotations import AnnotationService
from aether_desktop.services.audit import AuditService
from aether_desktop.services.backups import BackupService, VaultRestorer
from aether_desktop.services.balances import BalanceService
from aether_desktop.services.bip329 import LabelService
from aether_desktop.services.bulk_words import BulkWordService
from aether_desktop.services.exporting import ExportService
from aether_desktop.services.grouping import GroupingService
from aether_desktop.services.importing import ImportService
from aether_desktop.services.ledger import LedgerService
from aether_desktop.services.locked_watching import LockedWatching
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.networks import NetworkService
from aether_desktop.services.node_files import NodeFileService
from aether_desktop.services.nodes import NodeService
from aether_desktop.services.own_wallets import OwnWalletService
from aether_desktop.services.payment_signatures import PaymentSignatures
from aether_desktop.services.people import PeopleService
from aether_desktop.services.plain_values import PlainValueSealer
from aether_desktop.services.prices import PriceService
from aether_desktop.services.quiet_hours import QuietHoursService
from aether_desktop.services.quorum import QuorumService
from aether_desktop.services.records import RecordService
from aether_desktop.services.rotation import RotationService
from aether_desktop.services.sealed_fields import SealedFieldService
from aether_desktop.services.sealed_notes import NoteService
from aether_desktop.services.search import SearchService
from aether_desktop.services.search_upkeep import SearchUpkeepService
from aether_desktop.services.totals import TotalsService
from aether_desktop.services.undo import UndoStack
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.services.wallets import WalletService


@dataclass(frozen=True, slots=True)
class ServiceSet:
    """One open vault or database. ``storage`` is for reading (windows, stores, changes); writes go through services.

    All methods are for worker threads, unless they say otherwise.
    """

    storage: Storage
    settings: Settings
    undo: UndoStack
    records: RecordService
    annotations: AnnotationService
    labels: LabelService
    bulk_words: BulkWordService
    totals: TotalsService
    wallets: WalletService
    own_wallets: OwnWalletService
    networks: NetworkService
    importing: ImportService
    exporting: ExportService
    grouping: GroupingService
    balances: BalanceService
    ledger: LedgerService
    search_upkeep: SearchUpkeepService
    prices: PriceService
    backups: BackupService
    search: SearchService
    modules: ModuleService
    signatures: PaymentSignatures
    nodes: NodeService
    node_files: NodeFileService
    quiet_hours: QuietHoursService
    audit: AuditService
    sealed: SealedFieldService
    notes: NoteService
    plain_values: PlainValueSealer | None
    """Seals what was stored before the vault had keys; None where nothing is sealed."""
    on_close: Callable[[], None]
    access: VaultAccess | None = None
    """The vault's levels; None for the sample and for a database."""
    locked_watching: LockedWatching | None = None
    """Watching without a password; None where there is no vault file with keys."""
    people: PeopleService | None = None
    """None where the person has no keys: the sample, a vault without a password."""
    rotation: RotationService | None = None
    quorum: QuorumService | None = None

    @property
    def info(self) -> StorageInfo:
        return self.storage.info

    def close(self) -> None:
        """Close the storage and whatever was opened with it, last first. May be called twice."""
        self.on_close()


def build_services(
    storage: Storage,
    settings: Settings,
    modules: ModuleService,
    *,
    on_close: Callable[[], None],
    wallet_keys: Callable[[], WalletKeys] | None = None,
    connections: EvmConnections | None = None,
    restorer: VaultRestorer | None = None,
    access: VaultAccess | None = None,
    signer: PersonSigner | None = None,
    sealer: FieldSealer | None = None,
    audit: AuditService | None = None,
    monitor_files: MonitorFiles | None = None,
    people: PeopleService | None = None,
    rotation: RotationService | None = None,
    quorum: QuorumService | None = None,
) -> ServiceSet:
    """Wire the services over one storage. ``signer`` and ``sealer``: the person's own keys, where the vault has them.

    ``connections`` None: no network is reached. ``wallet_keys`` is asked when a key of a wallet is first wanted; None:
    wallets here are watch-only. With a ``sealer`` the storage refuses plain values of sealed fields from here on.
    """
    undo = UndoStack()
    sealed = SealedFieldService(storage, sealer)
    if sealer is not None:
        storage.require_seals()
    notes = NoteService(storage, sealer)
    if notes.active:
        storage.seal_notes(notes)
    signatures = PaymentSignatures(
        vault_id=storage.info.vault_id,
        signer=signer,
        open_id=partial(sealed.text, TableName.PAYMENTS, name="external_id"),
    )
    records = RecordService(storage, undo, signatures=signatures, sealed=sealed)
    nodes = NodeService(storage, records, signer=signer)
    labels = LabelService(storage, notes)
    return ServiceSet(
        storage=storage,
        settings=settings,
        undo=undo,
        records=records,
        annotations=AnnotationService(storage, undo, notes),
        labels=labels,
        bulk_words=BulkWordService(storage, undo, notes),
        totals=TotalsService(storage),
        wallets=WalletService(storage, records),
        own_wallets=OwnWalletService(storage, sealer, wallet_keys),
        networks=NetworkService(storage.networks, connections, user_id=storage.info.user_id, new_id=storage.new_id),
        importing=ImportService(storage, modules, labels),
        exporting=ExportService(storage, modules),
        grouping=GroupingService(storage, modules),
        balances=BalanceService(storage),
        ledger=LedgerService(storage),
        search_upkeep=SearchUpkeepService(storage),
        prices=PriceService(storage),
        backups=BackupService(storage, restorer=restorer),
        search=SearchService(storage, sealed),
        modules=modules,
        signatures=signatures,
        nodes=nodes,
        node_files=NodeFileService(storage, nodes),
        quiet_hours=QuietHoursService(settings),
        audit=AuditService(storage) if audit is None else audit,
        sealed=sealed,
        notes=notes,
        plain_values=None if sealer is None else _plain_values(storage, sealer),
        on_close=on_close,
        access=access,
        locked_watching=None if monitor_files is None else LockedWatching(storage, monitor_files),
        people=people,
        rotation=rotation,
        quorum=quorum,
    )


def _plain_values(storage: Storage, sealer: FieldSealer) -> PlainValueSealer:
    info = storage.info
    owner_id = None if info.engine == "sqlite" else info.user_id
    return PlainValueSealer(storage.plain_values, sealer, user_id=info.user_id, owner_id=owner_id)
