"""The recovery kit's words: made, read back as people type them, and told what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from aether_desktop.ports.access import WrongFactorError
from aether_desktop.security.recovery_kit import WORDS, entropy_of, new_kit, problem_with
from aether_desktop.security.seed_words import split_words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KNOWN = [*("legal winner thank year wave sausage worth useful " * 3).split()[:23], "title"]


def test_a_kit_has_24_words_that_no_repr_shows() -> None:
    kit = new_kit("Books", now=NOW)
    assert len(kit.words) == WORDS
    assert problem_with(kit.words) == ""
    assert len(entropy_of(kit.words)) == 32
    assert (kit.vault_name, kit.created) == ("Books", NOW)
    assert not set(kit.words) & set(repr(kit).split("'"))
    assert new_kit("Books", now=NOW).words != kit.words


@given(st.binary(min_size=32, max_size=32))
def test_every_entropy_comes_back(entropy: bytes) -> None:
    words = Mnemonic("english").to_mnemonic(entropy)
    assert bytes(entropy_of(words).data) == entropy


def test_words_are_read_as_printed_and_typed() -> None:
    printed = "\n".join(f" {number:2}. {word.upper()}" for number, word in enumerate(KNOWN, start=1))
    assert split_words(printed) == tuple(KNOWN)
    assert bytes(entropy_of(printed).data) == b"\x7f" * 32


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "has 24 words; these are 0"),
        (" ".join(KNOWN[:23]), "these are 23"),
        (" ".join([*KNOWN, "zoo"]), "these are 25"),
        (" ".join(["leagl", *KNOWN[1:]]), "Word 1, 'leagl', is not in the list. Near: legal"),
        (" ".join([*KNOWN[:5], "sausages", *KNOWN[6:]]), "Word 6, 'sausages', is not in the list. Near: sausage"),
        (" ".join([*KNOWN[:2], "qqqq", *KNOWN[3:]]), "Word 3, 'qqqq', is not in the list."),
        (" ".join([KNOWN[1], KNOWN[0], *KNOWN[2:]]), "do not belong together"),
        ("x" * 3000, f"Word 1, '{'x' * 20}', is not"),
    ],
)
def test_what_is_wrong_is_said(words: str, said: str) -> None:
    assert said in problem_with(words)
    with pytest.raises(WrongFactorError, match="paper"):
        entropy_of(words)


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert problem_with(text)
