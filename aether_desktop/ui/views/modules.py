"""Sacred Utility Modules: what is there, what it does, switched on or off, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.modules import BUILT_IN, ModuleEntry
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import StatusCell, TextCell, Tone
from aether_desktop.ui.models.formatting import words
from aether_desktop.ui.models.value_table_model import ValueColumn
from aether_desktop.ui.object_names import modules_part_name
from aether_desktop.ui.views.list_page import ListPage, ListWords
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.side_card import SideCard

_WORDS = ListWords(
    section="modules",
    title="Modules",
    grid=modules_part_name("grid"),
    stretch="title",
    icon="modules",
    sentence="No module is installed.",
    more="Modules bring data in and take it out; the program carries some, others come as Python packages.",
)
_KINDS = {
    "sowing": "Sowing: brings data in",
    "reaping": "Reaping: takes data out",
    "interceding": "Interceding: watches and warns",
    "multiplying": "Multiplying: replicates and backs up",
    "reconciling": "Reconciling: matches and settles",
}


class ModulesView(ListPage):
    """The modules of this installation. GUI thread only; packages load on the read lane."""

    def __init__(self, context: UiContext) -> None:
        self.details = ModuleDetails(context)
        super().__init__(context, _WORDS, columns=_columns(), key_of=lambda entry: entry.key, side=self.details)
        self.details.switch_button.clicked.connect(self.switch)

    def fetch(self, token: CancelToken, progress: Progress) -> Sequence[ModuleEntry]:  # noqa: ARG002 - ListPage's form
        """Worker thread: enabled packages are imported when first asked."""
        return self.context.services.modules.entries()

    def show_value(self, value: Any) -> None:
        self.details.show_entry(value)

    def touched_by(self, changes: ChangeSet) -> bool:  # noqa: ARG002 - ListPage's form
        """Never: what is in the vault has nothing to do with the program's modules."""
        return False

    def facts(self, rows: Sequence[ModuleEntry]) -> str:
        on = sum(entry.enabled for entry in rows)
        wrong = sum(bool(entry.error) for entry in rows)
        return f"{len(rows)} installed, {on} on" + (f", {wrong} with an error" if wrong else "")

    def switch(self) -> None:
        """Switch the chosen module on or off."""
        entry = self.grid.current()
        if not isinstance(entry, ModuleEntry):
            return
        modules, on = self.context.services.modules, not entry.enabled

        def on_success(_none: None) -> None:
            self.context.messages.done(f"{entry.title} is {'on' if on else 'off'}.")
            self.refresh()

        self.details.switch_button.setEnabled(False)
        job = self.context.jobs.read(lambda _token, _progress: modules.set_enabled(entry.key, on))
        job.on_success(on_success).on_failure(self._on_switch_failed)

    def _on_switch_failed(self, error: BaseException) -> None:
        self.context.messages.report(error)
        self.refresh()


class ModuleDetails(SideCard):
    """One module. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context.theme,
            name="Details of the module",
            object_name=modules_part_name("details"),
            invitation="Choose a module to see all of it here.",
        )
        theme = context.theme
        self._note = text_label(theme, kind="dim", wrap=True)
        self._error = text_label(theme, kind="error", wrap=True)
        self._error.setObjectName(modules_part_name("error"))
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.switch_button = plain_button(theme, "Switch off", object_name=modules_part_name("switch"))
        self.body.addWidget(self._error)
        self.body.addWidget(self._note)
        self.body.addWidget(self.switch_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_entry(self, entry: ModuleEntry | None) -> None:
        """Show another module."""
        if entry is None:
            self.clear()
            return
        self.show_facts(entry.title, _entries(entry))
        self._error.setText(entry.error)
        self._error.setVisible(bool(entry.error))
        stranger = entry.source != BUILT_IN
        self._note.setText(
            "This comes from outside. Once on, it runs with all your rights: switch on only what you trust."
            if stranger and not entry.enabled
            else ""
        )
        self._note.setVisible(bool(self._note.text()))
        text = "Switch off" if entry.enabled else "Switch on"
        self.switch_button.setText(text)
        self.switch_button.setAccessibleName(f"{text}: {entry.title}")
        self.switch_button.setEnabled(True)


def _state_cell(entry: ModuleEntry) -> StatusCell:
    if entry.error:
        return StatusCell("Error", Tone.BAD)
    return StatusCell("On", Tone.OK) if entry.enabled else StatusCell("Off", Tone.NEUTRAL)


def _kind(entry: ModuleEntry) -> str:
    return "Package" if entry.kind is None else words(entry.kind.value)


def _columns() -> list[ValueColumn[ModuleEntry]]:
    return [
        ValueColumn(
            "title",
            "Module",
            lambda each: TextCell(plain_line(each.title, 100)),
            width=24,
            order=lambda each: each.title.casefold(),
        ),
        ValueColumn("kind", "Kind", lambda each: TextCell(_kind(each)), width=14, order=_kind),
        ValueColumn("version", "Version", lambda each: TextCell(each.version, dim=True), width=10),
        ValueColumn(
            "source",
            "From",
            lambda each: TextCell(words(each.source) if each.source == BUILT_IN else each.source),
            width=16,
            order=lambda each: each.source,
        ),
        ValueColumn("state", "State", _state_cell, width=12, order=lambda each: (not each.error, not each.enabled)),
    ]


def _entries(entry: ModuleEntry) -> list[DetailEntry]:
    kind = _KINDS.get(entry.kind.value, entry.kind.value) if entry.kind is not None else "Package of modules"
    return [
        DetailEntry("What it does", entry.description, copy=""),
        DetailEntry("Kind", kind, copy=""),
        DetailEntry("Version", entry.version, copy=""),
        DetailEntry("From", words(entry.source) if entry.source == BUILT_IN else entry.source, copy=""),
        DetailEntry("Key", entry.key),
    ]
