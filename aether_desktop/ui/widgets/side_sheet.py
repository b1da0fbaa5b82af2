"""A sheet at the right of a page: a title, what the page puts in it, and a way back; it scrolls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.scrolling import scrolling


class SideSheet(QFrame):
    """``body`` is the layout to fill, ``refill`` for what is read anew. Escape and the cross emit ``closed``.

    A subclass that would lose something overrides ``may_close`` and ``drafts``. GUI thread only.
    """

    closed = Signal()

    def __init__(self, theme: Theme, title: str, *, object_name: str) -> None:
        super().__init__()
        self.theme = theme
        self.setObjectName(object_name)
        self.setAccessibleName(title)
        self.setProperty("kind", "card")
        self.close_button = IconButton(theme, "close", f"Close: {title}", object_name=f"{object_name}_close")
        self.close_button.clicked.connect(self.ask_close)
        head = QHBoxLayout()
        head.addWidget(text_label(theme, title, size=FontSize.HEADING, bold=True, wrap=True), 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, Space.S, 0)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.M)
        self._filled: QWidget | None = None
        column.addLayout(self.body)
        column.addStretch(1)
        self._scroll = scrolling(ground, name=title, tabbed=True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        outer.setSpacing(Space.M)
        outer.addLayout(head)
        outer.addWidget(self._scroll, 1)
        self.setFocusProxy(self.close_button)

    def may_close(self) -> bool:
        """Whether nothing is lost by closing it now; one that says no tells the person why."""
        return True

    def drafts(self) -> list[str]:
        """What would be lost with it, in plain words."""
        return []

    def ask_close(self) -> None:
        """As Escape and the cross do."""
        if self.may_close():
            self.closed.emit()

    def show_top(self) -> None:
        """Scroll to where the sheet begins."""
        self._scroll.verticalScrollBar().setValue(0)

    def refill(self) -> QVBoxLayout:
        """An empty column below the rest of ``body``, in place of the one given before.

        The focus, where it was in that, goes to the cross: what had it is gone.
        """
        before, self._filled = self._filled, QWidget()
        column = QVBoxLayout(self._filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        self.body.addWidget(self._filled)
        if before is not None:
            focused = QApplication.focusWidget()
            if focused is not None and before.isAncestorOf(focused):
                self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.body.removeWidget(before)
            before.hide()
            before.deleteLater()
        return column

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.ask_close()
            return
        super().keyPressEvent(event)
