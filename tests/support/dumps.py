"""Every released schema kept with data, as compressed SQL (``zcat``): writing, and making vaults and databases of it.

``python -m tests.support.dumps`` writes the two files of the current schema, rows and tables. The rows of an older file
are what people have and never change; with ``--tables`` its tables are written anew, as the migrations up to it make
them, for a migration that was corrected before it was released.
"""

from __future__ import annotations

import dataclasses
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from aether_desktop.domain.annotations import Annotation, ForeignLabel
from aether_desktop.domain.courts import Court
from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.networks import EvmNetwork
from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.node_states import Cause, NodeState, Transition
from aether_desktop.domain.notices import Notice, NoticeKind
from aether_desktop.domain.prices import Price
from aether_desktop.domain.probes import Probe, ProbeOutcome
from aether_desktop.domain.quiet import SilenceRecord
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.temple import CovenantKind
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.transactions import Direction, Leg, Movement, TransactionKind, TransactionStatus
from aether_desktop.domain.wallet_secrets import SecretKind, WalletSecret
from aether_desktop.locations import migrations_dir
from aether_desktop.ports.identity import (
    StoredCourtKey,
    StoredInvitation,
    StoredPersonKeys,
    StoredRotation,
    StoredStatement,
)
from aether_desktop.ports.monitoring import NodeReading, NodeTransition, WatchBatch
from aether_desktop.ports.quorum import StoredDeal, StoredRelease, StoredRequest
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.columns import microseconds
from aether_desktop.storage.postgresql import PostgresKit
from aether_desktop.storage.schema import NODE_HARMONY
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.sqlite import SqliteKit
from aether_desktop.storage.stores.council import CouncilSeats
from aether_desktop.storage.stores.many_rows import put_rows
from aether_desktop.storage.upgrade import VERSION_TABLE, Migrations, create_schema
from aether_desktop.storage.vault_files import create_file
from tests.storage import ledger, samples
from tests.support.postgres import PostgresCluster, binaries
from tests.support.storages import ENGINES, KEY, VaultPlace, vault_place

FOLDER = Path(__file__).parents[1] / "storage" / "fixtures"
_VOLATILE = re.compile(r"^(\\|--|SET |SELECT pg_catalog\.set_config|\s*$)")  # of pg_dump: other versions write others
_LOGIN = re.compile(r"'aether_[0-9a-f]{8}_u_[a-z0-9_]+'")


def dump_file(engine: str, revision: str) -> Path:
    """Where the schema ``revision`` of an engine is kept."""
    return FOLDER / f"schema-{revision}.{engine}.sql.gz"


def dump_text(engine: str, revision: str) -> str:
    """The SQL that makes that schema with its rows."""
    return gzip.decompress(dump_file(engine, revision).read_bytes()).decode()


def _keep(engine: str, revision: str, text: str) -> None:
    file = dump_file(engine, revision)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))  # without a time: the same text is the same file
    print(file)  # noqa: T201 - talks to a terminal


def revisions() -> list[str]:
    """The schemas kept, oldest first."""
    return sorted(path.name.split(".")[0].removeprefix("schema-") for path in FOLDER.glob("schema-*.sqlite.sql.gz"))


def make_vault(revision: str, path: Path) -> None:
    """The vault file that a program with that schema left behind."""
    create_file(path)
    kit = SqliteKit(path, KEY)
    with closing(kit.connect()) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript(dump_text("sqlite", revision))
    kit.dispose()


def migrations_until(revision: str, folder: Path) -> Migrations:
    """What a program with that schema had; in a new folder."""
    shutil.copytree(migrations_dir(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "versions").glob("[0-9]*.py"):
        if path.name[: len(revision)] > revision:
            path.unlink()
    return Migrations(folder)


def make_database(revision: str, url: str) -> None:
    """The database that a program with that schema left behind, in an empty one."""
    with psycopg.connect(url) as connection:
        connection.execute(dump_text("postgresql", revision).encode())


# -- writing -----------------------------------------------------------------------------------------------------


def fill(storage: SqlStorage) -> None:
    """Rows in every table."""
    ids = ledger.store_ledger(storage)
    storage.ledger.settle()
    for sample in samples.SAMPLES:
        record = sample.make(storage)
        if sample.table is not TableName.WALLETS:
            sample.store(storage).create(record)
    _fill_imports(storage, ids["treasury"])
    storage.wallet_secrets.add(
        WalletSecret(
            id=storage.new_id(),
            owner_id=storage.info.user_id,
            wallet_id=ids["treasury"],
            kind=SecretKind.SEED,
            sealed=Sealed.of(1, bytes(range(60))),
            created_at=samples.NOW,
        )
    )
    storage.networks.add(
        EvmNetwork(
            id=storage.new_id(),
            owner_id=storage.info.user_id,
            created_at=samples.NOW,
            name="FractalCoin",
            chain_id=26_150,
            symbol="FTC",
            endpoints=("https://ftc.example/",),
        )
    )
    method = samples.payment_method(storage, name="Sealed", is_default=False, expires_on=None)
    names = ("provider_reference", "last_four", "expires_on")
    sealed: dict[str, Any] = {name: Sealed.of(1, name.encode() * 4) for name in names}
    storage.payment_methods.create(dataclasses.replace(method, **sealed))
    token = bytes(7) + b"\x01" + bytes(range(32))
    payment = samples.payment(storage, metadata=Sealed.of(1, b"metadata" * 4), provider="Sealed")
    external_id = Sealed.of(1, b"external id" * 4, token=token)
    storage.payments.create(dataclasses.replace(payment, external_id=external_id))
    _fill_identity(storage)
    _fill_watching(storage)
    note = Sealed.of(1, b"note" * 15, words=(bytes(7) + b"\x01" + bytes(range(32)),))
    storage.annotations.put(
        Annotation(id=storage.new_id(), table=TableName.PAYMENT_METHODS, row_id=method.id, note=note)
    )
    storage.attempts.begin(Court.HOLY)
    storage.prices.put([Price(day=samples.NOW, symbol="ETH", currency="EUR", price="1234.56", source="file")])
    storage.annotations.put_foreign_labels([ForeignLabel("tx", "ab", {"type": "tx", "ref": "ab", "label": "Later"})])


def _fill_imports(storage: SqlStorage, wallet_id: int) -> None:
    """Two files that overlap, with a row that was refused."""
    movements = [
        Movement(
            row=number + 2,
            occurred_at=microseconds(samples.NOW) + number,
            tx_hash=f"0x{number:064x}",
            kind=TransactionKind.RECEIVE,
            leg=Leg.NORMAL,
            direction=Direction.IN,
            status=TransactionStatus.CONFIRMED,
            units=2**256 - 1 - number,
            currency=samples.ETH,
            note="from the file" if number == 3 else "",
        )
        for number in range(20)
    ]
    rejection = Rejection(7, "The amount is not a number.")
    for name in ("first.csv", "overlapping.csv"):
        batch = ImportBatch(
            id=storage.new_id(),
            wallet_id=wallet_id,
            file_name=name,
            sha256="0" * 64,
            format="generic",
            imported_at=samples.NOW,
            imported_by=storage.info.user_id,
            rows=21,
            new=0,
            duplicates=0,
            rejected=0,
        )
        storage.imports.store(batch, [movements], [rejection], token=CancelToken())


def _fill_identity(storage: SqlStorage) -> None:
    """Rows without meaning: what they hold, only ``security`` reads."""
    me, stores = storage.info.user_id, storage.identity
    stores.person_keys.add(StoredPersonKeys(me, 1, b"bundle", b"sealed", samples.NOW))
    stores.membership.append([StoredStatement(index, b"body", b"signature") for index in range(3)])
    stores.court_keys.put(
        [StoredCourtKey(me, court, 1, me, bytes(range(32)), b"wrapped", samples.NOW) for court in Court]
    )
    stores.court_keys.count_seals(me, Court.HOLY, version=1, recipient_id=me, more=256)
    stores.invitations.add(
        StoredInvitation(storage.new_id(), me, me, samples.NOW, samples.LATER, b"body", b"sealed", reply=b"reply")
    )
    stores.rotations.put(
        StoredRotation(me, Court.HOLY, 2, samples.NOW, field="payment.metadata", row_id=7, rows_done=9)
    )
    deal, request = storage.new_id(), storage.new_id()
    storage.quorums.add_deal(StoredDeal(deal, me, Court.HOLY, 1, me, b"body", b"signature", samples.NOW))
    storage.quorums.add_request(StoredRequest(request, deal, me, b"body", b"signature", samples.NOW, samples.LATER))
    storage.quorums.add_release(StoredRelease(request, me, b"body", samples.NOW))


def _fill_watching(storage: SqlStorage) -> None:
    """A node that was watched for a while, silenced, and performed a covenant."""
    me, stores = storage.info.user_id, storage.watching
    node = samples.temple_node(storage, node_id="watched", covenants=())
    storage.temple_nodes.create(node)
    stores.probes.replace(node.id, [Probe(id=storage.new_id(), node_id=node.id, kind="tcp", target="127.0.0.1:8545")])
    state = NodeState(status=NodeStatus.UP, observed=NodeStatus.UP, since=samples.NOW)
    change = Transition(
        at=samples.NOW,
        before=NodeStatus.UNKNOWN,
        after=NodeStatus.UP,
        cause=Cause.MEASURED,
        why="",
        lasted=timedelta(0),
    )
    taken = Sample(
        node_id=node.id,
        probe_id=7,
        at=samples.NOW,
        outcome=ProbeOutcome.ANSWERED,
        grade=Grade.GOOD,
        status=NodeStatus.UP,
        latency=0.25,
        height=9,
        freshness=1.0,
        agrees=True,
    )
    (lease,) = stores.watch.lease([node.id], holder="dump", seconds=60)
    stores.watch.write(
        WatchBatch(
            samples=[taken],
            readings=[NodeReading(node_id=node.id, state=state, latency=0.25, height=9)],
            transitions=[NodeTransition(node.id, change)],
            fences={node.id: lease.fence},
        )
    )
    stores.watch.maintain(samples.NOW + timedelta(hours=2))
    held = {"asked": 2, "answered": 2, "fresh": 2, "freshness_sum": 2.0, "compared": 2, "matched": 2}
    at = samples.NOW + timedelta(hours=3)
    harmony = {"node_id": node.id, "at": at, **held, "held_since": samples.NOW - timedelta(days=8)}
    database = storage._database
    with database.write(action="test.harmony", table=NODE_HARMONY.name) as unit:
        put_rows(unit.connection, NODE_HARMONY, unit.vault_id, [harmony], replace=True)
    CouncilSeats(database).fill(at)
    stores.silences.add(
        SilenceRecord(
            id=storage.new_id(), owner_id=me, node_id=node.id, begins_at=samples.NOW, until=samples.LATER, why="works"
        )
    )
    stores.notices.add(
        [Notice(id=storage.new_id(), owner_id=me, at=samples.NOW, kind=NoticeKind.RECOVERY, title="watched is up")]
    )
    stores.covenants.add(
        Covenant(
            id=storage.new_id(),
            node_id=node.id,
            node_name=node.node_id,
            kind=CovenantKind.SABBATH,
            node_type=node.type,
            elder=True,
            tier=node.tier,
            harmony=None,
            performer_id=me,
            performed_at=samples.NOW,
            key=bytes(32),
            signature=b"signature",
        )
    )


def sqlite_text(connection: Any) -> str:
    """The file as SQL, rows by key."""
    lines = ["BEGIN;"]
    objects = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index', rowid"
    ).fetchall()
    tables = [(name, sql) for kind, name, sql in objects if kind == "table"]
    lines += [f"{sql};" for _, sql in tables]
    for name, _ in tables:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
        values = " || ', ' || ".join(f'quote("{column}")' for column in columns)
        order = ", ".join(str(position + 1) for position in range(len(columns)))
        query = f'SELECT {values} FROM (SELECT * FROM "{name}" ORDER BY {order})'
        lines += [f'INSERT INTO "{name}" VALUES ({row[0]});' for row in connection.execute(query)]
    lines += [f"{sql};" for kind, _, sql in objects if kind != "table"]
    return "\n".join([*lines, "COMMIT;", ""])


def postgresql_text(url: str, *, bare: str) -> str:
    """The rows of a database, and the tables of ``bare``, which was migrated but has no roles, rules or people.

    Without what names its server's version, and without logins: they are made anew where the file is read.
    """
    lines: list[str] = []
    for section, source in (("pre-data", bare), ("data", url), ("post-data", bare)):
        lines += section_of(source, section)
    return "\n".join(["SET check_function_bodies = false;", *map(_without_login, lines), ""])


def section_of(url: str, section: str) -> list[str]:
    """Lines of pg_dump, without what names its server's version. ``section``: pre-data, data or post-data."""
    command = [str(binaries() / "pg_dump"), "--no-owner", "--no-privileges", "--inserts", f"--section={section}", url]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if not _VOLATILE.match(line)]


def _without_login(line: str) -> str:
    seated = line.startswith(("INSERT INTO public.vault_members ", "INSERT INTO public.id_clients "))
    return _LOGIN.sub("''", line) if seated else line


def _write(place: VaultPlace, revision: str, cluster: PostgresCluster) -> None:
    storage = place.open()
    fill(storage)
    storage.close()
    if place.engine == "sqlite":
        file = SqliteKit(Path(place.location), KEY)
        with closing(file.connect()) as opened:
            text = sqlite_text(opened)
        file.dispose()
    else:
        bare = bare_database(cluster.url(cluster.create_database()), Migrations())
        text = postgresql_text(place.administration, bare=bare)
    _keep(place.engine, revision, text)


def bare_database(url: str, migrations: Migrations) -> str:
    """An empty database, migrated: no roles, rules or people; returns its address."""
    kit = PostgresKit(read_address(url))
    with kit.writer.connect() as connection, connection.begin():
        migrations.run(connection)
    kit.dispose()
    return url


def with_tables_anew(engine: str, revision: str, folder: Path, cluster: Callable[[], PostgresCluster]) -> str:
    """The text of a kept file with the tables that the migrations make today, and the same rows."""
    migrations = migrations_until(revision, folder / f"{engine}-{revision}")
    if engine == "postgresql":
        url = cluster().url(cluster().create_database())
        make_database(revision, url)
        return postgresql_text(url, bare=bare_database(cluster().url(cluster().create_database()), migrations))
    path = folder / f"anew-{revision}.aether"
    create_file(path)
    kit = SqliteKit(path, KEY)
    create_schema(kit, migrations)
    with closing(kit.connect()) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"DELETE FROM {VERSION_TABLE}")
        for line in dump_text(engine, revision).split("\nINSERT INTO ")[1:]:
            connection.execute("INSERT INTO " + line.partition(";\nCREATE ")[0].removesuffix("\nCOMMIT;\n"))
        text = sqlite_text(connection)
    kit.dispose()
    return text


def main() -> int:
    """Write the files of the current schema, or the tables of all files."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, closing(PostgresCluster()) as cluster:
        cluster.start()
        if sys.argv[1:] != ["--tables"]:
            _write_current(Path(folder), cluster)
            return 0
        for revision in revisions():
            for engine in ENGINES:
                text = with_tables_anew(engine, revision, Path(folder), lambda: cluster)
                _keep(engine, revision, text)
    return 0


def _write_current(folder: Path, cluster: PostgresCluster) -> None:
    def make(*, template: str) -> str:
        return cluster.url(cluster.create_database(template=template))

    for engine in ENGINES:
        for place in vault_place(engine, folder=folder, templates=folder, cluster=lambda: cluster, make_database=make):
            _write(place, Migrations().head, cluster)


if __name__ == "__main__":
    sys.exit(main())
