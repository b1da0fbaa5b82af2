"""Text from outside: made safe for one line on screen, and folded for searching. Any thread."""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
_BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
_ASCII_CONTROLS = "\x00-\x08\x0e-\x1f\x7f"
# Never seen, or seen only by what they do to others: C1 controls, soft hyphen, grapheme joiner, bidi marks, embeddings,
# overrides and isolates, zero-width spaces, fillers that look like spaces, annotation, notation and tag controls,
# unpaired surrogates.
_INVISIBLE = (
    "\x80-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# Joiners and variation selectors shape scripts and emoji; elsewhere they only hide.
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NO_CARRIER = f"\x00-\x7f{_BREAKS}{_INVISIBLE}{_JOINERS}"
_HIDDEN = re.compile(
    f"[{_ASCII_CONTROLS}{_INVISIBLE}]"
    f"|(?<![^{_NO_CARRIER}])[{_JOINERS}]|[{_JOINERS}](?![^{_NO_CARRIER}{_SELECTORS}])"
    f"|(?<![^{_NO_CARRIER}{_SELECTORS}])(?<![0-9#*])[{_SELECTORS}]"
)
_BREAK = re.compile(f"[{_BREAKS}]")
_SPACES = re.compile(f"[ {_BREAKS}]+")
_IGNORABLE = re.compile(f"[{_INVISIBLE}{_JOINERS}{_SELECTORS}]+")
_LOOKED_AT = 8  # of so many limits' worth of characters the line is made; the rest is clipped unread
_MAX_MARKS = 30  # combining marks in a row: the bound of Unicode's stream-safe text format (UAX 15)


def plain_line(text: str, limit: int) -> str:
    """One displayable line of at most ``limit`` characters, clipped with an ellipsis.

    Control, bidi and other hidden characters each become U+FFFD, so that one sees that something was there; line breaks
    and tabs become single spaces. Raises ValueError for a limit below 1.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    if limit < 1:
        raise ValueError("A line is at least one character long.")
    more = len(text) > limit * _LOOKED_AT
    if more:
        text = text[: limit * _LOOKED_AT]
    text = _HIDDEN.sub(REPLACEMENT, text)
    if _BREAK.search(text):
        text = _SPACES.sub(" ", text).strip(" ")
    if more or len(text) > limit:
        # A joiner or selector in front of the ellipsis has lost what it shaped.
        text = text[: limit - 1].rstrip("\u200c\u200d") + ELLIPSIS
    return text


def has_hidden_characters(text: str) -> bool:
    """Whether the text holds characters that nobody sees: controls, bidi overrides, zero-width ones, lone surrogates.

    Line breaks and tabs do not count, nor joiners and variation selectors where they shape a script or an emoji.
    """
    if text.isascii() and text.isprintable():
        return False
    return _HIDDEN.search(text) is not None


def fold(text: str) -> str:
    """The text as search compares it: NFKC, case folded, invisible characters left out.

    Folding twice changes nothing.
    """
    if text.isascii():
        return text.lower()
    text = _IGNORABLE.sub("", text)
    text = unicodedata.normalize("NFKC", _bounded_marks(text))
    return unicodedata.normalize("NFKC", _bounded_marks(text).casefold())


def _bounded_marks(text: str) -> str:
    """Marks beyond thirty in a row dropped: normalising a longer run takes time in the square of its length."""
    if len(text) <= _MAX_MARKS:
        return text
    kept: list[str] = []
    marks = 0
    category = unicodedata.category
    for character in text:
        if character > "\u02ff" and (category(character)[0] == "M" or character in "\uff9e\uff9f"):
            marks += 1
            if marks > _MAX_MARKS:
                continue
        else:
            marks = 0
        kept.append(character)
    return "".join(kept)
