"""A valid row of any table for any person, as the database stores it: made of the metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, Column, Double, LargeBinary, Table, Text
from sqlalchemy.types import TypeDecorator

from aether_desktop.domain.permissions import RULES
from aether_desktop.storage.columns import Choice, JsonText
from aether_desktop.storage.schema import METADATA
from tests.storage.samples import evm_address

Row = dict[str, Any]
_MOMENT = 1_700_000_000_000_000
_KEY = bytes(32)
_TEXTS: Mapping[str, str] = {"sha256": "0" * 64, "price": "1", "symbol": "ETH", "chain": "ethereum"}
_NUMBERS: Mapping[str, int] = {
    "court": 1,
    "level": 1,
    "decimals": 18,
    "version": 1,
    "generation": 1,
    "key_version": 1,
    "storage_threshold": 1,
    "compute_threshold": 1,
    "abundance_threshold": 1,
}
_BYTES: Mapping[str, bytes] = {"recipient_key": _KEY, "public_key": _KEY, "amount": b"\0", "peaks": b"", "fee": b"\0"}
_SUMS = frozenset({"ledger_days", "ledger_fees", "ledger_marks", "search_marks", "search_parties", "search_texts"})
_SHARED = frozenset(
    {
        "vaults",
        "currencies",
        "prices",
        "audit_heads",
        "membership_statements",
        "id_clients",
        "key_slots",
        "search_waters",
        "council_seats",
    }
)
SKIPPED = frozenset({"audit_tally"})  # empty between transactions; nobody may touch it


@dataclass
class Person:
    """Somebody of the vault, and one row of theirs in each table, by the key to find it by."""

    name: str
    user_id: int
    login: str
    number: int  # of the client whose ids they give
    keys: dict[str, Row] = field(default_factory=dict)
    _given: int = 0

    def new_id(self, moment: int) -> int:
        """An id of this person's own client."""
        self._given += 1
        return (moment << 22) | (self.number << 10) | self._given


class RowMaker:
    """Rows of one vault. ``moment`` is milliseconds since 2024 within everybody's lease."""

    def __init__(self, vault_id: int, moment: int) -> None:
        self._vault_id = vault_id
        self._moment = moment
        self._count = 0
        self.shared: dict[str, Row] = {"vaults": {"id": vault_id}}

    def key_of(self, table: Table, person: Person) -> Row:
        """How to find this person's row, or the vault's common one."""
        return self.shared[table.name] if table.name in _SHARED else person.keys[table.name]

    def key_in(self, table: Table, row: Row) -> Row:
        return {column.name: row[column.name] for column in table.primary_key}

    def make(self, table: Table, owner: Person, *, by: Person) -> Row:
        """A fresh row that belongs to ``owner`` and has an id of ``by``; it goes with the owner's other rows."""
        self._count += 1
        row: Row = {}
        for column in table.columns:
            value = self._value(table, column, owner, by)
            if value is not None or not (column.nullable or column.server_default is not None):
                row[column.name] = value
        row.update(self._special(table.name, owner, by))
        return row

    def _value(self, table: Table, column: Column[Any], owner: Person, by: Person) -> Any:
        name, rule = column.name, RULES.get(table.name)
        if name == "vault_id":
            return self._vault_id
        if rule is not None and name == rule.owner and name != "id":
            return owner.user_id
        if name == "id":
            return by.new_id(self._moment)
        if column.nullable or column.server_default is not None:
            return None
        if table.name in _SUMS:
            # refers to nothing: triggers and settling write it
            return f"{name}{self._count}" if isinstance(column.type, Text) else self._count
        if name == "node_id" and table.name != "temple_nodes":
            return int((owner.keys.get("more_temple_nodes") or owner.keys["temple_nodes"])["id"])
        if name.endswith("_id"):
            return self._reference(name, owner, by)
        return self._plain(column)

    def _reference(self, name: str, owner: Person, by: Person) -> int:
        targets = {
            "wallet_id": "wallets",
            "batch_id": "import_batches",
            "transaction_id": "transactions",
            "annotation_id": "annotations",
        }
        if name == "currency_id":
            return int(self.shared["currencies"]["id"])
        if name in {"recipient_id", "user_id", "owner_id"}:
            return owner.user_id
        if name == "inviter_id":
            return by.user_id
        if name in targets:
            return int(owner.keys[targets[name]]["id"])
        return self._count

    def _plain(self, column: Column[Any]) -> Any:
        kind, name = column.type, column.name
        if isinstance(kind, Choice):
            choices: Any = kind.kind
            return str(next(iter(choices)).value)
        if isinstance(kind, JsonText):
            return "{}"
        inner = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
        if isinstance(inner, Boolean):
            return False
        if isinstance(inner, Double):
            return 0.0
        if isinstance(inner, LargeBinary):
            return _BYTES.get(name, b"\0" * 32)
        if isinstance(inner, Text):
            return _TEXTS.get(name, f"{name}{self._count}")
        if name.endswith(("_at", "day")):
            return _MOMENT
        return _NUMBERS.get(name, self._count)

    def _special(self, table: str, owner: Person, by: Person) -> Row:
        """What the metadata does not say."""
        unique, number = f"{table} {self._count}", 100 + self._count
        if table == "users":
            new = by.new_id(self._moment)
            return {"id": new, "owner_id": new, "username": unique.replace(" ", ""), "username_fold": unique}
        wallet = owner.keys.get("more_wallets", owner.keys.get("wallets", {"id": 0}))
        special: dict[str, Row] = {
            "annotations": {"table_name": "wallets", "row_id": wallet["id"]},
            "wallets": {"address": evm_address(10_000 + self._count)},
            "annotation_tags": {"position": number},
            "note_words": {"token": bytes(8) + hashlib.sha256(unique.encode()).digest()},
            "import_rejections": {"position": number},
            "membership_statements": {"position": number},
            "currencies": {"symbol": unique},
            "prices": {"symbol": unique},
            "wallet_secrets": {"wallet_id": wallet["id"]},
            "person_keys": {"generation": number},
            "unlock_attempts": {"level": 2 if "unlock_attempts" in owner.keys else 1},
            "court_keys": {"key_version": number},
            "seal_counts": {"key_version": number},
            "rotation_journal": {"key_version": number},
            "audit_devices": {"key_id": hashlib.sha256(unique.encode()).digest()[:16]},
            "audit_entries": {"row_count": 0, "action": "test.entry"},
            "council_seats": {"seat": 2 if "council_seats" in self.shared else 1},
            "node_covenants": {"node_type": "levite", "performer_id": by.user_id},
            "node_harmony": {"asked": 2, "answered": 1, "compared": 1, "matched": 1},
            "node_probes": {"interval_seconds": 30, "timeout_ms": 1000},
            "node_roll_ups": {"period": 0, "samples": 3, "asked": 2, "answered": 1, "compared": 1, "matched": 1},
            "node_samples": {"code": 0},
            "node_silences": {"tier": "outer_court", "until": _MOMENT * 2},
            "invitations": {"expires_at": _MOMENT * 2},  # open: its login ends with it
            "id_clients": {"number": 2_000 + self._count, "holder": unique, "expires_at": _MOMENT * 2},
        }
        if "more_transactions" in owner.keys:
            special["import_sightings"] = {"transaction_id": owner.keys["more_transactions"]["id"]}
        if "spare_users" in owner.keys:
            special["vault_members"] = {"user_id": owner.keys["spare_users"]["id"], "role": "member"}
        return special.get(table, {})


def tables() -> list[Table]:
    """Those whose rows the matrix tries, parents first."""
    found = [table for table in METADATA.sorted_tables if table.name not in SKIPPED]
    return sorted(found, key=lambda table: table.name in RULES and RULES[table.name].parent is not None)


def literal(value: object) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def insert_sql(table: Table, row: Row) -> str:
    """The statement that stores the row."""
    names, values = ", ".join(row), ", ".join(literal(value) for value in row.values())
    return f"INSERT INTO {table.name} ({names}) VALUES ({values})"


def where_sql(key: Row) -> str:
    """The condition that finds it."""
    return " AND ".join(f"{name} = {literal(value)}" for name, value in key.items())
