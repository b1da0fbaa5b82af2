"""The tray icon: each state told apart without its colour, at the sizes that panels use, on dark and on light ones."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from aether_desktop.ui.shell.tray_drawing import SIZES, TrayFace, TrayState, tray_icon, tray_pixmap
from aether_desktop.ui.theme.tokens import TRAY
from tests.ui.test_tokens import contrast

_PANELS = ("#FFFFFF", "#F1F1EE", "#22262F", "#15171C", "#000000")
_FACES = [TrayFace(state) for state in TrayState] + [
    TrayFace(state, stale=True) for state in (TrayState.WELL, TrayState.DEGRADED, TrayState.DOWN)
]


def _shape(face: TrayFace, size: int) -> list[bool]:
    """Which pixels are inked, whatever the colour."""
    image = tray_pixmap(face, size).toImage().convertToFormat(QImage.Format.Format_Alpha8)
    stride = image.bytesPerLine()
    raw = bytes(image.constBits())
    return [raw[row * stride + column] > 110 for row in range(size) for column in range(size)]


@pytest.mark.parametrize("size", [16, 22, 32])
def test_states_are_told_apart_by_shape_alone(qapp: QApplication, size: int) -> None:
    shapes = {face: _shape(face, size) for face in _FACES}
    for (one, first), (other, second) in combinations(shapes.items(), 2):
        differing = sum(a != b for a, b in zip(first, second, strict=True))
        assert differing >= size * size * 0.03, (one, other, differing)


def test_old_news_is_never_filled_nor_green(qapp: QApplication) -> None:
    for state in TrayState:
        stale = tray_pixmap(TrayFace(state, stale=True), 32).toImage()
        colours = {stale.pixelColor(x, y).name().upper() for x in range(32) for y in range(32)}
        assert TRAY.ok not in colours
        assert sum(_shape(TrayFace(state, stale=True), 32)) < sum(_shape(TrayFace(TrayState.WELL), 32)) * 0.8


def test_colours_are_seen_on_every_panel() -> None:
    for ink in TRAY:
        for ground in _PANELS:
            assert contrast(ink, ground) >= 3.0, (ink, ground)


def test_it_keeps_its_colour_on_a_panel(qapp: QApplication) -> None:
    ground = QImage(16, 16, QImage.Format.Format_RGB32)
    ground.fill(QColor("#15171C"))
    painter = QPainter(ground)
    painter.drawPixmap(0, 0, tray_pixmap(TrayFace(TrayState.DOWN), 16))
    painter.end()
    assert ground.pixelColor(12, 12).name().upper() == TRAY.bad
    assert [size.width() for size in tray_icon(TrayFace(TrayState.DOWN)).availableSizes()] == list(SIZES)
