"""Watching temple nodes: probes, latest states, samples and roll-ups, harmony, the council, covenants, leases.

Measurements (states, samples, roll-ups, harmony, leases) are not content and not audited row by row: what people
did, and every change of a node's status, is. ``node_samples`` and ``node_roll_ups`` refer to nothing, which keeps
loading them fast; nodes are archived, never deleted. Codes are packed by ``stores/node_rows``.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, Index, LargeBinary, SmallInteger, text

from aether_desktop.domain.node_states import Cause
from aether_desktop.domain.notices import NoticeFate, NoticeKind
from aether_desktop.domain.temple import CovenantKind, NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.storage.columns import Choice, Flag, Identifier, JsonText, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import PLAIN_TEXT, reference, required, text_column, unique_index, vault_table

NODE_PROBES = vault_table(
    "node_probes",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("node_id", Identifier()),
    text_column("kind", default=False),
    text_column("target", default=False),
    text_column("network"),
    required("settings", JsonText()),
    required("interval_seconds", Identifier()),
    required("timeout_ms", Identifier()),
    required("essential", Flag()),
    length_check("kind", 40, least=1),
    length_check("target", 500, least=1),
    length_check("network", 40),
    CheckConstraint("interval_seconds BETWEEN 5 AND 86400", name="interval_seconds"),
    CheckConstraint("timeout_ms BETWEEN 100 AND 60000", name="timeout_ms"),
    reference("node_id", "temple_nodes"),
    Index("ix_node_probes_node", "vault_id", "node_id", "id"),
)

# One row a node: the state as it was stored last, and the latest figures. ``fence``: under which lease it was written.
NODE_STATES = vault_table(
    "node_states",
    required("node_id", Identifier()),
    required("status", Choice(NodeStatus)),
    required("observed", Choice(NodeStatus)),
    Column("settled", Choice(NodeStatus)),
    text_column("why"),
    required("since", UtcTime()),
    Column("outage_since", UtcTime()),
    Column("heard_at", UtcTime()),
    Column("checked_at", UtcTime()),
    Column("silenced_until", UtcTime()),
    Column("latency_us", Identifier()),
    Column("height", Identifier()),
    Column("lag", Identifier()),
    Column("peers", Identifier()),
    required("fence", Identifier()),
    choice_check("status", NodeStatus),
    choice_check("observed", NodeStatus),
    length_check("why", 2000),
    reference("node_id", "temple_nodes"),
    key=("node_id",),
)

# Raw, for 48 hours. ``code`` packs outcome, grade, status and agreement; ``freshness`` in ten-thousandths.
NODE_SAMPLES = vault_table(
    "node_samples",
    required("node_id", Identifier()),
    required("at", UtcTime()),
    required("probe_id", Identifier()),
    required("code", SmallInteger()),
    Column("latency_us", Identifier()),
    Column("height", Identifier()),
    Column("peers", Identifier()),
    Column("freshness", SmallInteger()),
    Column("reason", PLAIN_TEXT),
    CheckConstraint("code BETWEEN 0 AND 767", name="code"),
    CheckConstraint("freshness BETWEEN 0 AND 10000", name="freshness"),
    length_check("reason", 300),
    key=("node_id", "at", "probe_id"),
    clustered=True,
)

# ``period``: 0 five minutes, 1 an hour, 2 a day. ``statuses`` and ``latencies`` are counts in variable-length numbers.
NODE_ROLL_UPS = vault_table(
    "node_roll_ups",
    required("node_id", Identifier()),
    required("period", SmallInteger()),
    required("starts_at", UtcTime()),
    required("probe_id", Identifier()),
    required("samples", Identifier()),
    required("asked", Identifier()),
    required("answered", Identifier()),
    required("statuses", LargeBinary()),
    required("latencies", LargeBinary()),
    Column("latency_least_us", Identifier()),
    Column("latency_greatest_us", Identifier()),
    Column("latency_total_us", Identifier()),
    Column("lowest_height", Identifier()),
    Column("highest_height", Identifier()),
    required("fresh", Identifier()),
    required("freshness_sum", Double()),
    required("compared", Identifier()),
    required("matched", Identifier()),
    CheckConstraint("period BETWEEN 0 AND 2", name="period"),
    CheckConstraint("answered BETWEEN 0 AND asked AND asked <= samples", name="asked"),
    CheckConstraint("matched BETWEEN 0 AND compared", name="matched"),
    key=("node_id", "period", "starts_at", "probe_id"),
    clustered=True,
)

NODE_TRANSITIONS = vault_table(
    "node_transitions",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("node_id", Identifier()),
    required("at", UtcTime()),
    required("before", Choice(NodeStatus)),
    required("after", Choice(NodeStatus)),
    required("cause", Choice(Cause)),
    text_column("why"),
    required("lasted_us", Identifier()),
    Column("outage_us", Identifier()),
    choice_check("before", NodeStatus),
    choice_check("after", NodeStatus),
    choice_check("cause", Cause),
    length_check("why", 2000),
    reference("node_id", "temple_nodes"),
    Index("ix_node_transitions_node", "vault_id", "node_id", "at", "id"),
    Index("ix_node_transitions_time", "vault_id", "at", "id"),
)

# Every hour, with everything the score was made of.
NODE_HARMONY = vault_table(
    "node_harmony",
    required("node_id", Identifier()),
    required("at", UtcTime()),
    required("asked", Identifier()),
    required("answered", Identifier()),
    required("fresh", Identifier()),
    required("freshness_sum", Double()),
    required("compared", Identifier()),
    required("matched", Identifier()),
    Column("held_since", UtcTime()),
    CheckConstraint("answered BETWEEN 0 AND asked", name="answered"),
    CheckConstraint("matched BETWEEN 0 AND compared", name="matched"),
    key=("node_id", "at"),
    clustered=True,
)

# The council of Elders: 24 seats, whatever a program thinks.
COUNCIL_SEATS = vault_table(
    "council_seats",
    required("seat", Identifier()),
    required("node_id", Identifier()),
    required("since", UtcTime()),
    CheckConstraint("seat BETWEEN 1 AND 24", name="seat"),
    reference("node_id", "temple_nodes"),
    unique_index("uq_council_seats_node_id", "node_id"),
    key=("seat",),
)

NODE_COVENANTS = vault_table(
    "node_covenants",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("node_id", Identifier()),
    text_column("node_name", default=False),
    required("kind", Choice(CovenantKind)),
    required("node_type", Choice(NodeType)),
    required("tier", Choice(Tier)),
    required("elder", Flag()),
    Column("harmony", Double()),
    required("performer_id", Identifier()),
    required("performed_at", UtcTime()),
    text_column("note"),
    required("signing_key", LargeBinary()),
    required("signature", LargeBinary()),
    choice_check("kind", CovenantKind),
    choice_check("tier", Tier),
    CheckConstraint("node_type IN ('levite', 'aaronic', 'zadokite')", name="node_type"),
    CheckConstraint("kind NOT IN ('jubilee', 'feast_synchronization') OR node_type <> 'levite'", name="performer"),
    CheckConstraint("kind NOT IN ('book_of_life', 'melchizedek_blessing') OR elder", name="of_elders"),
    CheckConstraint("harmony BETWEEN 0 AND 24", name="harmony"),
    CheckConstraint("(length(signing_key) = 0) = (length(signature) = 0)", name="signed"),
    length_check("node_name", 200, least=1),
    length_check("note", 500),
    reference("node_id", "temple_nodes"),
    reference("performer_id", "users"),
    Index("ix_node_covenants_node", "vault_id", "node_id", "id"),
)

# Who polls a node, and until when by the database's clock; ``fence`` grows with every change of hands.
NODE_LEASES = vault_table(
    "node_leases",
    required("node_id", Identifier()),
    text_column("holder", default=False),
    required("fence", Identifier()),
    required("expires_at", UtcTime()),
    length_check("holder", 200, least=1),
    CheckConstraint("fence >= 1", name="fence"),
    reference("node_id", "temple_nodes"),
    key=("node_id",),
)

NODE_SILENCES = vault_table(
    "node_silences",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("owner_id", Identifier()),
    Column("node_id", Identifier()),
    Column("tier", Choice(Tier)),
    required("begins_at", UtcTime()),
    required("until", UtcTime()),
    text_column("why"),
    Column("ended_at", UtcTime()),
    choice_check("tier", Tier),
    CheckConstraint("(node_id IS NULL) <> (tier IS NULL)", name="scope"),
    CheckConstraint("until > begins_at", name="until"),
    length_check("why", 300),
    reference("owner_id", "users"),
    reference("node_id", "temple_nodes"),
    Index("ix_node_silences_until", "vault_id", "until", "id"),
)

# What a person was told; ``nodes``: ids parted by spaces.
NODE_NOTICES = vault_table(
    "node_notices",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("owner_id", Identifier()),
    required("at", UtcTime()),
    required("kind", Choice(NoticeKind)),
    text_column("title", default=False),
    text_column("body"),
    text_column("nodes"),
    Column("tier", Choice(Tier)),
    Column("lasted_us", Identifier()),
    required("fate", Choice(NoticeFate)),
    Column("read_at", UtcTime()),
    choice_check("kind", NoticeKind),
    choice_check("fate", NoticeFate),
    choice_check("tier", Tier),
    length_check("title", 200, least=1),
    length_check("body", 2000),
    length_check("nodes", 20_000),
    reference("owner_id", "users"),
    Index("ix_node_notices_owner", "vault_id", "owner_id", "id"),
    Index(
        "ix_node_notices_unread",
        "vault_id",
        "owner_id",
        "id",
        sqlite_where=text("read_at IS NULL"),
        postgresql_where=text("read_at IS NULL"),
    ),
)
