"""The panel that asks for the factor of level 2 or 3, or for a new one where the level was not set up yet."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel, button_row, plain_button, primary_button
from aether_desktop.ui.widgets.factor_form import KEY_FILES, NewFactorForm
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.path_dialog import ask_file
from aether_desktop.ui.widgets.secret_field import SecretField
from aether_desktop.ui.widgets.wait_line import WaitLine, refusal_text

_SET_UP = (
    "This level was not set up yet. Choose what opens it from now on: a passphrase other than the password, or a key "
    "file, best on a stick that is not always plugged in."
)
_EDGE = 2  # around what scrolls, inside the frame's line


class StepUpPanel(QFrame):
    """Emits what was given; ``show_level`` begins, ``show_error`` and ``set_busy`` answer. GUI thread only."""

    given = Signal(object)
    """A Factor for the level; the listener wipes it."""
    set_up = Signal(object)
    """A Factor for a level that has none; the listener wipes it."""
    key_file_wanted = Signal(object)
    """The path of a key file to be made, and used then."""
    cancelled = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(names.STEP_UP_PANEL)
        self.setProperty("kind", "floating")
        self._setting_up = False
        self._title = text_label(theme, size=FontSize.HEADING, bold=True, wrap=True)
        self._why = text_label(theme, wrap=True)
        self._why.setObjectName(names.STEP_UP_WHY)
        self._explained = text_label(theme, _SET_UP, kind="dim", wrap=True)
        self.passphrase = SecretField(theme, "Passphrase", object_name=names.STEP_UP_PASSPHRASE)
        self.fresh = NewFactorForm(theme, object_name=f"{names.STEP_UP_PASSPHRASE}_new")
        self._choose = plain_button(theme, "Choose…", object_name=f"{names.STEP_UP_KEY_FILE}_choose")
        self._choose.setAccessibleName("Choose the key file")
        self.key_file = FormField(
            theme, "Or a key file", QLineEdit(), object_name=names.STEP_UP_KEY_FILE, trailing=self._choose
        )
        self._wait = WaitLine(theme, object_name=f"{names.STEP_UP_PANEL}_wait")
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._error = text_label(theme, kind="error", wrap=True)
        self._error.setObjectName(names.STEP_UP_ERROR)
        self.start = primary_button(theme, "Unlock", object_name=names.STEP_UP_START)
        self.cancel = plain_button(theme, "Cancel", object_name=names.STEP_UP_CANCEL)
        self._compose(theme)
        self._connect()
        self.hide()

    def show_level(self, level: Court, why: str, *, exists: bool | None, wait: float = 0.0) -> None:
        """Ask for the level. ``exists`` None: it is not known yet whether it was set up."""
        self._setting_up = exists is False
        doing = "Set up" if self._setting_up else "Unlock"
        self._title.setText(f"{doing} level {int(level)}: {level.title}")
        self.setAccessibleName(self._title.text())
        self._why.setText(breakable(why))
        self._explained.setVisible(self._setting_up)
        self.fresh.setVisible(self._setting_up)
        self.passphrase.setVisible(exists is True)
        self.key_file.setVisible(exists is True)
        self.start.setText("Set up and go on" if self._setting_up else "Unlock")
        self.forget()
        self.set_busy("Looking…" if exists is None else "")
        self._wait.start(wait)
        self.show()
        self.place()
        self.raise_()
        self.focus_field()

    def show_error(self, error: BaseException, *, wait: float = 0.0) -> None:
        """Say why it stays locked."""
        self.set_busy("")
        self._say(refusal_text(error, wait=wait))
        self._wait.start(wait)
        self.focus_field()

    def set_busy(self, text: str) -> None:
        """Hold the fields while something runs; Cancel stays."""
        self._busy.setVisible(bool(text))
        self._busy.setAccessibleName(text or "Working")
        for widget in (self.passphrase, self.fresh, self.key_file):
            widget.setEnabled(not text)
        self._show_startable()
        self._say("")

    def use_key_file(self, path: Path) -> None:
        """Put a key file's path into its field."""
        self.fresh.use_key_file(path)
        self.key_file.editor.setText(str(path))
        self.key_file.set_error("")

    def forget(self) -> None:
        """Empty what was typed."""
        self.passphrase.forget()
        self.fresh.forget()
        self.key_file.editor.setText("")
        self.key_file.set_error("")

    def focus_field(self) -> None:
        """Put the cursor where one types."""
        if self._setting_up:
            self.fresh.setFocus()
        elif not self.passphrase.isHidden():
            self.passphrase.editor.setFocus()
        else:
            self.cancel.setFocus()

    def place(self) -> None:
        """Stand in the upper middle of the window."""
        parent = self.parentWidget()
        if parent is None:
            return
        room = parent.rect()
        width = min(Size.FORM_WIDTH + Space.HUGE, room.width() - 2 * Space.S)
        layout = self._inner.layout()
        edges = 2 * (_EDGE + self.frameWidth())
        high = edges + (0 if layout is None else layout.totalHeightForWidth(width - edges))
        top = max(Space.S, min(Space.HUGE * 2, (room.height() - high) // 3))
        self.setGeometry((room.width() - width) // 2, top, width, min(high, room.height() - 2 * Space.S))

    # ------------------------------------------------------------------------------------------------------- inside
    def _compose(self, theme: Theme) -> None:
        self._inner = QWidget()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        outer.addWidget(scroll)
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(Space.XL, Space.XL, Space.XL, Space.XL)
        column.setSpacing(Space.M)
        head = QHBoxLayout()
        head.setSpacing(Space.M)
        head.addWidget(IconLabel(theme, "lock", size=Size.ICON_LARGE, tone="accent"), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        column.addLayout(head)
        for widget in (self._why, self._explained, self.passphrase, self.fresh, self.key_file):
            column.addWidget(widget)
        for below in (self._wait, self._busy, self._error):
            column.addWidget(below)
        column.addLayout(button_row(self.start, self.cancel, spacing=Space.M))

    def _connect(self) -> None:
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self._on_cancel)
        self.passphrase.editor.returnPressed.connect(self._on_start)
        self.fresh.submitted.connect(self._on_start)
        self.key_file.editor.returnPressed.connect(self._on_start)
        self._wait.changed.connect(self._show_startable)
        self._choose.clicked.connect(self._on_choose)
        self.fresh.key_file_wanted.connect(self.key_file_wanted)

    def _show_startable(self) -> None:
        self.start.setEnabled(self._busy.isHidden() and not self._wait.waiting)
        self.place()

    def _say(self, text: str) -> None:
        self._error.setText(breakable(text))
        self._error.setVisible(bool(text))
        self.place()

    def _on_start(self) -> None:
        if not self.start.isEnabled():
            return
        factor = self._typed()
        if factor is not None:
            self._say("")
            (self.set_up if self._setting_up else self.given).emit(factor)
        self.place()

    def _typed(self) -> Factor | None:
        if self._setting_up:
            return self.fresh.take()
        path = self.key_file.editor.text().strip()
        if path:
            return Factor.key_file(Path(path))
        if not self.passphrase.filled:
            self.passphrase.set_error("Type the passphrase, or choose the key file.")
            return None
        return self.passphrase.take_factor()

    def _on_cancel(self) -> None:
        self.forget()
        self.hide()
        self.cancelled.emit()

    def _on_choose(self) -> None:
        ask_file(self, "Choose the key file", filters=KEY_FILES, then=self.use_key_file)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_cancel()
            return
        super().keyPressEvent(event)
