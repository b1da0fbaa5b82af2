"""Interceding: probes that watch temple nodes."""

from __future__ import annotations

from collections.abc import Sequence

from aether_desktop.sum_api import ProbeModule, SumDescriptor, SumKind, hookimpl
from aether_desktop.sums.interceding.evm import EvmProbe
from aether_desktop.sums.interceding.ipfs import IpfsProbe
from aether_desktop.sums.interceding.reachability import TcpProbe, TlsProbe
from aether_desktop.sums.interceding.web import HttpProbe

_VERSION = "1.0"


@hookimpl
def sacred_utility_modules() -> Sequence[SumDescriptor]:
    """The built-in probes."""
    return (
        _described(EvmProbe(), "An EVM node over JSON-RPC: chain id, head block, syncing, peers, an old block's hash."),
        _described(IpfsProbe(), "An IPFS node over its RPC: who it is, its repository, its pins."),
        _described(HttpProbe(), "A web address: the expected status, and words in its body."),
        _described(TcpProbe(), "A port that takes connections."),
        _described(TlsProbe(), "A TLS server and the day on which its certificate expires."),
    )


def _described(module: ProbeModule, description: str) -> SumDescriptor:
    return SumDescriptor(
        key=f"probe.{module.probe_kind}",
        kind=SumKind.INTERCEDING,
        title=module.title,
        version=_VERSION,
        description=description,
        implementation=module,
    )
