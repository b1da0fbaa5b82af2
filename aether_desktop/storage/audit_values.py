"""Column values as an audit entry keeps them: short, plain JSON, and nothing of a sealed field but its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.storage.columns import json_text

_LONGEST: Final = 500  # characters; what is longer is named by its digest
_EXACT: Final = 1 << 53  # integers that every reader of JSON holds
_LEFT_OUT: Final = frozenset({"vault_id", "id", "version", "created_at", "identity"})
_DERIVED: Final = ("_rank", "_fold", "_blind")  # follow from other columns
_SEALED: Final = "_sealed"  # a column with one of these beside it holds what is to be sealed: its plain value is masked


def shown(value: object) -> object:
    """A value for an entry's ``before`` or ``after``. Raises TypeError for a type that no column has."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return shown(value.value)
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else _digest(value.encode(), length=len(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Sealed, bytes, bytearray, memoryview)):
        return value.record() if isinstance(value, Sealed) else {"sealed": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Mapping):
        text = json_text(value)
        return dict(value) if len(text) <= _LONGEST else _digest(text.encode(), length=len(text))
    raise TypeError(f"an audit entry cannot show {type(value).__name__}")


def shown_row(row: Mapping[str, Any]) -> dict[str, object]:
    """The columns of a new row that say something."""
    told = {name: shown(value) for name, value in row.items() if _told(name) and value not in (None, "", {}, b"")}
    return _masked(told, row)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, object]]:
    """Of the columns in ``after``, those that differ: as they were, and as they are."""
    old = {name: shown(before[name]) for name in after if _told(name)}
    new = {name: shown(value) for name, value in after.items() if _told(name)}
    different = [name for name in new if new[name] != old[name]]
    before_after = ({name: side[name] for name in different} for side in (old, new))
    was, is_now = (_masked(side, after) for side in before_after)
    return was, is_now


def digest_of_ids(ids: list[int]) -> str:
    """SHA-256 over the ids in ascending order, 8 bytes each, big-endian; in hexadecimal."""
    return hashlib.sha256(b"".join(each.to_bytes(8, "big") for each in sorted(ids))).hexdigest()


def _masked(told: dict[str, object], row: Mapping[str, Any]) -> dict[str, object]:
    """The audit is kept for ever and read by many: what is, was or will be sealed is not told in plain."""
    return {name: MASK if value and name + _SEALED in row else value for name, value in told.items()}


def _told(name: str) -> bool:
    return name not in _LEFT_OUT and not name.endswith(_DERIVED)


def _digest(content: bytes, *, length: int) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "length": length}
