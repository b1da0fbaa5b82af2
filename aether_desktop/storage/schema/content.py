"""Content ids on IPFS and Filecoin."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column

from aether_desktop.domain.content import ContentKind, ContentStatus
from aether_desktop.storage.columns import Choice, Identifier, JsonText, choice_check, length_check
from aether_desktop.storage.schema.base import folded_column, order_indexes, record_table, required, text_column

CID_ENTRIES = record_table(
    "cid_entries",
    text_column("cid", default=False),
    required("kind", Choice(ContentKind)),
    required("status", Choice(ContentStatus)),
    text_column("name"),
    folded_column("name"),
    Column("size_bytes", Identifier()),
    required("metadata", JsonText()),
    choice_check("kind", ContentKind),
    choice_check("status", ContentStatus),
    length_check("cid", 400, least=1),
    length_check("name", 200),
    CheckConstraint("size_bytes >= 0", name="size_bytes"),
    *order_indexes("cid_entries", "cid", "name_fold", "kind", "status", "size_bytes", "created_at"),
)
