"""TCP and TLS connections with a time limit; names looked up on few threads of their own."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import math
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import Final, Protocol

from aether_desktop.domain.endpoints import Endpoint
from aether_desktop.ports.networks import (
    CertificateRefusedError,
    EndpointTimeoutError,
    NoNetworkError,
    UnreachableError,
)

_PIECE: Final = 64 * 1024  # bytes that one call of ``receive`` gives at most
_NAMES_KEPT: Final = 20_000
_NAME_SECONDS: Final = 60.0  # a looked-up name is believed so long
_LOOKERS: Final = 8  # threads: a name server that does not answer holds up names, never addresses
_NO_ROAD: Final = frozenset({errno.ENETUNREACH, errno.ENETDOWN})
_MOST_ADDRESSES: Final = 4  # tried of one name


class Connected(Protocol):
    """An open connection. Both ways raise OSError when it breaks."""

    @property
    def certificate(self) -> bytes:
        """The peer's certificate (DER), empty without TLS. Sent, not necessarily trusted."""
        ...

    @property
    def idle(self) -> bool:
        """Whether it is still open, and the peer has said nothing unasked."""
        ...

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        """What there is, 64 KiB at most; nothing at the end."""
        ...

    def abort(self) -> None:
        """Drop it at once, whatever is still to be sent. Only while nobody waits for the two above."""
        ...


class _PlainConnection:
    """A bare socket: half the processor time of a transport with its protocol and buffers, which ten thousand probes
    feel. Nothing is read that was not asked for, so nothing piles up."""

    __slots__ = ("_loop", "_socket")

    certificate = b""

    def __init__(self, open_socket: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._socket = open_socket
        self._loop = loop

    @property
    def idle(self) -> bool:
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        return False

    async def send(self, data: bytes) -> None:
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            try:
                await self._loop.sock_sendall(self._socket, memoryview(data)[sent:])
            except ConnectionError:
                return  # it may have answered before it had read all: ``receive`` will tell

    async def receive(self) -> bytes:
        return await self._loop.sock_recv(self._socket, _PIECE)

    def abort(self) -> None:
        self._socket.close()


class _TlsConnection:
    """asyncio's streams do the encryption."""

    __slots__ = ("_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def certificate(self) -> bytes:
        tls = self._writer.get_extra_info("ssl_object")
        return (tls.getpeercert(binary_form=True) or b"") if isinstance(tls, ssl.SSLObject) else b""

    @property
    def idle(self) -> bool:
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def receive(self) -> bytes:
        return await self._reader.read(_PIECE)

    def abort(self) -> None:
        self._writer.transport.abort()


class Connector:
    """``trust`` are the authorities TLS believes, the system's by default. One event loop."""

    def __init__(self, *, trust: ssl.SSLContext | None = None) -> None:
        self._given_trust = trust
        self._lookers: ThreadPoolExecutor | None = None
        self._names: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asked: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, certificate and name checked."""
        context = self._given_trust or ssl.create_default_context()
        context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
        return context

    async def connect(self, endpoint: Endpoint, *, seconds: float, trust: ssl.SSLContext | None = None) -> Connected:
        """A connection, encrypted where the scheme says so; ``trust`` replaces the usual one.

        Raises UnreachableError, EndpointTimeoutError, CertificateRefusedError.
        """
        if seconds == math.inf:  # the caller bounds it
            return await self._connected(endpoint, trust)
        try:
            async with asyncio.timeout(seconds):
                return await self._connected(endpoint, trust)
        except TimeoutError as error:
            raise EndpointTimeoutError(f"{endpoint.shown} gave no connection within {seconds:g} seconds.") from error

    def close(self) -> None:
        """Does not wait for a name server."""
        if self._lookers is not None:
            self._lookers.shutdown(wait=False, cancel_futures=True)
            self._lookers = None

    async def _connected(self, endpoint: Endpoint, trust: ssl.SSLContext | None) -> Connected:
        problem: OSError | None = None
        context = (trust or self.trust) if endpoint.scheme.encrypted else None
        for address in (await self._addresses(endpoint))[:_MOST_ADDRESSES]:
            try:
                if context is None:
                    return await _plain(address, endpoint.port)
                reader, writer = await asyncio.open_connection(
                    address, endpoint.port, limit=_PIECE, ssl=context, server_hostname=endpoint.host
                )
                return _TlsConnection(reader, writer)
            except ssl.SSLCertVerificationError as error:
                raise CertificateRefusedError(
                    f"The certificate of {endpoint.shown} is refused: {error.verify_message}."
                ) from error
            except ssl.SSLError as error:
                raise CertificateRefusedError(
                    f"{endpoint.shown} does not speak TLS as it should.", details=str(error)[:200]
                ) from error
            except OSError as error:
                problem = error
        if problem is not None and problem.errno in _NO_ROAD:
            raise NoNetworkError("This computer has no network.") from problem
        said = "no address" if problem is None else (problem.strerror or "not reachable")
        raise UnreachableError(f"{endpoint.shown} is not reached: {said}.") from problem

    async def _addresses(self, endpoint: Endpoint) -> tuple[str, ...]:
        host = endpoint.host
        if _is_address(host):
            return (host,)
        loop = asyncio.get_running_loop()
        known = self._names.get(host)
        if known is not None and loop.time() - known[0] < _NAME_SECONDS:
            return known[1]
        asked = self._asked.get(host)
        if asked is None:
            if self._lookers is None:
                self._lookers = ThreadPoolExecutor(_LOOKERS, thread_name_prefix="aether-names")
            asked = self._asked[host] = loop.run_in_executor(self._lookers, _looked_up, host)
            asked.add_done_callback(lambda done: self._answered(host, done))
        try:
            found = await asyncio.shield(asked)  # others may wait for the same name
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise NoNetworkError("No name server answers.") from error
            raise UnreachableError(f"The name of {endpoint.shown} is not known.") from error
        except (OSError, UnicodeError) as error:
            raise UnreachableError(f"The name of {endpoint.shown} is not known.", details=str(error)[:200]) from error
        if len(self._names) >= _NAMES_KEPT:
            self._names.clear()
        self._names[host] = (loop.time(), found)
        return found

    def _answered(self, host: str, done: asyncio.Future[tuple[str, ...]]) -> None:
        self._asked.pop(host, None)
        if not done.cancelled():
            done.exception()  # seen here: whoever asked may have given up


async def _plain(address: str, port: int) -> _PlainConnection:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return _PlainConnection(made, loop)


@lru_cache(maxsize=16_384)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))
