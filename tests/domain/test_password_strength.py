"""What is guessed early is called weak; length and surprise count, kinds of signs do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.password_strength import Strength, estimate


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Passw0rd!",
        "P@ssw0rd",
        "qwerty123",
        "12345678",
        "abcdefgh",
        "aaaaaaaaaaaa",
        "19841231",
        "summer2026",
    ],
)
def test_what_everybody_tries_first_is_too_easy(password: str) -> None:
    assert estimate(password).strength is Strength.TOO_EASY
    assert estimate(password).time == "at once"


@pytest.mark.parametrize("password", ["Tr0ub4dor&3", "hunter2hunter2", "house garden"])
def test_one_or_two_words_with_signs_are_at_most_fair(password: str) -> None:
    assert estimate(password).strength <= Strength.FAIR


@pytest.mark.parametrize("password", ["lantern over quiet water", "gK7#pQ2!vX", "ein langer satz mit wörtern"])
def test_several_words_or_random_signs_are_strong(password: str) -> None:
    assert estimate(password).strength >= Strength.STRONG


def test_names_that_anybody_knows_count_for_nothing() -> None:
    assert estimate("northwind books", known=["Northwind", "books"]).guesses < estimate("northwind books").guesses
    assert estimate("northwindbooks", known=["northwind", "books"]).strength is Strength.TOO_EASY


def test_nothing_typed_is_no_judgement() -> None:
    assert estimate("").strength is Strength.NONE
    assert Strength.NONE.words == ""


@given(st.text(max_size=80), st.text(min_size=1, max_size=20))
def test_it_judges_whatever_is_typed_and_keeps_nothing_of_it(password: str, more: str) -> None:
    found = estimate(password + more)
    assert found.strength > Strength.NONE
    assert found.time
    assert set(type(found).__slots__) == {"strength", "guesses"}


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=40))
def test_twice_the_same_is_hardly_better_than_once(password: str) -> None:
    once = estimate(password).guesses
    assert estimate(password * 2).guesses <= max(once * 2, 5.0) + 0.5
