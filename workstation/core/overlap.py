"""Overlap of two masks: voxel counts and the ratios made from them.

Everything here is a ratio of four counts, so masks are read once (`count_overlap`) and the counts are kept.
Ratios that are 0/0 are NaN here; `challenge_value` states how the BraTS challenge counts such a case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class OverlapCounts:
    """Voxels of two masks on one grid, by agreement.

    Parameters
    ----------
    tp, fp, fn, tn : int
        Voxels in both masks, in the prediction alone, in the truth alone, in neither.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def truth(self) -> int:
        """Voxels of the truth."""
        return self.tp + self.fn

    @property
    def prediction(self) -> int:
        """Voxels of the prediction."""
        return self.tp + self.fp

    @property
    def dice(self) -> float:
        """Dice similarity coefficient, 2 TP / (2 TP + FP + FN); NaN if both masks are empty.

        References
        ----------
        Dice LR. Ecology 26(3), 1945, 297-302.
        """
        return _ratio(2 * self.tp, self.truth + self.prediction)

    @property
    def jaccard(self) -> float:
        """Jaccard index, TP / (TP + FP + FN); NaN if both masks are empty."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def sensitivity(self) -> float:
        """Share of the truth that was found, TP / (TP + FN); NaN if the truth is empty."""
        return _ratio(self.tp, self.truth)

    @property
    def specificity(self) -> float:
        """Share of the rest of the volume that was left alone, TN / (TN + FP); NaN if the truth fills the volume."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def precision(self) -> float:
        """Share of the prediction that is true, TP / (TP + FP); NaN if the prediction is empty."""
        return _ratio(self.tp, self.prediction)


def count_overlap(truth: np.ndarray, prediction: np.ndarray) -> OverlapCounts:
    """Count agreeing and differing voxels of two masks.

    Parameters
    ----------
    truth, prediction : (I, J, K) bool ndarray
        Masks on one voxel grid.

    Returns
    -------
    OverlapCounts

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"masks of {truth.shape} and {prediction.shape} voxels have no common grid")
    tp = int(np.count_nonzero(truth & prediction))
    in_truth, in_prediction = int(np.count_nonzero(truth)), int(np.count_nonzero(prediction))
    fp, fn = in_prediction - tp, in_truth - tp
    return OverlapCounts(tp=tp, fp=fp, fn=fn, tn=truth.size - tp - fp - fn)


def dice(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Dice similarity coefficient of two (I, J, K) bool masks; NaN if both are empty.

    References
    ----------
    Dice LR. Ecology 26(3), 1945, 297-302.
    """
    return count_overlap(truth, prediction).dice


def challenge_value(ratio: float, counts: OverlapCounts) -> float:
    """A ratio as the BraTS 2023 challenge counts it: 0/0 is 1 if both masks are empty, else 0.

    Parameters
    ----------
    ratio : float
        Dice, sensitivity, precision, ... of `counts`; NaN where it is 0/0.
    counts : OverlapCounts
        The counts it was made from.

    References
    ----------
    github.com/rachitsaluja/BraTS-2023-Metrics, preset BraTS-GLI.
    """
    if not math.isnan(ratio):
        return ratio
    return 1.0 if counts.truth == 0 and counts.prediction == 0 else 0.0


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
