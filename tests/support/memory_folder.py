"""Temporary files of a run lie in memory where there is room: a database costs ten times more to make on a disk.

TMPDIR of the person's own goes before. What a killed run left is deleted by the next one; so are failed tests' folders.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_PLACE = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_PREFIX = "aether-tests-"
_NEEDED = 3 << 30  # bytes; four workers were seen to use less than a third
_YOUNG = 60.0  # seconds: another run may be about to lock its own


class MemoryFolder:
    """The folder of one run, held by a lock that ends with the process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.keep = False
        """Until the next run: somebody wants to look into it."""
        self._lock = _locked(root)
        assert self._lock is not None

    def apply(self, environment: MutableMapping[str, str]) -> None:
        """For this process, and for its children."""
        environment["TMPDIR"] = tempfile.tempdir = str(self.root)

    def close(self) -> None:
        """Delete it, or leave that to the next run."""
        if not self.keep:
            shutil.rmtree(self.root, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def memory_folder(
    environment: Mapping[str, str], *, place: Path = _PLACE, needed: int = _NEEDED
) -> MemoryFolder | None:
    """A new one; None where a folder was chosen already, or where memory is short."""
    if environment.get("TMPDIR") or not os.access(place, os.W_OK | os.X_OK):
        return None
    _sweep(place)
    if shutil.disk_usage(place).free < needed or _available() < needed:
        return None
    root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    root.chmod(0o711)  # database servers are somebody else
    return MemoryFolder(root)


def _sweep(place: Path) -> None:
    """Delete what ended runs left."""
    for left in place.glob(f"{_PREFIX}*"):
        status = left.stat()
        if status.st_uid != os.getuid() or time.time() - status.st_mtime < _YOUNG:
            continue
        if (lock := _locked(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder, None when a living run does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _available() -> int:
    """Bytes of memory that can be had without swapping; 0 where nobody says."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 0)
