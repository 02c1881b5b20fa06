"""What the session knows of a mask that leaves it: its case, its images, what a reader decided, what was edited."""

from __future__ import annotations

from workstation.io.provenance import Origin, ReviewMark, Reviews
from workstation.session.opening import Kind
from workstation.session.session import Session


def origin_of(session: Session, kind: Kind) -> Origin:
    """The origin of the open case's truth or prediction; empty where no case is open.

    A review is about the prediction, so the truth has none.
    """
    case, entry = session.case, session.worklist.current
    if case is None:
        return Origin()
    is_reviewed = kind == "prediction" and entry is not None and entry.status != "unread"
    review = ReviewMark.of(entry.own) if is_reviewed and entry is not None else None
    return Origin(case.name, case.files.sequences, review)


def reviews_of(session: Session) -> Reviews:
    """What the reader decided about the cases of the open data set, as it stands now, by their names."""
    entries = [entry for entry in session.worklist.entries if entry.status != "unread"]
    marks = {entry.files.name: ReviewMark.of(entry.own) for entry in entries}
    return marks.get
