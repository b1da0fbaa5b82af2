"""The AI monitoring log."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index

from aether_desktop.domain.monitoring import MonitoringAction, Severity
from aether_desktop.storage.columns import Choice, Identifier, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import order_indexes, record_table, required, text_column

# No foreign key on the related row: the log outlives what it is about.
AI_MONITORING_LOGS = record_table(
    "ai_monitoring_logs",
    required("seen_at", UtcTime()),
    required("action", Choice(MonitoringAction)),
    required("severity", Choice(Severity)),
    text_column("description", default=False),
    text_column("related_table"),
    Column("related_id", Identifier()),
    choice_check("action", MonitoringAction),
    choice_check("severity", Severity),
    length_check("description", 10_000, least=1),
    length_check("related_table", 100),
    CheckConstraint("(related_table = '') = (related_id IS NULL)", name="related"),
    Index("ix_ai_monitoring_logs_time", "vault_id", "seen_at", "id"),
    *order_indexes("ai_monitoring_logs", "severity", "action", "related_table", "related_id", "created_at"),
)
