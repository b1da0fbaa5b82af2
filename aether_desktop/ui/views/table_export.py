"""Exporting what a page shows: the formats there are, what a file would lack, the job that writes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.ports.tables import ColumnSpec
from aether_desktop.services.exporting import ExportReport
from aether_desktop.sum_api import ReapingModule
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.window_table_model import WindowTableModel
from aether_desktop.ui.views.grid import GridView
from aether_desktop.ui.widgets.menu_note import add_note
from aether_desktop.ui.widgets.path_dialog import ask_new_file


class TableExport:
    """Of one table's page, over which it asks for the file. GUI thread only; works on the read lane."""

    def __init__(self, page: QWidget, context: UiContext, *, model: WindowTableModel, grid: GridView) -> None:
        self._page, self._context, self._model, self._grid = page, context, model, grid

    def fill_menu(self, menu: QMenu) -> None:
        """The formats of the enabled reaping modules, and what a file of what is seen lacks to be imported again."""
        modules, seen = self._context.services.modules, self._grid.visible_columns()
        lacking: dict[str, ColumnSpec] = {}
        for module in modules.reaping_modules():
            missing = modules.lacking_to_import(module.key, self._model.spec, seen)
            lacking |= {column.key: column for column in missing}
            for whole, words in ((False, "what is seen"), (True, "all columns, to import again")):
                action = menu.addAction(f"{module.title}, {words}…")
                action.triggered.connect(partial(self._on_chosen, module, whole))
        if lacking:
            titles = ", ".join(column.title for column in lacking.values())
            add_note(menu, self._context.theme, f"To be imported again, what is seen lacks: {titles}.")

    def write(self, module: ReapingModule, path: Path, *, whole: bool = False) -> None:
        """Write exactly what is seen: this filter, this order, these columns; ``whole`` takes every column."""
        services, query = self._context.services, self._model.query
        columns = None if whole else self._grid.visible_columns()
        job = self._context.jobs.read(
            lambda token, progress: services.exporting.run(
                path, query, format_key=module.key, columns=columns, token=token, progress=progress
            ),
            title=f"Export {self._model.spec.title.lower()} to {path.name}",
        )
        job.when_stopped("No file was written.")
        job.on_success(partial(self._on_written, path)).on_failure(self._context.messages.report)

    def _on_chosen(self, module: ReapingModule, whole: bool, _checked: bool = False) -> None:
        ask_new_file(
            self._page,
            f"Export as {module.title}",
            name=f"{self._model.spec.name}.{module.extension}",
            filters=f"*.{module.extension}",
            then=partial(self.write, module, whole=whole),
            replaces=True,
        )

    def _on_written(self, path: Path, report: ExportReport) -> None:
        self._context.messages.info(f"{report.rows:,} rows written to {path}.")
