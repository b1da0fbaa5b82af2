"""Probes: what is asked of a node, and what came back. What an answer is worth is in ``node_grades``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.records import InvalidRecordError, require_text, require_zone

MOST_PROBES: Final = 8  # of one node
LONGEST_TARGET: Final = 500
LONGEST_REASON: Final = 300
LONGEST_CLAIM: Final = 100
SHORTEST_INTERVAL: Final = 5  # seconds
LONGEST_INTERVAL: Final = 86_400
DEFAULT_INTERVAL: Final = 30
LONGEST_TIMEOUT: Final = 60.0  # seconds
DEFAULT_TIMEOUT: Final = 10.0
LARGEST_NUMBER: Final = (1 << 63) - 1  # of heights, peers and pins: what a hostile endpoint may say at most
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LOGIN: Final = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*@", re.IGNORECASE)


class ProbeKind(StrEnum):
    """The built-in kinds; a module may bring others, which have names of the same form."""

    EVM = "evm"  # an EVM JSON-RPC endpoint
    IPFS = "ipfs"  # an IPFS RPC endpoint
    HTTP = "http"
    TCP = "tcp"
    TLS = "tls"


class ProbeOutcome(StrEnum):
    """What became of one probe."""

    ANSWERED = "answered"
    WRONG = "wrong"  # it answered, but as somebody else: another chain, status or body
    REFUSED = "refused"  # no connection, or it was reset
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"  # garbage, or not what the protocol says
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"  # it has no such method (-32601): says nothing about the node
    NOT_ASKED = "not_asked"  # our own fault: no network, an unknown kind of probe, a module that failed

    @property
    def is_evidence(self) -> bool:
        """Whether it says anything about the node."""
        return self is not ProbeOutcome.UNSUPPORTED and self is not ProbeOutcome.NOT_ASKED

    @property
    def is_answer(self) -> bool:
        """Whether the endpoint spoke as what it should be: counts for availability."""
        return self is ProbeOutcome.ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that is asked of a node, every ``interval`` seconds.

    ``target`` is a URL or host:port. ``network`` is a chain's key, or empty. ``settings`` belong to the kind (expected
    status, words in the body, days of warning ...). What is not ``essential`` can only degrade the node. Raises
    InvalidRecordError naming the field.
    """

    id: int
    node_id: int
    kind: str
    target: str
    network: str = ""
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    interval: int = DEFAULT_INTERVAL
    timeout: float = DEFAULT_TIMEOUT
    essential: bool = True

    def __post_init__(self) -> None:
        if _KIND.fullmatch(self.kind) is None:
            raise InvalidRecordError("kind", "A kind of probe is a short word in small letters, such as evm or tcp.")
        require_text("target", self.target, limit=LONGEST_TARGET)
        if any(ord(sign) < 33 or ord(sign) == 127 for sign in self.target):
            raise InvalidRecordError("target", "An endpoint has no spaces and no control characters.")
        if _LOGIN.match(self.target):
            raise InvalidRecordError(
                "target", "An endpoint with a name or password in its address is not stored. Leave them out."
            )
        if self.network and self.network not in CHAINS:
            raise InvalidRecordError("network", f"Unknown network. Known networks: {', '.join(CHAINS)}.")
        if not SHORTEST_INTERVAL <= self.interval <= LONGEST_INTERVAL:
            raise InvalidRecordError(
                "interval", f"The interval lies between {SHORTEST_INTERVAL} and {LONGEST_INTERVAL} seconds."
            )
        if not 0.1 <= self.timeout <= LONGEST_TIMEOUT:  # refuses NaN too
            raise InvalidRecordError("timeout", f"The timeout lies between 0.1 and {LONGEST_TIMEOUT:g} seconds.")

    @property
    def chain_id(self) -> int | None:
        """The EIP-155 id that the endpoint must name; None where none is expected."""
        return CHAINS[self.network].chain_id if self.network else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What one probe brought; everything in it comes from outside and is bounded here.

    ``latency`` in seconds. ``reason`` is a plain sentence where something is wrong. ``claim`` is what the tier's nodes
    must agree on (such as chain id and hash of an old block); empty: nothing to compare. ``expires_at`` of a
    certificate. ``poor``: it answered rightly, but something else is amiss (the reason says what). Raises
    InvalidRecordError.
    """

    outcome: ProbeOutcome
    latency: float | None = None
    reason: str = ""
    height: int | None = None
    pins: int | None = None
    peers: int | None = None
    syncing: bool | None = None
    claim: str = ""
    expires_at: datetime | None = None
    poor: bool = False

    def __post_init__(self) -> None:
        for name in ("height", "pins", "peers"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= LARGEST_NUMBER:
                raise InvalidRecordError(name, "The number is out of bounds.")
        if self.latency is not None and not 0.0 <= self.latency < 1e6:
            raise InvalidRecordError("latency", "The latency is out of bounds.")
        if self.reason:
            require_text("reason", self.reason, limit=LONGEST_REASON)
        if self.claim:
            require_text("claim", self.claim, limit=LONGEST_CLAIM)
        if self.expires_at is not None:
            require_zone("expires_at", self.expires_at)
