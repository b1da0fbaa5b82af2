"""Everything gets new keys, because the password or the device may be in other hands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button
from aether_desktop.ui.widgets.factor_form import NewFactorForm
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.secret_field import SecretField
from aether_desktop.ui.widgets.wait_line import WaitLine, refusal_text

_WHAT = (
    "The vault gets a new password, new keys and a new key in the keyring. The old password, recovery kit and key "
    "files open nothing any more."
)
_THEN = (
    "Once begun this cannot be cancelled. The vault closes, the whole file is encrypted anew, with progress, and it "
    "opens again; if that is interrupted it goes on when the vault is opened next, with the new password. Work that "
    "runs is stopped, and forms that are not stored are lost. A new recovery kit is the next step."
)
_THEN_SHARED = (
    "Once begun this cannot be cancelled. The database closes and opens again. Work that runs is stopped, and forms "
    "that are not stored are lost. A new recovery kit is the next step."
)
_LIMIT = (
    "Copies that somebody took before, with the key of that time, still open with the old password. If they may have "
    "read wallet secrets, move the funds to new wallets."
)
_FORGETS = (
    "The keyring forgets the former key once the new one is proven. Back-ups and copies made before then open here "
    "with the recovery kit of that time alone: make a new back-up afterwards."
)
_KEEP = "Keep the former key, for back-ups made before"


class CompromisedPage(AlonePage):
    """``chosen(current, factors)``: the present password and a new Factor for each level there is; whoever listens
    sees to it that all are wiped. GUI thread only."""

    chosen = Signal(object, object)
    put_off = Signal()
    key_file_wanted = Signal(object, object)
    """(path, level): make that key file, then call ``use_key_file``."""

    def __init__(
        self,
        theme: Theme,
        *,
        levels: Sequence[Court],
        known: tuple[str, ...],
        shared: bool = False,
        forgets: bool = False,
    ) -> None:
        """``shared``: the keys are a person's of a database. ``forgets``: the former device key goes, unless kept."""
        super().__init__(theme, object_name=names.COMPROMISED_PAGE, icon="warning", title="New keys for everything")
        self.said.setObjectName(names.COMPROMISED_ERROR)
        for text in (_WHAT, _THEN_SHARED if shared else _THEN, *([_FORGETS] if forgets and not shared else [])):
            self.body.addWidget(text_label(theme, text, wrap=True))
        self._keep = QCheckBox(_KEEP)
        self._keep.setObjectName(names.COMPROMISED_KEEP)
        self._keep.setVisible(forgets and not shared)
        self.body.addWidget(self._keep)
        self.body.addWidget(text_label(theme, _LIMIT, kind="warn", wrap=True))
        self.current = SecretField(theme, "Present password", object_name=names.COMPROMISED_CURRENT)
        self.new = NewPasswordForm(theme, object_name=names.COMPROMISED_NEW, label="New password", known=known)
        self.body.addWidget(self.current)
        self.body.addWidget(self.new)
        self.levels: dict[Court, NewFactorForm] = {}
        for level in levels:
            form = NewFactorForm(
                theme,
                object_name=f"{names.COMPROMISED_NEW}_{int(level)}",
                label=f"New passphrase of level {int(level)}",
            )
            form.key_file_wanted.connect(partial(self._on_key_file_wanted, level))
            self.levels[level] = form
            self.body.addWidget(form)
        self.wait = WaitLine(theme, object_name=f"{names.COMPROMISED_PAGE}_wait")
        self.body.addWidget(self.wait)
        self.start = primary_button(theme, "Change everything", object_name=names.COMPROMISED_START)
        self.cancel = plain_button(theme, "Cancel", object_name=names.COMPROMISED_CANCEL)
        self.body.addLayout(button_row(self.start, self.cancel, spacing=Space.M))
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self._on_cancel)
        self.wait.changed.connect(lambda: self.start.setEnabled(not self.wait.waiting))

    @property
    def keeps_device_key(self) -> bool:
        """Whether the former device key is to stay in the keyring."""
        return self._keep.isChecked()

    def use_key_file(self, path: Path, level: Court) -> None:
        """A key file was made for the level."""
        self.levels[level].use_key_file(path)

    def set_busy(self, text: str) -> None:
        """Say what is being done and hold the form; an empty text lets it go."""
        self.show_busy(text)
        for widget in (self._keep, self.current, self.new, *self.levels.values(), self.start, self.cancel):
            widget.setEnabled(not text)

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong; everything is typed again."""
        wait = error.wait if isinstance(error, WrongFactorError) else 0.0
        self.set_busy("")
        self.say(refusal_text(error, wait=wait), wrong=True)
        self.wait.start(wait)
        self.current.editor.setFocus()

    def forget(self) -> None:
        """Empty all fields."""
        self.current.forget()
        self.new.forget()
        for form in self.levels.values():
            form.forget()

    def _on_start(self) -> None:
        if not self.current.filled:
            self.current.set_error("Type the present password.")
            self.current.editor.setFocus()
            return
        factors: dict[Court, Factor] = {}
        forms: dict[Court, NewPasswordForm | NewFactorForm] = {Court.OUTER: self.new, **self.levels}
        for level, form in forms.items():
            factor = form.take()
            if factor is None:
                break
            factors[level] = factor
        current = self.current.take_factor() if len(factors) == len(forms) else None
        if current is None:
            for factor in factors.values():
                factor.wipe()
            if factors:
                self.say("Nothing was changed. Fill in all fields again.", wrong=True)
            return
        self.say("")
        self.chosen.emit(current, factors)

    def _on_key_file_wanted(self, level: Court, path: Path) -> None:
        self.key_file_wanted.emit(path, level)

    def _on_cancel(self) -> None:
        self.forget()
        self.put_off.emit()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.current.editor.setFocus()
