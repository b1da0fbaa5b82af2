"""Ctrl+K: finds commands by a few letters, and whatever the finder knows (hashes, addresses, labels, CIDs, people)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.domain.text import plain_line
from aether_desktop.ui import object_names
from aether_desktop.ui.shell.fuzzy import fuzzy_score
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Radius, Size, Space
from aether_desktop.ui.widgets.labels import rule, text_label
from aether_desktop.ui.widgets.search_field import SearchField

_PAUSE_MS = 120  # typing pause before the finder is asked
_LEAST_LETTERS = 2
_MOST_SHOWN = 60
_ROWS_AT_ONCE = 10
_TITLE_CHARS = 200
_ASIDE_CHARS = 160
_TEXT = int(Qt.ItemDataRole.DisplayRole)
_ENTRY = int(Qt.ItemDataRole.UserRole)
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something that can be chosen. ``hint`` says what it is ("Transaction"), ``keys`` its shortcut."""

    title: str
    run: Callable[[], None]
    icon: str = "command"
    hint: str = ""
    keys: str = ""


Deliver = Callable[[Sequence[PaletteEntry]], None]
Finder = Callable[[str, Deliver], None]
"""Asked on the GUI thread, returns at once and delivers there later; answers to older questions are dropped."""


class CommandPalette(QFrame):
    """Floats at the top of the window; the arrow keys move, Enter runs, Escape closes. GUI thread only."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands: list[PaletteEntry] = []
        self._finder: Finder | None = None
        self._question = 0
        self._most_high: int = Size.PALETTE_WIDTH
        self._found: Sequence[PaletteEntry] = ()
        self.setObjectName(object_names.COMMAND_PALETTE)
        self.setAccessibleName("Find anything")
        self.setProperty("kind", "floating")
        self.search = SearchField(
            theme,
            name="Find a command, hash, address or label",
            placeholder="Find a command, hash, address or label",
            object_name=object_names.COMMAND_PALETTE_INPUT,
            mono=False,
        )
        self.search.setProperty("kind", "bare")
        self.search.edit.installEventFilter(self)
        self._model = _Entries(self)
        self.results = QListView()
        self.results.setObjectName(object_names.COMMAND_PALETTE_RESULTS)
        self.results.setAccessibleName("Found")
        self.results.setProperty("kind", "bare")
        self.results.setModel(self._model)
        self.results.setItemDelegate(_EntryDelegate(theme, self.results))
        self.results.setUniformItemSizes(True)
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.results.clicked.connect(self._on_clicked)
        self._nothing: QLabel = text_label(theme, "Nothing found.", kind="dim")
        self._nothing.setContentsMargins(Space.L, Space.S, Space.L, Space.L)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self.search.setContentsMargins(Space.XS, Space.XS, Space.XS, Space.XS)
        column.addWidget(self.search)
        column.addWidget(rule())
        self.results.setViewportMargins(0, Space.XS, 0, Space.XS)
        column.addWidget(self.results, 1)
        column.addWidget(self._nothing)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)
        self.search.edited.connect(self._on_edited)
        self.hide()

    def set_commands(self, commands: Sequence[PaletteEntry]) -> None:
        """Offer these commands from now on."""
        self._commands = list(commands)

    def set_finder(self, finder: Finder | None) -> None:
        """Ask ``finder`` for rows that fit what is typed."""
        self._finder = finder

    def open(self) -> None:
        """Show the palette, empty."""
        self.search.set_text("")
        self._forget_found()
        self._refresh()
        self.show()
        self.raise_()
        self.search.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> None:
        """Hide it; answers still under way are dropped."""
        self._forget_found()
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def entries(self) -> tuple[PaletteEntry, ...]:
        """What is listed now, best first."""
        return self._model.entries

    def _forget_found(self) -> None:
        self._pause.stop()
        self._question += 1
        self._found = ()

    def _refresh(self) -> None:
        typed = self.search.text()
        scored = [(fuzzy_score(typed, command.title), at, command) for at, command in enumerate(self._commands)]
        fitting = sorted((-score, at, command) for score, at, command in scored if score is not None)
        entries = [command for _score, _at, command in fitting] + list(self._found)
        self._model.show_entries(tuple(entries[:_MOST_SHOWN]))
        self.results.setVisible(bool(entries))
        self._nothing.setVisible(not entries)
        self._fit()
        if entries:
            self.results.setCurrentIndex(self._model.index(0))

    def set_room(self, *, left: int, top: int, width: int, height: int) -> None:
        """Stand here, at most this high."""
        self._most_high = height
        self.setGeometry(left, top, width, self.height())
        self._fit()

    def _fit(self) -> None:
        """Be as high as the list needs, in whole rows."""
        row = self.results.sizeHintForRow(0)
        above = self.search.sizeHint().height() + 1 + 2 + 2 * Space.XS
        if row > 0:
            fitting = max(1, min(_ROWS_AT_ONCE, (self._most_high - above) // row))
            self.resize(self.width(), above + min(fitting, self._model.rowCount()) * row)
        else:
            self.resize(self.width(), above + self._nothing.sizeHint().height())

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._model.entries[index.row()]
            self.close_palette()
            entry.run()

    def _move(self, step: int) -> None:
        count = self._model.rowCount()
        if count:
            row = self.results.currentIndex().row() + step
            row = row % count if abs(step) == 1 else max(0, min(count - 1, row))
            self.results.setCurrentIndex(self._model.index(row))

    def _on_edited(self, _text: str) -> None:
        self._forget_found()
        self._refresh()
        if self._finder is not None and len(self.search.text().strip()) >= _LEAST_LETTERS:
            self._pause.start()

    def _on_pause(self) -> None:
        if self._finder is None:
            return
        question = self._question

        def deliver(found: Sequence[PaletteEntry]) -> None:
            if question == self._question:
                self._found = found
                self._refresh()

        self._finder(self.search.text().strip(), deliver)

    def _on_clicked(self, index: QModelIndex) -> None:
        self._run(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt override: the field keeps the focus, its keys move through the list."""
        if watched is self.search.edit and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _MOVES:
                self._move(_MOVES[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.results.currentIndex())
                return True
            if key == Qt.Key.Key_Escape:
                self.close_palette()
                return True
        if watched is self.search.edit and event.type() == QEvent.Type.FocusOut and self.window().isActiveWindow():
            self.close_palette()
        return super().eventFilter(watched, event)


class _Entries(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: tuple[PaletteEntry, ...] = ()

    def show_entries(self, entries: tuple[PaletteEntry, ...]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = _TEXT) -> Any:
        entry = self.entries[index.row()]
        if role == _TEXT:
            return " \u00b7 ".join(filter(None, (entry.title, entry.hint, entry.keys)))
        return entry if role == _ENTRY else None


class _EntryDelegate(QStyledItemDelegate):
    """Icon, title, and at the right what it is or its keys."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, max(Size.NAVIGATION_ROW, option.fontMetrics.height() + Space.L))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: PaletteEntry = index.data(_ENTRY)
        colours = self._theme.colours
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selection))
            painter.drawRoundedRect(QRectF(rect).adjusted(Space.XS, 1, -Space.XS, -1), Radius.SMALL, Radius.SMALL)
        dim = colours.dim_selected if selected else colours.dim
        ratio = painter.device().devicePixelRatio()
        drawing = self._theme.icons.pixmap(entry.icon, colours.accent if selected else dim, ratio=ratio)
        painter.drawPixmap(QPointF(rect.left() + Space.L, rect.center().y() - Size.ICON / 2 + 1), drawing)
        room = rect.adjusted(Space.L + Size.ICON + Space.M, 0, -Space.L, 0)
        self._write(painter, room, entry, dim=dim)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, entry: PaletteEntry, *, dim: str) -> None:
        """The title first; what it is has the room that the title leaves, but never less than a third."""
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        interface = self._theme.fonts.interface
        painter.setFont(interface(FontSize.SMALL))
        small = painter.fontMetrics()
        aside = plain_line(entry.keys or entry.hint, _ASIDE_CHARS)
        wanted = small.horizontalAdvance(aside) + Space.L if aside else 0
        painter.setFont(interface())
        metrics = painter.fontMetrics()
        title = plain_line(entry.title, _TITLE_CHARS)
        left = max(room.width() - metrics.horizontalAdvance(title) - 1, room.width() // 3)
        beside = min(wanted, left)
        painter.setPen(QColor(self._theme.colours.text))
        title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room.width() - beside)
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, title)
        if aside:
            painter.setFont(interface(FontSize.SMALL))
            painter.setPen(QColor(dim))
            aside = small.elidedText(aside, Qt.TextElideMode.ElideMiddle, beside - Space.L)
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, aside)
