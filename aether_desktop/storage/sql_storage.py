"""All stores over one open vault: what the rest of the program knows as ``ports.storage.Storage``.

The functions at the end are the ways to get one. Worker threads only: they touch disk and network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aether_desktop.ports.changes import ChangeFeed
from aether_desktop.ports.errors import StorageError
from aether_desktop.ports.notes import NoteSeals
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage import backup, inspection
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.access.provisioning import Provisioned, migrate_shared, provision_shared
from aether_desktop.storage.groups import SqlGroupStore
from aether_desktop.storage.late_indexes import late_indexes
from aether_desktop.storage.ledger_days import LedgerDays
from aether_desktop.storage.ledger_sums import LedgerSums
from aether_desktop.storage.opening import OpenVault, create_vault_file, open_shared, open_vault_file
from aether_desktop.storage.query_totals import SqlQueryTotals
from aether_desktop.storage.search_upkeep import SqlSearchUpkeep
from aether_desktop.storage.sqlite import SqliteKit
from aether_desktop.storage.stores.annotations import SqlAnnotationStore
from aether_desktop.storage.stores.attempts import SqlAttemptStore
from aether_desktop.storage.stores.audit import SqlAuditStore
from aether_desktop.storage.stores.content import SqlContentStore
from aether_desktop.storage.stores.contracts import SqlContractStore
from aether_desktop.storage.stores.currencies import SqlCurrencyStore
from aether_desktop.storage.stores.identity import SqlIdentityStores
from aether_desktop.storage.stores.imports import SqlImportStore
from aether_desktop.storage.stores.ledger import SqlLedgerSettling
from aether_desktop.storage.stores.monitoring import SqlMonitoringStore
from aether_desktop.storage.stores.networks import SqlNetworkStore
from aether_desktop.storage.stores.payment_methods import SqlPaymentMethodStore
from aether_desktop.storage.stores.payments import SqlPaymentStore
from aether_desktop.storage.stores.plain_values import SqlPlainValueStore
from aether_desktop.storage.stores.prices import SqlPriceStore
from aether_desktop.storage.stores.quorum import SqlQuorumStore
from aether_desktop.storage.stores.sealed_rows import SqlSealedRows
from aether_desktop.storage.stores.temple_nodes import SqlTempleNodeStore
from aether_desktop.storage.stores.transactions import SqlTransactionStore
from aether_desktop.storage.stores.users import SqlUserStore
from aether_desktop.storage.stores.wallet_secrets import SqlWalletSecretStore
from aether_desktop.storage.stores.wallets import SqlWalletStore
from aether_desktop.storage.stores.watching import SqlMonitoringStores
from aether_desktop.storage.windows import SqlWindowStore


class SqlStorage:
    """Implements ``ports.storage.Storage``."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        database = vault.database
        self._database = database
        self._users = SqlUserStore(database)
        self._wallets = SqlWalletStore(database)
        self._currencies = SqlCurrencyStore(database)
        days = LedgerDays(database)
        self._transactions = SqlTransactionStore(database, self._currencies, LedgerSums(database, days))
        self._ledger = SqlLedgerSettling(database, days)
        self._search = SqlSearchUpkeep(database)
        self._contracts = SqlContractStore(database)
        self._monitoring = SqlMonitoringStore(database)
        self._content = SqlContentStore(database)
        self._payment_methods = SqlPaymentMethodStore(database)
        self._payments = SqlPaymentStore(database, self._currencies)
        self._temple_nodes = SqlTempleNodeStore(database)
        self._watching = SqlMonitoringStores(database, self._temple_nodes)
        self._annotations = SqlAnnotationStore(database)
        self._imports = SqlImportStore(database, self._currencies)
        self._prices = SqlPriceStore(database)
        self._audit = SqlAuditStore(database)
        self._attempts = SqlAttemptStore(database)
        self._windows = SqlWindowStore(database)
        self._totals = SqlQueryTotals(database, self._windows.question)
        self._groups = SqlGroupStore(database, self._windows, days)
        self._identity = SqlIdentityStores(database)
        self._quorums = SqlQuorumStore(database)
        self._plain_values = SqlPlainValueStore(database)
        self._sealed_rows = SqlSealedRows(database)
        self._wallet_secrets = SqlWalletSecretStore(database)
        self._networks = SqlNetworkStore(database)

    @property
    def info(self) -> StorageInfo:
        return self._vault.info

    @property
    def changes(self) -> ChangeFeed:
        return self._vault.feed

    @property
    def users(self) -> SqlUserStore:
        return self._users

    @property
    def wallets(self) -> SqlWalletStore:
        return self._wallets

    @property
    def ledger(self) -> SqlLedgerSettling:
        return self._ledger

    @property
    def search(self) -> SqlSearchUpkeep:
        return self._search

    @property
    def transactions(self) -> SqlTransactionStore:
        return self._transactions

    @property
    def currencies(self) -> SqlCurrencyStore:
        return self._currencies

    @property
    def contracts(self) -> SqlContractStore:
        return self._contracts

    @property
    def monitoring(self) -> SqlMonitoringStore:
        return self._monitoring

    @property
    def content(self) -> SqlContentStore:
        return self._content

    @property
    def payment_methods(self) -> SqlPaymentMethodStore:
        return self._payment_methods

    @property
    def payments(self) -> SqlPaymentStore:
        return self._payments

    @property
    def temple_nodes(self) -> SqlTempleNodeStore:
        return self._temple_nodes

    @property
    def watching(self) -> SqlMonitoringStores:
        return self._watching

    @property
    def annotations(self) -> SqlAnnotationStore:
        return self._annotations

    @property
    def imports(self) -> SqlImportStore:
        return self._imports

    @property
    def prices(self) -> SqlPriceStore:
        return self._prices

    @property
    def audit(self) -> SqlAuditStore:
        return self._audit

    @property
    def windows(self) -> SqlWindowStore:
        return self._windows

    @property
    def totals(self) -> SqlQueryTotals:
        return self._totals

    @property
    def groups(self) -> SqlGroupStore:
        return self._groups

    @property
    def quorums(self) -> SqlQuorumStore:
        return self._quorums

    @property
    def plain_values(self) -> SqlPlainValueStore:
        return self._plain_values

    @property
    def sealed_rows(self) -> SqlSealedRows:
        return self._sealed_rows

    @property
    def wallet_secrets(self) -> SqlWalletSecretStore:
        return self._wallet_secrets

    @property
    def networks(self) -> SqlNetworkStore:
        return self._networks

    @property
    def attempts(self) -> SqlAttemptStore:
        """Wrong factors of the person who is logged in."""
        return self._attempts

    def login_administration(self) -> SqlLoginAdministration:
        """Logins of people; on PostgreSQL only."""
        return SqlLoginAdministration(self._database)

    def require_seals(self) -> None:
        """Refuse plain values of sealed fields from now on. Any thread."""
        for store in (self._users, self._payments, self._payment_methods):
            store.require_seals()

    def seal_notes(self, notes: NoteSeals) -> None:
        """Notes are stored sealed, and found by their words, from now on. Any thread."""
        self._annotations.require_seals()
        self._imports.seal_notes(notes)
        self._windows.seal_notes(notes)

    @property
    def identity(self) -> SqlIdentityStores:
        return self._identity

    def new_id(self) -> int:
        """A 63-bit id no other client will give. Raises the StorageError family."""
        return self._database.new_id()

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        """Writes inside (same thread) commit together or not at all. Raises the StorageError family."""
        with self._database.unit_of_work():
            yield

    @contextmanager
    def filling(self, token: CancelToken | None = None) -> Iterator[None]:
        """Around filling a new vault that is thrown away should this fail; see ``late_indexes``, also for what it
        raises."""
        with late_indexes(self._vault.kit, token):
            yield

    def backup(self, target: Path, *, progress: Progress = silent, token: CancelToken | None = None) -> None:
        """See ``ports.storage.Storage.backup``; raises what ``storage.backup.back_up`` does."""
        kit = self._vault.kit
        if not isinstance(kit, SqliteKit):
            place = kit.location.partition("://")[2].rpartition("@")[2]
            raise StorageError(
                "A shared database is backed up by its administrator, with a role that has BYPASSRLS.",
                hint=f"The command is: pg_dump --format=custom --file={target.name} postgresql://BACKUP_ROLE@{place}",
            )
        backup.back_up(kit, target, progress=progress, token=token)

    def check(self, *, progress: Progress = silent, token: CancelToken | None = None) -> list[str]:
        """Problems found, in plain words; an empty list is health. Raises the StorageError family."""
        return inspection.problems(self._database, self._vault.kit, progress=progress, token=token)

    def close(self) -> None:
        """Stop watching, give the client number back, close every connection. Twice is harmless; never raises."""
        self._vault.close()


def create_vault(path: Path, key: bytes | None, *, name: str, username: str, sample: bool = False) -> SqlStorage:
    """Make an encrypted vault file and open it; ``key`` None only for the plain ``sample`` vault.

    Raises AlreadyExistsError, InvalidInputError, ReadOnlyError, DiskFullError, StorageUnavailableError; then no file is
    left.
    """
    create_vault_file(path, key, name=name, username=username, sample=sample)
    return open_vault(path, key, sample=sample)


def open_vault(
    path: Path,
    key: bytes | None,
    *,
    sample: bool = False,
    progress: Progress = silent,
    token: CancelToken | None = None,
) -> SqlStorage:
    """Open a vault file, migrating it first if an older program made it (the copy made before stays beside it).

    Raises NotFoundError, NotAVaultError, WrongKeyError, SchemaTooNewError, StorageBusyError, ReadOnlyError,
    DiskFullError, PermissionDeniedError, OperationCancelled.
    """
    return SqlStorage(open_vault_file(path, key, sample=sample, progress=progress, token=token))


def open_database(url: str, *, username: str = "", password: str | None = None, vault: str = "") -> SqlStorage:
    """Open a vault on PostgreSQL as the person whose login this is (``username``, if given, theirs); no DDL.

    Raises InvalidInputError, NotAVaultError (nothing there yet, or another program's), SchemaTooOldError,
    SchemaTooNewError, PermissionDeniedError, StorageUnavailableError.
    """
    return SqlStorage(open_shared(url, username=username, password=password, vault=vault))


def migrate_database(url: str, *, password: str | None = None, into_foreign: bool = False) -> tuple[str | None, str]:
    """The administrator's ``migrate`` on PostgreSQL: returns the schema revisions (before or None, after).

    A database with tables of another program is refused unless ``into_foreign``. Raises NotAVaultError,
    SchemaTooNewError, PermissionDeniedError, StorageBusyError, StorageUnavailableError.
    """
    return migrate_shared(url, password=password, into_foreign=into_foreign)


def provision_database(
    url: str,
    *,
    name: str,
    username: str,
    verifier: str,
    password: str | None = None,
    replace_password: bool = False,
) -> Provisioned:
    """Make or renew roles, tables, rules and the founder's login, whose password has the SCRAM ``verifier``.

    Raises InvalidInputError, NotAVaultError, SchemaTooNewError, PermissionDeniedError naming the missing right,
    StorageUnavailableError.
    """
    return provision_shared(
        url,
        name=name,
        username=username,
        verifier=verifier,
        password=password,
        replace_password=replace_password,
    )
