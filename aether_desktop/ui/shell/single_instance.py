"""One window per vault: a second start asks the first to come forward and ends."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCryptographicHash, QDeadlineTimer, QLockFile, QObject, QStandardPaths, QThread, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

_ASK = b"raise\n"
_PATIENCE_MS = 1500  # for the socket, and for an answer; only a second start ever waits
_AGAIN_MS = 20
_MOST_BYTES = 64


class Claim(Enum):
    """What a start found."""

    FIRST = auto()
    """Nobody else: go on."""
    RAISED = auto()
    """Another one has come forward: end quietly."""
    SILENT = auto()
    """Another one holds the vault and does not answer: say so and end."""


class SingleInstance(QObject):
    """Holds the claim on ``key`` (profile and vault path) while it lives. GUI thread only."""

    raise_asked = Signal()

    def __init__(self, key: str, *, folder: Path | None = None, parent: QObject | None = None) -> None:
        """``folder`` is the person's runtime directory unless given; it must be theirs alone."""
        super().__init__(parent)
        place = folder or Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.RuntimeLocation))
        # short: a socket's whole path has room for 107 bytes on Linux
        # Qt's own sum: Python's loads OpenSSL, 5 MB, before the window is painted
        digest = QCryptographicHash.hash(key.encode("utf-8"), QCryptographicHash.Algorithm.Sha256)
        stem = "aether-" + bytes(digest.toHex().data()).decode("ascii")[:16]
        self._address = str(place / f"{stem}.sock")
        self._lock = QLockFile(str(place / f"{stem}.lock"))
        self._lock.setStaleLockTime(0)  # a lock is stale only if its process is gone, however long it ran
        self._server: QLocalServer | None = None

    def claim(self) -> Claim:
        """Become the first, who then has to ``listen``; or ask the first to come forward. Only a second start waits, at
        most 3 s.
        """
        if self._lock.tryLock(0):
            return Claim.FIRST
        return Claim.RAISED if self._ask() else Claim.SILENT

    def listen(self) -> None:
        """Answer later starts from now on. Apart from the claim, as it loads Qt's network: after the first paint."""
        from PySide6.QtNetwork import QLocalServer  # noqa: PLC0415 - see above

        QLocalServer.removeServer(self._address)  # left by a start that was killed; the lock says it is ours
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_new_connection)
        server.listen(self._address)
        self._server = server

    def release(self) -> None:
        """Give up the claim."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _ask(self) -> bool:
        from PySide6.QtNetwork import QLocalSocket  # noqa: PLC0415 - a first start does without

        socket = QLocalSocket()
        patience = QDeadlineTimer(_PATIENCE_MS)
        socket.connectToServer(self._address)
        while not socket.waitForConnected(_PATIENCE_MS):  # at once where nobody listens: the first may not have painted
            if patience.hasExpired():
                return False
            QThread.msleep(_AGAIN_MS)
            socket.connectToServer(self._address)
        socket.write(_ASK)
        socket.flush()
        answered = socket.waitForReadyRead(_PATIENCE_MS) and bytes(socket.readLine().data()) == _ASK
        socket.abort()
        return answered

    def _on_new_connection(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._on_asked)  # no lambda that holds the socket: it was deleted twice then
            socket.disconnected.connect(socket.deleteLater)

    def _on_asked(self) -> None:
        from PySide6.QtNetwork import QLocalSocket  # noqa: PLC0415 - loaded since we listen

        socket = self.sender()
        if not isinstance(socket, QLocalSocket):
            return
        asked = bytes(socket.read(_MOST_BYTES).data())
        if asked == _ASK:
            socket.write(_ASK)
            socket.flush()
            self.raise_asked.emit()
        else:
            socket.abort()
