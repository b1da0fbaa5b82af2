"""The security card of the settings: password, recovery kit, levels, what opens the vault, when it locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.vault_keys import (
    DeviceKeyReport,
    DeviceKeyState,
    Factor,
    FactorKind,
    LevelDescription,
    SlotDescription,
)
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.settings_file import IDLE_MINUTES, LOCK_VAULT_ON_SLEEP
from aether_desktop.services.vault_access import AccessState, VaultAccess
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.views.security_forms import LevelChangeForm, PasswordChangeForm
from aether_desktop.ui.views.ways_in import WaysIn
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, rule, set_kind, text_label
from aether_desktop.ui.widgets.task_row import TaskRow
from aether_desktop.ui.zone import visible_zone

_IDLE_CHOICES = (1, 5, 15, 30, 60)  # minutes
_KINDS = {FactorKind.PASSPHRASE: "a passphrase", FactorKind.KEY_FILE: "a key file", FactorKind.KIT: "the recovery kit"}
_COMPROMISED = (
    "Somebody may know the password, or have had this computer in their hands. Everything gets new keys: the old "
    "password, recovery kit and key files open nothing any more. Copies that somebody took before still open."
)


@dataclass(frozen=True, slots=True)
class _Found:
    state: AccessState
    levels: tuple[LevelDescription, ...]
    device: DeviceKeyReport
    session_problem: str


class SecurityCard(Card):
    """Reads what opens the vault on the read lane when it is shown. GUI thread only."""

    def __init__(self, context: UiContext, access: VaultAccess) -> None:
        super().__init__(context.theme, "Security")
        self._context, self._access = context, access
        self._found: _Found | None = None
        theme = context.theme
        self.password = self._row("password", "Password", "", button="Change…", start=self._on_password)
        self.password_form = PasswordChangeForm(
            theme, object_name=settings_part_name("password_form"), known=(context.services.info.vault_name,)
        )
        self.password_form.chosen.connect(self._on_password_chosen)
        self.body.addWidget(self.password_form)
        self.kit = self._row("kit", "Recovery kit", "", button="Make one…", start=context.navigator.kit_asked.emit)
        self.levels: dict[Court, TaskRow] = {}
        self.level_forms: dict[Court, LevelChangeForm] = {}
        for level in (Court.HOLY, Court.MOST_HOLY):
            self._add_level(level)
        self.body.addWidget(rule())
        self.ways = WaysIn(theme)
        self.ways.removal_asked.connect(self._on_remove)
        self.body.addWidget(self.ways)
        self.keyring = text_label(theme, kind="dim", wrap=True)
        self.keyring.setObjectName(settings_part_name("keyring"))
        self.body.addWidget(self.keyring)
        self._add_timers()
        self.compromised = self._row(
            "compromised", "Password or device compromised", _COMPROMISED, button="Begin…", start=self._on_compromised
        )
        context.navigator.locks_changed.connect(self.refresh)
        self._show_choices()

    def refresh(self) -> None:
        """Look again how things stand."""
        access, context = self._access, self._context

        def look(_token: CancelToken, _progress: Progress) -> _Found:
            return _Found(access.state, access.describe(), access.device(), context.session_problem())

        context.jobs.read(look, repeatable=False).on_success(self._on_found).on_failure(context.messages.report)

    # ------------------------------------------------------------------------------------------------------- filling
    def _row(self, part: str, title: str, text: str, *, button: str, start: Callable[[], object]) -> TaskRow:
        if self.body.count():
            self.body.addWidget(rule())
        row = TaskRow(self._context.theme, title, text, button=button, object_name=settings_part_name(part))
        row.started.connect(start)
        self.body.addWidget(row)
        return row

    def _add_level(self, level: Court) -> None:
        part = f"level_{int(level)}"
        row = self._row(
            part, f"Level {int(level)}: {level.title}", "", button="Change…", start=partial(self._on_level, level)
        )
        form = LevelChangeForm(self._context.theme, object_name=settings_part_name(f"{part}_form"))
        form.chosen.connect(partial(self._on_level_chosen, level))
        form.key_file_wanted.connect(partial(self._on_key_file_wanted, level))
        self.body.addWidget(form)
        self.levels[level], self.level_forms[level] = row, form

    def _add_timers(self) -> None:
        theme = self._context.theme
        self.body.addWidget(rule())
        self.idle = FormField(
            theme, "Lock the screen after", Choice(), hint="Without a key or a click.",
            object_name=settings_part_name("idle"),
        )  # fmt: skip
        for minutes in _IDLE_CHOICES:
            self.idle.editor.addItem("1 minute" if minutes == 1 else f"{minutes} minutes", minutes)
        self.sleep = QCheckBox("Lock the vault as well when the computer goes to sleep")
        self.sleep.setObjectName(settings_part_name("sleep"))
        self.sleep.setAccessibleName(self.sleep.text())
        self.sleep.setFont(theme.fonts.interface())
        self.session = text_label(theme, kind="dim", wrap=True)
        self.session.setObjectName(settings_part_name("session"))
        for widget in (self.idle, self.sleep, self.session):
            self.body.addWidget(widget)
        self.idle.editor.activated.connect(self._on_idle)
        self.sleep.toggled.connect(self._on_sleep)

    def _show_choices(self) -> None:
        settings = self._context.settings
        minutes = IDLE_MINUTES.get(settings)
        nearest = min(_IDLE_CHOICES, key=lambda choice: abs(choice - minutes))
        self.idle.editor.setCurrentIndex(_IDLE_CHOICES.index(nearest))
        with QSignalBlocker(self.sleep):
            self.sleep.setChecked(LOCK_VAULT_ON_SLEEP.get(settings))

    def _on_found(self, found: _Found) -> None:
        self._found = found
        old = found.state is AccessState.OLD
        first = found.levels[0]
        if old:
            self.password.explain(
                "None: whoever can read your keyring or key file can open this vault.", button="Set one…"
            )
        else:
            made = [slot.created for slot in first.slots if slot.kind is not FactorKind.KIT and slot.here]
            day = f"Set {self._day(max(made))}." if made else "None on this device; the recovery kit opened the vault."
            self.password.explain(day, button="Change…" if made else "Set one…")
        self.kit.explain(
            _kit_words(found.levels, self._day), button="Make a new one…" if first.has_kit else "Make one…"
        )
        for level, row in self.levels.items():
            described = found.levels[level - 1]
            row.explain(_level_words(described), button="Change…" if described.exists else "Set up…")
        for widget in (self.kit, self.compromised, self.idle, self.sleep, self.ways, *self.levels.values()):
            widget.setEnabled(not old)
        self.ways.show_slots([slot for level in found.levels for slot in level.slots], day=self._day)
        present = found.device.state is DeviceKeyState.PRESENT
        self.keyring.setText(breakable(" ".join(filter(None, (found.device.message, found.device.hint)))))
        set_kind(self.keyring, "dim" if present else "warn")
        self.session.setText(found.session_problem)
        self.session.setVisible(bool(found.session_problem))

    def _day(self, moment: datetime) -> str:
        return time_text(moment, visible_zone(self._context.settings), year=True)

    # ------------------------------------------------------------------------------------------------------ password
    def _on_password(self) -> None:
        found = self._found
        if found is None:
            return
        if found.state is AccessState.OLD:
            self._context.navigator.first_password_asked.emit()
        elif self._access.opened_by_kit:
            self._context.navigator.kit_password_asked.emit()
        else:
            self.password_form.show()
            self.password_form.setFocus()

    def _on_password_chosen(self, current: Factor, new: Factor) -> None:
        access = self._access
        self._run(
            self.password,
            lambda: access.change_password(current, new),
            done="The password is changed. Copies of the vault made before still open with the old one.",
            form=self.password_form,
        )

    # -------------------------------------------------------------------------------------------------------- levels
    def _on_level(self, level: Court) -> None:
        found = self._found
        if found is None:
            return
        exists = found.levels[level - 1].exists
        job = self._context.require_level(level, "To change what opens it." if exists else "To set it up.")
        job.on_failure(self._context.messages.report)
        if exists:
            job.on_success(lambda _none: self._open_form(level))
        else:
            job.on_success(lambda _none: self._on_set_up(level))

    def _open_form(self, level: Court) -> None:
        form = self.level_forms[level]
        form.show()
        form.setFocus()

    def _on_set_up(self, level: Court) -> None:
        self.levels[level].say(f"Level {int(level)} is set up.", "ok")
        self._context.navigator.locks_changed.emit()

    def _on_level_chosen(self, level: Court, factor: Factor) -> None:
        access = self._access
        self._run(
            self.levels[level],
            lambda: access.set_factor(level, factor),
            done=f"Level {int(level)} opens with the new factor; the old one opens nothing any more.",
            form=self.level_forms[level],
        )

    def _on_key_file_wanted(self, level: Court, path: Path) -> None:
        access, form = self._access, self.level_forms[level]
        job = self._context.jobs.read(lambda _token, _progress: access.make_key_file(path), repeatable=False)
        job.on_success(lambda _none: form.factor.use_key_file(path)).on_failure(self._context.messages.report)

    def _on_remove(self, slot: SlotDescription) -> None:
        access = self._access

        def remove(_none: object) -> None:
            job = self._context.jobs.read(lambda _token, _progress: access.remove_slot(slot))
            job.on_success(lambda _gone: self._on_removed()).on_failure(self._context.messages.report)

        asked = self._context.require_level(slot.level, "To remove what opens it.")
        asked.on_success(remove).on_failure(self._context.messages.report)

    def _on_removed(self) -> None:
        self._context.messages.done("Removed: it opens nothing any more.")
        self._context.navigator.locks_changed.emit()

    # ------------------------------------------------------------------------------------------------------- choices
    def _on_idle(self, _index: int) -> None:
        IDLE_MINUTES.set(self._context.settings, int(self.idle.editor.currentData()))
        self._context.navigator.locks_changed.emit()

    def _on_sleep(self, on: bool) -> None:
        LOCK_VAULT_ON_SLEEP.set(self._context.settings, on)

    def _on_compromised(self) -> None:
        self._context.navigator.compromised_asked.emit()

    def _run(
        self, row: TaskRow, work: Callable[[], object], *, done: str, form: PasswordChangeForm | LevelChangeForm
    ) -> None:
        form.setEnabled(False)
        job = self._context.jobs.read(lambda _token, _progress: work(), repeatable=False)
        row.watch(job)

        def succeeded(_none: object) -> None:
            form.setEnabled(True)
            form.close_form()
            row.say(done, "ok")
            self._context.navigator.locks_changed.emit()

        def failed(error: BaseException) -> None:
            form.setEnabled(True)
            form.setFocus()
            if isinstance(error, AetherError):
                row.say(str(error), "error")
            else:
                self._context.messages.report(error)

        job.on_success(succeeded).on_failure(failed)


def _kit_words(levels: tuple[LevelDescription, ...], day: Callable[[datetime], str]) -> str:
    kit = next((slot for slot in levels[0].slots if slot.kind is FactorKind.KIT), None)
    if kit is None:
        return "None: with a forgotten password or a lost computer nobody can open this vault again."
    missing = [str(int(level.level)) for level in levels if level.exists and not level.has_kit]
    more = f" It does not open level {' and '.join(missing)}, which came after it." if missing else ""
    return f"Made {day(kit.created)}.{more} A new one makes the old one worthless."


def _level_words(described: LevelDescription) -> str:
    if not described.exists:
        needed = {Court.HOLY: "payment identifiers", Court.MOST_HOLY: "wallet secrets"}[described.level]
        return f"Not set up. It keeps {needed} closed while the vault is open."
    ways = [slot for slot in described.slots if slot.kind is not FactorKind.KIT]
    kinds = " or ".join(plain_line(_KINDS[slot.kind], 40) for slot in ways) or "the recovery kit alone"
    return f"Opens with {kinds}. {'Open now.' if described.is_open else 'Locked now.'}"
