"""The check before anything is stored: the first rows as they will be, which are new or known, and what is wrong."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.settings import Settings
from aether_desktop.services.importing import ImportPreview, PreviewRow, RowState
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.models.value_table_model import ValueTableModel
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.value_grid import ValueGrid
from aether_desktop.ui.wizards.import_columns import preview_columns
from aether_desktop.ui.wizards.import_flow import Counts, FlowFile, ImportFlow

_STEPS = 1000
_REASON_COLUMN = 2


class PreviewPage(QWidget):
    """Shows one file at a time; ``file_chosen`` carries the FlowFile looked at. GUI thread only."""

    file_chosen = Signal(object)

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._files: list[FlowFile] = []
        self._filling = False
        self._file: FlowFile | None = None
        self.model: ValueTableModel[PreviewRow] = ValueTableModel(
            preview_columns(settings), key_of=lambda row: (row.row, row.movement), parent=self
        )
        self.grid = ValueGrid(
            self.model,
            theme,
            name="First rows as they will be stored",
            object_name=import_part_name("preview"),
            stretch="what",
        )
        self.file_box = QComboBox()
        self.file_box.setObjectName(import_part_name("preview_file"))
        self.file_box.setAccessibleName("File to look at")
        self.file_box.setFont(theme.fonts.interface())
        self.counts = text_label(theme, bold=True, wrap=True)
        self.counts.setObjectName(import_part_name("preview_counts"))
        self._notes = text_label(theme, kind="dim", wrap=True)
        self._failure = text_label(theme, kind="error", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Reading the file")
        top = QHBoxLayout()
        top.setSpacing(Space.M)
        top.addWidget(self.file_box)
        top.addWidget(self.counts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(top)
        column.addWidget(self._notes)
        column.addWidget(self._failure)
        column.addWidget(self.progress)
        column.addWidget(self.grid, 1)
        self.setFocusProxy(self.grid)
        self.file_box.currentIndexChanged.connect(self._on_file)

    def show_flow(self, flow: ImportFlow) -> None:
        """Show what is known of the files now; the file looked at stays."""
        self._filling = True
        self.model.recolumn(preview_columns(self._settings))  # the zone may have been chosen anew
        self._files = flow.usable
        self.file_box.clear()
        for file in self._files:
            self.file_box.addItem(plain_line(file.name, 60))
        if self._file not in self._files:
            self._file = self._files[0] if self._files else None
        if self._file is not None:
            self.file_box.setCurrentIndex(self._files.index(self._file))
        self.file_box.setVisible(len(self._files) > 1)
        self._filling = False
        self._show_file()

    def show_progress(self, file: FlowFile, handle: JobHandle[ImportPreview]) -> None:
        """How far the file has been read."""
        done, total = handle.done, handle.total
        if file is self._file:
            self.progress.setRange(0, _STEPS if total else 0)
            if total:
                self.progress.setValue(min(_STEPS, done * _STEPS // total))

    def _show_file(self) -> None:
        file = self._file
        preview = file.preview if file is not None else None
        failure = file.preview_failure if file is not None else ""
        self.progress.setVisible(preview is None and not failure)
        self.progress.setRange(0, 0)
        self._failure.setText(failure)
        self._failure.setVisible(bool(failure))
        self.grid.setVisible(not failure)
        if preview is None:
            self.counts.setText("" if failure else "The file is being read…")
            self._notes.setText("")
            self.grid.clearSpans()
            self.model.set_rows(())
        else:
            self.counts.setText(Counts.of(preview.report).words())
            self._notes.setText(_notes(preview.report.title, file))
            self.model.set_rows(preview.first)
            self._give_reasons_room(preview)
            if preview.first and not self.grid.currentIndex().isValid():
                self.grid.selectRow(0)
        self._notes.setVisible(bool(self._notes.text()))

    def _give_reasons_room(self, preview: ImportPreview) -> None:
        """A wrong row has nothing but its reason: that may run over the other columns."""
        self.grid.clearSpans()
        last = self.model.columnCount()
        for number, row in enumerate(preview.first):
            if row.state is RowState.WRONG:
                self.grid.setSpan(number, _REASON_COLUMN, 1, last - _REASON_COLUMN)

    def _on_file(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._files):
            self._file = self._files[index]
            self._show_file()
            self.file_chosen.emit(self._file)


def _notes(title: str, file: FlowFile | None) -> str:
    if file is None or file.preview is None:
        return ""
    report, shown = file.preview.report, len(file.preview.first)
    parts = [title]
    if report.new + report.duplicates + len(report.rejections) > shown:
        parts.append(f"the first {shown} are shown")
    sentences = [f"{', '.join(parts)}."]
    sentences += report.remarks
    if report.assumed:
        names = ", ".join(plain_line(currency.symbol or currency.contract, 20) for currency in report.assumed[:5])
        more = f" and {len(report.assumed) - 5} more" if len(report.assumed) > 5 else ""
        sentences.append(
            f"The file does not say the decimals of {names}{more}: 18 are assumed, and can be corrected later."
        )
    return " ".join(sentences)
