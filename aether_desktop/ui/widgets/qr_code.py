"""A QR code, dark on white in every theme, as cameras want it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aether_desktop.ui.models.qr_matrix import QrMatrix

_QUIET: Final = 4  # modules of white around it (ISO/IEC 18004)
_MODULE: Final = 4  # pixels
_LIGHT, _DARK = QColor(Qt.GlobalColor.white), QColor(Qt.GlobalColor.black)  # for cameras, not for the theme


class QrCode(QWidget):
    """Hidden while it has nothing to show. GUI thread only."""

    def __init__(self, *, object_name: str) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.matrix: QrMatrix = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_matrix(self, matrix: QrMatrix, name: str) -> None:
        """``name`` says what it encodes, for screen readers. An empty matrix hides it."""
        self.matrix = matrix
        self.setAccessibleName(name)
        self.setFixedSize(self.sizeHint())
        self.setVisible(bool(matrix))
        self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        side = (len(self.matrix) + 2 * _QUIET) * _MODULE
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), _LIGHT)
        for down, row in enumerate(self.matrix):
            for across, dark in enumerate(row):
                if dark:
                    place = QRect((across + _QUIET) * _MODULE, (down + _QUIET) * _MODULE, _MODULE, _MODULE)
                    painter.fillRect(place, _DARK)
        painter.end()
