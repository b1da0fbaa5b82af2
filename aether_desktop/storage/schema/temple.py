"""Temple nodes: configuration and measured state."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.storage.columns import Choice, Flag, Identifier, JsonText, choice_check, length_check
from aether_desktop.storage.schema.base import record_table, required, text_column

# The specialised type is no column: it follows from the thresholds. ``covenants`` holds words parted by spaces.
TEMPLE_NODES = record_table(
    "temple_nodes",
    text_column("node_id", default=False),
    required("tier", Choice(Tier)),
    required("storage_threshold", Identifier()),
    required("compute_threshold", Identifier()),
    required("abundance_threshold", Identifier()),
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
)
