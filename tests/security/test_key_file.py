"""Key files: private or refused, complete or not there, never replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.ports.errors import AetherError, KeyMissingError, KeyStoreError, PermissionDeniedError
from aether_desktop.ports.keys import KeyStore
from aether_desktop.security.key_file import KeyFileStore

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.key"


def put(path: Path, content: bytes, mode: int = 0o600) -> KeyFileStore:
    path.write_bytes(content)
    path.chmod(mode)
    return KeyFileStore(path)


def test_a_new_file_is_private_and_read_back(path: Path) -> None:
    store: KeyStore = KeyFileStore(path)
    key = store.create(Path("any.aether"))
    assert len(key) == 32
    assert path.read_text() == key.hex() + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.load(Path("other.aether")) == key
    assert list(path.parent.iterdir()) == [path]


def test_keys_are_random(tmp_path: Path) -> None:
    keys = {KeyFileStore(tmp_path / str(number)).create(Path("v")) for number in range(5)}
    assert len(keys) == 5


def test_an_existing_key_is_used_and_never_replaced(path: Path) -> None:
    store = put(path, KEY.hex().encode())
    assert store.create(Path("v")) == KEY
    assert path.read_bytes() == KEY.hex().encode()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o777])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    store = put(path, KEY.hex().encode(), mode)
    for use in (store.load, store.create):
        with pytest.raises(PermissionDeniedError, match="chmod 600"):
            use(Path("v"))


def test_a_read_only_file_is_private_enough(path: Path) -> None:
    assert put(path, KEY.hex().encode(), 0o400).load(Path("v")) == KEY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    store = put(path, KEY.hex().encode())
    os.chown(path, 12345, 12345)
    with pytest.raises(PermissionDeniedError, match="belongs to somebody else"):
        store.load(Path("v"))


def test_a_link_is_judged_by_what_it_leads_to(path: Path) -> None:
    put(path, KEY.hex().encode())
    link = path.with_name("link")
    link.symlink_to(path)
    assert KeyFileStore(link).load(Path("v")) == KEY
    path.chmod(0o644)
    with pytest.raises(PermissionDeniedError):
        KeyFileStore(link).load(Path("v"))


def test_no_file_is_told_apart(path: Path) -> None:
    with pytest.raises(KeyMissingError, match="no key file"):
        KeyFileStore(path).load(Path("v"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError):
        KeyFileStore(tmp_path).load(Path("v"))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match="cannot be written"):
        KeyFileStore(tmp_path / "none" / "server.key").create(Path("v"))


@given(st.one_of(st.binary(max_size=300), st.text("0123456789abcdefABCDEF\n x", max_size=70).map(str.encode)))
def test_anything_but_64_digits_is_refused_without_being_shown(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    digits = content.rstrip(b"\n ")
    if len(digits) == 64 and len(content) <= 66 and all(byte in b"0123456789abcdefABCDEF" for byte in digits):
        return
    path = tmp_path_factory.mktemp("keys") / "server.key"
    store = put(path, content)
    with pytest.raises(KeyStoreError) as refused:
        store.load(Path("v"))
    if len(content) > 6:
        assert content.decode("latin-1") not in str(refused.value)
    path.unlink()


def test_adopting_writes_once_and_refuses_another_key(path: Path) -> None:
    store = KeyFileStore(path)
    store.adopt(Path("v"), KEY)
    store.adopt(Path("v"), KEY)
    assert store.load(Path("v")) == KEY
    with pytest.raises(KeyStoreError, match="another vault"):
        store.adopt(Path("v"), bytes(32))
    assert store.load(Path("v")) == KEY


def test_a_key_of_another_length_is_a_mistake_of_ours(path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyFileStore(path).adopt(Path("v"), b"short")
    assert not path.exists()


def test_errors_are_ones_that_people_see() -> None:
    assert issubclass(KeyMissingError, AetherError)
    assert "secret" not in repr(KeyFileStore(Path("p")))
