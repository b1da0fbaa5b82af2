"""The first page: create a vault, open one, connect to a shared database, answer an invitation, or try the sample."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.domain.text import plain_line
from aether_desktop.ui import object_names as names
from aether_desktop.ui.shell.choice_row import ChoiceRow
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconButton, IconLabel, link_button, plain_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import set_kind, text_label
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.scrolling import fill_middle

_MOST_RECENT = 5
_SUFFIX = ".aether"
_FILTER = f"Vaults (*{_SUFFIX})"
_INVITATIONS = "Invitations (*.aether-invitation);;All files (*)"
_SCHEMES = ("postgresql://", "postgres://")


class _Form(NamedTuple):
    row: ChoiceRow
    field: FormField[QLineEdit] | None
    start: QPushButton


class FirstRunPage(QWidget):
    """Five choices, one open at a time, each with its form in place. Emits what was chosen; checks only the form.

    ``set_busy`` while the choice is carried out, ``show_error`` when it failed: nothing typed is lost. GUI thread only.
    """

    create_chosen = Signal(str, object)
    """Path of the vault to create, and the Factor that opens it; the listener wipes that."""
    open_chosen = Signal(str)
    """Path of the vault to open."""
    connect_chosen = Signal(str)
    """Address of the database."""
    invited_chosen = Signal(str, str)
    """Path of the invitation, and its one-time secret."""
    sample_chosen = Signal()
    diagnostics_asked = Signal()

    def __init__(
        self, theme: Theme, *, proposed_vault: Path, recent: Sequence[Path] = (), parent: QWidget | None = None
    ) -> None:
        """``recent``: vaults that were opened before, offered in the form that opens one."""
        super().__init__(parent)
        self._theme = theme
        self.setObjectName(names.FIRST_RUN)
        self._error = text_label(theme, kind="error", wrap=True)
        self._error.setObjectName(names.FIRST_RUN_ERROR)
        self._error.hide()
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setAccessibleName("Working")
        self._busy.hide()
        self._create = self._create_form(proposed_vault)
        self._open = self._open_form(recent)
        self._connect = self._connect_form()
        self._invited = self._invited_form()
        self._sample = self._sample_form()
        self._forms = (self._create, self._open, self._connect, self._invited, self._sample)
        self._compose()
        for form in self._forms:
            form.row.opened.connect(self._on_opened)
        (self._open if recent else self._create).row.set_open(opened=True)

    def set_busy(self, text: str) -> None:
        """Say what is being done and hold the buttons; an empty text lets them go."""
        self._busy.setVisible(bool(text))
        self._busy.setAccessibleName(text or "Working")
        if text:
            self._say(text, wrong=False)
        elif self._error.property("kind") == "dim":
            self._error.hide()
        for form in self._forms:
            form.row.setEnabled(not text)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.set_busy("")
        self._say(text, wrong=True)

    # ------------------------------------------------------------------------------------------------- the choices
    def _create_form(self, proposed: Path) -> _Form:
        field = self._path_field("Where to keep it", names.FIRST_RUN_CREATE_PATH, names.FIRST_RUN_CREATE_BROWSE)
        field.editor.setText(str(proposed))
        self.password = NewPasswordForm(self._theme, object_name=names.FIRST_RUN_CREATE_PASSWORD)
        row = self._row("vault", "Create a vault", "A new, encrypted file on this computer.", names.FIRST_RUN_CREATE)
        start = primary_button(self._theme, "Create vault", object_name=names.FIRST_RUN_CREATE_START)
        note = "The password and a key in your desktop's keyring open it together; neither is written beside the file."
        form = self._finish(row, note, start, field)
        row.body.insertWidget(1, self.password)
        field.editor.returnPressed.disconnect()
        field.editor.returnPressed.connect(self.password.setFocus)
        self.password.submitted.connect(start.click)
        return form

    def _open_form(self, recent: Sequence[Path]) -> _Form:
        field = self._path_field("Vault file", names.FIRST_RUN_OPEN_PATH, names.FIRST_RUN_OPEN_BROWSE)
        row = self._row("folder", "Open a vault", "A vault that exists already, or a backup.", names.FIRST_RUN_OPEN)
        start = plain_button(self._theme, "Open vault", object_name=names.FIRST_RUN_OPEN_START)
        form = self._finish(row, "", start, field)
        for number, path in enumerate(recent[:_MOST_RECENT], 1):
            words = f"{plain_line(path.stem, 40)}  in {plain_line(str(path.parent), 60)}".replace("&", "&&")
            button = link_button(self._theme, words, object_name=names.first_run_recent_name(number))
            button.setAccessibleName(f"Open the vault {plain_line(path.stem, 40)}")
            button.clicked.connect(partial(self.open_chosen.emit, str(path)))
            row.body.insertWidget(number, button, 0, Qt.AlignmentFlag.AlignLeft)
        return form

    def _connect_form(self) -> _Form:
        edit = QLineEdit()
        edit.setPlaceholderText("postgresql://name@host/database")
        hint = "A password in the address moves to your desktop's keyring and is written nowhere else."
        field = FormField(
            self._theme, "Address of the database", edit, hint=hint, object_name=names.FIRST_RUN_CONNECT_URL
        )
        edit.setFont(self._theme.fonts.mono(FontSize.BODY))
        row = self._row(
            "server", "Connect to a shared PostgreSQL", "Books that several people keep.", names.FIRST_RUN_CONNECT
        )
        start = plain_button(self._theme, "Connect", object_name=names.FIRST_RUN_CONNECT_START)
        return self._finish(row, "", start, field)

    def _invited_form(self) -> _Form:
        field = self._path_field("Invitation file", names.FIRST_RUN_INVITED_PATH, names.FIRST_RUN_INVITED_BROWSE)
        row = self._row(
            "link", "I was invited", "Somebody gave you a file, and told you a secret.", names.FIRST_RUN_INVITED
        )
        start = plain_button(self._theme, "Answer the invitation", object_name=names.FIRST_RUN_INVITED_START)
        note = "Next you choose a password of your own: nobody else learns it, also not who invited you."
        form = self._finish(row, note, start, field)
        edit = QLineEdit()
        edit.setFont(self._theme.fonts.mono(FontSize.BODY))
        self.secret = FormField(self._theme, "One-time secret", edit, object_name=names.FIRST_RUN_INVITED_SECRET)
        row.body.insertWidget(1, self.secret)
        edit.textEdited.connect(lambda _text: self.secret.set_error(""))
        field.editor.returnPressed.disconnect()
        field.editor.returnPressed.connect(edit.setFocus)
        edit.returnPressed.connect(start.click)
        return form

    def _sample_form(self) -> _Form:
        row = self._row(
            "sample", "Try the sample vault", "Made-up wallets and history to look around in.", names.FIRST_RUN_SAMPLE
        )
        start = plain_button(self._theme, "Open the sample", object_name=names.FIRST_RUN_SAMPLE_START)
        return self._finish(row, "It is a copy: change what you like. It needs no keyring.", start, None)

    def _row(self, icon: str, title: str, line: str, object_name: str) -> ChoiceRow:
        return ChoiceRow(self._theme, icon=icon, title=title, line=line, object_name=object_name)

    def _finish(self, row: ChoiceRow, note: str, start: QPushButton, field: FormField[QLineEdit] | None) -> _Form:
        if field is not None:
            row.body.addWidget(field)
            field.editor.returnPressed.connect(start.click)
            field.editor.textEdited.connect(lambda _text: field.set_error(""))
        if note:
            row.body.addWidget(text_label(self._theme, note, kind="dim", wrap=True))
        row.body.addWidget(start, 0, Qt.AlignmentFlag.AlignLeft)
        form = _Form(row, field, start)
        start.clicked.connect(lambda: self._on_start(form))
        return form

    def _path_field(self, label: str, path_name: str, browse_name: str) -> FormField[QLineEdit]:
        browse = IconButton(self._theme, "folder", f"Choose: {label}", object_name=browse_name)
        field = FormField(self._theme, label, QLineEdit(), object_name=path_name, trailing=browse)
        creating = path_name == names.FIRST_RUN_CREATE_PATH
        browse.clicked.connect(lambda: self._browse(field, creating=creating))
        return field

    def _compose(self) -> None:
        frame = QFrame()
        frame.setProperty("kind", "card")
        choices = QVBoxLayout(frame)
        choices.setContentsMargins(Space.S, Space.S, Space.S, Space.S)
        choices.setSpacing(Space.XS)
        for form in self._forms:
            choices.addWidget(form.row)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setSpacing(Space.M)
        brand = QHBoxLayout()
        brand.setSpacing(Space.M)
        brand.addWidget(IconLabel(self._theme, "app", size=Size.HERO_ICON, tone="accent"))
        brand.addWidget(text_label(self._theme, "Aether", size=FontSize.HERO, bold=True), 1)
        column.addStretch(1)
        column.addLayout(brand)
        welcome = "Wallets, ledger and temple nodes, in books that only you can open."
        column.addWidget(text_label(self._theme, welcome, kind="dim", wrap=True))
        column.addWidget(frame)
        column.addWidget(self._busy)
        column.addWidget(self._error)
        diagnostics = link_button(self._theme, "Diagnostics", object_name=names.FIRST_RUN_DIAGNOSTICS)
        diagnostics.clicked.connect(self.diagnostics_asked)
        column.addWidget(diagnostics, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        fill_middle(self, inner)

    # ------------------------------------------------------------------------------------------------------- slots
    def _say(self, text: str, *, wrong: bool) -> None:
        set_kind(self._error, "error" if wrong else "dim")
        self._error.setText(text)
        self._error.show()

    def _browse(self, field: FormField[QLineEdit], *, creating: bool) -> None:
        invitation = field.editor.objectName() == names.FIRST_RUN_INVITED_PATH
        filters = _INVITATIONS if invitation else _FILTER
        dialog = QFileDialog(self, field.editor.accessibleName(), field.editor.text(), filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if creating else QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile if creating else QFileDialog.FileMode.ExistingFile)
        if creating:
            dialog.setDefaultSuffix(_SUFFIX.removeprefix("."))
        dialog.setOption(
            QFileDialog.Option.DontConfirmOverwrite
        )  # nothing is overwritten: an existing vault is refused
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(field.editor.setText)
        dialog.open()

    def _on_opened(self) -> None:
        for form in self._forms:
            if form.row is not self.sender():
                form.row.set_open(opened=False)
        self._error.hide()

    def _on_start(self, form: _Form) -> None:
        typed = form.field.editor.text().strip() if form.field is not None else ""
        wrong = self._objection(form, typed)
        if form.field is not None:
            form.field.set_error(wrong)
        if wrong:
            return
        self._error.hide()
        if form is self._create:
            password = self.password.take()
            if password is not None:
                self.create_chosen.emit(typed if Path(typed).suffix else typed + _SUFFIX, password)
        elif form is self._open:
            self.open_chosen.emit(typed)
        elif form is self._connect:
            self.connect_chosen.emit(typed)
        elif form is self._invited:
            self._choose_invitation(typed)
        else:
            self.sample_chosen.emit()

    def _choose_invitation(self, path: str) -> None:
        secret = self.secret.editor.text().strip()
        self.secret.set_error("" if secret else "Type the secret that you were told.")
        if secret:
            self.invited_chosen.emit(path, secret)

    def _objection(self, form: _Form, typed: str) -> str:
        if form.field is None:
            return ""
        if form is self._connect:
            if not typed:
                return "Type the address your administrator gave you."
            return "" if typed.startswith(_SCHEMES) else "An address begins with postgresql://"
        if not typed:
            if form is self._invited:
                return "Choose the file that you were given."
            return "Choose a place and a name for the vault." if form is self._create else "Choose the vault's file."
        return "" if Path(typed).expanduser().is_absolute() else "Give the whole path, from the root."
