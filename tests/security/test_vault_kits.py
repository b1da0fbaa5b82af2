"""Recovery kits: they open every level anywhere, and are typed from paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.errors import (
    InvalidInputError,
    KeyMissingError,
)
from aether_desktop.ports.vault_keys import Factor, FactorKind
from tests.security.vault_places import (
    INFO,
    PASSWORD,
    SECOND,
    THIRD,
    Place,
    made,
    place,
    refused,
    three,
    typed,
    words,
)

__all__ = ["made", "place", "three"]


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
