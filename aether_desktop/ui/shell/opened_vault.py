"""Everything of one open vault in the window: its workers, pages, levels and locks; made when it opens, gone when it
is locked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import utc_now
from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.errors import AetherError
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.vault_access import AccessState
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.background_sealing import BackgroundSealing
from aether_desktop.ui.shell.close_question import CloseGuard, Leaving
from aether_desktop.ui.shell.command_palette import PaletteEntry
from aether_desktop.ui.shell.keyboard import LOCK_SCREEN_KEY, LOCK_VAULT_KEY
from aether_desktop.ui.shell.ledger_upkeep import LedgerUpkeep
from aether_desktop.ui.shell.locking import Locker
from aether_desktop.ui.shell.losses import Losses
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.open_vault import OpenVault
from aether_desktop.ui.shell.page_builder import PageBuilder
from aether_desktop.ui.shell.safety_pages import SafetyPages
from aether_desktop.ui.shell.search_upkeep import SearchUpkeep
from aether_desktop.ui.shell.sections import DraftingPage
from aether_desktop.ui.shell.step_up import StepUp
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.watching import BoardWatch
from aether_desktop.ui.widgets.labels import breakable

_NAME_LENGTH = 60  # of a file's name in a question


class OpenedVault(QObject):
    """``begin`` shows it; ``leave`` (GUI thread) then ``finish`` (a worker, or the GUI thread at the end) close it.

    ``locker`` is None where there is nothing to lock: the sample, a shared database without keys here.
    """

    vault_lock_asked = Signal(bool)
    """Whether the person was told what is lost with it."""
    renewed = Signal(bool)
    """There are new keys: close it and open it again with them. Whether they are new since "compromised"."""
    other_asked = Signal(object)
    """(Path) Close it and open this vault in its place; what is lost with it was asked for."""
    screen_lock_changed = Signal(bool)
    built = Signal()
    """All pages are made."""

    def __init__(
        self,
        window: MainWindow,
        services: ServiceSet,
        *,
        theme: Theme,
        messages: Messages,
        jobs: JobRunner,
        session_problem: Callable[[], str],
        board: BoardWatch | None = None,
    ) -> None:
        """``jobs`` outlives the vault and is used while its own workers rest."""
        super().__init__(window)
        self.services = services
        self._window, self._theme, self._messages = window, theme, messages
        self._jobs = JobRunner(Lanes(), self)
        self._jobs.job_started.connect(window.activity.job_started)
        self._jobs.job_changed.connect(window.activity.job_changed)
        self._jobs.job_ended.connect(window.activity.job_ended)
        self._jobs.failed_unheard.connect(lambda _handle, error: messages.report(error))
        self.step_up: StepUp | None = None
        self.locker: Locker | None = None
        self.safety: SafetyPages | None = None
        self.pages = OpenVault(
            window,
            services,
            jobs=self._jobs,
            theme=theme,
            messages=messages,
            session_problem=session_problem,
            board=board,
        )
        self._sealing = BackgroundSealing(services.plain_values, self._jobs, messages, self)
        self._lasting_jobs = jobs
        self._drafts: tuple[str, ...] = ()
        self.ready = False
        self._builder = PageBuilder(window.page, window.section_keys, self, busy=lambda: window.going)
        self._builder.finished.connect(self.built)
        self._builder.finished.connect(self._sealing.run)
        self._builder.finished.connect(self._record_login)
        self._closing = CloseGuard(window, theme, self._losses, self)
        self.pages.context.navigator.vault_asked.connect(self._on_vault_asked)
        self._upkeep = LedgerUpkeep(services.ledger, services.storage.changes, self._jobs, messages, self)
        self._builder.finished.connect(self._upkeep.begin)
        changes = services.storage.changes
        self._indexing = SearchUpkeep(services.search_upkeep, changes, self._jobs, messages, self)
        self._builder.finished.connect(self._indexing.begin)
        window.commands.add_entries(
            [
                PaletteEntry("Recount the ledger", self._upkeep.recount, icon="scale"),
                PaletteEntry("Check the index for search", self._indexing.check, icon="search"),
            ]
        )

    def begin(self, *, made: bool) -> None:
        """In a turn of its own, after the first page. ``made``: the vault is new, its recovery kit the next step."""
        self.ready = True
        access = self.services.access
        if access is not None:
            self._guard(self._lasting_jobs)
        if self.safety is None or access is None:
            return
        if access.opened_by_kit:
            self.safety.ask_password_after_kit()
        elif made:
            self.safety.make_kit()

    def _record_login(self) -> None:
        """When the person last opened this vault. What cannot be written now says so elsewhere, or the next time."""
        info, users = self.services.info, self.services.storage.users
        if info.engine == "sqlite" and not info.encrypted:
            return  # the sample

        def record() -> None:
            with suppress(AetherError):
                users.record_login(info.user_id, utc_now())

        self._jobs.write(lambda _token, _progress: record(), repeatable=False)

    def leave(self, *, keep_keys: bool = False) -> None:
        """Wipe the keys, stop what runs, tell nobody any more; the pages are still there.

        ``keep_keys``: whoever opens it again at once needs them.
        """
        self._drafts = tuple(self._unsaved())
        if self.services.access is not None and not keep_keys:
            self.services.access.lock()
        self._builder.stop()
        self._upkeep.close()
        self._indexing.close()
        self._closing.stop()
        self._jobs.stop()
        self._window.activity.clear()
        self.pages.close()
        if self.step_up is not None:
            self.step_up.leave()
        for part in (self.safety, self.locker):
            if part is not None:
                part.close()
        self.step_up = self.safety = self.locker = None

    def finish(self) -> None:
        """Wait for the workers and close the vault."""
        self._jobs.join()
        self.services.close()

    def forget(self) -> None:
        """After ``finish``, on the GUI thread: nothing of it stays behind in the window, and nothing listens."""
        self.pages.deleteLater()
        self.deleteLater()

    def lost(self, *, known: bool) -> str:
        """After ``finish``: what the lock stopped and, unless it is ``known``, what was typed and is gone; or empty."""
        told = (
            [] if known or not self._drafts else [f"Not stored when the vault was locked: {', '.join(self._drafts)}."]
        )
        return " ".join([*told, *self._jobs.cut_short()])

    def _unsaved(self) -> list[str]:
        pages = self._window.made_pages
        return [draft for page in pages if isinstance(page, DraftingPage) for draft in page.drafts()]

    def _on_vault_asked(self, path: Path) -> None:
        name = breakable(plain_line(path.name, _NAME_LENGTH))
        leaving = Leaving(f"Open {name} in place of this vault?", "the change", "open it")
        self._closing.before(leaving, lambda: self.other_asked.emit(path))

    def _losses(self) -> Losses:
        return Losses(self._unsaved(), [job.title for job in self._jobs.live if job.leaves])

    def _guard(self, jobs: JobRunner) -> None:
        access, window, theme, messages = self.services.access, self._window, self._theme, self._messages
        if access is None:
            return
        self.step_up = StepUp(theme, ground=window.ground, jobs=self._jobs, access=access, messages=messages)
        self._jobs.refusal = self.step_up.take
        self.step_up.level_changed.connect(self._sealing.run)
        self.locker = locker = Locker(
            window,
            theme,
            access=access,
            step_up=self.step_up,
            jobs=jobs,
            messages=messages,
            settings=self.services.settings,
            losses=self._losses,
        )
        self.safety = SafetyPages(
            window,
            theme,
            jobs=self._jobs,
            access=access,
            messages=messages,
            vault_name=self.services.info.vault_name,
            shared=self.services.info.engine == "postgresql",
        )
        self._jobs.job_ended.connect(lambda _job: locker.refresh())
        locker.vault_lock_asked.connect(self.vault_lock_asked)
        locker.screen_locked.connect(lambda: self.screen_lock_changed.emit(True))
        locker.screen_unlocked.connect(lambda: self.screen_lock_changed.emit(False))
        navigator = self.pages.context.navigator
        navigator.kit_asked.connect(self.safety.make_kit)
        navigator.first_password_asked.connect(self.safety.ask_first_password)
        navigator.kit_password_asked.connect(self.safety.ask_password_after_kit)
        navigator.compromised_asked.connect(self.safety.ask_compromised)
        self.safety.renewed.connect(self.renewed)
        navigator.vault_lock_asked.connect(locker.lock_vault)
        navigator.locks_changed.connect(locker.apply_settings)
        locker.level_locked.connect(navigator.level_locked)
        self.safety.changed.connect(navigator.locks_changed)
        window.commands.add_entries(self._commands(locker, self.safety, old=access.state is AccessState.OLD))

    @staticmethod
    def _commands(locker: Locker, safety: SafetyPages, *, old: bool) -> list[PaletteEntry]:
        if old:
            return [PaletteEntry("Set a password", safety.ask_first_password, icon="key")]
        return [
            PaletteEntry("Lock the screen", locker.lock_screen, icon="lock", keys=LOCK_SCREEN_KEY),
            PaletteEntry("Lock the vault", locker.lock_vault, icon="lock", keys=LOCK_VAULT_KEY),
            PaletteEntry("Make a recovery kit", safety.make_kit, icon="key"),
        ]
