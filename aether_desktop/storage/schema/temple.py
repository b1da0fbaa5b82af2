"""Temple nodes: configuration and measured state."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, text

from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.storage.columns import Choice, Flag, Identifier, JsonText, choice_check, length_check
from aether_desktop.storage.schema.base import folded_column, order_indexes, record_table, required, text_column

# ``node_type`` is at most what ``threshold_rank``, the sum of the thresholds, allows: a node is elevated one type at a
# time. ``covenants`` holds words parted by spaces. Status, harmony and elder are measured.
_SERVES = (
    "node_type = 'candidate'"
    " OR (node_type = 'levite' AND threshold_rank >= 3 AND tier = 'outer_court')"
    " OR (node_type = 'aaronic' AND threshold_rank >= 7 AND tier <> 'most_holy_place')"
    " OR (node_type = 'zadokite' AND threshold_rank >= 12)"
)
TEMPLE_NODES = record_table(
    "temple_nodes",
    text_column("node_id", default=False),
    folded_column("node_id"),
    required("tier", Choice(Tier)),
    required("storage_threshold", Identifier()),
    required("compute_threshold", Identifier()),
    required("abundance_threshold", Identifier()),
    Column("threshold_rank", Identifier(), nullable=False, server_default=text("0")),
    Column(
        "node_type",
        Choice(NodeType),
        CheckConstraint(_SERVES, name="serves"),
        nullable=False,
        server_default=text("'candidate'"),
    ),
    Column("harmony", Double()),
    required("elder", Flag()),
    text_column("covenants"),
    required("status", Choice(NodeStatus)),
    required("configuration", JsonText()),
    choice_check("tier", Tier),
    choice_check("status", NodeStatus),
    length_check("node_id", 200, least=1),
    length_check("covenants", 400),
    CheckConstraint("storage_threshold BETWEEN 0 AND 1000", name="storage_threshold"),
    CheckConstraint("compute_threshold BETWEEN 0 AND 1000", name="compute_threshold"),
    CheckConstraint("abundance_threshold BETWEEN 0 AND 1000", name="abundance_threshold"),
    CheckConstraint("harmony BETWEEN 0 AND 24", name="harmony"),
    *order_indexes("temple_nodes", "node_id_fold", "tier", "status", "harmony", "elder", "created_at", "node_type"),
    *order_indexes("temple_nodes", "storage_threshold", "compute_threshold", "abundance_threshold", "threshold_rank"),
)
