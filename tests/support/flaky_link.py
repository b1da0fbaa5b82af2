"""A TCP link to the test server that can be cut at a chosen moment, to see what a client makes of it."""

from __future__ import annotations

import enum
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.support.processes import THREAD_PREFIX

_CHUNK = 65536


class Cut(enum.Enum):
    """What becomes of the first message that holds the marker."""

    BEFORE = "the server never gets it, and its session ends"
    LINGER = "the server never gets it, and its session stays open"
    AFTER = "the server gets it, its answer is lost"


class FlakyLink:
    """Forwards 127.0.0.1:``port`` to the server. Several connections; ``cut_at`` arms one cut."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._marker = b""
        self._kind = Cut.BEFORE
        self.cut_done = threading.Event()
        self._refuse_next = False
        self._refusing = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads = [self._started(self._accept)]

    def url(self, direct: str) -> str:
        """The direct URL, led through this link."""
        return direct.replace(f":{self._server_port}/", f":{self.port}/")

    def cut_at(self, marker: bytes, kind: Cut, *, then_refuse: bool = False) -> None:
        """Cut the connection that next sends ``marker``; ``then_refuse`` every later one until ``restore``."""
        with self._lock:
            self._marker, self._kind, self._refuse_next = marker, kind, then_refuse
            self.cut_done.clear()

    def restore(self) -> None:
        """Let connections through again."""
        self._refusing.clear()

    def close(self) -> None:
        """Cut everything and wait for the threads."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for end in sockets:
            _shut(end)
        for thread in self._threads:
            thread.join(5)
        for end in sockets:
            end.close()

    def _started(self, target: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, name=f"{THREAD_PREFIX}link", daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                if self._refusing.is_set():
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            with self._lock:
                self._sockets += [client, server]
            muted = threading.Event()
            self._threads.append(self._started(self._forward_requests, client, server, muted))
            self._threads.append(self._started(self._forward_answers, server, client, muted))

    def _forward_requests(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                kind = self._cut_for(data)
                if kind is Cut.AFTER:
                    muted.set()
                    server.sendall(data)
                elif kind is not None:
                    muted.set()
                    if kind is Cut.BEFORE:
                        _shut(server)
                    _shut(client)
                else:
                    server.sendall(data)
                if kind is not None:
                    self.cut_done.set()
                if kind is Cut.LINGER:
                    return
        _shut(server)

    def _forward_answers(self, server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                if muted.is_set():
                    break
                client.sendall(data)
        _shut(client)

    def _cut_for(self, data: bytes) -> Cut | None:
        with self._lock:
            if self._marker and self._marker in data:
                self._marker = b""
                if self._refuse_next:
                    self._refusing.set()
                return self._kind
        return None


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
