"""What readers decide about the mask of a case: decisions as they are kept, and what they amount to.

A decision is never changed: whoever thinks again decides again, and an undo is a decision that restores the one
before. The state of a case for a reader is that reader's last decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STATUSES = ("unread", "accepted", "corrected", "rejected", "flagged")
# A case is read once its mask was judged; a flag says that somebody has to look again.
READ = frozenset({"accepted", "corrected", "rejected"})
REASONS = (
    "misses tumour",
    "marks healthy tissue",
    "wrong label",
    "poor boundary",
    "poor image quality",
    "wrong case or registration",
)


@dataclass(frozen=True, slots=True)
class ReviewedMask:
    """The very mask that was judged.

    Parameters
    ----------
    path : str
    sha256 : str
        Of the file's contents, in hexadecimal.
    """

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one reader about one case.

    Parameters
    ----------
    case : str
        The case's name in its data set.
    reader : str
    status : str
        One of `STATUSES`; "unread" takes an earlier decision back.
    reason : str
        Why it was rejected.
    note : str
    mask : ReviewedMask or None
        None where there was none to judge.
    opened_at, decided_at : str
        ISO 8601 in UTC; empty where unknown, or not yet kept.
    seconds : float
        How long the case was looked at before.
    is_blinded : bool
        Whether the prediction was hidden until the decision.
    number : int
        Place in the history, from 1; 0 before it is kept.
    undoes : int or None
        The number of the decision that this one takes back.
    """

    case: str
    reader: str
    status: str
    reason: str = ""
    note: str = ""
    mask: ReviewedMask | None = None
    opened_at: str = ""
    decided_at: str = ""
    seconds: float = 0.0
    is_blinded: bool = False
    number: int = 0
    undoes: int | None = None

    @property
    def is_read(self) -> bool:
        """Whether the mask was judged: accepted, corrected or rejected."""
        return self.status in READ


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """What was measured of a case's masks, kept so that a list can be sorted by it.

    Parameters
    ----------
    fingerprint : str
        Of the files that were measured; another one makes the figures stale.
    dice : mapping of str to float
        Of WT, TC and ET where both masks can express them, counted as the challenge does (both empty: 1); empty
        where there is no truth or no prediction.
    truth_ml, prediction_ml : float or None
        Volume of the whole tumour; None without the mask.
    """

    fingerprint: str
    dice: Mapping[str, float]
    truth_ml: float | None = None
    prediction_ml: float | None = None


def latest_of(decisions: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """The last decision by (case, reader); decisions come in the order of their numbers."""
    return {(decision.case, decision.reader): decision for decision in decisions}
