"""Below the facts of a payment: whose signature it carries, and whether the payment is still what was signed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.payment_signatures import SignatureState
from aether_desktop.domain.payments import Payment
from aether_desktop.domain.records import TableName
from aether_desktop.ports.queries import Row
from aether_desktop.services.payment_signatures import SignatureReport
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import detail_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import IconLabel, plain_button
from aether_desktop.ui.widgets.labels import breakable, set_kind, text_label

_SHOWN: dict[SignatureState, tuple[str, str, str]] = {
    SignatureState.VALID: ("check_circle", "ok", "Signature valid"),
    SignatureState.ALTERED: ("cross_circle", "bad", "Altered since it was signed"),
    SignatureState.MISSING: ("cross_circle", "bad", "Not signed"),
    SignatureState.UNKNOWN_KEY: ("cross_circle", "bad", "Key not known"),
    SignatureState.UNREADABLE: ("cross_circle", "bad", "Signature not readable"),
    SignatureState.UNCHECKED: ("warning", "warn", "Signature not checked"),
}


class SignatureSection(QWidget):
    """Hidden for payments that are not signed and need not be. Checks on the read lane. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        theme = context.theme
        self._context = context
        self._row_id: int | None = None
        self.report: SignatureReport | None = None
        self.setObjectName(detail_part_name(TableName.PAYMENTS, "signature"))
        self._icon = IconLabel(theme, "check_circle", tone="ok")
        self._word = text_label(theme, bold=True, wrap=True)
        self.sentence = text_label(theme, wrap=True)
        self.sentence.setObjectName(detail_part_name(TableName.PAYMENTS, "signature_sentence"))
        self._when = text_label(theme, kind="dim", wrap=True)
        self.compare_button = plain_button(
            theme, "Compare the provider's id", object_name=detail_part_name(TableName.PAYMENTS, "signature_compare")
        )
        self.compare_button.clicked.connect(self._on_compare)
        head = QHBoxLayout()
        head.setSpacing(Space.S)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._word, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.S, 0, 0)
        column.setSpacing(Space.XS)
        column.addLayout(head)
        for widget in (self.sentence, self._when):
            column.addWidget(widget)
        column.addWidget(self.compare_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_row(self, row: Row | None) -> None:
        """Check another payment."""
        same = row is not None and row.id == self._row_id
        self._row_id = None if row is None else row.id
        if not same:
            self.report = None
            self.hide()
        if row is not None:
            self._check(row.id, complete=False)

    def _on_compare(self) -> None:
        if self._row_id is not None:
            self._check(self._row_id, complete=True)

    def _check(self, row_id: int, *, complete: bool) -> None:
        services = self._context.services

        def work() -> SignatureReport:
            payment = services.records.get(TableName.PAYMENTS, row_id)
            assert isinstance(payment, Payment)  # noqa: S101 - the table of payments holds no other
            return services.signatures.check(payment, complete=complete)

        job = self._context.jobs.read(lambda _token, _progress: work())
        job.on_success(lambda report: self._on_checked(row_id, report))
        job.on_failure(self._context.messages.report)

    def _on_checked(self, row_id: int, report: SignatureReport) -> None:
        if row_id != self._row_id:
            return
        self.report = report
        if report.state not in _SHOWN:
            self.hide()
            return
        icon, tone, word = _SHOWN[report.state]
        self._icon.set_drawing(icon, tone=tone)
        self._word.setText(word)
        set_kind(self.sentence, "error" if report.wrong else "")
        self.sentence.setText(breakable(report.sentence))
        self._when.setVisible(report.signed_at is not None)
        if report.signed_at is not None:
            self._when.setText(f"Signed {report.signed_at:%d %b %Y %H:%M:%S} UTC")
        self.compare_button.setVisible(report.needs is not None)
        self.setAccessibleName(f"{word}. {report.sentence}")
        self.show()
