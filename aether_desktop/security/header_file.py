"""NAME.aether.keys on the disk: read whole, replaced atomically, the generation before kept as NAME.aether.keys.1."""

from __future__ import annotations

import glob
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from aether_desktop.ports.access import KeysDamagedError
from aether_desktop.ports.errors import AlreadyExistsError, KeyMissingError, KeyStoreError
from aether_desktop.security.key_header import LONGEST, Header, authenticate, read_header, write_header
from aether_desktop.security.memory import Secret
from aether_desktop.security.private_files import replace_file, write_new

_ABANDONED: Final = 60.0  # seconds; younger ones may be another process's, at work
_OLD_KIND: Final = b"{"  # the companion file of vaults made before: JSON


class HeaderFile:
    """One key file. Any thread; changes are put in order by the caller."""

    def __init__(self, vault: Path) -> None:
        self.path = vault.with_name(f"{vault.name}.keys")
        self.previous = vault.with_name(f"{vault.name}.keys.1")

    def is_there(self) -> bool:
        """Whether there is a file of any kind. Raises KeyStoreError."""
        return self._content() is not None

    def is_of_hierarchy(self) -> bool:
        """False for none, and for the companion file of the old kind. Raises KeyStoreError, KeysDamagedError."""
        content = self._content()
        return content is not None and not content.startswith(_OLD_KIND)

    def read(self) -> tuple[Header, bytes]:
        """The header, not yet authenticated, and the content. Raises KeyMissingError, KeysDamagedError."""
        content = self._content()
        if content is None:
            raise KeyMissingError(
                f"{self.path.name} is not beside the vault.", hint="Move both files together, or restore a back-up."
            )
        if content.startswith(_OLD_KIND):
            raise KeyMissingError("This vault has no password yet.", hint="Set one: vault password")
        return read_header(content), content

    def read_authenticated(self, root: Secret) -> Header:
        """Raises as ``read``, and KeysDamagedError when S(1) did not write it."""
        header, content = self.read()
        authenticate(content, root)
        return header

    def write_first(self, header: Header, root: Secret) -> bytes:
        """Returns the content. Raises AlreadyExistsError, KeyStoreError."""
        content = write_header(header, root)
        try:
            write_new(self.path, content)
        except FileExistsError:
            raise AlreadyExistsError(f"{self.path} appeared meanwhile.", field="vault", hint="Try again.") from None
        return content

    def write(self, header: Header, root: Secret, *, revoking: bool) -> bytes:
        """Replace the file. ``revoking``: the copy of the generation before goes too, it would open with what was
        taken away. Returns the content. Raises KeyStoreError."""
        content = write_header(header, root)
        replace_file(self.path, content, previous=None if revoking else self.previous)
        if revoking:
            replace_file(self.previous, content)
        self._clear_up()
        return content

    def remove(self) -> None:
        """Both files."""
        for path in (self.path, self.previous):
            path.unlink(missing_ok=True)

    def _clear_up(self) -> None:
        """Remove what killed writes left beside: it may open with what was taken away since."""
        with suppress(OSError):
            for left in self.path.parent.glob(f".{glob.escape(self.path.name)}*.new"):
                if time.time() - left.stat().st_mtime > _ABANDONED:
                    left.unlink()

    def _content(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                content = file.read(LONGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyStoreError(f"{self.path} cannot be read: {error.strerror}.") from error
        if len(content) > LONGEST:
            raise KeysDamagedError(f"{self.path} is no key file: it is too long.")
        return content
