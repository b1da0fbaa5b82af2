"""How a temple node's state looks: a colour, and a shape that tells it without the colour; for map and band alike."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ui.models.cells import Tone
from aether_desktop.ui.theme.tokens import Colours

_PEN = 1.75  # logical pixels of an outline
_CORNER = 0.886  # half the side of a square with the area of a disc of radius 1
_TALL = 1.35  # of a triangle with about that area
_WIDE = 1.25  # of a diamond
_THIN = 0.75


@dataclass(frozen=True, slots=True)
class NodeLook:
    """``tone`` names the colour; ``word`` is what people read; ``band`` is the share of a band's height."""

    tone: Tone
    word: str
    band: float


LOOKS: Final = MappingProxyType(
    {
        NodeStatus.UP: NodeLook(Tone.OK, "Up", 1.0),
        NodeStatus.DEGRADED: NodeLook(Tone.WARN, "Degraded", 0.7),
        NodeStatus.FLAPPING: NodeLook(Tone.WARN, "Flapping", 0.55),
        NodeStatus.DOWN: NodeLook(Tone.BAD, "Down", 0.4),
        NodeStatus.UNKNOWN: NodeLook(Tone.NEUTRAL, "Unknown", 0.18),
        NodeStatus.SILENCED: NodeLook(Tone.NEUTRAL, "Silenced", 0.18),
        NodeStatus.CANDIDATE: NodeLook(Tone.INFO, "Candidate", 0.18),
        NodeStatus.RETIRED: NodeLook(Tone.NEUTRAL, "Retired", 0.18),
    }
)
WORST_FIRST: Final = (
    NodeStatus.DOWN,
    NodeStatus.FLAPPING,
    NodeStatus.DEGRADED,
    NodeStatus.UNKNOWN,
    NodeStatus.SILENCED,
    NodeStatus.UP,
    NodeStatus.CANDIDATE,
    NodeStatus.RETIRED,
)
"""Which state is told first where several meet."""


def draw_mark(
    painter: QPainter, colours: Colours, *, centre: QPointF, radius: float, status: NodeStatus, stale: bool
) -> None:
    """Disc: up. Triangle: degraded. Square: down. Diamond: flapping. Hollow ones and crosses: not watched or not known.

    A stale mark is an outline without colour, struck through: what was known is no longer. Antialiasing is the
    caller's.
    """
    look = LOOKS[status]
    tone = colours.neutral if stale else colours.tone(look.tone)
    ink = QColor(tone.shape)
    shape = _shape(status, centre, radius)
    pen = QPen(ink, max(1.0, min(_PEN, radius * 0.45)))
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    hollow = stale or status in {NodeStatus.UNKNOWN, NodeStatus.SILENCED, NodeStatus.CANDIDATE, NodeStatus.RETIRED}
    if hollow:
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
    painter.drawPath(shape)
    painter.setPen(pen)
    if status is NodeStatus.SILENCED and not stale:
        painter.drawLine(centre + QPointF(-radius * 0.5, 0), centre + QPointF(radius * 0.5, 0))
    elif status is NodeStatus.CANDIDATE and not stale:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(centre, radius * 0.35, radius * 0.35)
    if stale:
        reach = radius * 1.1
        painter.drawLine(centre + QPointF(-reach, reach), centre + QPointF(reach, -reach))


def _shape(status: NodeStatus, centre: QPointF, radius: float) -> QPainterPath:
    path = QPainterPath()
    x, y = centre.x(), centre.y()
    if status is NodeStatus.DEGRADED:
        high = radius * _TALL
        corners = [QPointF(x, y - high), QPointF(x + high, y + high * _THIN), QPointF(x - high, y + high * _THIN)]
        path.addPolygon(QPolygonF([*corners, corners[0]]))
    elif status is NodeStatus.DOWN:
        half = radius * _CORNER
        path.addRect(QRectF(x - half, y - half, 2 * half, 2 * half))
    elif status is NodeStatus.FLAPPING:
        reach = radius * _WIDE
        corners = [QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach), QPointF(x - reach, y)]
        path.addPolygon(QPolygonF([*corners, corners[0]]))
    elif status is NodeStatus.RETIRED:
        reach = radius * _THIN
        for slope in (1, -1):
            path.moveTo(x - reach, y - slope * reach)
            path.lineTo(x + reach, y + slope * reach)
    else:
        path.addEllipse(centre, radius, radius)
    return path
