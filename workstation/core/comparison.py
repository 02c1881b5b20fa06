"""Truth against prediction, voxel by voxel: true positive, false positive, false negative.

The classes are small integers in one array, because that array is what the panes colour and what the legend counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.overlap import OverlapCounts

TRUE_NEGATIVE, TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 0, 1, 2, 3

# Indexed by truth + 2 * prediction.
_CLASS_OF = np.array([TRUE_NEGATIVE, FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE], dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ComparisonCounts:
    """What the legend of a comparison says.

    Parameters
    ----------
    overlap : OverlapCounts
        Voxels by class.
    voxel_ml : float
        Millilitres of one voxel.
    """

    overlap: OverlapCounts
    voxel_ml: float

    @property
    def tp_ml(self) -> float:
        """Volume of the true positives, ml."""
        return self.overlap.tp * self.voxel_ml

    @property
    def fp_ml(self) -> float:
        """Volume of the false positives, ml."""
        return self.overlap.fp * self.voxel_ml

    @property
    def fn_ml(self) -> float:
        """Volume of the false negatives, ml."""
        return self.overlap.fn * self.voxel_ml

    @property
    def dice(self) -> float:
        """Dice similarity coefficient; NaN if both masks are empty."""
        return self.overlap.dice


def compare(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Class of every voxel of two masks.

    Parameters
    ----------
    truth, prediction : (I, J, K) bool ndarray
        Masks on one voxel grid.

    Returns
    -------
    (I, J, K) uint8 ndarray
        0 in neither, 1 in both (true positive), 2 in the prediction alone (false positive), 3 in the truth alone
        (false negative); in the memory order of `truth`.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"masks of {truth.shape} and {prediction.shape} voxels have no common grid")
    return _CLASS_OF[truth.view(np.uint8) + (prediction.view(np.uint8) << 1)]


def count_classes(classes: np.ndarray, *, voxel_ml: float) -> ComparisonCounts:
    """Voxels and millilitres of each class of `compare`.

    Parameters
    ----------
    classes : (I, J, K) uint8 ndarray
        What `compare` returned.
    voxel_ml : float
        Millilitres of one voxel (product of the zooms in mm, over 1000).
    """
    voxels = np.bincount(classes.ravel(order="K"), minlength=4)
    overlap = OverlapCounts(
        tp=int(voxels[TRUE_POSITIVE]),
        fp=int(voxels[FALSE_POSITIVE]),
        fn=int(voxels[FALSE_NEGATIVE]),
        tn=int(voxels[TRUE_NEGATIVE]),
    )
    return ComparisonCounts(overlap=overlap, voxel_ml=voxel_ml)
