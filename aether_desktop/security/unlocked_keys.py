"""The level secrets that are open now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.security.memory import Secret
from aether_desktop.security.passwords import hkdf

FILE_KEY: Final = b"aether/1/vault-file"
HEADER_KEY: Final = b"aether/1/vault-keys"
PREVIOUS_SECRET: Final = b"aether/1/previous-secret"
_RESERVED: Final = frozenset({FILE_KEY, HEADER_KEY, PREVIOUS_SECRET})  # of the key file itself


class UnlockedKeys:
    """Implements ``ports.access.Levels``. Any thread. Secrets are wiped when their level is locked."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._secrets: dict[Court, Secret] = {}
        self._previous: dict[Court, tuple[Secret, ...]] = {}
        self._listeners: list[Callable[[Court], None]] = []

    def is_open(self, level: Court) -> bool:
        """Whether the level's secret is here."""
        return level in self._secrets

    def derive(self, level: Court, info: bytes) -> bytes:
        """32 bytes by HKDF-SHA256 from the level's secret. Raises LevelLockedError."""
        _refuse_reserved(info)
        with self._lock, hkdf(self._secret(level), info=info) as derived:
            return bytes(derived.data)

    def derive_previous(self, level: Court, info: bytes) -> tuple[bytes, ...]:
        """The same from the secrets that the level had before "compromised", newest first; empty when all that was
        sealed under them is sealed anew. Raises LevelLockedError."""
        _refuse_reserved(info)
        with self._lock:
            self._secret(level)
            found = []
            for secret in self._previous.get(level, ()):
                with hkdf(secret, info=info) as derived:
                    found.append(bytes(derived.data))
            return tuple(found)

    def has_former(self, level: Court) -> bool:
        """Whether the level is open and had another secret before."""
        return bool(self._previous.get(level))

    def open(self, level: Court, secret: Secret, previous: Iterable[Secret] = ()) -> None:
        """Take over a level's secret and its former ones; what was open of the level is wiped."""
        with self._lock:
            self._wipe(level)
            self._secrets[level] = secret
            self._previous[level] = tuple(previous)

    def lock(self, level: Court = Court.OUTER) -> None:
        """Wipe this level and those above, and tell who listens. Never raises."""
        with self._lock:
            locked = [each for each in sorted(Court, reverse=True) if each >= level and each in self._secrets]
            for each in locked:
                self._wipe(each)
            listeners = tuple(self._listeners)
        for each in locked:
            for listener in listeners:
                listener(each)

    def on_lock(self, listener: Callable[[Court], None]) -> Callable[[], None]:
        """Call ``listener`` (quick, thread-safe, never raises) after a level was wiped, so that whatever was derived
        from it is dropped too. Returns a remover."""
        with self._lock:
            self._listeners.append(listener)

        def remove() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return remove

    def copy(self, level: Court) -> Secret:
        """The level's secret, for the key file's own use. Raises LevelLockedError."""
        with self._lock:
            return self._secret(level).copy()

    def copy_previous(self, level: Court) -> tuple[Secret, ...]:
        """The level's former secrets, for the key file's own use."""
        with self._lock:
            return tuple(secret.copy() for secret in self._previous.get(level, ()))

    def _secret(self, level: Court) -> Secret:
        secret = self._secrets.get(level)
        if secret is None:
            raise LevelLockedError(level)
        return secret

    def _wipe(self, level: Court) -> None:
        for secret in (self._secrets.pop(level, None), *self._previous.pop(level, ())):
            if secret is not None:
                secret.wipe()

    def __repr__(self) -> str:
        return f"UnlockedKeys(levels {[int(level) for level in Court if self.is_open(level)]})"


def _refuse_reserved(info: bytes) -> None:
    if info in _RESERVED:
        raise ValueError(f"{info!r} is the key file's own")
