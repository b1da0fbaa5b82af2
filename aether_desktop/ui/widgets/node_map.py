"""The map of temple nodes: tiers as rings on one golden-angle spiral, a mark per node, for the pointer and for keys.

Marks are painted once into a layer; a report about some nodes paints those again, a few milliseconds a turn at most,
so that ten thousand reporting nodes never hold the window up.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aether_desktop.domain.temple import Tier
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.text import plain_line
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Radius, Size, Space
from aether_desktop.ui.widgets.node_map_layout import MapLayout, MapNode, lay_out, nearest, towards
from aether_desktop.ui.widgets.node_marks import LOOKS, WORST_FIRST, draw_mark

_SLICE = 0.004  # seconds of painting in one turn
_LEAST = 260  # logical pixels
_NAME = 80
_RING_WIDTH = 2.0
_CALM = frozenset({NodeStatus.UP, NodeStatus.SILENCED, NodeStatus.CANDIDATE, NodeStatus.RETIRED})
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class NodeMap(QWidget):
    """Arrows walk to the next node that way, Home and End to the first and last, N and P to the next and the previous
    one that is not well. GUI thread only."""

    chosen = Signal(object)
    """(key) The cursor went to this node. Keys have 64 bits, which an int of a signal has not."""
    opened = Signal(object)
    """(key) A click, Return or Space."""

    def __init__(self, theme: Theme, *, object_name: str, facts_of: Callable[[int], str] = lambda _key: "") -> None:
        """``facts_of`` a key: one line for the tooltip and the screen reader, asked when it is needed."""
        super().__init__()
        self._facts_of = facts_of
        self.setObjectName(object_name)
        self._theme = theme
        self._nodes: list[MapNode] = []
        self._statuses: Counter[NodeStatus] = Counter()
        self._stale = 0
        self._positions: dict[int, int] = {}
        self._at: int | None = None
        self._over: int | None = None
        self._layout: MapLayout | None = None
        self._layer: QPixmap | None = None
        self._due: deque[int] = deque()
        self._font = theme.fonts.interface(FontSize.BODY)
        self._painting = QTimer(self)
        self._painting.setSingleShot(True)
        self._painting.setInterval(0)
        self._painting.timeout.connect(self._paint_some)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._describe()
        theme.changed.connect(self._forget)

    @property
    def nodes(self) -> tuple[MapNode, ...]:
        """What is shown now."""
        return tuple(self._nodes)

    @property
    def current(self) -> MapNode | None:
        """The node with the cursor."""
        return None if self._at is None else self._nodes[self._at]

    @property
    def settled(self) -> bool:
        """Whether every mark is painted as it is."""
        return not self._due and self._layer is not None

    def show_nodes(self, nodes: Sequence[MapNode]) -> None:
        """Show these, in an order that stays (by key, say): 10 ms for ten thousand; then ``change_nodes``."""
        here = None if self._at is None else self._nodes[self._at].key
        self._nodes = list(nodes)
        self._positions = {node.key: at for at, node in enumerate(self._nodes)}
        self._statuses = Counter(node.status for node in self._nodes)
        self._stale = sum(node.stale for node in self._nodes)
        self._at = None if here is None else self._positions.get(here)
        self._over = None
        self._forget()
        self._describe()

    def change_nodes(self, nodes: Iterable[MapNode]) -> bool:
        """These differ from before; only what is drawn otherwise is painted again. False, and nothing changed, if one
        of them is not here or in another tier: then all are to be shown anew. Sizes stay until then."""
        changed = [(self._positions.get(node.key), node) for node in nodes]
        if any(at is None or self._nodes[at].tier is not node.tier for at, node in changed):
            return False
        for at, node in changed:
            if at is None:
                continue
            old = self._nodes[at]
            self._nodes[at] = node
            if old.status is not node.status or old.stale is not node.stale:
                self._statuses[old.status] -= 1
                self._statuses[node.status] += 1
                self._stale += node.stale - old.stale
                self._due.append(at)
        if self._due:
            self._painting.start()
            self._describe()
        return True

    def choose(self, key: int) -> bool:
        """Put the cursor on a node; False if it is not here. Tells nobody."""
        at = self._positions.get(key)
        if at is not None and at != self._at:
            self._at = at
            self.update()
        return at is not None

    def words(self, node: MapNode) -> str:
        """A node in one line: name, state, tier, and what else is known of it."""
        state = f"{LOOKS[node.status].word}, stale" if node.stale else LOOKS[node.status].word
        parts = [plain_line(node.name, _NAME), state, node.tier.display_name, self._facts_of(node.key)]
        return ": ".join([parts[0], " · ".join(part for part in parts[1:] if part)])

    def place(self, key: int) -> QPointF | None:
        """Where a node stands, in the widget's pixels."""
        layout, at = self._laid_out(), self._positions.get(key)
        return None if layout is None or at is None else QPointF(*layout.places[at])

    # ------------------------------------------------------------------------------------------------------ painting
    def _forget(self) -> None:
        self._layout = self._layer = None
        self._due.clear()
        self.update()

    def _laid_out(self) -> MapLayout | None:
        if self._layout is None and self._nodes:
            metrics = QFontMetricsF(self._font)
            counts = Counter(node.tier for node in self._nodes)
            labels = {
                tier: (metrics.horizontalAdvance(_label(tier, counts[tier])) + Space.S, metrics.height())
                for tier in Tier
                if counts[tier]
            }
            self._layout = lay_out(self._nodes, width=self.width(), height=self.height(), labels=labels)
        return self._layout

    def _start_layer(self, ratio: float) -> QPixmap:
        layer = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        self._due = deque(range(len(self._nodes)))
        return layer

    def _paint_some(self) -> None:
        """Marks that are due, into the layer, until this turn's time is up."""
        layout, layer = self._laid_out(), self._layer
        if layout is None or layer is None:
            self._due.clear()
            return
        deadline = time.monotonic() + _SLICE
        painter = QPainter(layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        touched = QRectF()
        count = 0
        while self._due:
            touched = touched.united(self._repaint_mark(painter, layout, self._due.popleft()))
            count += 1
            if count % 32 == 0 and time.monotonic() > deadline:
                self._painting.start()
                break
        painter.end()
        self.update(touched.toAlignedRect())

    def _repaint_mark(self, painter: QPainter, layout: MapLayout, at: int) -> QRectF:
        x, y = layout.places[at]
        node, cell = self._nodes[at], layout.reach
        place = QRectF(x - cell, y - cell, 2 * cell, 2 * cell)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.transparent)
        painter.drawEllipse(QPointF(x, y), cell, cell)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        draw_mark(
            painter,
            self._theme.colours,
            centre=QPointF(x, y),
            radius=layout.radii[at],
            status=node.status,
            stale=node.stale,
        )
        return place

    def _paint_rings(self, painter: QPainter, layout: MapLayout) -> None:
        colours = self._theme.colours
        painter.setFont(self._font)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre = QPointF(*layout.centre)
        for ring in layout.rings:
            painter.setPen(QPen(QColor(colours.line), Space.HAIR))
            painter.drawEllipse(centre, ring.radius, ring.radius)
            if ring.label is not None:
                painter.setPen(QColor(colours.dim))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine
                painter.drawText(QRectF(*ring.label), flags, _label(ring.tier, ring.count))

    def _paint_cursor(self, painter: QPainter, layout: MapLayout) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for at, ink in ((self._over, self._theme.colours.outline), (self._at, self._theme.colours.text)):
            if at is not None:
                painter.setPen(QPen(QColor(ink), _RING_WIDTH))
                around = layout.radii[at] * 1.35 + 3.5
                painter.drawEllipse(QPointF(*layout.places[at]), around, around)

    # ------------------------------------------------------------------------------------------------------- walking
    def _go(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.update()
            self.chosen.emit(self._nodes[at].key)
        self._say(self.words(self._nodes[at]))

    def _say(self, words: str) -> None:
        self.setAccessibleDescription(words)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _unwell(self, step: int) -> int | None:
        """The next node after the cursor that is not up, all round."""
        count = len(self._nodes)
        start = self._at if self._at is not None else (-1 if step > 0 else 0)
        for offset in range(1, count + 1):
            node = self._nodes[(start + step * offset) % count]
            if node.stale or node.status not in _CALM:
                return (start + step * offset) % count
        return None

    def _describe(self) -> None:
        counts = self._statuses
        said = [f"{counts[status]} {LOOKS[status].word.lower()}" for status in WORST_FIRST if counts[status]]
        said += [f"{self._stale} stale"] if self._stale else []
        number = len(self._nodes)
        noun = "node" if number == 1 else "nodes"
        name = f"Map of {number} {noun}: {', '.join(said)}" if said else "Map of temple nodes, empty"
        if name != self.accessibleName():
            self.setAccessibleName(name)

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(2 * _LEAST, 2 * _LEAST)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, _LEAST)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        layout = self._laid_out()
        if layout is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_rings(painter, layout)
            ratio = self.devicePixelRatioF()
            if self._layer is None or self._layer.devicePixelRatio() != ratio:
                self._layer = self._start_layer(ratio)
                self._painting.start()
            painter.drawPixmap(0, 0, self._layer)
            self._paint_cursor(painter, layout)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.colours.accent), Size.FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), Radius.SMALL, Radius.SMALL)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            layout = self._laid_out()
            at = None if layout is None else nearest(layout, event.pos().x(), event.pos().y())
            if at is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.words(self._nodes[at]), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        layout, place = self._laid_out(), event.position()
        over = None if layout is None else nearest(layout, place.x(), place.y())
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.ArrowCursor if over is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._over = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        layout, place = self._laid_out(), event.position()
        at = None if layout is None else nearest(layout, place.x(), place.y())
        if at is None or event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._go(at)
        self.opened.emit(self._nodes[at].key)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._nodes and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._go(0 if self._at is None else self._at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        layout, key = self._laid_out(), Qt.Key(event.key())
        if layout is None:
            super().keyPressEvent(event)
            return
        here = 0 if self._at is None else self._at
        if key in _STEPS:
            self._go(towards(layout, here, *_STEPS[key]))
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._go(0 if key is Qt.Key.Key_Home else len(self._nodes) - 1)
        elif key in {Qt.Key.Key_N, Qt.Key.Key_P}:
            if (found := self._unwell(1 if key is Qt.Key.Key_N else -1)) is not None:
                self._go(found)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._go(here)
            self.opened.emit(self._nodes[here].key)
        else:
            super().keyPressEvent(event)


def _label(tier: Tier, count: int) -> str:
    return f"{tier.display_name} · {count:,}"
