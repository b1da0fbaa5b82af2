"""The history of notices: what was told, when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal

from aether_desktop.domain.notices import Notice
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import utc_now
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import ChosenZone
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.models.node_cells import fate_text, notice_columns
from aether_desktop.ui.models.value_table_model import ValueTableModel
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.widgets.buttons import button_row, link_button, plain_button
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.side_sheet import SideSheet
from aether_desktop.ui.widgets.state_band import span_words
from aether_desktop.ui.widgets.value_grid import ValueGrid

_MOST = 500
_ROWS = 14
_BODY = 2000


class NoticesSheet(SideSheet):
    """Read on the read lane when it opens and whenever something new was told. GUI thread only."""

    node_asked = Signal(object)

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "Notices", object_name=nodes_part_name("notices_sheet"))
        self._context, self._zone = context, ChosenZone(context.settings)
        theme = context.theme
        self.model: ValueTableModel[Notice] = ValueTableModel(
            notice_columns(self._zone), key_of=lambda each: each.id, parent=self
        )
        self.grid = ValueGrid(
            self.model, theme, name="Notices", object_name=nodes_part_name("notices_grid"), stretch="title"
        )
        self.grid.fit_rows(_ROWS)
        self.none = text_label(
            theme,
            "Nothing was told yet. You are told once when a node changes for good: down, flapping, up again.",
            kind="dim",
            wrap=True,
        )
        self.whole = text_label(theme, wrap=True)
        self.fate = text_label(theme, kind="dim", wrap=True)
        self.open_link = link_button(theme, "Show the node", object_name=nodes_part_name("notices_open"))
        self.read_button = plain_button(theme, "Mark all as read", object_name=nodes_part_name("notices_read"))
        for widget in (self.grid, self.none, self.whole, self.fate):
            self.body.addWidget(widget)
        self.body.addWidget(self.open_link, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addLayout(button_row(self.read_button))
        self.grid.current_changed.connect(self._on_current)
        self.grid.opened.connect(lambda _notice: self._open())
        self.open_link.clicked.connect(self._open)
        self.read_button.clicked.connect(self.mark_read)
        context.board.notice_made.connect(lambda _notice: self.refresh())
        self._show(())
        self.refresh()

    def refresh(self) -> None:
        """Read again."""
        notices = self._context.services.storage.watching.notices
        job = self._context.jobs.read(lambda _token, _progress: notices.latest(_MOST))
        job.on_success(self._show).on_failure(self._context.messages.report)

    def mark_read(self) -> None:
        """All of them."""
        notices = self._context.services.storage.watching.notices
        self._context.write(lambda: notices.mark_read(None, utc_now()), then=self.refresh)

    def _show(self, notices: Sequence[Notice]) -> None:
        self.model.set_rows(notices)
        self.grid.setVisible(bool(notices))
        self.none.setVisible(not notices)
        self.read_button.setVisible(any(each.read_at is None for each in notices))
        if notices and not self.grid.currentIndex().isValid():
            self.grid.selectRow(0)

    def _on_current(self, notice: Notice | None) -> None:
        for widget in (self.whole, self.fate):
            widget.setVisible(notice is not None)
        self.open_link.setVisible(notice is not None and bool(notice.node_ids))
        if notice is None:
            return
        lines = [plain_line(line, _BODY) for line in notice.body.splitlines()[:20]]
        self.whole.setText("\n".join([plain_line(notice.title, _BODY), *lines]))
        lasted = "" if notice.lasted is None else f" It lasted {span_words(notice.lasted)}."
        self.fate.setText(f"{time_text(notice.at, self._zone)}. {fate_text(notice.fate)}.{lasted}")

    def _open(self) -> None:
        notice = self.grid.current()
        if notice is not None and notice.node_ids:
            self.node_asked.emit(notice.node_ids[0])
