"""The use case of unlocking over real keys: states, timers with a clock of the test's own, changes, kits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, WrongFactorError
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, StorageError
from aether_desktop.ports.vault_keys import DeviceKeyState, Factor, RecoveryKit
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.memory import Secret
from aether_desktop.security.vault_keys import FileVaultKeys
from aether_desktop.services.vault_access import AccessState, VaultAccess, confirm_words

PASSWORD, SECOND, THIRD = "correct horse", "battery staple", "third passphrase"


def typed(text: str) -> Factor:
    return Factor.passphrase(text)


def state_of(access: VaultAccess) -> AccessState:
    return access.state


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Callable[[], VaultAccess]:
    """Another start of the program over the same files."""

    def make() -> VaultAccess:
        return VaultAccess(
            FileVaultKeys(tmp_path / "books.aether", KeyFileDevices(tmp_path / "device.key")), clock=clock
        )

    return make


@pytest.fixture
def access(start: Callable[[], VaultAccess]) -> VaultAccess:
    """Made and open, level 1 alone."""
    access = start()
    access.create(typed(PASSWORD))
    return access


@pytest.fixture
def three(access: VaultAccess) -> VaultAccess:
    """All levels open."""
    access.set_factor(Court.HOLY, typed(SECOND))
    access.set_factor(Court.MOST_HOLY, typed(THIRD), label="typed")
    return access


def test_the_states_of_a_vault(start: Callable[[], VaultAccess], access: VaultAccess) -> None:
    assert state_of(access) is AccessState.OPEN
    again = start()
    assert state_of(again) is AccessState.LOCKED
    assert again.device().state is DeviceKeyState.PRESENT
    assert again.open_level() == 0
    with pytest.raises(LevelLockedError) as locked:
        again.require(Court.HOLY)
    assert locked.value.level is Court.OUTER
    again.unlock(typed(PASSWORD))
    assert (again.state, again.open_level()) == (AccessState.OPEN, 1)
    again.lock_screen()
    assert state_of(again) is AccessState.SCREEN_LOCKED
    assert not again.is_open(Court.OUTER)
    assert again.levels.is_open(Court.OUTER)  # monitoring goes on
    with pytest.raises(WrongFactorError):
        again.unlock(typed("another password"))
    assert state_of(again) is AccessState.SCREEN_LOCKED
    again.unlock(typed(PASSWORD))
    assert state_of(again) is AccessState.OPEN
    again.lock()
    assert state_of(again) is AccessState.LOCKED
    assert not again.levels.is_open(Court.OUTER)


def test_an_old_vault_gets_its_first_password(tmp_path: Path, start: Callable[[], VaultAccess]) -> None:
    KeyFileStore(tmp_path / "device.key").create(tmp_path)
    (tmp_path / "books.aether").touch()
    old = start()
    assert state_of(old) is AccessState.OLD
    assert not any(level.exists for level in old.describe())
    with pytest.raises(InvalidInputError, match="fewer than 8"):
        old.set_first_password(typed("seven77"))
    assert state_of(old) is AccessState.OLD
    old.set_first_password(typed(PASSWORD))
    assert state_of(old) is AccessState.OPEN
    assert start().state is AccessState.LOCKED


def test_factors_are_wiped_whether_right_or_wrong(start: Callable[[], VaultAccess], access: VaultAccess) -> None:
    again = start()
    wrong, right = typed("another password"), typed(PASSWORD)
    with pytest.raises(WrongFactorError):
        again.unlock(wrong)
    again.unlock(right)
    current, weak = typed(PASSWORD), typed("weak")
    with pytest.raises(InvalidInputError):
        again.change_password(current, weak)
    assert not any(any(factor.secret) for factor in (wrong, right, current, weak))


class TestTimers:
    def test_nothing_runs_while_nothing_is_open(self, start: Callable[[], VaultAccess], access: VaultAccess) -> None:
        again = start()
        assert again.next_deadline() is None
        again.touch()
        assert again.next_deadline() is None
        assert again.expire() == ()

    def test_the_screen_locks_after_fifteen_minutes_without_input(self, access: VaultAccess, clock: Clock) -> None:
        assert access.next_deadline() == 900
        clock.now = 899
        access.touch()
        assert access.next_deadline() == 899 + 900
        clock.now = 900
        assert access.expire() == ()
        clock.now = 1799
        assert access.expire() == (Court.OUTER,)
        assert state_of(access) is AccessState.SCREEN_LOCKED
        assert access.next_deadline() is None
        access.touch()  # a key pressed at the lock screen unlocks nothing
        assert access.next_deadline() is None
        access.unlock(typed(PASSWORD))
        assert access.next_deadline() == 1799 + 900

    def test_level_two_relocks_after_five_minutes_whatever_is_typed(self, access: VaultAccess, clock: Clock) -> None:
        access.set_factor(Court.HOLY, typed(SECOND))
        access.relock(Court.HOLY)
        clock.now = 100
        access.step_up(Court.HOLY, typed(SECOND))
        clock.now = 399
        access.touch()
        assert access.next_deadline() == 400
        assert access.expire() == ()
        clock.now = 400
        assert access.expire() == (Court.HOLY,)
        assert [access.is_open(level) for level in Court] == [True, False, False]

    def test_level_three_relocks_when_its_operation_ends(self, three: VaultAccess) -> None:
        with three.operation(Court.MOST_HOLY):
            assert three.open_level() == 3
        assert three.open_level() == 2
        with pytest.raises(LevelLockedError) as locked:
            three.operation(Court.MOST_HOLY).__enter__()
        assert locked.value.level is Court.MOST_HOLY
        three.step_up(Court.MOST_HOLY, typed(THIRD))
        with suppress(NotFoundError), three.operation(Court.MOST_HOLY):
            three.remove_slot(replace(three.describe()[0].slots[0], slot_id=""))
        assert three.open_level() == 2

    def test_level_three_relocks_within_a_minute_when_nothing_follows(self, three: VaultAccess, clock: Clock) -> None:
        clock.now = 60
        assert three.expire() == (Court.MOST_HOLY,)
        clock.now = 300
        assert three.expire() == (Court.HOLY,)

    def test_no_level_relocks_under_an_operation(self, three: VaultAccess, clock: Clock) -> None:
        with three.operation(Court.MOST_HOLY):
            clock.now = 500
            assert three.expire() == ()
            assert three.open_level() == 3
            deadline = three.next_deadline()
            assert deadline is not None
            assert deadline > clock.now  # the timer is set again, it does not run hot
        clock.now = 600
        assert three.expire() == (Court.HOLY,)

    def test_a_long_operation_does_not_keep_the_screen_open(self, three: VaultAccess, clock: Clock) -> None:
        with three.operation(Court.HOLY):
            clock.now = 900
            assert three.expire() == (Court.OUTER, Court.MOST_HOLY)
            assert state_of(three) is AccessState.SCREEN_LOCKED
            assert three.open_level() == 0
            assert three.levels.is_open(Court.HOLY)  # what runs goes on
            with pytest.raises(LevelLockedError):
                three.operation(Court.HOLY).__enter__()  # and nothing else begins
        assert not three.levels.is_open(Court.HOLY)
        three.unlock(typed(PASSWORD))
        assert three.open_level() == 1

    def test_a_screen_unlocked_during_an_operation_leaves_its_level_to_the_timer(
        self, three: VaultAccess, clock: Clock
    ) -> None:
        with three.operation(Court.HOLY):
            clock.now = 900
            three.expire()
            three.unlock(typed(PASSWORD))
            assert three.open_level() == 2
        deadline = three.next_deadline()
        assert deadline is not None
        clock.now = deadline
        assert three.expire() == (Court.HOLY,)

    def test_time_that_ran_out_unseen_is_not_given_again(self, access: VaultAccess, clock: Clock) -> None:
        clock.now = 901  # the computer slept, and no timer came
        assert not access.touch()
        assert access.expire() == (Court.OUTER,)
        assert access.touch()

    @pytest.mark.parametrize("lock", [VaultAccess.lock, VaultAccess.lock_screen])
    def test_a_lock_while_a_key_is_made_leaves_no_level_open(
        self, three: VaultAccess, lock: Callable[[VaultAccess], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        three.relock(Court.HOLY)
        made = three._keys.step_up

        def slow(level: Court, factor: Factor) -> None:
            made(level, factor)
            lock(three)  # pressed meanwhile
            three._keys.levels.open(level, Secret.random())  # type: ignore[attr-defined]  # the worker was not done

        monkeypatch.setattr(three._keys, "step_up", slow)
        with pytest.raises(LevelLockedError):
            three.step_up(Court.HOLY, typed(SECOND))
        assert not three.levels.is_open(Court.HOLY)

    def test_long_work_at_level_one_does_not_keep_the_screen_open(self, access: VaultAccess, clock: Clock) -> None:
        with access.operation(Court.OUTER):
            clock.now = 900
            assert access.expire() == (Court.OUTER,)
            assert access.levels.is_open(Court.OUTER)

    def test_two_operations_at_once_end_with_the_later(self, three: VaultAccess) -> None:
        inside, go_on = threading.Event(), threading.Event()

        def other() -> None:
            with three.operation(Court.MOST_HOLY):
                inside.set()
                go_on.wait(10)

        thread = threading.Thread(target=other)
        with three.operation(Court.MOST_HOLY):
            thread.start()
            assert inside.wait(10)
        assert three.open_level() == 3
        go_on.set()
        thread.join()
        assert three.open_level() == 2

    def test_locking_wipes_also_under_an_operation(self, three: VaultAccess) -> None:
        with three.operation(Court.HOLY):
            three.lock()
            with pytest.raises(LevelLockedError):
                three.levels.derive(Court.OUTER, b"x")
        assert state_of(three) is AccessState.LOCKED
        assert three.next_deadline() is None


class TestChanges:
    def test_the_present_password_is_asked_for_to_change_it(
        self, start: Callable[[], VaultAccess], access: VaultAccess
    ) -> None:
        with pytest.raises(WrongFactorError):
            access.change_password(typed("another password"), typed("a new password"))
        access.change_password(typed(PASSWORD), typed("a new password"))
        start().unlock(typed("a new password"))
        access.lock()
        with pytest.raises(LevelLockedError):
            access.change_password(typed("a new password"), typed("a newer passphrase"))

    def test_after_the_kit_a_new_password_needs_no_old_one(
        self, start: Callable[[], VaultAccess], access: VaultAccess
    ) -> None:
        with pytest.raises(InvalidInputError, match="present one"):
            access.set_password_after_kit(typed("a new password"))
        kit = access.new_kit("Books")
        access.keep_kit(kit, {3: kit.words[2], 24: f" {kit.words[23].upper()} "})
        lost = start()
        lost.unlock(Factor.kit(" ".join(kit.words)))
        by_kit = [lost.opened_by_kit]
        lost.set_password_after_kit(typed("a new password"))
        assert [*by_kit, lost.opened_by_kit] == [True, False]
        with pytest.raises(WrongFactorError):
            start().unlock(typed(PASSWORD))
        start().unlock(typed("a new password"))

    def test_steps_are_taken_one_by_one(self, start: Callable[[], VaultAccess], three: VaultAccess) -> None:
        again = start()
        again.unlock(typed(PASSWORD))
        with pytest.raises(LevelLockedError) as locked:
            again.step_up(Court.MOST_HOLY, typed(THIRD))
        assert locked.value.level is Court.HOLY
        again.step_up(Court.HOLY, typed(SECOND))
        again.step_up(Court.MOST_HOLY, typed(THIRD))
        again.lock_screen()
        again.unlock(typed(PASSWORD))
        assert again.open_level() == 1
        with pytest.raises(InvalidInputError, match="Level 1"):
            again.set_factor(Court.OUTER, typed(SECOND))

    def test_no_level_opens_with_what_opens_another(self, three: VaultAccess) -> None:
        acts: list[tuple[Callable[[], None], int]] = [
            (lambda: three.set_factor(Court.HOLY, typed(PASSWORD)), 1),
            (lambda: three.add_factor(Court.MOST_HOLY, typed(SECOND)), 2),
            (lambda: three.change_password(typed(PASSWORD), typed(SECOND)), 2),
        ]
        for act, opened in acts:
            with pytest.raises(InvalidInputError, match=f"opens level {opened} already"):
                act()
        same = {Court.OUTER: typed("one for all of them"), Court.HOLY: typed("one for all of them")}
        with pytest.raises(InvalidInputError, match="same new passphrase"):
            three.compromised(typed(PASSWORD), {**same, Court.MOST_HOLY: typed("and another for this")})
        assert three.wait() == 0  # no guess was counted
        three.unlock(typed(PASSWORD))  # as before

    def test_slots_are_added_and_removed(self, three: VaultAccess) -> None:
        three.add_factor(Court.HOLY, typed("another second"), label="spare")
        first, spare = three.describe()[1].slots
        assert (spare.label, spare.level) == ("spare", Court.HOLY)
        three.remove_slot(first)
        with pytest.raises(NotFoundError):
            three.remove_slot(first)
        with pytest.raises(InvalidInputError, match="recovery kit"):
            three.remove_slot(spare)
        with pytest.raises(InvalidInputError, match="fewer than 8"):
            three.add_factor(Court.HOLY, typed("weak"))

    def test_compromised_asks_for_the_present_password_and_every_level(
        self, start: Callable[[], VaultAccess], three: VaultAccess
    ) -> None:
        def new() -> dict[Court, Factor]:
            return {level: typed(f"new password {level}") for level in Court}

        with pytest.raises(WrongFactorError):
            three.compromised(typed("another password"), new())
        three.relock(Court.MOST_HOLY)
        with pytest.raises(LevelLockedError):
            three.compromised(typed(PASSWORD), new())
        three.step_up(Court.MOST_HOLY, typed(THIRD))
        kit = three.new_kit("Books")
        three.compromised(typed(PASSWORD), new(), kit=kit)
        with pytest.raises(WrongFactorError):
            start().unlock(typed(PASSWORD))
        start().unlock(Factor.kit(" ".join(kit.words)))
        start().unlock(typed("new password 1"))


class TestKit:
    KIT = RecoveryKit(tuple(f"word{number}" for number in range(1, 25)), "00", "Books", None)  # type: ignore[arg-type]

    def test_what_is_typed_back_must_be_the_kits(self, access: VaultAccess) -> None:
        confirm_words(self.KIT, {1: "word1", 24: "WORD24 "})
        for wrong in ({}, {2: "word1"}, {0: "word1"}, {25: "word25"}):
            with pytest.raises(InvalidInputError):
                confirm_words(self.KIT, wrong)
        kit = access.new_kit("Books")
        with pytest.raises(InvalidInputError, match="Word 7") as wrong_word:
            access.keep_kit(kit, {1: kit.words[0], 7: "wrong"})
        assert wrong_word.value.field == "word 7"
        assert not access.describe()[0].has_kit
        assert "24 words" in access.wrong_words(" ".join(kit.words[:5]))
        assert access.wrong_words(" ".join(kit.words)) == ""


class TestRecord:
    """What is done to the keys is told to whoever keeps the vault's audit log."""

    def changes(self, access: VaultAccess, kit: RecoveryKit) -> dict[str, Callable[[], object]]:
        return {
            "vault.password": lambda: access.change_password(typed(PASSWORD), typed("a new password")),
            "vault.factor": lambda: access.set_factor(Court.HOLY, typed("another second")),
            "vault.add-factor": lambda: access.add_factor(Court.HOLY, typed("a further second")),
            "vault.remove-factor": lambda: access.remove_slot(access.describe()[1].slots[0]),
            "vault.kit": lambda: access.keep_kit(kit, {1: kit.words[0]}),
            "vault.compromised": lambda: access.compromised(
                typed("a new password"),
                {level: typed(f"fresh words number {level}") for level in Court},
            ),
        }

    def test_each_change_is_told_without_secrets(self, three: VaultAccess) -> None:
        told: list[tuple[str, str]] = []

        @contextmanager
        def record(action: str, detail: Mapping[str, object]) -> Iterator[None]:
            told.append((action, json.dumps(dict(detail))))
            yield

        three.record_with(record)
        kit = three.new_kit("Books")
        for change in self.changes(three, kit).values():
            change()
        assert [action for action, _ in told] == list(self.changes(three, kit))
        shown = " ".join(detail for _, detail in told)
        assert not [word for word in ("password", "second", "fresh", PASSWORD, *kit.words) if f" {word}" in shown]
        three.record_with(None)
        three.set_factor(Court.HOLY, typed("another second"))
        assert len(told) == 6

    def test_without_the_entry_nothing_is_changed(self, three: VaultAccess, tmp_path: Path) -> None:
        @contextmanager
        def refuse(action: str, _detail: Mapping[str, object]) -> Iterator[None]:
            if action:
                raise StorageError("The audit log takes no entry.")
            yield

        three.record_with(refuse)
        before = (tmp_path / "books.aether.keys").read_bytes()
        for action, change in self.changes(three, three.new_kit("Books")).items():
            if action == "vault.compromised":
                continue  # asks for the password that the first one did not set
            with pytest.raises(StorageError, match="no entry"):
                change()
        factors = {level: typed(f"fresh words number {level}") for level in Court}
        with pytest.raises(StorageError, match="no entry"):
            three.compromised(typed(PASSWORD), factors)
        assert (tmp_path / "books.aether.keys").read_bytes() == before
        assert sorted(path.name for path in tmp_path.glob("device.key*")) == ["device.key"]
