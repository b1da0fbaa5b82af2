"""Reading one HTTP/1.1 answer within bounds. h11 decides; what nobody could read in two ways is read without it.

Most answers of a probe come whole, in one piece, with one length and nothing unusual. Those are taken apart here, in a
fifth of the time; anything else is h11's. Tests hold the two against each other.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import h11

from aether_desktop.domain.endpoints import Endpoint
from aether_desktop.ports.networks import AnswerTooLargeError, BadAnswerError

_HEAD_BYTES: Final = 32 * 1024
_INTERIM_ANSWERS: Final = 8  # 1xx before the real one
_PLAIN_CODINGS: Final = frozenset({b"", b"identity"})
_USUAL: Final = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*)?\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~]*\r\n)+)\r\n"
)
_LENGTH: Final = re.compile(rb"[0-9]{1,15}\Z")
_WITHOUT_BODY: Final = frozenset({204, 304})
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"content-encoding"})


class HttpAnswer(NamedTuple):
    """``headers`` with names in lower case. ``body`` is whole. ``keeps``: whether the connection may be used again."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    complete: bool = True
    keeps: bool = False

    def header(self, name: bytes) -> bytes:
        """The first of that name (lower case), empty without one."""
        return next((value for key, value in self.headers if key == name), b"")


class Request(NamedTuple):
    """``head`` as h11 knows it and as it is sent, without the body."""

    head: h11.Request
    sent: bytes


class Question(NamedTuple):
    """``most`` bytes of body are taken; ``clip``: the beginning of more, instead of an error."""

    request: Request
    body: bytes
    most: int
    clip: bool

    @property
    def bodiless(self) -> bool:
        """Whether the answer has none, whatever it says."""
        return self.request.head.method == b"HEAD"


def made_request(method: str, target: str, headers: list[tuple[str, str]]) -> Request:
    """Checked and put in form. Raises h11.LocalProtocolError for what is no HTTP."""
    head = h11.Request(method=method, target=target, headers=headers)
    return Request(head, h11.Connection(h11.CLIENT).send(head) or b"")


def usual_answer(data: bytes, question: Question) -> HttpAnswer | None:
    """The answer, where ``data`` is all of it and of the usual form; None: h11 must look at it."""
    found = _USUAL.match(data)
    if found is None or question.bodiless:
        return None
    status, body = int(found[1]), data[found.end() :]
    if status in _WITHOUT_BODY or len(body) > question.most:
        return None
    headers = []
    length = -1
    keeps = True
    for line in found[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        headers.append((name, value))
        if name == b"content-length":
            if length >= 0 or _LENGTH.match(value) is None:
                return None
            length = int(value)
        elif name in _UNUSUAL:
            return None
        elif name == b"connection":
            keeps = b"close" not in value.lower()
    if length != len(body):
        return None
    return HttpAnswer(status, tuple(headers), body, True, keeps)


class AnswerReader:
    """h11 reads, piece by piece."""

    def __init__(self, endpoint: Endpoint, question: Question) -> None:
        """The question has been sent."""
        self._endpoint = endpoint
        self._question = question
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._parser.send(question.request.head)
        if question.body:
            self._parser.send(h11.Data(data=question.body))
        self._parser.send(h11.EndOfMessage())
        self._head: h11.Response | None = None
        self._pieces: list[bytes] = []
        self._size = self._interim = 0

    def fed(self, data: bytes) -> HttpAnswer | None:
        """The answer, once there is one; nothing means that the peer has said all it will.

        Raises BadAnswerError, AnswerTooLargeError, h11.RemoteProtocolError.
        """
        self._parser.receive_data(data)
        while (event := self._parser.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                self._head = event
                self._check_head(event)
            elif isinstance(event, h11.Data):
                if self._taken(bytes(event.data)):
                    return self._answer(complete=False)
            elif isinstance(event, h11.InformationalResponse):
                self._interim += 1
                if self._interim > _INTERIM_ANSWERS:
                    raise BadAnswerError(f"{self._endpoint.shown} sends only interim answers.")
            elif isinstance(event, h11.EndOfMessage) and self._head is not None:
                return self._answer(complete=True)
            else:  # PAUSED, ConnectionClosed: nothing more will come
                raise BadAnswerError(f"{self._endpoint.shown} broke off in the middle of HTTP.")
        return None

    def _taken(self, piece: bytes) -> bool:
        """Whether it was too much, and may be cut."""
        self._size += len(piece)
        over = self._size > self._question.most
        if over and not self._question.clip:
            raise self._too_large()
        self._pieces.append(piece)
        return over

    def _answer(self, *, complete: bool) -> HttpAnswer:
        head, parser = self._head, self._parser
        if head is None:
            raise BadAnswerError(f"{self._endpoint.shown} does not answer in HTTP.")
        done = parser.our_state is h11.DONE and parser.their_state is h11.DONE
        body = b"".join(self._pieces)[: self._question.most]
        keeps = complete and done and not parser.trailing_data[0]
        return HttpAnswer(head.status_code, tuple(head.headers), body, complete, keeps)

    def _check_head(self, head: h11.Response) -> None:
        question = self._question
        for name, value in head.headers:
            if name == b"content-encoding" and value.strip().lower() not in _PLAIN_CODINGS:
                raise BadAnswerError(f"{self._endpoint.shown} answers compressed although that was not asked for.")
            if name == b"content-length" and int(value) > question.most and not question.clip and not question.bodiless:
                raise self._too_large()  # h11 has checked that it is a number

    def _too_large(self) -> AnswerTooLargeError:
        most = self._question.most
        return AnswerTooLargeError(f"{self._endpoint.shown} answers with more than {most:,} bytes, which is not read.")
