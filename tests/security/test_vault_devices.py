"""The device's key in the keyring, locked or absent too, and vaults from before there were passwords."""

from __future__ import annotations

import pytest
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    KeyMissingError,
    KeyStoreAbsentError,
    KeyStoreLockedError,
)
from aether_desktop.ports.vault_keys import DeviceKeyState
from aether_desktop.security.device_keys import KeyringDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.security.vault_places import (
    PASSWORD,
    Place,
    file_keys,
    made,
    place,
    three,
    typed,
    words,
)
from tests.support.session_bus import SessionBus

__all__ = ["made", "place", "three"]


class TestKeyring:
    def test_the_vault_needs_both_the_keyring_and_the_password(
        self, real_keyring: SecretServiceKeyring, place: Place
    ) -> None:
        assert FileVaultKeys(place.vault, KeyringDevices()).device().message == "The keyring answers."
        FileVaultKeys(place.vault, KeyringDevices()).create(typed(PASSWORD))
        keys = FileVaultKeys(place.vault, KeyringDevices())
        assert keys.device().state is DeviceKeyState.PRESENT
        with pytest.raises(WrongFactorError):
            keys.unlock(typed("another password"))
        keys.unlock(typed(PASSWORD))
        keys.set_factor(Court.OUTER, typed("a new password"))
        keys.compromise({Court.OUTER: typed("newest password")})
        FileVaultKeys(place.vault, KeyringDevices()).unlock(typed("newest password"))
        collection = real_keyring.get_preferred_collection()
        for item in list(collection.get_all_items()):
            item.delete()
        collection.connection.close()
        lost = FileVaultKeys(place.vault, KeyringDevices())
        with pytest.raises(KeyMissingError, match="recovery kit"):
            lost.unlock(typed("newest password"))
        assert lost.device().state is DeviceKeyState.MISSING
        assert "recovery kit" in lost.device().hint

    def test_a_locked_keyring_is_said_and_the_kit_opens_without_it(
        self, locked_keyring: SessionBus, made: Place
    ) -> None:
        keys = made.unlocked()
        kit = keys.new_kit("Books")
        keys.keep_kit(kit)
        with_keyring = FileVaultKeys(made.vault, KeyringDevices())
        with pytest.raises(KeyStoreLockedError):
            with_keyring.unlock(typed(PASSWORD))
        report = with_keyring.device()
        assert report.state is DeviceKeyState.LOCKED
        assert "Unlock it" in report.hint
        with_keyring.unlock(words(kit))
        assert not with_keyring.describe()[0].slots[0].here

    def test_an_absent_keyring_is_said_and_nothing_is_made(self, absent_keyring: SessionBus, place: Place) -> None:
        keys = FileVaultKeys(place.vault, KeyringDevices())
        with pytest.raises(KeyStoreAbsentError):
            keys.create(typed(PASSWORD))
        assert not place.header.exists()
        assert keys.device().state is DeviceKeyState.ABSENT
        assert "plain text" in keys.device().hint


class TestOldVaults:
    def test_one_with_a_key_file_gets_a_password_and_a_new_file_key(self, place: Place) -> None:
        old = KeyFileStore(place.device).create(place.vault)
        keys = place.keys()
        assert not keys.exists()
        keys.convert(typed(PASSWORD))
        present, following = file_keys(keys)
        assert present == old != following
        assert KeyFileStore(place.device).load(place.vault) == old  # old back-ups still open
        with pytest.raises(AlreadyExistsError, match="has a password"):
            place.keys().convert(typed(PASSWORD))
        assert file_keys(place.unlocked()) == [present, following]

    def test_one_in_the_keyring_as_well(self, real_keyring: SecretServiceKeyring, place: Place) -> None:
        old = KeyringStore().create(place.vault)
        place.vault.touch()
        keys = FileVaultKeys(place.vault, KeyringDevices())
        assert not keys.exists()
        assert keys.device().state is DeviceKeyState.PRESENT
        keys.convert(typed(PASSWORD))
        again = FileVaultKeys(place.vault, KeyringDevices())
        again.unlock(typed(PASSWORD))
        assert file_keys(again)[0] == old
