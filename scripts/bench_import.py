"""Import rows per second, from file to commit, against the raw engine loading the same rows into the same table.

Raw is: the driver alone, rows ready in memory, one prepared executemany (SQLCipher) or COPY (PostgreSQL) into a vault
with the same schema, indexes, foreign keys and settings, in one transaction. Wanted: at least 0.4 of raw. "Prepared
batches" is the same import without the time in which it waited for parsed rows; wanted: at least 0.7.

usage: python -m scripts.bench_import [--rows N] [--engine sqlite|postgresql] [--seed N] [--profile] [--json]
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import json
import pstats
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import psycopg
from sqlalchemy import insert, select

from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.transactions import Movement
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.storage import ImportStore, Storage
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.bulk_sqlite import SqliteRoad
from aether_desktop.storage.opening import (
    OpenVault,
    create_vault_file,
    open_shared,
    open_vault_file,
)
from aether_desktop.storage.schema import CURRENCIES, IMPORT_BATCHES, TRANSACTIONS
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.sums.built_in import BUILT_IN
from scripts.large.memory import forget_peak, memory_now, peak_memory
from tests.support.postgres import PostgresCluster
from tests.support.storages import as_founder, provision

KEY = bytes(range(32))
SLAB = 50_000
HEADING = (
    "Transaction Hash",
    "Blockno",
    "UnixTimestamp",
    "DateTime (UTC)",
    "From",
    "To",
    "ContractAddress",
    "Value_IN(ETH)",
    "Value_OUT(ETH)",
    "CurrentValue @ $3000/Eth",
    "TxnFee(ETH)",
    "TxnFee(USD)",
    "Historical $Price/Eth",
    "Status",
    "ErrCode",
    "Method",
)
OWN = f"0x{0x5EED:040x}"
DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "max_wal_size": "2GB"}


class Timing(NamedTuple):
    """Seconds; ``peak`` in bytes: the most this process held while it imported, ``before`` what it held before."""

    engine: str
    raw: float
    ours: float
    batches: float
    before: int
    peak: int


class TimedImports:
    """The storage's imports; ``spent`` are the seconds in it without those that it waited for rows."""

    def __init__(self, imports: ImportStore) -> None:
        self._imports = imports
        self.spent = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._imports, name)

    def store(self, batch: ImportBatch, movements: Iterable[Sequence[Movement]], *more: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._imports.store(batch, self._timed(movements), *more, **named)
        finally:
            self.spent += time.perf_counter() - began

    def _timed(self, movements: Iterable[Sequence[Movement]]) -> Iterator[Sequence[Movement]]:
        source = iter(movements)
        while True:
            began = time.perf_counter()
            chunk = next(source, None)
            self.spent -= time.perf_counter() - began
            if chunk is None:
                return
            yield chunk


class TimedStorage:
    """A storage whose imports are timed."""

    def __init__(self, storage: SqlStorage) -> None:
        self._storage = storage
        self.imports = TimedImports(storage.imports)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def write_export(path: Path, *, rows: int, seed: int) -> None:
    """A seeded Etherscan export: a busy account, 5 000 counterparties, one row in fifty failed."""
    source = random.Random(seed)
    others = [f"0x{source.getrandbits(160):040x}" for _ in range(5_000)]
    moment, block = 1_500_000_000, 4_000_000
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL)
        out.writerow(HEADING)
        for _ in range(rows):
            moment += source.randrange(1, 60)
            block += source.randrange(1, 5)
            other, came = source.choice(others), source.random() < 0.4
            value = f"{source.randrange(10**20) / 10**9:.9f}".rstrip("0").rstrip(".")
            failed = source.random() < 0.02
            out.writerow(
                (
                    f"0x{source.getrandbits(256):064x}",
                    block,
                    moment,
                    datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                    other if came else OWN,
                    OWN if came else other,
                    "",
                    value if came else "0",
                    "0" if came else value,
                    "0",
                    f"0.{source.randrange(10**15):018d}",
                    "1.5",
                    "250.1",
                    "Error(0)" if failed else "",
                    "Out of gas" if failed else "",
                    source.choice(("Transfer", "Swap", "Approve", "0xa9059cbb")),
                )
            )


class Place:
    """Where a vault of one engine lies; ``copy`` before anything is imported gives the raw engine the same."""

    engine = ""

    def open(self) -> OpenVault:
        raise NotImplementedError

    def copy(self) -> Place:
        raise NotImplementedError

    def load(self, vault: OpenVault, slabs: Iterator[list[tuple[Any, ...]]]) -> float:
        """Seconds the driver alone takes for all slabs and the commit."""
        raise NotImplementedError


class FilePlace(Place):
    engine = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> OpenVault:
        return open_vault_file(self.path, KEY)

    def copy(self) -> Place:
        target = self.path.with_name(f"raw-{self.path.name}")
        shutil.copyfile(self.path, target)
        target.chmod(0o600)
        return FilePlace(target)

    def load(self, vault: OpenVault, slabs: Iterator[list[tuple[Any, ...]]]) -> float:
        names = [column.name for column in TRANSACTIONS.columns]
        statement = f"INSERT INTO transactions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        spent = 0.0
        with vault.kit.writer.connect() as connection:
            cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]  # it is connected
            connection.begin()
            with SqliteRoad(connection, vault.info.vault_id).loading():  # the same page cache as ours
                for slab in slabs:
                    began = time.perf_counter()
                    cursor.executemany(statement, slab)
                    spent += time.perf_counter() - began
            began = time.perf_counter()
            connection.commit()
            return spent + time.perf_counter() - began


class ServerPlace(Place):
    engine = "postgresql"

    def __init__(self, cluster: PostgresCluster, database: str) -> None:
        self.cluster = cluster
        self.database = database

    def open(self) -> OpenVault:
        return open_shared(as_founder(self.cluster.url(self.database)))

    def copy(self) -> Place:
        return ServerPlace(self.cluster, self.cluster.create_database(template=self.database))

    def load(self, vault: OpenVault, slabs: Iterator[list[tuple[Any, ...]]]) -> float:  # noqa: ARG002 - not as a person
        names = ", ".join(column.name for column in TRANSACTIONS.columns)
        spent = 0.0
        # COPY FROM is refused under row security: the bare engine is measured as the superuser, without policies.
        with psycopg.connect(self.cluster.url(self.database)) as connection:
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY transactions ({names}) FROM STDIN") as copy:
                    for slab in slabs:
                        began = time.perf_counter()
                        for row in slab:
                            copy.write_row(row)
                        spent += time.perf_counter() - began
                    began = time.perf_counter()
                spent += time.perf_counter() - began
            began = time.perf_counter()
            connection.commit()
            return spent + time.perf_counter() - began


def rows_of(vault: OpenVault) -> Iterator[list[tuple[Any, ...]]]:
    """What was imported, as the driver gives it, in the order of the file."""
    names = ", ".join(column.name for column in TRANSACTIONS.columns)
    with vault.kit.reader.connect() as connection:
        found = connection.exec_driver_sql(
            f"SELECT {names} FROM transactions ORDER BY id",  # noqa: S608 - fixed names
            execution_options={"stream_results": True, "yield_per": SLAB},
        )
        for page in found.partitions():
            yield [tuple(row) for row in page]


def prerequisites(source: OpenVault, target: OpenVault) -> None:
    """What the rows refer to."""
    for table in (CURRENCIES, IMPORT_BATCHES):
        with source.kit.reader.connect() as connection:
            values = [dict(row) for row in connection.execute(select(table)).mappings()]
        with target.kit.writer.begin() as connection:
            connection.execute(insert(table), values)


def services_over(vault: OpenVault, folder: Path) -> ServiceSet:
    return _services(SqlStorage(vault), folder)


def _services(storage: Storage, folder: Path) -> ServiceSet:
    settings = SettingsFile(folder / "settings.toml")
    return build_services(storage, settings, ModuleService(settings, BUILT_IN), on_close=storage.close)


def bench(place: Place, export: Path, folder: Path, *, rows: int, profile: bool) -> Timing:
    with closing(services_over(place.open(), folder)) as services:
        wallet = Wallet(
            id=services.storage.new_id(),
            owner_id=services.storage.info.user_id,
            created_at=datetime.now(UTC),
            name="Bench",
            chain="ethereum",
            address=OWN,
        )
        services.storage.wallets.create(wallet)
    raw_place = place.copy()
    vault = place.open()
    timed = TimedStorage(SqlStorage(vault))
    with closing(_services(cast(Storage, timed), folder)) as services:
        profiler = cProfile.Profile() if profile else None
        before = memory_now()
        forget_peak()
        began = time.perf_counter()
        if profiler is not None:
            profiler.enable()
        report = services.importing.run(export, wallet.id)
        if profiler is not None:
            profiler.disable()
        ours = time.perf_counter() - began
        peak = peak_memory()
        if profiler is not None:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        if (report.new, report.duplicates, len(report.rejections)) != (rows, 0, 0):
            raise RuntimeError(f"not every row was imported: {report}")
        with closing(raw_place.open()) as raw_vault:
            prerequisites(vault, raw_vault)
            raw = raw_place.load(raw_vault, rows_of(vault))
    return Timing(place.engine, raw, ours, timed.imports.spent, before, peak)


def places(stack: ExitStack, folder: Path, engine: str) -> Iterator[Place]:
    if engine in {"", "sqlite"}:
        path = folder / "bench.aether"
        create_vault_file(path, KEY, name="Bench", username="founder")
        yield FilePlace(path)
    if engine in {"", "postgresql"}:
        cluster = stack.enter_context(closing(PostgresCluster(settings=DURABLE)))
        cluster.start()
        database = cluster.create_database()
        provision(cluster.url(database), name="Bench")
        yield ServerPlace(cluster, database)


def _line(timing: Timing, rows: int) -> str:
    raw, batches, ours = (rows / seconds for seconds in (timing.raw, timing.batches, timing.ours))
    return (
        f"  {timing.engine:12}{raw:12,.0f}{batches:19,.0f}{batches / raw:7.2f}{ours:17,.0f}{ours / raw:7.2f}"
        f"{timing.peak / 1e6:8,.0f} MB{timing.before / 1e6:8,.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="print where our time goes (slows it down)")
    parser.add_argument("--json", action="store_true", help="print the timings as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        export = folder / "export.csv"
        write_export(export, rows=options.rows, seed=options.seed)
        if not options.json:
            print(
                f"\nImport of {options.rows:,} Etherscan rows ({export.stat().st_size / 1e6:.0f} MB), rows per second"
            )
            print("  engine        raw engine   prepared batches  ratio   file to commit  ratio   memory, of it before")
        timings = []
        for place in places(stack, folder, options.engine):
            timing = bench(place, export, folder, rows=options.rows, profile=options.profile)
            timings.append(timing._asdict())
            if not options.json:
                print(_line(timing, options.rows), flush=True)
        if options.json:
            print(json.dumps(timings if len(timings) > 1 else timings[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
