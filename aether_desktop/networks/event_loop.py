"""The one asyncio loop of the program, in a thread of its own: all network work runs there."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, TypeVar

from aether_desktop.networks.json_rpc import NetworkEndpoints
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.networks import EndpointHealth, RpcCall, RpcError
from aether_desktop.ports.work import CancelToken

_LOG: Final = logging.getLogger(__name__)
_ResultT = TypeVar("_ResultT")
_Any = Coroutine[object, object, _ResultT]


class NetworkLoop:
    """Starts with the first work. ``close`` cancels all of it, runs what was asked to run then, and joins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._last_work: list[Callable[[], Coroutine[object, object, None]]] = []

    def submit(self, work: _Any[_ResultT]) -> concurrent.futures.Future[_ResultT]:
        """Run the coroutine on the loop; any thread; its future may be cancelled. Raises OperationCancelled."""
        with self._lock:
            if self._closed:
                work.close()
                raise OperationCancelled
            loop = self._running()
        return asyncio.run_coroutine_threadsafe(work, loop)

    def run(self, work: _Any[_ResultT], token: CancelToken | None = None) -> _ResultT:
        """Wait for the result; worker threads. Raises what the work raises, OperationCancelled."""
        future = self.submit(work)
        remove = token.on_cancel(lambda: _cancelled(future)) if token is not None else None
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise OperationCancelled from error
        finally:
            if remove is not None:
                remove()

    def before_close(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Run this on the loop once everything else is cancelled: closing connections. Any thread."""
        with self._lock:
            self._last_work.append(work)

    def close(self) -> None:
        """May be called twice; not from the loop's own thread."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(_noted)
            self._thread = threading.Thread(target=self._work, args=(self._loop,), name="aether-network", daemon=True)
            self._thread.start()
        return self._loop

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(self._finished())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _finished(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for work in reversed(self._last_work):
            try:
                await work()
            except Exception:  # noqa: BLE001 - the others are closed all the same
                _LOG.exception("closing a network client failed")
        for _ in range(3):
            await asyncio.sleep(0)  # aborted transports close their sockets


class BlockingJsonRpc:
    """Implements ports.networks.JsonRpc over the loop."""

    def __init__(self, loop: NetworkLoop, endpoints: NetworkEndpoints) -> None:
        self._loop = loop
        self._endpoints = endpoints

    def call(self, method: str, params: Sequence[object] = (), *, token: CancelToken | None = None) -> object:
        return self._loop.run(self._endpoints.call(method, params), token)

    def batch(self, calls: Sequence[RpcCall], *, token: CancelToken | None = None) -> list[object | RpcError]:
        return self._loop.run(self._endpoints.batch(calls), token)

    def health(self) -> tuple[EndpointHealth, ...]:
        return self._endpoints.health()


def _cancelled(future: concurrent.futures.Future[_ResultT]) -> None:
    future.cancel()


def _noted(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    _LOG.warning("network loop: %s", context.get("message"), exc_info=error if isinstance(error, Exception) else None)
