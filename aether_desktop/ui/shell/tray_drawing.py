"""The tray icon as a picture: a hexagon, its state by fill and by a mark in the corner, legible at 16 pixels.

The panel behind it may be dark or light, and the desktop does not say which: its colours keep 3:1 on both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from aether_desktop.ui.theme.tokens import TRAY

SIZES = (16, 22, 24, 32, 48, 64)


class TrayState(StrEnum):
    """What the one icon says, the worst of all nodes."""

    WELL = "well"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nothing is known, or there is nothing to watch."""
    LOCKED = "locked"
    """Locked, not watching."""


@dataclass(frozen=True, slots=True)
class TrayFace:
    """A state and whether it is old news."""

    state: TrayState
    stale: bool = False


def tray_icon(face: TrayFace) -> QIcon:
    """All sizes that panels ask for. GUI thread."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(tray_pixmap(face, size))
    return icon


def tray_pixmap(face: TrayFace, size: int) -> QPixmap:
    """One size in device pixels. GUI thread."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 16, size / 16)  # everything below is in sixteenths
    _draw(painter, face)
    painter.end()
    return pixmap


def _draw(painter: QPainter, face: TrayFace) -> None:
    hollow = face.stale or face.state in {TrayState.UNKNOWN, TrayState.LOCKED}
    ink = QColor(TRAY.neutral if hollow else _INKS[face.state])
    pen = QPen(ink, 1.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else ink)
    painter.drawPolygon(_hexagon(QPointF(8, 8), 6.6))
    if face.state is TrayState.UNKNOWN and not face.stale:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(8, 8), 1.7, 1.7)
    if face.stale:
        _slash(painter, ink)
    mark = _MARKS.get(face.state)
    if mark is not None:
        _cut(painter, mark())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_INKS[face.state]))
        painter.drawPath(mark())


def _cut(painter: QPainter, mark: QPainterPath) -> None:
    """Free the ground round a mark, so that it stands apart from the hexagon."""
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    pen = QPen(Qt.GlobalColor.black, 2.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.GlobalColor.black)
    painter.drawPath(mark)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)


def _slash(painter: QPainter, ink: QColor) -> None:
    start, stop = QPointF(2.2, 13.8), QPointF(13.8, 2.2)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.setPen(QPen(Qt.GlobalColor.black, 4.2))
    painter.drawLine(start, stop)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    pen = QPen(ink, 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLine(start, stop)


def _hexagon(centre: QPointF, radius: float) -> QPolygonF:
    turns = (math.radians(60 * corner + 30) for corner in range(6))
    return QPolygonF([centre + QPointF(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns])


def _triangle() -> QPainterPath:
    path = QPainterPath(QPointF(11.5, 8.2))
    path.lineTo(15.9, 15.8)
    path.lineTo(7.1, 15.8)
    path.closeSubpath()
    return path


def _square() -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(9.0, 9.0, 7.0, 7.0))
    return path


def _padlock() -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    path.addRoundedRect(QRectF(8.4, 11.0, 7.2, 5.0), 0.8, 0.8)
    shackle = QPainterPath()
    shackle.addRoundedRect(QRectF(9.5, 7.6, 5.0, 6.0), 2.5, 2.5)
    hole = QPainterPath()
    hole.addRoundedRect(QRectF(10.8, 9.0, 2.4, 4.0), 1.2, 1.2)
    return path.united(shackle.subtracted(hole))


_INKS = {
    TrayState.WELL: TRAY.ok,
    TrayState.DEGRADED: TRAY.warn,
    TrayState.DOWN: TRAY.bad,
    TrayState.UNKNOWN: TRAY.neutral,
    TrayState.LOCKED: TRAY.neutral,
}
_MARKS = {TrayState.DEGRADED: _triangle, TrayState.DOWN: _square, TrayState.LOCKED: _padlock}
