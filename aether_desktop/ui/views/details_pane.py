"""The pane at the right of a grid: the row whole, the person's own words on it, and what can be done with it."""

from __future__ import annotations

from typing import Any, TypeAlias

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.transactions import Direction
from aether_desktop.ports.errors import AetherError, ConflictError, InvalidInputError
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TABLES, ColumnKind
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.cells import AddressCell
from aether_desktop.ui.models.formatting import CellFormatter
from aether_desktop.ui.object_names import detail_part_name, details_name
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.views.note_field import NoteField
from aether_desktop.ui.widgets.buttons import button_row, plain_button
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.scrolling import scrolling

_OWN_WORDS = frozenset({"label", "note", "tags"})
_BREAK = 12
_Words: TypeAlias = tuple[str, str | Sealed, str]  # label, note, tags


class DetailsPane(QFrame):
    """Shows one row; edits label, note and tags in place. Everything slow runs on the lanes. GUI thread only."""

    edit_asked = Signal(object)
    archive_asked = Signal(object)
    row_shown = Signal(object)
    """The row that is shown now, or None."""

    def __init__(self, table: TableName, context: UiContext, formatter: CellFormatter) -> None:
        super().__init__()
        self.setObjectName(details_name(table))
        self.setProperty("kind", "card")
        self._table, self._context, self._formatter = table, context, formatter
        self._spec = TABLES[table]
        self._row: Row | None = None
        self._annotation: Annotation | None = None
        theme = context.theme
        self._headline = text_label(theme, kind="dim", wrap=True)
        self._title = text_label(theme, size=FontSize.TITLE, bold=True, wrap=True)
        self._title.setObjectName(detail_part_name(table, "title"))
        self._facts = DetailsList(theme)
        self._facts.copied.connect(lambda _text: context.messages.info("Copied."))
        self.label = FormField(theme, "Label", QLineEdit(), object_name=detail_part_name(table, "label"))
        self.tags = FormField(
            theme, "Tags", QLineEdit(), hint="Separated by spaces.", object_name=detail_part_name(table, "tags")
        )
        self.note = NoteField(theme, object_name=detail_part_name(table, "note"))
        self.save_button = plain_button(theme, "Save words", object_name=detail_part_name(table, "save"))
        self.edit_button = plain_button(theme, "Edit", object_name=detail_part_name(table, "edit"))
        self.archive_button = plain_button(theme, "Archive", object_name=detail_part_name(table, "archive"))
        self._empty = text_label(theme, "Choose a row to see all of it here.", kind="dim", wrap=True)
        self._build_layout()
        self.label.editor.returnPressed.connect(self.save_words)
        self.tags.editor.returnPressed.connect(self.save_words)
        self.note.reveal_asked.connect(self._reveal_note)
        self._save_guard, self._edit_guard, self._archive_guard = guards = tuple(
            Guard(button, theme) for button in (self.save_button, self.edit_button, self.archive_button)
        )
        self._save_guard.allowed.connect(self.save_words)
        self._edit_guard.allowed.connect(lambda: self._emit(self.edit_asked))
        self._archive_guard.allowed.connect(lambda: self._emit(self.archive_asked))
        for guard in guards:
            guard.refused.connect(context.messages.warn)
        context.permissions.changed.connect(self._show_permissions)
        self.show_row(None)

    @property
    def row(self) -> Row | None:
        return self._row

    def show_row(self, row: Row | None) -> None:
        """Show a row; None shows what the pane is for. Words being typed for the same row are kept."""
        same = row is not None and self._row is not None and row.id == self._row.id
        typing = same and self.changed
        self._row = row
        self._body.setVisible(row is not None)
        self._empty.setVisible(row is None)
        for button in (self.edit_button, self.archive_button):
            button.setVisible(row is not None)
        self.row_shown.emit(row)
        if row is None:
            self._annotation = None
            return
        self._show_permissions()
        self._headline.setText(self._headline_text(row))
        self._title.setText(self._title_text(row))
        self._facts.set_entries(self._entries(row))
        self.archive_button.setText("Restore" if row.archived else "Archive")
        self.archive_button.setAccessibleName(self.archive_button.text())
        if not same:
            self._annotation = None  # what is saved must never be the words of the row before
            self._fill_words(self._from_row(row))
        if not typing:
            self._load_words(row.id)

    @property
    def changed(self) -> bool:
        """Whether words were typed that are not stored."""
        return self._row is not None and self._typed() != self._stored()

    def add_section(self, section: QWidget, *, above: bool = False, first: bool = False) -> None:
        """Put a section below the facts, ``above`` them, or ``first`` under the title; it listens to ``row_shown``."""
        (self._sections_first if first else self._sections_above if above else self._sections).addWidget(section)

    def _show_permissions(self) -> None:
        if self._row is None:
            return
        owner, permissions = self._row.owner_id or None, self._context.permissions
        changing = permissions.why_not(Verb.CHANGE, self._table, owner_id=owner)
        self._edit_guard.refuse(changing)
        self._archive_guard.refuse(changing)
        self._save_guard.refuse(permissions.why_not(Verb.CHANGE, "annotations", owner_id=owner))

    def save_words(self) -> None:
        """Store label, note and tags."""
        row, base = self._row, self._annotation
        if row is None or base is None:
            return
        label, note, tags = self._typed()
        words = {"label": label.strip(), "note": note, "tags": tuple(tags.split())}
        services = self._context.services
        self.save_button.setEnabled(False)
        job = self._context.jobs.write(lambda _token, _progress: services.annotations.save(base, words))
        job.on_success(lambda stored: self._on_saved(row.id, stored)).on_failure(self._on_refused)
        job.on_cancelled(lambda: self.save_button.setEnabled(True))

    def _emit(self, signal: SignalInstance) -> None:
        if self._row is not None:
            signal.emit(self._row)

    def _on_saved(self, row_id: int, stored: Annotation) -> None:
        self.save_button.setEnabled(True)
        self._context.messages.info("Saved.")
        if self._row is not None and self._row.id == row_id:
            self._annotation = stored
            self._fill_words((stored.label, stored.note, " ".join(stored.tags)))

    def _on_refused(self, error: BaseException) -> None:
        self.save_button.setEnabled(True)
        fields: dict[str, FormField[Any]] = {"label": self.label, "note": self.note, "tags": self.tags}
        if isinstance(error, InvalidInputError) and error.field in fields:
            fields[error.field].set_error(str(error))
        elif isinstance(error, ConflictError) and isinstance(error.theirs, Annotation):
            theirs = error.theirs
            self._annotation = theirs
            self._context.messages.report(
                AetherError(
                    "Somebody else changed these words meanwhile.",
                    hint=f"Theirs: label “{theirs.label}”, tags “{' '.join(theirs.tags)}”. Save again to keep yours.",
                    details=str(theirs.note),
                )
            )
        else:
            self._context.messages.report(error)

    def _load_words(self, row_id: int) -> None:
        services, table = self._context.services, self._table

        def on_loaded(annotation: Annotation) -> None:
            if self._row is not None and self._row.id == row_id:
                untouched = self._typed() == self._stored()
                self._annotation = annotation
                if untouched:  # what was typed before the answer came is kept
                    self._fill_words((annotation.label, annotation.note, " ".join(annotation.tags)))

        job = self._context.jobs.read(lambda _token, _progress: services.annotations.of(table, row_id))
        job.on_success(on_loaded).on_failure(self._context.messages.report)

    def _reveal_note(self) -> None:
        row = self._row
        if row is None:
            return
        services, table = self._context.services, self._table
        job = self._context.with_level(
            Court.OUTER, "To reveal the note.", lambda _token, _progress: services.notes.reveal(table, row.id)
        )
        job.on_success(lambda text: self._on_revealed(row.id, text)).on_failure(self._context.messages.report)

    def _on_revealed(self, row_id: int, text: str) -> None:
        if self._row is not None and self._row.id == row_id and self.note.isVisible():
            self.note.reveal(text)

    def close_values(self) -> None:
        """The vault is closed: no opened note stays on the screen."""
        self.note.conceal()

    def _fill_words(self, words: _Words) -> None:
        for field in (self.label, self.tags, self.note):
            field.set_error("")
        label, note, tags = words
        self.label.editor.setText(label)
        self.note.show_note(note)
        self.tags.editor.setText(tags)

    def _typed(self) -> _Words:
        return self.label.editor.text(), self.note.typed(), self.tags.editor.text()

    def _stored(self) -> _Words:
        if self._annotation is None:
            return self._from_row(self._row) if self._row else ("", "", "")
        return self._annotation.label, self._annotation.note, " ".join(self._annotation.tags)

    def _from_row(self, row: Row) -> _Words:
        values = dict(zip((column.key for column in self._spec.columns), row.values, strict=True))
        tags = values.get("tags")
        words = " ".join(str(tag) for tag in tags) if isinstance(tags, tuple) else ""
        note = values.get("note") or ""
        return str(values.get("label") or ""), note if isinstance(note, Sealed) else str(note), words

    def _headline_text(self, row: Row) -> str:
        if self._table is not TableName.TRANSACTIONS:
            return self._spec.singular.capitalize()
        directions = {Direction.IN: "Received", Direction.OUT: "Sent", Direction.SELF: "Moved within the wallet"}
        direction = directions.get(Direction(str(row.values[self._spec.index("direction")])), "Movement")
        return f"{direction}, {row.values[self._spec.index('status')]}"

    def _title_text(self, row: Row) -> str:
        key = "amount" if any(column.key == "amount" for column in self._spec.columns) else self._spec.columns[0].key
        position = self._spec.index(key)
        cell = self._formatter.cell(row, position)
        if key != "amount":
            return breakable(cell.plain(), run=_BREAK)
        sign = cell.plain()[:1] if cell.plain()[:1] in "+\u2212" else ""
        return breakable(sign + self._formatter.whole(row, position), run=_BREAK)

    def _entries(self, row: Row) -> list[DetailEntry]:
        entries = []
        for position, column in enumerate(self._spec.columns):
            if column.key in _OWN_WORDS or isinstance(row.values[position], Sealed):
                continue  # have their own place in the pane
            exact, shown = self._formatter.raw(row, position), self._formatter.whole(row, position)
            if column.kind in {ColumnKind.CHOICE, ColumnKind.BOOLEAN}:
                shown = self._formatter.cell(row, position).plain()
            cell = self._formatter.cell(row, position)
            if isinstance(cell, AddressCell):
                entries.append(DetailEntry(column.title, cell.name, copy=""))
                shown = exact = cell.address
            mono = column.kind in {ColumnKind.ADDRESS, ColumnKind.HASH} and len(shown) > 20
            copies = mono or column.kind in {ColumnKind.AMOUNT, ColumnKind.TIME} or column.key == "id"
            entries.append(DetailEntry(column.title, shown, copy=exact if copies else "", mono=mono))
        return entries

    def _build_layout(self) -> None:
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, Space.S, 0)
        column.setSpacing(Space.M)
        self._sections_first = QVBoxLayout()
        column.addWidget(self._headline)
        column.addWidget(self._title)
        column.addLayout(self._sections_first)
        for widget in (self.label, self.tags, self.note):
            column.addWidget(widget)
        column.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._sections_above, self._sections = QVBoxLayout(), QVBoxLayout()
        column.addLayout(self._sections_above)
        column.addWidget(self._facts)
        column.addLayout(self._sections)
        column.addStretch(1)
        scroll = scrolling(self._body, name=f"Details of the {self._spec.singular}", tabbed=True)
        buttons = button_row(self.edit_button, self.archive_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        outer.setSpacing(Space.M)
        outer.addWidget(self._empty, 0, Qt.AlignmentFlag.AlignTop)
        outer.addWidget(scroll, 1)
        outer.addLayout(buttons)
