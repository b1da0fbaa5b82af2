"""Diagnostics in the window: made on a worker, read by the person, kept only where they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from aether_desktop.ports.errors import AetherError

if TYPE_CHECKING:
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.jobs import JobRunner
    from aether_desktop.ui.shell.command_palette import PaletteEntry
    from aether_desktop.ui.shell.diagnostics_page import DiagnosticsPage
    from aether_desktop.ui.shell.main_window import MainWindow
    from aether_desktop.ui.theme.theme import Theme


class Diagnosing(QObject):
    """GUI thread only. The page goes back to where it was opened from."""

    def __init__(
        self, window: MainWindow, theme: Theme, *, jobs: JobRunner, settings: SettingsFile, data_dir: Path | None
    ) -> None:
        super().__init__(window)
        self._window, self._theme, self._jobs = window, theme, jobs
        self._settings, self._data_dir = settings, data_dir
        self._page: DiagnosticsPage | None = None

    def entries(self) -> list[PaletteEntry]:
        """The command of the palette."""
        from aether_desktop.ui.shell.command_palette import PaletteEntry  # noqa: PLC0415 - after the first paint

        return [PaletteEntry("Diagnostics", self.show, icon="info")]

    def show(self) -> None:
        """Make the page; it fills when the text is there."""
        from aether_desktop.ui.shell.diagnostics_page import DiagnosticsPage  # noqa: PLC0415 - seldom wanted

        if self._page is not None:
            return
        before = self._window.alone_page
        self._page = page = DiagnosticsPage(self._theme)
        page.save_asked.connect(lambda: self._ask(page))
        page.left.connect(lambda: self._leave(before))
        self._window.show_alone(page)
        page.setFocus()
        job = self._jobs.read(lambda _token, _progress: self._text())
        job.on_success(self._if_open(page, page.show_text))
        job.on_failure(self._if_open(page, lambda error: page.say(_said(error), wrong=True)))

    def _text(self) -> str:
        from aether_desktop import composition  # noqa: PLC0415 - loads the keys

        return composition.diagnostics_text(self._settings, self._data_dir)

    def _ask(self, page: DiagnosticsPage) -> None:
        from aether_desktop.ui.widgets.path_dialog import ask_new_file  # noqa: PLC0415 - seldom wanted

        ask_new_file(
            page,
            "Keep the diagnostics",
            name="aether-diagnostics.txt",
            filters="Text (*.txt);;All files (*)",
            then=lambda path: self._keep(page, path),
        )

    def _keep(self, page: DiagnosticsPage, path: Path) -> None:
        from aether_desktop.services.diagnostics import save_text  # noqa: PLC0415 - seldom wanted

        text = page.shown
        job = self._jobs.write(lambda _token, _progress: save_text(text, path), repeatable=False)
        job.on_success(self._if_open(page, lambda kept: page.say(f"Kept in {kept}; it was sent nowhere.")))
        job.on_failure(self._if_open(page, lambda error: page.say(_said(error), wrong=True)))

    def _if_open(self, page: DiagnosticsPage, act: Callable[..., None]) -> Callable[..., None]:
        def still(*values: object) -> None:
            if self._page is page:
                act(*values)

        return still

    def _leave(self, before: object) -> None:
        from PySide6.QtWidgets import QWidget  # noqa: PLC0415 - seldom wanted

        page, self._page = self._page, None
        if isinstance(before, QWidget):
            self._window.show_alone(before)
        else:
            self._window.end_alone()
        if page is not None:
            page.deleteLater()


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, AetherError) else f"This did not work ({type(error).__name__})."
