"""A node's states over time as one band: a bar per stretch of time, as high and as coloured as the worst in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ui.models.node_facts import Stretch
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Radius, Size
from aether_desktop.ui.widgets.node_marks import LOOKS, WORST_FIRST

_HEIGHT = 34
_BAR, _GAP = 3, 1  # logical pixels
_NARROWEST = 120
_NO_DATA = 0.08  # of the height
_RING = 4  # kept free round the bars for the focus
_RANK = {status: rank for rank, status in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its time, its worst state (None: no data at all), and seconds of each state met in it."""

    start: float
    stop: float
    worst: NodeStatus | None
    seconds: tuple[tuple[NodeStatus, float], ...]


def bars(stretches: Sequence[Stretch], *, first: float, last: float, count: int) -> tuple[Bar, ...]:
    """Cut a time into ``count`` bars; linear in stretches and bars. Stretches are in order of time, without overlap."""
    found: list[Bar] = []
    width = (last - first) / max(count, 1)
    at = 0
    for number in range(count):
        start, stop = first + number * width, first + (number + 1) * width
        met: dict[NodeStatus, float] = {}
        while at < len(stretches) and stretches[at].stop <= start:
            at += 1
        for stretch in stretches[at:]:
            if stretch.start >= stop:
                break
            if stretch.status is not None:
                met[stretch.status] = met.get(stretch.status, 0.0) + min(stop, stretch.stop) - max(start, stretch.start)
        worst = min(met, key=_RANK.__getitem__) if met else None
        found.append(Bar(start, stop, worst, tuple(sorted(met.items(), key=lambda each: _RANK[each[0]]))))
    return tuple(found)


class StateBand(QWidget):
    """Left, Right, Home and End walk over the bars. GUI thread only."""

    pointed = Signal(str)
    """What is under the pointer or the cursor, in words; empty when nothing is."""

    def __init__(self, theme: Theme, *, object_name: str, zone: Callable[[], tzinfo] = lambda: UTC) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self._theme, self._zone = theme, zone
        self._stretches: tuple[Stretch, ...] = ()
        self._span = (0.0, 1.0)
        self._bars: tuple[Bar, ...] | None = None
        self._at: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("States over time, no data")
        theme.changed.connect(self.update)

    def show_stretches(self, stretches: Sequence[Stretch], *, first: float, last: float, title: str) -> None:
        """Show these (in order of time, without overlap) over a span; ``title`` is for screen readers."""
        self._stretches = tuple(stretches)
        self._span = (first, max(last, first + 1.0))
        self._bars = None
        self.setAccessibleName(title)
        self._leave()

    @property
    def shown(self) -> tuple[Bar, ...]:
        """The bars as they are drawn now."""
        if self._bars is None:
            count = max(1, int(self._room().width() // (_BAR + _GAP)))
            self._bars = bars(self._stretches, first=self._span[0], last=self._span[1], count=count)
        return self._bars

    def words(self, bar: Bar) -> str:
        """A bar in words: "24 Nov 13:40 to 13:50: Down 4 min, Up 6 min"."""
        zone = self._zone()
        start, stop = (datetime.fromtimestamp(each, UTC).astimezone(zone) for each in (bar.start, bar.stop))
        until = f"{stop:%H:%M}" if stop.date() == start.date() else f"{stop.day} {stop:%b %H:%M}"
        when = f"{start.day} {start:%b %H:%M} to {until}"
        said = ", ".join(f"{LOOKS[status].word} {span_words(seconds)}" for status, seconds in bar.seconds)
        return f"{when}: {said or 'no data'}"

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_RING, _RING, -_RING, -_RING)

    def _show_at(self, at: int) -> None:
        self._at = at
        self.update()
        self.pointed.emit(self.words(self.shown[at]))

    def _leave(self) -> None:
        self._at = None
        self.update()
        self.pointed.emit("")

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(2 * _NARROWEST, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, _HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bars = None
        self._at = None

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        room, colours = self._room(), self._theme.colours
        for number, bar in enumerate(self.shown):
            look = None if bar.worst is None else LOOKS[bar.worst]
            high = room.height() * (_NO_DATA if look is None else look.band)
            ink = QColor(colours.outline if look is None else colours.tone(look.tone).shape)
            place = QRectF(room.left() + number * (_BAR + _GAP), room.bottom() - high, _BAR, high)
            painter.fillRect(place, ink)
            if number == self._at:
                painter.fillRect(QRectF(place.left() - 1, room.bottom() + 1, _BAR + 2, 2), QColor(colours.text))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), Size.FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), Radius.SMALL, Radius.SMALL)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = int((event.position().x() - self._room().left()) // (_BAR + _GAP))
        if 0 <= at < len(self.shown):
            if at != self._at:
                self._show_at(at)
                QToolTip.showText(event.globalPosition().toPoint(), self.words(self.shown[at]), self)
        elif self._at is not None:
            self._leave()
            QToolTip.hideText()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._at is not None:
            self._leave()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._at is not None and event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key(event.key()), len(self.shown) - 1
        now = last + 1 if self._at is None else self._at
        places = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if key not in places:
            super().keyPressEvent(event)
            return
        self._show_at(min(max(places[key], 0), last))
        if QAccessible.isActive() and self._at is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.words(self.shown[self._at])))


def span_words(seconds: float) -> str:
    """A span of time for people: "40 s", "4 min 12 s", "3 h 5 min", "2 d 4 h"."""
    whole = max(0, int(seconds))
    for large, name, small, rest in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= large:
            count, left = divmod(whole, large)
            part = left // small
            return f"{count} {name} {part} {rest}" if part and count < 10 else f"{count} {name}"
    return f"{whole} s"
