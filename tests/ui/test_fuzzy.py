"""Ranking of what a few letters may mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.ui.shell.fuzzy import fuzzy_score


def best(query: str, *titles: str) -> str:
    scored = [(score, title) for title in titles if (score := fuzzy_score(query, title)) is not None]
    return max(scored)[1] if scored else ""


def test_letters_in_order_are_enough() -> None:
    assert fuzzy_score("gtr", "Go to Transactions") is not None
    assert fuzzy_score("xyz", "Go to Transactions") is None
    assert fuzzy_score("rtg", "Go to Transactions") is None


def test_word_starts_and_runs_win() -> None:
    assert best("tra", "Go to Contracts", "Go to Transactions") == "Go to Transactions"
    assert best("pm", "Go to Payments", "Go to Payment methods") == "Go to Payment methods"
    assert best("undo", "Go to audit and notes", "Undo") == "Undo"


def test_case_and_blanks_do_not_matter() -> None:
    assert fuzzy_score("GO T", "go to") == fuzzy_score("got", "Go to")


@given(st.text(max_size=40))
def test_a_title_always_fits_itself(title: str) -> None:
    assert fuzzy_score(title, title) is not None


@given(st.text(max_size=12), st.text(max_size=40))
def test_what_fits_has_all_its_letters(query: str, title: str) -> None:
    if fuzzy_score(query, title) is not None:
        assert set("".join(query.casefold().split())) <= set(title.casefold())
