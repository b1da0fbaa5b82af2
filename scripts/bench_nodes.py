"""How large a vault grows by watching: a year raw for a few nodes, a year of five-minute roll-ups for many.

The program's own upkeep makes the roll-ups, measures harmony and forgets, day by day; sizes are those of the tables'
pages (dbstat counts them) in an encrypted vault.

usage: python -m scripts.bench_nodes [--days N] [--raw N] [--rolled N] [--interval SECONDS]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Period, Sample, roll_up
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.monitoring import WatchBatch
from aether_desktop.storage.columns import microseconds
from aether_desktop.storage.schema import NODE_ROLL_UPS
from aether_desktop.storage.sql_storage import SqlStorage, create_vault
from aether_desktop.storage.stores.many_rows import put_rows
from aether_desktop.storage.stores.node_rows import roll_up_row

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = ("node_samples", "node_roll_ups", "node_harmony")
KEY = bytes(range(32))


def day_of_samples(node_id: int, start: datetime, interval: int, chance: random.Random) -> Iterator[Sample]:
    """A node that now and then fails."""
    height = int((start - BEGIN).total_seconds()) // 12
    for second in range(0, 86_400, interval):
        good = chance.random() > 0.003
        yield Sample(
            node_id=node_id,
            probe_id=node_id + 1,
            at=start + timedelta(seconds=second + chance.random()),
            outcome=ProbeOutcome.ANSWERED if good else ProbeOutcome.TIMED_OUT,
            grade=Grade.GOOD if good else Grade.BAD,
            status=NodeStatus.UP if good else NodeStatus.DEGRADED,
            latency=chance.lognormvariate(-3, 0.6) if good else None,
            height=height + second // 12 if good else None,
            freshness=1.0 if good else None,
            agrees=True if good else None,
            reason="" if good else "It did not answer in time.",
        )


def add_nodes(storage: SqlStorage, count: int) -> list[int]:
    ids = []
    for number in range(count):
        node = TempleNode(
            id=storage.new_id(),
            owner_id=storage.info.user_id,
            created_at=BEGIN,
            node_id=f"node {number}",
            tier=Tier.OUTER_COURT,
            storage_threshold=3,
        )
        storage.temple_nodes.create(node)
        ids.append(node.id)
    return ids


def sizes(storage: SqlStorage) -> str:
    """Rows of each table, and the bytes of the file."""
    database = storage._database
    with database.read() as connection:
        counts = [connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES]  # noqa: S608
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
    rows = ", ".join(f"{name} {count:,}" for name, count in zip(TABLES, counts, strict=True))
    return f"{(pages - free) * 4096 / 1e6:8.1f} MB ({rows})"


def raw_year(folder: Path, *, nodes: int, days: int, interval: int) -> None:
    with closing(create_vault(folder / "raw.aether", KEY, name="Raw", username="bench")) as storage:
        ids, chance, began = add_nodes(storage, nodes), random.Random(7), time.monotonic()
        empty = sizes(storage)
        for day in range(days):
            start = BEGIN + day * DAY
            batch = [sample for node_id in ids for sample in day_of_samples(node_id, start, interval, chance)]
            storage.watching.watch.write(WatchBatch(samples=batch))
            storage.watching.watch.maintain(start + DAY + timedelta(minutes=2))
            if day + 1 in (3, 30, 120) or day + 1 == days:
                print(f"raw, {nodes} nodes every {interval} s, day {day + 1:3}: {sizes(storage)}", flush=True)
        taken = nodes * days * 86_400 // interval
        print(f"raw: {taken:,} samples in {time.monotonic() - began:.0f} s; before: {empty}", flush=True)


def rolled_year(folder: Path, *, nodes: int, days: int, interval: int) -> None:
    with closing(create_vault(folder / "rolled.aether", KEY, name="Rolled", username="bench")) as storage:
        ids, chance, began = add_nodes(storage, nodes), random.Random(7), time.monotonic()
        template = [
            roll_up_row(part) for part in roll_up(list(day_of_samples(0, BEGIN, interval, chance)), Period.FIVE_MINUTES)
        ]
        day_us = DAY // timedelta(microseconds=1)
        for day in range(days):
            start = BEGIN + day * DAY
            shift = microseconds(start) - microseconds(BEGIN)
            database = storage._database
            with database.write(action="bench", table=NODE_ROLL_UPS.name) as unit:
                for node_id in ids:
                    rows = [
                        {**row, "node_id": node_id, "probe_id": node_id + 1, "starts_at": row["starts_at"] + shift}
                        for row in template
                        if row["starts_at"] < microseconds(BEGIN) + day_us
                    ]
                    put_rows(unit.connection, NODE_ROLL_UPS, unit.vault_id, rows, replace=True)
            storage.watching.watch.maintain(start + DAY + timedelta(minutes=2))
            if day + 1 in (8, 30, 60, 92, 110, 200) or day + 1 == days:
                told = f"rolled, {nodes} nodes, day {day + 1:3}: {sizes(storage)}, {time.monotonic() - began:.0f} s"
                print(told, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--raw", type=int, default=5, help="nodes (0: leave it out)")
    parser.add_argument("--rolled", type=int, default=500, help="nodes (0: leave it out)")
    parser.add_argument("--interval", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.raw:
            raw_year(Path(folder), nodes=options.raw, days=options.days, interval=options.interval)
        if options.rolled:
            rolled_year(Path(folder), nodes=options.rolled, days=options.days, interval=options.interval)
    return 0


if __name__ == "__main__":
    sys.exit(main())
