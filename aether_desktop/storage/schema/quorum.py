"""Recovery quorums: shares of court keys, requests for them and what holders released. Bytes made in security.

Signatures tell who dealt, asked or released; the columns are for finding. As in ``keys``, nothing refers to people.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, LargeBinary

from aether_desktop.storage.columns import Identifier, UtcTime
from aether_desktop.storage.schema.base import required, vault_table

QUORUM_DEALS = vault_table(
    "quorum_deals",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("owner_id", Identifier()),
    required("court", Identifier()),
    required("key_version", Identifier()),
    required("dealer_id", Identifier()),
    required("body", LargeBinary()),
    required("signature", LargeBinary()),
    required("created_at", UtcTime()),
    CheckConstraint("court BETWEEN 1 AND 3", name="court"),
    CheckConstraint("key_version >= 1", name="key_version"),
)

QUORUM_REQUESTS = vault_table(
    "quorum_requests",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("deal_id", Identifier()),
    required("requester_id", Identifier()),
    required("body", LargeBinary()),
    required("signature", LargeBinary()),
    required("created_at", UtcTime()),
    required("expires_at", UtcTime()),
    Column("settled_at", UtcTime()),
)

QUORUM_RELEASES = vault_table(
    "quorum_releases",
    required("request_id", Identifier()),
    required("holder_id", Identifier()),
    required("body", LargeBinary()),
    required("created_at", UtcTime()),
    key=("request_id", "holder_id"),
)
