"""Strategies for tests of properties: JSON trees, honest ones changed at a place, and texts as strangers write them."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The same examples in every run, few of them unless asked for more, and no limit that a slow machine could miss.
few = settings(
    max_examples=int(os.environ.get("WORKSTATION_EXAMPLES", "25")),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

hostile = st.sampled_from(
    ("", "..", "../../etc/passwd", "/etc/passwd", "a\nb", "<b>x</b>", "=1+1", "'=1", "x;=1+1", "a\u2028b", "x" * 300)
)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | hostile
numbers = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from((0, 1, -1, 2**31, 2**63, 1e308))
trees = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each (container, key or index) in a tree."""
    keys: Any = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def changed(draw: st.DrawFn, honest: dict[str, Any]) -> dict[str, Any]:
    """An honest tree with another value, or none, at one to three places."""
    value = copy.deepcopy(honest)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(value))
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        if draw(st.integers(0, 4)) == 0:
            del holder[key]
        else:
            holder[key] = draw(trees)
    return value
