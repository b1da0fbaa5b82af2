"""Probes as modules: what one that watches nodes implements, and the network it is handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from aether_desktop.domain.probes import Probe, ProbeAnswer
from aether_desktop.ports.networks import RpcCall, RpcError


class HttpReply(NamedTuple):
    """``headers`` with names in lower case. ``complete``: whether ``body`` is all of it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    complete: bool = True


class Handshake(NamedTuple):
    """A connection that came about and was closed again.

    ``fingerprint``: SHA-256 of the certificate in small hex letters, empty without TLS, as ``expires_at``.
    """

    fingerprint: str = ""
    expires_at: datetime | None = None


class ProbeNetwork(Protocol):
    """The only road to the network. Size is bounded by ``most_bytes``; all that a probe does ends with its own timeout.

    ``url`` is http://, https://, tcp:// or tls://; redirects are not followed; proxies are not used. Everything raises
    NetworkError, which a probe may let pass: it becomes the answer that fits.
    """

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
        """One HTTP exchange. ``clip``: take the beginning of what is larger instead of raising."""
        ...

    async def rpc(self, url: str, calls: Sequence[RpcCall]) -> list[object | RpcError]:
        """JSON-RPC calls in one batch, singly where the endpoint takes none; refusals stand in their place."""
        ...

    async def connect(self, url: str, *, pinned: str = "") -> Handshake:
        """Connect and close. With ``pinned`` the certificate must have that fingerprint, and nobody need vouch for
        it."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """``round`` counts the times this probe was asked since the start, from 0: for what need not be asked each time.

    ``last`` is the answer before this one; ``now`` by the wall clock, in UTC.
    """

    network: ProbeNetwork
    now: datetime
    round: int = 0
    last: ProbeAnswer | None = None


@runtime_checkable
class ProbeModule(Protocol):
    """Of kind interceding: asks nodes one kind of question. ``probe_kind`` is what probes are stored with: a short word
    in small letters."""

    probe_kind: str
    title: str

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        """On the event loop that watches all nodes: never block it. Raise NetworkError, or answer; latency may be left
        out."""
        ...
