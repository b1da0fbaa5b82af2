"""What stands at the right of a grid: the details, an add or edit form, or the difference of two versions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import AetherError, ConflictError, InvalidInputError
from aether_desktop.ports.tables import TABLES
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.forms.conflict_panel import ConflictPanel
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.forms.temple_node_form import TempleNodeForm
from aether_desktop.ui.theme.tokens import Size
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.widgets.side_sheet import SideSheet


class SidePane(QStackedWidget):
    """Opens forms over the details and stores what they give on the write lane. GUI thread only."""

    form_closed = Signal()

    def __init__(self, table: TableName, context: UiContext, make_details: Callable[[], DetailsPane]) -> None:
        super().__init__()
        self._table, self._context, self._make_details = table, context, make_details
        self._details: DetailsPane | None = None
        self._spec = TABLES[table]
        self._form: QWidget | None = None
        self.setMinimumWidth(Size.DETAILS_MIN)

    @property
    def details(self) -> DetailsPane:
        """The details, made when first wanted."""
        if self._details is None:
            self._details = self._make_details()
            self.insertWidget(0, self._details)
            if self._form is None:
                self.setCurrentWidget(self._details)
        return self._details

    @property
    def form(self) -> QWidget | None:
        """What is open over the details."""
        return self._form

    def drafts(self) -> list[str]:
        """What is typed here and not stored, in plain words."""
        found, form, singular = [], self._form, self._spec.singular
        if isinstance(form, ConflictPanel) or (isinstance(form, RecordForm) and form.changed):
            new = isinstance(form, RecordForm) and form.record is None
            found.append(f"a new {singular}" if new else f"changes to a {singular}")
        if isinstance(form, SideSheet):
            found += form.drafts()
        if self._details is not None and self._details.changed:
            found.append(f"label, note or tags of a {singular}")
        return found

    def edit_row(self, row_id: int) -> None:
        """Open the form of a row as it is stored now."""
        records, table = self._context.services.records, self._table
        job = self._context.jobs.read(lambda _token, _progress: records.get(table, row_id))
        job.on_success(self.open_form).on_failure(self._context.messages.report)

    def open_form(self, record: Record | None) -> None:
        """Open a form: empty, or of a record."""
        storage = self._context.services.storage

        def choices() -> tuple[list[Wallet], list[PaymentMethod]]:
            methods = storage.payment_methods.of_user(storage.info.user_id) if self._table is TableName.PAYMENTS else []
            needs_wallets = self._table in {TableName.TRANSACTIONS, TableName.PAYMENTS}
            return (storage.wallets.all() if needs_wallets else []), methods

        def on_choices(found: tuple[list[Wallet], list[PaymentMethod]]) -> None:
            if self._table is TableName.TRANSACTIONS and not found[0]:
                self._context.messages.warn("Add a wallet first: every transaction belongs to one.")
                return
            form = self._new_form(found, record)
            form.submitted.connect(lambda values: self._submit(form, values))
            form.cancelled.connect(self.close_form)
            self._show_side(form)

        job = self._context.jobs.read(lambda _token, _progress: choices())
        job.on_success(on_choices).on_failure(self._context.messages.report)

    def open_sheet(self, sheet: SideSheet) -> None:
        """Put a sheet over the details, in place of whatever is open there."""
        sheet.closed.connect(self.close_form)
        self._show_side(sheet)

    def _new_form(self, found: tuple[list[Wallet], list[PaymentMethod]], record: Record | None) -> RecordForm:
        if self._table is TableName.TEMPLE_NODES:
            return TempleNodeForm(self._context.theme, record=record)
        return RecordForm(self._table, self._context.theme, wallets=found[0], methods=found[1], record=record)

    def _submit(self, form: RecordForm, values: dict[str, object]) -> None:
        records, table, base = self._context.services.records, self._table, form.record

        def work() -> Record:
            return records.create(table, values) if base is None else records.edit(table, base, values)

        def on_failure(error: BaseException) -> None:
            if self._form is not form:  # closed meanwhile
                self._context.messages.report(error)
            elif isinstance(error, ConflictError) and isinstance(error.theirs, Record):
                self._show_conflict(error.theirs, values)
            elif isinstance(error, InvalidInputError):
                form.show_refusal(error)
            elif isinstance(error, AetherError):
                form.show_error(str(error))
            else:
                form.set_busy(False)
                self._context.messages.report(error)

        def on_success(_record: Record) -> None:
            if self._form is form:
                self.close_form()
            self._context.messages.info(f"The {self._spec.singular} is stored.")

        job = self._context.jobs.write(lambda _token, _progress: work())
        job.on_success(on_success).on_failure(on_failure).on_cancelled(partial(form.set_busy, False))

    def _show_conflict(self, theirs: Record, values: dict[str, object]) -> None:
        panel = ConflictPanel(self._table, self._context.theme, theirs=theirs, mine=values)
        panel.cancelled.connect(self.close_form)
        panel.chosen.connect(lambda chosen: self._store_choice(theirs, chosen))
        self._show_side(panel)

    def _store_choice(self, theirs: Record, chosen: dict[str, object]) -> None:
        records, table = self._context.services.records, self._table
        self.close_form()
        self._context.write(lambda: records.edit(table, theirs, chosen), said="Your choice is stored.")

    def _show_side(self, form: QWidget) -> None:
        """In the place of what is open; a sheet that would lose something stays, and says so."""
        if isinstance(self._form, SideSheet) and not self._form.may_close():
            form.deleteLater()
            return
        self.close_form()
        self._form = form
        self.addWidget(form)
        self.setCurrentWidget(form)
        self.show()
        form.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_form(self) -> None:
        """Back to the details."""
        if self._form is not None:
            self.removeWidget(self._form)
            self._form.deleteLater()
            self._form = None
            self.setCurrentWidget(self.details)
            self.form_closed.emit()
