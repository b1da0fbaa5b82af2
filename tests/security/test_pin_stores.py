"""What is remembered outside the database: in a real keyring, and in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.ports.errors import KeyStoreError, KeyStoreLockedError
from aether_desktop.ports.identity import PinStore
from aether_desktop.security.pin_stores import FilePinStore, KeyringPinStore


def remembers(pins: PinStore) -> None:
    assert pins.load(7, "membership") is None
    pins.save(7, "membership", b"\0one\xff")
    pins.save(7, "audit", b"two")
    pins.save(8, "membership", b"three")
    pins.save(7, "membership", b"four")
    assert [pins.load(7, "membership"), pins.load(7, "audit"), pins.load(8, "membership")] == [
        b"four",
        b"two",
        b"three",
    ]
    with pytest.raises(ValueError, match="1024"):
        pins.save(7, "audit", bytes(1025))
    with pytest.raises(ValueError, match="name"):
        pins.load(7, "../elsewhere")


def test_in_a_folder(tmp_path: Path) -> None:
    remembers(FilePinStore(tmp_path))
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.usefixtures("real_keyring")
def test_in_the_real_keyring() -> None:
    remembers(KeyringPinStore())


@pytest.mark.usefixtures("locked_keyring")
def test_a_locked_keyring_says_so() -> None:
    with pytest.raises(KeyStoreLockedError):
        KeyringPinStore().load(7, "membership")


def test_a_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    pins = FilePinStore(tmp_path)
    pins.save(7, "audit", b"x")
    (file,) = tmp_path.iterdir()
    file.write_bytes(bytes(5000))
    with pytest.raises(KeyStoreError, match="damaged"):
        pins.load(7, "audit")
    with pytest.raises(KeyStoreError, match="cannot be written"):
        FilePinStore(tmp_path / "absent").save(7, "audit", b"x")
    file.unlink()
    file.mkdir()
    with pytest.raises(KeyStoreError, match="cannot be read"):
        pins.load(7, "audit")
