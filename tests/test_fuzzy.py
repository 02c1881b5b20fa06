"""Fuzzy search."""

from __future__ import annotations

import pytest

from workstation.gui.fuzzy import fuzzy_score


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("lt", "Light theme"),
        ("theme light", "Light theme"),
        ("LGT", "Light theme"),
        ("", "anything"),
        ("o b", "or both"),
    ],
)
def test_letters_in_order_are_found(query: str, text: str) -> None:
    assert fuzzy_score(query, text) is not None


@pytest.mark.parametrize(
    ("query", "text"), [("thl", "Light"), ("x", ""), ("light dark", "Light theme"), ("ll", "Light")]
)
def test_what_a_text_does_not_hold_is_not_found(query: str, text: str) -> None:
    assert fuzzy_score(query, text) is None


def test_starts_of_words_and_rows_of_letters_come_first() -> None:
    texts = ["Crosshair", "Save screenshot", "Show sequence"]
    # "ss": starts of two words beat two letters in a row, which beat letters far apart.
    order = sorted(texts, key=lambda text: -(fuzzy_score("ss", text) or 0))
    assert order[-1] == "Crosshair"
    assert (fuzzy_score("screen", "Save screenshot") or 0) > (fuzzy_score("screen", "Sort cases by reviewer name") or 0)
