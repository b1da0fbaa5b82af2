"""Stopping and watching long work: passed down to whoever does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from aether_desktop.ports.errors import OperationCancelled


class CancelToken:
    """Set once, from any thread. Work calls ``check``; drivers register an interrupt with ``on_cancel``."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        with self._lock:
            self._event.set()
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    def check(self) -> None:
        """Raises OperationCancelled once cancelled."""
        if self._event.is_set():
            raise OperationCancelled

    def on_cancel(self, interrupt: Callable[[], None]) -> Callable[[], None]:
        """Call ``interrupt`` (quick, thread-safe) when cancelled, at once if it already is; returns a remover."""
        with self._lock:
            self._interrupts.append(interrupt)
            now = self._event.is_set()
        if now:
            interrupt()

        def remove() -> None:
            with self._lock:
                if interrupt in self._interrupts:
                    self._interrupts.remove(interrupt)

        return remove


class Progress(Protocol):
    """Told from the working thread; cheap to call often. ``total`` None means unknown."""

    def __call__(self, done: int, total: int | None, message: str = "") -> None: ...


def silent(done: int, total: int | None, message: str = "") -> None:
    """A Progress nobody watches."""
