"""Fuzzy search: does a text hold the letters of a query's words in order, and how well."""

from __future__ import annotations

_START_OF_WORD = 8.0
_IN_A_ROW = 7.0
_PER_LETTER = 1.0
_PER_GAP = 0.2


def fuzzy_score(query: str, text: str) -> float | None:
    """How well a text fits a query; None if it does not hold the letters of each of its words in order.

    The words may stand in any order. Letters at the start of a word and letters in a row count more, gaps less; case
    is nothing.

    Parameters
    ----------
    query : str
        Empty fits everything with 0.
    text : str
    """
    folded = text.lower()
    total = 0.0
    for word in query.lower().split():
        score = _word_score(word, folded)
        if score is None:
            return None
        total += score
    return total


def _word_score(word: str, text: str) -> float | None:
    # best[i]: score of the best way to place the letters so far with the last one at place i.
    best: dict[int, float] = {-1: 0.0}
    for letter in word:
        best = {
            place: max(score + _gain(text, before, place) for before, score in best.items() if before < place)
            for place in range(len(text))
            if text[place] == letter and min(best) < place
        }
        if not best:
            return None
    return max(best.values())


def _gain(text: str, before: int, place: int) -> float:
    """What a letter at `place` adds, the one before it being at `before` (-1: none)."""
    gain = _PER_LETTER - (_PER_GAP * (place - before - 1) if before >= 0 else 0.0)
    if place == 0 or not text[place - 1].isalnum():
        gain += _START_OF_WORD
    if before >= 0 and place == before + 1:
        gain += _IN_A_ROW
    return gain
