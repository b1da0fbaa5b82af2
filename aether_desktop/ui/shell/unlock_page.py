"""The page of a locked vault or screen: password or recovery kit, how the keyring stands, how long to wait."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.ports.vault_keys import DeviceKeyReport, DeviceKeyState, Factor
from aether_desktop.ui import object_names as names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.alone_page import AlonePage
from aether_desktop.ui.widgets.buttons import IconLabel, button_row, link_button, primary_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.secret_field import SecretField
from aether_desktop.ui.widgets.wait_line import WaitLine, refusal_text

_WORD_LINES = 4
_KIT_LIMIT = 1000  # letters of 24 words, generously


class LockKind(StrEnum):
    """VAULT: nothing is open. SCREEN: the vault is open behind the page."""

    VAULT = "vault"
    SCREEN = "screen"


class UnlockPage(AlonePage):
    """Emits what was typed; whoever listens answers by ``show_error``, ``show_keyring``, ``set_busy``. GUI thread only.

    The page empties its fields each time they were read.
    """

    unlock_asked = Signal(object)
    """A Factor; the listener sees to it that it is wiped."""
    other_asked = Signal()
    """Another vault than this one."""

    def __init__(self, theme: Theme, *, kind: LockKind, vault_name: str = "") -> None:
        title = "Locked" if kind is LockKind.SCREEN else f"Unlock {vault_name}" if vault_name else "Unlock the vault"
        line = "The vault goes on working behind this page." if kind is LockKind.SCREEN else ""
        super().__init__(theme, object_name=names.UNLOCK_PAGE, icon="lock", title=title, line=line)
        self.title.setObjectName(names.UNLOCK_TITLE)
        self.said.setObjectName(names.UNLOCK_ERROR)
        self.busy.setObjectName(names.UNLOCK_BUSY)
        self._working = False
        self.password = SecretField(theme, "Password", object_name=names.UNLOCK_PASSWORD)
        words = QPlainTextEdit()
        words.setTabChangesFocus(True)
        words.setUndoRedoEnabled(False)
        words.setFixedHeight(_WORD_LINES * words.fontMetrics().lineSpacing() + 3 * Space.S)
        words.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        self.words = FormField(
            theme,
            "The 24 words of the recovery kit",
            words,
            hint="In their order, with spaces between them. Numbers and line breaks do not matter.",
            object_name=names.UNLOCK_KIT_WORDS,
        )
        self.start = primary_button(theme, "Unlock", object_name=names.UNLOCK_START)
        self.use_kit = link_button(theme, "Use the recovery kit", object_name=names.UNLOCK_USE_KIT)
        self.use_password = link_button(theme, "Use the password", object_name=names.UNLOCK_USE_PASSWORD)
        self.other = link_button(theme, "Open another vault", object_name=names.UNLOCK_OTHER)
        self.other.setVisible(kind is LockKind.VAULT)
        self.wait = WaitLine(theme, object_name=names.UNLOCK_WAIT)
        self._keyring = _KeyringLine(theme)
        self._fill()
        self._connect()
        self.show_kit(on=False)

    # ---------------------------------------------------------------------------------------------------- what is so
    def show_keyring(self, report: DeviceKeyReport | None) -> None:
        """Say how the keyring stands where that matters for opening the vault here."""
        self._keyring.show_report(report)
        if report is not None and report.state in (DeviceKeyState.MISSING, DeviceKeyState.ABSENT):
            self.show_kit(on=True)

    def show_error(self, error: BaseException, *, wait: float = 0.0) -> None:
        """Say why it stays locked, and for how long nothing can be tried."""
        self.set_busy("")
        self.say(refusal_text(error, wait=wait), wrong=True)
        self.wait.start(wait)
        self.focus_field()

    def set_busy(self, text: str) -> None:
        """Say what is being done and hold the fields; an empty text lets them go."""
        self._working = bool(text)
        self.show_busy(text)
        for widget in (self.password, self.words, self.use_kit, self.use_password, self.other):
            widget.setEnabled(not text)
        self._show_startable()

    def show_kit(self, *, on: bool) -> None:
        """Ask for the kit's words instead of the password, or the other way round."""
        self.password.setVisible(not on)
        self.words.setVisible(on)
        self.use_kit.setVisible(not on)
        self.use_password.setVisible(on)
        self.forget()
        self.focus_field()

    def forget(self) -> None:
        """Empty what was typed."""
        self.password.forget()
        self.words.editor.setPlainText("")

    def focus_field(self) -> None:
        """Put the cursor where one types."""
        (self.words if self._by_kit else self.password).editor.setFocus()

    @property
    def _by_kit(self) -> bool:
        return not self.words.isHidden()

    # ------------------------------------------------------------------------------------------------------- inside
    def _fill(self) -> None:
        self.body.addWidget(self._keyring)
        self.body.addWidget(self.password)
        self.body.addWidget(self.words)
        self.body.addWidget(self.wait)
        self.body.addLayout(button_row(self.start, self.use_kit, self.use_password, spacing=Space.M))
        self.foot.addWidget(self.other)
        self.foot.addStretch(1)

    def _connect(self) -> None:
        self.start.clicked.connect(self._on_start)
        self.password.editor.returnPressed.connect(self._on_start)
        self.use_kit.clicked.connect(lambda: self.show_kit(on=True))
        self.use_password.clicked.connect(lambda: self.show_kit(on=False))
        self.other.clicked.connect(self.other_asked)
        self.wait.changed.connect(self._show_startable)

    def _on_start(self) -> None:
        if self._working or self.wait.waiting:
            return
        factor = self._typed()
        if factor is not None:
            self.say("")
            self.unlock_asked.emit(factor)

    def _typed(self) -> Factor | None:
        if self._by_kit:
            text = self.words.editor.toPlainText()[:_KIT_LIMIT]
            self.words.set_error("" if text.strip() else "Type the words of the kit.")
            return Factor.kit(text) if text.strip() else None
        if not self.password.filled:
            self.password.set_error("Type the password.")
            return None
        return self.password.take_factor()

    def _show_startable(self) -> None:
        self.start.setEnabled(not self.wait.waiting and not self._working)

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.focus_field()


class _KeyringLine(QWidget):
    """How the keyring stands: what it is, and what it means."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(names.UNLOCK_KEYRING)
        self._message = text_label(theme, wrap=True)
        self._meaning = text_label(theme, size=FontSize.SMALL, kind="dim", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.M)
        row.addWidget(IconLabel(theme, "warning", tone="warn"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(self._message)
        words.addWidget(self._meaning)
        row.addLayout(words, 1)
        self.hide()

    def show_report(self, report: DeviceKeyReport | None) -> None:
        shown = report is not None and report.state is not DeviceKeyState.PRESENT
        if report is not None:
            self._message.setText(breakable(report.message))
            self._meaning.setText(breakable(report.hint))
            self.setAccessibleName(f"{report.message} {report.hint}")
        self.setVisible(shown)
