"""Wallets with a key on the page: made with words that are typed back, restored, imported, shown, exported, removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.wallet_keys import SeedWords
from aether_desktop.security.evm_keys import parse_private_key
from aether_desktop.security.keystore import read_keystore, write_keystore
from aether_desktop.security.wallet_keys import EvmWalletKeys
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.sums.built_in import BUILT_IN
from aether_desktop.ui.models.qr_matrix import qr_matrix
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.new_key_sheet import NewKeySheet
from aether_desktop.ui.views.wallet_key_section import WalletKeySection
from aether_desktop.ui.views.wallet_key_sheets import ExportKeySheet, ForgetKeySheet
from aether_desktop.ui.views.wallets import WalletsView
from tests.services.signers import Signers
from tests.support.storages import KEY, vault_template
from tests.ui.ledgers import WAIT, Ledger, opened_ledger

SEED = SeedWords("test test test test test test test test test test test junk")
FIRST, SECOND = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SECOND_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
PRIVATE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@dataclass
class Page:
    view: WalletsView
    ledger: Ledger
    qtbot: QtBot

    def sheet(self) -> NewKeySheet:
        """The sheet that the header's button opens."""
        self.view.new_key_button.click()
        found = self.view.side.form
        assert isinstance(found, NewKeySheet)
        return found

    def kept(self, sheet: NewKeySheet) -> list[Wallet]:
        """The wallets, after the sheet was told to keep one."""
        with self.qtbot.waitSignal(sheet.closed, timeout=WAIT):
            sheet.keep.click()
        return self.ledger.services.storage.wallets.all()

    def section(self) -> WalletKeySection:
        (found,) = self.view.details.findChildren(WalletKeySection)
        return found

    def restored(self) -> WalletKeySection:
        """The section, showing a wallet that was restored behind the page."""
        self.ledger.services.own_wallets.add_from_words("Restored", "atc", SEED)
        self.view.refresh()
        self.qtbot.waitUntil(lambda: self.view.model.rowCount() == 1 and self.section().isVisible(), timeout=WAIT)
        return self.section()


@pytest.fixture
def page(tmp_path: Path, ledger_templates: Path, theme: Theme, qtbot: QtBot) -> Iterator[Page]:
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(ledger_templates), path)
    path.chmod(0o600)
    storage, settings = open_vault(path, KEY), SettingsFile(tmp_path / "settings.json")

    def close() -> None:
        storage.close()
        settings.close()

    services = build_services(
        storage,
        settings,
        ModuleService(settings, BUILT_IN),
        on_close=close,
        sealer=Signers(storage).identity.sealer,
        wallet_keys=EvmWalletKeys,
    )
    with opened_ledger(path, tmp_path, theme, services=services) as ledger:
        view = WalletsView(ledger.context)
        qtbot.addWidget(view, before_close_func=lambda _view: view.close_model())
        view.resize(1180, 900)
        with qtbot.waitSignal(view.model.count_changed, timeout=WAIT):
            view.show()
        qtbot.waitExposed(view)
        yield Page(view, ledger, qtbot)


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_new_words_are_shown_and_typed_back(page: Page) -> None:
    sheet = page.sheet()
    assert not sheet.keep.isVisible()
    sheet.name.editor.setText("Treasury")
    sheet.make_words.click()
    page.qtbot.waitUntil(sheet.grid.isVisible, timeout=WAIT)
    seed = sheet._seed
    assert seed is not None
    assert seed.listed[0] not in texts(sheet.grid).split()  # hidden at first
    sheet.grid.show_button.click()
    assert set(seed.listed) <= set(texts(sheet.grid).split())
    assert sheet.drafts()
    sheet.keep.click()  # nothing typed back
    first = sheet._checks[sheet.asked[0]]
    assert first.error
    for position in sheet.asked:
        sheet._checks[position].editor.setText(f" {seed.listed[position - 1].upper()} ")
    (wallet,) = page.kept(sheet)
    assert (wallet.name, wallet.chain, wallet.watch_only) == ("Treasury", "atc", False)
    assert page.ledger.services.own_wallets.reveal(wallet).words == seed


def test_words_with_passphrase_and_path_restore_a_wallet(page: Page) -> None:
    sheet = page.sheet()
    sheet.kind.setCurrentIndex(1)
    sheet.name.editor.setText("Restored")
    sheet.words.editor.setText(SEED.words.replace("junk", "jnk"))
    sheet.keep.click()
    page.qtbot.waitUntil(lambda: "Word 12" in sheet.words.error, timeout=WAIT)
    assert page.ledger.services.storage.wallets.all() == []
    sheet.words.editor.setText(SEED.words)
    sheet.path.editor.setText("m/44'/60'/0'/0/1")
    (wallet,) = page.kept(sheet)
    assert wallet.address == SECOND
    assert not sheet.words.filled


def test_a_private_key_and_a_key_file_are_imported(page: Page, tmp_path: Path) -> None:
    sheet = page.sheet()
    sheet.kind.setCurrentIndex(2)
    sheet.name.editor.setText("Key")
    sheet.private_key.editor.setText("0x12")
    sheet.keep.click()
    page.qtbot.waitUntil(lambda: "64 hexadecimal digits" in sheet.private_key.error, timeout=WAIT)
    sheet.private_key.editor.setText(PRIVATE_KEY)
    assert [wallet.address for wallet in page.kept(sheet)] == [FIRST]
    with parse_private_key(SECOND_KEY) as key:
        (tmp_path / "UTC--key").write_bytes(write_keystore(key, bytearray(b"manna"), work=2))
    sheet = page.sheet()
    sheet.kind.setCurrentIndex(3)
    sheet.name.editor.setText("File")
    sheet.take_file(tmp_path / "UTC--key")
    page.qtbot.waitUntil(lambda: "UTC--key" in sheet.choose_file.text(), timeout=WAIT)
    sheet.key_password.editor.setText("quails")
    sheet.keep.click()
    page.qtbot.waitUntil(lambda: bool(sheet.key_password.error), timeout=WAIT)
    sheet.key_password.editor.setText("manna")
    assert {wallet.address for wallet in page.kept(sheet)} == {FIRST, SECOND}


def test_the_details_show_address_and_key(page: Page) -> None:
    section = page.restored()
    assert "words are kept here" in section.state.text()
    assert section.qr.accessibleName().endswith(FIRST)
    assert section.qr.matrix == qr_matrix(FIRST)
    picture = section.qr.grab().toImage()
    side = round(picture.width() / (len(section.qr.matrix) + 8))
    for down, row in enumerate(section.qr.matrix):  # what a camera sees, in the middle of each square
        for across, dark in enumerate(row):
            middle = QPoint((across + 4) * side + side // 2, (down + 4) * side + side // 2)
            assert (picture.pixelColor(middle).lightness() < 128) is bool(dark)
    assert picture.pixelColor(1, 1).lightness() == 255
    section.reveal_button.click()
    page.qtbot.waitUntil(lambda: "12. junk" in section.revealed.text(), timeout=WAIT)
    assert "m/44'/60'/0'/0/0" in section.revealed.text()
    section._context.navigator.level_locked.emit(3)
    assert section.revealed.text()  # level 3 locks after every operation
    section._context.navigator.level_locked.emit(1)
    assert not section.revealed.text()
    section.reveal_button.click()
    page.qtbot.waitUntil(lambda: bool(section.revealed.text()), timeout=WAIT)
    page.view.hide()  # as the screen lock does
    assert not section.revealed.text()
    assert page.ledger.services.storage.audit.recent(1)[0].action == "wallets.reveal_key"


def test_a_revealed_key_goes_by_itself(page: Page) -> None:
    section = page.restored()
    section._due.setInterval(30)
    with page.qtbot.waitSignal(section._due.timeout, timeout=WAIT):
        section.reveal_button.click()
    assert not section.revealed.text()


def test_another_account_of_the_words(page: Page) -> None:
    page.restored().account_button.click()
    sheet = page.view.side.form
    assert isinstance(sheet, NewKeySheet)
    assert not sheet.kind.isVisible()
    sheet.name.editor.setText("restored")
    sheet.keep.click()
    page.qtbot.waitUntil(lambda: bool(sheet.name.error), timeout=WAIT)  # the name is taken
    sheet.name.editor.setText("Second")
    assert {wallet.address for wallet in page.kept(sheet)} == {FIRST, SECOND}


def test_a_key_is_exported_and_removed(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aether_desktop.security.wallet_keys.write_keystore", partial(write_keystore, work=2))
    section = page.restored()
    section.export_button.click()
    export = page.view.side.form
    assert isinstance(export, ExportKeySheet)
    with page.qtbot.waitSignal(export.closed, timeout=WAIT):
        export.write(tmp_path / "out.json", Factor.passphrase("fourteen cubits of cedar"))
    with read_keystore((tmp_path / "out.json").read_bytes(), bytearray(b"fourteen cubits of cedar")) as key:
        assert f"0x{key.data.hex()}" == PRIVATE_KEY
    section.forget_button.click()
    forget = page.view.side.form
    assert isinstance(forget, ForgetKeySheet)
    with page.qtbot.waitSignal(forget.closed, timeout=WAIT):
        forget.forget_button.click()
    (wallet,) = page.ledger.services.storage.wallets.all()
    assert wallet.watch_only
    page.view.refresh()
    page.qtbot.waitUntil(lambda: "Watch-only" in section.state.text(), timeout=WAIT)
    assert not section.reveal_button.isVisibleTo(section)


def test_a_vault_that_seals_nothing_says_what_to_do(ledger: Ledger, qtbot: QtBot) -> None:
    sheet = NewKeySheet(ledger.context)
    qtbot.addWidget(sheet)
    sheet.make_words.click()
    assert "People page" in sheet.said.text()
