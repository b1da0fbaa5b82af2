"""The key hierarchy of one vault: what opens what, and what opens nothing any more."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import pytest
from keyring.backends.SecretService import Keyring as SecretServiceKeyring

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    KeyMissingError,
    KeyStoreAbsentError,
    KeyStoreError,
    KeyStoreLockedError,
    NotFoundError,
)
from aether_desktop.ports.vault_keys import DeviceKeyState, Factor, FactorKind, RecoveryKit, VaultKeys
from aether_desktop.security.device_keys import KeyFileDevices, KeyringDevices
from aether_desktop.security.header_file import HeaderFile
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.support.session_bus import SessionBus

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


class TestPassword:
    def test_it_opens_with_the_password_after_a_restart(self, place: Place) -> None:
        first: VaultKeys = place.keys()
        assert not first.exists()
        place.keys().create(typed(PASSWORD))
        assert first.exists()
        one, two = place.unlocked(), place.unlocked()
        assert one.levels.derive(Court.OUTER, INFO) == two.levels.derive(Court.OUTER, INFO)
        assert file_keys(one) == file_keys(two)
        assert len(file_keys(one)) == 1
        assert place.header.stat().st_mode & 0o777 == 0o600
        for secret in (PASSWORD.encode(), file_keys(one)[0], place.device.read_bytes()[:64]):
            assert secret not in place.header.read_bytes()

    def test_another_password_opens_nothing_and_waits_grow(self, made: Place) -> None:
        keys = made.keys()
        for expected in (0, 0, 1):
            with pytest.raises(WrongFactorError, match="not the password") as wrong:
                keys.unlock(typed("another password"))
            assert expected - 1 <= wrong.value.wait <= expected
        with pytest.raises(WrongFactorError, match="Too many"):
            made.keys().unlock(typed(PASSWORD))
        with pytest.raises(LevelLockedError):
            keys.file_keys()
        made.patient()
        made.unlocked()
        assert made.keys().wait(Court.OUTER) == 0

    def test_the_files_without_the_device_key_open_nothing(self, made: Place, tmp_path: Path) -> None:
        thief = tmp_path / "elsewhere"
        thief.mkdir()
        shutil.copy(made.header, thief)
        with pytest.raises(KeyMissingError):
            Place(thief).keys().unlock(typed(PASSWORD))
        KeyFileStore(thief / "device.key").create(thief)  # a device, but another one
        with pytest.raises(KeyMissingError, match="another vault"):
            Place(thief).keys().unlock(typed(PASSWORD))
        assert not (thief / "books.aether.attempts").exists()  # nothing was tried

    def test_a_changed_password_rewraps_one_slot(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        before = [keys.levels.derive(level, INFO) for level in (Court.OUTER, Court.HOLY)]
        kept = file_keys(keys)
        keys.set_factor(Court.OUTER, typed("a new password"))
        refused(three, typed(PASSWORD))
        three.patient()
        again = three.unlocked("a new password", SECOND)
        assert [again.levels.derive(level, INFO) for level in (Court.OUTER, Court.HOLY)] == before
        assert file_keys(again) == kept

    def test_the_copy_of_the_generation_before_does_not_keep_the_old_password(self, made: Place) -> None:
        keys = made.unlocked()
        keys.set_factor(Court.HOLY, typed(SECOND))  # adds: the generation before is kept
        copy = made.header.with_name("books.aether.keys.1")
        assert copy.read_bytes() != made.header.read_bytes()
        keys.set_factor(Court.OUTER, typed("a new password"))
        assert copy.read_bytes() == made.header.read_bytes()
        copy.replace(made.header)
        refused(made, typed(PASSWORD))

    def test_what_killed_writes_left_is_cleared_up(self, made: Place) -> None:
        old, young = (made.header.with_name(f".books.aether.keys{name}.new") for name in (".1.0a1b2c3d", ".9f9f9f9f"))
        for left in (old, young):
            shutil.copy(made.header, left)
        os.utime(old, (0, 0))
        made.unlocked().set_factor(Court.OUTER, typed("a new password"))
        assert not old.exists()
        assert young.exists()  # may be another process's, at work

    def test_a_key_file_left_by_an_unfinished_creation_is_used_again(self, made: Place) -> None:
        content = made.header.read_bytes()
        keys = made.keys()
        keys.create(typed(PASSWORD))
        assert keys.levels.is_open(Court.OUTER)
        assert made.header.read_bytes() == content
        with pytest.raises(AlreadyExistsError, match="without its vault"):
            made.keys().create(typed("another password"))
        made.header.write_text('{"format": 1}')
        with pytest.raises(AlreadyExistsError, match="without its vault"):
            made.keys().create(typed(PASSWORD))

    def test_discarding_leaves_nothing(self, made: Place) -> None:
        keys = made.unlocked()
        keys.discard()
        assert not made.header.exists()
        assert not keys.levels.is_open(Court.OUTER)


class TestLevels:
    def test_each_level_needs_the_one_below_and_its_own_factor(self, three: Place) -> None:
        keys = three.keys()
        with pytest.raises(LevelLockedError) as locked:
            keys.step_up(Court.HOLY, typed(SECOND))
        assert locked.value.level is Court.OUTER
        keys.unlock(typed(PASSWORD))
        with pytest.raises(LevelLockedError) as locked:
            keys.step_up(Court.MOST_HOLY, typed(THIRD))
        assert locked.value.level is Court.HOLY
        refused(three, typed(PASSWORD), Court.HOLY, keys)
        three.patient()
        keys.step_up(Court.HOLY, typed(SECOND))
        keys.step_up(Court.MOST_HOLY, typed(THIRD))
        derived = {keys.levels.derive(level, INFO) for level in Court}
        assert len(derived) == 3
        assert {three.unlocked(PASSWORD, SECOND, THIRD).levels.derive(level, INFO) for level in Court} == derived
        keys.lock(Court.HOLY)
        assert [keys.levels.is_open(level) for level in Court] == [True, False, False]

    def test_a_level_that_was_not_set_up_says_so(self, made: Place) -> None:
        keys = made.unlocked()
        with pytest.raises(NotFoundError, match="Level 2 was not set up"):
            keys.step_up(Court.HOLY, typed(SECOND))
        with pytest.raises(NotFoundError, match="Level 2 was not set up"):
            keys.add_factor(Court.HOLY, typed(SECOND))
        with pytest.raises(LevelLockedError):
            keys.set_factor(Court.MOST_HOLY, typed(THIRD))  # level 2 is not there to stand on
        assert [level.exists for level in keys.describe()] == [True, False, False]

    def test_a_key_file_is_a_factor(self, made: Place, tmp_path: Path) -> None:
        stick, other = tmp_path / "stick.key", tmp_path / "other.key"
        KeyFileStore(stick).create(stick)
        KeyFileStore(other).create(other)
        made.unlocked().set_factor(Court.HOLY, Factor.key_file(stick), label="blue stick")
        keys = made.unlocked()
        refused(made, Factor.key_file(other), Court.HOLY, keys)
        refused(made, typed(stick.read_text().strip()), Court.HOLY, keys)  # its content typed is another factor
        with pytest.raises(KeyMissingError):
            keys.step_up(Court.HOLY, Factor.key_file(tmp_path / "none"))
        made.patient()
        keys.step_up(Court.HOLY, Factor.key_file(stick))
        (slot,) = keys.describe()[1].slots
        assert (slot.kind, slot.label, slot.here) == (FactorKind.KEY_FILE, "blue stick", True)

    def test_a_replaced_factor_opens_nothing_and_the_level_above_stays(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        keys.set_factor(Court.HOLY, typed("second anew"))
        other = three.unlocked()
        refused(three, typed(SECOND), Court.HOLY, other)
        three.patient()
        other.step_up(Court.HOLY, typed("second anew"))
        other.step_up(Court.MOST_HOLY, typed(THIRD))

    def test_a_factor_is_only_replaced_while_its_level_is_open(self, three: Place) -> None:
        with pytest.raises(LevelLockedError) as locked:
            three.unlocked().set_factor(Court.HOLY, typed("second anew"))
        assert locked.value.level is Court.HOLY

    def test_further_slots_are_added_and_removed(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        keys.add_factor(Court.HOLY, typed("another one"))
        assert len(keys.describe()[1].slots) == 2
        three.unlocked(PASSWORD, SECOND)
        three.unlocked(PASSWORD, "another one")
        first, second = keys.describe()[1].slots
        locked = three.unlocked()
        with pytest.raises(LevelLockedError):
            locked.remove_slot(first.slot_id)
        keys.remove_slot(first.slot_id)
        refused(three, typed(SECOND), Court.HOLY, three.unlocked())
        with pytest.raises(InvalidInputError, match="Nothing but the recovery kit"):
            keys.remove_slot(second.slot_id)
        with pytest.raises(InvalidInputError, match="Nothing but the recovery kit"):
            keys.remove_slot(keys.describe()[0].slots[0].slot_id)
        with pytest.raises(NotFoundError):
            keys.remove_slot(first.slot_id)

    def test_a_factor_is_proven_without_changing_anything(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        content = three.header.read_bytes()
        keys.verify(Court.OUTER, typed(PASSWORD))
        keys.verify(Court.HOLY, typed(SECOND))
        with pytest.raises(WrongFactorError):
            keys.verify(Court.OUTER, typed(SECOND))
        with pytest.raises(LevelLockedError):
            keys.verify(Court.MOST_HOLY, typed(THIRD))
        assert three.header.read_bytes() == content
        assert keys.levels.is_open(Court.HOLY)


class TestRecoveryKit:
    def test_it_opens_every_level_on_another_device_which_then_has_its_own_password(
        self, three: Place, tmp_path: Path
    ) -> None:
        keys = three.unlocked(PASSWORD, SECOND, THIRD)
        kit = keys.new_kit("Books")
        refused(three, words(kit))  # shown, but not kept yet
        keys.keep_kit(kit)
        assert all(level.has_kit for level in keys.describe())
        laptop = tmp_path / "laptop.key"
        other = three.keys(laptop)
        with pytest.raises(KeyMissingError):
            other.unlock(typed(PASSWORD))
        other.unlock(words(kit))
        other.step_up(Court.HOLY, words(kit))
        other.step_up(Court.MOST_HOLY, words(kit))
        assert [other.levels.derive(level, INFO) for level in Court] == [
            keys.levels.derive(level, INFO) for level in Court
        ]
        other.set_factor(Court.OUTER, typed("laptop password"))
        three.keys(laptop).unlock(typed("laptop password"))
        three.unlocked()  # the first device's password stays
        assert sorted(slot.here for slot in other.describe()[0].slots if slot.kind is not FactorKind.KIT) == [
            False,
            True,
        ]
        refused(three, typed(PASSWORD), keys=three.keys(laptop))

    def test_a_newer_kit_takes_the_place_of_the_older(self, made: Place) -> None:
        keys = made.unlocked()
        old, new = keys.new_kit("Books"), keys.new_kit("Books")
        keys.keep_kit(old)
        keys.keep_kit(new)
        refused(made, words(old))
        made.patient()
        made.keys().unlock(words(new))
        (slot,) = [slot for slot in keys.describe()[0].slots if slot.kind is FactorKind.KIT]
        assert slot.label == new.kit_id
        keys.remove_slot(slot.slot_id)
        with pytest.raises(WrongFactorError, match="Nothing of that kind"):
            made.keys().unlock(words(new))

    def test_it_is_made_for_all_levels_or_not_at_all(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        content = three.header.read_bytes()
        with pytest.raises(LevelLockedError) as locked:
            keys.keep_kit(keys.new_kit("Books"))
        assert locked.value.level is Court.MOST_HOLY
        assert three.header.read_bytes() == content

    def test_it_is_never_a_daily_factor(self, made: Place) -> None:
        keys = made.unlocked()
        with pytest.raises(InvalidInputError, match="daily"):
            keys.set_factor(Court.HOLY, words(keys.new_kit("Books")))

    def test_typos_are_told_and_not_counted(self, made: Place) -> None:
        keys = made.unlocked()
        keys.keep_kit(keys.new_kit("Books"))
        with pytest.raises(WrongFactorError, match="not in the list"):
            made.keys().unlock(Factor.kit("abandn " * 24))
        assert made.keys().wrong_words("abandn") != ""
        assert made.keys().wait(Court.OUTER) == 0


class TestCompromised:
    NEW = ("new one 1", "new two 2", "new three 3")

    def factors(self) -> dict[Court, Factor]:
        return {level: typed(new) for level, new in zip(Court, self.NEW, strict=True)}

    def test_everything_old_opens_nothing(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND, THIRD)
        old_kit, new_kit = keys.new_kit("Books"), keys.new_kit("Books")
        keys.keep_kit(old_kit)
        old_file, old_device, (old_key,) = three.header.read_bytes(), three.device.read_bytes(), file_keys(keys)
        before = [keys.levels.derive(level, INFO) for level in Court]
        keys.compromise(self.factors(), kit=new_kit)
        assert three.device.read_bytes() != old_device
        refused(three, typed(PASSWORD))
        refused(three, words(old_kit))
        three.patient()
        again = three.unlocked(*self.NEW)
        assert not {again.levels.derive(level, INFO) for level in Court} & set(before)
        assert [again.levels.derive_previous(level, INFO) for level in Court] == [(old,) for old in before]
        present, following = file_keys(again)
        assert present == old_key != following
        by_kit = three.keys()
        by_kit.unlock(words(new_kit))
        by_kit.step_up(Court.HOLY, words(new_kit))
        by_kit.step_up(Court.MOST_HOLY, words(new_kit))
        # a thief with the old files, the old device key and the old password has the old file only
        three.header.write_bytes(old_file)
        three.patient()
        thief = three.unlocked()
        assert file_keys(thief) == [old_key]

    def test_it_is_finished_before_it_is_done_again(self, made: Place) -> None:
        keys = made.unlocked()
        keys.compromise({Court.OUTER: typed("new one 1")})
        with pytest.raises(InvalidInputError, match="still being encrypted"):
            keys.compromise({Court.OUTER: typed("new one 2")})
        following = file_keys(keys)[1]
        keys.settle_file_key()
        assert file_keys(keys) == [following]
        keys.compromise({Court.OUTER: typed("new one 2")})
        again = made.unlocked("new one 2")
        assert len(again.levels.derive_previous(Court.OUTER, INFO)) == 2
        again.drop_former(Court.OUTER)
        assert again.levels.derive_previous(Court.OUTER, INFO) == ()
        assert made.unlocked("new one 2").levels.derive_previous(Court.OUTER, INFO) == ()

    def test_every_level_must_be_open_and_get_a_factor(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        content = three.header.read_bytes()
        with pytest.raises(LevelLockedError):
            keys.compromise(self.factors())
        keys.step_up(Court.MOST_HOLY, typed(THIRD))
        with pytest.raises(InvalidInputError, match="1, 2, 3"):
            keys.compromise({Court.OUTER: typed("new one 1")})
        assert three.header.read_bytes() == content
        assert sorted(path.name for path in three.device.parent.glob("device.key*")) == ["device.key"]

    def test_a_key_file_that_serves_another_vault_still_serves_it(self, made: Place, tmp_path: Path) -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        other = FileVaultKeys(folder / "other.aether", KeyFileDevices(made.device))
        other.create(typed("other password"))
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        FileVaultKeys(folder / "other.aether", KeyFileDevices(made.device)).unlock(typed("other password"))
        made.unlocked("new one 1")

    def test_of_its_own_keys_the_present_and_the_last_stay_in_a_key_file(self, made: Place) -> None:
        first, passwords = made.device.read_bytes(), [PASSWORD, "new one 1", "new two 2", "new three 3", "new four 4"]
        devices: list[bytes] = []
        for old, new in itertools.pairwise(passwords):
            keys = made.unlocked(old)
            keys.compromise({Court.OUTER: typed(new)})
            keys.settle_file_key()
            devices.append(made.device.read_bytes())
        beside = [path for path in made.device.parent.glob("device.key.*") if path.suffix != ".vault"]
        assert {path.read_bytes() for path in beside} == {first, devices[-2]}  # the first may serve others
        assert len(list(made.device.parent.glob("device.key.*.vault"))) == 2
        made.unlocked(passwords[-1])

    def test_a_key_that_came_to_serve_another_vault_stays(self, made: Place, tmp_path: Path) -> None:
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        other = FileVaultKeys(tmp_path / "other.aether", KeyFileDevices(made.device))
        other.create(typed("other password"))
        for old, new in itertools.pairwise(("new one 1", "new two 2", "new three 3", "new four 4")):
            keys = made.unlocked(old)
            keys.settle_file_key()
            keys.compromise({Court.OUTER: typed(new)})
        FileVaultKeys(tmp_path / "other.aether", KeyFileDevices(made.device)).unlock(typed("other password"))

    def test_a_key_made_in_vain_is_taken_back_and_one_of_a_kill_is_found_later(
        self, made: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = sorted(path.name for path in made.device.parent.glob("device.key*"))
        keys = made.unlocked()

        def full(*_: object, **__: object) -> None:
            raise KeyStoreError("No room.")

        with monkeypatch.context() as patch, pytest.raises(KeyStoreError, match="No room"):
            patch.setattr(HeaderFile, "write", full)
            keys.compromise({Court.OUTER: typed("new one 1")})
        assert sorted(path.name for path in made.device.parent.glob("device.key*")) == names
        header, _ = HeaderFile(made.vault).read()
        killed, key = KeyFileDevices(made.device).renew(header.vault_id)  # and then the power went
        key.wipe()
        KeyFileDevices(made.device).renew(bytes(16))[1].wipe()  # another vault's, not yet settled
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        left = {path.name for path in made.device.parent.glob("device.key.*")}
        assert not [name for name in left if killed.check.hex()[:8] in name]
        assert len(left) == 4  # the first key, the present one's owner, and the other vault's key with its owner
        made.unlocked("new one 1")


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


class TestBackups:
    def test_a_backup_of_the_open_vault_opens_without_its_password(self, made: Place, tmp_path: Path) -> None:
        folder = tmp_path / "backup"
        folder.mkdir()
        shutil.copy(made.header, folder)
        keys = made.unlocked()
        keys.set_factor(Court.OUTER, typed("a new password"))
        copy = FileVaultKeys(folder / "books.aether", KeyFileDevices(made.device))
        assert copy.unlock_like(keys)
        assert file_keys(copy) == file_keys(keys)
        keys.settle_file_key()
        keys.compromise({Court.OUTER: typed("newest password")})
        stranger = FileVaultKeys(folder / "books.aether", KeyFileDevices(made.device))
        assert not stranger.unlock_like(keys)
        assert not stranger.unlock_like(made.keys())
        stranger.unlock(typed(PASSWORD))  # its own password of that time

    def test_in_shared_mode_there_is_no_file_key(self, place: Place) -> None:
        keys = FileVaultKeys(place.vault, KeyFileDevices(place.device), shared=True)
        keys.create(typed(PASSWORD))
        assert keys.file_keys() == ()
        keys.compromise({Court.OUTER: typed("newest password")})
        assert keys.file_keys() == ()
