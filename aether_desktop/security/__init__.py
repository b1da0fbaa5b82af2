"""Keys and where they lie. The only layer that knows cryptography and the keyring."""

from __future__ import annotations

from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore

__all__ = ["KeyFileStore", "KeyringStore"]
