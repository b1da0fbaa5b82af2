"""The audit log's formats: what an entry says, what a checkpoint says, how two logs are compared. Values; any thread.

An entry's bytes are a canonical structure of ``ENTRY_LABEL``. Its leaf in the log's tree (``domain.merkle``) is the
hash of its bytes followed by its signature: Ed25519 by the device of the person who made the change, or none where
only the database vouches for it ("server-attested").
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aether_desktop.domain.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.domain.merkle import HASH_BYTES, Frontier, leaf_hash

ENTRY_LABEL: Final = "aether/1/audit-entry"
CHECKPOINT_LABEL: Final = "aether/1/audit-checkpoint"
CHECKPOINT_PURPOSE: Final = "aether/1/audit-checkpoint"  # of the hybrid signature
PIN_LABEL: Final = "aether/1/audit-root"
CODE_LABEL: Final = "aether/1/audit-code"
KEY_ID_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64  # Ed25519
_CODE_BYTES: Final = 15  # 24 letters: two logs that a server prepares alike would cost it 2^60 hashes
_CODE: Final = re.compile(r"([0-9]{1,19})((?:-[A-Z2-7]{4}){6})")


class Attestation(StrEnum):
    """Who vouches for an entry. NONE: it is older than the log."""

    NONE = ""
    CLIENT = "client"
    SERVER = "server"


def key_id_of(public: bytes) -> bytes:
    """How a device key is named: the first 16 bytes of the SHA-256 of its public half."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


def facts_of(detail: str) -> Mapping[str, Any]:
    """The JSON object in an entry's detail; empty when it is none. Never raises."""
    try:
        read = json.loads(detail) if detail else {}
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """``at`` is UTC microseconds since 1970. ``login`` names the database login of a server-attested entry.

    Signed entries have the device's ``key_id``, its ``counter`` from 1 and ``previous``, the leaf hash of the entry it
    signed before (empty for the first). ``detail`` is JSON text.
    """

    vault_id: int
    id: int
    at: int
    user_id: int
    action: str
    table: str
    rows: int
    detail: str
    login: str = ""
    key_id: bytes = b""
    counter: int = 0
    previous: bytes = b""

    def encode(self) -> bytes:
        """The bytes that are signed. Raises ValueError for what cannot be written."""
        return encode(
            ENTRY_LABEL,
            self.vault_id,
            self.id,
            self.at,
            self.user_id,
            self.login,
            self.key_id,
            self.counter,
            self.previous,
            self.action,
            self.table,
            self.rows,
            self.detail,
        )

    @classmethod
    def decode(cls, data: bytes) -> LogEntry:
        """Raises NotCanonicalError."""
        reader = Decoder(ENTRY_LABEL, data)
        vault_id, entry_id, at, user_id = (reader.number() for _ in range(4))
        login, key_id, counter, previous = reader.text(), reader.bytes(), reader.number(), reader.bytes()
        action, table, rows, detail = reader.text(), reader.text(), reader.number(), reader.text()
        reader.end()
        signed = bool(key_id)
        if len(key_id) not in {0, KEY_ID_BYTES} or len(previous) not in {0, HASH_BYTES}:
            raise NotCanonicalError("a key's name or a hash has another length")
        if signed != (counter > 0) or (counter > 1) != bool(previous):
            raise NotCanonicalError("the entry's place in its device's chain is none")
        return cls(
            vault_id=vault_id,
            id=entry_id,
            at=at,
            user_id=user_id,
            action=action,
            table=table,
            rows=rows,
            detail=detail,
            login=login,
            key_id=key_id,
            counter=counter,
            previous=previous,
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """``detail`` as an object; empty when it is none."""
        return facts_of(self.detail)


def entry_leaf(entry: bytes, signature: bytes) -> bytes:
    """The leaf hash of an entry: SHA-256 over 0x00, its bytes and its signature (none: empty)."""
    return leaf_hash(entry + signature)


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """The log of a vault had ``size`` entries and this ``root`` when ``user_id`` looked, at ``at`` (microseconds)."""

    vault_id: int
    size: int
    root: bytes
    at: int
    user_id: int

    def encode(self) -> bytes:
        """The bytes that are signed. Raises ValueError."""
        if len(self.root) != HASH_BYTES:
            raise ValueError(f"a root has {HASH_BYTES} bytes")
        return encode(CHECKPOINT_LABEL, self.vault_id, self.size, self.root, self.at, self.user_id)

    @classmethod
    def decode(cls, data: bytes) -> CheckpointBody:
        """Raises NotCanonicalError."""
        reader = Decoder(CHECKPOINT_LABEL, data)
        vault_id, size, root = reader.number(), reader.number(), reader.bytes(HASH_BYTES)
        at, user_id = reader.number(), reader.number()
        reader.end()
        return cls(vault_id=vault_id, size=size, root=root, at=at, user_id=user_id)

    @property
    def code(self) -> str:
        """What a colleague compares by reading it aloud: the size, then 24 letters and digits."""
        return comparison_code(self.vault_id, self.size, self.root)


@dataclass(frozen=True, slots=True)
class RootPin:
    """The log as a computer last saw it: its size and the frontier of its tree."""

    size: int
    peaks: bytes

    def encode(self) -> bytes:
        """What is remembered outside the database. Raises ValueError."""
        return encode(PIN_LABEL, self.size, self.peaks)

    @classmethod
    def decode(cls, data: bytes) -> RootPin:
        """Raises NotCanonicalError, MerkleError."""
        reader = Decoder(PIN_LABEL, data)
        size, peaks = reader.number(), reader.bytes()
        reader.end()
        Frontier(size, peaks)
        return cls(size, peaks)


def comparison_code(vault_id: int, size: int, root: bytes) -> str:
    """The short code of a log at a size: equal codes, equal logs."""
    digest = hashlib.sha256(encode(CODE_LABEL, vault_id, size, root)).digest()[:_CODE_BYTES]
    letters = base64.b32encode(digest).decode("ascii")
    return "-".join([str(size), *(letters[start : start + 4] for start in range(0, len(letters), 4))])


def read_code(text: str) -> tuple[int, str]:
    """The size in a code as typed, and the code in its one form. Raises ValueError for what is no code."""
    plain = "-".join(text.upper().replace("-", " ").split())
    if _CODE.fullmatch(plain) is None:
        raise ValueError("this is no code of an audit log")
    return int(plain.partition("-")[0]), plain
