"""Figures of pairs of masks, kept in the user's cache: a data set that was scored is scored again in a moment.

An entry is named after the names, sizes and times of both files and the version of the figures; whoever changes what
is measured counts `VERSION` up. An entry that cannot be read is measured again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from workstation.errors import ExportError, InputError
from workstation.io.files import read_json, write_json
from workstation.io.places import cache_folder
from workstation.io.review_figures import fingerprint_of

VERSION = 1
_Scores = Mapping[str, Mapping[str, float]]


def kept_scores(truth: Path, prediction: Path, measure: Callable[[], _Scores], *, asked: str = "") -> _Scores:
    """The figures of a pair, measured only where they are not kept.

    Parameters
    ----------
    truth, prediction : Path
    measure : callable
        Gives the figures of each region.
    asked : str
        What else they follow from, such as the label scheme.
    """
    words = f"{VERSION};{asked};{fingerprint_of(truth.resolve(), prediction.resolve())}"
    path = cache_folder() / "scores" / f"{hashlib.sha256(words.encode()).hexdigest()}.json"
    found = _read(path)
    if found is None:
        found = measure()
        try:
            write_json(path, {region: {k: _plain(v) for k, v in each.items()} for region, each in found.items()})
        except ExportError:
            # Without room for the cache it is slower, and no less right.
            return found
    return found


def _read(path: Path) -> _Scores | None:
    if not path.is_file():
        return None
    try:
        values = read_json(path)
        return {region: {name: _value(each) for name, each in found.items()} for region, found in values.items()}
    except (InputError, AttributeError, TypeError, ValueError, json.JSONDecodeError):
        return None


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _value(value: float | str) -> float:
    # Whole numbers stay whole: lesions are counted.
    return value if isinstance(value, int) else float(value)
