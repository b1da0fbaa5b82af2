"""A node's state as a mark and a word, for headings and cards."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.labels import LabelKind, set_kind, text_label
from aether_desktop.ui.widgets.node_marks import LOOKS, draw_mark

_RADIUS = 5.5
_KINDS: dict[str, LabelKind] = {"ok": "ok", "warn": "warn", "bad": "error"}


class NodeState(QWidget):
    """GUI thread only."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._mark = _Mark(theme)
        self._word = text_label(theme, size=FontSize.HEADING, bold=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self._mark)
        row.addWidget(self._word)
        row.addStretch(1)

    def show_state(self, status: NodeStatus, *, stale: bool, more: str = "") -> None:
        """``more`` follows the word: for how long."""
        look = LOOKS[status]
        word = f"{look.word}, but stale" if stale else look.word
        self._mark.show_mark(status, stale=stale)
        self._word.setText(f"{word} {more}".strip())
        set_kind(self._word, "dim" if stale else _KINDS.get(look.tone.value, ""))

    def words(self) -> str:
        """What it says now."""
        return self._word.text()


class _Mark(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._status, self._stale = NodeStatus.UNKNOWN, False
        self.setFixedSize(Size.ICON_LARGE, Size.ICON_LARGE)
        theme.changed.connect(self.update)

    def show_mark(self, status: NodeStatus, *, stale: bool) -> None:
        self._status, self._stale = status, stale
        self.update()

    # Qt overrides

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.width() / 2, self.height() / 2)
        draw_mark(painter, self._theme.colours, centre=centre, radius=_RADIUS, status=self._status, stale=self._stale)
        painter.end()
