"""What the session knows of a mask that leaves it: its case, its images, what a reader decided, what was edited."""

from __future__ import annotations

from itertools import groupby

from workstation.io.provenance import Origin, ReviewMark, Reviews
from workstation.session.session import Session


def origin_of(session: Session, slot: str, *, review: ReviewMark | None = None) -> Origin:
    """The origin of one of the open case's masks, by its slot; empty where no case is open.

    A review is about the prediction, so other masks have none; of the edited mask, it must say that it was corrected.
    `review` is one that is being made.
    """
    case, entry = session.case, session.worklist.current
    if case is None:
        return Origin()
    status = "unread" if entry is None else entry.status
    is_reviewed = status == "corrected" if slot == "edited" else slot == "prediction" and status != "unread"
    if review is None and is_reviewed and entry is not None:
        review = ReviewMark.of(entry.own)
    edits = _edits_of(session) if slot == "edited" else ()
    return Origin.of(case.files, review=review, edits=edits)


def _edits_of(session: Session) -> tuple[str, ...]:
    """What was done by hand, oldest first; the same several times in a row is told once, with the number."""
    runs = [(verb, len(list(same))) for verb, same in groupby(session.editing.verbs)]
    return tuple(verb if count == 1 else f"{verb}, {count} times" for verb, count in runs)


def reviews_of(session: Session) -> Reviews:
    """What the reader decided about the cases of the open data set, as it stands now, by their names."""
    entries = [entry for entry in session.worklist.entries if entry.status != "unread"]
    marks = {entry.files.name: ReviewMark.of(entry.own) for entry in entries}
    return marks.get
