"""The vault's key in the real keyring daemon of the run; locked and absent keyrings; the companion file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as NullKeyring
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop.ports.errors import KeyMissingError, KeyStoreAbsentError, KeyStoreError, KeyStoreLockedError
from aether_desktop.ports.keys import KeyStore
from aether_desktop.security import keyring_store
from aether_desktop.security.keyring_store import PASSWORD_SERVICE, SERVICE, KeyringStore
from tests.support.session_bus import SessionBus

KEY = bytes(range(32))


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "books.aether"


def companion(vault: Path) -> Path:
    return vault.with_name(vault.name + ".keys")


def tag(vault: Path) -> str:
    return str(json.loads(companion(vault).read_text())["vault"])


class TestKeys:
    def test_a_key_is_kept_in_the_keyring_and_nowhere_else(
        self, real_keyring: SecretServiceKeyring, vault: Path
    ) -> None:
        store: KeyStore = KeyringStore()
        key = store.create(vault)
        assert len(key) == 32
        assert KeyringStore().load(vault) == key
        assert real_keyring.get_password(SERVICE, tag(vault)) == key.hex()
        content = companion(vault).read_text()
        assert json.loads(content) == {"format": 1, "kind": "keyring", "vault": tag(vault)}
        assert key.hex() not in content
        assert stat.S_IMODE(companion(vault).stat().st_mode) == 0o600
        assert [path.name for path in vault.parent.iterdir()] == [companion(vault).name]

    def test_a_moved_vault_finds_its_key(self, real_keyring: SecretServiceKeyring, vault: Path, tmp_path: Path) -> None:
        key = KeyringStore().create(vault)
        elsewhere = tmp_path / "usb" / "renamed.aether"
        elsewhere.parent.mkdir()
        companion(vault).rename(companion(elsewhere))
        assert KeyringStore().load(elsewhere) == key
        with pytest.raises(KeyMissingError, match=r"books\.aether\.keys"):
            KeyringStore().load(vault)

    def test_an_existing_key_is_never_replaced(self, real_keyring: SecretServiceKeyring, vault: Path) -> None:
        key = KeyringStore().create(vault)
        assert KeyringStore().create(vault) == key

    def test_a_key_that_the_keyring_lost_is_missing(self, real_keyring: SecretServiceKeyring, vault: Path) -> None:
        KeyringStore().create(vault)
        real_keyring.delete_password(SERVICE, tag(vault))
        with pytest.raises(KeyMissingError, match="holds no key"):
            KeyringStore().load(vault)
        with pytest.raises(
            KeyMissingError, match="Move that file away"
        ):  # another key would make the old vault unreadable for good
            KeyringStore().create(vault)

    def test_two_vaults_have_two_keys(self, real_keyring: SecretServiceKeyring, tmp_path: Path) -> None:
        one, two = tmp_path / "one.aether", tmp_path / "two.aether"
        assert KeyringStore().create(one) != KeyringStore().create(two)
        assert tag(one) != tag(two)

    def test_a_known_key_is_adopted(self, real_keyring: SecretServiceKeyring, vault: Path) -> None:
        store = KeyringStore()
        store.adopt(vault, KEY)
        store.adopt(vault, KEY)
        assert store.load(vault) == KEY
        with pytest.raises(KeyStoreError, match="another key"):
            store.adopt(vault, bytes(32))
        real_keyring.delete_password(SERVICE, tag(vault))
        store.adopt(vault, KEY)  # the companion file came with the vault, the keyring is new
        assert store.load(vault) == KEY

    def test_what_is_no_key_is_refused_and_not_shown(self, real_keyring: SecretServiceKeyring, vault: Path) -> None:
        KeyringStore().create(vault)
        real_keyring.set_password(SERVICE, tag(vault), "hunter2")
        with pytest.raises(KeyStoreError, match="not a key") as refused:
            KeyringStore().load(vault)
        assert "hunter2" not in str(refused.value)

    def test_an_unwritable_place_leaves_nothing_in_the_keyring(
        self, real_keyring: SecretServiceKeyring, tmp_path: Path
    ) -> None:
        with pytest.raises(KeyStoreError, match="cannot be written"):
            KeyringStore().create(tmp_path / "none" / "books.aether")
        assert _kept(real_keyring) == 0

    def test_it_says_which_keyring_it_uses(self, real_keyring: SecretServiceKeyring) -> None:
        assert "SecretService" in KeyringStore().describe()


def _kept(backend: SecretServiceKeyring) -> int:
    collection = backend.get_preferred_collection()
    try:
        return len(list(collection.get_all_items()))
    finally:
        collection.connection.close()


class TestPasswords:
    URL = "postgresql://miriam@db.example.org/family"

    def test_a_database_password_is_kept_replaced_and_forgotten(self, real_keyring: SecretServiceKeyring) -> None:
        store = KeyringStore()
        assert store.load_password(self.URL) is None
        store.save_password(self.URL, "pass word ü")
        store.save_password(self.URL, "newer")
        assert store.load_password(self.URL) == "newer"
        assert real_keyring.get_password(PASSWORD_SERVICE, self.URL) == "newer"
        store.forget_password(self.URL)
        store.forget_password(self.URL)
        assert store.load_password(self.URL) is None


class TestNoKeyring:
    def test_an_absent_keyring_is_named_with_the_way_out(self, absent_keyring: SessionBus, vault: Path) -> None:
        store = KeyringStore()
        for use in (store.describe, lambda: store.create(vault), lambda: store.load_password("x")):
            with pytest.raises(KeyStoreAbsentError, match="--key-file"):
                use()
        assert not companion(vault).exists()

    def test_no_bus_at_all_is_an_absent_keyring(self, vault: Path) -> None:
        with pytest.raises(KeyStoreAbsentError):
            KeyringStore().create(vault)

    def test_a_locked_keyring_is_told_apart(self, locked_keyring: SessionBus, vault: Path) -> None:
        companion(vault).write_text(json.dumps({"format": 1, "kind": "keyring", "vault": "0" * 32}))
        for use in (KeyringStore().load, KeyringStore().create):
            with pytest.raises(KeyStoreLockedError, match="locked"):
                use(vault)

    def test_a_keyring_that_keeps_nothing_is_noticed(self, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keyring_store, "_backend", NullKeyring)
        with pytest.raises(KeyStoreError, match="did not keep"):
            KeyringStore().create(vault)
        assert not companion(vault).exists()

    def test_configuration_cannot_choose_a_plain_text_keyring(
        self, absent_keyring: SessionBus, vault: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class PlainText(KeyringBackend):
            priority = 99
            kept: dict[tuple[str, str], str] = {}  # noqa: RUF012 - the test's own

            def get_password(self, service: str, username: str) -> str | None:
                return self.kept.get((service, username))

            def set_password(self, service: str, username: str, password: str) -> None:
                self.kept[service, username] = password

        before = keyring.get_keyring()
        plain = PlainText()  # type: ignore[no-untyped-call] # the base's constructor has no types
        keyring.set_keyring(plain)
        try:
            with pytest.raises(KeyStoreAbsentError):
                KeyringStore().create(vault)
        finally:
            keyring.set_keyring(before)
            KeyringBackend._classes.discard(PlainText)
        assert PlainText.kept == {}


class TestCompanionFile:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "damaged"),
            (b"\xff\xfe", "damaged"),
            (b"[]", "damaged"),
            (b"{}", "damaged"),
            (b'{"format": 1}', "newer program"),
            (b'{"format": 2, "kind": "keyring", "vault": "00000000000000000000000000000000"}', "newer program"),
            (b'{"format": 1, "kind": "slots", "vault": "00000000000000000000000000000000"}', "newer program"),
            (b'{"format": 1, "kind": "keyring", "vault": "00000000000000000000000000000000", "x": 1}', "newer program"),
            (b'{"format": 1, "kind": "keyring", "vault": "../../etc/passwd"}', "damaged"),
            (b'{"format": 1, "kind": "keyring", "vault": 7}', "damaged"),
            (b" " * 5000, "damaged"),
        ],
    )
    def test_what_is_not_understood_is_refused(self, vault: Path, content: bytes, message: str) -> None:
        companion(vault).write_bytes(content)
        for use in (KeyringStore().load, KeyringStore().create):
            with pytest.raises(KeyStoreError, match=message):
                use(vault)
        assert companion(vault).read_bytes() == content

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(max_size=200))
    def test_any_bytes_are_refused_without_a_crash(self, vault: Path, content: bytes) -> None:
        companion(vault).write_bytes(content)
        with pytest.raises(KeyStoreError):
            KeyringStore().load(vault)
