"""The audit section: who did what, when, to which row; what was before and what is now; and whether the log is whole.

A page holds the newest entries that the filter asks for; older ones follow page by page, so that memory stays flat
whatever the log's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.ports.audit import AuditEntry, AuditFilter
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import ChosenZone
from aether_desktop.ui.models.value_table_model import ValueColumn, ValueTableModel
from aether_desktop.ui.object_names import audit_part_name
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.views.audit_entries import (
    AuditPage,
    AuditRow,
    action_words,
    audit_columns,
    audit_facts,
    just_after,
    read_page,
)
from aether_desktop.ui.views.audit_filter import AuditFilterBar
from aether_desktop.ui.views.audit_sheet import AuditSheet
from aether_desktop.ui.views.value_page import SidePanel, ValuePage
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.path_dialog import ask_new_file
from aether_desktop.ui.widgets.value_grid import ValueGrid
from aether_desktop.ui.zone import zone_name


class AuditView(ValuePage):
    """Entries, newest first; the log as a whole in a sheet at the right. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        theme = context.theme
        self._zone = ChosenZone(context.settings)
        model: ValueTableModel[AuditRow] = ValueTableModel(self._columns(context), key_of=lambda row: row.entry.id)
        grid = ValueGrid(model, theme, name="Audit", object_name=audit_part_name("grid"))
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
            more="None fits what is asked for above, or there is none yet.",
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
            concerns=_concerned,
            keeps_columns=True,
        )
        model.setParent(self)
        self.filter = AuditFilterBar(theme)
        self._sheet: AuditSheet | None = None
        self._starts: list[AuditEntry | None] = [None]  # where each page behind the first begins
        self._last: AuditEntry | None = None
        self._current: AuditRow | None = None
        self._problem = text_label(theme, kind="error", wrap=True)
        self._problem.setObjectName(audit_part_name("problem"))
        self._problem.hide()
        self._compose()
        context.navigator.look_changed.connect(self._recolumn)
        self.rows_wanted.connect(self._read)
        grid.current_changed.connect(self._on_current)
        self.filter.changed.connect(self._on_filter_changed)

    @property
    def sheet(self) -> AuditSheet:
        """The log as a whole; made when first wanted."""
        if self._sheet is None:
            self._sheet = sheet = AuditSheet(self.context)
            sheet.closed.connect(lambda: self.open_sheet(shown=False))
            sheet.bad_place_asked.connect(self.show_place)
            sheet.setMinimumWidth(Size.DETAILS_MIN)
            sheet.hide()
            self._splitter.addWidget(sheet)
            self._splitter.setStretchFactor(2, 0)
        return self._sheet

    def apply_changes(self, changes: ChangeSet) -> None:
        """What is new stands on the first page; an older one stays as it is."""
        if len(self._starts) == 1:
            super().apply_changes(changes)

    def complete(self) -> None:
        """Make the sheet now, while nobody waits for it."""
        _ = self.sheet

    # -- what buttons do -----------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Open the sheet and read the whole log."""
        self.open_sheet()
        self.sheet.verify()

    def open_sheet(self, *, shown: bool = True) -> None:
        """The log as a whole, in the place of the details; or the details again."""
        self.sheet.setVisible(shown)
        self.side.setVisible(not shown)

    def older(self) -> None:
        """The page behind this one."""
        if self._last is not None:
            self._starts.append(self._last)
            self.refresh()

    def newer(self) -> None:
        """The page before this one."""
        if len(self._starts) > 1:
            self._starts.pop()
            self.refresh()

    def show_place(self, index: int) -> None:
        """The entry at a place in the log (or the next one there is), whatever the filter asked for."""
        audit = self.context.services.audit

        def found(_token: object, _progress: object) -> AuditEntry | None:
            return audit.entry_at(index) or audit.entry_at(index + 1) or audit.entry_at(max(0, index - 1))

        def then(entry: AuditEntry | None) -> None:
            if entry is None:
                return
            self.filter.show_filter(AuditFilter())
            self._starts = [None, just_after(entry)]
            self.open_part(str(entry.id))
            self.refresh()

        self.context.jobs.read(found).on_success(then).on_failure(self.context.messages.report)

    def export_proof(self, path: Path) -> None:
        """That the chosen entry is in the log; a new checkpoint needs level 2, which the window asks for."""
        if (row := self._current) is None:
            return
        audit, entry_id = self.context.services.audit, row.entry.id

        def then(index: int) -> None:
            self.context.messages.done(
                f"{path.name} proves entry {index:,}. Anybody can verify it with resources/verify_proof.py."
            )

        job = self.context.jobs.write(
            lambda token, progress: audit.export_inclusion_proof(entry_id, path, token=token, progress=progress),
            title="Prove an audit entry",
        )
        job.on_success(then).on_failure(self.context.messages.report)

    # -- inside --------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        work = partial(read_page, self.context.services, self.filter.wanted, before=self._starts[-1])
        self.read(work, self._show)

    def _show(self, page: AuditPage) -> None:
        self.filter.offer(page.people, page.actions)
        self._last = page.rows[-1].entry if page.rows and page.older else None
        self._older.setVisible(page.older)
        self._newer.setVisible(len(self._starts) > 1)
        self._problem.setText(page.problem)
        self._problem.setVisible(bool(page.problem))
        shown = "shown" if self.filter.wanted == AuditFilter() else "fit"
        more = f" {shown}{', older ones follow' if page.older else ''} \u00b7 {page.size:,} in the log"
        self.show_rows(page.rows, noun="entry", plural="entries", more=more)

    def _compose(self) -> None:
        theme = self.context.theme
        verify = self.header.set_primary("Verify", object_name=audit_part_name("verify_now"))
        verify.clicked.connect(self.verify)
        whole = self.header.add_action(
            "audit", "The log as a whole: checkpoints, comparing", object_name=audit_part_name("sheet_toggle")
        )
        whole.clicked.connect(lambda: self.open_sheet(shown=self.sheet.isHidden()))
        self._column.insertWidget(1, self._problem)
        self._column.insertWidget(2, self.filter)
        self._newer = link_button(theme, "Newer entries", object_name=audit_part_name("newer"))
        self._older = link_button(theme, "Older entries", object_name=audit_part_name("older"))
        self._newer.clicked.connect(self.newer)
        self._older.clicked.connect(self.older)
        pager = QWidget()
        line = QHBoxLayout(pager)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(Space.L)
        line.addWidget(self._newer)
        line.addWidget(self._older)
        line.addStretch(1)
        self._newer.hide()
        self._older.hide()
        self._column.addWidget(pager)
        self._row_link = link_button(theme, "All about this row", object_name=audit_part_name("only_row"))
        self._person_link = link_button(theme, "All by this person", object_name=audit_part_name("only_person"))
        self._proof_link = link_button(
            theme, "Export a proof of this entry\u2026", object_name=audit_part_name("proof")
        )
        self._row_link.clicked.connect(self._on_only_row)
        self._person_link.clicked.connect(self._on_only_person)
        self._proof_link.clicked.connect(self._ask_proof)
        for link in (self._row_link, self._person_link, self._proof_link):
            self.side.body.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        self.side.body.addStretch(1)

    def _recolumn(self) -> None:
        self.model.recolumn(self._columns(self.context))

    def _columns(self, context: UiContext) -> Sequence[ValueColumn[AuditRow]]:
        return audit_columns(self._zone, zone_name(context.settings))

    def _on_current(self, row: AuditRow | None) -> None:
        self._current = row
        if row is None:
            self.side.show_nothing()
            return
        self._row_link.setVisible(row.entry.row_id is not None)
        self._proof_link.setVisible(row.entry.leaf_index is not None)
        self.side.show_facts("Entry", action_words(row.entry.action), audit_facts(row, self._zone))

    def _on_filter_changed(self) -> None:
        self._starts = [None]
        self.refresh()

    def _on_only_row(self) -> None:
        if self._current is not None and self._current.entry.row_id is not None:
            self.filter.only_row(self._current.entry.row_id)

    def _on_only_person(self) -> None:
        if self._current is not None:
            self.filter.only_person(self._current.entry.user_id)

    def _ask_proof(self) -> None:
        if self._current is not None:
            index = self._current.entry.leaf_index
            ask_new_file(
                self,
                "Export a proof",
                name=f"audit-entry-{index}.json",
                filters="Proofs (*.json);;All files (*)",
                then=self.export_proof,
                replaces=True,
            )


def _concerned(changes: ChangeSet) -> bool:
    return bool(changes.tables) or changes.annotations
