"""What "compromised" leaves in the keyring: the former device key goes, once the new one was proven, never before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import KeyMissingError, KeyStoreLockedError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyringDevices
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.slots import DeviceRef
from aether_desktop.security.vault_keys import FileVaultKeys

PASSWORD = "lantern over quiet water"


@pytest.fixture
def vault(real_keyring: object, tmp_path: Path) -> Path:
    return tmp_path / "books.aether"


def keys_of(vault: Path) -> FileVaultKeys:
    return FileVaultKeys(vault, KeyringDevices())


def device_of(keys: FileVaultKeys) -> DeviceRef:
    """The device that the first slot of level 1 names."""
    (device,) = {slot.device for slot in keys._file.read()[0].levels[0].slots if slot.device is not None}
    return device


def test_new_keys_take_the_former_one_out_of_the_keyring(vault: Path, tmp_path: Path) -> None:
    keys = keys_of(vault)
    keys.create(Factor.passphrase(PASSWORD))
    former = device_of(keys)
    kit = keys.new_kit("Books")
    keys.keep_kit(kit)
    folder = tmp_path / "backup"
    folder.mkdir()
    shutil.copy(vault.with_name(f"{vault.name}.keys"), folder)
    assert keys.forgets_device_keys
    keys.compromise({Court.OUTER: Factor.passphrase("newest password")})
    assert KeyringStore().load_tagged(former.tag.hex()) is None
    assert KeyringStore().note(keys._file.read()[0].vault_id.hex()) is None
    backup = keys_of(folder / "books.aether")
    with pytest.raises(KeyMissingError, match="recovery kit"):
        backup.unlock(Factor.passphrase(PASSWORD))
    backup.unlock(Factor.kit(" ".join(kit.words)))  # its own, of that time
    keys_of(vault).unlock(Factor.passphrase("newest password"))


def test_the_former_key_stays_where_it_is_wanted(vault: Path) -> None:
    keys = keys_of(vault)
    keys.create(Factor.passphrase(PASSWORD))
    former = device_of(keys)
    keys.compromise({Court.OUTER: Factor.passphrase("newest password")}, keep_device_key=True)
    assert KeyringStore().load_tagged(former.tag.hex()) is not None
    newest = device_of(keys)
    keys_of(vault).unlock(Factor.passphrase("newest password"))
    keys.settle_file_key()
    keys.compromise({Court.OUTER: Factor.passphrase("even newer words")})
    assert KeyringStore().load_tagged(newest.tag.hex()) is None
    assert KeyringStore().load_tagged(former.tag.hex()) is not None  # the wish of that time holds


def test_interrupted_before_the_former_key_went_the_next_unlocking_takes_it(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = keys_of(vault)
    keys.create(Factor.passphrase(PASSWORD))
    former = device_of(keys)

    def gone(_self: KeyringDevices, *_arguments: object, **_named: object) -> None:
        raise KeyStoreLockedError("The keyring is locked.")

    with monkeypatch.context() as patch:
        patch.setattr(KeyringDevices, "settle", gone)
        keys.compromise({Court.OUTER: Factor.passphrase("newest password")})
    assert KeyringStore().load_tagged(former.tag.hex()) is not None
    again = keys_of(vault)
    with pytest.raises(WrongFactorError):
        again.unlock(Factor.passphrase(PASSWORD))
    assert KeyringStore().load_tagged(former.tag.hex()) is not None  # nothing was proven
    again.unlock(Factor.passphrase("newest password"))
    assert KeyringStore().load_tagged(former.tag.hex()) is None
    assert device_of(again) != former


def test_a_renewal_that_never_took_effect_takes_nothing_away(vault: Path) -> None:
    keys = keys_of(vault)
    keys.create(Factor.passphrase(PASSWORD))
    present = device_of(keys)
    vault_id = keys._file.read()[0].vault_id
    made, secret = KeyringDevices().renew(vault_id, before=(present,))  # and then the power went
    secret.wipe()
    keys_of(vault).unlock(Factor.passphrase(PASSWORD))
    assert KeyringStore().load_tagged(present.tag.hex()) is not None
    KeyringDevices().forget(made)
    keys_of(vault).unlock(Factor.passphrase(PASSWORD))
    assert KeyringStore().note(vault_id.hex()) is None  # nothing to remember any more
    keys_of(vault).unlock(Factor.passphrase(PASSWORD))
