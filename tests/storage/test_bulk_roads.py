"""The fast roads: their questions take the wanted index even in a table without statistics; caches return."""

from __future__ import annotations

import json
from typing import Any, cast

from sqlalchemy import Connection

from aether_desktop.storage import bulk_postgresql, bulk_sqlite
from aether_desktop.storage.import_run import CHUNK_ROWS
from aether_desktop.storage.opening import OpenVault
from aether_desktop.storage.roads import road_of
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage.files import add_wallet, bring, movement, tx_hash


def plan_of(connection: Connection, question: str, values: dict[str, Any]) -> str:
    """What the engine says it would do."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values)
        return "\n".join(str(row[3]) for row in rows)
    road = cast(bulk_postgresql.PostgresRoad, road_of(connection, values["vault"]))
    return "\n".join(str(row[0]) for row in road._asked(f"EXPLAIN {question}", values))


def test_questions_take_their_index_while_the_table_is_being_filled(vault: OpenVault) -> None:
    storage, database = SqlStorage(vault), vault.database
    wallet = add_wallet(storage)
    with storage.unit_of_work():
        bring(storage, wallet.id, [movement(number) for number in range(1, CHUNK_ROWS)])
        with database.read() as connection:
            common: dict[str, Any] = {"vault": database.vault_id, "wallet": wallet.id, "batch": 1, "family": "koinly"}
            sqlite = connection.dialect.name == "sqlite"
            road = bulk_sqlite if sqlite else bulk_postgresql
            identities: object = json.dumps(["00" * 16]) if sqlite else [bytes(16)]
            hashes: object = json.dumps([tx_hash(1)]) if sqlite else [tx_hash(1)]
            by_identity = plan_of(connection, road._KNOWN, {**common, "identities": identities})
            by_hash = plan_of(connection, road._SAME_HASH, {**common, "hashes": hashes})
    assert "uq_transactions_identity" in by_identity
    assert "ix_transactions_hash" in by_hash
    for plan in (by_identity, by_hash):
        assert "SCAN transactions" not in plan
        assert "SCAN t" not in plan.replace("SCAN k", "")
        assert "Seq Scan on transactions" not in plan


def test_a_large_cache_is_given_back(vault: OpenVault) -> None:
    with vault.database.write(action="test", table="test") as unit:
        road = road_of(unit.connection, unit.vault_id)
        if unit.connection.dialect.name == "sqlite":
            before = unit.connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
            with road.loading():
                meanwhile = unit.connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
            assert (meanwhile, -meanwhile > -before) == (-bulk_sqlite.LOADING_CACHE_KIB, True)
            assert unit.connection.exec_driver_sql("PRAGMA cache_size").scalar_one() == before
        else:
            with road.loading():
                assert unit.connection.exec_driver_sql("SELECT 1").scalar_one() == 1
