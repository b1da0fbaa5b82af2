"""Watching temple nodes: probes, states, samples, roll-ups, harmony, the council, covenants, leases, silences, notices.

The type of a node becomes a column: what its thresholds allow, until it is elevated.
Revision 0013, after 0012. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PLAIN_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # compares by code point on both engines
WATCHED = (
    "council_seats",
    "node_covenants",
    "node_notices",
    "node_probes",
    "node_silences",
    "node_transitions",
)
SERVES = (
    "node_type = 'candidate'"
    " OR (node_type = 'levite' AND threshold_rank >= 3 AND tier = 'outer_court')"
    " OR (node_type = 'aaronic' AND threshold_rank >= 7 AND tier <> 'most_holy_place')"
    " OR (node_type = 'zadokite' AND threshold_rank >= 12)"
)
TYPE_OF_THRESHOLDS = """
UPDATE temple_nodes SET node_type = CASE
    WHEN threshold_rank >= 12 THEN 'zadokite'
    WHEN threshold_rank >= 7 AND tier <> 'most_holy_place' THEN 'aaronic'
    WHEN threshold_rank >= 3 AND tier = 'outer_court' THEN 'levite'
    ELSE 'candidate' END
"""


def upgrade() -> None:
    _node_harmony()
    _node_roll_ups()
    _node_samples()
    _node_notices()
    _council_seats()
    _node_covenants()
    _node_leases()
    _node_probes()
    _node_silences()
    _node_states()
    _node_transitions()
    within = sa.CheckConstraint(sa.text(SERVES), name=op.f("ck_temple_nodes_serves"))
    held = sa.Column("node_type", sa.Text(), within, server_default=sa.text("'candidate'"), nullable=False)
    op.add_column("temple_nodes", held)
    op.execute(TYPE_OF_THRESHOLDS)
    op.create_index("ix_temple_nodes_node_type", "temple_nodes", ["vault_id", "node_type", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for name in WATCHED:
            op.get_bind().execute(sa.text("SELECT aether_audit_watch(:name)"), {"name": name})


def _node_harmony() -> None:
    op.create_table(
        "node_harmony",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("freshness_sum", sa.Double(), nullable=False),
        sa.Column("compared", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.BigInteger(), nullable=False),
        sa.Column("held_since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("answered BETWEEN 0 AND asked", name=op.f("ck_node_harmony_answered")),
        sa.CheckConstraint("matched BETWEEN 0 AND compared", name=op.f("ck_node_harmony_matched")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_harmony_vault")),
        sa.PrimaryKeyConstraint("vault_id", "node_id", "at", name=op.f("pk_node_harmony")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _node_roll_ups() -> None:
    op.create_table(
        "node_roll_ups",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("probe_id", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("statuses", sa.LargeBinary(), nullable=False),
        sa.Column("latencies", sa.LargeBinary(), nullable=False),
        sa.Column("latency_least_us", sa.BigInteger(), nullable=True),
        sa.Column("latency_greatest_us", sa.BigInteger(), nullable=True),
        sa.Column("latency_total_us", sa.BigInteger(), nullable=True),
        sa.Column("lowest_height", sa.BigInteger(), nullable=True),
        sa.Column("highest_height", sa.BigInteger(), nullable=True),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("freshness_sum", sa.Double(), nullable=False),
        sa.Column("compared", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("answered BETWEEN 0 AND asked AND asked <= samples", name=op.f("ck_node_roll_ups_asked")),
        sa.CheckConstraint("matched BETWEEN 0 AND compared", name=op.f("ck_node_roll_ups_matched")),
        sa.CheckConstraint("period BETWEEN 0 AND 2", name=op.f("ck_node_roll_ups_period")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_roll_ups_vault")),
        sa.PrimaryKeyConstraint(
            "vault_id", "node_id", "period", "starts_at", "probe_id", name=op.f("pk_node_roll_ups")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _node_samples() -> None:
    op.create_table(
        "node_samples",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("probe_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("latency_us", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("peers", sa.BigInteger(), nullable=True),
        sa.Column("freshness", sa.SmallInteger(), nullable=True),
        sa.Column("reason", PLAIN_TEXT, nullable=True),
        sa.CheckConstraint("code BETWEEN 0 AND 767", name=op.f("ck_node_samples_code")),
        sa.CheckConstraint("freshness BETWEEN 0 AND 10000", name=op.f("ck_node_samples_freshness")),
        sa.CheckConstraint("length(reason) <= 300", name=op.f("ck_node_samples_reason_length")),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_samples_vault")),
        sa.PrimaryKeyConstraint("vault_id", "node_id", "at", "probe_id", name=op.f("pk_node_samples")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _node_notices() -> None:
    op.create_table(
        "node_notices",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", PLAIN_TEXT, nullable=False),
        sa.Column("body", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("nodes", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("lasted_us", sa.BigInteger(), nullable=True),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("fate IN ('shown', 'quiet', 'failed', 'history')", name=op.f("ck_node_notices_fate")),
        sa.CheckConstraint(
            "kind IN ('problem', 'recovery', 'flapping', 'unknown', 'tier', 'monitor')",
            name=op.f("ck_node_notices_kind"),
        ),
        sa.CheckConstraint(
            "tier IN ('outer_court', 'holy_place', 'most_holy_place')", name=op.f("ck_node_notices_tier")
        ),
        sa.CheckConstraint("length(body) <= 2000", name=op.f("ck_node_notices_body_length")),
        sa.CheckConstraint("length(nodes) <= 20000", name=op.f("ck_node_notices_nodes_length")),
        sa.CheckConstraint("length(title) >= 1 AND length(title) <= 200", name=op.f("ck_node_notices_title_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "owner_id"], ["users.vault_id", "users.id"], name=op.f("fk_node_notices_owner_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_notices_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_node_notices")),
        sqlite_strict=True,
    )
    op.create_index("ix_node_notices_owner", "node_notices", ["vault_id", "owner_id", "id"], unique=False)
    op.create_index(
        "ix_node_notices_unread",
        "node_notices",
        ["vault_id", "owner_id", "id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )


def _council_seats() -> None:
    op.create_table(
        "council_seats",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seat BETWEEN 1 AND 24", name=op.f("ck_council_seats_seat")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"], ["temple_nodes.vault_id", "temple_nodes.id"], name=op.f("fk_council_seats_node_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_council_seats_vault")),
        sa.PrimaryKeyConstraint("vault_id", "seat", name=op.f("pk_council_seats")),
        sqlite_strict=True,
    )
    op.create_index("uq_council_seats_node_id", "council_seats", ["vault_id", "node_id"], unique=True)


def _node_covenants() -> None:
    op.create_table(
        "node_covenants",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("node_name", PLAIN_TEXT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_type", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("elder", sa.Boolean(), nullable=False),
        sa.Column("harmony", sa.Double(), nullable=True),
        sa.Column("performer_id", sa.BigInteger(), nullable=False),
        sa.Column("performed_at", sa.BigInteger(), nullable=False),
        sa.Column("note", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('resurrection_seal', 'sabbath', 'jubilee', 'feast_synchronization', 'book_of_life',"
            " 'melchizedek_blessing')",
            name=op.f("ck_node_covenants_kind"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('book_of_life', 'melchizedek_blessing') OR elder", name=op.f("ck_node_covenants_of_elders")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('jubilee', 'feast_synchronization') OR node_type <> 'levite'",
            name=op.f("ck_node_covenants_performer"),
        ),
        sa.CheckConstraint("node_type IN ('levite', 'aaronic', 'zadokite')", name=op.f("ck_node_covenants_node_type")),
        sa.CheckConstraint(
            "tier IN ('outer_court', 'holy_place', 'most_holy_place')", name=op.f("ck_node_covenants_tier")
        ),
        sa.CheckConstraint(
            "(length(signing_key) = 0) = (length(signature) = 0)", name=op.f("ck_node_covenants_signed")
        ),
        sa.CheckConstraint("harmony BETWEEN 0 AND 24", name=op.f("ck_node_covenants_harmony")),
        sa.CheckConstraint(
            "length(node_name) >= 1 AND length(node_name) <= 200", name=op.f("ck_node_covenants_node_name_length")
        ),
        sa.CheckConstraint("length(note) <= 500", name=op.f("ck_node_covenants_note_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"],
            ["temple_nodes.vault_id", "temple_nodes.id"],
            name=op.f("fk_node_covenants_node_id"),
        ),
        sa.ForeignKeyConstraint(
            ["vault_id", "performer_id"], ["users.vault_id", "users.id"], name=op.f("fk_node_covenants_performer_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_covenants_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_node_covenants")),
        sqlite_strict=True,
    )
    op.create_index("ix_node_covenants_node", "node_covenants", ["vault_id", "node_id", "id"], unique=False)


def _node_leases() -> None:
    op.create_table(
        "node_leases",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", PLAIN_TEXT, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fence >= 1", name=op.f("ck_node_leases_fence")),
        sa.CheckConstraint("length(holder) >= 1 AND length(holder) <= 200", name=op.f("ck_node_leases_holder_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"], ["temple_nodes.vault_id", "temple_nodes.id"], name=op.f("fk_node_leases_node_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_leases_vault")),
        sa.PrimaryKeyConstraint("vault_id", "node_id", name=op.f("pk_node_leases")),
        sqlite_strict=True,
    )


def _node_probes() -> None:
    op.create_table(
        "node_probes",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", PLAIN_TEXT, nullable=False),
        sa.Column("target", PLAIN_TEXT, nullable=False),
        sa.Column("network", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger(), nullable=False),
        sa.Column("essential", sa.Boolean(), nullable=False),
        sa.CheckConstraint("interval_seconds BETWEEN 5 AND 86400", name=op.f("ck_node_probes_interval_seconds")),
        sa.CheckConstraint("length(kind) >= 1 AND length(kind) <= 40", name=op.f("ck_node_probes_kind_length")),
        sa.CheckConstraint("length(network) <= 40", name=op.f("ck_node_probes_network_length")),
        sa.CheckConstraint("length(target) >= 1 AND length(target) <= 500", name=op.f("ck_node_probes_target_length")),
        sa.CheckConstraint("timeout_ms BETWEEN 100 AND 60000", name=op.f("ck_node_probes_timeout_ms")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"], ["temple_nodes.vault_id", "temple_nodes.id"], name=op.f("fk_node_probes_node_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_probes_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_node_probes")),
        sqlite_strict=True,
    )
    op.create_index("ix_node_probes_node", "node_probes", ["vault_id", "node_id", "id"], unique=False)


def _node_silences() -> None:
    op.create_table(
        "node_silences",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("why", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "tier IN ('outer_court', 'holy_place', 'most_holy_place')", name=op.f("ck_node_silences_tier")
        ),
        sa.CheckConstraint("(node_id IS NULL) <> (tier IS NULL)", name=op.f("ck_node_silences_scope")),
        sa.CheckConstraint("length(why) <= 300", name=op.f("ck_node_silences_why_length")),
        sa.CheckConstraint("until > begins_at", name=op.f("ck_node_silences_until")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"], ["temple_nodes.vault_id", "temple_nodes.id"], name=op.f("fk_node_silences_node_id")
        ),
        sa.ForeignKeyConstraint(
            ["vault_id", "owner_id"], ["users.vault_id", "users.id"], name=op.f("fk_node_silences_owner_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_silences_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_node_silences")),
        sqlite_strict=True,
    )
    op.create_index("ix_node_silences_until", "node_silences", ["vault_id", "until", "id"], unique=False)


def _node_states() -> None:
    op.create_table(
        "node_states",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.Column("settled", sa.Text(), nullable=True),
        sa.Column("why", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("outage_since", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("silenced_until", sa.BigInteger(), nullable=True),
        sa.Column("latency_us", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("lag", sa.BigInteger(), nullable=True),
        sa.Column("peers", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "observed IN ('candidate', 'unknown', 'up', 'degraded', 'down', 'flapping', 'silenced', 'retired')",
            name=op.f("ck_node_states_observed"),
        ),
        sa.CheckConstraint(
            "status IN ('candidate', 'unknown', 'up', 'degraded', 'down', 'flapping', 'silenced', 'retired')",
            name=op.f("ck_node_states_status"),
        ),
        sa.CheckConstraint("length(why) <= 2000", name=op.f("ck_node_states_why_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"], ["temple_nodes.vault_id", "temple_nodes.id"], name=op.f("fk_node_states_node_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_states_vault")),
        sa.PrimaryKeyConstraint("vault_id", "node_id", name=op.f("pk_node_states")),
        sqlite_strict=True,
    )


def _node_transitions() -> None:
    op.create_table(
        "node_transitions",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("why", PLAIN_TEXT, server_default=sa.text("''"), nullable=False),
        sa.Column("lasted_us", sa.BigInteger(), nullable=False),
        sa.Column("outage_us", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "after IN ('candidate', 'unknown', 'up', 'degraded', 'down', 'flapping', 'silenced', 'retired')",
            name=op.f("ck_node_transitions_after"),
        ),
        sa.CheckConstraint(
            "before IN ('candidate', 'unknown', 'up', 'degraded', 'down', 'flapping', 'silenced', 'retired')",
            name=op.f("ck_node_transitions_before"),
        ),
        sa.CheckConstraint(
            "cause IN ('measured', 'stale', 'gap', 'silence', 'silence_ended', 'configured', 'retired', 'reinstated')",
            name=op.f("ck_node_transitions_cause"),
        ),
        sa.CheckConstraint("length(why) <= 2000", name=op.f("ck_node_transitions_why_length")),
        sa.ForeignKeyConstraint(
            ["vault_id", "node_id"],
            ["temple_nodes.vault_id", "temple_nodes.id"],
            name=op.f("fk_node_transitions_node_id"),
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_node_transitions_vault")),
        sa.PrimaryKeyConstraint("vault_id", "id", name=op.f("pk_node_transitions")),
        sqlite_strict=True,
    )
    op.create_index("ix_node_transitions_node", "node_transitions", ["vault_id", "node_id", "at", "id"], unique=False)
    op.create_index("ix_node_transitions_time", "node_transitions", ["vault_id", "at", "id"], unique=False)
