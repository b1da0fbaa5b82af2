"""Labels in the sizes and tones of the tokens, and one that elides."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize

_LONGEST = 1000  # characters of one line
_RUN = 16  # a longer run without spaces gets places where it may wrap

LabelKind = Literal["", "dim", "error", "warn", "ok"]


def text_label(
    theme: Theme,
    text: str = "",
    *,
    size: FontSize = FontSize.BODY,
    bold: bool = False,
    mono: bool = False,
    kind: LabelKind = "",
    wrap: bool = False,
) -> QLabel:
    """Return a plain-text label (GUI thread)."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    label.setFont(theme.fonts.mono(size) if mono else theme.fonts.interface(size, bold=bold))
    label.setWordWrap(wrap)
    if kind:
        label.setProperty("kind", kind)
    return label


def set_kind(label: QLabel, kind: LabelKind) -> None:
    """Change a label's tone."""
    if label.property("kind") != kind:
        label.setProperty("kind", kind)
        repolish(label)


def rule() -> QFrame:
    """Return a horizontal hairline."""
    line = QFrame()
    line.setProperty("kind", "rule")
    return line


def breakable(text: str, *, run: int = _RUN) -> str:
    """Let runs without spaces (paths, hashes) wrap, by zero-width spaces: for labels whose text is not copied.

    ``run``: a longer one gets a place to wrap after so many characters.
    """
    return "\n".join(" ".join(_broken(word, run) for word in line.split(" ")) for line in text.split("\n"))


def _broken(word: str, run: int) -> str:
    return "\u200b".join(word[at : at + run] for at in range(0, len(word), run))


def _line(text: str) -> str:
    from aether_desktop.domain.text import plain_line  # noqa: PLC0415  # compiles patterns that ASCII never needs

    return plain_line(text, _LONGEST)


class ElidedLabel(QLabel):
    """One line that ends in "…" where room is short; the whole text is then in a plain-text tooltip.

    With room for fewer than ``least`` characters, and for less than all, it shows nothing.
    """

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        *,
        kind: LabelKind = "",
        least: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least = least
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.fonts.interface())
        if kind:
            self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Qt override: also decides whether a tooltip is needed."""
        super().setText(text if len(text) <= _LONGEST and text.isascii() and text.isprintable() else _line(text))
        self._tell_whole()

    def minimumSizeHint(self) -> QSize:
        """Qt override: may shrink to the dots alone."""
        return QSize(self.fontMetrics().horizontalAdvance("\u2026"), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """Qt override: room for all of it."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt override."""
        super().resizeEvent(event)
        self._tell_whole()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Qt override: the part that fits."""
        if self.toolTip() and self.width() < self._least * self.fontMetrics().averageCharWidth():
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        fitting = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment() | Qt.TextFlag.TextSingleLine, fitting)
        painter.end()

    def _tell_whole(self) -> None:
        short = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
        self.setToolTip(self.text() if short else "")
