"""What was changed, when and by whom, as the storage wrote it down with each change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.storage import AuditEntry
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import Cell, NumberCell, TextCell, TimeCell
from aether_desktop.ui.models.formatting import time_text, words
from aether_desktop.ui.models.value_table_model import ValueColumn
from aether_desktop.ui.object_names import audit_part_name
from aether_desktop.ui.views.list_page import ListPage, ListWords
from aether_desktop.ui.widgets.details_list import DetailEntry
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.side_card import SideCard
from aether_desktop.ui.zone import visible_zone, zone_name

_MOST = 500
_WORDS = ListWords(
    section="audit",
    title="Audit",
    grid=audit_part_name("grid"),
    stretch="action",
    icon="audit",
    sentence="Every change is written down here, with the change itself.",
    more="Nothing has been changed yet.",
)
_NOT_SIGNED = (
    "Each entry is stored in the same step as its change. Entries are not signed yet, so who can write the database "
    "can write them too; signing comes with the security work."
)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry with the name of whoever it was."""

    entry: AuditEntry
    who: str


class AuditView(ListPage):
    """The latest entries. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        self._details = AuditDetails(context)
        super().__init__(
            context,
            _WORDS,
            columns=_columns(context.settings),
            key_of=lambda line: line.entry.id,
            side=self._details,
        )

    def fetch(self, token: CancelToken, progress: Progress) -> Sequence[AuditLine]:  # noqa: ARG002 - ListPage's form
        """Worker thread."""
        storage = self.context.services.storage
        people = {user.id: user.display_name or user.username for user in storage.users.all()}
        return [
            AuditLine(entry, people.get(entry.user_id, "somebody who is gone")) for entry in storage.audit.recent(_MOST)
        ]

    def show_value(self, value: Any) -> None:
        self._details.show_line(value)

    def touched_by(self, changes: ChangeSet) -> bool:  # noqa: ARG002 - ListPage's form
        """Always: every change is an entry."""
        return True

    def facts(self, rows: Sequence[AuditLine]) -> str:
        return f"The latest {len(rows):,} changes" if len(rows) >= _MOST else f"{len(rows):,} changes"

    def columns(self) -> Sequence[ValueColumn[AuditLine]]:
        return _columns(self.context.settings)


class AuditDetails(SideCard):
    """One entry whole. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context.theme,
            name="Details of the change",
            object_name=audit_part_name("details"),
            invitation="Choose a change to see all of it here.",
        )
        self._settings = context.settings
        self.body.addWidget(text_label(context.theme, _NOT_SIGNED, kind="dim", wrap=True))

    def show_line(self, line: AuditLine | None) -> None:
        """Show another entry."""
        if line is None:
            self.clear()
            return
        entry, settings = line.entry, self._settings
        when = f"{time_text(entry.at, visible_zone(settings), year=True)} ({zone_name(settings)})"
        facts = [
            DetailEntry("When", when, copy=""),
            DetailEntry("Who", plain_line(line.who, 200), copy=""),
            DetailEntry("Table", words(entry.table) if entry.table else "", copy=""),
            DetailEntry("Rows", f"{entry.rows:,}", copy=""),
            *_details(entry.detail),
            DetailEntry("Entry", str(entry.id)),
        ]
        self.show_facts(words(entry.action), facts)


def _details(text: str) -> list[DetailEntry]:
    """The entry's JSON object, a fact per key; any other text as it is."""
    try:
        parsed = json.loads(text) if text else {}
    except ValueError:
        parsed = text
    if not isinstance(parsed, dict):
        return [DetailEntry("Details", plain_line(str(parsed), 2000))]
    return [
        DetailEntry(words(plain_line(str(key), 60)), plain_line(_shown(value), 2000)) for key, value in parsed.items()
    ]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows_cell(line: AuditLine) -> Cell:
    return NumberCell(f"{line.entry.rows:,}")


def _columns(settings: Settings) -> list[ValueColumn[AuditLine]]:
    zone = visible_zone(settings)
    return [
        ValueColumn(
            "when",
            f"When ({zone_name(settings)})",
            lambda line: TimeCell(time_text(line.entry.at, zone)),
            width=20,
            order=lambda line: (line.entry.at, line.entry.id),
        ),
        ValueColumn("who", "Who", lambda line: TextCell(plain_line(line.who, 80)), width=16),
        ValueColumn(
            "action",
            "Change",
            lambda line: TextCell(words(line.entry.action)),
            width=24,
            order=lambda line: line.entry.action,
        ),
        ValueColumn(
            "table",
            "Table",
            lambda line: TextCell(words(line.entry.table) if line.entry.table else ""),
            width=18,
            order=lambda line: line.entry.table,
        ),
        ValueColumn("rows", "Rows", _rows_cell, width=9, order=lambda line: line.entry.rows, right=True),
    ]
