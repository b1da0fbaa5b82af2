"""A vault on each engine whose founder has real keys; services seal and open with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import Record, TableName
from aether_desktop.security.audit_signing import DeviceAuditSigner
from aether_desktop.security.wallet_keys import EvmWalletKeys
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.schema import RECORD_TABLES
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.sums.built_in import BUILT_IN
from tests.services.signers import Signers
from tests.storage import samples
from tests.support.storage_fixtures import open_second, place, sqlite_place, sqlite_storage, storage, vault_templates

__all__ = ["open_second", "place", "sqlite_place", "sqlite_storage", "storage", "vault_templates"]

METHOD = {
    "name": "House card",
    "kind": "card",
    "provider": "Lydia Bank",
    "provider_reference": "pm_planted_reference",
    "last_four": "4242",
    "expires_on": date(2029, 2, 28),
}


@dataclass
class Keyed:
    """The vault with keys, seen through its services; ``storage`` is what somebody with the file or server has."""

    services: ServiceSet
    storage: SqlStorage
    signers: Signers

    def add_method(self, **fields: Any) -> Record:
        return self.services.records.create(TableName.PAYMENT_METHODS, {**METHOD, **fields})

    def add_payment(self, **fields: Any) -> Record:
        given = {
            "paid_at": samples.NOW,
            "amount": Amount(1_250, samples.EUR),
            "provider": "Lydia Bank",
            "external_id": "pay_planted_id",
            "metadata": "planted metadata",
        }
        return self.services.records.create(TableName.PAYMENTS, {**given, **fields})

    def reveal(self, record: Record, name: str, table: TableName = TableName.PAYMENT_METHODS) -> str:
        return self.services.sealed.reveal(table, record.id, name)

    def lock(self, *, above: Court = Court.OUTER) -> None:
        """Only levels up to ``above`` stay open."""
        self.signers.levels.open = {court for court in Court if court <= above}

    def raw(self, record: Record, *columns: str, table: TableName = TableName.PAYMENT_METHODS) -> tuple[Any, ...]:
        """What lies in the columns."""
        target = RECORD_TABLES[table]
        query = select(*(target.c[name] for name in columns)).where(target.c.id == record.id)
        return tuple(self.storage._database.fetch(lambda connection: connection.execute(query).one()))

    def tamper(self, record: Record, *, table: TableName = TableName.PAYMENT_METHODS, **columns: Any) -> None:
        """As somebody with the file could, past the stores."""
        target: Table = RECORD_TABLES[table]
        with self.storage._database.write(action="test.tamper", table=target.name) as unit:
            unit.connection.execute(update(target).where(target.c.id == record.id).values(columns))


@pytest.fixture
def open_keyed(tmp_path: Path) -> Iterator[Callable[..., Keyed]]:
    """Opens services with keys over a storage; the keys of ``signers`` where another client has them already."""
    settings = SettingsFile(tmp_path / "settings.json")
    with closing(settings):

        def make(storage: SqlStorage, signers: Signers | None = None, *, sealing: bool = True) -> Keyed:
            whose = signers or Signers(storage)
            storage.audit.sign_with(DeviceAuditSigner(whose.identity.keyring()) if sealing else None)
            services = build_services(
                storage,
                settings,
                ModuleService(settings, BUILT_IN),
                on_close=storage.close,
                signer=whose.founder if sealing else None,
                sealer=whose.identity.sealer if sealing else None,
                wallet_keys=EvmWalletKeys,
            )
            return Keyed(services, storage, whose)

        yield make


@pytest.fixture
def keyed(storage: SqlStorage, open_keyed: Callable[..., Keyed]) -> Keyed:
    """Once on each engine."""
    return open_keyed(storage)
