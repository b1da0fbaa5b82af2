"""Small files that only their owner may read, written completely or not at all. Any thread."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from aether_desktop.ports.errors import KeyStoreError, NotFoundError, PermissionDeniedError

_LINE_LIMIT = 4096  # bytes


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


def require_private(path: Path, state: os.stat_result) -> None:
    """Judges a file that was opened by its state, not its name, which could change in between.

    Raises KeyStoreError for what is no file, PermissionDeniedError for one that others own, read or change.
    """
    if not stat.S_ISREG(state.st_mode):
        raise KeyStoreError(f"{path} is not a file.", hint="Name the file itself.")
    if os.name != "posix":
        return  # Windows has no mode bits; a person's profile is closed to others there
    if state.st_uid != os.geteuid():
        raise PermissionDeniedError(f"{path} belongs to somebody else.", hint="Use a file of your own.")
    if state.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionDeniedError(
            f"{path} can be read or changed by others.", hint=f"Close it with: chmod 600 {path}"
        )


def read_first_line(path: Path) -> bytearray:
    """The first line of a private file, without its end: a password. The caller wipes it.

    Raises PermissionDeniedError for a file that others may touch, NotFoundError, KeyStoreError.
    """
    try:
        with path.open("rb", buffering=0) as file:
            require_private(path, os.fstat(file.fileno()))
            content = bytearray(_LINE_LIMIT)
            length = file.readinto(content)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.", hint="Name the file that holds the password.") from None
    except PermissionError:
        raise PermissionDeniedError(f"{path} may not be read by you.", hint="Use it as its owner.") from None
    except OSError as error:
        raise KeyStoreError(f"{path} cannot be read: {error.strerror}.") from error
    line = content[: length or 0].split(b"\n", 1)[0].removesuffix(b"\r")
    content[:] = bytes(len(content))
    return line


def replace_file(path: Path, content: bytes, *, previous: Path | None = None) -> None:
    """Write ``content`` in the place of ``path`` (or newly): whoever reads finds the old content or the new one.

    What was there is kept as ``previous`` when that is named. Raises KeyStoreError; then the old content stands.
    """
    passing = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous is not None and path.exists():
            _keep_as(path, previous)
        os.replace(passing, path)  # noqa: PTH105 - one name for the call that kill tests watch
        _flush_folder(path.parent)
    except OSError as error:
        raise KeyStoreError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Make room, or make its folder writable; then try again.",
        ) from error
    finally:
        with suppress(OSError):
            passing.unlink(missing_ok=True)


def _keep_as(path: Path, previous: Path) -> None:
    """Give the present content a second name, in the place of an older one."""
    passing = previous.with_name(f".{previous.name}.{secrets.token_hex(4)}.new")
    try:
        try:
            os.link(path, passing)
        except OSError:  # a file system without hard links
            descriptor = os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(path.read_bytes())
                file.flush()
                os.fsync(file.fileno())
        os.replace(passing, previous)  # noqa: PTH105 - as above
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
