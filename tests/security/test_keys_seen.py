"""An older key file that is put in the place of a newer one is noticed, whoever put it there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import NEWEST_GENERATION, Factor, KeysNotice
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_header import read_header
from aether_desktop.security.keys_seen import KeysSeen
from aether_desktop.security.pin_stores import FilePinStore, KeyringPinStore, PassingPinStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.support.session_bus import SessionBus

PASSWORD, OTHER = "correct horse", "fresh words here"


def typed(text: str) -> Factor:
    return Factor.passphrase(text)


class Vault:
    """A vault's keys and what this computer remembers of them; ``keys()`` is another start of the program."""

    def __init__(self, folder: Path, name: str = "books.aether") -> None:
        self.folder, self.path = folder, folder / name
        self.header = folder / f"{name}.keys"

    def keys(self, password: str = "") -> FileVaultKeys:
        keys = FileVaultKeys(
            self.path, KeyFileDevices(self.folder / "device.key"), pins=FilePinStore(self.folder / "pins")
        )
        if password:
            keys.unlock(typed(password))
        return keys


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / "pins").mkdir()
    vault = Vault(tmp_path)
    vault.keys().create(typed(PASSWORD))
    return vault


def test_the_form_of_what_is_remembered(vault: Vault) -> None:
    (memory,) = (vault.folder / "pins").glob(".*-keys-*.pin")
    content = vault.header.read_bytes()
    text = bytes.fromhex("0200000012") + b"aether/1/keys-seen"  # tag, length, then the label; see domain.canonical
    number = bytes.fromhex("0300000008") + (1).to_bytes(8, "big")
    digest = bytes.fromhex("0100000020") + hashlib.sha256(content).digest()
    assert memory.read_bytes() == text + number + digest


def test_one_put_back_is_noticed_before_and_after_it_is_opened(vault: Vault) -> None:
    old = vault.header.read_bytes()
    vault.keys(PASSWORD).set_factor(Court.OUTER, typed(OTHER))
    assert vault.keys(OTHER).notice() is None
    vault.header.write_bytes(old)
    assert vault.keys().notice() == KeysNotice(1, 2)
    again = vault.keys(PASSWORD)  # opening it does not make it the latest one
    assert again.notice() == KeysNotice(1, 2)
    again.accept()
    assert again.notice() is None
    assert vault.keys(PASSWORD).notice() is None


def test_another_one_of_the_same_generation_is_noticed(vault: Vault) -> None:
    old = vault.header.read_bytes()
    vault.keys(PASSWORD).set_factor(Court.OUTER, typed(OTHER))
    vault.header.write_bytes(old)
    elsewhere = FileVaultKeys(vault.path, KeyFileDevices(vault.folder / "device.key"))  # remembers nothing
    elsewhere.unlock(typed(PASSWORD))
    elsewhere.add_factor(Court.OUTER, typed("somebody else's"))
    notice = vault.keys().notice()
    assert notice == KeysNotice(2, 2)
    assert "another one" in notice.text


def test_a_newer_one_from_another_computer_is_taken(vault: Vault) -> None:
    elsewhere = FileVaultKeys(vault.path, KeyFileDevices(vault.folder / "device.key"))
    elsewhere.unlock(typed(PASSWORD))
    elsewhere.add_factor(Court.OUTER, typed(OTHER), label="laptop")
    newer = vault.header.read_bytes()
    assert vault.keys(PASSWORD).notice() is None
    elsewhere.add_factor(Court.OUTER, typed(OTHER), label="phone")
    assert vault.keys(PASSWORD).notice() is None
    vault.header.write_bytes(newer)
    assert vault.keys().notice() == KeysNotice(2, 3)


@pytest.mark.parametrize("damage", [b"", b"x", b"aether/1/keys-seen", bytes(200)])
def test_a_damaged_memory_is_said_and_never_taken_for_a_good_one(vault: Vault, damage: bytes) -> None:
    (memory,) = (vault.folder / "pins").glob(".*-keys-*.pin")
    good = memory.read_bytes()
    for content in (damage, good[:-1], good + b"\0", bytes([good[0] ^ 1]) + good[1:]):
        memory.write_bytes(content)
        keys = vault.keys(PASSWORD)
        notice = keys.notice()
        assert notice == KeysNotice(1, NEWEST_GENERATION)
        assert "damaged" in notice.text
    keys.accept()
    assert vault.keys().notice() is None


def test_a_copy_elsewhere_goes_on_by_itself(vault: Vault) -> None:
    copy = Vault(vault.folder, "copy.aether")
    copy.header.write_bytes(vault.header.read_bytes())
    vault.keys(PASSWORD).set_factor(Court.OUTER, typed(OTHER))
    assert copy.keys(PASSWORD).notice() is None
    copy.keys(PASSWORD).set_factor(Court.OUTER, typed("words of the copy"))
    assert copy.keys().notice() is None
    assert vault.keys().notice() is None


def test_it_is_in_the_keyring_and_without_one_nobody_is_kept_out(
    vault: Vault, real_keyring: SecretServiceKeyring
) -> None:
    content = vault.header.read_bytes()
    header = read_header(content)
    seen = KeysSeen(KeyringPinStore(), vault.path)
    seen.note(header, content)
    assert KeysSeen(KeyringPinStore(), vault.path).notice(header, content + b"x") == KeysNotice(1, 1)
    collection = real_keyring.get_preferred_collection()
    (item,) = list(collection.search_items({"service": "aether-desktop pins"}))
    assert PASSWORD.encode() not in item.get_secret()
    collection.connection.close()


def test_without_a_keyring_it_is_remembered_for_this_run(vault: Vault, absent_keyring: SessionBus) -> None:
    keys = FileVaultKeys(
        vault.path, KeyFileDevices(vault.folder / "device.key"), pins=PassingPinStore(KeyringPinStore())
    )
    old = vault.header.read_bytes()
    keys.unlock(typed(PASSWORD))
    keys.set_factor(Court.OUTER, typed(OTHER))
    assert keys.notice() is None
    vault.header.write_bytes(old)
    assert keys.notice() == KeysNotice(1, 2)
