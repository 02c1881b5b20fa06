"""How far two readers agree on whether a mask may be taken as it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from workstation.core.review import READ, Decision, latest_of


@dataclass(frozen=True, slots=True)
class Agreement:
    """Verdicts of two readers on the cases that both have judged.

    Accepted is one verdict; corrected and rejected are the other, since the mask was not taken as it was. Flagged and
    unread cases are no verdict and left out.

    Parameters
    ----------
    first, second : str
        The readers.
    both_accept, only_first_accepts, only_second_accepts, both_reject : int
        Cases by verdict.
    differing : tuple of str
        Names of the cases on which they differ.
    """

    first: str
    second: str
    both_accept: int
    only_first_accepts: int
    only_second_accepts: int
    both_reject: int
    differing: tuple[str, ...] = ()

    @property
    def cases(self) -> int:
        """Cases that both have judged."""
        return self.both_accept + self.only_first_accepts + self.only_second_accepts + self.both_reject

    @property
    def share(self) -> float:
        """Share of cases with one verdict, 0 to 1; NaN without a case."""
        return (self.both_accept + self.both_reject) / self.cases if self.cases else math.nan

    @property
    def kappa(self) -> float:
        """Cohen's kappa, (p_o - p_e) / (1 - p_e): 1 complete agreement, 0 what chance would bring.

        NaN without a case, and where both gave one and the same verdict throughout: chance alone brings that, 0/0.

        References
        ----------
        Cohen J. Educational and Psychological Measurement 20(1), 1960, 37-46.
        """
        total = self.cases
        first = self.both_accept + self.only_first_accepts
        second = self.both_accept + self.only_second_accepts
        # In whole numbers, so that complete agreement by chance is exactly 0/0.
        expected = first * second + (total - first) * (total - second)
        rest = total * total - expected
        return (total * (self.both_accept + self.both_reject) - expected) / rest if rest else math.nan


def agreement_of(decisions: Iterable[Decision], first: str, second: str) -> Agreement:
    """Compare two readers by their last decisions.

    Parameters
    ----------
    decisions : iterable of Decision
        In the order of their numbers.
    first, second : str
        Readers.
    """
    latest = latest_of(decisions)
    shared = sorted({case for case, reader in latest if reader == first and (case, second) in latest})
    counts = {(one, other): 0 for one in (True, False) for other in (True, False)}
    differing = []
    for case in shared:
        one, other = latest[case, first], latest[case, second]
        if one.status in READ and other.status in READ:
            verdicts = (one.status == "accepted", other.status == "accepted")
            counts[verdicts] += 1
            if verdicts[0] != verdicts[1]:
                differing.append(case)
    return Agreement(
        first,
        second,
        both_accept=counts[True, True],
        only_first_accepts=counts[True, False],
        only_second_accepts=counts[False, True],
        both_reject=counts[False, False],
        differing=tuple(differing),
    )


def agreements_of(decisions: Iterable[Decision]) -> tuple[Agreement, ...]:
    """Every pair of readers, by name."""
    kept = tuple(decisions)
    readers = sorted({decision.reader for decision in kept})
    return tuple(agreement_of(kept, first, second) for first, second in combinations(readers, 2))
