"""Cards of long tasks over the open vault: backup, restore, check; labels and prices in and out."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Signal

from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.text import plain_line
from aether_desktop.jobs.lanes import LaneName, Work
from aether_desktop.ports.errors import AetherError
from aether_desktop.services.bip329 import LabelReport, LabelsOut
from aether_desktop.services.prices import PriceReport
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.labels import rule
from aether_desktop.ui.widgets.path_dialog import ask_file, ask_new_file
from aether_desktop.ui.widgets.task_row import TaskRow

ResultT = TypeVar("ResultT")

_NOT_STORED = "Nothing of it is stored: import the file again."
_VAULTS = "Vaults (*.aether);;All files (*)"
_LABELS = "BIP-329 labels (*.jsonl);;All files (*)"
_TABLES = "Tables (*.csv);;All files (*)"
_LISTED = 5  # rejected rows shown; all are copied
_REASON = 200


class TaskCard(Card):
    """A card of TaskRows, divided by hairlines. GUI thread only."""

    def __init__(self, context: UiContext, heading: str) -> None:
        super().__init__(context.theme, heading)
        self.context = context

    def add_task(self, part: str, title: str, text: str, *, button: str, start: Callable[[], None]) -> TaskRow:
        """Add a row; ``part`` is its name among the parts of the settings page."""
        if self.body.count():
            self.body.addWidget(rule())
        row = TaskRow(self.context.theme, title, text, button=button, object_name=settings_part_name(part))
        row.started.connect(start)
        self.body.addWidget(row)
        return row

    def run(
        self,
        row: TaskRow,
        lane: LaneName,
        work: Work[ResultT],
        *,
        title: str,
        then: Callable[[ResultT], None],
        leaves: str,
    ) -> None:
        """Run listed work and show it in its row; failures are said there and in the message bar.

        ``leaves``: what is so when the vault is locked meanwhile.
        """
        job = self.context.jobs.submit(lane, work, title=title).when_stopped(leaves)
        row.watch(job)
        job.on_success(then).on_failure(lambda error: self._on_failure(row, error))

    def done(self, row: TaskRow, text: str, *, copied: str = "") -> None:
        """Say that it went well, in the row and in the message bar."""
        row.say(text, "ok", copied=copied)
        self.context.messages.done(text)

    def _on_failure(self, row: TaskRow, error: BaseException) -> None:
        self.context.messages.report(error)
        if isinstance(error, AetherError):
            row.say(str(error), "error", copied="\n".join(filter(None, (str(error), error.details))))
        else:
            row.say("This did not work; the message above says more.", "error")


class SafekeepingCard(TaskCard):
    """Backup, restore, check."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(context, "Safekeeping")
        encrypted = context.services.info.encrypted
        copy, keys = ("An encrypted copy", ", with its .keys file") if encrypted else ("A copy, not encrypted", "")
        self.backup = self.add_task(
            "backup",
            "Back up",
            f"{copy}, made while you work on and proven by opening it. Keep it on another disk{keys}.",
            button="Back up now",
            start=self._ask_backup,
        )
        self.restore = self.add_task(
            "restore",
            "Restore a backup",
            "Makes a new vault of a backup, in a file that you choose. The vault open here is not touched.",
            button="Restore",
            start=self._ask_restore,
        )
        self.check = self.add_task(
            "check",
            "Check this vault",
            "Reads every page and row: checksums, references, amounts. You can work on meanwhile.",
            button="Check now",
            start=self.check_now,
        )

    def back_up(self, target: Path) -> None:
        """Back up to a file that is not there yet, or into a folder."""
        backups = self.context.services.backups

        def then(path: Path) -> None:
            self.done(self.backup, f"Backed up to {path}, and proven by opening the copy.", copied=str(path))

        self.run(
            self.backup,
            LaneName.READ,
            lambda token, progress: backups.back_up(target, token=token, progress=progress),
            title="Back up the vault",
            then=then,
            leaves="There is no back-up of it.",
        )

    def restore_as(self, source: Path, target: Path) -> None:
        """Make a new vault of a backup."""
        backups = self.context.services.backups

        def then(path: Path) -> None:
            navigator = self.context.navigator
            text, command = (
                f"Restored as {path}, and proven by opening it.",
                f"aether-desktop --vault {shlex.quote(str(path))}",
            )
            if navigator.opens_vaults:
                self.done(self.restore, text, copied=str(path))
                self.restore.offer("Open the restored vault", lambda: navigator.open_vault(path))
            else:
                more = f"This window keeps its vault; open the new one with: {command}"
                self.done(self.restore, f"{text} {more}", copied=command)

        self.run(
            self.restore,
            LaneName.READ,
            lambda token, progress: backups.restore_as(source, target, token=token, progress=progress),
            title=f"Restore {source.name}",
            then=then,
            leaves="There is no restored vault.",
        )

    def check_now(self) -> None:
        """Look for damage."""
        storage = self.context.services.storage
        self.run(
            self.check,
            LaneName.READ,
            lambda token, progress: storage.check(token=token, progress=progress),
            title="Check the vault",
            then=self.show_problems,
            leaves="Whether it is healthy is not known.",
        )

    def show_problems(self, problems: Sequence[str]) -> None:
        """Say what the check found; an empty list is health."""
        if not problems:
            self.done(self.check, "Healthy: pages, references and amounts agree.")
            return
        count = "One problem" if len(problems) == 1 else f"{len(problems):,} problems"
        advice = "Make no changes; restore the latest backup and compare."
        shown = [plain_line(problem, _REASON) for problem in problems[:_LISTED]]
        if len(problems) > _LISTED:
            shown.append(f"and {len(problems) - _LISTED:,} more: copy them all")
        self.check.say("\n".join([f"{count} found. {advice}", *shown]), "error", copied="\n".join(problems))
        self.context.messages.warn(f"The vault has damage: {count.lower()} found. {advice}", "\n".join(problems))

    def _ask_backup(self) -> None:
        name = self.context.services.backups.suggested_name()
        ask_new_file(self, "Back up the vault", name=name, filters=_VAULTS, then=self.back_up)

    def _ask_restore(self) -> None:
        def ask_target(source: Path) -> None:
            name = f"{source.stem}-restored.aether"
            ask_new_file(
                self,
                "Restore as",
                name=name,
                filters=_VAULTS,
                then=lambda target: self.restore_as(source, target),
            )

        ask_file(self, "Choose a backup", filters=_VAULTS, then=ask_target)


class DataCard(TaskCard):
    """Labels out and in, prices in."""

    prices_changed = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__(context, "Labels and prices")
        self.labels_out = self.add_task(
            "labels_export",
            "Export labels",
            "Every label, note and tag as BIP-329 JSON Lines, which other wallets read. Not encrypted.",
            button="Export",
            start=self._ask_labels_out,
        )
        self.labels_in = self.add_task(
            "labels_import",
            "Import labels",
            "From BIP-329 JSON Lines. What names nothing here yet is kept, and comes back when you export.",
            button="Import",
            start=lambda: self._ask("Import labels", _LABELS, self.import_labels),
        )
        self.prices_in = self.add_task(
            "prices_import",
            "Import prices",
            "A CSV file with the columns date, symbol, currency, price.",
            button="Import",
            start=lambda: self._ask("Import prices", _TABLES, self.import_prices),
        )

    def export_labels(self, path: Path) -> None:
        """Write every label to ``path``, replacing it."""
        labels = self.context.services.labels

        def then(out: LabelsOut) -> None:
            said = f"{_count(out.records, 'record')} written to {path}."
            self.done(self.labels_out, f"{said} {out.remark}".rstrip(), copied=str(path))

        self.run(
            self.labels_out,
            LaneName.READ,
            lambda token, progress: labels.export(path, token=token, progress=progress),
            title=f"Export labels to {path.name}",
            then=then,
            leaves="No file was written.",
        )

    def import_labels(self, path: Path) -> None:
        """Take labels in."""
        labels = self.context.services.labels

        def then(report: LabelReport) -> None:
            said = (
                f"{_count(report.records, 'record')} read from {path.name}: {report.applied:,} changed rows, "
                f"{report.unchanged:,} said what was so already, {report.kept:,} name nothing here yet and are kept."
            )
            self._say_report(self.labels_in, said, report.rejections, "Line")

        self.run(
            self.labels_in,
            LaneName.WRITE,
            lambda token, progress: labels.import_file(path, token=token, progress=progress),
            title=f"Import labels from {path.name}",
            then=then,
            leaves=_NOT_STORED,
        )

    def import_prices(self, path: Path) -> None:
        """Take prices in."""
        prices = self.context.services.prices

        def then(report: PriceReport) -> None:
            said = f"{_count(report.rows, 'row')} read from {path.name}: {report.stored:,} prices new or changed."
            self._say_report(self.prices_in, said, report.rejections, "Row")
            self.prices_changed.emit()
            self.context.navigator.look_changed.emit()

        self.run(
            self.prices_in,
            LaneName.WRITE,
            lambda token, progress: prices.import_file(path, token=token, progress=progress),
            title=f"Import prices from {path.name}",
            then=then,
            leaves=_NOT_STORED,
        )

    def _say_report(self, row: TaskRow, said: str, rejections: Sequence[Rejection], unit: str) -> None:
        if not rejections:
            self.done(row, said)
            return
        lines = [f"{unit} {each.row}: {plain_line(each.reason, _REASON)}" for each in rejections]
        said = f"{said} {_count(len(rejections), unit.lower())} could not be taken:"
        shown = lines[:_LISTED]
        if len(lines) > _LISTED:
            shown.append(f"and {len(lines) - _LISTED:,} more: copy them all")
        row.say("\n".join([said, *shown]), "warn", copied="\n".join(lines))
        self.context.messages.warn(said.removesuffix(":") + ".", "\n".join(lines))

    def _ask_labels_out(self) -> None:
        ask_new_file(
            self,
            "Export labels",
            name="labels.jsonl",
            filters=_LABELS,
            then=self.export_labels,
            replaces=True,
        )

    def _ask(self, title: str, filters: str, then: Callable[[Path], None]) -> None:
        ask_file(self, title, filters=filters, then=then)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
