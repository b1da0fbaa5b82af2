"""Where the program keeps a person's things: the system's folders, or all below one that is named."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

APPLICATION = "aether-desktop"
_XDG = (("XDG_DATA_HOME", ".local/share"), ("XDG_CONFIG_HOME", ".config"), ("XDG_STATE_HOME", ".local/state"))


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
    home = Path(os.environ.get("HOME", ""))
    if sys.platform == "linux" and home.is_absolute():  # read here: the library takes longer to load than that
        return Places(*(_below(os.environ.get(name, ""), home / usual) for name, usual in _XDG))
    import platformdirs  # noqa: PLC0415 - see above

    return Places(
        Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)),
        Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)),
        Path(platformdirs.user_state_dir(APPLICATION, appauthor=False)),
    )


def _below(named: str, usual: Path) -> Path:
    return (Path(named) if Path(named).is_absolute() else usual) / APPLICATION
