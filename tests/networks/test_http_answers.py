"""The short way of reading an answer says what h11 says, or nothing."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.endpoints import parse_endpoint
from aether_desktop.networks.http_answers import AnswerReader, HttpAnswer, Question, made_request, usual_answer
from aether_desktop.ports.networks import NetworkError

PLACE = parse_endpoint("http://127.0.0.1:8545/")
USUAL = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"status":"well"}'


def question(method: str = "GET", *, most: int = 1000, clip: bool = False) -> Question:
    return Question(made_request(method, "/", [("Host", PLACE.authority)]), b"", most, clip)


def by_h11(data: bytes, asked: Question, *, cut: int | None = None) -> HttpAnswer | None:
    """None where it takes it for an error, or waits for more."""
    reader = AnswerReader(PLACE, asked)
    pieces = [data] if not cut else [data[:cut], data[cut:]]
    try:
        for piece in pieces:
            answer = reader.fed(piece) if piece else None
            if answer is not None:
                return answer
    except (NetworkError, h11.RemoteProtocolError):
        pass
    return None


_NAMES = st.sampled_from(["Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection", "Date", "X a", ""])
_VALUES = st.sampled_from(["0", "2", "05", "+5", "5, 5", "close", "Keep-Alive, x", "chunked", "identity", "gzip", ""])
_SPACE = st.sampled_from(["", " ", "\t ", "\x0b", "\r\n ", "\x00", "\xa0"])
_ANY = st.text(st.characters(max_codepoint=255), max_size=10)
_HEADER = st.builds("{}:{}{}{}\r\n".format, _NAMES, _SPACE, st.one_of(_VALUES, _ANY), _SPACE)
_STATUS = st.builds(
    "HTTP/{}\r\n".format,
    st.sampled_from(
        ["1.1 404", "1.1 503 ", "1.0 200 OK", "1.1 204 No", "1.1 100 Go on", "1.1 99 x", "1.1 700 x", "1.1 304 \xe9"]
    ),
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Usual, but for one thing."""
    parts = ["HTTP/1.1 200 OK\r\n", "Date: today\r\n", "", "\r\n", draw(st.text("{} \r\nx", max_size=6))]
    length = len(parts[4])
    odd = draw(st.integers(0, 6))
    if odd == 0:
        parts[0] = draw(_STATUS)
    elif odd == 1:
        parts[1] = draw(_HEADER)
    elif odd == 2:
        length += draw(st.integers(-2, 2))
    elif odd == 3:
        parts[3] = f"{draw(_HEADER)}\r\n"
    elif odd == 4:
        parts[1] = f"Date:{draw(_ANY)}\r\n"
    parts[2] = f"Content-Length:{draw(_SPACE) if odd == 5 else ' '}{length}\r\n"
    told = "".join(parts)
    if odd == 6:
        place = draw(st.integers(0, len(told)))
        told = told[:place] + draw(_ANY) + told[place + draw(st.integers(0, 3)) :]
    return told.encode("latin-1")


@given(data=answers(), most=st.sampled_from([3, 1000]), clip=st.booleans())
def test_the_short_way_agrees_with_h11(data: bytes, most: int, clip: bool) -> None:
    asked = question(most=most, clip=clip)
    short = usual_answer(data, asked)
    if short is None:
        return
    whole = by_h11(data, asked)
    assert whole is not None
    assert short._replace(keeps=whole.keeps) == whole
    assert whole.keeps or not short.keeps
    assert by_h11(data, asked, cut=len(data) // 2) == whole


@pytest.mark.parametrize(
    "told",
    [
        USUAL,
        USUAL.replace(b"200 OK", b"503 Not Now"),
        USUAL.replace(b"\r\n\r\n", b"\r\nServer: a b\tc \r\nSet-Cookie:x\r\nSet-Cookie:y\r\n\r\n"),
        USUAL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ],
)
def test_what_is_usual_is_read_the_short_way(told: bytes) -> None:
    short = usual_answer(told, question())
    assert short is not None
    assert short == by_h11(told, question())
    assert short.body == b'{"status":"well"}'
    assert short.keeps is (b"close" not in told)


@pytest.mark.parametrize(
    "told",
    [
        USUAL[:-1],
        USUAL + b"x",
        USUAL.replace(b"1.1", b"1.0"),
        USUAL.replace(b"Type", b"Length: 17\r\nContent-Type"),
        USUAL.replace(b"Content-Length: 17", b"Transfer-Encoding: chunked"),
        USUAL.replace(b"Content-Length", b"Content-Encoding: identity\r\nContent-Length"),
        USUAL.replace(b"Content-Length", b"Content-Length "),
        USUAL.replace(b"Content-Length", b"Date: x\r\n y\r\nContent-Length"),
        USUAL.replace(b"application", b"a\x01b"),
        USUAL.replace(b"200", b"204"),
        USUAL.replace(b"\r\n", b"\n"),
        b"",
    ],
)
def test_what_is_not_usual_is_left_to_h11(told: bytes) -> None:
    assert usual_answer(told, question()) is None


def test_what_has_no_body_or_too_much_of_it_is_left_to_h11() -> None:
    assert usual_answer(USUAL, question("HEAD")) is None
    assert usual_answer(USUAL, question(most=16)) is None
    assert usual_answer(USUAL, question(most=17)) is not None
