"""Fields for passwords: hidden, shown on demand, emptied when read; a hint when caps lock seems to be on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.form_field import FormField

_MOST = 512  # characters
_HINTS = (
    Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)
_CAPS = "Caps lock seems to be on."


class SecretEdit(QLineEdit):
    """No menu, no undo of what was emptied. Python's strings cannot be wiped: what was typed is read once."""

    caps_lock_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._caps = False
        self.setMaxLength(_MOST)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(_HINTS)
        self.setDragEnabled(False)

    def _tell_caps(self, on: bool) -> None:
        if on != self._caps:
            self._caps = on
            self.caps_lock_changed.emit(on)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_CapsLock:
            self._tell_caps(False)  # pressed again: the next letter tells
        letter = event.text()
        if len(letter) == 1 and letter.isalpha() and letter.lower() != letter.upper():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._tell_caps(letter.isupper() != shift)
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._tell_caps(False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()


class SecretField(FormField[SecretEdit]):
    """A password field with its eye. ``take`` reads it and empties it. GUI thread only."""

    def __init__(self, theme: Theme, label: str, *, hint: str = "", object_name: str) -> None:
        self._eye = IconButton(theme, "eye", f"Show: {label}", object_name=f"{object_name}_show")
        super().__init__(theme, label, SecretEdit(), hint=hint, object_name=object_name, trailing=self._eye)
        self._label, self._plain_hint = label, hint
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._on_shown)
        self.editor.caps_lock_changed.connect(self._on_caps_lock)
        self.editor.textEdited.connect(lambda _text: self.set_error(""))

    @property
    def filled(self) -> bool:
        """Whether anything was typed."""
        return bool(self.editor.text())

    def take(self) -> bytearray:
        """What was typed, in UTF-8, for the caller to wipe; the field is empty and hidden afterwards."""
        typed = bytearray(self.editor.text().encode("utf-8", "surrogatepass"))
        self.forget()
        return typed

    def take_factor(self) -> Factor | None:
        """What was typed as a Factor, the field empty afterwards; None with the reason under the field."""
        typed = self.take()
        try:
            return Factor.passphrase(typed)
        except InvalidInputError as error:
            self.set_error(error.message)
            return None
        finally:
            typed[:] = bytes(len(typed))

    def forget(self) -> None:
        """Empty the field, and what undo would bring back."""
        self.editor.setText("")
        self._eye.setChecked(False)

    def _on_shown(self, shown: bool) -> None:
        self.editor.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self._eye.set_drawing("eye_off" if shown else "eye")
        self._eye.set_name(f"{'Hide' if shown else 'Show'}: {self._label}")

    def _on_caps_lock(self, on: bool) -> None:
        self.set_hint(_CAPS if on else self._plain_hint)

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._eye.setChecked(False)
