"""HTTP/1.1 within bounds: size and time of every answer limited, no redirects followed, nothing decompressed.

h11 parses, asyncio moves the bytes; both ends of every limit are ours. One client belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import base64
import math
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import h11

from aether_desktop.domain.endpoints import Endpoint
from aether_desktop.networks.connecting import Connected, Connector
from aether_desktop.ports.networks import (
    AnswerTooLargeError,
    BadAnswerError,
    EndpointTimeoutError,
    NetworkError,
    UnreachableError,
)

_HEAD_BYTES: Final = 32 * 1024
_PIECE: Final = 64 * 1024
_INTERIM_ANSWERS: Final = 8  # 1xx before the real one
_PLAIN_CODINGS: Final = frozenset({b"", b"identity"})
_IDLE_SECONDS: Final = 15.0  # a kept connection that is older is not used again: servers close theirs


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Of one exchange: seconds to connect, seconds in all, bytes of the body. Infinite: the caller bounds the time."""

    connect_seconds: float = 5.0
    total_seconds: float = 10.0
    body_bytes: int = 1 << 20


class HttpAnswer(NamedTuple):
    """``headers`` with names in lower case. ``body`` is whole."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    complete: bool = True

    def header(self, name: bytes) -> bytes:
        """The first of that name (lower case), empty without one."""
        return next((value for key, value in self.headers if key == name), b"")


class _Question(NamedTuple):
    head: h11.Request
    body: bytes
    most: int
    clip: bool

    @property
    def bodiless(self) -> bool:
        return self.head.method == b"HEAD"


@dataclass(slots=True, eq=False)
class _Channel:
    """One connection and its parser. ``got`` counts bytes of the answer that is being read."""

    pipe: Connected
    parser: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    )
    heard: bool = False
    since: float = 0.0


class HttpClient:
    """``keep`` connections to each host stay open for the next request, none by default; ``most`` are open at once.

    Only on the thread of its event loop.
    """

    def __init__(
        self, *, limits: HttpLimits | None = None, keep: int = 0, most: int = 100, connector: Connector | None = None
    ) -> None:
        self._limits = limits or HttpLimits()
        self._keep = keep
        self._connector = connector or Connector()
        self._slots = asyncio.Semaphore(most)
        self._idle: dict[tuple[str, str, int], list[_Channel]] = {}

    async def request(
        self,
        method: str,
        endpoint: Endpoint,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        limits: HttpLimits | None = None,
        clip: bool = False,
    ) -> HttpAnswer:
        """One exchange, whatever its status. ``clip``: the beginning of a body that is too large, not an error.

        Raises UnreachableError, EndpointTimeoutError, CertificateRefusedError, BadAnswerError, AnswerTooLargeError. The
        time spent waiting for a free slot does not count: a busy client makes no endpoint late.
        """
        bounds = limits or self._limits
        head = _request_head(method, endpoint, len(body), tuple(headers), self._keep > 0)
        async with self._slots:
            if bounds.total_seconds == math.inf:
                return await self._exchanged(endpoint, _Question(head, body, bounds.body_bytes, clip), bounds)
            try:
                async with asyncio.timeout(bounds.total_seconds):
                    return await self._exchanged(endpoint, _Question(head, body, bounds.body_bytes, clip), bounds)
            except TimeoutError as error:
                raise EndpointTimeoutError(
                    f"{endpoint.shown} did not answer within {bounds.total_seconds:g} seconds."
                ) from error

    async def close(self) -> None:
        """Close what is kept open."""
        for channels in self._idle.values():
            for channel in channels:
                channel.pipe.abort()
        self._idle.clear()
        self._connector.close()
        await asyncio.sleep(0)  # transports tell their protocols in the next turn

    async def _exchanged(self, endpoint: Endpoint, question: _Question, bounds: HttpLimits) -> HttpAnswer:
        kept = self._kept(endpoint)
        if kept is not None:
            try:
                return await self._spoken(endpoint, kept, question)
            except UnreachableError:
                if kept.heard:
                    raise  # else the server closed it while it lay idle: a new one is no repetition
        pipe = await self._connector.connect(endpoint, seconds=bounds.connect_seconds)
        return await self._spoken(endpoint, _Channel(pipe), question)

    async def _spoken(self, endpoint: Endpoint, channel: _Channel, question: _Question) -> HttpAnswer:
        keep = False
        channel.heard = False
        try:
            with _protocol_errors(endpoint):
                channel.pipe.writer.write(channel.parser.send(question.head) or b"")
                if question.body:
                    channel.pipe.writer.write(channel.parser.send(h11.Data(data=question.body)) or b"")
                channel.parser.send(h11.EndOfMessage())
                answer = await _read_answer(channel, endpoint, question)
                keep = self._can_keep(channel)
                return answer
        finally:
            if keep:
                channel.parser.start_next_cycle()
                channel.since = asyncio.get_running_loop().time()
                self._idle.setdefault(_place(endpoint), []).append(channel)
            else:
                channel.pipe.abort()

    def _kept(self, endpoint: Endpoint) -> _Channel | None:
        channels = self._idle.get(_place(endpoint), [])
        now = asyncio.get_running_loop().time()
        while channels:
            channel = channels.pop()
            if now - channel.since < _IDLE_SECONDS and not channel.pipe.reader.at_eof():
                return channel
            channel.pipe.abort()
        return None

    def _can_keep(self, channel: _Channel) -> bool:
        done = channel.parser.our_state is h11.DONE and channel.parser.their_state is h11.DONE
        return done and self._keep > 0 and not channel.parser.trailing_data[0]


@lru_cache(maxsize=16_384)
def _request_head(
    method: str, endpoint: Endpoint, size: int, more: tuple[tuple[str, str], ...], keep: bool
) -> h11.Request:
    """Checked and put in form once: probes send the same again and again."""
    headers = [("Host", endpoint.authority), ("Accept-Encoding", "identity"), ("User-Agent", "aether-desktop")]
    if not keep:
        headers.append(("Connection", "close"))
    if size:
        headers.append(("Content-Length", str(size)))
    if endpoint.user or endpoint.password:
        pair = base64.b64encode(f"{endpoint.user}:{endpoint.password}".encode()).decode("ascii")
        headers.append(("Authorization", f"Basic {pair}"))
    return h11.Request(method=method, target=endpoint.path, headers=[*headers, *more])


async def _read_answer(channel: _Channel, endpoint: Endpoint, question: _Question) -> HttpAnswer:
    head: h11.Response | None = None
    pieces: list[bytes] = []
    size = interim = 0
    while True:
        event = channel.parser.next_event()
        if event is h11.NEED_DATA:
            data = await channel.pipe.reader.read(_PIECE)
            if not data and not channel.heard:
                raise UnreachableError(f"{endpoint.shown} closed the connection without an answer.")
            channel.heard = True
            channel.parser.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
            _check_head(head, endpoint, question)
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > question.most:
                if not question.clip:
                    raise _too_large(endpoint, question.most)
                body = b"".join(pieces) + bytes(event.data)
                return HttpAnswer(head.status_code if head else 0, _headers_of(head), body[: question.most], False)
            pieces.append(bytes(event.data))
        elif isinstance(event, h11.InformationalResponse):
            interim += 1
            if interim > _INTERIM_ANSWERS:
                raise BadAnswerError(f"{endpoint.shown} sends only interim answers.")
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return HttpAnswer(head.status_code, _headers_of(head), b"".join(pieces))
        else:  # PAUSED, ConnectionClosed: nothing more will come
            raise BadAnswerError(f"{endpoint.shown} broke off in the middle of HTTP.")


def _headers_of(head: h11.Response | None) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(head.headers) if head is not None else ()


def _check_head(head: h11.Response, endpoint: Endpoint, question: _Question) -> None:
    for name, value in head.headers:
        if name == b"content-encoding" and value.strip().lower() not in _PLAIN_CODINGS:
            raise BadAnswerError(f"{endpoint.shown} answers compressed although that was not asked for.")
        if name == b"content-length" and int(value) > question.most and not question.clip and not question.bodiless:
            raise _too_large(endpoint, question.most)  # h11 has checked that it is a number


def _too_large(endpoint: Endpoint, most: int) -> AnswerTooLargeError:
    return AnswerTooLargeError(f"{endpoint.shown} answers with more than {most:,} bytes, which is not read.")


@contextmanager
def _protocol_errors(endpoint: Endpoint) -> Iterator[None]:
    """Raises NetworkErrors for what goes wrong below."""
    try:
        yield
    except NetworkError:
        raise
    except h11.RemoteProtocolError as error:
        raise BadAnswerError(f"{endpoint.shown} does not answer in HTTP.", details=str(error)[:200]) from error
    except (OSError, ssl.SSLError) as error:
        raise UnreachableError(f"{endpoint.shown} broke off the connection.", details=str(error)[:200]) from error


def _place(endpoint: Endpoint) -> tuple[str, str, int]:
    return (endpoint.scheme, endpoint.host, endpoint.port)
