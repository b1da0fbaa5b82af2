"""The import while it runs and when it is over: progress per file, counts, what was refused, the rows it brought."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.services.importing import ImportReport
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.models.value_table_model import MAX_ROWS, ValueTableModel
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.activity import words_for_time_left
from aether_desktop.ui.widgets.buttons import IconLabel, link_button, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.labels import ElidedLabel, set_kind, text_label
from aether_desktop.ui.widgets.scrolling import scrolling
from aether_desktop.ui.widgets.value_grid import ValueGrid
from aether_desktop.ui.wizards.import_columns import rejection_columns
from aether_desktop.ui.wizards.import_flow import Counts, FlowFile, ImportFlow, RejectedRow, rejections_csv

_STEPS = 1000
_LEAST_ROWS = 5


class ResultPage(QWidget):
    """One line per file, then the rows that were refused. GUI thread only."""

    cancel_asked = Signal(object)
    retry_asked = Signal(object)
    rows_asked = Signal(object)
    save_asked = Signal(str)
    """The refused rows as CSV text, to be written where the person chooses."""
    decimals_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lines: dict[int, _FileLine] = {}
        self._title = text_label(theme, size=FontSize.HEADING, bold=True)
        self.counts = text_label(theme, wrap=True)
        self.counts.setObjectName(import_part_name("result_counts"))
        self._card = Card(theme)
        self._card.setObjectName(import_part_name("result"))
        self._assumed = text_label(theme, kind="warn", wrap=True)
        self._decimals = link_button(theme, "Correct the decimals", object_name=import_part_name("decimals"))
        self.model: ValueTableModel[RejectedRow] = ValueTableModel(
            rejection_columns(), key_of=lambda each: each, parent=self
        )
        self.grid = ValueGrid(
            self.model,
            theme,
            name="Rows that were not stored",
            object_name=import_part_name("rejections"),
            stretch="reason",
        )
        self._rejected: list[RejectedRow] = []
        self._rejected_title = text_label(theme, bold=True)
        self.copy_button = plain_button(theme, "Copy list", object_name=import_part_name("copy_rejections"))
        self.save_button = plain_button(theme, "Save as CSV…", object_name=import_part_name("save_rejections"))
        self._build_layout()
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.clicked.connect(lambda: self.save_asked.emit(rejections_csv(self._rejected)))
        self._decimals.clicked.connect(self.decimals_asked)

    def show_flow(self, flow: ImportFlow) -> None:
        """Show how far every file is, and once all are over, what came of it."""
        files = [file for file in flow.files if file in flow.to_run() or file.ended]
        if [id(file) for file in files] != list(self._lines):
            self._make_lines(files)
        for file in files:
            self._lines[id(file)].show_file()
        self._title.setText("The import is done" if flow.ended else "Importing…")
        counts = flow.result_counts()
        self.counts.setText(
            f"{counts.words()}." if counts != Counts() else "You may leave this page; the import goes on."
        )
        assumed = flow.assumed() if flow.ended else []
        self._assumed.setText(
            f"The decimals of {_names([each.symbol or each.contract for each in assumed])} are assumed to be 18."
        )
        self._assumed_row.setVisible(bool(assumed))
        self._rejected = flow.rejected()
        self.model.set_rows(self._rejected)
        count = len(self._rejected)
        self._rejected_title.setText(_rejected_words(self._rejected))
        self._rejected_part.setVisible(bool(count))
        self._rest.setVisible(not count)

    def show_progress(self, file: FlowFile, handle: JobHandle[ImportReport]) -> None:
        """How far the import of a file is."""
        line = self._lines.get(id(file))
        if line is not None:
            text = progress_words(handle.done, handle.total, handle.seconds_left())
            line.show_progress(text, done=handle.done, total=handle.total)

    def _make_lines(self, files: list[FlowFile]) -> None:
        for line in self._lines.values():
            self._card.body.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = {}
        for number, file in enumerate(files):
            line = _FileLine(self._theme, file, number)
            line.cancel_button.clicked.connect(lambda _checked=False, file=file: self.cancel_asked.emit(file))
            line.retry_button.clicked.connect(lambda _checked=False, file=file: self.retry_asked.emit(file))
            line.rows_button.clicked.connect(lambda _checked=False, file=file: self.rows_asked.emit(file))
            self._lines[id(file)] = line
            self._card.body.addWidget(line)

    def _build_layout(self) -> None:
        self._assumed_row = QWidget()
        assumed = QHBoxLayout(self._assumed_row)
        assumed.setContentsMargins(0, 0, 0, 0)
        assumed.addWidget(self._assumed, 1)
        assumed.addWidget(self._decimals)
        self._rejected_part = QWidget()
        rejected = QVBoxLayout(self._rejected_part)
        rejected.setContentsMargins(0, 0, 0, 0)
        rejected.setSpacing(Space.S)
        top = QHBoxLayout()
        top.setSpacing(Space.S)
        top.addWidget(self._rejected_title, 1)
        top.addWidget(self.copy_button)
        top.addWidget(self.save_button)
        rejected.addLayout(top)
        self.grid.setMinimumHeight(_LEAST_ROWS * Size.ROW)
        rejected.addWidget(self.grid, 1)
        self._rest = QWidget()
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(self._title)
        column.addWidget(self.counts)
        column.addWidget(self._card)
        column.addWidget(self._assumed_row)
        column.addWidget(self._rejected_part, 1)
        column.addWidget(self._rest, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner, name="What came of the import"))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(rejections_csv(self._rejected))


class _FileLine(QWidget):
    def __init__(self, theme: Theme, file: FlowFile, number: int) -> None:
        super().__init__()
        self._file = file
        self._mark = IconLabel(theme, "waiting", tone="info")
        self._name = ElidedLabel(theme, file.name)
        self._said = text_label(theme, kind="dim", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setObjectName(f"{import_part_name('progress')}_{number}")
        shown = plain_line(file.name, 60)
        self._bar.setAccessibleName(f"Progress of {shown}")
        self.cancel_button = self._button(theme, "Cancel", f"Cancel {shown}", f"cancel_{number}")
        self.retry_button = self._button(theme, "Try again", f"Try {shown} again", f"retry_{number}")
        self.rows_button = self._button(theme, "Show the rows", f"Show the rows of {shown}", f"show_rows_{number}")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.XS)
        grid.addWidget(self._mark, 0, 0)
        grid.addWidget(self._name, 0, 1)
        grid.addWidget(self._bar, 1, 1)
        grid.addWidget(self._said, 2, 1)
        for place, button in enumerate((self.cancel_button, self.retry_button, self.rows_button)):
            grid.addWidget(button, 0, 2 + place, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(1, 1)

    def show_file(self) -> None:
        """Show how the file stands."""
        file = self._file
        icon, tone = _mark_of(file)
        self._mark.set_drawing(icon, tone=tone)
        self._bar.setVisible(not file.ended)
        self.cancel_button.setVisible(not file.ended)
        self.retry_button.setVisible(bool(file.failure) or file.cancelled)
        batch = file.report.batch if file.report is not None else None
        self.rows_button.setVisible(batch is not None and batch.new > 0)
        if file.ended:
            self._said.setText(_ending(file))
        else:
            self.cancel_button.setEnabled(True)
            self.show_progress("Waiting", done=0, total=None)
        set_kind(self._said, "error" if file.failure else "dim")

    def show_progress(self, text: str, *, done: int, total: int | None) -> None:
        """Move the bar."""
        self._bar.setRange(0, _STEPS if total else 0)
        if total:
            self._bar.setValue(min(_STEPS, done * _STEPS // total))
        self._said.setText(text)

    @staticmethod
    def _button(theme: Theme, text: str, name: str, part: str) -> QPushButton:
        button = plain_button(theme, text, object_name=import_part_name(part))
        button.setAccessibleName(name)
        return button


def progress_words(done: int, total: int | None, seconds_left: float | None) -> str:
    """What stands under a bar: the share done and the time left."""
    parts = [f"{done * 100 // total} %"] if total else []
    if left := words_for_time_left(seconds_left):
        parts.append(left)
    return " · ".join(parts) or "Importing"


def _rejected_words(rejected: list[RejectedRow]) -> str:
    files = sum(not each.row for each in rejected)
    rows = len(rejected) - files
    parts = [f"{rows:,} {'row' if rows == 1 else 'rows'}"] if rows else []
    parts += [f"{files:,} whole {'file' if files == 1 else 'files'}"] if files else []
    listed = f"; the first {MAX_ROWS:,} are listed, all are saved" if len(rejected) > MAX_ROWS else ""
    return f"Not stored: {' and '.join(parts)}{listed}"


def _mark_of(file: FlowFile) -> tuple[str, str]:
    if file.failure:
        return "cross_circle", "bad"
    if file.cancelled:
        return "stop", "warn"
    if file.report is None:
        return "waiting", "info"
    return ("warning", "warn") if file.report.rejections else ("check_circle", "ok")


def _ending(file: FlowFile) -> str:
    if file.failure:
        return f"{file.failure} Nothing of this file was stored."
    if file.report is not None:
        return Counts.of(file.report).words()
    return "Stopped. Nothing of this file was stored."


def _names(symbols: list[str]) -> str:
    shown = ", ".join(plain_line(symbol, 20) for symbol in symbols[:5])
    return f"{shown} and {len(symbols) - 5} more" if len(symbols) > 5 else shown
