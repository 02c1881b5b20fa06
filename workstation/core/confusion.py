"""Which label was taken for which: the confusion matrix of two label maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.label_pair import crop_pair
from workstation.core.labels import Label
from workstation.core.volume import LabelMap


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Voxels by their label in the truth and in the prediction.

    Parameters
    ----------
    truth_labels, prediction_labels : tuple of Label or None
        Of rows and columns; None, the first one, is background. Schemes may differ: a label of one that the other
        lacks has a row or a column of its own.
    voxels : (rows, columns) int64 ndarray
    voxel_ml : float
    """

    truth_labels: tuple[Label | None, ...]
    prediction_labels: tuple[Label | None, ...]
    voxels: np.ndarray
    voxel_ml: float

    def is_agreement(self, row: int, column: int) -> bool:
        """Whether a cell counts voxels of one tissue, or background, in both."""
        one, other = self.truth_labels[row], self.prediction_labels[column]
        return one is other if one is None or other is None else one.tissue == other.tissue


def count_confusion(truth: LabelMap, prediction: LabelMap) -> Confusion:
    """Count the voxels of every pair of labels in the whole volume.

    Labels of a scheme that occur in neither map are listed, with no voxels, unless the scheme is unnamed.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    pair = crop_pair(truth, prediction)
    counts = np.bincount(pair.truth.ravel().astype(np.int64) * 256 + pair.prediction.ravel(), minlength=65536).reshape(
        256, 256
    )
    counts[0, 0] += truth.data.size - pair.truth.size
    rows = [0, *_listed(truth, counts.sum(axis=1))]
    columns = [0, *_listed(prediction, counts.sum(axis=0))]
    return Confusion(
        tuple(truth.scheme.labels.get(value) for value in rows),
        tuple(prediction.scheme.labels.get(value) for value in columns),
        counts[np.ix_(rows, columns)],
        truth.grid.voxel_ml,
    )


def confusion_mask(truth: LabelMap, prediction: LabelMap, *, truth_value: int, prediction_value: int) -> np.ndarray:
    """The voxels of one cell, by its labels' values (0: background); (I, J, K) bool of the whole volume."""
    pair = crop_pair(truth, prediction)
    found: np.ndarray = (pair.truth == truth_value) & (pair.prediction == prediction_value)
    is_outside_meant = truth_value == 0 and prediction_value == 0
    return pair.whole(found, beyond=is_outside_meant)


def _listed(mask: LabelMap, counts: np.ndarray) -> list[int]:
    labels = mask.scheme.labels
    return [value for value in sorted(labels) if counts[value] or labels[value].tissue != "unknown"]
