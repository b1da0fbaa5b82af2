"""Where the program keeps a person's things: the system's folders, or all below one that is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

APPLICATION = "aether-desktop"


@dataclass(frozen=True, slots=True)
class Places:
    """``data`` holds the default vault, ``config`` the settings, ``state`` reports of internal errors."""

    data: Path
    config: Path
    state: Path

    @property
    def default_vault(self) -> Path:
        return self.data / "vault.aether"

    @property
    def sample_vault(self) -> Path:
        return self.data / "sample.aether"

    @property
    def modules(self) -> Path:
        """Packages of modules from outside."""
        return self.data / "modules"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.json"


def find_places(data_dir: Path | None = None) -> Places:
    """The system's folders for this person; with ``data_dir`` everything lies below it. Creates nothing."""
    if data_dir is not None:
        return Places(data_dir, data_dir, data_dir / "state")
    return Places(
        Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)),
        Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)),
        Path(platformdirs.user_state_dir(APPLICATION, appauthor=False)),
    )
