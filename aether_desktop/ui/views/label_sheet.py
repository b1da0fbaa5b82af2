"""A label, a note or tags for all selected rows: says first, exactly, how many they are and how many have a label."""

from __future__ import annotations

from typing import Final, Protocol

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.bulk_words import UNDO_LIMIT, BulkResult, BulkSurvey, BulkWords, BulkWordService
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.object_names import selection_name
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.side_sheet import SideSheet
from aether_desktop.ui.widgets.task_row import TaskRow

_NOTE_HEIGHT: Final = 72
_KEEP, _REPLACE = 0, 1


class LabelledRows(Protocol):
    """Which rows it is about. Worker threads."""

    def survey(self, token: CancelToken) -> BulkSurvey: ...

    def write(self, words: BulkWords, token: CancelToken, progress: Progress) -> BulkResult: ...


class RowsOfQuery:
    """All that a filter finds."""

    def __init__(self, bulk: BulkWordService, query: TableQuery) -> None:
        self._bulk, self._query = bulk, query

    def survey(self, token: CancelToken) -> BulkSurvey:
        return self._bulk.survey(self._query, token=token)

    def write(self, words: BulkWords, token: CancelToken, progress: Progress) -> BulkResult:
        return self._bulk.write_on_query(self._query, words, token=token, progress=progress)


class ChosenRows:
    """Some rows by their ids."""

    def __init__(self, bulk: BulkWordService, table: TableName, ids: list[int]) -> None:
        self._bulk, self._table, self._ids = bulk, table, ids

    def survey(self, _token: CancelToken) -> BulkSurvey:
        return self._bulk.survey_rows(self._table, self._ids)

    def write(self, words: BulkWords, token: CancelToken, progress: Progress) -> BulkResult:
        return self._bulk.write_on_rows(self._table, self._ids, words, token=token, progress=progress)


class LabelSheet(SideSheet):
    """GUI thread only; counts and writes on the read lane. A job that runs goes on without it."""

    def __init__(self, context: UiContext, table: TableName, rows: LabelledRows) -> None:
        super().__init__(context.theme, "Label all of them", object_name=selection_name(table, "label_sheet"))
        self._context, self._rows = context, rows
        self._survey: BulkSurvey | None = None
        self._done = False
        theme = context.theme
        self.label = FormField(theme, "Label", QLineEdit(), object_name=selection_name(table, "new_label"))
        self.tags = FormField(
            theme,
            "Tags to add",
            QLineEdit(),
            hint="Words with spaces between them.",
            object_name=selection_name(table, "new_tags"),
        )
        sealed = context.services.notes.active
        self.note = FormField(
            theme,
            "Note",
            QPlainTextEdit(),
            hint="Sealed, row by row: this takes longer." if sealed else "",
            object_name=selection_name(table, "new_note"),
        )
        self.note.editor.setTabChangesFocus(True)
        self.note.editor.setFixedHeight(_NOTE_HEIGHT)
        choice = Choice()
        choice.addItems(["Keep what they have", "Replace it"])
        self.theirs = FormField(
            theme, "Rows that have a label or note", choice, object_name=selection_name(table, "theirs")
        )
        self.row = TaskRow(
            theme,
            "Write on every row",
            "Counting the rows…",
            button="Label",
            object_name=selection_name(table, "write"),
        )
        self.row.button.setEnabled(False)
        for part in (self.label, self.tags, self.note, self.theirs, self.row):
            self.body.addWidget(part)
        self.row.started.connect(self.write)
        self._counting: JobHandle[BulkSurvey] | None = context.jobs.read(lambda token, _progress: rows.survey(token))
        self._counting.on_success(self._on_survey).on_failure(self._on_not_counted)
        self.closed.connect(self._on_closed)
        self.setFocusProxy(self.label.editor)

    def drafts(self) -> list[str]:
        """What is typed and not written yet."""
        return ["words for several rows"] if self._typed() is not None and not self._done else []

    def write(self) -> None:
        """Write what is typed on every row."""
        words = self._typed()
        for clear in (self.label.set_error, self.tags.set_error, self.note.set_error):
            clear("")
        if words is None:
            self.label.set_error("Type a label, a tag or a note.")
            return
        rows = self._rows
        # on a reading lane: it writes in slices, and whoever writes meanwhile goes in between
        job = self._context.jobs.read(
            lambda token, progress: rows.write(words, token, progress), title=f"Label {self._count()}"
        )
        job.when_stopped("What was labelled until then stays.")
        self.row.watch(job)
        job.on_success(self._on_written).on_failure(self._on_failed)

    # -- inside ----------------------------------------------------------------------------------------------

    def _typed(self) -> BulkWords | None:
        label, note = self.label.editor.text().strip(), self.note.editor.toPlainText()
        tags = tuple(dict.fromkeys(self.tags.editor.text().split()))
        if not (label or note.strip() or tags):
            return None
        keep = self.theirs.editor.currentIndex() == _KEEP
        return BulkWords(label=label or None, note=note if note.strip() else None, tags=tags, keep=keep)

    def _count(self) -> str:
        rows = 0 if self._survey is None else self._survey.rows
        return "one row" if rows == 1 else f"{rows:,} rows"

    def _on_survey(self, survey: BulkSurvey) -> None:
        self._counting, self._survey = None, survey
        have = {0: "None of them has a label yet.", 1: "One of them has a label already."}.get(
            survey.labelled, f"{survey.labelled:,} of them have a label already."
        )
        back = "Ctrl+Z takes it back."
        if survey.rows > UNDO_LIMIT:
            back = f"Ctrl+Z takes it back, but notes and replaced words on {UNDO_LIMIT:,} rows at most."
        self.row.explain(f"{self._count().capitalize()}. {have} {back}", button=f"Label {self._count()}")
        self.row.button.setEnabled(survey.rows > 0)

    def _on_not_counted(self, error: BaseException) -> None:
        self._counting = None
        self.row.explain("The rows could not be counted.")
        self._context.messages.report(error)

    def _on_written(self, result: BulkResult) -> None:
        self._done = True
        self.row.say(result.sentence, "ok" if result.whole and not result.problem else "warn")
        self._context.messages.info(result.sentence)

    def _on_failed(self, error: BaseException) -> None:
        fields = {"label": self.label.set_error, "note": self.note.set_error, "tags": self.tags.set_error}
        if isinstance(error, InvalidInputError) and error.field in fields:
            fields[error.field](str(error))
        else:
            self._context.messages.report(error)

    def _on_closed(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
