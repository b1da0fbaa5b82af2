"""Where the folders that travel with the program lie: in a wheel, in a checkout, in a frozen program.

A leaf that every layer may import. Standard library only; touches the disk, any thread may call.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def migrations_dir() -> Path:
    """Return the Alembic tree (holds ``env.py`` and ``versions/``); FileNotFoundError if the installation lacks it."""
    return _folder("migrations")


def resources_dir() -> Path:
    """Return icons, style sheets, translations and sample data; FileNotFoundError if the installation lacks them."""
    return _folder("resources")


def _folder(name: str) -> Path:
    places = [_PACKAGE / "_bundled" / name]
    if (_PACKAGE.parent / "pyproject.toml").is_file():  # a checkout, not a stranger's folder beside site-packages
        places.append(_PACKAGE.parent / name)
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        places.append(Path(frozen) / name)
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"The program's folder '{name}' is missing; install the program again.")
