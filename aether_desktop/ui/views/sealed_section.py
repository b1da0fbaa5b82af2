"""Above the facts of a row: its sealed values, masked, each with Reveal and Copy; hidden again by themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed, SealedField
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TABLES, ColumnSpec
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import detail_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.secret_clipboard import KEPT_MS, SecretClipboard

SHOWN_MS: Final = 30_000
_LONGEST: Final = 20_000  # characters of one line


def sealed_columns(table: TableName) -> tuple[ColumnSpec, ...]:
    """The columns of a table whose values may be sealed."""
    return tuple(column for column in TABLES[table].columns if column.sealed is not None)


class SealedSection(QWidget):
    """Hidden for rows without a sealed value. Values are opened on the write lane, because opening is written down.

    GUI thread only. A value is forgotten after ``shown_ms``, with the next row, when its level is locked again, and
    when the pane is hidden, as the screen lock does.
    """

    def __init__(
        self, table: TableName, context: UiContext, *, shown_ms: int = SHOWN_MS, kept_ms: int = KEPT_MS
    ) -> None:
        super().__init__()
        self.setObjectName(detail_part_name(table, "sealed"))
        self._table, self._context = table, context
        self._row: Row | None = None
        self.clipboard = SecretClipboard(self, kept_ms=kept_ms)
        self.values: dict[str, _SealedValue] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        for spec in sealed_columns(table):
            value = _SealedValue(context.theme, table, spec, shown_ms=shown_ms)
            value.reveal_asked.connect(partial(self._open, spec, "reveal", value.reveal))
            value.copy_asked.connect(partial(self._open, spec, "copy", self._copy))
            self.values[spec.key] = value
            column.addWidget(value)
        context.navigator.level_locked.connect(self._on_level_locked)
        self.hide()

    def show_row(self, row: Row | None) -> None:
        """Mask the values of another row, or of another version of the same one."""
        if row is None or self._row is None or (row.id, row.version) != (self._row.id, self._row.version):
            self.forget()
        self._row = row
        any_sealed = False
        for key, value in self.values.items():
            sealed = row is not None and isinstance(row.values[TABLES[self._table].index(key)], Sealed)
            value.setVisible(sealed)
            any_sealed = any_sealed or sealed
        self.setVisible(any_sealed)

    def forget(self) -> None:
        """Mask everything."""
        for value in self.values.values():
            value.conceal()

    def close_values(self) -> None:
        """The vault is closed: nothing of it stays on the screen or the clipboard."""
        self.forget()
        self.clipboard.clear()

    def _open(self, spec: ColumnSpec, verb: str, use: Callable[[str], None]) -> None:
        row = self._row
        if row is None or spec.sealed is None:
            return
        services, table, field = self._context.services, self._table, spec.sealed
        job = self._context.with_level(
            field.court,
            f"To {verb} the {_noun(spec, field)}.",
            lambda _token, _progress: services.sealed.reveal(table, row.id, spec.key),
        )
        job.on_success(lambda text: self._on_opened(row, use, text)).on_failure(self._context.messages.report)

    def _on_opened(self, row: Row, use: Callable[[str], None], text: str) -> None:
        if self._row is not None and self._row.id == row.id and self.isVisible():
            use(text)

    def _on_level_locked(self, level: int) -> None:
        """What the level opened goes with it."""
        for spec in sealed_columns(self._table):
            if spec.sealed is not None and int(spec.sealed.court) >= level:
                self.values[spec.key].conceal()
                self.clipboard.clear()

    def _copy(self, text: str) -> None:
        self.clipboard.put(text)
        self._context.messages.info("Copied. The clipboard is emptied in 10 seconds if it still holds it.")

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        self.forget()
        super().hideEvent(event)


class _SealedValue(QWidget):
    """One value: title, mask or text, two buttons."""

    reveal_asked = Signal()
    copy_asked = Signal()

    def __init__(self, theme: Theme, table: TableName, spec: ColumnSpec, *, shown_ms: int) -> None:
        super().__init__()
        self._title = spec.title
        self.text = text_label(theme, wrap=True)
        self.text.setObjectName(detail_part_name(table, f"{spec.key}_text"))
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.reveal_button = IconButton(
            theme, "eye", "Reveal", size=Size.ICON - 2, object_name=detail_part_name(table, f"{spec.key}_reveal")
        )
        self.copy_button = IconButton(
            theme, "copy", "Copy", size=Size.ICON - 2, object_name=detail_part_name(table, f"{spec.key}_copy")
        )
        for button in (self.reveal_button, self.copy_button):
            button.setProperty("kind", "small")
        self.copy_button.set_name(f"Copy {spec.title} for 10 seconds")
        self._hint = text_label(theme, "Hidden again in 30 seconds.", kind="dim", wrap=True)
        self.revealed = False
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(shown_ms)
        self._due.timeout.connect(self.conceal)
        self.reveal_button.clicked.connect(self._on_clicked)
        self.copy_button.clicked.connect(self.copy_asked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.XS)
        grid.setVerticalSpacing(2)
        grid.addWidget(text_label(theme, spec.title, kind="dim"), 0, 0, 1, 3)
        grid.addWidget(self.text, 1, 0)
        grid.addWidget(self.reveal_button, 1, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.copy_button, 1, 2, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._hint, 2, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        self.conceal()

    def reveal(self, text: str) -> None:
        """Show it until the time is up."""
        lines = (breakable(plain_line(line, _LONGEST)) for line in text.splitlines() or [""])
        self._show("\n".join(lines), revealed=True)
        self._due.start()

    def conceal(self) -> None:
        """Forget it."""
        self._due.stop()
        self._show(MASK, revealed=False)

    def _show(self, text: str, *, revealed: bool) -> None:
        self.revealed = revealed
        self.text.setText(text)
        self.text.setAccessibleName(self._title if revealed else f"{self._title}, hidden")
        self._hint.setVisible(revealed)
        self.reveal_button.set_drawing("eye_off" if revealed else "eye")
        self.reveal_button.set_name(f"{'Hide' if revealed else 'Reveal'} {self._title}")

    def _on_clicked(self) -> None:
        if self.revealed:
            self.conceal()
        else:
            self.reveal_asked.emit()


def _noun(spec: ColumnSpec, field: SealedField) -> str:
    """As a sentence says it."""
    return "e-mail address" if field is SealedField.USER_EMAIL else spec.title[:1].lower() + spec.title[1:]
