"""A new factor of a level: a passphrase typed twice, or a key file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.path_dialog import ask_file, ask_new_file

KEY_FILES = "Key files (*.key);;All files (*)"


class NewFactorForm(QWidget):
    """``take`` gives the factor, or says what is missing. ``key_file_wanted``: the listener makes that file, then calls
    ``use_key_file``. Parts are named after ``object_name``: _repeat, _strength, _key_file. GUI thread only."""

    key_file_wanted = Signal(object)
    submitted = Signal()

    def __init__(self, theme: Theme, *, object_name: str, label: str = "New passphrase") -> None:
        super().__init__()
        self.passphrase = NewPasswordForm(theme, object_name=object_name, label=label)
        choose = plain_button(theme, "Choose…", object_name=f"{object_name}_key_file_choose")
        choose.setAccessibleName("Choose the key file")
        self.key_file = FormField(
            theme, "Or a key file", QLineEdit(), object_name=f"{object_name}_key_file", trailing=choose
        )
        make = link_button(theme, "Make a new key file", object_name=f"{object_name}_key_file_make")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(self.passphrase)
        column.addWidget(self.key_file)
        column.addWidget(make, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.passphrase)
        choose.clicked.connect(self._on_choose)
        make.clicked.connect(self._on_make)
        self.passphrase.submitted.connect(self.submitted)
        self.key_file.editor.returnPressed.connect(self.submitted)

    def take(self) -> Factor | None:
        """The factor; None when neither is complete, and then nothing typed is lost."""
        path = self.key_file.editor.text().strip()
        if path:
            self.forget()
            return Factor.key_file(Path(path))
        return self.passphrase.take()

    def use_key_file(self, path: Path) -> None:
        """Put a key file's path into its field."""
        self.key_file.editor.setText(str(path))

    def forget(self) -> None:
        """Empty all fields."""
        self.passphrase.forget()
        self.key_file.editor.setText("")

    def _on_choose(self) -> None:
        ask_file(self, "Choose the key file", filters=KEY_FILES, then=self.use_key_file)

    def _on_make(self) -> None:
        ask_new_file(self, "Make a new key file", name="level.key", filters=KEY_FILES, then=self.key_file_wanted.emit)
