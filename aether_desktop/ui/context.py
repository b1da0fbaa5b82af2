"""What every view is handed: services, jobs, theme, settings and the one place for messages. No globals."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from PySide6.QtCore import QMetaMethod, QObject, Signal

from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.jobs.lanes import Work
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AetherError, OperationCancelled
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.jobs import JobHandle, JobRunner, hears
from aether_desktop.ui.permissions import Permissions
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.watching import BoardWatch
from aether_desktop.ui.widgets.message_bar import MessageLevel

ResultT = TypeVar("ResultT")


class Messages(QObject):
    """Everything the window tells the person passes here, so that tests can assert what was said. GUI thread only."""

    shown = Signal(object, str, object)
    """(MessageLevel, text, details or None)"""

    def info(self, text: str) -> None:
        self.shown.emit(MessageLevel.INFO, text, None)

    def done(self, text: str) -> None:
        self.shown.emit(MessageLevel.INFO, text, None)

    def warn(self, text: str, details: str = "") -> None:
        self.shown.emit(MessageLevel.WARNING, text, details or None)

    def report(self, error: BaseException) -> None:
        """Say what happened and what to do. A stop on request is silent; a bug of ours is called one."""
        if isinstance(error, OperationCancelled):
            return
        if isinstance(error, AetherError):
            self.shown.emit(MessageLevel.ERROR, str(error), error.details or None)
            return
        details = "".join(traceback.format_exception(error))
        self.shown.emit(
            MessageLevel.ERROR,
            "Something in the program went wrong; nothing was stored. Copy the details into a report to us.",
            details,
        )


@runtime_checkable
class LivePage(Protocol):
    """A page that shows stored rows and wants to know of changes."""

    def apply_changes(self, changes: ChangeSet) -> None:
        """Refresh if it is touched. GUI thread; must return at once."""
        ...


class Navigator(QObject):
    """How one page sends the person to another."""

    rows_asked = Signal(object)
    section_asked = Signal(str)
    import_asked = Signal(object)
    files_asked = Signal(object)
    """(list of Path) Import these files."""
    vault_asked = Signal(object)
    """(Path) Close what is open and open this vault in its place."""
    kit_asked = Signal()
    """Make a recovery kit."""
    first_password_asked = Signal()
    kit_password_asked = Signal()
    """A password for this device, after the kit opened the vault."""
    compromised_asked = Signal()
    vault_lock_asked = Signal()
    level_locked = Signal(int)
    """This level and those above were locked again: nothing that they opened is shown any more."""
    locks_changed = Signal()
    """Idle time and the like were chosen anew, or what opens the vault is another than before."""
    newer_version_asked = Signal()
    """Look into the release file that the settings name, and say what it says."""
    look_changed = Signal()
    """Zone, fiat currency or row height were chosen anew: what shows them shows them again."""

    def open_rows(self, query: TableQuery) -> None:
        """Show these rows in their table's view."""
        self.rows_asked.emit(query)

    def open_section(self, key: str) -> None:
        self.section_asked.emit(key)

    def open_import(self, wallet_id: int | None = None) -> None:
        """Open the import wizard, with a wallet already chosen."""
        self.import_asked.emit(wallet_id)

    def import_files(self, paths: Sequence[Path]) -> None:
        """Open the import wizard with these files in it."""
        self.files_asked.emit(list(paths))

    @property
    def opens_vaults(self) -> bool:
        """Whether this window can change to another vault."""
        return self.isSignalConnected(QMetaMethod.fromSignal(self.vault_asked))

    def open_vault(self, path: Path) -> None:
        """Open another vault in this window, in the place of this one."""
        self.vault_asked.emit(path)


SECTION_OF_TABLE: dict[TableName, str] = {name: name.value for name in TableName} | {TableName.USERS: "people"}


@dataclass(frozen=True, slots=True)
class UiContext:
    """One window's surroundings."""

    services: ServiceSet
    jobs: JobRunner
    theme: Theme
    settings: Settings
    messages: Messages
    navigator: Navigator
    permissions: Permissions = field(default_factory=Permissions)
    board: BoardWatch = field(default_factory=BoardWatch)
    """What the monitor says; nothing where there is none."""
    session_problem: Callable[[], str] = lambda: ""
    """Why locks and sleep of the desktop are not heard, empty when they are; for a worker thread."""

    def allowed(self, verb: Verb, table: TableName | str, *, owner_id: int | None = None) -> bool:
        """Whether the person's role lets it be tried; says which rule refuses it and who may, where it does not."""
        why = self.permissions.why_not(verb, table, owner_id=owner_id)
        if why:
            self.messages.warn(why)
        return not why

    def write(self, work: Callable[[], object], *, then: Callable[[], None] | None = None, said: str = "") -> None:
        """Run a short write on the write lane; failures reach the message bar, success says ``said``."""

        def on_success(_result: object) -> None:
            if said:
                self.messages.done(said)
            if then is not None and hears(then):
                then()

        self.jobs.write(lambda _token, _progress: work()).on_success(on_success).on_failure(self.messages.report)

    def with_level(self, level: Court, why: str, work: Work[ResultT], *, title: str = "") -> JobHandle[ResultT]:
        """Run work on the write lane while a level is open; level 3 locks again when it ends.

        A locked level is asked for in the window, which says ``why`` ("To show the seed of Treasury"), and then the
        work goes on. Where that is cancelled the job is cancelled, and nothing happened.
        """
        access = self.services.access

        def guarded(token: CancelToken, progress: Progress) -> ResultT:
            if access is None:
                return work(token, progress)
            try:
                access.require(level)
            except LevelLockedError as locked:
                raise LevelLockedError(locked.level, why) from locked
            with access.operation(level):
                return work(token, progress)

        return self.jobs.write(guarded, title=title)

    def act(
        self,
        level: Court,
        why: str,
        work: Work[object],
        *,
        said: str,
        then: Callable[[], None],
        title: str = "",
        leaves: str = "",
    ) -> None:
        """Run work as ``with_level`` does; success says ``said``. However it ends, ``then`` looks at what is so now.

        ``leaves``: what is so when the vault is locked in the middle.
        """

        def on_success(_result: object) -> None:
            self.messages.done(said)
            look()

        def on_failure(error: BaseException) -> None:
            self.messages.report(error)
            look()

        def look() -> None:
            if hears(then):
                then()

        job = self.with_level(level, why, work, title=title).when_stopped(leaves)
        job.on_success(on_success).on_failure(on_failure).on_cancelled(look)

    def require_level(self, level: Court, why: str) -> JobHandle[None]:
        """See to it that a level is open, and leave it open: the window asks for it, saying ``why``."""
        access = self.services.access

        def required(_token: CancelToken, _progress: Progress) -> None:
            try:
                if access is not None:
                    access.require(level)
            except LevelLockedError as locked:
                raise LevelLockedError(locked.level, why) from locked

        return self.jobs.read(required)

    def undo(self) -> None:
        """Take back the latest step, and say which."""

        def on_success(text: str) -> None:
            self.messages.info(f"Undone: {text}." if text else "There is nothing to undo.")

        job = self.jobs.write(lambda _token, _progress: self.services.undo.undo())
        job.on_success(on_success).on_failure(self.messages.report)

    def redo(self) -> None:
        """Do the latest undone step again, and say which."""

        def on_success(text: str) -> None:
            self.messages.info(f"Done again: {text}." if text else "There is nothing to redo.")

        job = self.jobs.write(lambda _token, _progress: self.services.undo.redo())
        job.on_success(on_success).on_failure(self.messages.report)
