"""sealed list|reveal: what is sealed field by field, and one value of it, on record."""

from __future__ import annotations

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SEALED_FIELDS, Sealed, sealed_names
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import ArchivedRows, TableQuery

_TABLES = tuple(dict.fromkeys(table for table, _ in SEALED_FIELDS))


def list_sealed(context: Context) -> int:
    """Ids, and which fields of the row have a sealed value; nothing is opened."""
    table, services = _table(context.options.table), context.services()
    found: list[tuple[int, list[str]]] = []
    query = TableQuery(table, archived=ArchivedRows.INCLUDED)
    for row in services.storage.windows.rows(query, token=context.token):
        record = services.records.get(table, row.id)
        names = [name for name in sealed_names(table) if isinstance(getattr(record, name), Sealed)]
        if names:
            found.append((row.id, names))
    if context.options.json:
        context.terminal.json([{"id": str(row_id), "fields": names} for row_id, names in found])
    else:
        context.terminal.table(("id", "sealed fields"), [(str(row_id), ", ".join(names)) for row_id, names in found])
    return DONE


def reveal(context: Context) -> int:
    """One value to standard output and nowhere else; the audit log says who, when and which."""
    options, table = context.options, _table(context.options.table)
    if options.field not in sealed_names(table):
        raise InvalidInputError(
            f"{options.field[:60]!r} is no sealed field of {table.value}.",
            field="field",
            hint=f"Known: {', '.join(sealed_names(table))}.",
        )
    try:
        row_id = int(options.row)
    except ValueError:
        raise InvalidInputError(
            "A row is named by its id.", field="id", hint=f"They stand in: sealed list {table.value}"
        ) from None
    services = context.services()
    text = with_levels(context, lambda: services.sealed.reveal(table, row_id, options.field))
    if not text:
        context.terminal.say("The field is empty.")
        return DONE
    out = context.terminal.exact()
    out.write((plain_line(text, len(text)) if out.isatty() else text) + "\n")
    return DONE


def _table(name: str) -> TableName:
    for table in _TABLES:
        if table.value == name:
            return table
    raise InvalidInputError(
        f"{name[:60]!r} has no sealed fields.",
        field="table",
        hint=f"Known: {', '.join(table.value for table in _TABLES)}.",
    )
