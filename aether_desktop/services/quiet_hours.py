"""When this person, on this computer, wants no notices: kept with the settings, so also while the vault is locked."""

from __future__ import annotations

from datetime import time
from typing import Final

from aether_desktop.domain.quiet import EVERY_DAY, QuietHours
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.ports.settings import Settings

_KEY: Final = "monitor.quiet_hours"


class QuietHoursService:
    """Any thread, also the GUI thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get(self) -> QuietHours | None:
        """None where there are none, or what is kept cannot be read."""
        kept = self._settings.get(_KEY)
        if not isinstance(kept, dict):
            return None
        days = kept.get("days", sorted(EVERY_DAY))
        if not isinstance(days, list) or not all(isinstance(day, int) for day in days):
            return None
        try:
            return QuietHours(
                begin=time.fromisoformat(str(kept.get("begin"))),
                end=time.fromisoformat(str(kept.get("end"))),
                zone=str(kept.get("zone")),
                days=frozenset(days),
            )
        except (ValueError, InvalidRecordError):
            return None

    def set(self, hours: QuietHours | None) -> None:
        """None: none."""
        if hours is None:
            self._settings.set(_KEY, None)
            return
        kept = {
            "begin": hours.begin.isoformat("minutes"),
            "end": hours.end.isoformat("minutes"),
            "zone": hours.zone,
            "days": sorted(hours.days),
        }
        self._settings.set(_KEY, kept)
