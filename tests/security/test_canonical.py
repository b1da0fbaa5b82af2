"""The canonical byte form: one encoding for a value, one value for an encoding, nothing else read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.security.canonical import DEEPEST, Decoder, NotCanonicalError, Value, decode, encode

LABEL = "aether/1/test"

values = st.recursive(
    st.one_of(st.binary(max_size=40), st.text(max_size=20), st.integers(0, 2**64 - 1)),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)
structures = st.lists(values, max_size=5).map(tuple)


@given(structures)
def test_what_is_written_is_read(structure: tuple[Value, ...]) -> None:
    assert decode(LABEL, encode(LABEL, *structure)) == structure


@given(structures, structures)
def test_two_structures_never_share_an_encoding(one: tuple[Value, ...], other: tuple[Value, ...]) -> None:
    assert (encode(LABEL, *one) == encode(LABEL, *other)) == (one == other)


@given(st.binary(max_size=80))
def test_bytes_that_are_read_are_the_only_encoding_of_what_was_read(tail: bytes) -> None:
    data = encode(LABEL) + tail
    try:
        read = decode(LABEL, data)
    except NotCanonicalError:
        return
    assert encode(LABEL, *read) == data


@given(structures, st.data())
def test_a_cut_structure_is_refused_or_shorter(structure: tuple[Value, ...], data: st.DataObject) -> None:
    whole = encode(LABEL, *structure)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        read = decode(LABEL, cut)
    except NotCanonicalError:
        return
    assert read == structure[: len(read)]
    assert len(read) < len(structure)


@given(structures, st.binary(min_size=1, max_size=8))
def test_what_stands_behind_is_refused_by_a_reader_of_known_shape(structure: tuple[Value, ...], tail: bytes) -> None:
    decoder = Decoder(LABEL, encode(LABEL, structure) + tail)
    decoder.sequence()
    with pytest.raises(NotCanonicalError):
        decoder.end()


def test_the_form_is_the_documented_one() -> None:
    assert encode("a", b"\x00\xff", "é", 258, (1,), ()) == (
        b"\x02\x00\x00\x00\x01a"
        b"\x01\x00\x00\x00\x02\x00\xff"
        b"\x02\x00\x00\x00\x02\xc3\xa9"
        b"\x03\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x01\x02"
        b"\x04\x00\x00\x00\x0d\x03\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01"
        b"\x04\x00\x00\x00\x00"
    )


def test_an_enumerated_number_is_a_number_and_text_keeps_its_form() -> None:
    assert decode(LABEL, encode(LABEL, Court.HOLY, "e\u0301")) == (2, "e\u0301")


def test_a_reader_asks_for_each_type() -> None:
    decoder = Decoder(LABEL, encode(LABEL, b"12", "drei", 4, (5, 6)))
    assert decoder.bytes(2) == b"12"
    assert decoder.text() == "drei"
    assert decoder.number() == 4
    inner = decoder.sequence()
    assert (inner.number(), inner.number()) == (5, 6)
    inner.end()
    decoder.end()


@pytest.mark.parametrize(
    "tail",
    [
        b"\x05\x00\x00\x00\x00",  # unknown type
        b"\x00\x00\x00\x00\x00",
        b"\x01",  # cut in the head
        b"\x01\x00\x00\x00",
        b"\x01\x00\x00\x00\x01",  # cut in the content
        b"\x03\x00\x00\x00\x01\x01",  # a short number
        b"\x03\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01",  # a long one
        b"\x02\x00\x00\x00\x01\xff",  # no UTF-8
        b"\x02\x00\x00\x00\x03\xed\xa0\x80",  # a surrogate
        b"\x02\x00\x00\x00\x02\xc0\x80",  # an overlong zero
        b"\x04\x00\x00\x00\x06\x01\x00\x00\x00\x02a",  # content beyond its sequence
    ],
)
def test_other_forms_are_refused(tail: bytes) -> None:
    with pytest.raises(NotCanonicalError):
        decode(LABEL, encode(LABEL) + tail)


def test_another_label_type_or_size_is_refused() -> None:
    with pytest.raises(NotCanonicalError, match="no aether/2/test"):
        decode("aether/2/test", encode(LABEL, 1))
    with pytest.raises(NotCanonicalError, match="a number expected, bytes found"):
        Decoder(LABEL, encode(LABEL, b"1")).number()
    with pytest.raises(NotCanonicalError, match="3 bytes expected, 1 found"):
        Decoder(LABEL, encode(LABEL, b"1")).bytes(3)
    with pytest.raises(NotCanonicalError, match="missing"):
        Decoder(LABEL, encode(LABEL)).number()
    with pytest.raises(NotCanonicalError):
        Decoder(LABEL, b"")


@pytest.mark.parametrize("value", [True, None, 1.5, {1: 2}, {1}])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(LABEL, value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1, 2**64, "\ud800"])
def test_values_out_of_bounds_are_refused(value: Value) -> None:
    with pytest.raises(ValueError, match=r"number|surrogates"):
        encode(LABEL, value)


def test_a_structure_needs_a_label() -> None:
    with pytest.raises(ValueError, match="label"):
        encode("")


def test_sequences_have_a_depth_on_both_sides() -> None:
    value: Value = ()
    for _ in range(DEEPEST - 1):
        value = (value,)
    assert decode(LABEL, encode(LABEL, value)) == (value,)
    with pytest.raises(ValueError, match="deep"):
        encode(LABEL, (value,))
    inner = b""
    for _ in range(DEEPEST + 1):
        inner = b"\x04" + len(inner).to_bytes(4, "big") + inner
    with pytest.raises(NotCanonicalError, match="deep"):
        decode(LABEL, encode(LABEL) + inner)
