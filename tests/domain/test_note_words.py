"""The words that a sealed note is found by: the same in any case and normal form, and for ever."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.note_words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("!?\n\t.", ()),
        ("The rent, the RENT; paid_late (2024)", ("the", "rent", "paid_late", "2024")),
        ("Straße STRASSE", ("strasse",)),
        ("Me\u0301nage Ménage", ("ménage",)),
        ("हिन्दी में", ("हिन्दी", "में")),
        ("don't", ("don", "t")),
        ("ﬁve", ("five",)),
    ],
)
def test_what_is_a_word(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_forms_and_cases_give_the_same_words(text: str) -> None:
    words = words_of(text)
    assert len(set(words)) == len(words)
    assert words_of(unicodedata.normalize("NFD", text)) == words
    assert words_of(" ".join(words)) == words
