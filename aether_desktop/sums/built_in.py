"""The program's own modules, registered through the hook like a stranger's."""

from __future__ import annotations

from aether_desktop.sums import interceding, reaping, sowing

BUILT_IN: tuple[object, ...] = (sowing, reaping, interceding)
