"""The key hierarchy of one vault: what opens what, and what opens nothing any more."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    KeyMissingError,
    NotFoundError,
)
from aether_desktop.ports.vault_keys import Factor, FactorKind, VaultKeys
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.security.vault_places import (
    INFO,
    PASSWORD,
    SECOND,
    THIRD,
    Place,
    file_keys,
    made,
    place,
    refused,
    three,
    typed,
)

__all__ = ["made", "place", "three"]


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
