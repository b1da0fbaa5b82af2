"""All services over one open storage: what the window and the command line are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aether_desktop.ports.settings import Settings
from aether_desktop.ports.signing import PersonSigner
from aether_desktop.ports.storage import Storage, StorageInfo
from aether_desktop.services.annotations import AnnotationService
from aether_desktop.services.backups import BackupService, VaultRestorer
from aether_desktop.services.balances import BalanceService
from aether_desktop.services.bip329 import LabelService
from aether_desktop.services.exporting import ExportService
from aether_desktop.services.importing import ImportService
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.payment_signatures import PaymentSignatures
from aether_desktop.services.prices import PriceService
from aether_desktop.services.records import RecordService
from aether_desktop.services.search import SearchService
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
    wallets: WalletService
    importing: ImportService
    exporting: ExportService
    balances: BalanceService
    prices: PriceService
    backups: BackupService
    search: SearchService
    modules: ModuleService
    signatures: PaymentSignatures
    on_close: Callable[[], None]
    access: VaultAccess | None = None
    """The vault's levels; None for the sample and for a database."""

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
    restorer: VaultRestorer | None = None,
    access: VaultAccess | None = None,
    signer: PersonSigner | None = None,
) -> ServiceSet:
    """Wire the services over one storage. ``signer``: the person's own keys, where the vault has them."""
    undo = UndoStack()
    signatures = PaymentSignatures(vault_id=storage.info.vault_id, signer=signer)
    records = RecordService(storage, undo, signatures=signatures)
    labels = LabelService(storage)
    return ServiceSet(
        storage=storage,
        settings=settings,
        undo=undo,
        records=records,
        annotations=AnnotationService(storage, undo),
        labels=labels,
        wallets=WalletService(storage, records),
        importing=ImportService(storage, modules, labels),
        exporting=ExportService(storage, modules),
        balances=BalanceService(storage),
        prices=PriceService(storage),
        backups=BackupService(storage, restorer=restorer),
        search=SearchService(storage),
        modules=modules,
        signatures=signatures,
        on_close=on_close,
        access=access,
    )
