"""Endpoints outside this machine as services see them: typed errors, and JSON-RPC from worker threads.

What an endpoint said is in ``said`` as one plain line, never markup to be believed; messages name hosts, never paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.work import CancelToken

METHOD_MISSING = -32601  # JSON-RPC 2.0: the method does not exist


class NetworkError(AetherError):
    """An endpoint did not do what was asked."""


class UnreachableError(NetworkError):
    """No connection: no such name, refused, no route, or broken off before an answer."""


class NoNetworkError(UnreachableError):
    """This machine has no road to anywhere, or no name server: says nothing about the endpoint."""


class EndpointTimeoutError(NetworkError):
    """Nothing, or not all of it, within the time given."""


class CertificateRefusedError(NetworkError):
    """TLS failed: the certificate is not to be trusted, or there is no TLS at all."""


class BadAnswerError(NetworkError):
    """An answer that breaks the protocol or is not what was asked for."""


class AnswerTooLargeError(BadAnswerError):
    """The answer is larger than was allowed; reading stopped there."""


class HttpStatusError(BadAnswerError):
    """An HTTP status that says no; ``retry_after`` is the endpoint's wish in seconds, 0 without one."""

    def __init__(self, message: str, *, status: int, retry_after: float = 0.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = retry_after


class RpcError(NetworkError):
    """A proper JSON-RPC error object: the endpoint lives and says no. ``data`` is as sent, for who can decode it."""

    def __init__(self, message: str, *, code: int, said: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.said = said
        self.data = data


class MethodMissingError(RpcError):
    """Code -32601: this endpoint lacks the method, which says nothing about its health."""


class WrongChainError(NetworkError):
    """The endpoint serves another chain than it is listed for: nothing it says is believed."""

    def __init__(self, message: str, *, wanted: int, answered: int) -> None:
        super().__init__(message, hint="Check the endpoint and the chain id of this network.")
        self.wanted = wanted
        self.answered = answered


class EndpointsFailedError(NetworkError):
    """None of a network's endpoints answered; ``problems`` are (endpoint as shown, error), in their order."""

    def __init__(self, message: str, *, problems: Sequence[tuple[str, NetworkError]]) -> None:
        super().__init__(message, details="\n".join(f"{name}: {error.message}" for name, error in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One call of a batch; ``params`` are JSON values."""

    method: str
    params: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How one endpoint of a network fared. ``problem`` is empty when its last answer was good."""

    shown: str
    verified: bool
    problem: str
    failures: int
    wait_seconds: float


class JsonRpc(Protocol):
    """One network, whatever number of endpoints serve it. Worker threads: calls block; ``token`` stops them.

    Results are what JSON held: the caller checks their form (``domain.quantities``); numbers of Ethereum are text.
    """

    def call(self, method: str, params: Sequence[object] = (), *, token: CancelToken | None = None) -> object:
        """Raises RpcError, EndpointsFailedError, OperationCancelled."""
        ...

    def batch(self, calls: Sequence[RpcCall], *, token: CancelToken | None = None) -> list[object | RpcError]:
        """All from one endpoint, in order; refusals of single calls stand in their place. Raises as ``call`` does."""
        ...

    def health(self) -> tuple[EndpointHealth, ...]:
        """Any thread, at once."""
        ...
