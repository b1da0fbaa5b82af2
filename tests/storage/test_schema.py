"""The schema: facts, keys that begin with the vault, rules that the database itself keeps, independent modules."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections.abc import Iterable

import pytest
from sqlalchemy import Table, insert, text
from sqlalchemy.schema import Index, PrimaryKeyConstraint, UniqueConstraint

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.storage import schema
from aether_desktop.storage.columns import rank_key, units_key
from aether_desktop.storage.database import Database
from tests.storage.samples import NOW

# The facts of the ecosystem's nine key tables, under the seed's table names.
FACTS = {
    "users": "username email role last_login_at active membership",
    "wallets": "owner_id chain name address kind symbol",
    "transactions": (
        "wallet_id tx_hash kind amount currency_id from_address to_address status occurred_at fee block_number "
        "ai_verified description layer2_kind layer2_data"
    ),
    "smart_contracts": "name address chain status last_interaction_at artifact",
    "ai_monitoring_logs": "action description severity related_table related_id",
    "cid_entries": "cid kind status metadata",
    "payment_methods": "kind provider provider_reference last_four expires_on is_default status",
    "payments": "amount currency_id status provider external_id wallet_id security_level quantum_signature",
    "temple_nodes": (
        "node_id tier storage_threshold compute_threshold abundance_threshold harmony elder covenants status "
        "configuration"
    ),
}
MODULES = sorted(
    f"{schema.__name__}.{module.name}" for module in pkgutil.iter_modules(schema.__path__) if module.name != "base"
)


def vault_tables() -> list[Table]:
    return [table for table in schema.METADATA.sorted_tables if table.name != "vaults"]


class TestShape:
    def test_every_fact_of_the_nine_tables_has_a_column(self) -> None:
        assert {table.name for table in schema.RECORD_TABLES.values()} == set(FACTS)
        assert set(schema.RECORD_TABLES) == set(TableName)
        for name, facts in FACTS.items():
            columns = set(schema.METADATA.tables[name].columns.keys())
            common = {"vault_id", "id", "owner_id", "version", "created_at", "archived_at"}
            assert columns >= set(facts.split()) | common, name

    @pytest.mark.parametrize("table", vault_tables(), ids=lambda table: table.name)
    def test_keys_constraints_and_indexes_begin_with_the_vault(self, table: Table) -> None:
        keyed: list[Iterable[str]] = [index.columns.keys() for index in table.indexes]
        keyed += [
            rule.columns.keys()
            for rule in table.constraints
            if isinstance(rule, PrimaryKeyConstraint | UniqueConstraint)
        ]
        keyed += [rule.column_keys for rule in table.foreign_key_constraints]
        assert len(keyed) >= 2  # at least a primary key and the reference to its vault
        for columns in keyed:
            assert next(iter(columns)) == "vault_id", (table.name, list(columns))
        for rule in table.foreign_key_constraints:
            (first, *_rest) = rule.elements
            assert first.target_fullname in (f"{rule.referred_table.name}.vault_id", "vaults.id")

    def test_every_index_and_rule_is_named_after_its_table(self) -> None:
        for table in schema.METADATA.sorted_tables:
            names = [str(index.name) for index in table.indexes]
            assert all(name.startswith((f"ix_{table.name}_", f"uq_{table.name}_")) for name in names), names
            assert len(set(names)) == len(names)

    @pytest.mark.parametrize("module", MODULES)
    def test_each_module_may_be_imported_first(self, module: str) -> None:
        """In a fresh interpreter: the module, then the others from the last to the first; every reference resolves."""
        others = [name for name in reversed(MODULES) if name != module]
        program = (
            "import importlib, sys\n"
            f"for name in {[module, *others]!r}: importlib.import_module(name)\n"
            f"from {schema.__name__} import METADATA\n"
            "print(len(METADATA.sorted_tables), all(key.column is not None for table in METADATA.tables.values()"
            " for key in table.foreign_keys))\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        assert done.stdout.split() == [str(len(schema.METADATA.tables)), "True"]

    def test_a_partial_rule_is_the_same_on_both_engines(self) -> None:
        partial = [index for table in schema.METADATA.tables.values() for index in table.indexes if _where(index)]
        assert {str(index.name) for index in partial} >= {
            "uq_wallets_name",
            "uq_wallets_address",
            "uq_payments_external",
            "uq_transactions_identity",
        }
        for index in partial:
            options = index.dialect_options
            assert str(options["sqlite"]["where"]) == str(options["postgresql"]["where"])


def _where(index: Index) -> bool:
    return index.dialect_options["sqlite"]["where"] is not None


def test_sqlite_tables_are_strict(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL is always strict about types")
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE type = 'table'").all()
    strict = {row.name for row in rows if row.strict}
    assert strict >= set(schema.METADATA.tables)


ROWS: dict[str, dict[str, object]] = {
    "wallets": {
        "name": "W", "name_fold": "w", "chain": "ethereum", "kind": "native", "symbol": "ETH", "watch_only": True,
    },
    "currencies": {"symbol": "EUR", "decimals": 2, "chain": "fiat", "decimals_assumed": False},
    "smart_contracts": {"name": "C", "chain": "atc", "status": "pending", "artifact": {}},
    "ai_monitoring_logs": {
        "seen_at": NOW, "action": "threat_detected", "severity": "info", "description": "seen",
    },
    "cid_entries": {"cid": "Qm", "kind": "wallet_backup", "status": "active", "metadata": {}},
    "payment_methods": {"name": "M", "kind": "card", "is_default": False, "status": "active"},
    "payments": {
        "paid_at": NOW, "currency_id": 1, "amount": 7, "amount_rank": rank_key(7, 2), "status": "pending",
        "security_level": "standard",
    },
    "temple_nodes": {
        "node_id": "n", "tier": "outer_court", "storage_threshold": 1, "compute_threshold": 1,
        "abundance_threshold": 1, "elder": False, "status": "up", "configuration": {},
    },
    "transactions": {
        "wallet_id": 1, "occurred_at": NOW, "kind": "send", "leg": "normal", "direction": "out",
        "status": "confirmed", "currency_id": 1, "amount": 7, "amount_rank": rank_key(7, 2), "ai_verified": False,
        "layer2_data": {},
    },
    "annotations": {
        "table_name": "wallets", "row_id": 1, "extra": {}, "version": 1, "changed_at": NOW, "detached": False,
    },
    "import_batches": {
        "wallet_id": 1, "file_name": "f.csv", "sha256": "a" * 64, "format": "etherscan", "imported_at": NOW,
        "row_count": 0, "new_count": 0, "duplicate_count": 0, "rejected_count": 0, "status": "stored",
    },
}  # fmt: skip
REFUSED = [
    ("wallets", "kind", "paper"),
    ("wallets", "name", ""),
    ("wallets", "name", "x" * 201),
    ("currencies", "decimals", 78),
    ("smart_contracts", "status", "active"),  # only a pending one is without an address
    ("ai_monitoring_logs", "severity", "loud"),
    ("ai_monitoring_logs", "related_id", 5),  # without the table
    ("cid_entries", "size_bytes", -1),
    ("cid_entries", "status", ""),
    ("payment_methods", "last_four", "12345"),
    ("payments", "amount", b""),
    ("payments", "amount", b"\x02\x07"),  # the length byte says two
    ("payments", "amount", b"\x02\x00\x07"),  # a leading zero would sort wrongly
    ("payments", "amount", b"\x21" + b"\xff" * 33),  # beyond 2^256-1
    ("payments", "security_level", "none"),
    ("temple_nodes", "tier", "cellar"),
    ("temple_nodes", "compute_threshold", 1001),
    ("temple_nodes", "harmony", 24.5),
    ("transactions", "status", "lost"),
    ("transactions", "block_number", -1),
    ("transactions", "identity", b"short"),
    ("transactions", "fee", units_key(3)),  # without its currency
    ("transactions", "tx_hash", "x" * 201),
    ("annotations", "label", "x" * 256),
    ("annotations", "table_name", "nowhere"),
    ("annotations", "detached", True),  # without wallet and identity it would never come back
    ("import_batches", "sha256", "abc"),
    ("import_batches", "new_count", -1),
    ("import_batches", "undone_at", 5),  # while it is stored
]


def fill(database: Database, *names: str) -> None:
    """One valid row in each of the tables, with id 1."""
    owner = {"owner_id": database.user_id, "version": 1, "created_at": NOW}
    with database.write(action="test.fill", table="test") as unit:
        for name in names:
            table = schema.METADATA.tables[name]
            row = {**ROWS[name], "vault_id": database.vault_id, "id": 1}
            row |= {key: value for key, value in owner.items() if key in table.columns}
            if "imported_by" in table.columns:
                row["imported_by"] = database.user_id
            unit.connection.execute(insert(table).values(row))


class TestRules:
    def test_impossible_values_are_refused(self, database: Database, subtests: pytest.Subtests) -> None:
        fill(database, *dict.fromkeys(("wallets", "currencies", *ROWS)))
        for table, column, value in REFUSED:
            statement = text(f"UPDATE {table} SET {column} = :value WHERE id = 1")
            with (
                subtests.test(f"{table}.{column}"),
                pytest.raises((InvalidInputError, PermissionDeniedError)),  # words on no table are nobody's
                database.write(action="test.break", table=table) as unit,
            ):
                unit.connection.execute(statement, {"value": value})

    def test_an_id_is_given_once(self, database: Database) -> None:
        fill(database, "wallets", "currencies", "transactions", "annotations")
        for name in ("wallets", "transactions", "annotations"):
            with pytest.raises(AlreadyExistsError):
                fill(database, name)

    def test_references_must_exist(self, database: Database) -> None:
        for name in ("transactions", "payments", "import_batches"):
            with pytest.raises((NotFoundError, PermissionDeniedError)):  # a shared server does not say which
                fill(database, name)
        fill(database, "wallets", "currencies", "transactions", "payments", "import_batches")

    def test_every_amount_fits_the_key_rule(self, database: Database) -> None:
        fill(database, "wallets", "currencies", "payments")
        with database.write(action="test.amount", table="payments") as unit:
            for units in (0, 1, 255, 256, 2**128, 2**256 - 1):
                unit.connection.execute(text("UPDATE payments SET amount = :key"), {"key": units_key(units)})
