"""HTTP/1.1 within bounds: size and time of every answer limited, no redirects followed, nothing decompressed.

asyncio moves the bytes, ``http_answers`` reads them; both ends of every limit are ours. One client, one event loop.
"""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import h11

from aether_desktop.domain.endpoints import Endpoint
from aether_desktop.networks.connecting import Connected, Connector
from aether_desktop.networks.http_answers import (
    AnswerReader,
    HttpAnswer,
    Question,
    Request,
    made_request,
    usual_answer,
)
from aether_desktop.ports.networks import BadAnswerError, EndpointTimeoutError, UnreachableError

_IDLE_SECONDS: Final = 15.0  # a kept connection that is older is not used again: servers close theirs


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Of one exchange: seconds to connect, seconds in all, bytes of the body. Infinite: the caller bounds the time."""

    connect_seconds: float = 5.0
    total_seconds: float = 10.0
    body_bytes: int = 1 << 20


@dataclass(slots=True, eq=False)
class _Channel:
    """One connection. ``heard``: something of the answer that is waited for has come."""

    pipe: Connected
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
        request = _request(method, endpoint, len(body), tuple(headers), self._keep > 0)
        question = Question(request, body, bounds.body_bytes, clip)
        async with self._slots:
            if bounds.total_seconds == math.inf:
                return await self._exchanged(endpoint, question, bounds)
            try:
                async with asyncio.timeout(bounds.total_seconds):
                    return await self._exchanged(endpoint, question, bounds)
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

    async def _exchanged(self, endpoint: Endpoint, question: Question, bounds: HttpLimits) -> HttpAnswer:
        kept = self._kept(endpoint)
        if kept is not None:
            try:
                return await self._spoken(endpoint, kept, question)
            except UnreachableError:
                if kept.heard:
                    raise  # else the server closed it while it lay idle: a new one is no repetition
        pipe = await self._connector.connect(endpoint, seconds=bounds.connect_seconds)
        return await self._spoken(endpoint, _Channel(pipe), question)

    async def _spoken(self, endpoint: Endpoint, channel: _Channel, question: Question) -> HttpAnswer:
        answer: HttpAnswer | None = None
        channel.heard = False
        try:
            answer = await _exchange(channel, endpoint, question)
        except h11.RemoteProtocolError as error:
            raise BadAnswerError(f"{endpoint.shown} does not answer in HTTP.", details=str(error)[:200]) from error
        except OSError as error:
            raise UnreachableError(f"{endpoint.shown} broke off the connection.", details=str(error)[:200]) from error
        finally:
            if answer is not None and answer.keeps and self._keep > 0:
                channel.since = asyncio.get_running_loop().time()
                self._idle.setdefault(_place(endpoint), []).append(channel)
            else:
                channel.pipe.abort()
        return answer

    def _kept(self, endpoint: Endpoint) -> _Channel | None:
        if not self._idle:
            return None
        channels = self._idle.get(_place(endpoint), [])
        now = asyncio.get_running_loop().time()
        while channels:
            channel = channels.pop()
            if now - channel.since < _IDLE_SECONDS and channel.pipe.idle:
                return channel
            channel.pipe.abort()
        return None


@lru_cache(maxsize=16_384)
def _request(method: str, endpoint: Endpoint, size: int, more: tuple[tuple[str, str], ...], keep: bool) -> Request:
    """Checked and put in form once: probes send the same again and again."""
    headers = [("Host", endpoint.authority), ("Accept-Encoding", "identity"), ("User-Agent", "aether-desktop")]
    if not keep:
        headers.append(("Connection", "close"))
    if size:
        headers.append(("Content-Length", str(size)))
    if endpoint.user or endpoint.password:
        pair = base64.b64encode(f"{endpoint.user}:{endpoint.password}".encode()).decode("ascii")
        headers.append(("Authorization", f"Basic {pair}"))
    return made_request(method, endpoint.path, [*headers, *more])


async def _exchange(channel: _Channel, endpoint: Endpoint, question: Question) -> HttpAnswer:
    """Raises NetworkErrors, h11.RemoteProtocolError, OSError."""
    await channel.pipe.send(question.request.sent + question.body)
    data = await channel.pipe.receive()
    if not data:
        raise UnreachableError(f"{endpoint.shown} closed the connection without an answer.")
    channel.heard = True
    answer = usual_answer(data, question)
    if answer is None:
        reader = AnswerReader(endpoint, question)
        while (answer := reader.fed(data)) is None:
            data = await channel.pipe.receive()
    return answer


def _place(endpoint: Endpoint) -> tuple[str, str, int]:
    return (endpoint.scheme, endpoint.host, endpoint.port)
