"""The clocks of this computer, and noticing when the monitor itself was not watching."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

from aether_desktop.ports.monitoring import Clocks

_TOLERANCE: Final = 5.0  # seconds that clocks may drift apart between two looks: corrections of NTP are smaller
_HELD_UP: Final = 30.0  # seconds beyond the expected after which the monitor did not watch


class SystemClocks:
    """Implements ports.monitoring.Clocks."""

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def ticks(self) -> float:
        return time.monotonic()

    def uptime(self) -> float:
        boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux only
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GapWatch:
    """Compares three clocks each time it looks. One thread."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self.reset()

    def reset(self) -> None:
        """From here on."""
        self._wall, self._ticks, self._uptime = self._clocks.wall(), self._clocks.ticks(), self._clocks.uptime()

    def look(self, expected: float) -> str:
        """Why what was known before must not be believed, empty if it must. ``expected``: seconds since last time."""
        wall, ticks, uptime = self._clocks.wall(), self._clocks.ticks(), self._clocks.uptime()
        watched, passed = ticks - self._ticks, uptime - self._uptime
        jumped = (wall - self._wall).total_seconds() - passed
        since = self._wall
        self._wall, self._ticks, self._uptime = wall, ticks, uptime
        if passed - watched > _TOLERANCE:
            return f"No data since {since:%Y-%m-%d %H:%M} UTC: the computer slept."
        if watched - expected > _HELD_UP:
            return f"No data since {since:%Y-%m-%d %H:%M} UTC: the monitor was held up."
        if abs(jumped) > _TOLERANCE:
            return "No data since the computer's clock was changed."
        return ""
