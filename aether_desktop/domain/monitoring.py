"""The AI monitoring log: what the monitors saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.records import InvalidRecordError, Record, require_text, require_zone


class MonitoringAction(StrEnum):
    THREAT_DETECTED = "threat_detected"
    TRANSACTION_VERIFIED = "transaction_verified"
    GAS_OPTIMIZATION = "gas_optimization"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringEntry(Record):
    """``related_table`` and ``related_id`` name the row it is about, both or neither."""

    seen_at: datetime
    action: MonitoringAction
    severity: Severity
    description: str
    related_table: str = ""
    related_id: int | None = None

    def __post_init__(self) -> None:
        require_zone("seen_at", self.seen_at)
        require_text("description", self.description, limit=10_000)
        if bool(self.related_table) != (self.related_id is not None):
            raise InvalidRecordError("related_id", "Name both the related table and its row, or neither.")
