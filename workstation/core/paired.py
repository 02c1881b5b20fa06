"""Two segmentations of the same cases, case by case: how much better or worse the second is, and whether by chance."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workstation.core.cohort import Summary, summarise

LOWER_IS_BETTER = frozenset({"hd95_mm", "assd_mm", "lesionwise_hd95_mm", "lesions_fp", "lesions_fn"})
FIGURES = ("dice", "hd95_mm", "nsd_1mm", "assd_mm", "sensitivity", "precision", "lesionwise_dice", "lesionwise_hd95_mm")


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of one case under A and under B."""

    case: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        """B minus A."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Paired:
    """A figure of many cases under A and under B.

    Parameters
    ----------
    figure : str
    pairs : tuple of Pair
        Cases in which the figure is finite under both, the case where B got worse the most first.
    missing : tuple of str
        Cases in which it is not.
    a, b, differences : Summary
        The differences are B minus A.
    wins, losses, ties : int
        Cases in which B is better, worse, equal.
    p_value : float
        Of Wilcoxon's signed-rank test, two-sided, pairs without a difference left out; NaN where all are equal or
        there is no pair.
    """

    figure: str
    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]
    a: Summary
    b: Summary
    differences: Summary
    wins: int
    losses: int
    ties: int
    p_value: float

    @property
    def lower_is_better(self) -> bool:
        """Whether small values are good ones."""
        return self.figure in LOWER_IS_BETTER


def compare_pairs(figure: str, a: Mapping[str, float], b: Mapping[str, float]) -> Paired:
    """Compare a figure case by case.

    Parameters
    ----------
    figure : str
        As in `Scores`; says whether small values are good ones.
    a, b : mapping of str to float
        The figure by case. Only cases in both are compared.

    References
    ----------
    Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bulletin 1(6), 1945, 80-83.
    """
    sign = -1.0 if figure in LOWER_IS_BETTER else 1.0
    shared = [Pair(case, a[case], b[case]) for case in a if case in b]
    pairs = [each for each in shared if math.isfinite(each.difference)]
    pairs.sort(key=lambda each: (sign * each.difference, each.case))
    gains = [sign * each.difference for each in pairs]
    return Paired(
        figure,
        tuple(pairs),
        tuple(sorted({*a, *b} - {each.case for each in pairs})),
        summarise(each.a for each in pairs),
        summarise(each.b for each in pairs),
        summarise(each.difference for each in pairs),
        wins=sum(gain > 0 for gain in gains),
        losses=sum(gain < 0 for gain in gains),
        ties=sum(gain == 0 for gain in gains),
        p_value=_wilcoxon(np.array([each.difference for each in pairs])),
    )


def _wilcoxon(differences: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    # Equal figures may differ in the last digits of their sums.
    moved = differences[np.abs(differences) > 1e-12]
    if not moved.size:
        return math.nan
    with warnings.catch_warnings():
        # Ties among few pairs make SciPy fall back to the normal approximation, and say so.
        warnings.simplefilter("ignore", UserWarning)
        return float(wilcoxon(moved).pvalue)
