"""A new password, typed twice, with a judgement in plain words while it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from aether_desktop.domain.password_strength import ADVICE, Estimate, Strength, estimate
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import PASSWORD_LEAST, Factor
from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.labels import set_kind, text_label
from aether_desktop.ui.widgets.secret_field import SecretField

_TONES = {Strength.TOO_EASY: "bad", Strength.WEAK: "warn", Strength.FAIR: "info"}


def strength_words(found: Estimate) -> str:
    """One line about a password that is being typed; an empty one gets advice."""
    return found.sentence or ADVICE


class NewPasswordForm(QWidget):
    """``take`` gives the factor and empties both fields, or says what is wrong. GUI thread only."""

    submitted = Signal()
    """Return was pressed in the second field."""

    def __init__(self, theme: Theme, *, object_name: str, label: str = "Password", known: Sequence[str] = ()) -> None:
        """``known``: words anybody would try first. Names: ``object_name``, with _repeat and _strength behind it."""
        super().__init__()
        self.known = known
        self.first = SecretField(theme, label, object_name=object_name)
        self._what = label[0].lower() + label[1:]
        again = f"{label}, once more"
        self.second = SecretField(theme, again, object_name=f"{object_name}_repeat")
        self._bar = QProgressBar()
        self._bar.setRange(0, int(max(Strength)))
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How well the password withstands guessing")
        self.strength = text_label(theme, ADVICE, size=FontSize.SMALL, kind="dim", wrap=True)
        self.strength.setObjectName(f"{object_name}_strength")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        for widget in (self.first, self._bar, self.strength, self.second):
            column.addWidget(widget)
        self.setFocusProxy(self.first.editor)
        self.first.editor.textChanged.connect(self._on_typed)
        self.first.editor.returnPressed.connect(self.second.editor.setFocus)
        self.second.editor.returnPressed.connect(self.submitted)
        self._on_typed("")

    def take(self) -> Factor | None:
        """The password; None with the reason under its field, and then nothing typed is lost."""
        typed, again = self.first.editor.text(), self.second.editor.text()
        self.first.set_error("")
        self.second.set_error("")
        if not typed:
            self.first.set_error(f"Type a {self._what}.")
        elif len(typed) < PASSWORD_LEAST:
            self.first.set_error(f"Use at least {PASSWORD_LEAST} characters.")
        elif estimate(typed, known=self.known).refused:
            self.first.set_error(f"This is too easy to guess. {ADVICE}")
        elif typed != again:
            self.second.set_error("The two are not the same." if again else f"Type the {self._what} once more.")
        else:
            return self._factor()
        (self.first if self.first.error else self.second).editor.setFocus()
        return None

    def forget(self) -> None:
        """Empty both fields."""
        self.first.forget()
        self.second.forget()

    def _factor(self) -> Factor | None:
        typed = self.first.editor.text()
        try:
            factor = Factor.passphrase(typed)
        except InvalidInputError as error:
            self.first.set_error(error.message)
            return None
        self.forget()
        return factor

    def _on_typed(self, text: str) -> None:
        found = estimate(text, known=self.known)
        self.strength.setText(strength_words(found))
        set_kind(self.strength, "warn" if text and found.warned_of else "dim")
        self._bar.setValue(int(found.strength))
        self._bar.setProperty("tone", _TONES.get(found.strength, "ok"))
        repolish(self._bar)
