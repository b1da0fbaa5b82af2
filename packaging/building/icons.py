"""The program's icons in every size and form that a desktop asks for, drawn from resources/logo by QtSvg."""

from __future__ import annotations

import os
import struct
from functools import cache
from pathlib import Path

from building.tools import NAME, ROOT

LOGO = ROOT / "resources" / "logo"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
VAULT = f"{NAME}-vault"  # the icon of a vault's file
_SMALL_UP_TO = 24  # below, a drawing of its own: three plain cells on whole pixels
_ICNS = {b"icp4": 16, b"icp5": 32, b"icp6": 64, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024}
_ICO = (16, 24, 32, 48, 64, 128, 256)


def drawing(size: int) -> Path:
    """The drawing of the program's icon for this size."""
    return LOGO / (f"{NAME}-small.svg" if size <= _SMALL_UP_TO else f"{NAME}.svg")


@cache
def png(drawn: Path, size: int) -> bytes:
    """The drawing as PNG, transparent around it. Needs no screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([NAME])
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(drawn)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants bytes
    assert application is not None  # noqa: S101 - it must outlive the painter
    return bytes(buffer.data().data())


def put_in_theme(share: Path) -> None:
    """Lay program and vault icons into ``share/icons/hicolor``: every size, and the drawings themselves."""
    theme = share / "icons" / "hicolor"
    for size in SIZES:
        for name, drawn, folder in ((NAME, drawing(size), "apps"), (VAULT, LOGO / "vault-file.svg", "mimetypes")):
            target = theme / f"{size}x{size}" / folder / f"{name}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(png(drawn, size))
    for name, drawn, folder in (
        (NAME, LOGO / f"{NAME}.svg", "apps"),
        (VAULT, LOGO / "vault-file.svg", "mimetypes"),
    ):
        target = theme / "scalable" / folder / f"{name}.svg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(drawn.read_bytes())


def ico() -> bytes:
    """Windows' icon file: PNG entries, as Windows has read them since Vista."""
    images = [png(drawing(size), size) for size in _ICO]
    offset = 6 + 16 * len(images)
    heading = struct.pack("<HHH", 0, 1, len(images))
    for size, image in zip(_ICO, images, strict=True):
        heading += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(image), offset)
        offset += len(image)
    return heading + b"".join(images)


def icns() -> bytes:
    """macOS' icon file."""
    entries = b""
    for kind, size in _ICNS.items():
        image = png(drawing(size), size)
        entries += kind + struct.pack(">I", len(image) + 8) + image
    return b"icns" + struct.pack(">I", len(entries) + 8) + entries
