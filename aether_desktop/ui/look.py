"""What the person chose about the look of every page: the visible zone, live, and the height of rows."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from aether_desktop.ports.settings import Settings
from aether_desktop.ui.zone import visible_zone

COMPACT_SETTING: Final = "compact_rows"


def compact_rows(settings: Settings) -> bool:
    """Whether the person wants low rows."""
    return settings.get(COMPACT_SETTING) is True


class ChosenZone(tzinfo):
    """The zone that the settings name when it is asked: formatters that keep it follow the choice. Any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return visible_zone(self._settings).utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return visible_zone(self._settings).dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return visible_zone(self._settings).tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        zone = visible_zone(self._settings)
        return zone.fromutc(moment.replace(tzinfo=zone)).replace(tzinfo=self)
