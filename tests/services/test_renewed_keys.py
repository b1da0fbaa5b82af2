"""Keys renewed over an open vault: private keys sealed anew, the file encrypted anew, also after a crash."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop import composition
from aether_desktop.composition import Target, VaultLock, find_lock
from aether_desktop.composition.identity import identity_of
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import StorageBusyError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.services.vault_access import AccessState
from aether_desktop.storage.sql_storage import SqlStorage

PASSWORDS = {level: f"old password {level}" for level in Court}
NEW = {level: f"new password {level}" for level in Court}
PURPOSE = "aether/1/test"


def factors(passwords: dict[Court, str]) -> dict[Court, Factor]:
    return {level: Factor.passphrase(password) for level, password in passwords.items()}


class Books:
    """A vault with a founder who has keys, opened by the road of the window."""

    def __init__(self, folder: Path) -> None:
        self.target = Target(vault=folder / "books.aether", key_file=folder / "device.key")
        self.settings = SettingsFile(folder / "settings.json")
        assert self.target.vault is not None
        made = composition.create_vault(
            self.target.vault,
            settings=self.settings,
            key_file=self.target.key_file,
            password=factors(PASSWORDS)[Court.OUTER],
        )
        assert made.access is not None
        made.access.set_factor(Court.HOLY, factors(PASSWORDS)[Court.HOLY])
        made.access.set_factor(Court.MOST_HOLY, factors(PASSWORDS)[Court.MOST_HOLY])
        assert made.people is not None
        made.people.found()
        made.close()

    def lock(self) -> VaultLock:
        lock = find_lock(self.target)
        assert lock is not None
        return lock

    def open(self, lock: VaultLock) -> ServiceSet:
        return composition.open_services(self.target, settings=self.settings, lock=lock)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def unlock(lock: VaultLock, passwords: dict[Court, str], *levels: Court) -> None:
    given = factors(passwords)
    for level in levels:
        lock.access.unlock(given[level]) if level is Court.OUTER else lock.access.step_up(level, given[level])


def signs(services: ServiceSet, lock: VaultLock) -> bool:
    """Whether the person's private signing key opens under level 2 and is the certified one."""
    assert isinstance(services.storage, SqlStorage)
    signer = identity_of(services.storage, lock.access.levels, key_file=lock.key_file).signer
    signature = signer.sign(b"message", purpose=PURPOSE)
    return signer.verify(signature, b"message", purpose=PURPOSE)


def change(services: ServiceSet) -> None:
    """Something that needs an audit entry, which needs the device key under level 1."""
    with services.storage.unit_of_work():
        services.wallets.add(
            name="Main", chain="ethereum", address="0xf98C96B5d10faAFc2324847c82305Bd5fd7E5ad3", kind="native"
        )


def test_the_books_go_on_under_new_keys(books: Books) -> None:
    lock = books.lock()
    unlock(lock, PASSWORDS, *Court)
    with closing(books.open(lock)) as services:
        assert signs(services, lock)
        lock.access.compromised(factors(PASSWORDS)[Court.OUTER], factors(NEW))
        assert signs(services, lock)  # what is open goes on
        assert len(lock.keys.file_keys()) == 2
    with closing(books.open(lock)) as services:
        assert len(lock.keys.file_keys()) == 1
        assert signs(services, lock)
    assert not lock.keys.has_former()  # everything was sealed anew, so the former secrets are forgotten
    with pytest.raises(WrongFactorError):
        unlock(books.lock(), PASSWORDS, Court.OUTER)
    again = books.lock()
    unlock(again, NEW, *Court)
    with closing(books.open(again)) as services:
        assert signs(services, lock)


def test_after_a_crash_everything_opens_and_is_sealed_anew_when_all_levels_are_open(books: Books) -> None:
    crashed = books.lock()
    unlock(crashed, PASSWORDS, *Court)
    crashed.keys.compromise(factors(NEW))  # and the power went before anything else
    lock = books.lock()
    unlock(lock, NEW, Court.OUTER)
    with closing(books.open(lock)) as services:
        assert len(lock.keys.file_keys()) == 1
        change(services)
        unlock(lock, NEW, Court.HOLY)
        assert signs(services, lock)
        assert lock.keys.has_former()
        unlock(lock, NEW, Court.MOST_HOLY)  # now all are open
        assert signs(services, lock)
    with closing(books.open(lock)) as services:
        assert not lock.keys.has_former()
        assert signs(services, lock)


def test_a_file_that_is_open_elsewhere_is_not_rekeyed_under_it(books: Books) -> None:
    lock = books.lock()
    unlock(lock, PASSWORDS, *Court)
    with closing(books.open(lock)) as services:
        lock.access.compromised(factors(PASSWORDS)[Court.OUTER], factors(NEW))
        other = books.lock()
        unlock(other, NEW, Court.OUTER)
        with pytest.raises(StorageBusyError, match="open elsewhere"):
            books.open(other)
        assert signs(services, lock)
    with closing(books.open(lock)) as services:
        assert signs(services, lock)


@pytest.mark.parametrize("convert_while_open", [False, True])
def test_an_old_vault_is_converted(tmp_path: Path, convert_while_open: bool) -> None:
    target = Target(vault=tmp_path / "old.aether", key_file=tmp_path / "old.key")
    settings = SettingsFile(tmp_path / "settings.json")
    assert target.vault is not None
    composition.create_vault(target.vault, settings=settings, key_file=target.key_file).close()
    lock = find_lock(target)
    assert lock is not None
    assert lock.access.state is AccessState.OLD

    def convert() -> None:
        lock.access.set_first_password(Factor.passphrase(NEW[Court.OUTER]))

    open_it: Callable[[], ServiceSet] = lambda: composition.open_services(target, settings=settings, lock=lock)  # noqa: E731
    if convert_while_open:
        with closing(open_it()) as services:
            convert()
            assert services.info.vault_name == "old"
    else:
        convert()
    with closing(open_it()) as services:
        assert services.info.vault_name == "old"
        assert len(lock.keys.file_keys()) == 1
    fresh = find_lock(target)
    assert fresh is not None
    with closing(
        composition.open_services(target, settings=settings, password=Factor.passphrase(NEW[Court.OUTER]))
    ) as services:
        assert services.access is not None
        assert services.access.is_open(Court.OUTER)
    assert not services.access.is_open(Court.OUTER)  # a lock of its own is locked when the services close
