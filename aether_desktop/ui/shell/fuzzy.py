"""How well a few typed letters fit a title. No Qt."""

from __future__ import annotations

_START, _WORD, _RUN, _MOST_LOST = 12, 8, 5, 8


def fuzzy_score(query: str, title: str) -> int | None:
    """Return how well ``query`` fits, higher is better; None if its letters are not all there in this order.

    Letters at the start of a word and letters in a run count most, gaps count against; blanks in the query are ignored.
    """
    wanted = "".join(query.casefold().split())
    text = title.casefold()
    if not wanted:
        return 0
    # where the letter before may stand, and the best score up to there
    reached: dict[int, int] = {-1: 0}
    for letter in wanted:
        places = [at for at, found in enumerate(text) if found == letter]
        reached = {
            at: _worth(text, at) + max(score + _step(before, at) for before, score in reached.items() if before < at)
            for at in places
            if any(before < at for before in reached)
        }
        if not reached:
            return None
    return max(reached.values())


def _worth(text: str, at: int) -> int:
    if at == 0:
        return _START
    return _WORD if not text[at - 1].isalnum() else 0


def _step(before: int, at: int) -> int:
    return _RUN if at == before + 1 else -min(at - before, _MOST_LOST)
