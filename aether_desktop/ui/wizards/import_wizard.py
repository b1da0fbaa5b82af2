"""The import, as a page inside the window: files, columns where nobody knows them, the check, the result.

The import itself runs on the write lane under a title: it is in the activity panel too, and goes on when the wizard is
closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.buttons import plain_button, primary_button
from aether_desktop.ui.widgets.labels import set_kind, text_label
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.wizards.column_mapping import mapping_problem
from aether_desktop.ui.wizards.import_flow import Counts, FlowFile, ImportFlow, Step
from aether_desktop.ui.wizards.import_jobs import ImportJobs
from aether_desktop.ui.wizards.new_wallet_form import NewWalletForm
from aether_desktop.ui.wizards.wizard_pages import WizardPages

_ROOM_FOR_BOTH = 2 * Size.FORM_WIDTH
_PAINT_MS = 40
_STEP_WORDS = {
    Step.FILES: "Files and wallet",
    Step.MAPPING: "Columns",
    Step.PREVIEW: "Check",
    Step.RESULT: "Result",
}


class ImportWizard(QWidget):
    """``closed`` when the person leaves it. One import at a time; GUI thread only."""

    closed = Signal()
    step_changed = Signal(object)

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self.flow = ImportFlow()
        self._wanted_wallet: int | None = None
        self._jobs = ImportJobs(context, self)
        self._form: NewWalletForm | None = None
        theme = context.theme
        self.setObjectName(import_part_name("wizard"))
        self.header = PageHeader(theme, "Import history")
        self.pages = WizardPages(context, self._jobs)
        self._obstacle = text_label(theme, kind="dim", wrap=True)
        self.back_button = plain_button(theme, "Back", object_name=import_part_name("back"))
        self.close_button = plain_button(theme, "Close", object_name=import_part_name("close"))
        self.more_button = plain_button(theme, "Import more files", object_name=import_part_name("more"))
        self.next_button = primary_button(theme, "Next", object_name=import_part_name("next"))
        self._build_layout()
        self._connect()
        self._show_step()

    # ------------------------------------------------------------------------------------------- for the window

    def open(self, wallet_id: int | None = None) -> None:
        """Come on view: where it was left, or afresh once the last import is over."""
        if self.flow.step is Step.RESULT and self.flow.ended:
            self._begin_again()
        if wallet_id is not None:
            self._wanted_wallet = wallet_id
        self._load_wallets()
        self._show_step()
        self.pages.page(self.flow.step).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def prepared(self) -> bool:
        """Whether files were chosen whose import is not begun."""
        return bool(self.flow.files) and self.flow.step is not Step.RESULT

    def add_files(self, paths: Sequence[Path]) -> None:
        """Take files as if they had been chosen; not while an import runs or is looked through."""
        if not paths:
            return
        if self.flow.step is not Step.FILES:
            self._context.messages.info("Finish or close this import first, then let the files go here again.")
            return
        for file in self.flow.add_files(paths):
            self._jobs.recognise(self.flow, file)
        self._refresh()

    def apply_changes(self, changes: ChangeSet) -> None:
        """Wallets may have come or gone."""
        if TableName.WALLETS in changes.tables and self.isVisible() and self.flow.step is Step.FILES:
            self._load_wallets()

    # ---------------------------------------------------------------------------------------------------- steps

    def forward(self) -> None:
        """The primary button: the next step, or the import itself."""
        if self.flow.step is Step.RESULT:
            self.closed.emit()
            return
        since = self.flow.step
        self._move_to(self.flow.forward(), since=since)

    def leave_out(self) -> None:
        """Go on without the file whose columns are asked for."""
        self._move_to(self.flow.leave_out(), since=Step.MAPPING)

    def _move_to(self, step: Step, *, since: Step) -> None:
        if step is Step.PREVIEW and since is not Step.PREVIEW:
            for file in self.flow.without_preview():
                self._jobs.preview(self.flow, file)
        self._show_step()
        self.pages.page(step).setFocus(Qt.FocusReason.OtherFocusReason)
        if step is Step.RESULT and since is Step.PREVIEW:
            QTimer.singleShot(_PAINT_MS, self, self._run)  # the work takes turns with the window: shown first

    def _run(self) -> None:
        for file in self.flow.to_run():
            self._jobs.run(self.flow, file)
        self._refresh()

    def back(self) -> None:
        """One step back; a preview that still runs is stopped."""
        self._jobs.stop_previews()
        self.flow.back()
        self._show_step()
        self.pages.page(self.flow.step).setFocus(Qt.FocusReason.OtherFocusReason)

    def _begin_again(self) -> None:
        self.flow = ImportFlow()
        self.pages.files.zone.editor.setCurrentIndex(self.pages.files.zone.editor.findData(0))

    def _on_more(self) -> None:
        wallet = self.flow.wallet
        self._begin_again()
        self.open(wallet.id if wallet else None)

    def _show_step(self) -> None:
        step = self.flow.step
        if step is Step.MAPPING and self.flow.mapping_file is not None:
            self.pages.mapping.show_file(self.flow.mapping_file)
        self.pages.show_step(step)
        steps = [each for each in Step if each is not Step.MAPPING or self._has_mapping()]
        self.header.set_facts(f"Step {steps.index(step) + 1} of {len(steps)} · {_STEP_WORDS[step]}")
        self._refresh()
        self.step_changed.emit(step)

    def _has_mapping(self) -> bool:
        return any(file.needs_mapping for file in self.flow.files)

    def _refresh(self) -> None:
        flow, step = self.flow, self.flow.step
        match step:
            case Step.FILES:
                self.pages.files.show_flow(flow)
            case Step.MAPPING:
                file = flow.mapping_file
                self.pages.mapping.show_problem(mapping_problem(file.columns) if file else None)
            case Step.PREVIEW:
                self.pages.preview.show_flow(flow)
            case Step.RESULT:
                self.pages.result.show_flow(flow)
        obstacle = flow.obstacle()
        self._obstacle.setText(obstacle)
        set_kind(self._obstacle, "dim")
        self.next_button.setEnabled(not obstacle and self._form is None)
        self._name_buttons()

    def _name_buttons(self) -> None:
        flow, step = self.flow, self.flow.step
        counts = flow.preview_counts()
        texts = {Step.FILES: "Next", Step.MAPPING: "Next", Step.RESULT: "Done"}
        if step is Step.PREVIEW:
            noun = "row" if counts.new == 1 else "rows"
            texts[step] = f"Import {counts.new:,} {noun}" if counts.new else "Import"
        self.next_button.setText(texts[step])
        self.next_button.setAccessibleName(texts[step])
        self.back_button.setVisible(step in {Step.MAPPING, Step.PREVIEW})
        self.close_button.setVisible(step is not Step.RESULT)
        self.more_button.setVisible(step is Step.RESULT and flow.ended)

    def _on_ended(self, file: FlowFile) -> None:
        """Who left the wizard is told by the window."""
        if self.isVisible():
            return
        name = plain_line(file.name, 60)
        if file.report is not None:
            self._context.messages.info(f"{name}: {Counts.of(file.report).words()}.")
        elif file.failure:
            self._context.messages.warn(f"{name}: {file.failure} Nothing of this file was stored.")

    # -------------------------------------------------------------------------------------------------- wallets

    def _load_wallets(self) -> None:
        storage = self._context.services.storage
        job = self._context.jobs.read(lambda _token, _progress: storage.wallets.all())
        job.on_success(self._on_wallets).on_failure(self._context.messages.report)

    def _on_wallets(self, wallets: list[Wallet]) -> None:
        chosen = self._wanted_wallet
        if chosen is None and self.flow.wallet is not None:
            chosen = self.flow.wallet.id
        self._wanted_wallet = None
        if self.flow.step is Step.FILES:
            self.pages.files.set_wallets(wallets, chosen)

    def _on_wallet(self, wallet: Wallet | None) -> None:
        if wallet == self.flow.wallet:
            return
        for file in self.flow.set_wallet(wallet):
            self._jobs.recognise(self.flow, file)
        self._refresh()

    def _on_add_wallet(self) -> None:
        if self._form is not None:
            return
        form = self._form = NewWalletForm(self._context)
        form.stored.connect(self._on_wallet_stored)
        form.cancelled.connect(self._close_form)
        self._body.addWidget(form, 1)
        form.show()
        self._divide()
        form.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def _on_wallet_stored(self, wallet: Record) -> None:
        self._close_form()
        self._wanted_wallet = wallet.id
        self._load_wallets()

    def _close_form(self) -> None:
        form, self._form = self._form, None
        if form is not None:
            self._body.removeWidget(form)
            form.hide()
            form.deleteLater()
            self._divide()
            self.pages.files.wallet.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def _divide(self) -> None:
        """Where there is no room for both, the form stands in the files' place."""
        self.pages.setVisible(self._form is None or self.width() >= _ROOM_FOR_BOTH)

    # ---------------------------------------------------------------------------------- what the pages ask for

    def _on_retry(self, file: FlowFile) -> None:
        self._jobs.run(self.flow, file)
        self._refresh()

    def _on_remove(self, file: FlowFile) -> None:
        self._jobs.forget(file)
        self.flow.remove(file)
        self._refresh()
        self.pages.files.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_account(self, file: FlowFile, account: str) -> None:
        self.flow.set_account(file, account)

    def _on_zone(self, minutes: int) -> None:
        self.flow.set_zone(minutes)

    def _on_day_order(self, day_first: bool | None) -> None:
        self.flow.set_day_first(day_first)

    def _on_column(self, key: str, heading: str) -> None:
        self.flow.set_column(key, heading)
        self._refresh()

    # --------------------------------------------------------------------------------------- layout and wiring

    def _build_layout(self) -> None:
        self._body = QHBoxLayout()
        self._body.setSpacing(Space.L)
        self._body.addWidget(self.pages, 2)
        foot = QHBoxLayout()
        foot.setSpacing(Space.S)
        foot.addWidget(self.back_button)
        foot.addWidget(self._obstacle, 1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.more_button)
        foot.addWidget(self.next_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.L)
        column.addWidget(self.header)
        column.addLayout(self._body, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self._jobs.changed.connect(self._refresh)
        self._jobs.ended.connect(self._on_ended)
        self.next_button.clicked.connect(self.forward)
        self.back_button.clicked.connect(self.back)
        self.close_button.clicked.connect(self.closed)
        self.more_button.clicked.connect(self._on_more)
        self.pages.column_chosen.connect(self._on_column)
        self.pages.day_order_chosen.connect(self._on_day_order)
        self.pages.leave_out_asked.connect(self.leave_out)
        self.pages.retry_asked.connect(self._on_retry)
        files = self.pages.files
        files.files_chosen.connect(self.add_files)
        files.remove_asked.connect(self._on_remove)
        files.wallet_chosen.connect(self._on_wallet)
        files.add_wallet_asked.connect(self._on_add_wallet)
        files.zone_chosen.connect(self._on_zone)
        files.account_chosen.connect(self._on_account)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._divide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.next_button.isEnabled():
            self.forward()
        else:
            super().keyPressEvent(event)
