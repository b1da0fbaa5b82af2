"""Starts the window over what composition builds, in the caller's QApplication or in our own.

The window is painted first; the database, and the libraries that read it, are opened on a worker thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.ui.application import own_application, running_application
from aether_desktop.ui.garbage_collector import GarbageCollector
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.closed_vault import ClosedVault
from aether_desktop.ui.shell.main_window import TURN_MS, MainWindow
from aether_desktop.ui.theme.theme import Theme, ThemeMode

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from aether_desktop.composition import Target
    from aether_desktop.ports.vault_keys import Factor
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.context import Messages
    from aether_desktop.ui.shell.first_run import FirstRunPage
    from aether_desktop.ui.shell.open_vault import OpenVault
    from aether_desktop.ui.shell.opened_vault import OpenedVault
    from aether_desktop.ui.shell.session_watch import SessionWatch
    from aether_desktop.ui.shell.vault_door import VaultDoor

    Entry = ServiceSet | ClosedVault | None

_WHY_INVITED = (
    "Your keys on this computer get a password of your own. Nobody else learns it: not whoever invited you, and not "
    "the server."
)
_SWITCH_INTERVAL = 0.0003  # seconds


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
    """One running program: ``window`` is there at once, ``services`` after ``opened``. GUI thread only.

    A vault with a password is ``locked`` until it was typed; then ``opened`` comes. ``locked_changed`` tells of the
    lock of the vault and of the screen.
    """

    opened = Signal()
    failed = Signal(object)
    locked_changed = Signal(bool)

    def __init__(self, app: QApplication, options: StartOptions, settings: SettingsFile) -> None:
        super().__init__()
        self._app = app
        self._options = options
        self._settings = settings
        self._closed = self._locked = False
        self._garbage = GarbageCollector(self)
        self._theme = Theme(_theme_mode(settings), self)
        self._theme.apply(app)
        self._jobs = JobRunner(Lanes(readers=1), self)  # opening and locking; an open vault has workers of its own
        self._open: OpenedVault | None = None
        self._door: VaultDoor | None = None
        self._first_run: FirstRunPage | None = None
        self._messages: Messages | None = None
        self._target: Target | None = None
        self._answer: tuple[bytes, str] | None = None  # an invitation and its secret, until the database is open
        self._sessions: SessionWatch | None = None
        self.window = MainWindow(self._theme, settings)
        self._jobs.failed_unheard.connect(lambda _handle, error: self._report(error))

    @property
    def services(self) -> ServiceSet | None:
        """What is open now."""
        return self._open.services if self._open is not None and self._open.ready else None

    @property
    def locked(self) -> bool:
        """Whether the vault or the screen waits for a password."""
        return self._locked

    @property
    def _vault(self) -> OpenVault | None:
        return None if self._open is None else self._open.pages

    def start(self) -> None:
        """Find out what to open and open it; the window may be shown before."""
        # Workers run Python too: shorter turns of the interpreter keep the window's own turns short.
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_INTERVAL))
        self._garbage.start()
        options, settings = self._options, self._settings

        def work() -> Entry:
            from aether_desktop import composition  # noqa: PLC0415  # SQLAlchemy loads after the first paint

            composition.forbid_core_dumps()
            target = composition.find_target(
                vault=options.vault, database_url=options.database_url, data_dir=options.data_dir, settings=settings
            )
            return None if target is None else self._enter(target)

        self.window.status.set_connection("Opening…", tone="info")
        self._run(work)

    def close(self) -> None:
        """Stop jobs, close the database, close the window; may be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._sessions is not None:
            self._sessions.close()
        opened, self._open = self._open, None
        if opened is not None:
            opened.leave()
        self._jobs.close()
        if opened is not None:
            with suppress(AetherError):  # a server that went away keeps no window open
                opened.finish()
        self._settings.close()
        self._garbage.close()
        self._app.setStyleSheet("")  # the application is the caller's
        self.window.close()
        self.window.deleteLater()

    # --------------------------------------------------------------------------------------------- on worker threads
    def _enter(self, target: Target) -> Entry:
        """The services, or the vault when something must be asked before."""
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.services.vault_access import AccessState  # noqa: PLC0415

        self._target = target
        key_file = self._options.key_file
        lock = composition.find_lock(target, key_file=key_file, data_dir=self._options.data_dir)

        def opened(token: CancelToken, progress: Progress) -> ServiceSet:
            services = composition.open_services(
                target,
                settings=self._settings,
                key_file=key_file,
                data_dir=self._options.data_dir,
                lock=lock,
                token=token,
                progress=progress,
            )
            return _prepared(services)

        if lock is None:
            return opened(CancelToken(), silent)
        state, vault = lock.access.state, target.vault
        # A key file is for servers and scripts: nobody is asked for a first password there.
        if state is AccessState.LOCKED or (state is AccessState.OLD and vault is not None and key_file is None):
            return ClosedVault("the shared vault" if vault is None else vault.stem, state, lock.access, opened)
        return opened(CancelToken(), silent)

    def _join(self, path: str, secret: str) -> Entry:
        """The database of an invitation, once the person's keys on this computer have a password."""
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.services.exchange_files import read_exchange_file  # noqa: PLC0415

        file = read_exchange_file(Path(path))
        joining = composition.begin_joining(
            file, secret, key_file=self._options.key_file, data_dir=self._options.data_dir
        )
        self._target, self._answer = joining.target, (file, secret)

        def opened(token: CancelToken, progress: Progress) -> ServiceSet:
            joining.take_over()
            services = composition.open_services(
                joining.target,
                settings=self._settings,
                key_file=self._options.key_file,
                data_dir=self._options.data_dir,
                lock=joining.lock,
                token=token,
                progress=progress,
            )
            return _prepared(services)

        access = joining.lock.access
        return ClosedVault(joining.vault_name, access.state, access, opened, _WHY_INVITED)

    def _create(self, path: str, password: Factor) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        self._target = composition.Target(vault=Path(path))
        try:
            services = composition.create_vault(
                Path(path),
                key_file=self._options.key_file,
                data_dir=self._options.data_dir,
                settings=self._settings,
                password=password,
            )
        finally:
            password.wipe()
        return _prepared(services)

    def _open_sample(self) -> ServiceSet:
        from aether_desktop import composition  # noqa: PLC0415

        self._target = None
        return _prepared(composition.open_sample(data_dir=self._options.data_dir, settings=self._settings))

    # ------------------------------------------------------------------------------------------------------- opening
    def _run(self, work: Callable[[], Entry], *, made: bool = False) -> None:
        job = self._jobs.write(lambda _token, _progress: work(), repeatable=False)
        job.on_success(lambda entry: self._on_entered(entry, made=made)).on_failure(self._on_failed)

    def _on_entered(self, entry: Entry, *, made: bool) -> None:
        if entry is None:
            self._show_first_run()
            self.opened.emit()
        elif isinstance(entry, ClosedVault):
            self._show_door(entry)
        else:
            self._on_opened(entry, made=made)

    def _show_door(self, vault: ClosedVault) -> None:
        from aether_desktop.services.vault_access import AccessState  # noqa: PLC0415
        from aether_desktop.ui.shell.vault_door import VaultDoor  # noqa: PLC0415

        self._close_door()
        self._door = door = VaultDoor(self.window, self._theme, jobs=self._jobs, vault=vault)
        door.opened.connect(lambda services: self._on_opened(services, made=False))
        door.failed.connect(self.failed)
        door.other_asked.connect(self._on_other_asked)
        self.window.status.set_connection("Locked", tone="warn", icon="lock")
        door.show()
        self._set_locked(on=vault.state is AccessState.LOCKED)

    def _on_opened(self, services: ServiceSet, *, made: bool) -> None:
        from aether_desktop.ui.context import Messages  # noqa: PLC0415  # pages load after the first paint
        from aether_desktop.ui.shell.opened_vault import OpenedVault  # noqa: PLC0415

        self._garbage.freeze()
        if self._messages is None:
            self._messages = Messages(self)
            self._messages.shown.connect(self.window.messages.show_message)
        self._open = opened = OpenedVault(
            self.window,
            services,
            theme=self._theme,
            messages=self._messages,
            jobs=self._jobs,
            session_problem=self._session().problem,
        )
        opened.vault_lock_asked.connect(self._on_vault_lock_asked)
        opened.pages.context.navigator.vault_asked.connect(self._on_vault_asked)
        opened.screen_lock_changed.connect(lambda on: self._set_locked(on=on))
        opened.built.connect(self._garbage.freeze)
        QTimer.singleShot(TURN_MS, self, partial(self._on_shown, opened, made=made))

    def _on_shown(self, opened: OpenedVault, *, made: bool) -> None:
        if self._open is not opened:
            return
        if self.window.going:  # the first page is on its way, over several turns
            QTimer.singleShot(TURN_MS, self, partial(self._on_shown, opened, made=made))
            return
        opened.begin(made=made)
        self._close_door()
        if self._first_run is not None:
            self._first_run.deleteLater()
            self._first_run = None
        self._set_locked(on=False)
        if self._answer is not None:
            from aether_desktop.ui.shell.answering import answer_invitation  # noqa: PLC0415

            answer, self._answer = self._answer, None
            answer_invitation(opened.pages.context, *answer)
        self.opened.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._close_door()
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
        page.create_chosen.connect(
            lambda path, password: self._choose("Creating the vault…", lambda: self._create(path, password), made=True)
        )
        page.open_chosen.connect(
            lambda path: self._choose("Opening the vault…", lambda: self._enter(composition.Target(vault=Path(path))))
        )
        page.connect_chosen.connect(
            lambda url: self._choose("Connecting…", lambda: self._enter(composition.Target(database_url=url)))
        )
        page.invited_chosen.connect(
            lambda path, secret: self._choose("Reading the invitation…", lambda: self._join(path, secret))
        )
        page.sample_chosen.connect(lambda: self._choose("Opening the sample…", self._open_sample))
        self._first_run = page
        self.window.status.set_connection("")
        self.window.show_alone(page)

    def _choose(self, doing: str, act: Callable[[], Entry], *, made: bool = False) -> None:
        if self._first_run is not None:
            self._first_run.set_busy(doing)
        self._run(act, made=made)

    def _on_other_asked(self) -> None:
        self._close_door()
        self._set_locked(on=False)
        self._show_first_run()

    def _close_door(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None

    # ------------------------------------------------------------------------------------------------------- locking
    def _on_vault_lock_asked(self) -> None:
        if self._target is not None:
            self._leave_for(self._target, title="Locking…")

    def _on_vault_asked(self, path: object) -> None:
        from aether_desktop import composition  # noqa: PLC0415

        self._leave_for(composition.Target(vault=Path(str(path))), title="Opening another vault…")

    def _leave_for(self, target: Target, *, title: str) -> None:
        """Hide at once, wipe the keys, then close what is open; what opens ``target`` is asked for after that."""
        from aether_desktop.ui.widgets.alone_page import AlonePage  # noqa: PLC0415

        opened, self._open = self._open, None
        if opened is None:
            return
        waiting = AlonePage(self._theme, object_name="", icon="lock", title=title)
        waiting.show_busy("Ending jobs and closing the vault…")
        self.window.setWindowTitle("Aether")
        self.window.status.set_connection("Locked", tone="warn", icon="lock")
        self.window.status.set_rows("")
        self.window.show_alone(waiting)
        self.window.messages.clear()
        opened.leave()
        self._set_locked(on=True)

        def work() -> Entry:
            opened.finish()
            return self._enter(target)

        def closed(entry: Entry) -> None:
            self.window.clear_sections()
            self._garbage.unfreeze()
            waiting.deleteLater()
            self._on_entered(entry, made=False)

        job = self._jobs.write(lambda _token, _progress: work(), repeatable=False)
        job.on_success(closed).on_failure(self._on_failed)

    def _set_locked(self, *, on: bool) -> None:
        if on != self._locked:
            self._locked = on
            self.locked_changed.emit(on)

    def _session(self) -> SessionWatch:
        """Who listens to the desktop's own lock and to sleep, once something was opened."""
        if self._sessions is None:
            from aether_desktop import composition  # noqa: PLC0415
            from aether_desktop.ui.shell.session_watch import SessionWatch  # noqa: PLC0415

            self._sessions = watch = SessionWatch(composition.login_session(), self)
            watch.locked.connect(lambda: self._tell_locker("lock"))
            watch.sleeping.connect(lambda: self._tell_locker("sleep"))
        return self._sessions

    def _tell_locker(self, what: str) -> None:
        locker = None if self._open is None else self._open.locker
        if locker is not None:
            locker.on_sleep() if what == "sleep" else locker.on_session_locked()


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


def _prepared(services: ServiceSet) -> ServiceSet:
    """Load what the pages need while this is still a worker thread."""
    from aether_desktop.ui.sections import preload_pages  # noqa: PLC0415  # after the first paint
    from aether_desktop.ui.shell import opened_vault  # noqa: F401, PLC0415

    try:
        preload_pages()
        services.modules.reaping_modules()
    except BaseException:
        services.close()
        raise
    return services


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
