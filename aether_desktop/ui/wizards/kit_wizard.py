"""Making a recovery kit: why, the 24 words on demand, a page for paper, and some words typed back."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ports.vault_keys import RecoveryKit
from aether_desktop.services.vault_access import VaultAccess
from aether_desktop.ui import object_names as names
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import button_row, link_button, plain_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.path_dialog import ask_new_file

_WHY: Final = (
    "24 words that open the vault when the password is forgotten, the computer is lost or the keyring is empty. "
    "Without them nobody can open it then, not even we. Write them down or print them, and keep them away from "
    "this computer."
)
_RISK: Final = "Whoever has the words and a copy of the vault can open it. They are kept nowhere but on your paper."
_ASKED: Final = 3
_COLUMNS: Final = 3
_HIDDEN: Final = "\u2022" * 6


class KitWizard(AlonePage):
    """Two steps: the words, then some of them typed back. ``finished`` when the kit opens the vault, ``put_off`` when
    it was left; nothing is valid before. GUI thread only."""

    finished = Signal()
    put_off = Signal()

    def __init__(self, theme: Theme, *, jobs: JobRunner, access: VaultAccess, vault_name: str) -> None:
        super().__init__(theme, object_name=names.KIT_PAGE, icon="key", title="Recovery kit")
        self.said.setObjectName(names.KIT_ERROR)
        self._jobs, self._access, self._vault_name = jobs, access, vault_name
        self._kit: RecoveryKit | None = None
        self._asked: tuple[int, ...] = ()
        self._fields: dict[int, FormField[QLineEdit]] = {}
        self._show = plain_button(theme, "Show the words", object_name=names.KIT_SHOW)
        self._show.setCheckable(True)
        self._save = plain_button(theme, "Save a page to print…", object_name=names.KIT_SAVE)
        self._saved = text_label(theme, size=FontSize.SMALL, kind="dim", wrap=True)
        self._words: list[QLabel] = []
        self._checks = QVBoxLayout()
        self.next = primary_button(theme, "I have them: go on", object_name=names.KIT_NEXT)
        self.back = plain_button(theme, "Back", object_name=names.KIT_BACK)
        self.later = link_button(theme, "Later", object_name=names.KIT_LATER)
        self._fill()
        self._connect()
        self._show_step(0)
        self._make()

    @property
    def asked(self) -> tuple[int, ...]:
        """The positions, from 1, that are to be typed back."""
        return self._asked

    def forget(self) -> None:
        """Take the words off the screen and out of the page."""
        self._kit = None
        self._show.setChecked(False)
        for field in self._fields.values():
            field.editor.setText("")

    # ------------------------------------------------------------------------------------------------------- filling
    def _fill(self) -> None:
        self._steps = (self._words_step(), self._checks_step())
        for step in self._steps:
            self.body.addWidget(step)
        self.body.addLayout(button_row(self.back, self.next, self.later, spacing=Space.M))

    def _words_step(self) -> QWidget:
        step = QWidget()
        column = QVBoxLayout(step)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(text_label(self.theme, _WHY, wrap=True))
        column.addWidget(text_label(self.theme, _RISK, kind="dim", wrap=True))
        self._grid = QWidget()
        self._grid.setObjectName(names.KIT_WORDS)
        self._grid.setAccessibleName("The words of the kit")
        self._cells = QGridLayout(self._grid)
        self._cells.setContentsMargins(0, Space.S, 0, Space.S)
        self._cells.setHorizontalSpacing(Space.M)
        self._cells.setVerticalSpacing(Space.XS)
        column.addWidget(self._grid)
        column.addLayout(button_row(self._show, self._save, spacing=Space.M))
        column.addWidget(self._saved)
        self._saved.hide()
        return step

    def _checks_step(self) -> QWidget:
        step = QWidget()
        column = QVBoxLayout(step)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.M)
        column.addWidget(text_label(self.theme, "Type these words from your paper.", wrap=True))
        self._checks.setSpacing(Space.S)
        column.addLayout(self._checks)
        column.addStretch(1)
        return step

    def _connect(self) -> None:
        self._show.toggled.connect(self._on_shown)
        self._save.clicked.connect(self._on_save)
        self.next.clicked.connect(self._on_next)
        self.back.clicked.connect(lambda: self._show_step(0))
        self.later.clicked.connect(self._on_later)

    # --------------------------------------------------------------------------------------------------------- steps
    def _make(self) -> None:
        self._hold("Making the words…")
        self.later.setEnabled(True)
        job = self._jobs.read(lambda _token, _progress: self._access.new_kit(self._vault_name))
        job.on_success(self._on_made).on_failure(self._on_failed)

    def _on_made(self, kit: RecoveryKit) -> None:
        self._hold("")
        self._kit = kit
        rows = -(-len(kit.words) // _COLUMNS)
        self._grid.hide()  # in sight, each word would lay out all of them again
        for at in range(len(kit.words)):
            column, row = divmod(at, rows)
            number = text_label(self.theme, str(at + 1), size=FontSize.SMALL, kind="dim")
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            word = text_label(self.theme, _HIDDEN, mono=True)
            self._cells.addWidget(number, row, 2 * column)
            self._cells.addWidget(word, row, 2 * column + 1)
            self._cells.setColumnStretch(2 * column + 1, 1)
            self._words.append(word)
        self._grid.show()
        positions = sorted(secrets.SystemRandom().sample(range(1, len(kit.words) + 1), _ASKED))
        self._asked = tuple(positions)
        for position in positions:
            edit = QLineEdit()
            edit.setMaxLength(40)
            edit.setInputMethodHints(Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhSensitiveData)
            field = FormField(self.theme, f"Word {position}", edit, object_name=names.kit_check_name(position))
            edit.returnPressed.connect(self.next.click)
            edit.textEdited.connect(lambda _text, of=field: of.set_error(""))
            self._fields[position] = field
            self._checks.addWidget(field)

    def _on_shown(self, shown: bool) -> None:
        words = self._kit.words if shown and self._kit is not None else (_HIDDEN,) * len(self._words)
        for label, word in zip(self._words, words, strict=True):
            label.setText(word)
        self._show.setText("Hide the words" if shown else "Show the words")

    def _on_save(self) -> None:
        kit = self._kit
        if kit is None:
            return

        def write(path: Path) -> None:
            from aether_desktop.ui.wizards.kit_paper import write_kit_page  # noqa: PLC0415  # wanted by few

            where = path if path.suffix else path.with_suffix(".pdf")
            job = self._jobs.read(lambda _token, _progress: write_kit_page(kit, where))
            job.on_success(self._on_saved).on_failure(self._on_failed)

        ask_new_file(self, "Save a page to print", name="recovery-kit.pdf", filters="PDF (*.pdf)", then=write)

    def _on_saved(self, path: Path) -> None:
        self.say("")
        self._saved.setText(f"Saved as {path.name}. Print it, then delete the file.")
        self._saved.show()

    def _on_next(self) -> None:
        if self._kit is None:
            return
        if not self._steps[0].isHidden():
            self._show_step(1)
            self._fields[self._asked[0]].editor.setFocus()
            return
        typed = {position: field.editor.text() for position, field in self._fields.items()}
        missing = [position for position, text in typed.items() if not text.strip()]
        if missing:
            self._fields[missing[0]].set_error("Type the word.")
            self._fields[missing[0]].editor.setFocus()
            return
        kit, access = self._kit, self._access
        self._hold("Making the kit valid…")
        job = self._jobs.read(lambda _token, _progress: access.keep_kit(kit, typed))
        job.on_success(lambda _none: self._on_kept()).on_failure(self._on_failed)
        job.on_cancelled(lambda: self._hold(""))

    def _on_kept(self) -> None:
        self._hold("")
        self.forget()
        self.finished.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._hold("")
        if isinstance(error, InvalidInputError) and error.field.startswith("word "):
            field = self._fields[int(error.field.removeprefix("word "))]
            field.set_error(str(error))
            field.editor.setFocus()
            return
        self.say(str(error) if isinstance(error, AetherError) else type(error).__name__, wrong=True)

    def _on_later(self) -> None:
        self.forget()
        self.put_off.emit()

    def _show_step(self, number: int) -> None:
        self._show.setChecked(False)
        for at, step in enumerate(self._steps):
            step.setVisible(at == number)
        self.back.setVisible(number > 0)
        self.next.setText("Keep this kit" if number else "I have them: go on")
        self.next.setAccessibleName(self.next.text())

    def _hold(self, text: str) -> None:
        self.show_busy(text)
        for widget in (*self._steps, self.next, self.back, self.later):
            widget.setEnabled(not text)

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._show.setChecked(False)
