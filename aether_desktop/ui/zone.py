"""The one visible time zone: UTC, or the machine's own with its summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from aether_desktop.ports.settings import Settings

ZONE_SETTING: Final = "time_zone"
UTC_ZONE, LOCAL_ZONE = "utc", "local"


class LocalZone(tzinfo):
    """The machine's zone as the operating system knows it, with the rules of each year. Stateless; any thread."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 - tzinfo's form
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def visible_zone(settings: Settings) -> tzinfo:
    """The zone that the person chose."""
    return LocalZone() if settings.get(ZONE_SETTING) == LOCAL_ZONE else UTC


def zone_name(settings: Settings) -> str:
    """What headings call the zone."""
    return "local" if settings.get(ZONE_SETTING) == LOCAL_ZONE else "UTC"
