"""The recovery kit as one page for paper: PDF, made and written on a worker thread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageSize, QPainter, QPdfWriter

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import RecoveryKit
from aether_desktop.ui.theme.tokens import LIGHT

_DPI: Final = 300
_MARGIN: Final = 20.0  # millimetres
_ROWS: Final = 8
_INK, _DIM = QColor(LIGHT.text), QColor(LIGHT.dim)
_USE: Final = (
    "These words open the vault without its password and on any computer: after a forgotten password, a lost or broken "
    "computer, an emptied keyring. They open every level that the vault had when they were made."
)
_RISK: Final = (
    "Whoever has these words and a copy of the vault's files can open it. Keep this page where you keep papers of "
    "value, away from the computer. Do not photograph it, and delete this file when it is printed."
)
_HOW: Final = (
    "To use it: open Aether, choose the vault, then \u201cUse the recovery kit\u201d, and type the words in their "
    "order."
)


def kit_page(kit: RecoveryKit) -> bytes:
    """The page as PDF, A4, nothing fetched and no metadata but the program's name. Any thread."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
    writer.setCreator("Aether Desktop")
    painter = QPainter(writer)
    _paint(painter, kit, QRectF(0, 0, writer.width(), writer.height()))
    painter.end()
    buffer.close()
    return bytes(buffer.data().data())


def write_kit_page(kit: RecoveryKit, path: Path) -> Path:
    """Write the page to a new file that only its owner may read. Raises InvalidInputError. Worker threads."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(kit_page(kit))
    except FileExistsError:
        raise InvalidInputError(f"{path} exists already.", field="path", hint="Choose another name.") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.", field="path") from error
    return path


def _paint(painter: QPainter, kit: RecoveryKit, page: QRectF) -> None:
    top = page.top()
    top = _line(painter, page, top, "Recovery kit", size=22, bold=True)
    top = _line(painter, page, top, plain_line(kit.vault_name, 120), size=14) + _mm(3)
    made = f"{kit.created:%Y-%m-%d %H:%M} UTC"
    top = _line(painter, page, top, f"Made {made}  ·  kit {kit.kit_id}", size=10, ink=_DIM) + _mm(7)
    top = _words(painter, page, top, kit.words) + _mm(9)
    for text in (_USE, _RISK, _HOW):
        top = _line(painter, page, top, text, size=11) + _mm(3)


def _words(painter: QPainter, page: QRectF, top: float, words: tuple[str, ...]) -> float:
    columns = -(-len(words) // _ROWS)
    wide, high = page.width() / columns, _mm(10)
    number, word = _font(10), _font(14, mono=True)
    for at, text in enumerate(words):
        column, row = divmod(at, _ROWS)
        cell = QRectF(page.left() + column * wide, top + row * high, wide, high)
        painter.setFont(number)
        painter.setPen(_DIM)
        painter.drawText(QRectF(cell.left(), cell.top(), _mm(8), high), _flags("right"), str(at + 1))
        painter.setFont(word)
        painter.setPen(_INK)
        painter.drawText(cell.adjusted(_mm(11), 0, 0, 0), _flags("left"), text)
    return top + _ROWS * high


def _line(
    painter: QPainter, page: QRectF, top: float, text: str, *, size: int, bold: bool = False, ink: QColor = _INK
) -> float:
    """Draw wrapped text; returns where the next line may begin."""
    painter.setFont(_font(size, bold=bold))
    painter.setPen(ink)
    flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft.value)
    room = QRectF(page.left(), top, page.width(), page.bottom() - top)
    drawn = painter.boundingRect(room, flags, text)
    painter.drawText(room, flags, text)
    return drawn.bottom()


def _flags(side: str) -> int:
    across = Qt.AlignmentFlag.AlignRight if side == "right" else Qt.AlignmentFlag.AlignLeft
    return int((across | Qt.AlignmentFlag.AlignVCenter).value)


def _font(size: int, *, bold: bool = False, mono: bool = False) -> QFont:
    font = QFont()
    if mono:
        font.setFamilies(["DejaVu Sans Mono", "Consolas", "Menlo", "monospace"])
        font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSize(size)
    font.setBold(bold)
    return font


def _mm(length: float) -> float:
    return length / 25.4 * _DPI
