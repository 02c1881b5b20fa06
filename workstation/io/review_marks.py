"""What was decided last about each case of a data set, for reports and exports that know no window."""

from __future__ import annotations

from pathlib import Path

from workstation.core.review import latest_of
from workstation.io.provenance import ReviewMark
from workstation.io.review_store import ReviewStore, review_path


def marks_in(root: Path) -> dict[str, ReviewMark]:
    """The last decision about each case that was not taken back, by whichever reader; empty where there is none.

    Parameters
    ----------
    root : Path
        The data set's folder; nothing is written there.

    Raises
    ------
    ReviewError
        The store is damaged, locked, or of a newer program.
    """
    path = review_path(root)
    if not path.is_file():
        return {}
    with ReviewStore(path) as store:
        history = store.history()
    # A reader who takes a decision back says nothing about those of others.
    standing = [each for each in latest_of(history).values() if each.status != "unread"]
    return {each.case: ReviewMark.of(each) for each in sorted(standing, key=lambda each: each.number)}
