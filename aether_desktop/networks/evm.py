"""Implements ``ports.chains.EvmConnections``: JSON-RPC clients of EVM networks on one loop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from aether_desktop.domain.endpoints import InvalidEndpointError, parse_endpoint
from aether_desktop.networks.event_loop import BlockingJsonRpc, NetworkLoop
from aether_desktop.networks.http_client import HttpClient, HttpLimits
from aether_desktop.networks.json_rpc import NetworkEndpoints
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.networks import JsonRpc

LIMITS: Final = HttpLimits(connect_seconds=5.0, total_seconds=20.0, body_bytes=32 << 20)  # a full block with receipts
_KEPT: Final = 4  # open connections to each host


class JsonRpcConnections:
    """The loop starts with the first client. Any worker thread."""

    def __init__(self, loop: NetworkLoop | None = None) -> None:
        """``loop`` None: one of its own, closed with it."""
        self._lock = threading.Lock()
        self._own = loop is None
        self._loop = loop or NetworkLoop()
        self._http: HttpClient | None = None

    def connect(self, endpoints: Sequence[str], chain_id: int) -> JsonRpc:
        """Raises InvalidInputError (field ``endpoints``), OperationCancelled when closed."""
        try:
            parsed = [parse_endpoint(text) for text in endpoints]
        except InvalidEndpointError as error:
            raise InvalidInputError(error.reason, field="endpoints") from error
        if not parsed:
            raise InvalidInputError(
                "This network has no endpoint.", field="endpoints", hint="Enter one: the address of a node you trust."
            )
        return BlockingJsonRpc(self._loop, NetworkEndpoints(self._client(), parsed, chain_id=chain_id, limits=LIMITS))

    def close(self) -> None:
        if self._own:
            self._loop.close()

    def _client(self) -> HttpClient:
        with self._lock:
            if self._http is None:
                self._http = HttpClient(limits=LIMITS, keep=_KEPT)
                self._loop.before_close(self._http.close)
            return self._http
