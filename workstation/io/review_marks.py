"""What was decided last about each case of a data set, for reports and exports that know no window."""

from __future__ import annotations

from pathlib import Path

from workstation.io.provenance import ReviewMark
from workstation.io.review_store import ReviewStore, review_path


def marks_in(root: Path) -> dict[str, ReviewMark]:
    """The last decision about each case, by whichever reader; empty where nobody decided about the data set.

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
    latest = {decision.case: decision for decision in history}
    return {case: ReviewMark.of(decision) for case, decision in latest.items() if decision.status != "unread"}
