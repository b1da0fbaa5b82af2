"""The list of running jobs: title, progress, time left, Cancel."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.activity import JobView, words_for_time_left
from aether_desktop.ui.widgets.buttons import IconButton, plain_button
from aether_desktop.ui.widgets.job_list import JobList
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label

_STEPS = 1000  # a progress bar counts in int32; jobs may count bytes


class ActivityPanel(QFrame):
    """Floats above the status bar and follows a ``JobList``. GUI thread only."""

    resized = Signal()
    """The list grew or shrank: ``sizeHint`` is another."""
    closed = Signal()

    def __init__(self, theme: Theme, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[int, _JobRow] = {}
        self.setObjectName(object_names.ACTIVITY_PANEL)
        self.setAccessibleName("Running jobs")
        self.setProperty("kind", "floating")
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.M, Space.S, Space.M)
        column.setSpacing(Space.S)
        self._top = top = QHBoxLayout()
        top.addWidget(text_label(theme, "Activity", bold=True), 1)
        close = IconButton(theme, "close", "Close activity", shortcut="Esc")
        close.clicked.connect(self._on_close_clicked)
        top.addWidget(close)
        column.addLayout(top)
        self._idle = text_label(theme, "Nothing is running.", kind="dim")
        column.addWidget(self._idle)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, Space.S, 0)
        self._list.setSpacing(Space.L)
        self._list.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inner)
        self._scroll.hide()
        column.addWidget(self._scroll, 1)

        for job in jobs.jobs:
            self._on_listed(job)
        jobs.listed.connect(self._on_listed)
        jobs.changed.connect(self._on_changed)
        jobs.removed.connect(self._on_removed)

    def _on_listed(self, job: JobView) -> None:
        row = _JobRow(self._theme, job)
        self._rows[job.number] = row
        self._list.insertWidget(self._list.count() - 1, row)
        self._show_rows()

    def _on_changed(self, job: JobView) -> None:
        self._rows[job.number].refresh()

    def _on_removed(self, job: JobView) -> None:
        row = self._rows.pop(job.number)
        self._list.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._show_rows()

    def _show_rows(self) -> None:
        self._idle.setVisible(not self._rows)
        self._scroll.setVisible(bool(self._rows))
        self.resized.emit()

    def _on_close_clicked(self) -> None:
        self.hide()
        self.closed.emit()

    def sizeHint(self) -> QSize:
        """Qt override: as high as the list."""
        inner = self._list if self._rows else self._idle
        above = self._top.sizeHint().height() + 2 * Space.M + Space.S + 2
        return QSize(Size.FORM_WIDTH, above + inner.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt override: Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self._on_close_clicked()
            return
        super().keyPressEvent(event)


class _JobRow(QWidget):
    def __init__(self, theme: Theme, job: JobView) -> None:
        super().__init__()
        self._job = job
        self._title = ElidedLabel(theme, job.title)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(f"Progress: {job.title}")
        self._at = ElidedLabel(theme, kind="dim")
        self._at.setFont(theme.fonts.interface(FontSize.SMALL))
        self._cancel = plain_button(theme, "Cancel")
        self._cancel.setAccessibleName(f"Cancel: {job.title}")
        self._cancel.clicked.connect(self._on_cancel_clicked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.L)
        grid.setVerticalSpacing(Space.XS)
        grid.addWidget(self._title, 0, 0)
        grid.addWidget(self._bar, 1, 0)
        grid.addWidget(self._at, 2, 0)
        grid.addWidget(self._cancel, 0, 1, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(0, 1)
        self.refresh()

    def refresh(self) -> None:
        """Read the job again."""
        total = self._job.total
        if total:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(min(_STEPS, self._job.done * _STEPS // total))
        else:
            self._bar.setRange(0, 0)
        parts = [f"{self._job.done:,} of {total:,}" if total else f"{self._job.done:,}" if self._job.done else ""]
        parts += [self._job.message, words_for_time_left(self._job.seconds_left())]
        self._at.setText(" \u00b7 ".join(part for part in parts if part) or "Starting")

    def _on_cancel_clicked(self) -> None:
        self._cancel.setEnabled(False)
        self._cancel.setText("Stopping")
        self._job.cancel()
