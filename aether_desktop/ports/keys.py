"""Where the vault's key lies."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class KeyStore(Protocol):
    """32-byte vault keys by vault file. Calls may block on an OS prompt: worker threads only. Raises KeyStoreError."""

    def load(self, vault: Path) -> bytes:
        """Raises KeyMissingError when the store answers but has none for this vault."""
        ...

    def create(self, vault: Path) -> bytes:
        """A fresh random key, stored and read back before it is returned. An existing key is never replaced."""
        ...

    def adopt(self, vault: Path, key: bytes) -> None:
        """Store a known key under another path (a restored or moved vault)."""
        ...
