"""Places of vaults with a key file for the keyring: what tests of their keys begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.vault_keys import Factor, RecoveryKit
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.vault_keys import FileVaultKeys

PASSWORD, SECOND, THIRD = "correct horse", "battery staple", "third passphrase"
INFO = b"aether/1/test"


def typed(text: str) -> Factor:
    return Factor.passphrase(text)


def words(kit: RecoveryKit) -> Factor:
    return Factor.kit(" ".join(kit.words))


class Place:
    """A vault's place with a key file for the keyring; ``keys()`` is what another start of the program has."""

    def __init__(self, folder: Path) -> None:
        self.vault = folder / "books.aether"
        self.device = folder / "device.key"
        self.header = folder / "books.aether.keys"

    def keys(self, device: Path | None = None) -> FileVaultKeys:
        return FileVaultKeys(self.vault, KeyFileDevices(device or self.device))

    def unlocked(self, password: str = PASSWORD, *steps: str) -> FileVaultKeys:
        keys = self.keys()
        keys.unlock(typed(password))
        for level, passphrase in zip((Court.HOLY, Court.MOST_HOLY), steps, strict=False):
            keys.step_up(level, typed(passphrase))
        return keys

    def patient(self) -> None:
        """As if the wait after wrong factors were over."""
        self.vault.with_name("books.aether.attempts").unlink(missing_ok=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def made(place: Place) -> Place:
    place.keys().create(typed(PASSWORD))
    return place


@pytest.fixture
def three(made: Place) -> Place:
    """With all three levels."""
    keys = made.unlocked()
    keys.set_factor(Court.HOLY, typed(SECOND))
    keys.set_factor(Court.MOST_HOLY, typed(THIRD))
    return made


def file_keys(keys: FileVaultKeys) -> list[bytes]:
    return [bytes(key.data) for key in keys.file_keys()]


def refused(place: Place, factor: Factor, level: Court = Court.OUTER, keys: FileVaultKeys | None = None) -> None:
    place.patient()
    opener = keys or place.keys()
    with pytest.raises(WrongFactorError):
        opener.unlock(factor) if level is Court.OUTER else opener.step_up(level, factor)
