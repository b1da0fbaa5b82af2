"""Argon2id (RFC 9106) for everything that is typed, and HKDF-SHA256 (RFC 5869) for everything derived from it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aether_desktop.security.memory import Secret

SALT_BYTES: Final = 16
_MOST_MEMORY: Final = 1 << 20  # KiB: 1 GiB; a file asking for more wants to exhaust the machine
_MOST_PASSES: Final = 64
_MOST_LANES: Final = 64
# OpenSSL's threads for lanes serve one derivation: two at once wait for each other for ever (cryptography 50.0.2).
_ONE_DERIVATION: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs; stored with every slot."""

    memory: int
    """KiB"""
    passes: int
    lanes: int

    @property
    def acceptable(self) -> bool:
        """At least RFC 9106's second recommendation, and nothing that would stop the machine."""
        return (
            STANDARD.memory <= self.memory <= _MOST_MEMORY
            and STANDARD.passes <= self.passes <= _MOST_PASSES
            and STANDARD.lanes <= self.lanes <= _MOST_LANES
        )


STANDARD: Final = Cost(memory=64 * 1024, passes=3, lanes=4)  # RFC 9106 section 4, second recommended option


def stretch(factor: bytearray, *, salt: bytes, cost: Cost) -> Secret:
    """Argon2id version 1.3, 32 bytes; 0.1 to 0.4 s, one at a time. Raises ValueError for a cost below the standard."""
    if not cost.acceptable:
        raise ValueError("a cost below the standard")
    stretched = Secret(32)
    argon = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory)
    with _ONE_DERIVATION:
        argon.derive_into(factor, stretched.data)  # type: ignore[arg-type] # any buffer will do
    return stretched


def hkdf(secret: Secret, *, info: bytes, salt: Secret | None = None, size: int = 32) -> Secret:
    """HKDF-SHA256; ``salt`` None is 32 zero bytes."""
    derived = Secret(size)
    salt_bytes = None if salt is None else bytes(salt.data)  # the library takes nothing else
    HKDF(algorithm=SHA256(), length=size, salt=salt_bytes, info=info).derive_into(secret.data, derived.data)
    return derived
