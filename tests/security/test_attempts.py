"""Back-off: Fibonacci from the third failure, by level, across restarts, whatever the clock does."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_desktop.domain.back_off import shown_wait, wait_after
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import WrongFactorError
from aether_desktop.ports.errors import AetherError, StorageUnavailableError
from aether_desktop.security.attempts import AllAttempts, Attempts
from aether_desktop.security.one_at_a_time import BusyElsewhereError, one_at_a_time
from aether_desktop.security.private_files import replace_file


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books.aether.attempts"


def test_waits_are_the_fibonacci_numbers_up_to_an_hour() -> None:
    assert [wait_after(failures) for failures in range(13)] == [0, 0, 0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55]
    assert wait_after(20) == 2584
    assert wait_after(21) == 3600
    assert wait_after(10**6) == 3600


def test_two_failures_are_free_and_a_restart_forgets_none(path: Path, clock: Clock) -> None:
    for _ in range(2):
        Attempts(path, clock=clock).begin(Court.OUTER)
        assert Attempts(path, clock=clock).wait(Court.OUTER) == 0
    Attempts(path, clock=clock).begin(Court.OUTER)
    assert Attempts(path, clock=clock).wait(Court.OUTER) == 1
    with pytest.raises(WrongFactorError, match="Wait 1 second") as refused:
        Attempts(path, clock=clock).begin(Court.OUTER)
    assert refused.value.wait == 1
    assert Attempts(path, clock=clock).wait(Court.OUTER) == 1  # what was not tried is not counted
    clock.now += 1
    Attempts(path, clock=clock).begin(Court.OUTER)
    clock.now += 1
    Attempts(path, clock=clock).begin(Court.OUTER)
    assert Attempts(path, clock=clock).wait(Court.OUTER) == 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_guesses_at_the_same_moment_are_all_counted(path: Path, clock: Clock) -> None:
    guessers = 12
    together = threading.Barrier(guessers)
    let_through: list[int] = []

    def guess(number: int) -> None:
        attempts = Attempts(path, clock=clock)  # as another program would
        together.wait()
        with suppress(WrongFactorError):
            attempts.begin(Court.OUTER)
            let_through.append(number)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(guessers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_through) == 3  # two are free, the third has its wait after it
    assert Attempts(path, clock=clock)._read() == {Court.OUTER: (3, clock.now)}


def test_nobody_counts_while_another_program_does(path: Path, clock: Clock) -> None:
    counted = threading.Event()

    def guess() -> None:
        Attempts(path, clock=clock).begin(Court.OUTER)
        counted.set()

    thread = threading.Thread(target=guess)
    with one_at_a_time(path):
        thread.start()
        assert not counted.wait(0.1)
        replace_file(path, b'{"format": 1, "levels": {"1": [2, 1]}}')
    thread.join()
    assert Attempts(path, clock=clock)._read()[Court.OUTER][0] == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aether_desktop.security.attempts._LONGEST_LOCK", 0.01)
        with one_at_a_time(path):
            Attempts(path, clock=clock).succeed(Court.OUTER)  # never stands in the way of who was right
            with pytest.raises(BusyElsewhereError):
                Attempts(path, clock=clock).begin(Court.OUTER)
    assert Attempts(path, clock=clock)._read()[Court.OUTER][0] == 3


def test_success_and_other_levels(path: Path, clock: Clock) -> None:
    attempts = Attempts(path, clock=clock)
    for _ in range(3):
        attempts.begin(Court.HOLY)
    assert (attempts.wait(Court.OUTER), attempts.wait(Court.HOLY), attempts.wait(Court.MOST_HOLY)) == (0, 1, 0)
    attempts.begin(Court.OUTER)
    attempts.succeed(Court.OUTER)
    assert attempts.wait(Court.HOLY) == 1
    attempts.succeed(Court.HOLY)
    assert attempts.wait(Court.HOLY) == 0
    assert not path.exists()


@given(st.floats(-1e12, 1e12), st.integers(0, 40))
def test_a_clock_put_back_never_makes_the_wait_longer(
    tmp_path_factory: pytest.TempPathFactory, shift: float, failures: int
) -> None:
    clock = Clock()
    attempts = Attempts(tmp_path_factory.mktemp("attempts") / "a", clock=clock)
    for _ in range(min(failures, 2)):
        attempts.begin(Court.OUTER)
    attempts._write({Court.OUTER: (failures, clock.now)})
    clock.now += shift
    assert 0 <= attempts.wait(Court.OUTER) <= wait_after(failures)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=80),
        st.sampled_from(
            [
                b'{"format": 2, "levels": {"1": [9, 0]}}',
                b'{"format": 1, "levels": {"7": [9, 0]}}',
                b'{"format": 1, "levels": {"1": [9]}}',
                b'{"format": 1, "levels": {"1": ["x", "y"]}}',
                b'{"format": 1, "levels": [1]}',
                b'{"format": 1, "levels": {"1": [1e999, 0]}}',
                b"[" * 4000,
            ]
        ),
    )
)
def test_a_damaged_file_keeps_nobody_out(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    Attempts(path).begin(Court.OUTER)
    assert Attempts(path).wait(Court.OUTER) == 0


def test_a_folder_that_cannot_be_written_keeps_nobody_out(tmp_path: Path) -> None:
    attempts = Attempts(tmp_path / "none" / "a")
    attempts.begin(Court.OUTER)
    attempts.succeed(Court.OUTER)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 second"), (2, "2 seconds"), (119.5, "2 minutes"), (3600, "60 minutes")]
)
def test_waits_in_words(seconds: float, text: str) -> None:
    assert shown_wait(seconds) == text


class Counter:
    """A count in a database, or one that does not answer."""

    def __init__(self, left: float = 0.0, *, error: AetherError | None = None) -> None:
        self.left = left
        self.error = error
        self.seen: list[tuple[str, Court]] = []

    def wait(self, level: Court) -> float:
        self._note("wait", level)
        return self.left

    def begin(self, level: Court) -> None:
        self._note("begin", level)
        if self.left:
            raise WrongFactorError("Too many.", wait=self.left)

    def succeed(self, level: Court) -> None:
        self._note("succeed", level)

    def _note(self, what: str, level: Court) -> None:
        if self.error is not None:
            raise self.error
        self.seen.append((what, level))


class TestBesideAndShared:
    def test_what_opens_before_connecting_is_counted_beside_the_keys_only(self, path: Path, clock: Clock) -> None:
        attempts = AllAttempts(Attempts(path, clock=clock))
        attempts.shared = counter = Counter()
        attempts.begin(Court.OUTER)
        attempts.succeed(Court.OUTER)
        assert attempts.wait(Court.OUTER) == 0
        assert counter.seen == []

    def test_both_count_and_the_longer_wait_holds(self, path: Path, clock: Clock) -> None:
        beside = Attempts(path, clock=clock)
        attempts = AllAttempts(beside)
        attempts.shared = counter = Counter()
        for _ in range(3):
            attempts.begin(Court.HOLY)
        assert (attempts.wait(Court.HOLY), beside.wait(Court.HOLY)) == (1, 1)
        counter.left = 30.0
        assert attempts.wait(Court.HOLY) == 30
        clock.now += 2
        with pytest.raises(WrongFactorError):
            attempts.begin(Court.HOLY)
        assert beside.wait(Court.HOLY) == 0  # nothing was tried, so nothing was counted
        counter.left = 0.0
        attempts.succeed(Court.HOLY)
        assert counter.seen[-1] == ("succeed", Court.HOLY)

    def test_a_database_that_does_not_answer_stops_nobody(self, path: Path, clock: Clock) -> None:
        attempts = AllAttempts(Attempts(path, clock=clock))
        attempts.shared = Counter(error=StorageUnavailableError("gone"))
        for _ in range(3):
            attempts.begin(Court.HOLY)
        assert attempts.wait(Court.HOLY) == 1
        attempts.succeed(Court.HOLY)
        assert attempts.wait(Court.HOLY) == 0
