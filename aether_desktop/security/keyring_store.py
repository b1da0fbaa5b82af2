"""A vault's key in the keyring of the operating system.

Beside the vault lies NAME.aether.keys, which holds no secret: a random tag under which the keyring knows the key, so
that a vault that is moved or copied together with it still finds its key. Only keyrings that encrypt are used; there
is no fall-back to plain text, and no configuration can choose another.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

from aether_desktop.ports.errors import (
    KeyMissingError,
    KeyStoreAbsentError,
    KeyStoreError,
    KeyStoreLockedError,
)
from aether_desktop.security.private_files import write_new

KEY_BYTES: Final = 32
SERVICE: Final = "aether-desktop"
NOTE_SERVICE: Final = "aether-desktop keys"
PASSWORD_SERVICE: Final = "aether-desktop database"  # noqa: S105 - a name, not a password
_FORMAT: Final = 1
_KIND: Final = "keyring"
_FIELDS: Final = frozenset({"format", "vault", "kind"})
_TAG: Final = re.compile(r"[0-9a-f]{32}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_LIMIT: Final = 4096  # bytes of a .keys file
_WITHOUT: Final = "On a machine without a keyring name a key file instead: --key-file PATH"
ResultT = TypeVar("ResultT")


class KeyringStore:
    """Implements ``ports.keys.KeyStore``. Worker threads only: a locked keyring may wait for the person."""

    def describe(self) -> str:
        """The name of the keyring that would be used. Raises KeyStoreAbsentError."""
        return str(_backend().name)

    def load(self, vault: Path) -> bytes:
        """Raises KeyMissingError, KeyStoreAbsentError, KeyStoreLockedError, KeyStoreError."""
        tag = _read_tag(vault)
        if tag is None:
            raise KeyMissingError(
                f"{_companion(vault).name} is not beside the vault, and it tells which key is its own.",
                hint="Move both files together, or name the vault's key file with --key-file PATH",
            )
        return _key_for(tag, vault)

    def create(self, vault: Path) -> bytes:
        """A fresh random key, stored and read back. A key kept for this very name already is used, never replaced.

        Raises KeyMissingError when such a key was lost, KeyStoreAbsentError, KeyStoreLockedError, KeyStoreError.
        """
        tag = _read_tag(vault)
        if tag is not None:  # of a vault that was never finished, or is elsewhere now
            try:
                return _key_for(tag, vault)
            except KeyMissingError as error:
                raise KeyMissingError(
                    f"{_companion(vault)} belongs to a vault whose key the keyring does not hold.",
                    hint="Move that file away, then create the vault again.",
                ) from error
        key = secrets.token_bytes(KEY_BYTES)
        self._keep(vault, key)
        return key

    def adopt(self, vault: Path, key: bytes) -> None:
        """Keep a known key for a vault at this path. Raises KeyStoreError when another key is kept for it already."""
        tag = _read_tag(vault)
        if tag is None:
            self._keep(vault, key)
            return
        kept = _call(lambda backend: backend.get_password(SERVICE, tag))
        if kept is None:
            _store(tag, key)
        elif not secrets.compare_digest(kept, key.hex()):
            raise KeyStoreError(
                f"The keyring holds another key for {vault}.", hint=f"Move {_companion(vault).name} away first."
            )

    # -- device keys of the key hierarchy, by tag ----------------------------------------------------------------

    def load_tagged(self, tag: str) -> bytes | None:
        """None when the keyring has no such entry. Raises KeyStoreError and its kinds."""
        kept = _call(lambda backend: backend.get_password(SERVICE, tag))
        if kept is None:
            return None
        if _KEY.fullmatch(kept) is None:
            raise KeyStoreError("What the keyring holds for this vault is not a key.", hint="Restore the keyring.")
        return bytes.fromhex(kept)

    def keep_tagged(self, tag: str, key: bytes) -> None:
        """Store a key and read it back. Raises KeyStoreError and its kinds."""
        _store(tag, key)

    def forget_tagged(self, tag: str) -> None:
        """Doing so twice is harmless. Raises KeyStoreError and its kinds."""
        if _call(lambda backend: backend.get_password(SERVICE, tag)) is not None:
            _call(lambda backend: backend.delete_password(SERVICE, tag))

    def keep_note(self, name: str, value: str) -> None:
        """Something about the tagged keys. Raises KeyStoreError and its kinds."""
        write_entry(NOTE_SERVICE, name, value)

    def note(self, name: str) -> str | None:
        """None when there is no such note. Raises KeyStoreError and its kinds."""
        return read_entry(NOTE_SERVICE, name)

    def forget_note(self, name: str) -> None:
        """Doing so twice is harmless. Raises KeyStoreError and its kinds."""
        if self.note(name) is not None:
            _call(lambda backend: backend.delete_password(NOTE_SERVICE, name))

    def tag_of(self, vault: Path) -> str | None:
        """The tag in the companion file of a vault of the old kind; None without that file. Raises KeyStoreError."""
        return _read_tag(vault)

    # -- passwords of shared databases ---------------------------------------------------------------------------

    def save_password(self, location: str, password: str) -> None:
        """Keep the password of a database; ``location`` is its URL without it. Raises KeyStoreError and its kinds."""
        _call(lambda backend: backend.set_password(PASSWORD_SERVICE, location, password))

    def load_password(self, location: str) -> str | None:
        """None when none is kept. Raises KeyStoreError and its kinds."""
        return _call(lambda backend: backend.get_password(PASSWORD_SERVICE, location))

    def forget_password(self, location: str) -> None:
        """Doing so twice is harmless. Raises KeyStoreError and its kinds."""
        if self.load_password(location) is not None:
            _call(lambda backend: backend.delete_password(PASSWORD_SERVICE, location))

    def _keep(self, vault: Path, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a vault's key has {KEY_BYTES} bytes")
        tag = secrets.token_hex(16)
        _store(tag, key)
        content = json.dumps({"format": _FORMAT, "kind": _KIND, "vault": tag}, sort_keys=True)
        try:
            write_new(_companion(vault), f"{content}\n".encode("ascii"))
        except BaseException as error:
            with suppress(KeyStoreError):
                _call(lambda backend: backend.delete_password(SERVICE, tag))
            if isinstance(error, FileExistsError):
                raise KeyStoreError(
                    f"{_companion(vault)} appeared while the key was stored.", hint="Try again."
                ) from error
            raise


def _companion(vault: Path) -> Path:
    return vault.with_name(f"{vault.name}.keys")


def _read_tag(vault: Path) -> str | None:
    """The tag in the companion file, None when there is none. Raises KeyStoreError for anything unknown in it."""
    path = _companion(vault)
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyStoreError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        fields = json.loads(content) if len(content) <= _LIMIT else None
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or "format" not in fields:
        raise KeyStoreError(f"{path} is damaged.", hint="Restore it from a back-up of the vault.")
    if fields["format"] != _FORMAT or set(fields) != _FIELDS or fields["kind"] != _KIND:
        raise KeyStoreError(
            f"{path} was written by a newer program.", hint="Install the newest version of Aether Desktop."
        )
    tag = fields["vault"]
    if not isinstance(tag, str) or _TAG.fullmatch(tag) is None:
        raise KeyStoreError(f"{path} is damaged.", hint="Restore it from a back-up of the vault.")
    return tag


def _key_for(tag: str, vault: Path) -> bytes:
    kept = _call(lambda backend: backend.get_password(SERVICE, tag))
    if kept is None:
        raise KeyMissingError(
            f"The keyring holds no key for {vault}.",
            hint="Open it as the user, and on the machine, that made it, or name its key file with --key-file PATH",
        )
    if _KEY.fullmatch(kept) is None:
        raise KeyStoreError(f"What the keyring holds for {vault} is not a key.", hint="Restore the keyring.")
    return bytes.fromhex(kept)


def _store(tag: str, key: bytes) -> None:
    """Store and read back: some keyrings take everything and keep nothing."""
    _call(lambda backend: backend.set_password(SERVICE, tag, key.hex()))
    kept = _call(lambda backend: backend.get_password(SERVICE, tag))
    if kept is None or not secrets.compare_digest(kept, key.hex()):
        raise KeyStoreError("The keyring did not keep the key.", hint=_WITHOUT)


def read_entry(service: str, name: str) -> str | None:
    """Something else that the keyring keeps for this program, or None. Raises KeyStoreError and its kinds."""
    return _call(lambda backend: backend.get_password(service, name))


def write_entry(service: str, name: str, value: str) -> None:
    """Store and read back. Raises KeyStoreError and its kinds."""
    _call(lambda backend: backend.set_password(service, name, value))
    if read_entry(service, name) != value:
        raise KeyStoreError("The keyring did not keep what this program must remember.", hint=_WITHOUT)


def _backend() -> KeyringBackend:
    """The best usable keyring of the allow-list. Raises KeyStoreAbsentError."""
    usable = [kind for kind in _allowed() if kind.viable]
    if not usable:
        raise KeyStoreAbsentError("There is no keyring here that could keep the vault's key.", hint=_WITHOUT)
    best: type[KeyringBackend] = max(usable, key=lambda kind: float(kind.priority))
    return best()


def _allowed() -> list[Any]:
    """Keyrings that encrypt what they keep; imported when needed, they load D-Bus or system libraries."""
    if sys.platform == "win32":
        from keyring.backends.Windows import WinVaultKeyring  # noqa: PLC0415

        return [WinVaultKeyring]
    if sys.platform == "darwin":
        from keyring.backends.macOS import Keyring  # noqa: PLC0415

        return [Keyring]
    from keyring.backends.kwallet import DBusKeyring  # noqa: PLC0415
    from keyring.backends.SecretService import Keyring as SecretServiceKeyring  # noqa: PLC0415

    return [SecretServiceKeyring, DBusKeyring]


def _call(work: Callable[[KeyringBackend], ResultT]) -> ResultT:
    """Ask the keyring; its errors, and those of the libraries below it, become ours."""
    try:
        return work(_backend())
    except KeyStoreError:
        raise
    except KeyringLocked as error:
        raise KeyStoreLockedError(
            "The keyring is locked.", hint="Unlock it (log in to the desktop, or open its program), then try again."
        ) from error
    except (NoKeyringError, InitError) as error:
        raise KeyStoreAbsentError(
            "The keyring has nowhere to keep a key yet.",
            hint=f"Create a default keyring with the desktop's password program. {_WITHOUT}",
        ) from error
    except KeyringError as error:
        raise KeyStoreError("The keyring refused.", hint="Unlock it and try again.", details=str(error)) from error
    except Exception as error:
        raise KeyStoreError(
            "The keyring does not answer.", hint="Unlock it and try again.", details=type(error).__name__
        ) from error
