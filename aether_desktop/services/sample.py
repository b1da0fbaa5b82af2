"""Filling a new vault with the sample: the generated files of resources/sample through the services themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from aether_desktop.domain.amounts import Amount, Currency
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind, Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.domain.times import parse_time
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.records import RecordService
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.undo import UndoStack

MANIFEST = "sample.json"
_TIMES = frozenset({"paid_at", "seen_at", "last_login_at", "last_interaction_at"})
_DAYS = frozenset({"expires_on"})
_COINS = {chain.symbol: chain.coin for chain in CHAINS.values()}


class SampleFiller:
    """Worker threads only. ``folder`` is resources/sample."""

    def __init__(self, services: ServiceSet, folder: Path) -> None:
        self._services = services
        self._folder = folder
        self._manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        made_at = parse_time(self._manifest["made_at"])
        self._records = RecordService(services.storage, UndoStack(), now=lambda: made_at)
        self._people = RecordService(services.storage, UndoStack())  # who joined first owns an embedded vault
        self._ids: dict[str, int] = {}  # wallets and payment methods by name

    def fill(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """Returns the number of transactions. Raises OperationCancelled, StorageError."""
        rows = 0
        wallets: Sequence[Mapping[str, Any]] = self._manifest["wallets"]
        for number, wallet in enumerate(wallets):
            progress(number, len(wallets), "Building the sample")
            values = {name: wallet[name] for name in ("name", "chain", "address")}
            record = self._records.create(TableName.WALLETS, values)
            self._ids[wallet["name"]] = record.id
            for name in wallet["files"]:
                report = self._services.importing.run(self._folder / name, record.id, token=token)
                rows += report.new
        self._settle_decimals()
        self._services.prices.import_file(self._folder / self._manifest["prices"], token=token)
        self._services.labels.import_file(self._folder / self._manifest["labels"], token=token)
        with self._services.storage.unit_of_work():
            for table, listed in self._manifest["records"].items():
                for values in listed:
                    if token is not None:
                        token.check()
                    self._create(TableName(table), values)
        return rows

    def _settle_decimals(self) -> None:
        """The first token is left as assumed, so that there is something to correct."""
        known = {currency.contract: currency for currency in self._services.storage.currencies.all()}
        for entry in self._manifest["decimals"][1:]:
            currency = known.get(entry["contract"])
            if currency is not None:
                self._services.importing.rescale(currency.id, entry["decimals"])

    def _create(self, table: TableName, values: Mapping[str, Any]) -> None:
        typed = {name: self._typed(name, value) for name, value in values.items()}
        for name, key in (("wallet", "wallet_id"), ("payment_method", "payment_method_id")):
            if name in typed:
                typed[key] = self._ids.get(str(typed.pop(name)))
        if table is TableName.TEMPLE_NODES:
            self._create_node(typed)
            return
        records = self._people if table is TableName.USERS else self._records
        record = records.create(table, typed)
        if table is TableName.PAYMENT_METHODS:
            self._ids[values["name"]] = record.id

    def _create_node(self, typed: Mapping[str, Any]) -> None:
        """With what is measured elsewhere, and typed nowhere."""
        storage = self._services.storage
        choices = {"tier": Tier(typed["tier"]), "status": NodeStatus(typed.get("status", "unknown"))}
        covenants = tuple(CovenantKind(kind) for kind in typed.get("covenants", ()))
        given = {**typed, **choices, "covenants": covenants}
        owner, made_at = storage.info.user_id, parse_time(self._manifest["made_at"])
        storage.temple_nodes.create(TempleNode(id=storage.new_id(), owner_id=owner, created_at=made_at, **given))

    def _typed(self, name: str, value: Any) -> object:
        if name in _TIMES:
            return datetime.fromisoformat(value)
        if name in _DAYS:
            return date.fromisoformat(value)
        if name == "amount":
            return Amount.parse(value["figure"], self._currency(value["symbol"]))
        return value

    def _currency(self, symbol: str) -> Currency:
        (stored,) = self._services.storage.currencies.ensure([_COINS.get(symbol) or fiat_currency(symbol)])
        return stored
