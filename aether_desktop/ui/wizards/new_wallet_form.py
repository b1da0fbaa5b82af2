"""The form of a new wallet, beside the import that needs one."""

from __future__ import annotations

from PySide6.QtCore import Signal

from aether_desktop.domain.records import Record, TableName
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.theme.tokens import Size, Space


class NewWalletForm(RecordForm):
    """Stores what is submitted; ``stored`` carries the wallet. GUI thread only."""

    stored = Signal(object)

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.WALLETS, context.theme)
        self._context = context
        self.setMinimumWidth(Size.DETAILS_WIDTH + Space.HUGE)
        self.submitted.connect(self._on_submitted)

    def _on_submitted(self, values: dict[str, object]) -> None:
        records = self._context.services.records
        job = self._context.jobs.write(lambda _token, _progress: records.create(TableName.WALLETS, values))
        job.on_success(self._on_stored).on_failure(self._on_refused)

    def _on_stored(self, wallet: Record) -> None:
        self.stored.emit(wallet)

    def _on_refused(self, error: BaseException) -> None:
        if isinstance(error, InvalidInputError):
            self.show_refusal(error)
        elif isinstance(error, AetherError):
            self.show_error(str(error))
        else:
            self.set_busy(False)
            self._context.messages.report(error)
