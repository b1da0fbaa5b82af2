"""Among the details of a wallet: its address as a QR code, whether its key is kept here, and what can be done then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.wallet_secrets import SecretKind
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.queries import Row
from aether_desktop.ports.wallet_keys import RevealedKey
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.qr_matrix import QrMatrix, qr_matrix
from aether_desktop.ui.object_names import wallet_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import link_button, plain_button
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.qr_code import QrCode

SHOWN_MS: Final = 60_000
_STATES: Final = {
    SecretKind.SEED: "Its words are kept here, sealed in the Most Holy Place.",
    SecretKind.PRIVATE_KEY: "Its private key is kept here, sealed in the Most Holy Place.",
}
_WATCHED: Final = "Watch-only: no key of it is kept here."


class _Facts(NamedTuple):
    wallet: Wallet
    kinds: tuple[SecretKind, ...]
    matrix: QrMatrix


class WalletKeySection(QWidget):
    """What is revealed is hidden again after ``shown_ms``, with the next row, and when the pane is hidden, as the
    screen lock does. GUI thread only."""

    account_asked = Signal(object)
    """(Wallet) Another account of its words."""
    export_asked = Signal(object)
    forget_asked = Signal(object)

    def __init__(self, context: UiContext, *, shown_ms: int = SHOWN_MS) -> None:
        super().__init__()
        self._context = context
        self._row: Row | None = None
        self._wallet: Wallet | None = None
        self.setObjectName(wallet_part_name("key"))
        theme = context.theme
        self.qr = QrCode(object_name=wallet_part_name("qr"))
        self.state = text_label(theme, wrap=True)
        self.state.setObjectName(wallet_part_name("key_state"))
        self.revealed = text_label(theme, mono=True, wrap=True)
        self.revealed.setObjectName(wallet_part_name("revealed"))
        self.revealed.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.reveal_button = plain_button(theme, "Show the key", object_name=wallet_part_name("reveal"))
        self.account_button = link_button(theme, "Another account\u2026", object_name=wallet_part_name("account"))
        self.export_button = link_button(theme, "Export as key file\u2026", object_name=wallet_part_name("export"))
        self.forget_button = link_button(theme, "Remove the key\u2026", object_name=wallet_part_name("forget"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.S, 0, 0)
        column.setSpacing(Space.S)
        column.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.state)
        column.addWidget(self.revealed)
        for button in (self.reveal_button, self.account_button, self.export_button, self.forget_button):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(shown_ms)
        self._due.timeout.connect(self.conceal)
        self.reveal_button.clicked.connect(self._on_reveal)
        for button, signal in (
            (self.account_button, self.account_asked),
            (self.export_button, self.export_asked),
            (self.forget_button, self.forget_asked),
        ):
            button.clicked.connect(self._passing(signal.emit))
        context.navigator.level_locked.connect(self._on_level_locked)
        self.hide()

    def show_row(self, row: Row | None) -> None:
        """Read anew what is kept of the wallet."""
        if row is None or self._row is None or row.id != self._row.id:
            self.conceal()
            self._wallet = None
            self.hide()
        self._row = row
        if row is not None:
            services, row_id = self._context.services, row.id

            def look() -> _Facts:
                wallet = services.storage.wallets.get(row_id)
                return _Facts(wallet, services.own_wallets.kinds(wallet), qr_matrix(wallet.address))

            job = self._context.jobs.read(lambda _token, _progress: look())
            job.on_success(self._on_facts).on_failure(self._context.messages.report)

    def conceal(self) -> None:
        """Take the key off the screen."""
        self._due.stop()
        self.revealed.setText("")
        self.revealed.hide()
        self.reveal_button.setText("Show the key")
        self.reveal_button.setAccessibleName(self.reveal_button.text())

    # -- inside --------------------------------------------------------------------------------------------------

    def _passing(self, emit: Callable[[Wallet], None]) -> Callable[[], None]:
        def passed() -> None:
            if self._wallet is not None:
                emit(self._wallet)

        return passed

    def _on_facts(self, facts: _Facts) -> None:
        if self._row is None or self._row.id != facts.wallet.id:
            return
        self._wallet = facts.wallet
        self.qr.show_matrix(facts.matrix, f"The address as a QR code: {facts.wallet.address}")
        kind = next((each for each in _STATES if each in facts.kinds), None)
        self.state.setText(_WATCHED if kind is None else _STATES[kind])
        for button in (self.reveal_button, self.export_button, self.forget_button):
            button.setVisible(kind is not None)
        self.account_button.setVisible(kind is SecretKind.SEED)
        self.show()

    def _on_reveal(self) -> None:
        wallet = self._wallet
        if wallet is None or self.revealed.text():
            self.conceal()
            return
        own = self._context.services.own_wallets
        job = self._context.with_level(
            Court.MOST_HOLY,
            f"To show the key of {plain_line(wallet.name, 80)}.",
            lambda _token, _progress: own.reveal(wallet),
        )
        job.on_success(partial(self._on_revealed, wallet)).on_failure(self._context.messages.report)

    def _on_revealed(self, wallet: Wallet, found: RevealedKey) -> None:
        if self._wallet is None or self._wallet.id != wallet.id or not self.isVisible():
            return
        if found.words is None:
            text = breakable(found.private_key)
        else:
            words = [f"{at}. {word}" for at, word in enumerate(found.words.listed, start=1)]
            passphrase = [f"Passphrase: {breakable(found.words.passphrase)}"] if found.words.passphrase else []
            text = "\n".join([*words, *passphrase, f"Path: {found.path}"])
        self.revealed.setText(text)
        self.revealed.show()
        self.reveal_button.setText("Hide the key")
        self.reveal_button.setAccessibleName(self.reveal_button.text())
        self._due.start()

    def _on_level_locked(self, level: int) -> None:
        """Level 3 locks after each operation; with a lower one goes everything that was opened."""
        if level < Court.MOST_HOLY:
            self.conceal()

    # Qt overrides

    def hideEvent(self, event: QHideEvent) -> None:
        self.conceal()
        super().hideEvent(event)
