"""What the window says of a vault's keys on the overview: an older key file, an older copy; and what it does then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop import composition
from aether_desktop.bootstrap import WindowProgram
from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.attention import AttentionKind, access_attention
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui import object_names as names
from aether_desktop.ui.object_names import overview_part_name
from tests.integration.locked import PASSWORD, WAIT, made_vault, said, services_of, starting, unlock


def act(program: WindowProgram, words: str) -> QPushButton | None:
    """The button of an entry that needs attention, by its words."""
    card = program.window.findChild(QWidget, overview_part_name("safety"))
    assert card is not None
    found = [each for each in card.findChildren(QPushButton) if each.isVisible() and words in each.text()]
    return found[0] if found else None


def press(qtbot: QtBot, program: WindowProgram, words: str) -> None:
    def there() -> bool:
        return act(program, words) is not None

    qtbot.waitUntil(there, timeout=WAIT)
    button = act(program, words)
    assert button is not None
    button.click()


def attention_of(program: WindowProgram) -> Callable[[], set[AttentionKind]]:
    access = services_of(program).access
    assert access is not None
    return lambda: {each.kind for each in access_attention(access)}


def test_an_older_key_file_is_said_and_accepted_only_by_a_second_click(
    qtbot: QtBot, display: object, tmp_path: Path
) -> None:
    key_file = tmp_path / "books.key"
    path, _ = made_vault(tmp_path, key_file=key_file)
    keys = path.with_name(f"{path.name}.keys")
    old = keys.read_bytes()
    settings = SettingsFile(tmp_path / "meanwhile.json")
    services = composition.open_services(
        composition.Target(vault=path, key_file=key_file), settings=settings, password=Factor.passphrase(PASSWORD)
    )
    assert services.access is not None
    services.access.change_password(Factor.passphrase(PASSWORD), Factor.passphrase("fresh words here"))
    services.close()
    keys.write_bytes(old)
    with starting(qtbot, tmp_path) as start:
        program = start(vault=path, key_file=key_file)
        unlock(qtbot, program)
        kinds = attention_of(program)
        assert AttentionKind.OLDER_KEYS in kinds()
        press(qtbot, program, "I restored a back-up")
        assert AttentionKind.OLDER_KEYS in kinds()
        press(qtbot, program, "for good")
        qtbot.waitUntil(lambda: AttentionKind.OLDER_KEYS not in kinds(), timeout=WAIT)
        qtbot.waitUntil(lambda: act(program, "for good") is None, timeout=WAIT)


def test_an_older_copy_is_said_and_deleted_after_the_vault_was_verified(
    qtbot: QtBot, display: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "books.key"
    path, _ = made_vault(tmp_path, key_file=key_file)
    copy = path.with_name(f"{path.name}.before-0004")
    for ending in ("", ".keys"):
        shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    changing = FileVaultKeys(path, KeyFileDevices(key_file))
    changing.unlock(Factor.passphrase(PASSWORD))
    changing.set_factor(Court.OUTER, Factor.passphrase("fresh words here"))
    with starting(qtbot, tmp_path) as start:
        program = start(vault=path, key_file=key_file)
        unlock(qtbot, program, "fresh words here")
        kinds = attention_of(program)
        assert AttentionKind.OLD_COPIES in kinds()
        storage = services_of(program).storage
        with monkeypatch.context() as patch:
            patch.setattr(storage, "check", lambda **_: ["Page 7 is damaged."])
            press(qtbot, program, "Delete it")
            press(qtbot, program, "Verify the vault")
            qtbot.waitUntil(lambda: "Page 7" in said(program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
            assert copy.exists()
        press(qtbot, program, "Delete it")
        press(qtbot, program, "Verify the vault")
        qtbot.waitUntil(lambda: not copy.exists(), timeout=WAIT)
        assert not list(tmp_path.glob("*before-0004*"))
        qtbot.waitUntil(lambda: act(program, "Verify the vault") is None, timeout=WAIT)
        assert AttentionKind.OLD_COPIES not in kinds()
