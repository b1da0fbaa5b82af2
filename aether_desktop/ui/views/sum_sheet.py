"""What selected rows add up to, by token; added up by the database, exact, to copy."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from aether_desktop.domain.text import plain_line
from aether_desktop.jobs.lanes import Work
from aether_desktop.ports.query_totals import RowTotals
from aether_desktop.services.totals import HEADING, TotalWords, total_words, uncounted_words
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.models.copying import delimited_text
from aether_desktop.ui.object_names import selection_name
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.labels import breakable, rule, text_label
from aether_desktop.ui.widgets.side_sheet import SideSheet
from aether_desktop.ui.widgets.task_row import TaskRow

_SHOWN: Final = 20  # tokens written out; all are copied
_SYMBOL: Final = 40  # characters


class SumSheet(SideSheet):
    """Adds up when it opens. GUI thread only; works on the read lane, and stops when it is closed."""

    def __init__(self, context: UiContext, table: str, *, what: str, work: Work[RowTotals]) -> None:
        """``what`` names the rows ("1,234,567 rows of this filter")."""
        super().__init__(context.theme, "Sum", object_name=selection_name(table, "sum_sheet"))
        self._context, self._table, self._work = context, table, work
        self._what = what
        self._job: JobHandle[RowTotals] | None = None
        self._totals: RowTotals | None = None
        self.row = TaskRow(
            context.theme,
            what,
            "What confirmed rows move, and the fees that confirmed and failed ones cost.",
            button="Again",
            object_name=selection_name(table, "add_up"),
        )
        self.body.addWidget(self.row)
        self.row.started.connect(self.add_up)
        self.closed.connect(self._on_closed)
        self.add_up()

    def add_up(self) -> None:
        """Ask the database."""
        self.refill()
        self._job = self._context.jobs.read(self._work, title=f"Sum of {self._what}")
        self.row.watch(self._job)
        self._job.on_success(self._on_totals).on_failure(self._on_failed)

    def copy(self) -> None:
        """Every token, exact, as tab-separated text with a heading."""
        if self._totals is not None:
            QGuiApplication.clipboard().setText(
                delimited_text(HEADING, [total_words(each) for each in self._totals.tokens], "\t")
            )
            self._context.messages.info("The sum is copied.")

    # -- inside ----------------------------------------------------------------------------------------------

    def _on_closed(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _on_failed(self, error: BaseException) -> None:
        self._job = None
        self.row.say("", "")
        self._context.messages.report(error)

    def _on_totals(self, totals: RowTotals) -> None:
        self._job, self._totals = None, totals
        theme, column = self._context.theme, self.refill()
        rows = "One row" if totals.rows == 1 else f"{totals.rows:,} rows"
        self.row.say(" ".join(filter(None, (f"{rows} added up.", uncounted_words(totals)))), "ok")
        for total in totals.tokens[:_SHOWN]:
            words = total_words(total)
            column.addWidget(rule())
            of_rows = f" · {total.rows:,} {'row' if total.rows == 1 else 'rows'}" if total.rows else " · fees only"
            column.addWidget(text_label(theme, plain_line(words.symbol, _SYMBOL) + of_rows, bold=True, wrap=True))
            if words.contract:
                column.addWidget(text_label(theme, breakable(words.contract), mono=True, kind="dim", wrap=True))
            column.addWidget(self._listed(words))
        if len(totals.tokens) > _SHOWN:
            column.addWidget(text_label(theme, f"and {len(totals.tokens) - _SHOWN:,} more tokens", kind="dim"))
        if totals.tokens:
            copy = link_button(theme, "Copy all as a table", object_name=selection_name(self._table, "copy_sum"))
            copy.clicked.connect(self.copy)
            column.addWidget(rule())
            column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)

    def _listed(self, words: TotalWords) -> DetailsList:
        facts = {"In": words.incoming, "Out": words.outgoing, "Fees": words.fees, "Net": words.net}
        found = DetailsList(self._context.theme)
        entries = [DetailEntry(f"{title}", _spaced(text), copy=text) for title, text in facts.items()]
        found.set_entries([each for each in entries if each.label == "Net" or each.copy != "0"])
        found.copied.connect(partial(self._context.messages.info, "Copied."))
        return found


def _spaced(text: str) -> str:
    """With separators between thousands; every digit is there."""
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole not in ("-0", "0") else text
