"""Which verbs make sense for a run in which state; no widget."""

from __future__ import annotations

from typing import Literal

from workstation.io.runs import RunStatus
from workstation.session.measurements import MEASURING_KINDS

Verb = Literal[
    "pause",
    "resume",
    "stop_after_epoch",
    "stop_now",
    "resume_from_checkpoint",
    "change_course",
    "clone",
    "start_again",
    "segment",
    "show_masks",
    "show_difference",
    "remove",
]


def offers(status: RunStatus, *, has_open_case: bool) -> frozenset[Verb]:
    """The verbs that a run would obey now.

    Parameters
    ----------
    status : RunStatus
    has_open_case : bool
        There is a case that a model could segment.
    """
    if status.kind in MEASURING_KINDS:
        return _of_measurement(status) | _of_ended(status)
    is_training = status.kind == "train"
    verbs: set[Verb] = set()
    if status.state in ("preparing", "running"):
        # Only a training has steps between which it can rest.
        verbs |= {"pause", "stop_now"} if is_training else {"stop_now"}
    elif status.state == "paused":
        verbs |= {"resume", "stop_now"}
    elif status.state in ("waiting", "stopping"):
        verbs |= {"stop_now"}
    elif status.can_resume:
        verbs |= {"resume_from_checkpoint"}
    if is_training and status.state in ("running", "paused"):
        verbs |= {"stop_after_epoch"}
    if is_training and status.state not in ("stopping", "waiting", "preparing"):
        verbs |= {"change_course"}
    if is_training:
        verbs |= {"clone"}
    if is_training and status.state == "finished" and has_open_case:
        verbs |= {"segment"}
    if status.kind == "segment" and status.state == "finished":
        verbs |= {"show_masks"}
    return frozenset(verbs) | _of_ended(status)


def _of_ended(status: RunStatus) -> frozenset[Verb]:
    return frozenset({"remove"} if status.is_ended else ())


def _of_measurement(status: RunStatus) -> frozenset[Verb]:
    """A measurement does not rest, since others would then share its machine; a profile goes on where it ended."""
    if not status.is_ended:
        return frozenset({"stop_now"})
    if status.can_resume:
        return frozenset({"start_again"})
    return frozenset({"show_difference"} if status.kind == "seams" else ())
