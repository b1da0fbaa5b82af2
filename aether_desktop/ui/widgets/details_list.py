"""Facts of one row, for the details pane: label dim above the value, the whole value, one click copies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import breakable, text_label

_GROUP = 4
_ROWS_A_TURN = 5  # to make a row costs about 1 ms
_LONGEST = 20_000  # characters of one line
_BREAK = 24  # a run without spaces longer than this gets places where it may wrap


@dataclass(frozen=True, slots=True)
class DetailEntry:
    """One fact. ``copy`` is what the button copies: None copies ``value``, an empty string leaves the button out.

    ``mono`` is for hashes, addresses and CIDs: they are shown whole, in groups of four.
    """

    label: str
    value: str
    copy: str | None = None
    mono: bool = False


class DetailsList(QWidget):
    """Shows entries; rows are reused, so that walking through a grid stays cheap. GUI thread only."""

    copied = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[_DetailRow] = []
        self._shown: list[DetailEntry] = []
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.setInterval(0)
        self._more.timeout.connect(self._add_rows)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.S)
        self._column.addStretch(1)

    def set_entries(self, entries: Sequence[DetailEntry]) -> None:
        """Show these facts in this order; entries without a value are left out."""
        self._shown = [entry for entry in entries if entry.value]
        for at, row in enumerate(self._rows):
            if at < len(self._shown):
                row.show_entry(self._shown[at])
            row.setVisible(at < len(self._shown))
        self._add_rows()

    def _add_rows(self) -> None:
        """Make some of the rows that lack; the rest follows in the next turns of the loop."""
        for entry in self._shown[len(self._rows) :][:_ROWS_A_TURN]:
            row = _DetailRow(self._theme)
            row.copied.connect(self.copied)
            self._rows.append(row)
            self._column.insertWidget(self._column.count() - 1, row)
            row.show_entry(entry)
        if len(self._rows) < len(self._shown):
            self._more.start()


def grouped(text: str) -> str:
    """Return ``0x7a3f 12ab ...``: groups of four that a person can compare; the prefix keeps its first group."""
    start = 2 + _GROUP if text.startswith("0x") else _GROUP
    rest = text[start:]
    return " ".join([text[:start], *(rest[at : at + _GROUP] for at in range(0, len(rest), _GROUP))]).rstrip()


class _DetailRow(QWidget):
    copied = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._mono = False
        self._label = text_label(theme, kind="dim")
        self._value = text_label(theme, wrap=True)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._copy = IconButton(theme, "copy", "Copy", size=Size.ICON - 2)
        self._copy.setProperty("kind", "small")
        self._copy.clicked.connect(self._on_copy_clicked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.XS)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._label, 0, 0, 1, 2)
        grid.addWidget(self._value, 1, 0)
        grid.addWidget(self._copy, 1, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)

    def show_entry(self, entry: DetailEntry) -> None:
        """Show another fact."""
        self._text = entry.value if entry.copy is None else entry.copy
        self._label.setText(entry.label)
        if entry.mono is not self._mono:  # a new font means a new look at the style sheet
            self._mono = entry.mono
            fonts = self._theme.fonts
            self._value.setFont(fonts.mono(FontSize.SMALL) if entry.mono else fonts.interface())
        self._value.setText(grouped(entry.value) if entry.mono else _breakable(entry.value))
        self._copy.set_name(f"Copy {entry.label}")
        self._copy.setVisible(bool(self._text))

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self.copied.emit(self._text)


def _breakable(text: str) -> str:
    """Let long runs without spaces wrap, by zero-width spaces; what is copied does not have them."""
    return breakable("\n".join(plain_line(line, _LONGEST) for line in text.splitlines()), run=_BREAK)
