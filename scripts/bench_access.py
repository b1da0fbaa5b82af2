"""What row security costs: the same work of the program with the policies and without them, on one table of a million.

usage: python -m scripts.bench_access [--rows N]

"without" is the server's superuser, whom no policy binds, doing what the person does: for members with the same
condition on the owner. "reads all" is a Zadokite; members own a tenth and a thousandth of the rows, spread evenly.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import (
    Direction,
    Leg,
    Movement,
    TransactionKind,
    TransactionStatus,
)
from aether_desktop.domain.users import Role
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.scram import scram_verifier
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.columns import microseconds
from aether_desktop.storage.opening import OpenVault, VaultSeat, open_shared
from aether_desktop.storage.postgresql import open_postgresql
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.support.postgres import PostgresCluster
from tests.support.storages import PASSWORD, as_founder, provision

TURNS = 15
IMPORTED = 20_000
MEMBERS = {"tenth": 10, "thousandth": 1_000}  # one of so many rows is theirs
TABLE = TableName.TRANSACTIONS
QUESTIONS = (
    ("page by time", ""),
    ("page by amount, largest first", "sort:-amount"),
    ("page of one wallet", "wallet:Founder"),
    ("amounts above", "amount>900 sort:amount"),
    ("start of a hash", f"hash:0x{0x123:062x}"),
    ("one status, counted", "status:failed"),
)
_ROWS = """
INSERT INTO transactions (vault_id, id, owner_id, version, created_at, wallet_id, occurred_at, tx_hash, kind, leg,
    direction, status, currency_id, amount, amount_rank, ai_verified, layer2_data)
SELECT {vault}, {base} + i, {owner}, 1, 0, {wallet}, 1700000000000000 + i::bigint * 1000000,
    '0x' || lpad(to_hex(i), 64, '0'), 'send', 'normal', 'out', CASE WHEN i % 500 = 0 THEN 'failed' ELSE 'confirmed' END,
    x.currency_id, x.amount, x.amount_rank, false, '{{}}'
FROM generate_series(1, {rows}) i
JOIN LATERAL (SELECT t.* FROM models t WHERE t.n = i % 1000) x ON true
"""


@contextmanager
def opened(vault: OpenVault) -> Iterator[SqlStorage]:
    storage = SqlStorage(vault)
    try:
        yield storage
    finally:
        storage.close()


def unbound(url: str, seat: VaultSeat) -> OpenVault:
    """The same client on the superuser's connections, which the program itself would refuse."""
    return OpenVault(open_postgresql(read_address(url)), seat, revision="")


def seat_of(vault: OpenVault) -> VaultSeat:
    return VaultSeat(vault.info.vault_id, vault.info.vault_name, vault.info.user_id)


def movements(first: int, count: int) -> list[Movement]:
    return [
        Movement(
            row=number + 2,
            occurred_at=microseconds(samples.NOW) + number,
            tx_hash=f"0x{first + number:064x}",
            kind=TransactionKind.RECEIVE,
            leg=Leg.NORMAL,
            direction=Direction.IN,
            status=TransactionStatus.CONFIRMED,
            units=10**18 + number,
            currency=samples.ETH,
        )
        for number in range(count)
    ]


def prepare(url: str, rows: int) -> dict[str, str]:
    """People, wallets, and the rows; returns the logins of MEMBERS."""
    provision(url)
    logins: dict[str, str] = {}
    owner, wallet = "{founder}", "{wallet}"
    with closing(open_shared(as_founder(url))) as vault:
        storage = SqlStorage(vault)
        storage.wallets.create(own := samples.wallet(storage, name="Founder"))
        for number in range(1_000):
            amount = Amount(number * 10**18, samples.ETH)
            storage.transactions.create(samples.transaction(storage, own.id, amount=amount))
        seat = seat_of(vault)
        administration = SqlLoginAdministration(vault.database)
        people = {}
        for name, part in MEMBERS.items():
            storage.users.create(person := samples.user(storage, username=name, email=f"{name}@example.org"))
            logins[name] = administration.create_login(name, Role.MEMBER, scram_verifier=scram_verifier(PASSWORD))
            people[name] = (person.id, part)
    for name, (user_id, part) in people.items():
        with closing(open_shared(member_url(url, logins[name]))) as vault:
            storage = SqlStorage(vault)
            storage.wallets.create(theirs := samples.wallet(storage, name=name))
        owner = f"CASE WHEN i % {part} = 1 THEN {user_id} ELSE {owner} END"
        wallet = f"CASE WHEN i % {part} = 1 THEN {theirs.id} ELSE {wallet} END"
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET session_replication_role = replica")  # neither audit nor references: only the data
        session.execute(
            "CREATE TEMP TABLE models AS SELECT currency_id, amount, amount_rank, row_number() OVER () - 1 AS n"
            " FROM transactions"
        )
        values = {
            "vault": seat.vault_id,
            "owner": owner.format(founder=seat.user_id),
            "wallet": wallet.format(wallet=own.id),
            "rows": rows,
            "base": 1_000_000,
        }
        session.execute(_ROWS.format(**values).encode())
        session.execute("VACUUM ANALYZE")
    return logins


def member_url(url: str, login: str) -> str:
    return url.replace(url.split("//")[1].split("@", maxsplit=1)[0], f"{login}:{PASSWORD}")


def timed(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The medians of both in milliseconds; they take turns, so that a slow moment of the machine hits both."""
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS + 2):
        for work, times in zip((first, second), spent, strict=True):
            began = time.perf_counter()
            work()
            if turn > 1:  # two to warm up
                times.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent[0]), statistics.median(spent[1])


def ask(storage: SqlStorage, text: str) -> Callable[[], object]:
    query = parse_table_query(text, TABLE)
    if "status" in text:
        return lambda: storage.windows.count(query)
    return lambda: storage.windows.window(query, 0, 200).rows


def import_seconds(storage: SqlStorage, wallet: str, first: int) -> float:
    (found,) = storage.wallets.by_name(wallet)
    batch = ImportBatch(
        id=storage.new_id(),
        wallet_id=found.id,
        file_name="bench.csv",
        sha256="0" * 64,
        format="generic",
        imported_at=samples.NOW,
        imported_by=storage.info.user_id,
        rows=0,
        new=0,
        duplicates=0,
        rejected=0,
    )
    given = movements(first, IMPORTED)
    began = time.perf_counter()
    storage.imports.store(batch, [given], (), token=CancelToken())
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with ExitStack() as stack:
        cluster = stack.enter_context(closing(PostgresCluster(settings={"shared_buffers": "512MB"})))
        cluster.start()
        url = cluster.url(cluster.create_database())
        logins = prepare(url, options.rows)
        people = {"reads all": (open_shared(as_founder(url)), "Founder")}
        people |= {name: (open_shared(member_url(url, login)), name) for name, login in logins.items()}
        print(f"\nRow security on {options.rows:,} transactions, median of {TURNS}, milliseconds")
        print(f"  {'':32}{'who':12}{'without':>10}{'with':>10}{'ratio':>8}")
        storages = {}
        for who, (vault, wallet) in people.items():
            free = stack.enter_context(opened(unbound(url, seat_of(vault))))
            storages[who] = (free, stack.enter_context(opened(vault)), wallet)
        for title, text in QUESTIONS:
            for who, (free, bound, wallet) in storages.items():
                words = text.replace("Founder", wallet)
                without, with_rules = timed(ask(free, words), ask(bound, words))
                print(f"  {title:32}{who:12}{without:10.2f}{with_rules:10.2f}{with_rules / without:8.2f}")
        print(f"  import of {IMPORTED:,} rows, seconds")
        for number, (who, (free, bound, wallet)) in enumerate(storages.items()):
            place = (number + 1) << 40
            import_seconds(bound, wallet, place + (1 << 30))  # warms up
            without = import_seconds(free, wallet, place)
            with_rules = import_seconds(bound, wallet, place + (1 << 20))
            print(f"  {'':32}{who:12}{without:10.2f}{with_rules:10.2f}{with_rules / without:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
