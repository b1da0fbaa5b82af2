"""Typed endpoints: what is taken, what is refused, what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.endpoints import Endpoint, InvalidEndpointError, Scheme, parse_endpoint
from aether_desktop.domain.quantities import InvalidQuantityError, read_data, read_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:8545", Endpoint(Scheme.HTTP, "127.0.0.1", 8545)),
        (" HTTPS://Node.Example/v3/abc?k=1 ", Endpoint(Scheme.HTTPS, "node.example", 443, "/v3/abc?k=1")),
        ("tcp://[::1]:4001", Endpoint(Scheme.TCP, "::1", 4001)),
        ("tls://node.example", Endpoint(Scheme.TLS, "node.example", 443)),
        ("http://u%40x:p%20w@h", Endpoint(Scheme.HTTP, "h", 80, "/", "u@x", "p w")),
    ],
)
def test_taken(text: str, expected: Endpoint) -> None:
    assert parse_endpoint(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "node.example:80", "ftp://a", "http://", "http://a b", "http://a:0", "http://a:70000", "http://a:x", "tcp://a",
        "http://300.1.1.1", "http://[::g]", "http://nöde.example", "http://a/#b", "tcp://a:1/path", "http://-a", "http://a..b",
        "http://a\r\nHost: b", "http://" + "a" * 3000, "javascript:alert(1)", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(InvalidEndpointError) as caught:
        parse_endpoint(text)
    assert caught.value.reason


def test_secrets_are_not_shown() -> None:
    endpoint = parse_endpoint("https://user:secret@node.example:8443/v3/planted?key=planted")
    assert endpoint.shown == "https://node.example:8443"
    assert "secret" not in repr(endpoint)
    assert "planted" not in repr(endpoint)


@given(st.text(max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    try:
        endpoint = parse_endpoint("http://" + text)
    except InvalidEndpointError:
        return
    assert "\n" not in endpoint.host + endpoint.path
    assert parse_endpoint(endpoint.shown).host == endpoint.host


@given(st.integers(0, 2**256 - 1))
def test_quantities_are_exact(number: int) -> None:
    assert read_quantity(hex(number)) == number


@pytest.mark.parametrize(
    "value", ["", "0x", "0x00", "0x0a", "10", "-0x1", "0x1g", 5, 1.0, None, True, "0x" + "f" * 65, "0x1\n"]
)
def test_what_is_no_quantity(value: object) -> None:
    with pytest.raises(InvalidQuantityError):
        read_quantity(value)


def test_bounds_and_data() -> None:
    with pytest.raises(InvalidQuantityError):
        read_quantity("0x100", most=255)
    assert read_data("0x00ff", size=2) == b"\x00\xff"
    for value in ("0x0", "00ff", "0xzz", 7, "0x00\n"):
        with pytest.raises(InvalidQuantityError):
            read_data(value, size=1)
