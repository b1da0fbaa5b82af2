"""Published vectors of wallets (tests/vectors/published_wallets): all of them, or every n-th for a short run."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / "vectors" / "published_wallets"


@cache
def published(name: str) -> list[dict[str, Any]]:
    """Every case of a file, by its name without the ending. Treat it as read-only."""
    packed = FOLDER / f"{name}.json.gz"
    found = gzip.decompress(packed.read_bytes()) if packed.exists() else (FOLDER / f"{name}.json").read_bytes()
    cases: list[dict[str, Any]] = json.loads(found)
    return cases


def every(step: int) -> pytest.MarkDecorator:
    """Parametrises ``step``: each ``step``-th case always, all of them in the long run."""
    return pytest.mark.parametrize("step", [step, pytest.param(1, marks=pytest.mark.long)])


def raw(text: str) -> bytes:
    """Of hexadecimal digits behind 0x."""
    return bytes.fromhex(text[2:])
