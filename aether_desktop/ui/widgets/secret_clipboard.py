"""Secrets on the clipboard: marked so that clipboard managers do not keep them, and taken away again soon."""

from __future__ import annotations

import hashlib
from typing import Final

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

KEPT_MS: Final = 10_000
# Who reads which: KDE and most of the free desktop; Windows' history, its cloud, and monitors (a DWORD of 0 says no);
# on macOS the convention of nspasteboard.org, which takes a converter that maps it to the type of that name.
MARKS: Final = (
    ("x-kde-passwordManagerHint", b"secret"),
    ('application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"', b"\0\0\0\0"),
    ('application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"', b"\0\0\0\0"),
    ('application/x-qt-windows-mime;value="CanUploadToCloudClipboard"', b"\0\0\0\0"),
    ("org.nspasteboard.ConcealedType", b"1"),
)


class SecretClipboard(QObject):
    """Clears what it put there after ``kept_ms``, at the program's end, and when told; nobody else's text, ever.

    GUI thread only.
    """

    def __init__(self, parent: QObject | None = None, *, kept_ms: int = KEPT_MS) -> None:
        super().__init__(parent)
        self._digest = b""
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(kept_ms)
        self._due.timeout.connect(self.clear)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.clear)

    def put(self, text: str) -> None:
        """Replace what is on the clipboard."""
        content = QMimeData()
        content.setText(text)
        for kind, mark in MARKS:
            content.setData(kind, mark)
        QGuiApplication.clipboard().setMimeData(content, QClipboard.Mode.Clipboard)
        self._digest = _digest(text)
        self._due.start()

    def clear(self) -> None:
        """Take the text away if it is still there."""
        digest, self._digest = self._digest, b""
        self._due.stop()
        if not digest:
            return
        clipboard = QGuiApplication.clipboard()
        # Under X11 another owner would have to be asked, and may let us wait for seconds: then it is not ours any more.
        if QGuiApplication.platformName() == "xcb" and not clipboard.ownsClipboard():
            return
        if _digest(clipboard.text(QClipboard.Mode.Clipboard)) == digest:
            clipboard.clear(QClipboard.Mode.Clipboard)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
