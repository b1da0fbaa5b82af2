"""Diagnostics, for the window and for the command line. Worker threads only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aether_desktop.security.seed_words import wordlist
from aether_desktop.services.diagnostics import Diagnostics
from aether_desktop.services.health import Check, installation_checks
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.places import find_places
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.sums.built_in import BUILT_IN


def diagnostics_text(
    settings: SettingsFile, data_dir: Path | None = None, *, checks: Iterable[Check] | None = None
) -> str:
    """The text that a person reads, and may keep with ``save_text``. Without ``checks`` those of the installation."""
    places = find_places(data_dir)
    if checks is None:
        checks = installation_checks((places.data, places.config, places.state))
    modules = ModuleService(settings, BUILT_IN, folder=ModuleFolder(places.modules))
    return Diagnostics(places, settings.values, phrase_words=wordlist().wordlist).text(checks, modules.entries())
