"""How well a few typed letters fit a title. No Qt."""

from __future__ import annotations

_START, _WORD, _RUN, _GAP = 12, 8, 5, 1


def fuzzy_score(query: str, title: str) -> int | None:
    """Return how well ``query`` fits, higher is better; None if its letters are not all there in this order.

    Letters at the start of a word and letters in a run count most; blanks in the query are ignored.
    """
    wanted = "".join(query.casefold().split())
    if not wanted:
        return 0
    text = title.casefold()
    best: int | None = None
    start = text.find(wanted[0])
    while start >= 0:
        score = _from(wanted, text, start)
        if score is None:
            break
        best = score if best is None else max(best, score)
        start = text.find(wanted[0], start + 1)
    return best


def _from(wanted: str, text: str, start: int) -> int | None:
    score, at, last = 0, start, start - 1
    for letter in wanted:
        at = text.find(letter, last + 1)
        if at < 0:
            return None
        if at == 0:
            score += _START
        elif not text[at - 1].isalnum():
            score += _WORD
        score += _RUN if at == last + 1 else -min(_GAP * (at - last), _WORD)
        last = at
    return score
