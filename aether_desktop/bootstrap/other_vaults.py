"""Other vaults than the one on view: opened lately, chosen in a dialog, let go over the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aether_desktop.services.recent_vaults import RecentVaults
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.shell.command_palette import PaletteEntry
    from aether_desktop.ui.shell.main_window import MainWindow

_SUFFIX: Final = ".aether"
_NAME_LENGTH: Final = 60


class OtherVaults:
    """GUI thread only; looks at no disk."""

    def __init__(self, window: MainWindow, settings: SettingsFile, data_dir: Path | None) -> None:
        self._window, self._settings, self._data_dir = window, settings, data_dir

    def recent(self) -> list[Path]:
        """The vaults that were opened last, the latest first."""
        return self._recents().paths()

    def entries(self, current: Path | None, open_vault: Callable[[Path], None]) -> Sequence[PaletteEntry]:
        """Commands that open another vault in this one's place."""
        from aether_desktop.domain.text import plain_line  # noqa: PLC0415 - after the first paint
        from aether_desktop.ui.shell.command_palette import PaletteEntry  # noqa: PLC0415 - see above

        here = current.absolute() if current is not None else None
        entries = [
            PaletteEntry(
                f"Open the vault {plain_line(path.stem, _NAME_LENGTH)}",
                partial(open_vault, path),
                icon="vault",
                hint=plain_line(str(path.parent), 200),
            )
            for path in self.recent()
            if path != here
        ]
        return [*entries, PaletteEntry("Open another vault…", partial(self._ask, open_vault), icon="folder")]

    def _ask(self, open_vault: Callable[[Path], None]) -> None:
        from aether_desktop.ui.widgets.path_dialog import ask_file  # noqa: PLC0415 - see above

        ask_file(self._window, "Open another vault", filters=f"Vaults (*{_SUFFIX})", then=open_vault)

    def _recents(self) -> RecentVaults:
        from aether_desktop.composition import default_vault  # noqa: PLC0415 - see above
        from aether_desktop.services.recent_vaults import RecentVaults  # noqa: PLC0415 - see above

        return RecentVaults(self._settings, default_vault(self._data_dir).parent)


def vault_among(paths: Sequence[Path]) -> Path | None:
    """The first vault of files that were let go together."""
    return next((path for path in paths if path.suffix == _SUFFIX), None)
