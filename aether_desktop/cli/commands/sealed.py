"""sealed list|reveal: what is sealed field by field, and one value of it, on record."""

from __future__ import annotations

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SEALED_FIELDS, Sealed, sealed_names
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import ArchivedRows, TableQuery
from aether_desktop.ports.tables import TABLES

_TABLES = tuple(dict.fromkeys(table for table, _ in SEALED_FIELDS))
_NOTE = "note"  # of a row of any table; sealed on a shared database


def list_sealed(context: Context) -> int:
    """Ids, and which fields of the row have a sealed value; nothing is opened."""
    table, services = _table(context, context.options.table), context.services()
    found: list[tuple[int, list[str]]] = []
    note = TABLES[table].index(_NOTE)
    query = TableQuery(table, archived=ArchivedRows.INCLUDED)
    for row in services.storage.windows.rows(query, token=context.token):
        names = [_NOTE] if isinstance(row.values[note], Sealed) else []
        if sealed_names(table):
            record = services.records.get(table, row.id)
            names += [name for name in sealed_names(table) if isinstance(getattr(record, name), Sealed)]
        if names:
            found.append((row.id, names))
    if context.options.json:
        context.terminal.json([{"id": str(row_id), "fields": names} for row_id, names in found])
    else:
        context.terminal.table(("id", "sealed fields"), [(str(row_id), ", ".join(names)) for row_id, names in found])
    return DONE


def reveal(context: Context) -> int:
    """One value to standard output and nowhere else; the audit log says who, when and which."""
    options, services = context.options, context.services()
    table = _table(context, options.table)
    known = (*sealed_names(table), *((_NOTE,) if services.notes.active else ()))
    if options.field not in known:
        raise InvalidInputError(
            f"{options.field[:60]!r} is no sealed field of {table.value}.",
            field="field",
            hint=f"Known: {', '.join(known)}.",
        )
    try:
        row_id = int(options.row)
    except ValueError:
        raise InvalidInputError(
            "A row is named by its id.", field="id", hint=f"They stand in: sealed list {table.value}"
        ) from None
    if options.field == _NOTE:
        text = with_levels(context, lambda: services.notes.reveal(table, row_id))
    else:
        text = with_levels(context, lambda: services.sealed.reveal(table, row_id, options.field))
    if not text:
        context.terminal.say("The field is empty.")
        return DONE
    out = context.terminal.exact()
    out.write((plain_line(text, len(text)) if out.isatty() else text) + "\n")
    return DONE


def _table(context: Context, name: str) -> TableName:
    """Of a shared database every table, because of the notes."""
    tables = tuple(TableName) if context.services().notes.active else _TABLES
    for table in tables:
        if table.value == name:
            return table
    raise InvalidInputError(
        f"{name[:60]!r} has no sealed fields.",
        field="table",
        hint=f"Known: {', '.join(table.value for table in tables)}.",
    )
