"""The frame of pages that stand alone in the window: brand, a card in the middle, busy line, error line; it scrolls."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel, link_button
from aether_desktop.ui.widgets.labels import breakable, set_kind, text_label
from aether_desktop.ui.widgets.scrolling import fill_middle


class AlonePage(QWidget):
    """``body`` is the layout inside the card, ``foot`` the one below it. GUI thread only."""

    def __init__(self, theme: Theme, *, object_name: str, icon: str, title: str, line: str = "") -> None:
        super().__init__()
        self.theme = theme
        self.setObjectName(object_name)
        self.title = text_label(theme, title, size=FontSize.TITLE, bold=True, wrap=True)
        self.line = text_label(theme, line, kind="dim", wrap=True)
        self.line.setVisible(bool(line))
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Working")
        self.busy.hide()
        self.said = text_label(theme, wrap=True)
        self.said.hide()
        self.stop = link_button(theme, "Stop", object_name=f"{object_name}_stop" if object_name else "")
        self.stop.clicked.connect(self._on_stop)
        self.stop.hide()
        self._stopping: Callable[[], None] | None = None
        card = QFrame()
        card.setProperty("kind", "card")
        self.body = QVBoxLayout(card)
        self.body.setContentsMargins(Space.XL, Space.XL, Space.XL, Space.XL)
        self.body.setSpacing(Space.M)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(Space.M)
        self._compose(icon, card)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """One line under the card; empty takes it away."""
        set_kind(self.said, "error" if wrong else "dim")
        self.said.setText(breakable(text))
        self.said.setAccessibleName(text)
        self.said.setVisible(bool(text))

    def show_busy(self, text: str) -> None:
        """Show that something runs, and say what; empty ends it."""
        self.busy.setVisible(bool(text))
        self.busy.setAccessibleName(text or "Working")
        if not text:
            self.busy.setRange(0, 0)
            self.set_stop(None)
        self.say(text)

    def show_progress(self, done: int, total: int | None, message: str) -> None:
        """How far what runs has come; work that knows how much there is can be stopped."""
        self.stop.setVisible(self._stopping is not None and total is not None)
        self.busy.setRange(0, total or 0)
        self.busy.setValue(done)
        if message:
            self.say(message)

    def set_stop(self, stop: Callable[[], None] | None) -> None:
        """How to stop what runs. The button comes with its first progress: what is short needs none."""
        self._stopping = stop
        if stop is None:
            self.stop.hide()

    def _on_stop(self) -> None:
        if self._stopping is not None:
            self._stopping()
            self.set_stop(None)

    def _compose(self, icon: str, card: QWidget) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setSpacing(Space.M)
        head = QHBoxLayout()
        head.setSpacing(Space.M)
        head.addWidget(IconLabel(self.theme, icon, size=Size.HERO_ICON, tone="accent"))
        head.addWidget(self.title, 1)
        column.addStretch(1)
        column.addLayout(head)
        column.addWidget(self.line)
        column.addWidget(card)
        column.addWidget(self.busy)
        column.addWidget(self.said)
        column.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.foot)
        column.addStretch(2)
        fill_middle(self, inner)
