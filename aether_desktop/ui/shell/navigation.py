"""The navigation at the left: one entry per section; icons alone where the window is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.keyboard import NUMBERED_SECTIONS
from aether_desktop.ui.shell.sections import Section
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Radius, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel
from aether_desktop.ui.widgets.labels import text_label

_NARROW = Size.NAVIGATION_ROW + Space.S + Size.SCROLLBAR + 2


class Navigation(QFrame):
    """Emits ``section_chosen(key)``; ``find_asked`` opens the command palette. GUI thread only."""

    section_chosen = Signal(str)
    find_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: dict[str, _Entry] = {}
        self._narrow = False
        self.setObjectName(object_names.NAVIGATION)
        self.setAccessibleName("Sections")
        self.setProperty("kind", "side")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, Space.S)
        column.setSpacing(0)
        column.addWidget(self._brand())
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(Space.S, 0, Space.S, 0)
        self._list.setSpacing(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inner)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        column.addWidget(self._scroll, 1)
        self._find = _Entry(theme, "search", "Find anything", trailing="Ctrl+K")
        self._find.setObjectName(object_names.NAVIGATION_FIND)
        self._find.setToolTip("Find anything (Ctrl+K)")
        self._find.clicked.connect(self.find_asked)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(Space.S, Space.S, Space.S, 0)
        bottom.addWidget(self._find)
        column.addLayout(bottom)
        self.set_narrow(narrow=False)

    def set_sections(self, sections: Sequence[Section]) -> None:
        """Show these entries in place of those there are."""
        for entry in self._buttons.values():
            self._group.removeButton(entry)
            entry.deleteLater()
        self._buttons.clear()
        while self._list.takeAt(0) is not None:
            pass
        group = sections[0].group if sections else 0
        for number, section in enumerate(sections, 1):
            if section.group != group:
                self._list.addSpacing(Space.M)
                group = section.group
            entry = _Entry(self._theme, section.icon, section.title)
            entry.setObjectName(object_names.navigation_name(section.key))
            entry.setCheckable(True)
            entry.setToolTip(f"{section.title} (Ctrl+{number})" if number <= NUMBERED_SECTIONS else section.title)
            entry.set_narrow(narrow=self._narrow)
            entry.toggled.connect(partial(self._on_toggled, section.key))
            self._group.addButton(entry)
            self._buttons[section.key] = entry
            self._list.addWidget(entry)
        self._list.addStretch(1)

    def show_chosen(self, key: str) -> None:
        """Mark a section as open; emits ``section_chosen`` if it was not."""
        entry = self._buttons[key]
        entry.setChecked(True)
        self._scroll.ensureWidgetVisible(entry, 0, 0)

    def set_narrow(self, *, narrow: bool) -> None:
        """Show icons alone, or icons and words."""
        self._narrow = narrow
        self._word.setVisible(not narrow)
        entries = (*self._buttons.values(), self._find)
        for entry in entries:
            entry.set_narrow(narrow=narrow)
        widest = max(entry.sizeHint().width() for entry in entries)
        self.setFixedWidth(_NARROW if narrow else max(Size.NAVIGATION_WIDTH, widest + 2 * Space.S + Size.SCROLLBAR))

    def _on_toggled(self, key: str, on: bool) -> None:
        if on:
            self.section_chosen.emit(key)

    def _on_range_changed(self, lowest: int, highest: int) -> None:
        self._list.setContentsMargins(Space.S, 0, 0 if highest > lowest else Space.S, 0)

    def _brand(self) -> QWidget:
        brand = QWidget()
        row = QHBoxLayout(brand)
        row.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        row.setSpacing(Space.S)
        row.addWidget(IconLabel(self._theme, "app", size=Size.LOGO, tone="accent"))
        self._word = text_label(self._theme, "Aether", size=FontSize.HEADING, bold=True)
        row.addWidget(self._word, 1)
        return brand


class _Entry(QAbstractButton):
    """Icon and word; the open section has its own ground and the gold icon."""

    def __init__(self, theme: Theme, icon: str, text: str, *, trailing: str = "") -> None:
        super().__init__()
        self._theme = theme
        self._drawing = icon
        self._trailing = trailing
        self._narrow = False
        self.setText(text)
        self.setAccessibleName(text)
        self.setFont(theme.fonts.interface())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._on_theme_changed)

    def set_narrow(self, *, narrow: bool) -> None:
        """Show the icon alone, or with its word."""
        self._narrow = narrow
        self.updateGeometry()
        self.update()

    def _on_theme_changed(self) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        """Qt override."""
        height = max(Size.NAVIGATION_ROW, self.fontMetrics().height() + Space.L)
        if self._narrow:
            return QSize(Size.NAVIGATION_ROW, height)
        words = self.fontMetrics().horizontalAdvance(self.text() + self._trailing)
        return QSize(Space.M + Size.ICON + Space.M + words + Space.M + (Space.L if self._trailing else 0), height)

    def minimumSizeHint(self) -> QSize:
        """Qt override."""
        return QSize(Size.NAVIGATION_ROW, self.sizeHint().height())

    def enterEvent(self, event: QEnterEvent) -> None:
        """Qt override: the ground under the pointer changes."""
        self.update()
        super().enterEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Qt override."""
        colours, chosen = self._theme.colours, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(colours.accent), Size.FOCUS) if self.hasFocus() else Qt.PenStyle.NoPen)
        if chosen or self.underMouse():
            painter.setBrush(QColor(colours.selection if chosen else colours.raised))
        painter.drawRoundedRect(ground, Radius.SMALL, Radius.SMALL)
        left = (self.width() - Size.ICON) / 2 if self._narrow else float(Space.M)
        drawing = self._theme.icons.pixmap(
            self._drawing, colours.accent if chosen else colours.dim, ratio=self.devicePixelRatioF()
        )
        painter.drawPixmap(QPointF(left, (self.height() - Size.ICON) / 2), drawing)
        if not self._narrow:
            painter.setFont(self._theme.fonts.interface(bold=chosen))
            painter.setPen(QColor(colours.text if chosen or self.underMouse() else colours.dim))
            words = self.rect().adjusted(Space.M + Size.ICON + Space.M, 0, -Space.S, 0)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine, self.text())
            painter.setFont(self._theme.fonts.interface(FontSize.SMALL))
            painter.setPen(QColor(colours.dim))
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, self._trailing)
        painter.end()
