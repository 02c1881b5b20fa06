"""What the session knows of a mask that leaves it: its case, its images, what a reviewer decided, what was edited."""

from __future__ import annotations

from workstation.io.export_batch import Reviews
from workstation.io.provenance import Origin, ReviewMark
from workstation.session.opening import Kind
from workstation.session.session import Session


def origin_of(session: Session, kind: Kind) -> Origin:
    """The origin of the open case's truth or prediction; empty where no case is open."""
    case = session.case
    if case is None:
        return Origin()
    return Origin(case.name, case.files.sequences)


def reviews_of(session: Session) -> Reviews:
    """What was decided about the cases of the open data set, by their names."""
    marks: dict[str, ReviewMark] = {}
    return marks.get
