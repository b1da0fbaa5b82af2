"""Outside text made safe for one line, and folding for search."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aether_desktop.domain.text import ELLIPSIS, REPLACEMENT, fold, has_hidden_characters, plain_line

# Format characters that are seen: Arabic and Kaithi signs that enclose or precede numbers.
VISIBLE_FORMATS = {
    *range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD,
}  # fmt: skip
BREAKS = set("\t\n\v\f\r\x85\u2028\u2029")
texts = st.text(st.characters(), max_size=60)  # lone surrogates included
nasty = st.text(
    st.sampled_from("ab 1#é漢🔥❤\u0301\u200d\u200c\ufe0f\ufe0e\U000e0100\u202e\u2066\x00\n\r\t\u2028\x85\u200b\ud800"),
    max_size=20,
)


@pytest.mark.parametrize("text", ["", "Rent, May", " two  spaces ", "<b>bold</b>", "=1+1", "é 漢字 🔥"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert plain_line(text, 80) == text
    assert not has_hidden_characters(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x00b", f"a{REPLACEMENT}b"),
        ("pay\u202egpj.exe", f"pay{REPLACEMENT}gpj.exe"),
        ("\u2066a\u2069", f"{REPLACEMENT}a{REPLACEMENT}"),
        ("a\u200bb", f"a{REPLACEMENT}b"),
        ("\ufeffa", f"{REPLACEMENT}a"),
        ("a\x1b[31mb", f"a{REPLACEMENT}[31mb"),
        ("a\u3164", f"a{REPLACEMENT}"),
        ("a\ud800b", f"a{REPLACEMENT}b"),
        ("a\U000e0041", f"a{REPLACEMENT}"),
        ("pay\u200dpal", f"pay{REPLACEMENT}pal"),
        ("a\ufe0f", f"a{REPLACEMENT}"),
        ("é\ufe00\ufe01", f"é\ufe00{REPLACEMENT}"),
        ("é\u200d", f"é{REPLACEMENT}"),
        ("é\u200d\u2028é", f"é{REPLACEMENT} é"),
    ],
)
def test_hidden_characters_become_visible(text: str, line: str) -> None:
    assert plain_line(text, 80) == line
    assert has_hidden_characters(text)


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧",  # a family, joined
        "❤\ufe0f\u200d🔥",
        "1\ufe0f\u20e3",  # key cap
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: "I want", which needs its non-joiner
        "葛\U000e0100",  # a variant of a name's character
        "\u0661\u0600",
    ],
)
def test_what_shapes_a_script_or_an_emoji_stays(text: str) -> None:
    assert plain_line(text, 80) == text
    assert not has_hidden_characters(text)


def test_line_breaks_become_single_spaces() -> None:
    assert plain_line("a\r\n\r\n  b\tc\u2028d\x85", 80) == "a b c d"
    assert plain_line("\n\n", 80) == ""
    assert not has_hidden_characters("a\r\n\tb")


def test_clipping() -> None:
    assert plain_line("abcdef", 6) == "abcdef"
    assert plain_line("abcdefg", 6) == "abcde…"
    assert plain_line("é" * 7, 6) == "ééééé…"
    assert plain_line("abc", 1) == ELLIPSIS
    assert plain_line("a" + "\n" * 1000, 10) == "a…"
    assert plain_line("👨\u200d👩\u200d👧", 3) == "👨…"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        plain_line("a", limit)


def test_every_control_and_format_character_is_caught() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            continue
        if character in BREAKS:
            assert plain_line(f"a{character}b", 9) == "a b", hex(code)
        elif code not in VISIBLE_FORMATS:
            assert has_hidden_characters(f"a{character}b"), hex(code)
            assert plain_line(f"a{character}b", 9) == f"a{REPLACEMENT}b", hex(code)


@given(st.one_of(texts, nasty), st.integers(1, 40))
@example("é\u200d\ufe0f", 2)
def test_a_line_is_clean_short_and_stable(text: str, limit: int) -> None:
    line = plain_line(text, limit)
    assert len(line) <= limit
    assert not has_hidden_characters(line)
    assert not BREAKS & set(line)
    assert plain_line(line, limit) == line
    line.encode("utf-8")


@given(st.one_of(texts, nasty))
def test_hidden_means_that_the_line_shows_a_mark(text: str) -> None:
    text = text.replace(REPLACEMENT, "")
    assert (REPLACEMENT in plain_line(text, 100)) == has_hidden_characters(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ABC def", "abc def"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("\uff26\uff35\uff2c\uff2c", "full"),
        ("E\u0301", "é"),
        ("\u03a3\u0391\u03a3", "\u03c3\u03b1\u03c3"),
        ("pay\u200bpal\u202e", "paypal"),
        ("❤\ufe0f", "❤"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_every_character_twice_changes_nothing() -> None:
    for code in range(sys.maxunicode + 1):
        folded = fold(chr(code))
        assert fold(folded) == folded, hex(code)


@given(st.one_of(texts, nasty))
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded


def test_folding_a_long_run_of_marks_twice_changes_nothing() -> None:
    for mark in ("\u0301\u0316", "\u0f73", "\u0344", "\uff9e", "\u0345"):
        folded = fold("a" + mark * 100)
        assert 0 < len(folded) < 110
        assert fold(folded) == folded


@given(st.text(st.characters(max_codepoint=127)))
def test_the_fast_path_folds_like_the_slow_one(text: str) -> None:
    assert fold(text) == fold("é" + text)[1:]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000 + "é",
        "a" + "\u0301\u0316" * 500_000,
        "é" + "\u0f73" * 500_000,
        " " * 5_000_000 + "\n",
        "é" + "\u200d" * 1_000_000,
    ],
)
def test_hostile_texts_take_time_in_proportion(text: str) -> None:
    start = time.perf_counter()
    fold(text)
    plain_line(text, 200)
    has_hidden_characters(text)
    assert time.perf_counter() - start < 5  # the square of these lengths would take minutes
