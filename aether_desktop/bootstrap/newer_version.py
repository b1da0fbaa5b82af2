"""Tells in the window of a newer version, where the person named the place of a release file; else nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from aether_desktop.ports.errors import AetherError

if TYPE_CHECKING:
    from aether_desktop.services.releases import Notice
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.jobs import JobRunner
    from aether_desktop.ui.shell.command_palette import PaletteEntry
    from aether_desktop.ui.shell.main_window import MainWindow

_HOW = "Name one in the settings, under Newer versions."


class NewerVersion(QObject):
    """GUI thread only. Once after the first vault is open, and whenever it is asked for in the palette."""

    def __init__(self, window: MainWindow, *, jobs: JobRunner, settings: SettingsFile) -> None:
        super().__init__(window)
        self._window, self._jobs, self._settings = window, jobs, settings
        self._looked = False

    def entries(self) -> list[PaletteEntry]:
        """The command of the palette."""
        from aether_desktop.ui.shell.command_palette import PaletteEntry  # noqa: PLC0415 - after the first paint

        return [PaletteEntry("Look for a newer version", self.look, icon="refresh")]

    def look_once(self) -> None:
        """Without being asked, and silent unless there is something to say."""
        from aether_desktop.services.settings_file import RELEASE_LOCATION  # noqa: PLC0415 - after the first paint

        if not self._looked and RELEASE_LOCATION.get(self._settings):
            self._look(asked=False)
        self._looked = True

    def look(self) -> None:
        """Somebody asked: there is an answer in any case."""
        self._look(asked=True)

    def _look(self, *, asked: bool) -> None:
        job = self._jobs.read(lambda _token, _progress: self._notice(), repeatable=False)
        job.on_success(lambda notice: self._tell(notice, asked=asked)).on_failure(self._warn)

    def _notice(self) -> Notice:
        from aether_desktop import composition  # noqa: PLC0415 - loads the keys

        return composition.release_notices(self._settings).look()

    def _tell(self, notice: Notice, *, asked: bool) -> None:
        from aether_desktop.services.releases import Standing  # noqa: PLC0415 - after the first paint
        from aether_desktop.ui.widgets.message_bar import MessageLevel  # noqa: PLC0415 - see above

        if asked or notice.standing is Standing.NEWER:
            more = f" {_HOW}" if notice.standing is Standing.UNASKED else ""
            self._window.messages.show_message(MessageLevel.INFO, f"{notice.sentence}{more}")

    def _warn(self, error: BaseException) -> None:
        from aether_desktop.ui.widgets.message_bar import MessageLevel  # noqa: PLC0415 - after the first paint

        said = str(error) if isinstance(error, AetherError) else f"This did not work ({type(error).__name__})."
        self._window.messages.show_message(MessageLevel.WARNING, said)
