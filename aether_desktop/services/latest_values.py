"""Whether a sealed value is the one that was stored last: the signed audit remembers. Worker threads only."""

from __future__ import annotations

from typing import Final

from aether_desktop.domain.audit import Attestation, facts_of
from aether_desktop.domain.sealed_fields import UNREVISED, Sealed, SealedField
from aether_desktop.ports.access import SealError
from aether_desktop.ports.audit import AuditEntry, AuditFilter, AuditStore

_PAGE: Final = 50  # audit entries about one row read at once


def require_latest(audit: AuditStore, value: Sealed, field: SealedField, *, place: tuple[str, int, str]) -> None:
    """``place``: table, row id and column (without ``_sealed``) that the audit tells of.

    Raises SealError for an old value that somebody put back.
    """
    table, row_id, name = place
    known, record = _recorded(audit, table, row_id, f"{name}_sealed")
    if (value.revision == UNREVISED) if not known else (record is not None and value.replaces(record)):
        return
    raise SealError(
        f"The sealed field {field.value} is not the value that was stored last: an old one was put back.",
        field=field,
        hint="Look at this row's entries on the audit page, and enter the value again.",
    )


def _recorded(audit: AuditStore, table: str, row_id: int, column: str) -> tuple[bool, dict[str, object] | None]:
    """What the latest entry about this row says of the column: whether any does, and the value's record."""
    before: AuditEntry | None = None
    while True:
        page = audit.page(AuditFilter(table=table, row_id=row_id), limit=_PAGE, before=before)
        for entry in page:
            if entry.attested is Attestation.SERVER and entry.login:
                continue  # written past the program, by somebody with a login of their own
            after = facts_of(entry.detail).get("after")
            if isinstance(after, dict) and column in after:
                told = after[column]
                return True, told if isinstance(told, dict) else None
        if len(page) < _PAGE:
            return False, None
        before = page[-1]
