"""Pages over an open vault that stand alone for a moment: the recovery kit, a password after the kit opened it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.set_password_page import WHY_AFTER_KIT, WHY_FIRST, WHY_FIRST_SHARED, SetPasswordPage
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.wizards.compromised_page import CompromisedPage
from aether_desktop.ui.wizards.kit_wizard import KitWizard


class SafetyPages(QObject):
    """``changed`` when what opens the vault is another than before. GUI thread only."""

    changed = Signal()
    renewed = Signal(bool)
    """There are new keys: the vault must be closed and opened again. Whether since "compromised"."""

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        *,
        jobs: JobRunner,
        access: VaultAccess,
        messages: Messages,
        vault_name: str,
        shared: bool,
    ) -> None:
        """``shared``: the keys are a person's of a database, not those of a file."""
        super().__init__(window)
        self._shared, self._why_first = shared, WHY_FIRST_SHARED if shared else WHY_FIRST
        self._window, self._theme, self._jobs, self._access = window, theme, jobs, access
        self._messages, self._vault_name = messages, vault_name
        self._page: QWidget | None = None

    def make_kit(self) -> None:
        """Show the recovery kit wizard."""
        page = KitWizard(self._theme, jobs=self._jobs, access=self._access, vault_name=self._vault_name)
        page.finished.connect(partial(self._on_done, page, "The recovery kit is valid. An older one opens nothing."))
        page.put_off.connect(partial(self._on_done, page, ""))
        self._show(page)

    def ask_password_after_kit(self) -> None:
        """Ask for a password of this device."""
        title = "A new password for this device"
        page = SetPasswordPage(self._theme, title=title, why=WHY_AFTER_KIT, known=(self._vault_name,))
        page.chosen.connect(partial(self._on_password, page, first=False))
        page.put_off.connect(partial(self._on_done, page, ""))
        self._show(page)

    def ask_first_password(self) -> None:
        """Ask for the first password of a vault of the old kind; it is closed and opened with it then."""
        page = SetPasswordPage(
            self._theme, title=f"A password for {self._vault_name}", why=self._why_first, known=(self._vault_name,)
        )
        page.chosen.connect(partial(self._on_password, page, first=True))
        page.put_off.connect(partial(self._on_done, page, ""))
        self._show(page)

    def ask_compromised(self) -> None:
        """Ask for all that is needed to give everything new keys, once the levels there are were opened."""
        access = self._access
        job = self._jobs.read(lambda _token, _progress: _existing(access), repeatable=False)
        job.on_success(self._on_existing).on_failure(self._messages.report)

    def _on_existing(self, levels: tuple[Court, ...]) -> None:
        self._with_levels(levels, lambda: self._show_compromised(levels))

    def _with_levels(
        self, levels: tuple[Court, ...], then: Callable[[], None], *, otherwise: Callable[[], None] | None = None
    ) -> None:
        """Ask for what is locked of these levels, then go on."""
        access = self._access
        highest = max(levels)

        def required(_token: CancelToken, _progress: Progress) -> None:
            try:
                access.require(highest)
            except LevelLockedError as locked:
                raise LevelLockedError(locked.level, "New keys for everything need every level open.") from locked

        job = self._jobs.read(required)
        job.on_success(lambda _none: then()).on_failure(self._messages.report)
        if otherwise is not None:
            job.on_cancelled(otherwise).on_failure(lambda _error: otherwise())

    def _show_compromised(self, levels: tuple[Court, ...]) -> None:
        page = CompromisedPage(
            self._theme,
            levels=[each for each in levels if each is not Court.OUTER],
            known=(self._vault_name,),
            shared=self._shared,
            forgets=self._access.forgets_device_keys,
        )
        page.put_off.connect(partial(self._on_done, page, ""))
        page.chosen.connect(lambda current, factors: self._on_compromised(page, current, factors))
        page.key_file_wanted.connect(lambda path, level: self._make_key_file(page, path, level))
        self._show(page)

    def _on_compromised(self, page: CompromisedPage, current: Factor, factors: dict[Court, Factor]) -> None:
        access = self._access

        def change() -> None:
            kept = page.keeps_device_key
            job = self._jobs.read(
                lambda _token, _progress: access.compromised(current, factors, keep_device_key=kept), repeatable=False
            )
            job.on_success(lambda _none: self._on_renewed(page, True)).on_failure(page.show_error)

        def give_up() -> None:
            for factor in (current, *factors.values()):
                factor.wipe()
            page.set_busy("")
            page.say("Nothing was changed.")

        page.set_busy("Making new keys…")
        self._with_levels(tuple(factors), change, otherwise=give_up)

    def _on_renewed(self, page: QWidget, everything: bool) -> None:
        if page is self._page:
            self.renewed.emit(everything)

    def _make_key_file(self, page: CompromisedPage, path: Path, level: Court) -> None:
        access = self._access
        job = self._jobs.read(lambda _token, _progress: access.make_key_file(path), repeatable=False)
        job.on_success(partial(self._on_key_file_made, page, path, level)).on_failure(page.show_error)

    def _on_key_file_made(self, page: CompromisedPage, path: Path, level: Court, _none: None) -> None:
        if page is self._page:  # it may have been left meanwhile
            page.use_key_file(path, level)

    def close(self) -> None:
        """The vault is closed."""
        if self._page is not None:
            self._page.deleteLater()
            self._page = None
        self.deleteLater()

    def _on_password(self, page: SetPasswordPage, factor: Factor, *, first: bool) -> None:
        access = self._access
        page.set_busy("Setting the password…")
        work = access.set_first_password if first else access.set_password_after_kit
        job = self._jobs.read(lambda _token, _progress: work(factor), repeatable=False)
        if first:
            job.on_success(lambda _none: self._on_renewed(page, False))
        else:
            job.on_success(lambda _none: self._on_done(page, "The password of this device is set."))
        job.on_failure(page.show_error)

    def _show(self, page: QWidget) -> None:
        if self._page is not None:
            self._page.deleteLater()
        self._page = page
        self._window.show_alone(page)

    def _on_done(self, page: QWidget, said: str) -> None:
        if page is not self._page:
            return
        self._page = None
        self._window.end_alone()
        page.deleteLater()
        self.changed.emit()
        if said:
            self._messages.done(said)


def _existing(access: VaultAccess) -> tuple[Court, ...]:
    return tuple(level.level for level in access.describe() if level.exists)
