"""The audit section: what was written lately, by whom. Only for reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.ports.audit import AuditEntry
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.storage import Storage
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import ChosenZone
from aether_desktop.ui.models.cells import NumberCell, TextCell, TimeCell
from aether_desktop.ui.models.formatting import time_text, words
from aether_desktop.ui.models.value_table_model import MAX_ROWS, ValueColumn, ValueTableModel
from aether_desktop.ui.object_names import audit_part_name
from aether_desktop.ui.views.value_page import SidePanel, ValuePage
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.value_grid import ValueGrid
from aether_desktop.ui.zone import zone_name

_NOTICE = (
    "Each entry is stored together with the change it tells of. They are not signed yet, so whoever can write to the "
    "database could change them; the signed, linked audit comes with the security work."
)
_DETAIL = 200


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry with the name of its person."""

    entry: AuditEntry
    person: str


class AuditView(ValuePage):
    """The latest entries, newest first. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        theme = context.theme
        self._zone = ChosenZone(context.settings)
        model: ValueTableModel[AuditRow] = ValueTableModel(self._columns(context), key_of=lambda row: row.entry.id)
        grid = ValueGrid(model, theme, name="Audit", object_name=audit_part_name("grid"), stretch="detail")
        side = SidePanel(
            context,
            name="Details of the entry",
            object_name=audit_part_name("details"),
            nothing="Choose an entry to see all of it.",
        )
        empty = EmptyState(
            theme,
            icon="audit",
            sentence="Every change to the records leaves an entry here.",
            more="There is none yet.",
            object_name=audit_part_name("empty"),
        )
        super().__init__(
            "audit",
            context,
            title="Audit",
            grid=grid,
            side=side,
            empty=empty,
            toggle_name=audit_part_name("details_toggle"),
        )
        model.setParent(self)
        context.navigator.look_changed.connect(lambda: model.recolumn(self._columns(context)))
        self.add_notice(_NOTICE, object_name=audit_part_name("notice"))
        side.body.addStretch(1)
        grid.current_changed.connect(self._on_current)

    # -- ValuePage ---------------------------------------------------------------------------------------------

    def reading(self) -> Callable[[], list[AuditRow]]:
        storage = self.context.services.storage
        return lambda: read_audit(storage)

    def show_read(self, answer: Sequence[AuditRow]) -> None:
        more = " (the latest; older ones are kept)" if len(answer) >= MAX_ROWS else ""
        self.show_rows(answer, noun="entry", plural="entries", more=more)

    def concerns(self, changes: ChangeSet) -> bool:
        return bool(changes.tables) or changes.annotations

    # ----------------------------------------------------------------------------------------------------------

    def _columns(self, context: UiContext) -> Sequence[ValueColumn[AuditRow]]:
        return audit_columns(self._zone, zone_name(context.settings))

    def _on_current(self, row: AuditRow | None) -> None:
        if row is None:
            self.side.show_nothing()
            return
        self.side.show_facts("Entry", action_words(row.entry.action), audit_facts(row, self._zone))


def read_audit(storage: Storage) -> list[AuditRow]:
    """The latest entries with the names of their people. Worker threads only."""
    people = {user.id: user.display_name or user.username for user in storage.users.all()}
    return [
        AuditRow(entry, plain_line(people.get(entry.user_id, str(entry.user_id)), 80))
        for entry in storage.audit.recent(MAX_ROWS)
    ]


def action_words(action: str) -> str:
    """import.undo reads as "Import undo"; outside names stay as they are, on one line."""
    return plain_line(words(action.replace(".", " ")), 80)


def audit_facts(row: AuditRow, zone: tzinfo) -> list[DetailEntry]:
    """One entry whole."""
    entry = row.entry
    return [
        DetailEntry("Time", time_text(entry.at, zone, year=True), copy=iso(entry.at)),
        DetailEntry("By", row.person, copy=""),
        DetailEntry("Table", _table(entry.table), copy=""),
        DetailEntry("Rows", f"{entry.rows:,}", copy=""),
        DetailEntry("Action", entry.action),
        DetailEntry("Detail", entry.detail),
        DetailEntry("Entry", str(entry.id)),
    ]


def audit_columns(zone: tzinfo, zone_name: str) -> Sequence[ValueColumn[AuditRow]]:
    """Columns of the grid; times in ``zone``, which the heading names."""
    return (
        ValueColumn(
            "at", f"Time ({zone_name})", lambda row: TimeCell(time_text(row.entry.at, zone)), width=17,
            whole=lambda row: iso(row.entry.at), order=lambda row: (row.entry.at, row.entry.id),
        ),
        ValueColumn("person", "By", lambda row: TextCell(row.person), width=14, order=lambda row: row.person),
        ValueColumn(
            "action", "Action", lambda row: TextCell(action_words(row.entry.action)), width=22,
            whole=lambda row: row.entry.action, order=lambda row: row.entry.action,
        ),
        ValueColumn(
            "table", "Table", lambda row: TextCell(_table(row.entry.table), dim=True), width=16,
            order=lambda row: row.entry.table,
        ),
        ValueColumn(
            "rows", "Rows", lambda row: NumberCell(f"{row.entry.rows:,}"), width=8,
            whole=lambda row: str(row.entry.rows), order=lambda row: row.entry.rows, right=True,
        ),
        ValueColumn(
            "detail", "Detail", lambda row: TextCell(plain_line(row.entry.detail, _DETAIL), mono=True, dim=True),
            width=20, whole=lambda row: row.entry.detail,
        ),
    )  # fmt: skip


def _table(name: str) -> str:
    return words(plain_line(name, 40))
