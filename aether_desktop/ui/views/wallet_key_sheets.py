"""Taking a key out of the vault: as a key file for other programs, or away for good."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.whole_file import writing
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import wallet_part_name
from aether_desktop.ui.widgets.buttons import plain_button, primary_button
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.path_dialog import ask_new_file
from aether_desktop.ui.widgets.side_sheet import SideSheet


class ExportKeySheet(SideSheet):
    """GUI thread only."""

    def __init__(self, context: UiContext, wallet: Wallet) -> None:
        super().__init__(context.theme, "Export as key file", object_name=wallet_part_name("export_sheet"))
        self._context, self._wallet = context, wallet
        self._name = plain_line(wallet.name, 80)
        why = f"The key of {self._name} in a file that its password opens in any wallet program. It is written down."
        self.body.addWidget(text_label(context.theme, why, wrap=True))
        self.password = NewPasswordForm(
            context.theme, object_name=wallet_part_name("export_password"), label="Password of the file"
        )
        self.body.addWidget(self.password)
        self.write_button = primary_button(
            context.theme, "Choose where\u2026", object_name=wallet_part_name("export_write")
        )
        self.write_button.clicked.connect(self._on_write)
        self.body.addWidget(self.write_button, 0, Qt.AlignmentFlag.AlignLeft)

    def write(self, path: Path, password: Factor) -> None:
        """Write the file, after the audit log says so."""
        own, wallet, name = self._context.services.own_wallets, self._wallet, self._name

        def work() -> None:
            content = own.export(wallet, password)
            with writing(path) as sink:
                sink.write(content.decode("ascii"))

        self._context.act(
            Court.MOST_HOLY,
            f"To export the key of {name}.",
            lambda _token, _progress: work(),
            said=f"The key of {name} is in {path.name}.",
            then=self.closed.emit,
            title=f"Export the key of {name}",
        )

    def _on_write(self) -> None:
        password = self.password.take()
        if password is None:
            return
        ask_new_file(
            self,
            "Export as key file",
            name=f"{self._wallet.address}.json",
            filters="Key files (*.json)",
            then=lambda path: self.write(path, password),
            replaces=True,
        )


class ForgetKeySheet(SideSheet):
    """GUI thread only."""

    def __init__(self, context: UiContext, wallet: Wallet) -> None:
        super().__init__(context.theme, "Remove the key", object_name=wallet_part_name("forget_sheet"))
        self._context, self._wallet = context, wallet
        name = plain_line(wallet.name, 80)
        warning = (
            f"{name} becomes watch-only. Only its words, its private key or a key file bring the key back; without"
            " them nobody can move what it holds."
        )
        self.body.addWidget(text_label(context.theme, warning, wrap=True))
        self.forget_button = plain_button(
            context.theme, "I have them elsewhere: remove the key", object_name=wallet_part_name("forget_now")
        )
        self.forget_button.clicked.connect(self._on_forget)
        self.body.addWidget(self.forget_button, 0, Qt.AlignmentFlag.AlignLeft)

    def _on_forget(self) -> None:
        own, wallet = self._context.services.own_wallets, self._wallet
        self._context.write(
            lambda: own.forget(wallet), then=self.closed.emit, said=f"{plain_line(wallet.name, 80)} is watch-only now."
        )
