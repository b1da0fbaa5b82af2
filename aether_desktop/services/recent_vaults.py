"""The vaults that were opened last, the latest first: paths alone, on this computer alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aether_desktop.ports.settings import Settings
from aether_desktop.services.settings_file import RECENT_VAULTS

MOST: Final = 8


class RecentVaults:
    """Any thread. Paths below ``home``, the data folder, are kept relative to it: it may be moved."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self._settings, self._home = settings, home.absolute()

    def paths(self) -> list[Path]:
        """Whole paths; what is gone from the disk stays listed until it is forgotten, for the disk may come back."""
        return [self._home / kept for kept in RECENT_VAULTS.get(self._settings)]

    def add(self, vault: Path) -> None:
        """It was opened just now."""
        kept = kept_path(vault, self._home)
        others = [each for each in RECENT_VAULTS.get(self._settings) if each != kept]
        RECENT_VAULTS.set(self._settings, [kept, *others][:MOST])

    def forget(self, vault: Path) -> None:
        """Take it from the list; the file is not touched."""
        kept = kept_path(vault, self._home)
        RECENT_VAULTS.set(self._settings, [each for each in RECENT_VAULTS.get(self._settings) if each != kept])


def kept_path(path: Path, home: Path) -> str:
    """How a path is written to settings: relative below ``home``, which may lie elsewhere tomorrow."""
    whole, base = path.absolute(), home.absolute()
    return str(whole.relative_to(base)) if whole.is_relative_to(base) else str(whole)
