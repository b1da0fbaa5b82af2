"""The running program: first run, the locked door and open records, each in the one window, one after another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from aether_desktop.bootstrap.diagnosing import Diagnosing
from aether_desktop.bootstrap.entrance import Entrance, StartOptions
from aether_desktop.bootstrap.newer_version import NewerVersion
from aether_desktop.bootstrap.other_vaults import OtherVaults, vault_among
from aether_desktop.bootstrap.window_watch import WindowWatch
from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.errors import AetherError
from aether_desktop.ui.garbage_collector import GarbageCollector
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.turns import next_turn

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from aether_desktop.bootstrap.entrance import Entry
    from aether_desktop.composition import Target
    from aether_desktop.ports.work import CancelToken, Progress
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.ui.context import Messages
    from aether_desktop.ui.shell.closed_vault import ClosedVault
    from aether_desktop.ui.shell.first_run import FirstRunPage
    from aether_desktop.ui.shell.open_vault import OpenVault
    from aether_desktop.ui.shell.opened_vault import OpenedVault
    from aether_desktop.ui.shell.session_watch import SessionWatch
    from aether_desktop.ui.shell.vault_door import VaultDoor

_SWITCH_INTERVAL = 0.00005  # seconds
_RENEWED = "The keys are new, and the old ones open nothing any more. Make a new back-up."
_FIRST_SET = "The password is set, and the vault opens with it from now on."
_MEANWHILE = "If this is interrupted it goes on when the vault is opened next, with the new password."


class WindowProgram(QObject):
    """One running program: ``window`` is there at once, ``services`` after ``opened``. GUI thread only.

    A vault with a password is ``locked`` until it was typed; then ``opened`` comes. ``locked_changed`` tells of the
    lock of the vault and of the screen.
    """

    opened = Signal()
    failed = Signal(object)
    locked_changed = Signal(bool)
    settings_problem = Signal(str)
    """Settings could not be read or kept: what happened and what to do."""

    def __init__(
        self, app: QApplication, options: StartOptions, settings: SettingsFile, *, minimised: bool = False
    ) -> None:
        super().__init__()
        self._app = app
        self._options = options
        self._settings = settings
        self._closed = self._locked = False
        self._lost = self._done = ""  # of the last lock, told when the same is open again
        self._garbage = GarbageCollector(self)
        self._theme = Theme(_theme_mode(settings), self)
        self._theme.prepare(app)
        self._jobs = JobRunner(Lanes(readers=1), self)  # opening and locking; an open vault has workers of its own
        self._open: OpenedVault | None = None
        self._leaving: OpenedVault | None = None
        self._door: VaultDoor | None = None
        self._first_run: FirstRunPage | None = None
        self._messages: Messages | None = None
        self._entrance = Entrance(options, settings)
        self._sessions: SessionWatch | None = None
        self.window = MainWindow(self._theme, settings)
        self._theme.dress(self.window)
        self.watch = WindowWatch(
            self.window,
            settings,
            self._jobs,
            data_dir=options.data_dir,
            key_file=options.key_file,
            minimised=minimised,
        )
        self.watch.problem.connect(self._report)
        self.watch.node_asked.connect(self._on_node_asked)
        self.watch.lock_asked.connect(self._on_tray_lock_asked)
        self._others = OtherVaults(self.window, settings, options.data_dir)
        self._diagnosing = Diagnosing(
            self.window, self._theme, jobs=self._jobs, settings=settings, data_dir=options.data_dir
        )
        self._newer = NewerVersion(self.window, jobs=self._jobs, settings=settings)
        self.window.files_dropped.connect(self._on_files_dropped)
        self._jobs.failed_unheard.connect(lambda _handle, error: self._report(error))
        self.settings_problem.connect(self._on_settings_problem)

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
        self.window.status.set_connection("Opening…", tone="info")
        self._settings.hear_problems(self.settings_problem.emit)
        self._run(self._entrance.find)

    def close(self) -> None:
        """Stop jobs, close the database, close the window; may be called twice."""
        if self._closed:
            return
        self._closed = True
        opened, self._open = self._open, None
        left = [each.finish for each in (self._leaving, opened) if each is not None]
        with ExitStack() as steps:  # the last first, whatever becomes of each: a worker left keeps the process alive
            steps.callback(self.window.deleteLater)
            steps.callback(self.window.close)
            steps.callback(self._garbage.close)
            steps.callback(self._settings.close)
            steps.callback(self._settings.hear_problems, None)
            for finish in (self._entrance.close, *left):
                steps.callback(_quietly, finish)
            steps.callback(_quietly, self.watch.close)
            steps.callback(self._jobs.close)
            if opened is not None:
                steps.callback(opened.leave)
            if self._sessions is not None:
                steps.callback(self._sessions.close)

    # ------------------------------------------------------------------------------------------------------- opening
    def _run(self, work: Callable[[], Entry], *, made: bool = False) -> None:
        job = self._jobs.write(lambda _token, _progress: work(), repeatable=False)
        job.on_success(lambda entry: self._on_entered(entry, made=made)).on_failure(self._on_failed)

    def _on_entered(self, entry: Entry, *, made: bool) -> None:
        from aether_desktop.ui.shell.closed_vault import ClosedVault  # noqa: PLC0415  # after the first paint

        if self._messages is None:  # nothing was open yet: all there is are modules
            self._garbage.loaded()
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
        self.watch.locked(self._entrance.target)

    def _on_opened(self, services: ServiceSet, *, made: bool) -> None:
        from aether_desktop.ui.context import Messages  # noqa: PLC0415  # pages load after the first paint
        from aether_desktop.ui.shell.opened_vault import OpenedVault  # noqa: PLC0415

        if self._messages is None:
            self._garbage.loaded()
            self._messages = Messages(self)
            self._messages.shown.connect(self.window.messages.show_message)
        self._open = opened = OpenedVault(
            self.window,
            services,
            theme=self._theme,
            messages=self._messages,
            jobs=self._jobs,
            session_problem=self._session().problem,
            board=self.watch.board,
        )
        self._entrance.taken(services)
        opened.vault_lock_asked.connect(self._on_vault_lock_asked)
        opened.renewed.connect(self._on_renewed)
        opened.other_asked.connect(self._on_other_vault_asked)
        opened.screen_lock_changed.connect(lambda on: self._set_locked(on=on))
        next_turn(self, partial(self._on_shown, opened, made=made))

    def _on_shown(self, opened: OpenedVault, *, made: bool) -> None:
        if self._open is not opened:
            return
        if self.window.going:  # the first page is on its way, over several turns
            next_turn(self, partial(self._on_shown, opened, made=made))
            return
        opened.begin(made=made)
        self.watch.opened(opened.services)
        current = None if self._entrance.target is None else self._entrance.target.vault
        self.window.commands.add_entries(self._others.entries(current, opened.pages.context.navigator.open_vault))
        self.window.commands.add_entries([*self._diagnosing.entries(), *self._newer.entries()])
        opened.pages.context.navigator.newer_version_asked.connect(self._newer.look)
        self._newer.look_once()
        self._close_door()
        if self._first_run is not None:
            self._first_run.deleteLater()
            self._first_run = None
        self._set_locked(on=False)
        if self._entrance.answer is not None:
            from aether_desktop.ui.shell.answering import answer_invitation  # noqa: PLC0415

            answer, self._entrance.answer = self._entrance.answer, None
            answer_invitation(opened.pages.context, *answer)
        self._tell_what_was()
        self.opened.emit()

    def _tell_what_was(self) -> None:
        """What the lock before lost, and that everything is new now."""
        lost, done = self._lost, self._done
        self._lost = self._done = ""
        if self._messages is not None and lost:
            self._messages.warn(f"{done} {lost}".strip())
        elif self._messages is not None and done:
            self._messages.done(done)

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

    def _on_settings_problem(self, problem: str) -> None:
        from aether_desktop.ui.widgets.message_bar import MessageLevel  # noqa: PLC0415

        self.window.messages.show_message(MessageLevel.WARNING, problem)

    def _show_first_run(self) -> None:
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.ui.shell.first_run import FirstRunPage  # noqa: PLC0415

        page = FirstRunPage(
            self._theme,
            proposed_vault=composition.default_vault(self._options.data_dir),
            recent=self._others.recent(),
        )
        entrance, target = self._entrance, composition.Target
        page.create_chosen.connect(
            lambda path, word: self._choose("Creating the vault…", lambda: entrance.create(path, word), made=True)
        )
        page.open_chosen.connect(
            lambda path: self._choose("Opening the vault…", lambda: entrance.enter(target(vault=Path(path))))
        )
        page.connect_chosen.connect(
            lambda url: self._choose("Connecting…", lambda: entrance.enter(target(database_url=url)))
        )
        page.invited_chosen.connect(
            lambda path, secret: self._choose("Reading the invitation…", lambda: entrance.join(path, secret))
        )
        page.sample_chosen.connect(lambda: self._choose("Opening the sample…", entrance.open_sample))
        page.diagnostics_asked.connect(self._diagnosing.show)
        self._first_run = page
        self.window.status.set_connection("")
        self.window.show_alone(page)
        self._jobs.read(lambda _token, _progress: self._entrance.prepare(), repeatable=False)

    def _choose(self, doing: str, act: Callable[[], Entry], *, made: bool = False) -> None:
        if self._first_run is not None:
            self._first_run.set_busy(doing)
        self._run(act, made=made)

    def _on_files_dropped(self, paths: list[Path]) -> None:
        """A vault is opened in the place of what is open; other files are imported into that."""
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.ui.widgets.message_bar import MessageLevel  # noqa: PLC0415

        vault = vault_among(paths)
        if self._open is not None and self._open.ready and not self._locked:
            navigator = self._open.pages.context.navigator
            navigator.import_files(paths) if vault is None else navigator.open_vault(vault)
        elif vault is None:
            told = "Files are imported into an open vault: open one first, then let them go here again."
            self.window.messages.show_message(MessageLevel.INFO, told)
        elif self._door is not None or self._first_run is not None:
            if self._door is not None:
                self._on_other_asked()
            target = composition.Target(vault=vault)
            self._choose("Opening the vault…", lambda: self._entrance.enter(target))

    def _on_other_asked(self) -> None:
        self._lost = ""
        self._close_door()
        self._set_locked(on=False)
        self._show_first_run()

    def _close_door(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None

    # ------------------------------------------------------------------------------------------------------- locking
    def _on_vault_lock_asked(self, known: bool) -> None:
        """``known``: the person was told what is lost with it."""
        if self._entrance.target is not None:
            self._leave_for(self._entrance.target, title="Locking…", known=known)

    def _on_other_vault_asked(self, path: Path) -> None:
        from aether_desktop import composition  # noqa: PLC0415

        self._leave_for(composition.Target(vault=path), title="Opening another vault…")

    def _on_renewed(self, everything: bool) -> None:
        """There are new keys: close, encrypt the file anew, open again; a new recovery kit after ``everything``."""
        if self._entrance.target is not None:
            self._leave_for(self._entrance.target, title="New keys", renewed=True, made=everything)

    def _leave_for(
        self, target: Target, *, title: str, known: bool = False, renewed: bool = False, made: bool = False
    ) -> None:
        """Hide at once, wipe the keys, then close what is open; what opens ``target`` is asked for after that.

        ``renewed``: it is opened again with the keys that are open, which are new; ``made`` as in ``_on_opened``.
        """
        from aether_desktop.ui.widgets.alone_page import AlonePage  # noqa: PLC0415
        from aether_desktop.ui.widgets.labels import text_label  # noqa: PLC0415

        opened, self._open = self._open, None
        if opened is None:
            return
        self._leaving = opened  # until it is closed, or the program is, which may come before the worker's turn
        waiting = AlonePage(self._theme, object_name="", icon="lock", title=title)
        waiting.show_busy("Ending jobs and closing the vault…")
        if renewed:
            waiting.body.addWidget(text_label(self._theme, _MEANWHILE, kind="dim", wrap=True))
        self.window.setWindowTitle("Aether")
        self.window.status.set_connection("Locked", tone="warn", icon="lock")
        self.window.status.set_rows("")
        self.window.show_alone(waiting)
        self.window.messages.clear()
        opened.leave(keep_keys=renewed)
        self.watch.leaving()
        self._set_locked(on=True)
        same = target == self._entrance.target

        def work(token: CancelToken, progress: Progress) -> tuple[Entry, AetherError | None]:
            self.watch.leave(opened.services)
            if renewed:
                try:
                    return self._entrance.renew(opened.finish, token, progress), None
                except AetherError as error:
                    return self._entrance.enter(target), error
            opened.finish()
            return self._entrance.enter(target), None

        def closed(entered: tuple[Entry, AetherError | None]) -> None:
            entry, error = entered
            self._leaving = None
            self.window.clear_sections()
            waiting.deleteLater()
            self._lost = opened.lost(known=known) if same else ""
            opened.forget()
            self._done = "" if not renewed or error is not None else _RENEWED if made else _FIRST_SET
            self._on_entered(entry, made=made and error is None)
            if error is not None and self._door is not None:
                self._door.say_not_renewed(error)

        job = self._jobs.write(work, repeatable=False)
        job.on_progress(waiting.show_progress).on_success(closed).on_failure(self._on_failed)

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

    def _on_node_asked(self, node_id: int) -> None:
        if self._vault is not None:
            self._vault.context.navigator.open_section(f"temple_nodes/{node_id}")

    def _on_tray_lock_asked(self) -> None:
        if self._open is not None and self._open.locker is not None:
            self._open.locker.lock_vault()

    def _tell_locker(self, what: str) -> None:
        locker = None if self._open is None else self._open.locker
        if locker is not None:
            locker.on_sleep() if what == "sleep" else locker.on_session_locked()


def _theme_mode(settings: SettingsFile) -> ThemeMode:
    kept = settings.get("theme")
    return ThemeMode(kept) if isinstance(kept, str) and kept in {mode.value for mode in ThemeMode} else ThemeMode.SYSTEM


def _quietly(finish: Callable[[], None]) -> None:
    with suppress(AetherError):  # a server that went away keeps no window open
        finish()


def _said(error: BaseException) -> str:
    if isinstance(error, AetherError):
        return str(error)
    return f"Something in the program went wrong ({type(error).__name__}); nothing was changed."
