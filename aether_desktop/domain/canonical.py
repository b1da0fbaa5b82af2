"""One byte form for everything that is signed, sealed or authenticated. Any thread.

A structure is a sequence of elements, each ``tag (1 byte) | length (4 bytes, big-endian) | content``:

    0x01 bytes      as they are
    0x02 text       UTF-8, exactly as given: nothing is normalised
    0x03 number     8 bytes, big-endian, unsigned
    0x04 sequence   elements, one after another

The first element is a text, the label, which says what the structure is and its version ("aether/1/..."): bytes made
for one purpose never pass for another. Every value has one encoding and every encoding one value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias, Union

Value: TypeAlias = Union[bytes, str, int, Sequence["Value"]]  # noqa: UP007 - a recursive alias, evaluated on 3.11

BYTES: Final = 0x01
TEXT: Final = 0x02
NUMBER: Final = 0x03
SEQUENCE: Final = 0x04
DEEPEST: Final = 16  # sequences within sequences
_HEAD: Final = 5  # bytes of tag and length
_NUMBER_BYTES: Final = 8
_LONGEST: Final = (1 << 32) - 1
_NAMES: Final = {BYTES: "bytes", TEXT: "text", NUMBER: "a number", SEQUENCE: "a sequence"}


class NotCanonicalError(ValueError):
    """The bytes are not what the reader asked for: another label, type or size, cut off, or with something behind."""


def encode(label: str, *values: Value) -> bytes:
    """``label``, then the values. Raises ValueError out of bounds, TypeError for other types (bool and None are)."""
    if not label:
        raise ValueError("a structure needs a label")
    return _element(label, 0) + b"".join(_element(value, 0) for value in values)


def decode(label: str, data: bytes) -> tuple[Value, ...]:
    """All values behind the label, sequences as tuples. Raises NotCanonicalError."""
    decoder = Decoder(label, data)
    return _rest(decoder, 0)


class Decoder:
    """Reads one structure element by element, each by the type it must have; ``end`` refuses what is left over."""

    def __init__(self, label: str, data: bytes) -> None:
        """Raises NotCanonicalError when the structure does not begin with ``label``."""
        self._data = memoryview(bytes(data))
        self._at = 0
        if self.text() != label:
            raise NotCanonicalError(f"this is no {label}")

    @property
    def ended(self) -> bool:
        """Nothing is left."""
        return self._at == len(self._data)

    def bytes(self, size: int | None = None) -> bytes:
        """Of exactly ``size`` bytes when that is given. Raises NotCanonicalError."""
        content = bytes(self._take(BYTES))
        if size is not None and len(content) != size:
            raise NotCanonicalError(f"{size} bytes expected, {len(content)} found")
        return content

    def text(self) -> str:
        """Raises NotCanonicalError."""
        return _as_text(self._take(TEXT))

    def number(self) -> int:
        """0 to 2^64 - 1. Raises NotCanonicalError."""
        return _as_number(self._take(NUMBER))

    def sequence(self) -> Decoder:
        """A decoder of the elements inside; its ``end`` must be called too. Raises NotCanonicalError."""
        inner = Decoder.__new__(Decoder)
        inner._data = self._take(SEQUENCE)
        inner._at = 0
        return inner

    def end(self) -> None:
        """Raises NotCanonicalError when something is left."""
        if not self.ended:
            raise NotCanonicalError(f"{len(self._data) - self._at} bytes too many")

    @property
    def tag(self) -> int:
        """The type of the next element. Raises NotCanonicalError at the end or for an unknown type."""
        if self.ended:
            raise NotCanonicalError("something is missing at the end")
        tag = self._data[self._at]
        if tag not in _NAMES:
            raise NotCanonicalError(f"unknown type {tag}")
        return tag

    def _take(self, wanted: int) -> memoryview:
        tag = self.tag
        if tag != wanted:
            raise NotCanonicalError(f"{_NAMES[wanted]} expected, {_NAMES[tag]} found")
        start = self._at + _HEAD
        if start > len(self._data):
            raise NotCanonicalError("something is missing at the end")
        length = int.from_bytes(self._data[self._at + 1 : start], "big")
        if length > len(self._data) - start:
            raise NotCanonicalError("something is missing at the end")
        self._at = start + length
        return self._data[start : self._at]


def _element(value: Value, depth: int) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _framed(BYTES, bytes(value))
    if isinstance(value, str):
        return _framed(TEXT, value.encode("utf-8"))  # a lone surrogate is a ValueError
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < 1 << 64:
            raise ValueError("a number is 0 to 2^64 - 1")
        return _framed(NUMBER, int(value).to_bytes(_NUMBER_BYTES, "big"))
    if isinstance(value, (list, tuple)):
        if depth == DEEPEST:
            raise ValueError(f"sequences may be {DEEPEST} deep")
        return _framed(SEQUENCE, b"".join(_element(each, depth + 1) for each in value))
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _framed(tag: int, content: bytes) -> bytes:
    if len(content) > _LONGEST:
        raise ValueError("an element holds less than 4 GiB")
    return bytes((tag,)) + len(content).to_bytes(4, "big") + content


def _as_text(content: memoryview) -> str:
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonicalError("a text is not UTF-8") from error


def _as_number(content: memoryview) -> int:
    if len(content) != _NUMBER_BYTES:
        raise NotCanonicalError(f"a number has {_NUMBER_BYTES} bytes, not {len(content)}")
    return int.from_bytes(content, "big")


def _rest(decoder: Decoder, depth: int) -> tuple[Value, ...]:
    values: list[Value] = []
    while not decoder.ended:
        tag = decoder.tag
        if tag == BYTES:
            values.append(decoder.bytes())
        elif tag == TEXT:
            values.append(decoder.text())
        elif tag == NUMBER:
            values.append(decoder.number())
        elif depth == DEEPEST:
            raise NotCanonicalError(f"sequences may be {DEEPEST} deep")
        else:
            values.append(_rest(decoder.sequence(), depth + 1))
    return tuple(values)
