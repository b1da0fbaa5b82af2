"""Which colours a widget shows."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget


def picture(widget: QWidget) -> QImage:
    """The widget as it paints now."""
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def colours_in(widget: QWidget, area: QRect | None = None) -> set[str]:
    """Every colour that some pixel (of ``area``, in device pixels) has, as "#RRGGBB"."""
    image = picture(widget)
    part = image if area is None else image.copy(area)
    raw = bytes(part.constBits())
    width = part.width() * 4
    rows = (raw[at : at + width] for at in range(0, part.bytesPerLine() * part.height(), part.bytesPerLine()))
    pixels = {row[at : at + 4] for row in rows for at in range(0, width, 4)}
    return {QColor(pixel[2], pixel[1], pixel[0]).name().upper() for pixel in pixels}
