"""Pages over an open vault that stand alone for a moment: the recovery kit, a password after the kit opened it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.set_password_page import WHY_AFTER_KIT, WHY_FIRST, SetPasswordPage
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.wizards.kit_wizard import KitWizard


class SafetyPages(QObject):
    """``changed`` when what opens the vault is another than before. GUI thread only."""

    changed = Signal()

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        *,
        jobs: JobRunner,
        access: VaultAccess,
        messages: Messages,
        vault_name: str,
    ) -> None:
        super().__init__(window)
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
        """Ask for the first password of a vault of the old kind, which stays open."""
        page = SetPasswordPage(
            self._theme, title=f"A password for {self._vault_name}", why=WHY_FIRST, known=(self._vault_name,)
        )
        page.chosen.connect(partial(self._on_password, page, first=True))
        page.put_off.connect(partial(self._on_done, page, ""))
        self._show(page)

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
        said = "The password is set. The file is encrypted anew when the vault is opened next." if first else ""
        job.on_success(lambda _none: self._on_done(page, said or "The password of this device is set."))
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
