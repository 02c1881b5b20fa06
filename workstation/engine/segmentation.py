"""Segmentation: the mask that a model finds in a case, the whole volume at once, back on the grid of its source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import reorient
from workstation.core.labels import LAYOUT_SCHEMES, LabelScheme, labels_from_regions, region_scheme, scheme_named
from workstation.core.segment_cost import FLIPS
from workstation.core.volume import LabelMap
from workstation.engine.choices import Choices
from workstation.engine.model_folder import load_model
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import VERSION, Placement, is_orientation, make_example, to_orientation
from workstation.engine.steps import refusing_to_run_out_of_memory
from workstation.errors import ModelError
from workstation.io.cases import load_case
from workstation.io.places import choices_path

ALL_REGIONS = ("WT", "TC", "ET")
_ZOOM_TOLERANCE = 0.25


class Segmenter:
    """A loaded model, ready for any number of cases.

    Parameters
    ----------
    folder : Path
        A model folder.
    threshold : float
        Probability from which a voxel belongs to a region; 0 takes the card's.

    Raises
    ------
    ModelError
        The model is damaged, unsafe, or of a kind that this version cannot use.
    """

    def __init__(self, folder: Path, *, threshold: float = 0.0) -> None:
        model, self.card = load_model(folder)
        self.folder = folder
        self.threshold = threshold or self.card.threshold
        self._check_card()
        self._predictor = Predictor(model, self.card.plan, Choices(choices_path()))

    def load(self, files: CaseFiles) -> Case:
        """The case's sequences that the model needs; `ModelError` where one is missing."""
        self.require_sequences(files)
        return load_case(files, sequences=self.card.inputs, with_truth=False)

    def require_sequences(self, files: CaseFiles) -> None:
        """Raise `ModelError` where a case lacks a sequence that the model needs."""
        missing = [name for name in self.card.inputs if name not in files.sequences]
        if missing:
            raise ModelError(
                f"Model {self.card.name} needs {', '.join(self.card.inputs)}, and case {files.name} lacks "
                f"{', '.join(missing)}.",
                hint="Choose a model that needs fewer sequences, or add the missing file to the case.",
                path=self.folder,
            )

    def probabilities(self, case: Case, *, flips: bool = False) -> np.ndarray:
        """Probability of each region on the case's own grid, (I, J, K, R) float32.

        Parameters
        ----------
        case : Case
        flips : bool
            Whether to average the predictions of all eight flips of the volume.

        Raises
        ------
        OutOfMemory
            The volume is too large for this machine.
        """
        card = self.card
        example = make_example(case, inputs=card.inputs, orientation=card.orientation)
        i, j, k = example.inputs.shape[:3]
        placement = Placement((i, j, k), card.working_shape((i, j, k)))
        inputs = placement.place(example.inputs, example.background)
        with refusing_to_run_out_of_memory():
            found = self._flipped_mean(inputs) if flips else self._predicted(inputs)
        return reorient(placement.unplace(found), to_orientation(case.grid, card.orientation).inverse)

    def _predicted(self, inputs: np.ndarray) -> np.ndarray:
        return self._predictor.predict(tf.constant(inputs[np.newaxis])).numpy()[0]

    def _flipped_mean(self, inputs: np.ndarray) -> np.ndarray:
        """Each flip is undone before it is added, so that every voxel is averaged with itself."""
        total = np.zeros((*inputs.shape[:3], len(self.card.outputs)), np.float32)
        for flip in FLIPS:
            axes = tuple(axis for axis in range(3) if flip[axis])
            total += np.flip(self._predicted(np.ascontiguousarray(np.flip(inputs, axes))), axes)
        return total / np.float32(len(FLIPS))

    def segment(self, case: Case, *, scheme: str = "") -> LabelMap:
        """The mask of a loaded case.

        Parameters
        ----------
        case : Case
        scheme : str
            Of the labels of a model with several regions; empty means the source's, else brats2021. A model with one
            region writes 0 and 1.
        """
        return self.label_map(case, self.probabilities(case) >= self.threshold, self.scheme_for(case.files, scheme))

    def label_map(self, case: Case, masks: np.ndarray, scheme: LabelScheme) -> LabelMap:
        """The (I, J, K, R) bool masks of the regions of a case as one label map."""
        regions = {name: masks[..., channel] for channel, name in enumerate(self.card.outputs)}
        if len(regions) == 1:
            data = next(iter(regions.values())).astype(np.uint8)
        else:
            data = labels_from_regions(regions, scheme)
        source = next(iter(case.sequences.values())).source
        return LabelMap(name=f"{case.name} {self.card.name}", data=data, grid=case.grid, scheme=scheme, source=source)

    def run(self, files: CaseFiles, *, scheme: str = "") -> LabelMap:
        """Load a case and segment it."""
        return self.segment(self.load(files), scheme=scheme)

    def warnings(self, case: Case) -> list[str]:
        """Why the model may do badly on a case that it can process."""
        zooms = case.grid.transformed(to_orientation(case.grid, self.card.orientation)).zooms
        if all(abs(zoom / seen - 1) <= _ZOOM_TOLERANCE for zoom, seen in zip(zooms, self.card.zooms, strict=True)):
            return []
        listed, known = (" x ".join(f"{zoom:.2f}" for zoom in each) for each in (zooms, self.card.zooms))
        return [f"Voxels of {listed} mm; the model was trained on {known} mm."]

    def scheme_for(self, files: CaseFiles, scheme: str) -> LabelScheme:
        """The labels of a mask: those of the one region, the scheme asked for, or what the case suggests."""
        if len(self.card.outputs) == 1:
            return region_scheme(self.card.outputs[0])
        return scheme_named(scheme or files.scheme_name or LAYOUT_SCHEMES.get(files.layout, "brats2021"))

    def _check_card(self) -> None:
        card = self.card
        if len(card.outputs) > 1 and set(card.outputs) != set(ALL_REGIONS):
            problem = f"its regions are {', '.join(card.outputs)}, neither one nor all of {', '.join(ALL_REGIONS)}"
        elif card.preprocessing.get("version") != VERSION:
            problem = f"its preprocessing is of version {card.preprocessing.get('version')}, not {VERSION}"
        elif not is_orientation(card.orientation):
            problem = f"its orientation is {card.orientation!r}"
        else:
            return
        raise ModelError(
            f"{self.folder} cannot be used here: {problem}.",
            hint="Use a model that was trained with this version.",
            path=self.folder,
        )
