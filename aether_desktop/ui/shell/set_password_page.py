"""The page that asks for a first password of an old vault, or for one of this device after the kit opened the vault."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent

from aether_desktop.ports.errors import AetherError
from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, link_button, primary_button
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.new_password import NewPasswordForm

WHY_FIRST = (
    "This vault was made before there were passwords: whoever can read your keyring can open it. With a password both "
    "are needed. The file is encrypted anew, which takes a moment; if that is interrupted it goes on at the next start."
)
WHY_FIRST_SHARED = (
    "Your keys for this database lie on this computer without a password: whoever can read your keyring can use them. "
    "With a password both are needed, and you can sign and seal. Nobody else learns it, not even the server."
)
WHY_AFTER_KIT = (
    "The recovery kit opened the vault. With a password for this device you need not type the words again; the words "
    "stay valid."
)


class SetPasswordPage(AlonePage):
    """Emits a new password, or that it is put off; the listener answers by ``show_error``. GUI thread only."""

    chosen = Signal(object)
    """A Factor; the listener sees to it that it is wiped."""
    put_off = Signal()

    def __init__(self, theme: Theme, *, title: str, why: str, known: Sequence[str] = ()) -> None:
        super().__init__(theme, object_name=names.SET_PASSWORD_PAGE, icon="key", title=title)
        self.said.setObjectName(names.SET_PASSWORD_ERROR)
        self.form = NewPasswordForm(theme, object_name=names.SET_PASSWORD, label="New password", known=known)
        self.start = primary_button(theme, "Set the password", object_name=names.SET_PASSWORD_START)
        self.later = link_button(theme, "Later", object_name=names.SET_PASSWORD_LATER)
        self.body.addWidget(text_label(theme, why, kind="dim", wrap=True))
        self.body.addWidget(self.form)
        self.body.addLayout(button_row(self.start, self.later, spacing=Space.M))
        self.start.clicked.connect(self._on_start)
        self.form.submitted.connect(self._on_start)
        self.later.clicked.connect(self._on_later)

    def set_busy(self, text: str) -> None:
        """Say what is being done and hold the form; an empty text lets it go."""
        self.show_busy(text)
        for widget in (self.form, self.start, self.later):
            widget.setEnabled(not text)

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong and what to do."""
        self.set_busy("")
        self.say(str(error) if isinstance(error, AetherError) else type(error).__name__, wrong=True)

    def _on_start(self) -> None:
        factor = self.form.take()
        if factor is not None:
            self.say("")
            self.chosen.emit(factor)

    def _on_later(self) -> None:
        self.form.forget()
        self.put_off.emit()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.form.setFocus()
