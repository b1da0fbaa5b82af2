"""The canonical byte form, which lies in ``domain``: ``storage`` writes audit entries and may not import this layer."""

from __future__ import annotations

from aether_desktop.domain.canonical import (
    BYTES,
    DEEPEST,
    NUMBER,
    SEQUENCE,
    TEXT,
    Decoder,
    NotCanonicalError,
    Value,
    decode,
    encode,
)

__all__ = [
    "BYTES",
    "DEEPEST",
    "NUMBER",
    "SEQUENCE",
    "TEXT",
    "Decoder",
    "NotCanonicalError",
    "Value",
    "decode",
    "encode",
]
