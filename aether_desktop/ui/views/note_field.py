"""The note of a row: a text to type in; where it is sealed, masked until it is revealed, and hidden again by itself."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QPlainTextEdit

from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.form_field import FormField

SHOWN_MS: Final = 30_000
_HEIGHT: Final = 72
_SEALED: Final = "Sealed. Reveal it to read or change it."
_OPEN: Final = "Hidden again in 30 seconds, unless you change it. Saving seals it."


class NoteField(FormField[QPlainTextEdit]):
    """Holds a plain note, or a sealed one that only ``reveal`` shows. GUI thread only.

    A revealed note is forgotten after ``shown_ms``, with the next one, and when the field is hidden, as the screen lock
    does; one that is being changed stays until it is saved.
    """

    reveal_asked = Signal()

    def __init__(self, theme: Theme, *, object_name: str, shown_ms: int = SHOWN_MS) -> None:
        self.reveal_button = IconButton(
            theme, "eye", "Reveal Note", size=Size.ICON - 2, object_name=f"{object_name}_reveal"
        )
        super().__init__(theme, "Note", QPlainTextEdit(), object_name=object_name, trailing=self.reveal_button)
        self.reveal_button.setProperty("kind", "small")
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(_HEIGHT)
        self._sealed: Sealed | None = None
        self._revealed: str | None = None
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(shown_ms)
        self._due.timeout.connect(self._hide_unchanged)
        self.reveal_button.clicked.connect(self._on_clicked)
        self.show_note("")

    def show_note(self, note: str | Sealed) -> None:
        """Another note, or the same as it is now; a sealed one that is shown stays so."""
        if isinstance(note, Sealed) and note == self._sealed:
            return
        self._sealed = note if isinstance(note, Sealed) else None
        self.conceal()
        if not isinstance(note, Sealed):
            self.editor.setPlainText(note)

    def typed(self) -> str | Sealed:
        """What is to be stored: a sealed note itself, unless it was revealed and changed."""
        if self._sealed is not None and (self._revealed is None or not self._changed()):
            return self._sealed
        return self.editor.toPlainText()

    def reveal(self, text: str) -> None:
        """Show the sealed note until the time is up."""
        self._revealed = text
        self.editor.setPlainText(text)
        self._show_state()
        self._due.start()

    def conceal(self) -> None:
        """Forget what was revealed."""
        self._due.stop()
        self._revealed = None
        self.editor.clear()
        self._show_state()

    def _changed(self) -> bool:
        return self.editor.toPlainText() != self._revealed

    def _show_state(self) -> None:
        sealed, shown = self._sealed is not None, self._revealed is not None
        self.editor.setReadOnly(sealed and not shown)
        self.editor.setPlaceholderText(MASK if sealed and not shown else "")
        self.editor.setAccessibleName("Note, hidden" if sealed and not shown else "Note")
        self.reveal_button.setVisible(sealed)
        self.reveal_button.set_drawing("eye_off" if shown else "eye")
        self.reveal_button.set_name("Hide Note" if shown else "Reveal Note")
        self.set_hint("" if not sealed else _OPEN if shown else _SEALED)

    def _hide_unchanged(self) -> None:
        if self._revealed is not None and not self._changed():
            self.conceal()

    def _on_clicked(self) -> None:
        if self._revealed is None:
            self.reveal_asked.emit()
        else:
            self.conceal()

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._hide_unchanged()
