"""Endpoints that behave as a script says: well, or in one of the ways that hurt. Loopback only.

In this process: ``ScriptedServer`` on a thread. As many as one likes: ``python -m tests.support.scripted_endpoints``.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from tests.support.processes import THREAD_PREFIX

CHAIN_ID: Final = 2615
HEIGHT: Final = 1000
_GIGABYTE: Final = 1 << 30
_MARKUP: Final = "<img src=x onerror=alert(1)><b>node</b>\u202e"


@dataclass(slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    server: ScriptedServer

    @property
    def calls(self) -> list[dict[str, object]]:
        parsed = json.loads(self.body)
        return parsed if isinstance(parsed, list) else [parsed]


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def rpc_result(call: Mapping[str, object], server: ScriptedServer) -> dict[str, object]:
    """What a healthy node says."""
    known: dict[str, object] = {
        "eth_chainId": hex(server.chain_id),
        "eth_blockNumber": hex(server.height),
        "eth_syncing": False,
        "net_peerCount": "0x5",
        "echo": call.get("params"),
    }
    method = str(call.get("method"))
    answer: dict[str, object] = {"jsonrpc": "2.0", "id": call.get("id")}
    if method in server.missing or method not in known:
        return {**answer, "error": {"code": -32601, "message": f"the method {method} does not exist"}}
    return {**answer, "result": known[method]}


async def well(asked: Asked, writer: asyncio.StreamWriter) -> None:
    answers = [rpc_result(call, asked.server) for call in reversed(asked.calls)] if asked.body else []
    answer = answers if asked.body.startswith(b"[") else answers[0] if answers else {"status": "well"}
    writer.write(http(json.dumps(answer).encode()))


async def no_batches(asked: Asked, writer: asyncio.StreamWriter) -> None:
    if asked.body.startswith(b"["):
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}}
        writer.write(http(json.dumps(error).encode()))
    else:
        await well(asked, writer)


def always(answer: object) -> Behaviour:
    """That JSON to every question; ``ID`` as the id stands for the question's."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        said = answer
        if isinstance(said, dict) and said.get("id") == "ID":
            said = {**said, "id": asked.calls[0].get("id")}
        writer.write(http(json.dumps(said).encode()))

    return behave


def raw(data: bytes) -> Behaviour:
    """Those bytes, then the end."""

    async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return behave


async def stall(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def reset(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def huge(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    for _ in range(_GIGABYTE // 65536):
        writer.write(piece)
        await writer.drain()


async def trickle(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3600\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_head(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"a" * 8000 + b"\r\n")
        await writer.drain()


async def interim(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
        await writer.drain()


async def html_error(asked: Asked, writer: asyncio.StreamWriter) -> None:
    error = {"code": -32000, "message": _MARKUP * 40}
    writer.write(http(json.dumps({"jsonrpc": "2.0", "id": asked.calls[0]["id"], "error": error}).encode()))


async def wrong_chain(asked: Asked, writer: asyncio.StreamWriter) -> None:
    answers = []
    for call in asked.calls:
        answer = rpc_result(call, asked.server)
        answers.append({**answer, "result": "0x1"} if call["method"] == "eth_chainId" else answer)
    writer.write(http(json.dumps(answers if asked.body.startswith(b"[") else answers[0]).encode()))


_DEEP = b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
HOSTILE: Final[Mapping[str, Behaviour]] = {
    "stall": stall,
    "reset": reset,
    "huge": huge,
    "trickle": trickle,
    "endless head": endless_head,
    "interim": interim,
    "garbage": raw(bytes(range(256)) * 40),
    "empty": raw(b""),
    "half": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
    "lies about length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}"),
    "html": raw(http(b"<!DOCTYPE html><h1>Welcome</h1>" * 50, kind="text/html")),
    "html error": html_error,
    "wrong chain": wrong_chain,
    "redirect": raw(http(b"", status="302 Found", more="Location: http://127.0.0.1:9/\r\n")),
    "unavailable": raw(http(b"<html>503</html>", status="503 Service Unavailable", more="Retry-After: 7\r\n")),
    "not a number": raw(http(b'{"jsonrpc":"2.0","id":1,"result":NaN}')),
    "deep": raw(http(_DEEP)),
    "compressed": raw(http(b"\x1f\x8b" + b"\x00" * 200, more="Content-Encoding: gzip\r\n")),
    "another id": always({"jsonrpc": "2.0", "id": 999_999, "result": "0x1"}),
    "no result": always({"jsonrpc": "2.0", "id": "ID"}),
    "text for a number": always({"jsonrpc": "2.0", "id": "ID", "result": _MARKUP}),
    "negative": always({"jsonrpc": "2.0", "id": "ID", "result": -5}),
    "half an error": always({"jsonrpc": "2.0", "id": "ID", "error": "boom"}),
}


class Rude(BaseException):
    """Ends a connection of the server."""


@dataclass(eq=False)
class ScriptedServer:
    """Listens on ``port``; ``behaviour`` may be changed while it runs, ``asked`` counts requests."""

    behaviour: Behaviour = well
    tls: ssl.SSLContext | None = None
    chain_id: int = CHAIN_ID
    height: int = HEIGHT
    missing: frozenset[str] = frozenset()
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}/key?secret=planted"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self.tls, backlog=500)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(3):
                await asyncio.sleep(0)  # what is half accepted: a closed server leaves its socket open (Python 3.11)
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """No coroutine: a task that is cancelled before it began would leave the connection open."""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.CancelledError, ssl.SSLError, asyncio.IncompleteReadError, ValueError):
            while not writer.is_closing():
                await self._one(reader, writer)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _version = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(method, path, headers, body, self)
        if len(self.asked) < 10_000:
            self.asked.append(asked)
        await self.behaviour(asked, writer)
        await writer.drain()
        if headers.get("connection") == "close":
            writer.close()


class ServerThread:
    """Runs servers on a loop in a thread of this process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"{THREAD_PREFIX}endpoints", daemon=True)
        self._thread.start()
        self._servers: list[ScriptedServer] = []

    def serve(self, server: ScriptedServer) -> ScriptedServer:
        asyncio.run_coroutine_threadsafe(server.start(), self._loop).result(10)
        self._servers.append(server)
        return server

    def stop(self, server: ScriptedServer) -> None:
        """It refuses connections from now on; ``serve`` again brings it back on the same port."""
        asyncio.run_coroutine_threadsafe(server.stop(), self._loop).result(10)
        self._servers.remove(server)

    def close(self) -> None:
        for server in list(self._servers):
            self.stop(server)
        asyncio.run_coroutine_threadsafe(_all_ended(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _all_ended() -> None:
    """Also connections that were accepted while their server stopped."""
    for _ in range(20):
        await asyncio.sleep(0)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)  # aborted transports close their sockets


def fleet_behaviours(count: int) -> list[str]:
    """Names by place: every third endpoint is well, the others take turns with the hostile ones."""
    hostile = cycle(HOSTILE)
    return ["well" if place % 3 == 0 else next(hostile) for place in range(count)]


async def _run_fleet(count: int) -> None:
    servers = [ScriptedServer(well if name == "well" else HOSTILE[name]) for name in fleet_behaviours(count)]
    for server in servers:
        await server.start()
    sys.stdout.write(f"ports {' '.join(str(server.port) for server in servers)}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_run_fleet(int(sys.argv[1])))
