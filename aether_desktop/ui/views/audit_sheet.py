"""The log itself: verify it, sign how far it reaches, compare it with a colleague's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from aether_desktop.domain.audit import CheckpointBody
from aether_desktop.domain.text import plain_line
from aether_desktop.jobs.lanes import LaneName
from aether_desktop.ports.errors import AetherError
from aether_desktop.services.audit import Agreement, Comparison
from aether_desktop.services.audit_verification import BadPlace, Verdict
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import audit_part_name
from aether_desktop.ui.widgets.buttons import link_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import rule
from aether_desktop.ui.widgets.path_dialog import ask_file, ask_new_file
from aether_desktop.ui.widgets.side_sheet import SideSheet
from aether_desktop.ui.widgets.task_row import TaskRow

_CHECKPOINTS: Final = "Checkpoints (*.json);;All files (*)"


class AuditSheet(SideSheet):
    """``bad_place_asked`` carries the place of an entry to show. GUI thread only; works on the lanes."""

    bad_place_asked = Signal(int)

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "The log as a whole", object_name=audit_part_name("sheet"))
        self._context = context
        self._audit = context.services.audit
        theme = context.theme
        self.verify_row = TaskRow(
            theme,
            "Verify",
            "Reads every entry: signatures, the order of each device, the tree, and what this computer saw before.",
            button="Verify",
            object_name=audit_part_name("verify"),
        )
        self.checkpoint_row = TaskRow(
            theme,
            "Export a checkpoint",
            "Signs how many entries there are and what they add up to. Others can compare theirs with the file.",
            button="Export\u2026",
            object_name=audit_part_name("checkpoint"),
        )
        self.compare_row = TaskRow(
            theme,
            "Compare with a colleague",
            "Whoever runs a shared database could show each of you another log. Equal codes prove that it does not.",
            button="My code",
            object_name=audit_part_name("code"),
        )
        self.code_field = FormField(
            theme,
            "Their code",
            QLineEdit(),
            hint="As they read it to you. Return compares.",
            object_name=audit_part_name("their_code"),
        )
        self.file_link = link_button(theme, "Compare with their file\u2026", object_name=audit_part_name("their_file"))
        for widget in (self.verify_row, rule(), self.checkpoint_row, rule(), self.compare_row, self.code_field):
            self.body.addWidget(widget)
        self.body.addWidget(self.file_link)
        self.verify_row.started.connect(self.verify)
        self.checkpoint_row.started.connect(self._ask_checkpoint)
        self.compare_row.started.connect(self.show_code)
        self.code_field.editor.returnPressed.connect(lambda: self.compare_code(self.code_field.editor.text()))
        self.file_link.clicked.connect(self._ask_file)

    def verify(self) -> None:
        """Read the whole log, on the read lane."""
        audit = self._audit
        job = self._context.jobs.read(
            lambda token, progress: audit.verify(token=token, progress=progress), title="Verify the audit log"
        )
        self.verify_row.watch(job)
        job.on_success(self._on_verdict).on_failure(partial(self._on_failure, self.verify_row))

    def export_checkpoint(self, path: Path) -> None:
        """Sign and write one; needs level 2, which the window asks for."""
        audit = self._audit

        job = self._context.jobs.write(
            lambda token, progress: audit.export_checkpoint(path, token=token, progress=progress),
            title="Sign a checkpoint of the audit log",
        )
        self.checkpoint_row.watch(job)
        job.on_success(partial(self._on_checkpoint, path)).on_failure(partial(self._on_failure, self.checkpoint_row))

    def show_code(self) -> None:
        """What to read to a colleague."""
        audit = self._audit
        job = self._context.jobs.submit(
            LaneName.WRITE,
            lambda token, progress: audit.code(token=token, progress=progress),
            title="Read the audit log",
        )
        self.compare_row.watch(job)
        job.on_success(self._on_code)
        job.on_failure(partial(self._on_failure, self.compare_row))

    def compare_code(self, text: str) -> None:
        """With the code they read."""
        audit = self._audit
        self.code_field.set_error("")
        job = self._context.jobs.read(
            lambda token, progress: audit.compare_code(text, token=token, progress=progress), title="Compare audit logs"
        )
        self.compare_row.watch(job)
        job.on_success(self._on_compared).on_failure(self._on_not_compared)

    def compare_file(self, path: Path) -> None:
        """With the checkpoint they exported."""
        audit = self._audit
        job = self._context.jobs.read(
            lambda token, progress: audit.compare_file(path, token=token, progress=progress), title="Compare audit logs"
        )
        self.compare_row.watch(job)
        job.on_success(self._on_compared).on_failure(partial(self._on_failure, self.compare_row))

    # -- inside --------------------------------------------------------------------------------------------------

    def _ask_checkpoint(self) -> None:
        ask_new_file(
            self,
            "Export a checkpoint",
            name="audit-checkpoint.json",
            filters=_CHECKPOINTS,
            then=self.export_checkpoint,
            replaces=True,
        )

    def _ask_file(self) -> None:
        ask_file(self, "Their checkpoint", filters=_CHECKPOINTS, then=self.compare_file)

    def _on_verdict(self, verdict: Verdict) -> None:
        if verdict.bad is not None:
            self._say_bad(verdict.bad)
            return
        points = f", {verdict.checkpoints:,} checkpoints" if verdict.checkpoints else ""
        hidden = f", {verdict.hidden:,} of others that you may not read" if verdict.hidden else ""
        seen = f" This computer had seen {verdict.pinned:,} of them before." if verdict.pinned else ""
        self.verify_row.say(
            f"The log is whole: {verdict.size:,} entries, {verdict.signed:,} signed by a device,"
            f" {verdict.attested:,} vouched for by the database only{hidden}{points}.{seen}",
            "ok",
            copied=verdict.code,
        )

    def _say_bad(self, bad: BadPlace) -> None:
        self.verify_row.say(f"The log is not whole. {plain_line(bad.reason, 400)}", "error")
        if bad.index >= 0:
            self.verify_row.offer("Show it", lambda: self.bad_place_asked.emit(bad.index))
            self.bad_place_asked.emit(bad.index)

    def _on_checkpoint(self, path: Path, body: CheckpointBody) -> None:
        said = f"Signed over {body.size:,} entries, in {path.name}. Its code is {body.code}"
        self.checkpoint_row.say(said, "ok", copied=body.code)

    def _on_code(self, code: str) -> None:
        self.compare_row.say(code, "", copied=code)

    def _on_compared(self, found: Comparison) -> None:
        self.compare_row.say(found.text, "ok" if found.agreement is Agreement.SAME else "error", copied=found.code)

    def _on_not_compared(self, error: BaseException) -> None:
        if getattr(error, "field", "") == "code":
            self.code_field.set_error(str(error))
            return
        self._on_failure(self.compare_row, error)

    def _on_failure(self, row: TaskRow, error: BaseException) -> None:
        self._context.messages.report(error)
        if isinstance(error, AetherError):
            row.say(str(error), "error")
        else:
            row.say("This did not work; the message above says more.", "error")
