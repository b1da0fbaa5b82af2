"""Parts of the imports page: the rows that were refused, and undo, which says first what it would touch."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.storage import BatchTouch
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.copying import delimited_text
from aether_desktop.ui.object_names import imports_part_name
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.labels import breakable, rule, text_label

_SHOWN = 20  # refused rows written out; all are copied
_NOTES = 10
_LINE = 160


class RejectionList(QWidget):
    """Row numbers and reasons; one click copies all of them. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self._rows: tuple[Rejection, ...] = ()
        theme = context.theme
        self._heading = text_label(theme, bold=True, wrap=True)
        self._text = text_label(theme, size=FontSize.SMALL, wrap=True)
        self._text.setObjectName(imports_part_name("rejections"))
        self._copy = link_button(theme, "Copy them all", object_name=imports_part_name("copy_rejections"))
        self._copy.setAccessibleName("Copy all refused rows")
        self._copy.clicked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(rule())
        column.addWidget(self._heading)
        column.addWidget(self._text)
        column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)

    def show_rows(self, rows: Sequence[Rejection], *, total: int) -> None:
        """Show refused rows; ``total`` of them are known before they are read."""
        self._rows = tuple(rows)
        self.setVisible(total > 0)
        self._heading.setText("One row was refused" if total == 1 else f"{total:,} rows were refused")
        lines = [_rejection_line(each) for each in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            lines.append(f"and {len(rows) - _SHOWN:,} more")
        self._text.setText(breakable("\n".join(lines)))
        self._copy.setVisible(bool(rows))

    def copy(self) -> None:
        """All refused rows as tab-separated text with a heading."""
        cells = [[str(each.row), plain_line(each.reason, 2000)] for each in self._rows]
        QGuiApplication.clipboard().setText(delimited_text(["Row", "Reason"], cells, "\t"))
        self._context.messages.info("Copied.")


class UndoBox(QWidget):
    """``asked`` wants ``show_touch``; ``confirmed`` comes only after that. GUI thread only."""

    asked = Signal()
    confirmed = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        theme = context.theme
        self.says = ""
        self.button = plain_button(theme, "Undo this import…", object_name=imports_part_name("undo"))
        self.now = plain_button(theme, "Undo it now", object_name=imports_part_name("undo_now"))
        self.keep = plain_button(theme, "Keep it", object_name=imports_part_name("undo_not"))
        self._says = text_label(theme, wrap=True)
        self._says.setObjectName(imports_part_name("touched"))
        self._busy = text_label(theme, kind="dim", wrap=True)
        self._choice = QWidget()
        row = QHBoxLayout(self._choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.now)
        row.addWidget(self.keep)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(rule())
        for widget in (self._says, self._busy, self._choice):
            column.addWidget(widget)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self.asked)
        self.now.clicked.connect(self.confirmed)
        self.keep.clicked.connect(self._on_keep)
        self.reset()

    def reset(self) -> None:
        """Back to the one button."""
        self._show(says="", busy="", choosing=False)

    def set_busy(self, text: str) -> None:
        """Say what is going on; nothing can be pressed meanwhile."""
        self._show(says=self.says, busy=text, choosing=False)
        self.button.hide()

    def show_touch(self, touch: BatchTouch) -> None:
        """Say what would go and what stays, and let the person choose."""
        self._show(says=touch_text(touch), busy="", choosing=True)
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, *, says: str, busy: str, choosing: bool) -> None:
        self.says = says
        self._says.setText(breakable(says))
        self._says.setVisible(bool(says))
        self._busy.setText(busy)
        self._busy.setVisible(bool(busy))
        self._choice.setVisible(choosing)
        self.button.setVisible(not choosing)

    def _on_keep(self) -> None:
        self.reset()
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)


def touch_text(touch: BatchTouch) -> str:
    """What undoing would do, in sentences."""
    said = [f"{_rows(touch.rows)} would be removed."]
    if touch.kept:
        said.append(f"{_rows(touch.kept)} would stay, because another file brought them too.")
    words = touch.annotations
    if not words:
        said.append("None of the removed rows carries words of your own.")
        return "\n".join(said)
    count = "One of them carries" if len(words) == 1 else f"{len(words):,} of them carry"
    said.append(f"{count} words of your own. They are put aside and come back when the rows are imported again:")
    said += [f"\u2022 {_words(each)}" for each in words[:_NOTES]]
    if len(words) > _NOTES:
        said.append(f"and {len(words) - _NOTES:,} more")
    return "\n".join(said)


def _words(annotation: Annotation) -> str:
    parts = [annotation.label, str(annotation.note), " ".join(annotation.tags)]
    return plain_line(" \u00b7 ".join(" ".join(part.split()) for part in parts if part), _LINE)


def _rejection_line(rejection: Rejection) -> str:
    where = f"Row {rejection.row:,}" if rejection.row else "The file"
    return f"{where}: {plain_line(rejection.reason, _LINE)}"


def _rows(count: int) -> str:
    return "One row" if count == 1 else f"{count:,} rows"
