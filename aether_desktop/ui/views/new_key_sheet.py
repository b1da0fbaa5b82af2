"""Making a wallet with a key: new words, words of another program, a private key, or a key file."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.ports.wallet_keys import KEYSTORE_MOST, SeedWords
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import wallet_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import plain_button, primary_button
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, text_label
from aether_desktop.ui.widgets.path_dialog import ask_file
from aether_desktop.ui.widgets.secret_field import SecretField
from aether_desktop.ui.widgets.side_sheet import SideSheet
from aether_desktop.ui.widgets.word_grid import WordGrid

_NEW, _WORDS, _KEY, _FILE = range(4)
_KINDS: Final = ("New words", "Words I have", "Private key", "Key file of another program")
_ASKED: Final = 3
_WHY: Final = (
    "Write the words on paper, in this order. Whoever has them has the money; without them nobody gets it back when"
    " this vault is lost."
)
_WITH_PASSPHRASE: Final = "Only if the words belong with one. Another passphrase is another wallet."  # noqa: S105
_NAMED: Final = {"name": "name", "chain": "chain", "words": "words", "passphrase": "passphrase", "path": "path"} | {
    "private_key": "private_key",
    "password": "key_password",
}


class NewKeySheet(SideSheet):
    """``account_of``: the next account of that wallet's words instead. Keys are made on the write lane, while level 3
    is open. GUI thread only."""

    def __init__(self, context: UiContext, *, account_of: Wallet | None = None) -> None:
        title = "Wallet with a key" if account_of is None else "Another account"
        super().__init__(context.theme, title, object_name=wallet_part_name("new_key_sheet"))
        self._context, self._account_of = context, account_of
        self._seed: SeedWords | None = None
        self._file = b""
        self._checks: dict[int, FormField[QLineEdit]] = {}
        theme = context.theme
        self.kind = Choice()
        self.kind.addItems(_KINDS)
        self.chain = Choice()
        for chain in CHAINS.values():
            if chain.family is AddressFamily.EVM:
                self.chain.addItem(chain.name, chain.key)
        self.name = FormField(theme, "Name", QLineEdit(), object_name=wallet_part_name("name"))
        self.path = FormField(
            theme,
            "Derivation path",
            QLineEdit(),
            hint="Empty: the first account, m/44'/60'/0'/0/0." if account_of is None else "Empty: the next account.",
            object_name=wallet_part_name("path"),
        )
        self.words = SecretField(theme, "The words", object_name=wallet_part_name("words"))
        self.passphrase = SecretField(
            theme, "Passphrase of the words", hint=_WITH_PASSPHRASE, object_name=wallet_part_name("passphrase")
        )
        self.private_key = SecretField(
            theme, "Private key", hint="64 hexadecimal digits.", object_name=wallet_part_name("private_key")
        )
        self.choose_file = plain_button(theme, "Choose the key file\u2026", object_name=wallet_part_name("file"))
        self.key_password = SecretField(theme, "Password of the key file", object_name=wallet_part_name("key_password"))
        self.make_words = plain_button(theme, "Make the words", object_name=wallet_part_name("make_words"))
        self.grid = WordGrid(
            theme, button_name=wallet_part_name("show_words"), object_name=wallet_part_name("word_grid")
        )
        self._why = text_label(theme, _WHY, wrap=True)
        self._check_column = QVBoxLayout()
        self._check_column.setSpacing(Space.S)
        self.keep = primary_button(theme, "Keep this wallet", object_name=wallet_part_name("keep"))
        self.said = text_label(theme, wrap=True)
        self.said.setObjectName(wallet_part_name("new_key_error"))
        self._fill()
        self._connect()
        self._show_kind()

    def drafts(self) -> list[str]:
        """Words that were made and not kept, and what was typed."""
        fields = (self.words, self.private_key, self.key_password)
        if self._seed is not None or any(field.filled for field in fields):
            return ["a wallet with a key that is not kept yet"]
        return []

    @property
    def asked(self) -> tuple[int, ...]:
        """The positions, from 1, that are typed back."""
        return tuple(self._checks)

    def forget(self) -> None:
        """Everything secret goes."""
        self._seed, self._file = None, b""
        self.grid.forget()
        for field in (self.words, self.passphrase, self.private_key, self.key_password):
            field.forget()
        for check in self._checks.values():
            check.editor.setText("")

    # -- inside --------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        theme = self.theme
        if self._account_of is not None:
            whose = plain_line(self._account_of.name, 80)
            self.body.addWidget(text_label(theme, f"An account of the words of {whose}.", kind="dim", wrap=True))
        self._kind_field = FormField(theme, "From", self.kind, object_name=wallet_part_name("kind"))
        self._chain_field = FormField(theme, "Chain", self.chain, object_name=wallet_part_name("chain"))
        for widget in (self._kind_field, self._chain_field, self.name, self.words, self.private_key):
            self.body.addWidget(widget)
        self.body.addWidget(self.choose_file, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.key_password, self.passphrase, self.path):
            self.body.addWidget(widget)
        self.body.addWidget(self.make_words, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._why)
        self.body.addWidget(self.grid)
        self.body.addLayout(self._check_column)
        self.body.addWidget(self.said)
        self.body.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.make_words.clicked.connect(self._on_make_words)
        self.choose_file.clicked.connect(self._on_choose_file)
        self.keep.clicked.connect(self._on_keep)
        self.closed.connect(self.forget)

    def _show_kind(self) -> None:
        kind, own = self.kind.currentIndex(), self._account_of is None
        made = self._seed is not None
        wanted: dict[QWidget, bool] = {
            self._kind_field: own,
            self._chain_field: own,
            self.words: own and kind == _WORDS,
            self.passphrase: own and kind == _WORDS,
            self.path: not own or kind == _WORDS,
            self.private_key: own and kind == _KEY,
            self.choose_file: own and kind == _FILE,
            self.key_password: own and kind == _FILE,
            self.make_words: own and kind == _NEW and not made,
            self._why: own and kind == _NEW and made,
            self.grid: own and kind == _NEW and made,
            self.keep: not own or kind != _NEW or made,
        }
        for widget, visible in wanted.items():
            widget.setVisible(visible)
        for check in self._checks.values():
            check.setVisible(own and kind == _NEW)
        self._say("")

    def _on_make_words(self) -> None:
        """Level 3 first: nobody writes words down that then cannot be kept."""
        own = self._context.services.own_wallets
        try:
            own.require_active()
        except AetherError as error:
            self._say(str(error))
            return
        job = self._context.with_level(
            Court.MOST_HOLY, "To keep the words of a new wallet.", lambda _token, _progress: own.new_words()
        )
        job.on_success(self._on_words).on_failure(self._on_failed)

    def _on_words(self, seed: SeedWords) -> None:
        self._seed = seed
        self.grid.set_words(seed.listed)
        for position in sorted(secrets.SystemRandom().sample(range(1, len(seed.listed) + 1), _ASKED)):
            edit = QLineEdit()
            edit.setMaxLength(40)
            edit.setInputMethodHints(Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhSensitiveData)
            name = wallet_part_name(f"check_{position}")
            field = FormField(self.theme, f"Word {position} on your paper", edit, object_name=name)
            self._checks[position] = field
            self._check_column.addWidget(field)
        self._show_kind()

    def _on_choose_file(self) -> None:
        ask_file(self, "Key file", filters="Key files (*.json UTC*);;All files (*)", then=self.take_file)

    def take_file(self, path: Path) -> None:
        """Read a key file that was chosen."""

        def read() -> bytes:
            try:
                with path.open("rb") as file:
                    return file.read(KEYSTORE_MOST + 1)
            except OSError as error:
                raise InvalidInputError(f"{path.name} cannot be read: {error.strerror}.", field="file") from error

        job = self._context.jobs.read(lambda _token, _progress: read())
        job.on_success(partial(self._on_file, path)).on_failure(self._on_failed)

    def _on_file(self, path: Path, content: bytes) -> None:
        self._file = content
        self.choose_file.setText(plain_line(path.name, 60))

    def _on_keep(self) -> None:
        work = self._work()
        if work is None:
            return
        self.keep.setEnabled(False)
        self._say("")
        name = plain_line(self.name.editor.text().strip(), 80) or "the wallet"
        job = self._context.with_level(Court.MOST_HOLY, f"To seal the key of {name}.", lambda _token, _progress: work())
        job.on_success(self._on_kept).on_failure(self._on_failed).on_cancelled(self._on_given_up)

    def _work(self) -> Callable[[], Wallet] | None:
        """What keeps the wallet; None where something is missing, which is said then."""
        own, kind = self._context.services.own_wallets, self.kind.currentIndex()
        name, path = self.name.editor.text(), self.path.editor.text().strip()
        chain = str(self.chain.currentData())
        account_of = self._account_of
        if account_of is not None:
            return lambda: own.add_account(account_of, name, path=path)
        if kind == _NEW:
            seed = self._seed
            return None if seed is None or not self._checked(seed) else lambda: own.add_from_words(name, chain, seed)
        if kind == _WORDS:
            typed = SeedWords(self.words.editor.text(), self.passphrase.editor.text())
            return lambda: own.add_from_words(name, chain, typed, path=path)
        if kind == _KEY:
            key = self.private_key.editor.text()
            return lambda: own.add_from_private_key(name, chain, key)
        file, password = self._file, bytearray(self.key_password.editor.text().encode("utf-8", "surrogatepass"))
        if not file:
            self._say("Choose the key file first.")
            return None
        return lambda: own.add_from_keystore(name, chain, file, password)

    def _checked(self, seed: SeedWords) -> bool:
        """Whether the words typed back are right; says which is not."""
        for position, field in self._checks.items():
            right = field.editor.text().strip().casefold() == seed.listed[position - 1]
            field.set_error("" if right else "This is another word than the one shown.")
            if not right:
                field.editor.setFocus()
                return False
        return True

    def _on_given_up(self) -> None:
        self.keep.setEnabled(True)

    def _on_kept(self, wallet: Wallet) -> None:
        self.forget()
        self._context.messages.done(f"{plain_line(wallet.name, 80)} is kept, its key sealed: {wallet.address}")
        self.closed.emit()

    def _on_failed(self, error: BaseException) -> None:
        self.keep.setEnabled(True)
        named = _NAMED.get(error.field) if isinstance(error, InvalidInputError) else None
        field = getattr(self, named, None) if named else None
        if isinstance(field, FormField) and field.isVisible() and isinstance(error, AetherError):
            field.set_error(str(error))
            field.editor.setFocus()
        elif isinstance(error, AetherError):
            self._say(str(error))
        else:
            self._context.messages.report(error)

    def _say(self, text: str) -> None:
        self.said.setText(breakable(text))
        self.said.setVisible(bool(text))
