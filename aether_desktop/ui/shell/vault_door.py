"""A closed vault in the window: asks for what opens it, opens it on a worker, and hands the services over."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import DeviceKeyReport, Factor
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.vault_access import AccessState
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell.closed_vault import ClosedVault
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.set_password_page import WHY_FIRST, SetPasswordPage
from aether_desktop.ui.shell.unlock_page import LockKind, UnlockPage
from aether_desktop.ui.theme.theme import Theme


class VaultDoor(QObject):
    """Stands while the vault is closed; ``opened`` carries the services. GUI thread only."""

    opened = Signal(object)
    failed = Signal(object)
    other_asked = Signal()

    def __init__(self, window: MainWindow, theme: Theme, *, jobs: JobRunner, vault: ClosedVault) -> None:
        super().__init__(window)
        self._window, self._jobs, self.vault = window, jobs, vault
        self._page = self._make_page(theme)

    def show(self) -> None:
        """Show the page in place of everything else."""
        self._window.show_alone(self._page)
        if isinstance(self._page, UnlockPage):
            self._look()

    def hold(self, doing: str) -> None:
        """Let the person wait while something else is done; an empty text lets go."""
        self._page.set_busy(doing)

    def say_not_renewed(self, error: BaseException) -> None:
        """There are new keys, but the vault could not be encrypted and opened with them at once."""
        self._page.show_error(error)
        self._page.say(
            f"The keys are new, but the vault is not encrypted anew yet: {error} Opening it with the new password goes"
            " on with it.",
            wrong=True,
        )

    def close(self) -> None:
        """The vault is open, or another one was chosen."""
        self._page.deleteLater()
        self.deleteLater()

    def _make_page(self, theme: Theme) -> UnlockPage | SetPasswordPage:
        if self.vault.state is AccessState.OLD:
            title = f"A password for {self.vault.name}"
            asking = SetPasswordPage(theme, title=title, why=self.vault.why or WHY_FIRST, known=(self.vault.name,))
            asking.later.setVisible(not self.vault.why)
            asking.chosen.connect(self._on_first_password)
            asking.put_off.connect(self._on_put_off)
            return asking
        page = UnlockPage(theme, kind=LockKind.VAULT, vault_name=self.vault.name)
        page.unlock_asked.connect(self._on_unlock_asked)
        page.other_asked.connect(self.other_asked)
        return page

    def _look(self) -> None:
        """How the keyring stands and how long the wait is: both may be slow, a locked keyring above all."""
        access = self.vault.access

        def look() -> tuple[DeviceKeyReport, float]:
            return access.device(), access.wait()

        job = self._jobs.read(lambda _token, _progress: look(), repeatable=False)
        job.on_success(self._on_looked).on_failure(self._on_unseen)

    def _on_looked(self, found: tuple[DeviceKeyReport, float]) -> None:
        report, wait = found
        if isinstance(self._page, UnlockPage):
            self._page.show_keyring(report)
            if wait > 0:
                self._page.wait.start(wait)

    def _on_unseen(self, error: BaseException) -> None:
        """Said, and not asked again: it would fail again."""
        if isinstance(self._page, UnlockPage):
            self._page.show_error(error)
        self.failed.emit(error)

    def _on_unlock_asked(self, factor: Factor) -> None:
        self._run("Unlocking…", lambda: self.vault.access.unlock(factor))

    def _on_first_password(self, factor: Factor) -> None:
        self._run("Setting the password…", lambda: self.vault.access.set_first_password(factor))

    def _on_put_off(self) -> None:
        self._run("Opening…", lambda: None)

    def _run(self, doing: str, first: Callable[[], None]) -> None:
        vault = self.vault

        def work(token: CancelToken, progress: Progress) -> ServiceSet:
            first()
            try:
                return vault.open_services(token, progress)
            except BaseException:
                vault.access.lock()
                raise

        self._page.set_busy(doing)
        job = self._jobs.write(work, repeatable=False)
        job.on_progress(self._page.show_progress).on_success(self.opened.emit).on_failure(self._on_failed)
        job.on_cancelled(self._on_stopped)
        self._page.set_stop(job.cancel)

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(self._page, UnlockPage):
            self._page.show_error(error, wait=error.wait if isinstance(error, WrongFactorError) else 0.0)
            if isinstance(error, WrongFactorError):
                return
            self._look()
        else:
            self._page.show_error(error)
        self.failed.emit(error)

    def _on_stopped(self) -> None:
        self._page.set_busy("")
        self._page.say("Stopped. It goes on when the vault is opened next.")
