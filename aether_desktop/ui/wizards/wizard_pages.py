"""The pages of the import wizard, each made when it is first wanted: making all at once would be felt."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from aether_desktop.services.whole_file import writing
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.widgets.path_dialog import ask_new_file
from aether_desktop.ui.wizards.file_page import FilePage
from aether_desktop.ui.wizards.import_flow import FlowFile, Step, rows_of_batch
from aether_desktop.ui.wizards.import_jobs import ImportJobs
from aether_desktop.ui.wizards.mapping_page import MappingPage
from aether_desktop.ui.wizards.preview_page import PreviewPage
from aether_desktop.ui.wizards.result_page import ResultPage

_PREPARE_MS = 150


class WizardPages(QStackedWidget):
    """Passes on what the pages ask of the wizard, and does itself what concerns no other page. GUI thread only."""

    column_chosen = Signal(str, str)
    day_order_chosen = Signal(object)
    leave_out_asked = Signal()
    retry_asked = Signal(object)

    def __init__(self, context: UiContext, jobs: ImportJobs) -> None:
        super().__init__()
        self._context, self._jobs = context, jobs
        self.files = FilePage(context.theme)
        self._mapping: MappingPage | None = None
        self._preview: PreviewPage | None = None
        self._result: ResultPage | None = None
        self.addWidget(self.files)

    @property
    def mapping(self) -> MappingPage:
        """Which column holds what."""
        if self._mapping is None:
            page = self._mapping = MappingPage(self._context.theme)
            page.column_chosen.connect(self.column_chosen)
            page.day_order_chosen.connect(self.day_order_chosen)
            page.leave_out_asked.connect(self.leave_out_asked)
            self.addWidget(page)
        return self._mapping

    @property
    def preview(self) -> PreviewPage:
        """The check."""
        if self._preview is None:
            page = self._preview = PreviewPage(self._context.theme, self._context.settings)
            self._jobs.read_on.connect(page.show_progress)
            self.addWidget(page)
        return self._preview

    @property
    def result(self) -> ResultPage:
        """The import while it runs, and its end."""
        if self._result is None:
            page = self._result = ResultPage(self._context.theme)
            page.cancel_asked.connect(self._jobs.stop)
            page.retry_asked.connect(self.retry_asked)
            page.rows_asked.connect(self._on_rows_asked)
            page.save_asked.connect(self._on_save_asked)
            page.decimals_asked.connect(self._on_decimals_asked)
            self._jobs.run_on.connect(page.show_progress)
            self.addWidget(page)
        return self._result

    def show_step(self, step: Step) -> None:
        """Bring the page of a step on view; the next one is made while the person reads."""
        self.setCurrentWidget(self.page(step))
        following = {Step.FILES: Step.PREVIEW, Step.MAPPING: Step.PREVIEW, Step.PREVIEW: Step.RESULT}.get(step)
        if following is not None:
            QTimer.singleShot(_PREPARE_MS, self, lambda: next_turn(self, partial(self.page, following)))

    def page(self, step: Step) -> QWidget:
        """The page of a step."""
        match step:
            case Step.FILES:
                return self.files
            case Step.MAPPING:
                return self.mapping
            case Step.PREVIEW:
                return self.preview
            case Step.RESULT:
                return self.result

    def save_rejections(self, text: str, path: Path) -> None:
        """Write the list of refused rows on the write lane."""

        def write() -> None:
            with writing(path) as sink:
                sink.write(text)

        self._context.write(write, said=f"The list is in {path}.")

    def _on_rows_asked(self, file: FlowFile) -> None:
        if file.report is not None and file.report.batch is not None:
            self._context.navigator.open_rows(rows_of_batch(file.report.batch.id))

    def _on_save_asked(self, text: str) -> None:
        ask_new_file(
            self,
            "Save the rows that were not stored",
            name="rejected.csv",
            filters="*.csv",
            then=partial(self.save_rejections, text),
            replaces=True,
        )

    def _on_decimals_asked(self) -> None:
        self._context.navigator.open_section("tokens")
