"""Groups of the ledger instead of its rows: the grid, what one group adds up to at the right, and the empty states."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.groups import Group, GroupQuery, GroupTotals
from aether_desktop.ports.queries import ArchivedRows, Count, GroupBy, TableQuery
from aether_desktop.services.exporting import ExportReport
from aether_desktop.sum_api import ReapingModule
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.group_cells import GROUP_TITLES, WORDS, group_name, signed_text
from aether_desktop.ui.models.group_table_model import GroupTableModel
from aether_desktop.ui.object_names import groups_part_name
from aether_desktop.ui.views.group_grid import GroupGrid
from aether_desktop.ui.views.page_splitter import PageSplitter
from aether_desktop.ui.views.value_page import SidePanel
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.path_dialog import ask_new_file

_TOKENS_SHOWN: Final = 30


class GroupsView(QWidget):
    """What stands in the ledger's place while it is grouped. GUI thread only."""

    opened = Signal(object)
    """A Group whose rows are wanted."""
    unfiltered = Signal()
    facts_changed = Signal(str)

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.setObjectName(groups_part_name("view"))
        self._context = context
        theme = context.theme
        self.model = GroupTableModel(context.services.storage.groups, context.jobs, self)
        self.grid = GroupGrid(self.model, context)
        self.side = SidePanel(
            context,
            name="Totals of the group",
            object_name=groups_part_name("details"),
            nothing="Choose a group to see what its rows add up to, token by token.",
        )
        self._rows_link = link_button(theme, "Show its rows", object_name=groups_part_name("rows"))
        self.side.body.addWidget(self._rows_link, 0, Qt.AlignmentFlag.AlignLeft)
        self.side.body.addStretch(1)
        self._nothing: EmptyState | None = None
        self._empty: EmptyState | None = None
        self._failed: EmptyState | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.grid)
        self._splitter = PageSplitter(self._stack, self.side, context.settings, kept_as="transactions_groups")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter, 1)
        self._old = False  # rows changed while nobody looked
        self._connect()

    @property
    def nothing(self) -> EmptyState:
        """What stands in the grid's place while the filter matches nothing; made when first wanted."""
        if self._nothing is None:
            name = groups_part_name("nothing")
            self._nothing = self._state("search", "Nothing matches this filter.", button="Clear the filter", name=name)
            self._nothing.started.connect(self.unfiltered)
        return self._nothing

    @property
    def empty(self) -> EmptyState:
        """And while there is nothing to group; made when first wanted."""
        if self._empty is None:
            more = "Import history, or add a transaction by hand."
            self._empty = self._state("transactions", "There are no transactions to group yet.", more=more)
        return self._empty

    @property
    def failed(self) -> EmptyState:
        """And when nothing could be read; made when first wanted."""
        if self._failed is None:
            name = groups_part_name("failed")
            self._failed = self._state("error", "The groups could not be read.", button="Try again", name=name)
            self._failed.started.connect(self._on_again)
        return self._failed

    def show_groups(self, query: TableQuery, by: GroupBy) -> None:
        """The groups of these rows; the same as before keep their place, others of the same kind their direction."""
        asked, before = GroupQuery.usual(replace(query, sort=(), within=()), by), self.model.asked
        if before is not None and before.by is by:
            asked = replace(asked, descending=before.descending)
        if before == asked:
            if self._old:
                self.refresh()
            self._tell_facts(self.model.known_count)
            return
        if before is None or before.by is not by:
            self.grid.forget_place()
        self._old = False
        self.model.ask(asked)

    def refresh(self) -> None:
        """Read them again."""
        self._old = False
        self.model.refresh()

    def apply_changes(self, changes: ChangeSet, *, seen: bool) -> None:
        """Refresh what is on view now; the rest when it is looked at again."""
        if seen:
            self.model.apply_changes(changes)
        else:
            self._old = True

    def toggle_details(self) -> None:
        """Open or close the panel at the right; it keeps its width."""
        self._splitter.toggle_side()

    def dress(self) -> None:
        """The look was chosen anew."""
        self.grid.dress()
        self.grid.viewport().update()

    def close_model(self) -> None:
        """Nothing is asked any more."""
        self.grid.columns.save()
        self.model.close()

    def fill_export_menu(self, menu: QMenu) -> None:
        """The formats of the enabled reaping modules."""
        for module in self._context.services.modules.reaping_modules():
            action = menu.addAction(f"{module.title}, the groups and their totals\u2026")
            action.triggered.connect(partial(self._on_export, module))

    def write(self, module: ReapingModule, path: Path) -> None:
        """All groups of this filter with all their figures, a line for each group and token."""
        asked, grouping = self.model.asked, self._context.services.grouping
        if asked is None:
            return
        job = self._context.jobs.read(
            lambda token, progress: grouping.run(path, asked, format_key=module.key, token=token, progress=progress),
            title=f"Export groups to {path.name}",
        )
        job.when_stopped("No file was written.")
        job.on_success(self._on_written).on_failure(self._context.messages.report)

    # -- inside ----------------------------------------------------------------------------------------------

    def _state(self, icon: str, sentence: str, *, button: str = "", more: str = "", name: str = "") -> EmptyState:
        theme = self._context.theme
        made = EmptyState(theme, icon=icon, sentence=sentence, button=button, more=more, object_name=name)
        self._stack.addWidget(made)
        return made

    def _connect(self) -> None:
        self.model.counted.connect(self._on_counted)
        self.model.failed.connect(self._on_failed)
        self.model.totals_changed.connect(self._show_current)
        self.model.loading_changed.connect(lambda loading: self.grid.setProperty("loading", loading))
        self.grid.current_changed.connect(lambda _group: self._show_current())
        self.grid.opened.connect(self.opened)
        self.grid.details_asked.connect(self.toggle_details)
        self._rows_link.clicked.connect(self._on_rows_link)
        self._context.navigator.look_changed.connect(self.dress)

    def _on_counted(self, count: Count) -> None:
        asked = self.model.asked
        if asked is None:
            return
        filtered = bool(asked.query.terms) or asked.query.archived is ArchivedRows.ONLY
        self._stack.setCurrentWidget(self.grid if count.rows else self.nothing if filtered else self.empty)
        self._tell_facts(count)

    def _tell_facts(self, count: Count) -> None:
        asked = self.model.asked
        if asked is not None:
            one, many = WORDS[asked.by]
            how = "" if count.exact else "at least "
            filtered = " under the filter" if asked.query.terms else ""
            self.facts_changed.emit(f"{how}{count.rows:,} {one if count.rows == 1 else many}{filtered}")

    def _on_failed(self, error: BaseException) -> None:
        if not self.model.rowCount():
            self._stack.setCurrentWidget(self.failed)
        self._context.messages.report(error)

    def _on_again(self) -> None:
        if self.model.asked is not None:
            self.model.ask(self.model.asked)

    def _on_rows_link(self) -> None:
        if (group := self.grid.current()) is not None:
            self.opened.emit(group)

    def _show_current(self) -> None:
        group = self.grid.current()
        if group is None:
            self.side.show_nothing()
            return
        self.side.show_facts(GROUP_TITLES[group.key.by], group_name(group), _facts(group, self.model.totals_of(group)))

    def _on_export(self, module: ReapingModule, _checked: bool = False) -> None:
        ask_new_file(
            self,
            f"Export as {module.title}",
            name=f"transaction-groups.{module.extension}",
            filters=f"*.{module.extension}",
            then=partial(self.write, module),
            replaces=True,
        )

    def _on_written(self, report: ExportReport) -> None:
        self._context.messages.info(f"{report.rows:,} lines written to {report.path}.")


def _facts(group: Group, totals: GroupTotals | None) -> list[DetailEntry]:
    facts = []
    if group.currency is not None and group.currency.contract:
        facts.append(DetailEntry("Contract", group.currency.contract, mono=True))
    if totals is None:
        return [*facts, DetailEntry("Rows", "being counted\u2026", copy="")]
    facts.append(DetailEntry("Rows", f"{totals.rows:,}"))
    for total in totals.tokens[:_TOKENS_SHOWN]:
        coin = total.currency
        symbol = coin.symbol
        if total.coming is None or total.going is None or total.fees is None or total.net is None:
            net = "being added up\u2026" if total.net is None else signed_text(total.net, coin)
            facts.append(DetailEntry(f"{symbol} net", net))
            continue
        if total.rows:
            facts.append(DetailEntry(f"{symbol} in", signed_text(total.coming, coin)))
            facts.append(DetailEntry(f"{symbol} out", signed_text(-total.going, coin)))
        if total.fees:
            facts.append(DetailEntry(f"{symbol} fees", signed_text(-total.fees, coin)))
        facts.append(DetailEntry(f"{symbol} net", signed_text(total.net, coin)))
    if len(totals.tokens) > _TOKENS_SHOWN:
        more = len(totals.tokens) - _TOKENS_SHOWN
        facts.append(DetailEntry("More", f"{more:,} other tokens; Export writes them all", copy=""))
    return facts
