"""Small forms that open under a row of the security card: another password, another factor of a level."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import button_row, plain_button, primary_button
from aether_desktop.ui.widgets.factor_form import NewFactorForm
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.secret_field import SecretField

_Secret = SecretField | NewPasswordForm | NewFactorForm


class _InlineForm(QWidget):
    """Fields and two buttons. Hidden until it is asked for; ``cancelled`` when it was emptied and hidden again."""

    cancelled = Signal()

    def __init__(self, theme: Theme, *, fields: Sequence[_Secret], object_name: str, save: str) -> None:
        super().__init__()
        self._fields = fields
        self.save = primary_button(theme, save, object_name=f"{object_name}_save")
        self.cancel = plain_button(theme, "Cancel", object_name=f"{object_name}_cancel")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.XS, 0, Space.XS)
        column.setSpacing(Space.S)
        for field in fields:
            column.addWidget(field)
        column.addLayout(button_row(self.save, self.cancel))
        self.cancel.clicked.connect(self.close_form)
        self.hide()

    def close_form(self) -> None:
        """Empty it and hide it."""
        for field in self._fields:
            field.forget()
        self.hide()
        self.cancelled.emit()


class PasswordChangeForm(_InlineForm):
    """``chosen(current, new)``: two Factors; the listener sees to it that they are wiped."""

    chosen = Signal(object, object)

    def __init__(self, theme: Theme, *, object_name: str, known: tuple[str, ...]) -> None:
        current = SecretField(theme, "Present password", object_name=f"{object_name}_current")
        new = NewPasswordForm(theme, object_name=f"{object_name}_new", label="New password", known=known)
        super().__init__(theme, fields=(current, new), object_name=object_name, save="Change the password")
        self.current, self.new = current, new
        self.setFocusProxy(self.current.editor)
        self.save.clicked.connect(self._on_save)
        self.new.submitted.connect(self._on_save)
        self.current.editor.returnPressed.connect(self.new.setFocus)

    def _on_save(self) -> None:
        if not self.current.filled:
            self.current.set_error("Type the present password.")
            self.current.editor.setFocus()
            return
        new = self.new.take()
        if new is None:
            return
        current = self.current.take_factor()
        if current is None:
            new.wipe()
            return
        self.chosen.emit(current, new)


class LevelChangeForm(_InlineForm):
    """``chosen(factor)`` for the level; ``key_file_wanted(path)`` as in NewFactorForm."""

    chosen = Signal(object)
    key_file_wanted = Signal(object)

    def __init__(self, theme: Theme, *, object_name: str) -> None:
        factor = NewFactorForm(theme, object_name=f"{object_name}_new")
        super().__init__(theme, fields=(factor,), object_name=object_name, save="Change it")
        self.factor = factor
        self.setFocusProxy(self.factor)
        self.factor.key_file_wanted.connect(self.key_file_wanted)
        self.factor.submitted.connect(self._on_save)
        self.save.clicked.connect(self._on_save)

    def _on_save(self) -> None:
        factor = self.factor.take()
        if factor is not None:
            self.chosen.emit(factor)
