"""What this computer remembers about a vault outside its database: in the keyring, or beside a key file."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import KeyStoreAbsentError, KeyStoreError, KeyStoreLockedError
from aether_desktop.ports.identity import PinStore
from aether_desktop.security.keyring_store import read_entry, write_entry

_LIMIT: Final = 1024
_NAME: Final = re.compile(r"[a-z][a-z-]{0,30}")
_SERVICE: Final = "aether-desktop pins"


class KeyringPinStore:
    """Implements ``ports.identity.PinStore`` over the OS keyring. Worker threads only.

    Raises KeyStoreAbsentError, KeyStoreLockedError, KeyStoreError.
    """

    def load(self, vault_id: int, name: str) -> bytes | None:
        """None when nothing is remembered."""
        kept = read_entry(_SERVICE, _entry(vault_id, name))
        if kept is None:
            return None
        try:
            return base64.b64decode(kept.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise KeyStoreError(
                f"What the keyring remembers of the {name} is damaged.", hint="Restore the keyring."
            ) from error

    def save(self, vault_id: int, name: str, value: bytes) -> None:
        """Stored and read back."""
        _require_small(value)
        write_entry(_SERVICE, _entry(vault_id, name), base64.b64encode(value).decode("ascii"))


class PassingPinStore:
    """Implements ``ports.identity.PinStore`` over another one that cannot always be reached. Worker threads only.

    Without a keyring, or with a locked one, only the recovery kit opens a vault: then what is remembered lasts for
    this run, and a server or file taken back between two runs is not noticed until the keyring is there again.
    """

    def __init__(self, kept: PinStore) -> None:
        self._kept = kept
        self._passing: dict[tuple[int, str], bytes] = {}

    def load(self, vault_id: int, name: str) -> bytes | None:
        """Raises what the kept store raises, but KeyStoreAbsentError and KeyStoreLockedError."""
        try:
            return self._kept.load(vault_id, name)
        except (KeyStoreAbsentError, KeyStoreLockedError):
            return self._passing.get((vault_id, name))

    def save(self, vault_id: int, name: str, value: bytes) -> None:
        """Raises what the kept store raises, but KeyStoreAbsentError and KeyStoreLockedError."""
        try:
            self._kept.save(vault_id, name, value)
        except (KeyStoreAbsentError, KeyStoreLockedError):
            self._passing[vault_id, name] = value


class FilePinStore:
    """Implements ``ports.identity.PinStore`` in a folder of the person, for machines without a keyring. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, vault_id: int, name: str) -> bytes | None:
        """None when nothing is remembered. Raises KeyStoreError."""
        path = self._path(vault_id, name)
        try:
            with path.open("rb") as file:
                content = file.read(_LIMIT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyStoreError(f"{path} cannot be read: {error.strerror}.") from error
        if len(content) > _LIMIT:
            raise KeyStoreError(f"{path} is damaged.", hint="Restore it from a back-up.")
        return content

    def save(self, vault_id: int, name: str, value: bytes) -> None:
        """Written beside, flushed, then renamed. Raises KeyStoreError."""
        _require_small(value)
        path = self._path(vault_id, name)
        passing = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            descriptor = os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            passing.replace(path)
        except OSError as error:
            with suppress(OSError):
                passing.unlink(missing_ok=True)
            raise KeyStoreError(
                f"{path} cannot be written: {error.strerror}.", hint="Make its folder writable for you."
            ) from error

    def _path(self, vault_id: int, name: str) -> Path:
        return self._folder / f".{_entry(vault_id, name)}.pin"


def _entry(vault_id: int, name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError("a pin's name has lower-case letters and dashes")
    return f"{vault_id:016x}-{name}"


def _require_small(value: bytes) -> None:
    if len(value) > _LIMIT:
        raise ValueError(f"at most {_LIMIT} bytes are remembered")
