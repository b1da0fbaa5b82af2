"""A vault's key in a file that the person names: for servers without a keyring, never chosen by default.

The file holds the 32-byte key as 64 hexadecimal digits. It must belong to the user and be closed to everybody else.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import (
    KeyMissingError,
    KeyStoreError,
    PermissionDeniedError,
)
from aether_desktop.security.private_files import require_private, write_new

KEY_BYTES: Final = 32
_CONTENT: Final = re.compile(rb"([0-9a-fA-F]{64})\s{0,2}")
_LIMIT: Final = 200  # bytes; more is no key file


class KeyFileStore:
    """Implements ``ports.keys.KeyStore`` over one file, whatever the vault. Any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, vault: Path) -> bytes:  # noqa: ARG002 - one file, one key
        """Raises KeyMissingError, PermissionDeniedError for a file that others may read, KeyStoreError."""
        match = _CONTENT.fullmatch(self._read())
        if match is None:
            raise KeyStoreError(
                f"{self._path} is not a key file.", hint="A key file holds 64 hexadecimal digits and nothing else."
            )
        return bytes.fromhex(match[1].decode("ascii"))

    def create(self, vault: Path) -> bytes:
        """A fresh random key in a new file; a key file that is already there is used as it is.

        Raises PermissionDeniedError, KeyStoreError.
        """
        with suppress(FileExistsError):
            self._write(secrets.token_bytes(KEY_BYTES))
        return self.load(vault)

    def adopt(self, vault: Path, key: bytes) -> None:
        """Put ``key`` into a new file. Raises KeyStoreError when the file holds another."""
        try:
            self._write(key)
        except FileExistsError:
            if not secrets.compare_digest(self.load(vault), key):
                raise KeyStoreError(
                    f"{self._path} holds the key of another vault.", hint="Name another key file."
                ) from None

    def _write(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a vault's key has {KEY_BYTES} bytes")
        write_new(self._path, key.hex().encode("ascii") + b"\n")

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                require_private(self._path, os.fstat(file.fileno()))
                return file.read(_LIMIT)
        except FileNotFoundError:
            raise KeyMissingError(
                f"There is no key file {self._path}.", hint="Name the key file that the vault was made with."
            ) from None
        except PermissionError:
            raise PermissionDeniedError(
                f"The key file {self._path} may not be read by you.", hint="Use it as its owner."
            ) from None
        except OSError as error:
            raise KeyStoreError(f"The key file {self._path} cannot be read: {error.strerror}.") from error
