"""JSON-RPC 2.0 over HTTP: one endpoint, or several of one network in order. Every answer is checked for its form.

What an endpoint says in an error is kept as one plain line; a web page is no answer; the chain id is asked before
anything else is believed. One event loop.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import orjson

from aether_desktop.domain.back_off import FREE_FAILURES, wait_after
from aether_desktop.domain.endpoints import Endpoint
from aether_desktop.domain.quantities import InvalidQuantityError, read_quantity
from aether_desktop.domain.text import plain_line
from aether_desktop.networks.http_answers import HttpAnswer
from aether_desktop.networks.http_client import HttpClient, HttpLimits
from aether_desktop.ports.networks import (
    METHOD_MISSING,
    BadAnswerError,
    EndpointHealth,
    EndpointsFailedError,
    HttpStatusError,
    MethodMissingError,
    NetworkError,
    RpcCall,
    RpcError,
    WrongChainError,
)

MAX_BATCH: Final = 100
_JSON: Final = (("Content-Type", "application/json"), ("Accept", "application/json"))
_SAID: Final = 300  # characters of an endpoint's words that are kept
_LIMIT_EXCEEDED: Final = -32005  # EIP-1474
_BATCH_REFUSED: Final = frozenset({-32600, -32700, METHOD_MISSING})  # as a single answer to a whole batch
_MOST_MISSING: Final = 200  # method names remembered per endpoint
_RECHECK_SECONDS: Final = 600.0  # the chain id is asked again
_LONGEST_WAIT: Final = 300.0
_ResultT = TypeVar("_ResultT")


class JsonRpcClient:
    """One endpoint. Ids grow; an answer with another id, or none, is refused."""

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        *,
        limits: HttpLimits | None = None,
        max_batch: int = MAX_BATCH,
        batches: bool = True,
    ) -> None:
        self.endpoint = endpoint
        self.batches = batches
        """False once the endpoint has refused a batch as such."""
        self._http = http
        self._limits = limits
        self._max_batch = max_batch
        self._last_id = 0

    async def call(self, method: str, params: Sequence[object] = ()) -> object:
        """The result. Raises RpcError, MethodMissingError, other NetworkErrors of ports.networks."""
        number = self._last_id = self._last_id + 1
        answer = await self._posted({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)})
        result = _outcome(answer, self.endpoint, number, method)
        if isinstance(result, RpcError):
            raise result
        return result

    async def batch(self, calls: Sequence[RpcCall]) -> list[object | RpcError]:
        """Results in the order of ``calls``, refusals of single ones as RpcError in their place.

        Where the endpoint takes no batches the calls go one by one. Raises NetworkError for what concerns them all.
        """
        results: list[object | RpcError] = []
        for start in range(0, len(calls), self._max_batch):
            part = calls[start : start + self._max_batch]
            answered = await self._answered_together(part) if self.batches else None
            if answered is None:
                answered = [await self._outcome_of(call) for call in part]
            results.extend(answered)
        return results

    async def _outcome_of(self, call: RpcCall) -> object | RpcError:
        try:
            return await self.call(call.method, call.params)
        except RpcError as error:
            return error

    async def _answered_together(self, calls: Sequence[RpcCall]) -> list[object | RpcError] | None:
        """None where the endpoint refuses batches as such."""
        first = self._last_id + 1
        self._last_id += len(calls)
        asked = [
            {"jsonrpc": "2.0", "id": first + place, "method": call.method, "params": list(call.params)}
            for place, call in enumerate(calls)
        ]
        answer = await self._posted(asked)
        if isinstance(answer, dict):  # one error for all
            refused = _error_of(answer, self.endpoint, "a batch")
            if refused is None:
                raise BadAnswerError(f"{self.endpoint.shown} answers a batch with a single result.")
            if refused.code not in _BATCH_REFUSED:
                raise refused
            self.batches = False
            return None
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadAnswerError(f"{self.endpoint.shown} answers a batch of {len(calls)} incompletely.")
        by_id: dict[int, object] = {}
        for each in answer:
            number = each.get("id") if isinstance(each, dict) else None
            if type(number) is not int or number in by_id:
                raise BadAnswerError(f"{self.endpoint.shown} mixes up the answers of a batch.")
            by_id[number] = each
        return [
            _outcome(by_id.get(first + place), self.endpoint, first + place, call.method)
            for place, call in enumerate(calls)
        ]

    async def _posted(self, asked: object) -> object:
        answer = await self._http.request(
            "POST", self.endpoint, body=orjson.dumps(asked), headers=_JSON, limits=self._limits
        )
        try:
            parsed: object = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise _no_json(answer, self.endpoint) from error
        if answer.status != 200 and not (isinstance(parsed, dict) and isinstance(parsed.get("error"), dict)):
            raise _refused_status(answer, self.endpoint)  # many send a proper error object with 4xx and 5xx
        if answer.status == 429:
            raise _refused_status(answer, self.endpoint)
        return parsed


@dataclass(slots=True, eq=False)
class _Known:
    """What is known of one endpoint. Times are of the monotonic clock."""

    client: JsonRpcClient
    verified_at: float | None = None
    problem: NetworkError | None = None
    failures: int = 0
    again_at: float = 0.0
    missing: set[str] = field(default_factory=set)


class NetworkEndpoints:
    """Endpoints of one network in the person's order: the first that is well and proves its chain id answers.

    One that fails is left alone for a Fibonacci number of seconds, up to five minutes; where all are left alone they
    are asked all the same. ``chain_id`` None: any chain is believed.
    """

    def __init__(
        self,
        http: HttpClient,
        endpoints: Sequence[Endpoint],
        *,
        chain_id: int | None,
        limits: HttpLimits | None = None,
        max_batch: int = MAX_BATCH,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if not endpoints:
            raise ValueError("a network has at least one endpoint")
        self._chain_id = chain_id
        self._now = now
        self._known = [_Known(JsonRpcClient(http, each, limits=limits, max_batch=max_batch)) for each in endpoints]

    async def call(self, method: str, params: Sequence[object] = ()) -> object:
        """From the first endpoint that can. Raises RpcError where one says no, EndpointsFailedError."""
        return await self._first(lambda client: client.call(method, params), methods=(method,))

    async def batch(self, calls: Sequence[RpcCall]) -> list[object | RpcError]:
        """All from one endpoint, so that they agree with each other. Raises as ``call`` does."""
        return await self._first(lambda client: client.batch(calls), methods=tuple({call.method for call in calls}))

    async def chosen(self) -> JsonRpcClient:
        """The endpoint that would be asked now, its chain id proven: for work that must not mix two endpoints.

        Raises EndpointsFailedError.
        """

        async def itself(client: JsonRpcClient) -> JsonRpcClient:
            return client

        return await self._first(itself, methods=())

    def health(self) -> tuple[EndpointHealth, ...]:
        """How each fared, in the person's order."""
        now = self._now()
        return tuple(
            EndpointHealth(
                shown=known.client.endpoint.shown,
                verified=known.verified_at is not None,
                problem="" if known.problem is None else known.problem.message,
                failures=known.failures,
                wait_seconds=max(0.0, known.again_at - now),
            )
            for known in self._known
        )

    async def _first(self, ask: Callable[[JsonRpcClient], Awaitable[_ResultT]], *, methods: Sequence[str]) -> _ResultT:
        problems: list[tuple[str, NetworkError]] = []
        missing: MethodMissingError | None = None
        for known in self._in_order(methods):
            try:
                await self._verify(known)
                result = await ask(known.client)
            except MethodMissingError as error:
                missing = error
                if len(known.missing) < _MOST_MISSING:
                    known.missing.update(methods if len(methods) == 1 else ())
                continue
            except RpcError as error:
                if error.code != _LIMIT_EXCEEDED:
                    raise
                self._failed(known, error)
                problems.append((known.client.endpoint.shown, error))
                continue
            except NetworkError as error:
                self._failed(known, error)
                problems.append((known.client.endpoint.shown, error))
                continue
            known.failures, known.problem, known.again_at = 0, None, 0.0
            return result
        if missing is not None:
            raise missing
        raise EndpointsFailedError(
            "No endpoint of this network gives an answer." if len(problems) != 1 else problems[0][1].message,
            problems=problems,
        )

    def _in_order(self, methods: Sequence[str]) -> list[_Known]:
        now = self._now()
        rested = [known for known in self._known if known.again_at <= now]
        resting = [known for known in self._known if known.again_at > now]
        ordered = rested or sorted(resting, key=lambda known: known.again_at)
        return sorted(ordered, key=lambda known: not known.missing.isdisjoint(methods))  # stable

    async def _verify(self, known: _Known) -> None:
        now = self._now()
        if self._chain_id is None or (known.verified_at is not None and now - known.verified_at < _RECHECK_SECONDS):
            return
        known.verified_at = None
        try:
            answered = read_quantity(await known.client.call("eth_chainId"))
        except InvalidQuantityError as error:
            raise BadAnswerError(f"{known.client.endpoint.shown}: {error.reason}") from error
        if answered != self._chain_id:
            raise WrongChainError(
                f"{known.client.endpoint.shown} serves chain {answered}, not {self._chain_id}.",
                wanted=self._chain_id,
                answered=answered,
            )
        known.verified_at = now

    def _failed(self, known: _Known, error: NetworkError) -> None:
        known.failures += 1
        known.problem = error
        known.verified_at = None  # what comes back may be another node
        wished = error.retry_after if isinstance(error, HttpStatusError) else 0.0
        known.again_at = self._now() + min(_LONGEST_WAIT, max(wished, wait_after(known.failures + FREE_FAILURES)))


def _outcome(answer: object, endpoint: Endpoint, number: int, method: str) -> object | RpcError:
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        raise BadAnswerError(f"{endpoint.shown} does not answer in JSON-RPC.")
    refused = _error_of(answer, endpoint, method)
    answered = answer.get("id")
    if type(answered) is not int or answered != number:
        # An endpoint that could not even read the question may answer without its number.
        if refused is not None and answered is None:
            return refused
        raise BadAnswerError(f"{endpoint.shown} answers a question that was not asked.")
    if refused is not None:
        return refused
    if "result" not in answer:
        raise BadAnswerError(f"{endpoint.shown} answers with neither a result nor an error.")
    result: object = answer["result"]
    return result


def _error_of(answer: Mapping[str, object], endpoint: Endpoint, method: str) -> RpcError | None:
    error = answer.get("error")
    if error is None:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or type(code) is not int:
        raise BadAnswerError(f"{endpoint.shown} sends an error that says nothing.")
    text = error.get("message")
    said = plain_line(text, _SAID) if isinstance(text, str) else ""
    kind = MethodMissingError if code == METHOD_MISSING else RpcError
    message = f"{endpoint.shown} refuses {method}: {said or f'error {code}'}"
    return kind(message, code=code, said=said, data=error.get("data"))


def _no_json(answer: HttpAnswer, endpoint: Endpoint) -> BadAnswerError:
    if answer.status != 200:
        return _refused_status(answer, endpoint)
    if answer.body.lstrip()[:1] == b"<":
        return BadAnswerError(f"{endpoint.shown} answers with a web page, not with JSON-RPC.")
    return BadAnswerError(f"{endpoint.shown} answers with something that is not JSON.")


def _refused_status(answer: HttpAnswer, endpoint: Endpoint) -> HttpStatusError:
    wish = answer.header(b"retry-after")
    retry = float(int(wish)) if wish.isdigit() and len(wish) < 7 else 0.0
    hint = ""
    if 300 <= answer.status < 400:
        hint = "It points elsewhere, which is not followed: enter the new address yourself if you trust it."
    return HttpStatusError(
        f"{endpoint.shown} answers with HTTP status {answer.status}.",
        status=answer.status,
        retry_after=retry,
        hint=hint,
    )
