"""Small files that only their owner may read, written completely or not at all. Any thread."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from aether_desktop.ports.errors import KeyStoreError


def write_new(path: Path, content: bytes) -> None:
    """Write ``content`` to a new file of mode 0600, flushed before it gets its name; never over another file.

    Raises FileExistsError, KeyStoreError.
    """
    passing = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _take_name(passing, path)
        _flush_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise KeyStoreError(
            f"{path} cannot be written: {error.strerror}.", hint="Choose a folder that you may write to."
        ) from error
    finally:
        with suppress(OSError):
            passing.unlink(missing_ok=True)


def _take_name(passing: Path, path: Path) -> None:
    try:
        os.link(passing, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        passing.rename(path)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot flush a folder, nor needs to
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
