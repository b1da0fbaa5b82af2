"""What probes may do on the network: implements sum_api.ProbeNetwork over the bounded clients. One event loop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import re
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from aether_desktop.domain.endpoints import Endpoint, InvalidEndpointError, parse_endpoint
from aether_desktop.networks.connecting import Connector
from aether_desktop.networks.http_client import HttpClient, HttpLimits
from aether_desktop.networks.json_rpc import JsonRpcClient
from aether_desktop.ports.networks import BadAnswerError, CertificateRefusedError, RpcCall, RpcError
from aether_desktop.sum_api import Handshake, HttpReply

_RPC_BYTES: Final = 512 * 1024
_MOST_BYTES: Final = 4 << 20
_RPC_LIMITS: Final = HttpLimits(math.inf, math.inf, _RPC_BYTES)
_CLIENTS: Final = 20_000
_NO_HEX: Final = re.compile(r"[^0-9a-f]")


class ProbeTransport:
    """What all probes share. ``expires_at`` reads a certificate (DER). ``most`` exchanges run at once."""

    def __init__(
        self, expires_at: Callable[[bytes], datetime], *, connector: Connector | None = None, most: int = 400
    ) -> None:
        self._connector = connector or Connector()
        self._expires_at = expires_at
        self._http = HttpClient(connector=self._connector, most=most)
        self._no_batches: dict[str, bool] = {}
        self._slots = asyncio.Semaphore(most)
        self._network = BoundedNetwork(self)

    @property
    def network(self) -> BoundedNetwork:
        """What probes are handed."""
        return self._network

    async def close(self) -> None:
        await self._http.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        limits: HttpLimits,
        clip: bool,
    ) -> HttpReply:
        answer = await self._http.request(method, _endpoint(url), body=body, headers=headers, limits=limits, clip=clip)
        return HttpReply(answer.status, answer.headers, answer.body, answer.complete)

    async def rpc(self, url: str, calls: Sequence[RpcCall], limits: HttpLimits) -> list[object | RpcError]:
        client = JsonRpcClient(self._http, _endpoint(url), limits=limits, batches=url not in self._no_batches)
        answers = await client.batch(calls)
        if not client.batches and len(self._no_batches) < _CLIENTS:
            self._no_batches[url] = True
        return answers

    async def connect(self, url: str, *, pinned: str) -> Handshake:
        endpoint = _endpoint(url)
        trust = _trusting_nobody() if pinned else None
        async with self._slots:
            pipe = await self._connector.connect(endpoint, seconds=math.inf, trust=trust)
        certificate = pipe.certificate
        pipe.abort()
        if not certificate:
            return Handshake()
        fingerprint = hashlib.sha256(certificate).hexdigest()
        if pinned and not hmac.compare_digest(_NO_HEX.sub("", pinned.lower()), fingerprint):
            raise CertificateRefusedError(f"{endpoint.shown} shows another certificate than the one that was noted.")
        try:
            return Handshake(fingerprint, self._expires_at(certificate))
        except ValueError as error:
            raise BadAnswerError(f"The certificate of {endpoint.shown} cannot be read.") from error


class BoundedNetwork:
    """Implements ProbeNetwork. Time is bounded by who asks the probe: one timer for all that it does."""

    __slots__ = ("_transport",)

    def __init__(self, transport: ProbeTransport) -> None:
        self._transport = transport

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        most_bytes: int = 256 * 1024,
        clip: bool = False,
    ) -> HttpReply:
        limits = HttpLimits(math.inf, math.inf, max(0, min(most_bytes, _MOST_BYTES)))
        return await self._transport.request(method, url, body=body, headers=headers, limits=limits, clip=clip)

    async def rpc(self, url: str, calls: Sequence[RpcCall]) -> list[object | RpcError]:
        return await self._transport.rpc(url, calls, _RPC_LIMITS)

    async def connect(self, url: str, *, pinned: str = "") -> Handshake:
        return await self._transport.connect(url, pinned=pinned)


@lru_cache(maxsize=20_000)
def _parsed(url: str) -> Endpoint | str:
    try:
        return parse_endpoint(url)
    except InvalidEndpointError as error:
        return error.reason


def _endpoint(url: str) -> Endpoint:
    endpoint = _parsed(url)
    if isinstance(endpoint, str):
        raise BadAnswerError(endpoint)
    return endpoint


def _trusting_nobody() -> ssl.SSLContext:
    """For certificates that are known by their fingerprint, which is compared before anything is said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
