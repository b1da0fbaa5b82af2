"""An index for every sort and every filter; folded texts beside those that are sorted without regard to case.

Revision 0009, after 0008. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
FOLDED = {
    "annotations": ["label"],
    "cid_entries": ["name"],
    "payment_methods": ["name", "provider"],
    "payments": ["provider"],
    "smart_contracts": ["name"],
    "temple_nodes": ["node_id"],
    "users": ["display_name"],
    "wallets": ["symbol"],
}
ORDERED = {  # each of these columns, then the id
    "ai_monitoring_logs": ["severity", "action", "related_table", "related_id", "created_at"],
    "cid_entries": ["name_fold", "kind", "status", "size_bytes", "created_at"],
    "payment_methods": [
        *("name_fold", "kind", "provider_fold", "provider_reference", "last_four"),
        *("expires_on", "is_default", "status", "created_at"),
    ],
    "payments": [
        *("status", "provider_fold", "external_id", "security_level", "created_at"),
        *("currency_id", "wallet_id", "payment_method_id"),
    ],
    "smart_contracts": ["name_fold", "chain", "status", "last_interaction_at", "created_at"],
    "temple_nodes": [
        *("node_id_fold", "tier", "status", "harmony", "elder", "created_at"),
        *("storage_threshold", "compute_threshold", "abundance_threshold", "threshold_rank"),
    ],
    "users": [
        *("username_fold", "display_name_fold", "email_fold", "role", "membership", "active"),
        *("last_login_at", "created_at"),
    ],
    "wallets": ["name_fold", "chain", "address", "kind", "symbol_fold", "watch_only", "created_at"],
}
REPLACED = {
    "ix_transactions_batch": "transactions",
    "ix_transactions_counterparty": "transactions",
    "ix_wallets_address": "wallets",
}
IN_TIME = {  # of the ledger: each of these values, then time and id
    "currency": (["currency_id"], None),
    "class": (["kind", "direction"], None),
    "batch": (["batch_id"], None),
    "counterparty": (["counterparty"], None),
    "from": (["from_address"], "from_address <> counterparty"),
    "to": (["to_address"], "to_address <> counterparty"),
    "contract": (["contract_address"], "contract_address <> ''"),
    "method": (["method"], "method <> ''"),
    "layer2": (["layer2_kind"], "layer2_kind <> ''"),
    "status": (["status"], "status <> 'confirmed'"),
    "leg": (["leg"], "leg <> 'normal'"),
    "fee_currency": (["fee_currency_id"], "fee_currency_id <> currency_id"),
    "verified": ([], "ai_verified"),
    "error": ([], "error <> ''"),
    "description": ([], "description <> ''"),
    "archived": ([], "archived_at IS NOT NULL"),
}
BY_VALUE = {"fee": "fee_rank", "block": "block_number", "created": "created_at"}


def index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    """An index that begins with the vault, over all rows or those that satisfy ``where``."""
    some = None if where is None else sa.text(where)
    op.create_index(name, table, ["vault_id", *columns], unique=False, sqlite_where=some, postgresql_where=some)


def upgrade() -> None:
    for table, names in FOLDED.items():
        for name in names:
            folded = sa.Column(f"{name}_fold", PLAIN_TEXT, server_default=sa.text("''"), nullable=False)
            op.add_column(table, folded)
            _fill(table, name)
    total = sa.Column("threshold_rank", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("temple_nodes", total)
    op.execute("UPDATE temple_nodes SET threshold_rank = storage_threshold + compute_threshold + abundance_threshold")
    for name, table in REPLACED.items():
        op.drop_index(name, table)
    for table, names in ORDERED.items():
        for name in names:
            index(f"ix_{table}_{name}", table, [name, "id"])
    for short, (names, where) in IN_TIME.items():
        index(f"ix_transactions_{short}", "transactions", [*names, "occurred_at", "id", "archived_at"], where)
    for short, name in BY_VALUE.items():
        index(f"ix_transactions_{short}", "transactions", [name, "id", "archived_at"])
    index(
        "ix_annotations_label",
        "annotations",
        ["table_name", "label_fold", "row_id"],
        "label_fold <> '' AND NOT detached",
    )
    if op.get_bind().dialect.name == "postgresql":
        index("ix_transactions_owner", "transactions", ["owner_id", "occurred_at", "id", "archived_at"])


def _fill(table: str, name: str) -> None:
    """The folded form of every text there is, one text at a time."""
    rows = sa.table(table, sa.column(name, sa.Text()), sa.column(f"{name}_fold", sa.Text()))
    text, folded = rows.c[name], rows.c[f"{name}_fold"]
    connection = op.get_bind()
    for value in connection.scalars(sa.select(text).where(text != "").distinct()).all():
        connection.execute(sa.update(rows).where(text == value).values({folded: fold(value)}))


# -- folding as it is at this revision ---------------------------------------------------------------------------

_UNSEEN = re.compile(
    "[\x80-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e0100-\U000e01ef\U000e01f0-\U000e0fff\ufe00-\ufe0f]+"
)
_MOST_MARKS = 30


def fold(text: str) -> str:
    """NFKC, case folded, without characters that nobody sees."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _fewer_marks(_UNSEEN.sub("", text)))
    return unicodedata.normalize("NFKC", _fewer_marks(text).casefold())


def _fewer_marks(text: str) -> str:
    """At most thirty combining marks in a row."""
    if len(text) <= _MOST_MARKS:
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        mark = character > "\u02ff" and (unicodedata.category(character)[0] == "M" or character in "\uff9e\uff9f")
        marks = marks + 1 if mark else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)
