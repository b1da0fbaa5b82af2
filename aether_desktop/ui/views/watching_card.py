"""The card about watching nodes: when the window is closed, at login, while locked, and what is told when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QTime
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QTimeEdit, QWidget

from aether_desktop.domain.quiet import QuietHours
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.services.autostart import Autostart, started_carried
from aether_desktop.services.settings_file import DESKTOP_NOTICES, KEEP_WATCHING
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.shell.tray import NO_TRAY, has_tray
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import text_label

_KEEP = "The icon in the tray stays and brings the window back."
_LOCKED = (
    "Endpoints and states of your nodes, and nothing else, then lie in a file of their own beside the vault, encrypted "
    "with a key in this computer's keyring. Without it the icon says: locked, not watching."
)
_BEGIN, _END = QTime(22, 0), QTime(7, 0)


class WatchingCard(Card):
    """Each acts at once. GUI thread only."""

    def __init__(self, context: UiContext, *, autostart: Autostart | None = None) -> None:
        super().__init__(context.theme, "Watching nodes")
        self._context = context
        self._autostart = Autostart(carried=started_carried()) if autostart is None else autostart
        self.keep = self._choice("keep_watching", "Keep watching when the window is closed", "")
        self.login = self._choice("at_login", "Start at login, in the tray", self._autostart.problem)
        self.locked = self._choice("watch_locked", "Watch while the vault is locked", _LOCKED)
        self.notices = self._choice("desktop_notices", "Tell me by notices of the desktop", "")
        self.quiet = self._choice("quiet_hours", "Quiet hours: nothing is told, everything is in the history", "")
        self.begin, self.end = QTimeEdit(_BEGIN), QTimeEdit(_END)
        hours = QWidget()
        row = QHBoxLayout(hours)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        for title, editor, part in (("From", self.begin, "quiet_from"), ("To", self.end, "quiet_to")):
            editor.setDisplayFormat("HH:mm")
            row.addWidget(FormField(context.theme, title, editor, object_name=settings_part_name(part)))
            editor.timeChanged.connect(self._on_quiet)
        row.addStretch(1)
        self.body.addWidget(hours)
        self._hours = hours
        self._show_chosen()
        self.keep[0].toggled.connect(lambda on: KEEP_WATCHING.set(context.settings, on))
        self.login[0].toggled.connect(self._on_login)
        self.locked[0].toggled.connect(self._on_locked)
        self.notices[0].toggled.connect(lambda on: DESKTOP_NOTICES.set(context.settings, on))
        self.quiet[0].toggled.connect(self._on_quiet)

    def refresh(self) -> None:
        """Look again how things stand; the files are looked at on the read lane."""
        self._show_chosen()
        autostart, watching = self._autostart, self._context.services.locked_watching

        def look() -> tuple[bool, bool]:
            return autostart.on, watching is not None and watching.allowed

        job = self._context.jobs.read(lambda _token, _progress: look())
        job.on_success(self._on_looked).on_failure(self._context.messages.report)

    def _choice(self, part: str, text: str, hint: str) -> tuple[QCheckBox, QLabel]:
        theme = self._context.theme
        box = QCheckBox(text)
        box.setObjectName(settings_part_name(part))
        box.setAccessibleName(text)
        box.setAccessibleDescription(hint)
        box.setFont(theme.fonts.interface())
        note = text_label(theme, hint, kind="dim", wrap=True)
        note.setVisible(bool(hint))
        self.body.addWidget(box)
        self.body.addWidget(note)
        return box, note

    def _show_chosen(self) -> None:
        settings, services = self._context.settings, self._context.services
        hours = services.quiet_hours.get()
        for box, on in (
            (self.keep[0], KEEP_WATCHING.get(settings)),
            (self.notices[0], DESKTOP_NOTICES.get(settings)),
            (self.quiet[0], hours is not None),
        ):
            with QSignalBlocker(box):
                box.setChecked(on)
        note = self.keep[1]
        note.setVisible(True)
        note.setText(_KEEP if has_tray() else f"{NO_TRAY} The window then stays open instead of hiding.")
        self.keep[0].setAccessibleDescription(note.text())
        if hours is not None:
            for editor, at in ((self.begin, hours.begin), (self.end, hours.end)):
                with QSignalBlocker(editor):
                    editor.setTime(QTime(at.hour, at.minute))
        self._hours.setVisible(hours is not None)
        self.login[0].setEnabled(not self._autostart.problem)
        self.locked[0].setVisible(services.locked_watching is not None)
        self.locked[1].setVisible(services.locked_watching is not None)

    def _on_looked(self, found: tuple[bool, bool]) -> None:
        for box, on in ((self.login[0], found[0]), (self.locked[0], found[1])):
            with QSignalBlocker(box):
                box.setChecked(on)

    def _on_login(self, on: bool) -> None:
        autostart = self._autostart
        said = "Aether starts at login." if on else "Aether does not start at login any more."
        self._run(lambda: autostart.set(on=on), said)

    def _on_locked(self, on: bool) -> None:
        watching = self._context.services.locked_watching
        if watching is None:
            return
        said = "Nodes are watched while the vault is locked." if on else "The file is gone; locked means not watching."
        self._run(watching.allow if on else watching.forbid, said)

    def _on_quiet(self) -> None:
        on, service = self.quiet[0].isChecked(), self._context.services.quiet_hours
        self._hours.setVisible(on)
        if not on:
            service.set(None)
            return
        begin, end = (time(each.time().hour(), each.time().minute()) for each in (self.begin, self.end))
        try:
            service.set(QuietHours(begin=begin, end=end, zone=own_zone()))
        except InvalidRecordError as error:
            self._context.messages.warn(error.reason)

    def _run(self, work: Callable[[], object], said: str) -> None:
        def done(_result: object) -> None:
            self._context.messages.done(said)
            self.refresh()

        def failed(error: BaseException) -> None:
            self._context.messages.report(error)
            self.refresh()

        job = self._context.jobs.write(lambda _token, _progress: work())
        job.on_success(done).on_failure(failed)


def own_zone() -> str:
    """The IANA name of this computer's zone; UTC where the system does not say."""
    try:
        target = str(Path("/etc/localtime").resolve())
    except OSError:
        target = ""
    _, mark, name = target.partition("/zoneinfo/")
    return name.removeprefix("posix/") if mark and name else "UTC"
