"""Probes as the monitor asks them: bounded in time, and whatever goes wrong is an answer. One event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from aether_desktop.domain.probes import LONGEST_REASON, Probe, ProbeAnswer, ProbeOutcome
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.networks import (
    AnswerTooLargeError,
    BadAnswerError,
    CertificateRefusedError,
    EndpointTimeoutError,
    HttpStatusError,
    MethodMissingError,
    NetworkError,
    NoNetworkError,
    RpcError,
    UnreachableError,
)
from aether_desktop.sum_api import ProbeContext, ProbeModule, ProbeNetwork, SumDescriptor

_TOO_MANY_REQUESTS: Final = 429
_LIMIT_EXCEEDED: Final = -32005  # EIP-1474
_OUTCOMES: Final = (  # the first that fits
    (MethodMissingError, ProbeOutcome.UNSUPPORTED),
    (RpcError, ProbeOutcome.UNREADABLE),
    (NoNetworkError, ProbeOutcome.NOT_ASKED),
    (EndpointTimeoutError, ProbeOutcome.TIMED_OUT),
    (UnreachableError, ProbeOutcome.REFUSED),
    (CertificateRefusedError, ProbeOutcome.WRONG),
    (AnswerTooLargeError, ProbeOutcome.TOO_LARGE),
    (BadAnswerError, ProbeOutcome.UNREADABLE),
)


class ProbeRoads(Protocol):
    """Where the network comes from; each probe's time is bounded here."""

    @property
    def network(self) -> ProbeNetwork: ...


class GuardedProbe:
    """Implements ports.monitoring.ProbeRunner over a module whose failures end nothing but its own answer.

    A module that blocks the loop cannot be stopped: the monitor then says that it fell behind.
    """

    def __init__(
        self,
        descriptor: SumDescriptor,
        module: ProbeModule,
        roads: ProbeRoads,
        *,
        wall: Callable[[], datetime],
        note: Callable[[str, str], None],
    ) -> None:
        self._descriptor = descriptor
        self._module = module
        self._roads = roads
        self._wall = wall
        self._note = note
        self._noted = False

    @property
    def kind(self) -> str:
        return self._module.probe_kind

    async def ask(self, probe: Probe, *, turn: int = 0, last: ProbeAnswer | None = None) -> ProbeAnswer:
        """Never raises but CancelledError."""
        loop = asyncio.get_running_loop()
        context = ProbeContext(self._roads.network, self._wall(), turn, last)
        began = loop.time()
        try:
            async with asyncio.timeout(probe.timeout):
                answer: object = await self._module.ask(probe, context)
        except NetworkError as error:
            return answer_of(error)
        except TimeoutError:
            return ProbeAnswer(
                outcome=ProbeOutcome.TIMED_OUT, reason=f"It did not answer within {probe.timeout:g} seconds."
            )
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module must not end the monitor
            return self._failed(f"{type(error).__name__}: {error}")
        if not isinstance(answer, ProbeAnswer):
            return self._failed(f"it answered with a {type(answer).__name__}")
        if answer.latency is None and answer.outcome in (ProbeOutcome.ANSWERED, ProbeOutcome.WRONG):
            return replace(answer, latency=max(0.0, loop.time() - began))
        return answer

    def _failed(self, said: str) -> ProbeAnswer:
        said = plain_line(said, 200)
        if not self._noted:
            self._noted = True
            self._note(self._descriptor.key, said)
        title = plain_line(self._descriptor.title, 60)
        return ProbeAnswer(outcome=ProbeOutcome.NOT_ASKED, reason=f"The module {title} failed: {said}")


def answer_of(error: NetworkError) -> ProbeAnswer:
    """What a failure says about the node."""
    outcome = next((found for kind, found in _OUTCOMES if isinstance(error, kind)), ProbeOutcome.UNREADABLE)
    limited = isinstance(error, HttpStatusError) and error.status == _TOO_MANY_REQUESTS
    if limited or (isinstance(error, RpcError) and error.code == _LIMIT_EXCEEDED):
        outcome = ProbeOutcome.UNSUPPORTED  # it lives, and will not be asked so often
    reason = plain_line(error.message, LONGEST_REASON)
    try:
        return ProbeAnswer(outcome=outcome, reason=reason)
    except InvalidRecordError:
        return ProbeAnswer(outcome=outcome)
