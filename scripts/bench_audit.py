"""What the audit log costs: the same import, and the same single changes, with it and without, on both engines.

With: entries signed by a device, as in a vault with keys; PostgreSQL counts with its triggers, too. Without: the client
appends nothing, and the server's triggers are switched off. Fresh vaults, rounds alternating, medians of wall time.

usage: python -m scripts.bench_audit [--rows N] [--rounds N] [--engine sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection

from aether_desktop.domain.wallets import Wallet
from aether_desktop.storage.audit_log import AuditLog, Deed
from aether_desktop.storage.opening import create_vault_file
from scripts.bench_import import DURABLE, KEY, OWN, FilePlace, Place, ServerPlace, services_over, write_export
from tests.support.audits import device
from tests.support.postgres import PostgresCluster
from tests.support.storages import provision

CHANGES = 300


class SilentLog(AuditLog):
    """Appends nothing."""

    def append(self, connection: Connection, deeds: Sequence[Deed], at: datetime) -> None:
        pass


class Files:
    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def fresh(self, *, audited: bool) -> Place:  # noqa: ARG002 - in a file the client alone writes the log
        self._made += 1
        path = self._folder / f"bench-{self._made}.aether"
        create_vault_file(path, KEY, name="Bench", username="founder")
        return FilePlace(path)


class Server:
    engine = "postgresql"

    def __init__(self, cluster: PostgresCluster) -> None:
        self._cluster = cluster
        self._template = cluster.create_database()
        provision(cluster.url(self._template), name="Bench")

    def fresh(self, *, audited: bool) -> Place:
        database = self._cluster.create_database(template=self._template)
        if not audited:
            with psycopg.connect(self._cluster.url(database)) as owner:
                triggers = owner.execute(
                    "SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger"
                    " WHERE NOT tgisinternal AND tgname LIKE 'aether_audit%'"
                ).fetchall()
                for (statement,) in triggers:
                    owner.execute(statement)
        return ServerPlace(self._cluster, database)


def measured(place: Place, export: Path, folder: Path, *, rows: int, audited: bool) -> tuple[float, float]:
    """Seconds of the import, and of CHANGES single changes."""
    vault = place.open()
    with closing(services_over(vault, folder)) as services:
        if audited:
            services.storage.audit.sign_with(device())
        else:
            vault.database._log = SilentLog(vault.info.vault_id, vault.info.user_id)
        wallet = Wallet(
            id=services.storage.new_id(),
            owner_id=vault.info.user_id,
            created_at=datetime.now(UTC),
            name="Bench",
            chain="ethereum",
            address=OWN,
        )
        services.storage.wallets.create(wallet)
        before = services.storage.audit.head().size
        began = time.perf_counter()
        report = services.importing.run(export, wallet.id)
        imported = time.perf_counter() - began
        began = time.perf_counter()
        for number in range(CHANGES):
            kept = services.storage.wallets.get(wallet.id)
            services.storage.wallets.update(dataclasses.replace(kept, name=f"Bench {number}"))
        changed = time.perf_counter() - began
        entries = services.storage.audit.head().size - before
        if report.new != rows or (entries > CHANGES) != audited:
            raise RuntimeError(f"not what was to be measured: {report.new} rows, {entries} entries")
    return imported, changed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        export = folder / "export.csv"
        write_export(export, rows=options.rows, seed=6)
        print(f"\nThe audit log's cost, medians of {options.rounds}, seconds without and with it")
        engines: list[Files | Server] = []
        if options.engine in {"", "sqlite"}:
            engines.append(Files(folder))
        if options.engine in {"", "postgresql"}:
            cluster = stack.enter_context(closing(PostgresCluster(settings=DURABLE)))
            cluster.start()
            engines.append(Server(cluster))
        for engine in engines:
            times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
            for turn in range(options.rounds + 1):
                for audited in (False, True):
                    place = engine.fresh(audited=audited)
                    found = measured(place, export, folder, rows=options.rows, audited=audited)
                    if turn:  # the first warms up
                        times[audited].append(found)
            for position, what in enumerate((f"import of {options.rows:,} rows", f"{CHANGES} single changes")):
                off, on = (statistics.median(each[position] for each in times[audited]) for audited in (False, True))
                print(f"  {engine.engine:12}{what:24}{off:8.3f}{on:8.3f}   ratio {on / off:5.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
