"""The modules section: what is there, from whom, switched on or off; a stranger's package only after a word."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.services.modules import BUILT_IN, ModuleEntry
from aether_desktop.sum_api import SumKind
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import Cell, StatusCell, TextCell, Tone
from aether_desktop.ui.models.value_table_model import ValueColumn, ValueTableModel
from aether_desktop.ui.object_names import modules_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.value_page import SidePanel, ValuePage
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.value_grid import ValueGrid

_NOTICE = (
    "Packages from outside run with full rights: once switched on, their code can read and change everything you can, "
    "this vault included. Switch on only what you trust."
)
_KINDS = {
    SumKind.SOWING: "Sowing: brings data in",
    SumKind.REAPING: "Reaping: takes data out",
    SumKind.INTERCEDING: "Interceding: watches",
    SumKind.MULTIPLYING: "Multiplying: replicates",
    SumKind.RECONCILING: "Reconciling: matches",
}


class ModulesView(ValuePage):
    """Return or Space on a row switches it, as the button does. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        theme = context.theme
        columns = module_columns()
        model: ValueTableModel[ModuleEntry] = ValueTableModel(columns, key_of=lambda entry: entry.key)
        grid = ValueGrid(model, theme, name="Modules", object_name=modules_part_name("grid"), stretch="title")
        side = SidePanel(
            context,
            name="Details of the module",
            object_name=modules_part_name("details"),
            nothing="Choose a module to see what it does and to switch it on or off.",
        )
        empty = EmptyState(theme, icon="modules", sentence="There are no modules.")
        super().__init__(
            "modules",
            context,
            title="Modules",
            grid=grid,
            side=side,
            empty=empty,
            toggle_name=modules_part_name("details_toggle"),
            concerns=lambda _changes: False,  # modules are no stored rows
            keeps_columns=True,
        )
        model.setParent(self)
        self.add_notice(_NOTICE, object_name=modules_part_name("notice"))
        self._warning = text_label(theme, kind="warn", wrap=True)
        self.switch = plain_button(theme, "Switch off", object_name=modules_part_name("switch"))
        self.anyway = plain_button(theme, "Switch on anyway", object_name=modules_part_name("switch_anyway"))
        self.leave = plain_button(theme, "Leave it off", object_name=modules_part_name("switch_leave"))
        self._asking = QWidget()
        row = QHBoxLayout(self._asking)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        row.addWidget(self.anyway)
        row.addWidget(self.leave)
        row.addStretch(1)
        side.body.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        side.body.addWidget(self._warning)
        side.body.addWidget(self._asking)
        side.body.addStretch(1)
        self.rows_wanted.connect(self._read)
        grid.current_changed.connect(self._on_current)
        grid.opened.connect(lambda _entry: self.toggle_current())
        self.switch.clicked.connect(self.toggle_current)
        self.anyway.clicked.connect(self._on_anyway)
        self.leave.clicked.connect(self._on_leave)

    def toggle_current(self) -> None:
        """Switch the chosen module; a package from outside asks first, here in the panel."""
        entry = self.grid.current()
        if entry is None:
            return
        if not entry.enabled and entry.source != BUILT_IN and entry.kind is None:
            self._ask(entry)
        else:
            self._set_enabled(entry, not entry.enabled)

    def _read(self) -> None:
        self.read(self.context.services.modules.entries, self._show)

    def _show(self, entries: Sequence[ModuleEntry]) -> None:
        on = sum(entry.enabled for entry in entries)
        failed = sum(bool(entry.error) for entry in entries)
        more = f", {on} switched on" + (f", {failed} with an error" if failed else "")
        self.show_rows(entries, noun="module", more=more)

    def _set_enabled(self, entry: ModuleEntry, enabled: bool) -> None:
        modules = self.context.services.modules
        self.switch.setEnabled(False)
        job = self.context.jobs.write(lambda _token, _progress: modules.set_enabled(entry.key, enabled))

        def on_success(_done: None) -> None:
            self.switch.setEnabled(True)
            self.context.messages.done(f"{entry.title} is switched {'on' if enabled else 'off'}.")
            self.refresh()

        def on_failure(error: BaseException) -> None:
            self.switch.setEnabled(True)
            self.context.messages.report(error)

        job.on_success(on_success).on_failure(on_failure)

    def _ask(self, entry: ModuleEntry) -> None:
        if self.side.isHidden():
            self.toggle_details()
        self._warning.setText(
            f"The code of {entry.source} would run as you, with everything you may do, from now on and at every start. "
            "The program cannot hold it back."
        )
        self._warning.show()
        self._asking.show()
        self.switch.hide()
        self.leave.setFocus(Qt.FocusReason.OtherFocusReason)
        self.side.show_end()

    def _on_anyway(self) -> None:
        entry = self.grid.current()
        self._on_leave()
        if entry is not None:
            self._set_enabled(entry, True)

    def _on_leave(self) -> None:
        self._warning.hide()
        self._asking.hide()
        self.switch.show()
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_current(self, entry: ModuleEntry | None) -> None:
        self._warning.hide()
        self._asking.hide()
        self.switch.show()
        if entry is None:
            self.side.show_nothing()
            return
        kind = _KINDS[entry.kind] if entry.kind is not None else "Package from outside"
        self.side.show_facts(kind, entry.title, module_facts(entry))
        words = "Switch off" if entry.enabled else "Switch on"
        self.switch.setText(words)
        self.switch.setAccessibleName(f"{words}: {entry.title}")


def module_facts(entry: ModuleEntry) -> list[DetailEntry]:
    """One module whole."""
    source = "Built in" if entry.source == BUILT_IN else f"{entry.source} (from outside, full rights)"
    return [
        DetailEntry("What went wrong", entry.error),
        DetailEntry("What it does", entry.description, copy=""),
        DetailEntry("Version", entry.version, copy=""),
        DetailEntry("Source", source, copy=""),
        DetailEntry("Key", entry.key),
    ]


def module_columns() -> tuple[ValueColumn[ModuleEntry], ...]:
    """Columns of the grid."""
    return (
        ValueColumn("title", "Module", lambda entry: TextCell(entry.title), width=26, order=_title),
        ValueColumn("kind", "Kind", _kind, width=12, order=lambda entry: entry.kind or ""),
        ValueColumn("version", "Version", lambda entry: TextCell(entry.version, dim=True), width=10),
        ValueColumn("source", "Source", _source, width=20, order=lambda entry: entry.source),
        ValueColumn("state", "State", _state, width=12, order=lambda entry: (bool(entry.error), not entry.enabled)),
    )


def _title(entry: ModuleEntry) -> str:
    return entry.title.casefold()


def _kind(entry: ModuleEntry) -> Cell:
    return TextCell(entry.kind.value.capitalize() if entry.kind is not None else "Package")


def _source(entry: ModuleEntry) -> Cell:
    return TextCell("Built in", dim=True) if entry.source == BUILT_IN else TextCell(entry.source)


def _state(entry: ModuleEntry) -> Cell:
    if entry.error:
        return StatusCell("Error", Tone.BAD)
    return StatusCell("On", Tone.OK) if entry.enabled else StatusCell("Off")
