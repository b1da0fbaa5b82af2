"""A value that is plain or sealed, in its two columns: for the stores of the nine tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import RowMapping

from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.sealed_fields import BLIND_FIELDS, FIELD_PLACES, Sealed, sealed_names
from aether_desktop.ports.errors import PermissionDeniedError

_FOUND = frozenset(FIELD_PLACES[field][1] for field in BLIND_FIELDS)  # have a blind token beside them


def split(record: Record, name: str, *, empty: object = "") -> dict[str, Any]:
    """The plain and the sealed column of a record's field; ``empty`` is the plain one's where the value is sealed."""
    value = getattr(record, name)
    sealed = value if isinstance(value, Sealed) else None
    columns = {name: value if sealed is None else empty, f"{name}_sealed": sealed}
    if name in _FOUND:
        columns[f"{name}_blind"] = None if sealed is None else sealed.token
    return columns


def joined(row: RowMapping, names: Iterable[str]) -> dict[str, Any]:
    """The fields as the record has them."""
    fields: dict[str, Any] = {}
    for name in names:
        sealed: Sealed | None = row[f"{name}_sealed"]
        if sealed is None:
            fields[name] = row[name]
        else:
            fields[name] = replace(sealed, token=row[f"{name}_blind"]) if name in _FOUND else sealed
    return fields


class SealedStore:
    """Mixed into stores with sealed columns: once the vault has keys, what is not sealed is refused."""

    name: ClassVar[TableName]
    _seals_required = False

    def require_seals(self) -> None:
        """From now on. Any thread."""
        self._seals_required = True

    def _check_row(self, row: Mapping[str, Any]) -> None:
        """The last line of defence of a vault with keys, whatever the road. Raises PermissionDeniedError."""
        if not self._seals_required:
            return
        for name in sealed_names(self.name):
            if row[name]:
                raise PermissionDeniedError(
                    f"The {name.replace('_', ' ')} is not sealed, so it was not stored.",
                    hint="This is a fault of the program: please report it.",
                )
