"""Typed data (EIP-712) judged before it is hashed: every value is of its type, nothing is left out, nothing added.

The library takes "zz" for bytes, 2 for a truth and three entries for an array of two, and signs something else than a
person read. What passes here has one reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

MOST_BYTES: Final = 1 << 18
_MOST_DEPTH: Final = 32
_MOST_TYPES: Final = 200
_PARTS: Final = frozenset({"types", "primaryType", "domain", "message"})
_DOMAIN: Final = "EIP712Domain"
_DOMAIN_TYPES: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,99}\Z", re.ASCII)
_ARRAY: Final = re.compile(r"(.+)\[([0-9]{0,6})\]\Z", re.ASCII)
_INTEGER: Final = re.compile(r"(u?)int([1-9][0-9]{0,2})\Z", re.ASCII)
_FIXED: Final = re.compile(r"bytes([1-9][0-9]?)\Z", re.ASCII)
_HEX: Final = re.compile(r"0x((?:[0-9a-fA-F]{2})*)\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,78}\Z|0x[0-9a-fA-F]{1,64}\Z", re.ASCII)
_ADDRESS_DIGITS: Final = 40

Types = Mapping[str, list[dict[str, str]]]


def read_typed_data(document: bytes) -> dict[str, Any]:
    """The document, judged. Raises ValueError saying what is wrong with it."""
    if len(document) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    try:
        found = json.loads(document, parse_constant=_no_number, parse_float=_no_number, object_pairs_hook=_singly)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict) or found.keys() != _PARTS:
        raise ValueError("types, primaryType, domain and message must be there, and nothing else")
    types = _types(found["types"])
    primary = found["primaryType"]
    if not isinstance(primary, str) or primary not in types:
        raise ValueError("its primary type is not defined")
    _judge(types, _DOMAIN, found["domain"], depth=0)
    _judge(types, primary, found["message"], depth=0)
    return found


def _types(types: object) -> Types:
    if not isinstance(types, dict) or len(types) > _MOST_TYPES:
        raise ValueError("its types are no object, or too many")
    for name, fields in types.items():
        if not _NAME.match(name) or not isinstance(fields, list):
            raise ValueError(f"the type {name[:40]!r} is none")
        for field in fields:
            if not isinstance(field, dict) or field.keys() != {"name", "type"}:
                raise ValueError(f"a field of {name} has no name or type")
            if not all(isinstance(part, str) for part in field.values()) or not _NAME.match(field["name"]):
                raise ValueError(f"a field of {name} has a name that is none")
        if len({field["name"] for field in fields}) != len(fields):
            raise ValueError(f"two fields of {name} have one name")
    domain = types.get(_DOMAIN)
    if domain is None or any(_DOMAIN_TYPES.get(field["name"]) != field["type"] for field in domain):
        raise ValueError("the type of its domain is missing, or has other fields than the standard's")
    return types


def _judge(types: Types, kind: str, value: object, *, depth: int) -> None:
    """Raises ValueError for a value that is not of its type."""
    if depth > _MOST_DEPTH:
        raise ValueError("it is nested too deeply")
    if kind in types:
        fields = types[kind]
        if not isinstance(value, dict) or value.keys() != {field["name"] for field in fields}:
            raise ValueError(f"a value of {kind} lacks a field, or has one too many")
        for field in fields:
            _judge(types, field["type"], value[field["name"]], depth=depth + 1)
        return
    if array := _ARRAY.match(kind):
        if not isinstance(value, list) or (array[2] and len(value) != int(array[2])):
            raise ValueError(f"a value of {kind[:40]} is no list of that length")
        for each in value:
            _judge(types, array[1], each, depth=depth + 1)
    elif not _is_simple(kind, value):
        raise ValueError(f"a value is no {kind[:40]}")


def _is_simple(kind: str, value: object) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if integer := _INTEGER.match(kind):
        return _is_integer(value, bits=int(integer[2]), signed=not integer[1])
    if not isinstance(value, str):
        return False
    if kind == "string":
        return True
    digits = _HEX.match(value)
    if digits is None:
        return False
    if fixed := _FIXED.match(kind):
        return int(fixed[1]) <= 32 and len(digits[1]) == 2 * int(fixed[1])
    return kind == "bytes" or (kind == "address" and len(digits[1]) == _ADDRESS_DIGITS)


def _is_integer(value: object, *, bits: int, signed: bool) -> bool:
    if bits % 8 or bits > 256 or isinstance(value, bool):
        return False
    if isinstance(value, str) and _NUMBER.match(value):
        value = int(value, 16 if value.startswith("0x") else 10)
    if not isinstance(value, int):
        return False
    return -(1 << bits - 1) <= value < 1 << bits - 1 if signed else 0 <= value < 1 << bits


def _no_number(text: str) -> None:
    raise ValueError(f"{text[:20]} is no whole number")


def _singly(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers could read a name that stands twice differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
