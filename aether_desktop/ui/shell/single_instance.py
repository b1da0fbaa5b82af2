"""One window per vault: a second start asks the first to come forward and ends."""

from __future__ import annotations

import hashlib
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_ASK = b"raise\n"
_PATIENCE_MS = 1500  # for an answer; only a second start ever waits
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
        stem = "aether-" + hashlib.sha256(key.encode("utf-8")).hexdigest()[:16]
        self._address = str(place / f"{stem}.sock")
        self._lock = QLockFile(str(place / f"{stem}.lock"))
        self._lock.setStaleLockTime(0)  # a lock is stale only if its process is gone, however long it ran
        self._server: QLocalServer | None = None

    def claim(self) -> Claim:
        """Become the first, or ask the first to come forward. Waits at most 1.5 s, and only in a second start."""
        if self._lock.tryLock(0):
            self._listen()
            return Claim.FIRST
        return Claim.RAISED if self._ask() else Claim.SILENT

    def release(self) -> None:
        """Give up the claim."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _listen(self) -> None:
        QLocalServer.removeServer(self._address)  # left by a start that was killed; the lock says it is ours
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_new_connection)
        server.listen(self._address)
        self._server = server

    def _ask(self) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(self._address)
        if not socket.waitForConnected(_PATIENCE_MS):
            return False
        socket.write(_ASK)
        socket.flush()
        answered = socket.waitForReadyRead(_PATIENCE_MS) and bytes(socket.readLine().data()) == _ASK
        socket.abort()
        return answered

    def _on_new_connection(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._on_asked(socket))
            socket.disconnected.connect(socket.deleteLater)

    def _on_asked(self, socket: QLocalSocket) -> None:
        asked = bytes(socket.read(_MOST_BYTES).data())
        if asked == _ASK:
            socket.write(_ASK)
            socket.flush()
            self.raise_asked.emit()
        else:
            socket.abort()
