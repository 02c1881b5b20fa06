"""Several models, and several flips of a volume, as one: the average of their probabilities.

One prediction is in memory at a time beside the sum so far. Flips are made after a case was brought to the model's
axes and padded, and undone before they are added, so that every voxel is averaged with itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workstation.core.case import Case, CaseFiles
from workstation.core.labels import LabelScheme
from workstation.core.volume import LabelMap
from workstation.engine.segmentation import Segmenter
from workstation.errors import ModelError
from workstation.io.cases import load_case


class Ensemble:
    """Loaded models, ready for any number of cases.

    Parameters
    ----------
    folders : sequence of Path
        Model folders; at least one.
    threshold : float
        Probability from which a voxel belongs to a region; 0 takes the mean of the cards'.
    flips : bool
        Whether each model predicts all eight flips of a volume.

    Raises
    ------
    ModelError
        A model cannot be used, or two of them find different regions.
    """

    def __init__(self, folders: Sequence[Path], *, threshold: float = 0.0, flips: bool = False) -> None:
        self.segmenters = tuple(Segmenter(folder) for folder in folders)
        self.flips = flips
        cards = [each.card for each in self.segmenters]
        self.card = cards[0]
        self.threshold = threshold or sum(card.threshold for card in cards) / len(cards)
        for folder, card in zip(folders, cards, strict=True):
            if card.outputs != self.card.outputs:
                words = (f"{each.name} finds {', '.join(each.outputs)}" for each in (card, self.card))
                hint = "Average models that find the same regions."
                raise ModelError(f"{', and '.join(words)}.", hint=hint, path=folder)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The sequences that any of the models needs."""
        return tuple(dict.fromkeys(name for each in self.segmenters for name in each.card.inputs))

    def load(self, files: CaseFiles) -> Case:
        """The case's sequences that the models need; `ModelError` where one is missing."""
        for each in self.segmenters:
            each.require_sequences(files)
        return load_case(files, sequences=self.inputs, with_truth=False)

    def probabilities(self, case: Case) -> np.ndarray:
        """Mean probability of each region on the case's own grid, (I, J, K, R) float32.

        Raises
        ------
        OutOfMemory
            The volume is too large for this machine.
        """
        total = self.segmenters[0].probabilities(case, flips=self.flips)
        for each in self.segmenters[1:]:
            total += each.probabilities(case, flips=self.flips)
        if len(self.segmenters) > 1:
            total /= len(self.segmenters)
        return total

    def label_map(self, case: Case, probabilities: np.ndarray, *, scheme: str = "") -> LabelMap:
        """The mask that follows from the probabilities; `scheme` as in `SegmentRequest`."""
        first = self.segmenters[0]
        target: LabelScheme = first.scheme_for(case.files, scheme)
        return first.label_map(case, probabilities >= self.threshold, target)

    def warnings(self, case: Case) -> list[str]:
        """Why the models may do badly on a case that they can process."""
        return list(dict.fromkeys(words for each in self.segmenters for words in each.warnings(case)))
