"""Starts the window over what composition builds, in the caller's QApplication or in our own.

The window is painted first; the database, and the libraries that read it, are opened on a worker thread.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.errors import AetherError
from aether_desktop.ui.application import own_application, running_application
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.plain_text import PlainTextFilter
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme, ThemeMode

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from aether_desktop.composition import Target
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.shell.first_run import FirstRunPage
    from aether_desktop.ui.shell.open_vault import OpenVault
    from aether_desktop.ui.shell.page_builder import PageBuilder


_SWITCH_INTERVAL = 0.001  # seconds


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What to open; all empty means what was open last, or the first-run page.

    ``data_dir`` replaces every user folder.
    """

    vault: Path | None = None
    database_url: str | None = None
    key_file: Path | None = None
    data_dir: Path | None = None


class WindowProgram(QObject):
    """One running program: ``window`` is there at once, ``services`` after ``opened``. GUI thread only."""

    opened = Signal()
    failed = Signal(object)

    def __init__(self, app: QApplication, options: StartOptions, settings: SettingsFile) -> None:
        super().__init__()
        self._app = app
        self._options = options
        self._settings = settings
        self._closed = False
        self._plain_text = PlainTextFilter(self)
        self._theme = Theme(_theme_mode(settings), self)
        self._theme.apply(app)
        self._jobs = JobRunner(Lanes(), self)
        self.services: ServiceSet | None = None
        self._vault: OpenVault | None = None
        self._pages: PageBuilder | None = None
        self._first_run: FirstRunPage | None = None
        self.window = MainWindow(self._theme, settings)
        self.window.first_painted.connect(lambda: self._plain_text.install(app))
        self._jobs.job_started.connect(self.window.activity.job_started)
        self._jobs.job_changed.connect(self.window.activity.job_changed)
        self._jobs.job_ended.connect(self.window.activity.job_ended)
        self._jobs.failed_unheard.connect(lambda _handle, error: self._report(error))

    def start(self) -> None:
        """Find out what to open and open it; the window may be shown before."""
        # Workers run Python too: shorter turns of the interpreter keep the window's own turns short.
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_INTERVAL))
        options, settings = self._options, self._settings

        def work() -> ServiceSet | None:
            from aether_desktop import composition  # noqa: PLC0415  # SQLAlchemy loads after the first paint

            target = composition.find_target(
                vault=options.vault, database_url=options.database_url, data_dir=options.data_dir, settings=settings
            )
            return None if target is None else self._open(target)

        self.window.status.set_connection("Opening…", tone="info")
        self._run(work, self._on_opened)

    def close(self) -> None:
        """Stop jobs, close the database, close the window; may be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._pages is not None:
            self._pages.stop()
        if self._vault is not None:
            self._vault.close()
        self._jobs.close()
        if self.services is not None:
            self.services.close()
        self._settings.close()
        self._app.removeEventFilter(self._plain_text)
        self._app.setStyleSheet("")  # the application is the caller's
        self.window.close()
        self.window.deleteLater()

    def _open(self, target: Target) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        return composition.open_services(
            target, key_file=self._options.key_file, data_dir=self._options.data_dir, settings=self._settings
        )

    def _run(self, work: Callable[[], ServiceSet | None], then: Callable[[ServiceSet | None], None]) -> None:
        def opening() -> ServiceSet | None:
            services = work()
            if services is not None:
                from aether_desktop.ui.sections import preload_pages  # noqa: PLC0415  # after the first paint
                from aether_desktop.ui.shell import open_vault  # noqa: F401, PLC0415

                preload_pages()
                services.modules.reaping_modules()
            return services

        self._jobs.write(lambda _token, _progress: opening()).on_success(then).on_failure(self._on_failed)

    def _on_opened(self, services: ServiceSet | None) -> None:
        if services is None:
            self._show_first_run()
            self.opened.emit()
            return
        from aether_desktop.ui.context import Messages  # noqa: PLC0415  # pages load after the first paint
        from aether_desktop.ui.shell.open_vault import OpenVault  # noqa: PLC0415
        from aether_desktop.ui.shell.page_builder import PageBuilder  # noqa: PLC0415

        gc.freeze()  # what is loaded stays: later collections skip it and stay short
        self.services = services
        messages = Messages(self)
        messages.shown.connect(self.window.messages.show_message)
        self._vault = OpenVault(self.window, services, jobs=self._jobs, theme=self._theme, messages=messages)
        window = self.window
        self._pages = PageBuilder(window.page, window.section_keys, self, busy=lambda: window.going)
        self._pages.finished.connect(gc.freeze)  # the pages stay as well
        self.opened.emit()

    def _on_failed(self, error: BaseException) -> None:
        if self._first_run is None:
            self._show_first_run()
        if self._first_run is not None:
            self._first_run.set_busy("")
            self._first_run.show_error(_said(error))
        self.failed.emit(error)

    def _report(self, error: BaseException) -> None:
        from aether_desktop.ui.widgets.message_bar import MessageLevel  # noqa: PLC0415

        self.window.messages.show_message(MessageLevel.ERROR, _said(error))

    def _show_first_run(self) -> None:
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.ui.shell.first_run import FirstRunPage  # noqa: PLC0415

        page = FirstRunPage(self._theme, proposed_vault=composition.default_vault(self._options.data_dir))
        page.create_chosen.connect(lambda path: self._choose("Creating the vault…", self._create, path))
        page.open_chosen.connect(lambda path: self._choose("Opening the vault…", self._open_vault, path))
        page.connect_chosen.connect(lambda url: self._choose("Connecting…", self._connect, url))
        page.sample_chosen.connect(lambda: self._choose("Opening the sample…", self._open_sample, ""))
        self._first_run = page
        self.window.status.set_connection("")
        self.window.show_alone(page)

    def _choose(self, doing: str, act: Callable[[str], ServiceSet], text: str) -> None:
        if self._first_run is not None:
            self._first_run.set_busy(doing)
        self._run(lambda: act(text), self._on_opened)

    def _create(self, path: str) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        return composition.create_vault(
            Path(path), key_file=self._options.key_file, data_dir=self._options.data_dir, settings=self._settings
        )

    def _open_vault(self, path: str) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        return self._open(composition.Target(vault=Path(path)))

    def _connect(self, url: str) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        return self._open(composition.Target(database_url=url))

    def _open_sample(self, _text: str) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        return composition.open_sample(data_dir=self._options.data_dir, settings=self._settings)


def build(
    *,
    vault: Path | str | None = None,
    database_url: str | None = None,
    key_file: Path | str | None = None,
    data_dir: Path | str | None = None,
) -> WindowProgram:
    """Start the whole program inside the running QApplication; the window is shown and opens what it was given.

    Returns at once; ``opened`` or ``failed`` follows. ``close()`` ends it. GUI thread only.
    """
    app = running_application()
    options = StartOptions(
        Path(vault) if vault is not None else None,
        database_url,
        Path(key_file) if key_file is not None else None,
        Path(data_dir) if data_dir is not None else None,
    )
    program = WindowProgram(app, options, _settings(options.data_dir))
    program.window.first_painted.connect(program.start)
    program.window.show()
    return program


def run(
    *,
    vault: Path | None = None,
    database_url: str | None = None,
    key_file: Path | None = None,
    data_dir: Path | None = None,
) -> int:
    """Run the program in a QApplication of its own until the window is closed; returns the exit code.

    A second start for the same vault raises the first one's window and returns 0.
    """
    from aether_desktop.ui.shell.single_instance import Claim, SingleInstance  # noqa: PLC0415

    app = own_application()
    instance = SingleInstance(str(vault or database_url or data_dir or "default"))
    claim = instance.claim()
    if claim is Claim.SILENT:
        print("Aether is already running with these records but does not answer; close it first.", file=sys.stderr)  # noqa: T201
        return 1
    if claim is Claim.RAISED:
        return 0
    program = build(vault=vault, database_url=database_url, key_file=key_file, data_dir=data_dir)
    instance.raise_asked.connect(lambda: _raise(program.window))
    try:
        return app.exec()
    finally:
        program.close()
        instance.release()


def _settings(data_dir: Path | None) -> SettingsFile:
    from aether_desktop.services.places import find_places  # noqa: PLC0415
    from aether_desktop.services.settings_file import SettingsFile  # noqa: PLC0415

    return SettingsFile(find_places(data_dir).settings_file)


def _theme_mode(settings: SettingsFile) -> ThemeMode:
    kept = settings.get("theme")
    return ThemeMode(kept) if isinstance(kept, str) and kept in {mode.value for mode in ThemeMode} else ThemeMode.SYSTEM


def _raise(window: MainWindow) -> None:
    window.showNormal() if window.isMinimized() else window.show()
    window.raise_()
    window.activateWindow()


def _said(error: BaseException) -> str:
    if isinstance(error, AetherError):
        return str(error)
    return f"Something in the program went wrong ({type(error).__name__}); nothing was changed."
