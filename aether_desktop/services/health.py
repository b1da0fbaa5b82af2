"""What ``doctor`` looks at that needs no open vault: versions, folders, room on the disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_OLDEST_PYTHON = (3, 11)
_LOW_ROOM = 200 * 1024**2
_PACKAGES = ("PySide6-Essentials", "SQLAlchemy", "sqlcipher3", "psycopg", "alembic", "cryptography", "keyring")


class CheckState(StrEnum):
    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """``subject`` is what was looked at, ``detail`` what was found and, where it is bad, what to do."""

    subject: str
    state: CheckState
    detail: str


def installation_checks(folders: Iterable[Path]) -> Iterator[Check]:
    """Versions without importing Qt, and every folder the program writes to."""
    python = platform.python_version()
    good = sys.version_info >= _OLDEST_PYTHON
    yield Check("python", CheckState.GOOD if good else CheckState.BAD, f"{python} on {platform.platform()}")
    for name in _PACKAGES:
        try:
            yield Check(name, CheckState.GOOD, version(name))
        except PackageNotFoundError:
            frozen = bool(getattr(sys, "frozen", False))
            detail = "its version is not recorded" if frozen else "not installed; install the program again"
            yield Check(name, CheckState.NOTICE if frozen else CheckState.BAD, detail)
    yield _display()
    for folder in dict.fromkeys(folders):
        yield _folder(folder)


def _display() -> Check:
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return Check("display", CheckState.GOOD, "a display is there")
    return Check("display", CheckState.NOTICE, "no display: the window cannot open, the command line works")


def _folder(folder: Path) -> Check:
    subject = f"folder {folder}"
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return Check(subject, CheckState.BAD, f"{existing} is a file, not a folder; name another place")
    if not os.access(existing, os.W_OK):
        return Check(subject, CheckState.BAD, f"{existing} cannot be written; change its permissions")
    try:
        room = shutil.disk_usage(existing).free
    except OSError as error:
        return Check(subject, CheckState.BAD, f"{error.strerror or error}")
    state = CheckState.NOTICE if room < _LOW_ROOM else CheckState.GOOD
    return Check(subject, state, f"{room // 1024**2:,} MB free")
