"""The same password with the same salt is stretched once a process: commands of a test open one vault again and again.

The derivation itself is the real one, at its real cost (about 0.2 s and 64 MiB). Salts, and the one-time secrets of
invitations, are random, and differ within a test; the first of each test is the same one, and so on: most tests begin
with the same passwords.
"""

from __future__ import annotations

import importlib
import itertools
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_KNOWN: dict[tuple[bytes, bytes, int, int, int, int], bytes] = {}
_SALT_BYTES = 16


class RememberedArgon2id:
    """Stands in for ``Argon2id`` in ``security.passwords``."""

    def __init__(self, *, salt: bytes, length: int, iterations: int, lanes: int, memory_cost: int) -> None:
        self._cost = (salt, length, iterations, lanes, memory_cost)
        self._real = Argon2id(salt=salt, length=length, iterations=iterations, lanes=lanes, memory_cost=memory_cost)

    def derive_into(self, key_material: bytearray, buffer: bytearray) -> int:
        """As the library's."""
        salt, length, iterations, lanes, memory = self._cost
        key = (bytes(key_material), salt, length, iterations, lanes, memory)
        if key not in _KNOWN:
            self._real.derive_into(key_material, buffer)  # type: ignore[arg-type] # any buffer will do
            _KNOWN[key] = bytes(buffer)
        buffer[:] = _KNOWN[key]
        return length


class RecurringSalts:
    """Stands in for ``secrets`` in ``security.slots``, for it and ``os`` in ``security.invitations``; any thread.

    Only salts have 16 bytes there.
    """

    def __init__(self) -> None:
        self._salts: list[bytes] = []
        self._choices: list[int] = []
        self._next_salt, self._next_choice = itertools.count(), itertools.count()
        self._in_a_test = False  # what modules keep for their tests is chosen before

    def restart(self) -> None:
        """The next salt is the first one again."""
        self._next_salt, self._next_choice = itertools.count(), itertools.count()
        self._in_a_test = True

    def token_bytes(self, size: int) -> bytes:
        """As the library's."""
        if size != _SALT_BYTES:
            return secrets.token_bytes(size)
        number = next(self._next_salt)
        while len(self._salts) <= number:
            self._salts.append(secrets.token_bytes(size))
        return self._salts[number]

    urandom = token_bytes

    def choice(self, options: Sequence[str]) -> str:
        """As the library's."""
        if not self._in_a_test:
            return secrets.choice(options)
        number = next(self._next_choice)
        while len(self._choices) <= number:
            self._choices.append(secrets.randbits(64))
        return options[self._choices[number] % len(options)]


def install() -> RecurringSalts:
    """For the rest of this process."""
    salts = RecurringSalts()
    importlib.import_module("aether_desktop.security.passwords").Argon2id = RememberedArgon2id  # type: ignore[attr-defined]
    importlib.import_module("aether_desktop.security.slots").secrets = salts  # type: ignore[attr-defined]
    invitations = importlib.import_module("aether_desktop.security.invitations")
    invitations.os = invitations.secrets = salts  # type: ignore[attr-defined]
    return salts
