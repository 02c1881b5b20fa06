"""Which verbs make sense for a run in which state; no widget."""

from __future__ import annotations

from typing import Literal

from workstation.io.runs import RunStatus

Verb = Literal["pause", "resume", "stop_after_epoch", "stop_now", "resume_from_checkpoint", "segment", "show_masks"]


def offers(status: RunStatus, *, has_open_case: bool) -> frozenset[Verb]:
    """The verbs that a run would obey now.

    Parameters
    ----------
    status : RunStatus
    has_open_case : bool
        There is a case that a model could segment.
    """
    is_training = status.kind == "train"
    verbs: set[Verb] = set()
    if status.state in ("preparing", "running"):
        verbs |= {"pause", "stop_now"}
    elif status.state == "paused":
        verbs |= {"resume", "stop_now"}
    elif status.state in ("waiting", "stopping"):
        verbs |= {"stop_now"}
    elif status.can_resume:
        verbs |= {"resume_from_checkpoint"}
    if is_training and status.state in ("running", "paused"):
        verbs |= {"stop_after_epoch"}
    if is_training and status.state == "finished" and has_open_case:
        verbs |= {"segment"}
    if status.kind == "segment" and status.state == "finished":
        verbs |= {"show_masks"}
    return frozenset(verbs)
