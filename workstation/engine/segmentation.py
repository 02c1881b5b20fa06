"""Segmentation: the masks that a model finds in cases, whole volumes at once, back on the grid of their source.

A mask is written with the geometry of the image it was found in, and a side-car (`<mask>.json`) that says which model,
versions, preprocessing and files it came from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workstation import __version__
from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import reorient
from workstation.core.labels import LAYOUT_SCHEMES, LabelScheme, labels_from_regions, region_scheme, scheme_named
from workstation.core.network import Shape, padded_shape
from workstation.core.requests import SegmentRequest
from workstation.core.volume import LabelMap
from workstation.engine.choices import Choices
from workstation.engine.environment import versions
from workstation.engine.model_folder import load_model
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import VERSION, Placement, is_orientation, make_example, to_orientation
from workstation.engine.steps import refusing_to_run_out_of_memory
from workstation.errors import ModelError, RequestError
from workstation.io.cases import load_case
from workstation.io.files import sha256_of, write_json
from workstation.io.layouts import find_case
from workstation.io.nifti import image_stem
from workstation.io.nifti_writing import write_label_map
from workstation.io.places import choices_path

ALL_REGIONS = ("WT", "TC", "ET")
_ZOOM_TOLERANCE = 0.25
_ENDINGS = (".nii.gz", ".nii")


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
        missing = [name for name in self.card.inputs if name not in files.sequences]
        if missing:
            raise ModelError(
                f"Model {self.card.name} needs {', '.join(self.card.inputs)}, and case {files.name} lacks "
                f"{', '.join(missing)}.",
                hint="Choose a model that needs fewer sequences, or add the missing file to the case.",
                path=self.folder,
            )
        return load_case(files, sequences=self.card.inputs, with_truth=False)

    def probabilities(self, case: Case) -> np.ndarray:
        """Probability of each region on the case's own grid, (I, J, K, R) float32.

        Raises
        ------
        OutOfMemory
            The volume is too large for this machine.
        """
        card = self.card
        example = make_example(case, inputs=card.inputs, orientation=card.orientation)
        i, j, k = example.inputs.shape[:3]
        placement = Placement((i, j, k), self._shape_for((i, j, k)))
        inputs = placement.place(example.inputs, example.background)[np.newaxis]
        with refusing_to_run_out_of_memory():
            found = self._predictor.predict(tf.constant(inputs)).numpy()[0]
        return reorient(placement.unplace(found), to_orientation(case.grid, card.orientation).inverse)

    def _shape_for(self, shape: Shape) -> Shape:
        """What a volume is cropped or padded to, about its centre as in training.

        Statistics of a volume's own take in the air around the head: they are what the model knows only in volumes of
        the size that it was trained on. With batch norm the size does not matter, and nothing is cropped.
        """
        plan = self.card.plan
        return padded_shape(shape if plan.normalisation == "batch" else self.card.shape, plan.multiple)

    def segment(self, case: Case, *, scheme: str = "") -> LabelMap:
        """The mask of a loaded case.

        Parameters
        ----------
        case : Case
        scheme : str
            Of the labels of a model with several regions; empty means the source's, else brats2021. A model with one
            region writes 0 and 1.
        """
        masks = self.probabilities(case) >= self.threshold
        regions = {name: masks[..., channel] for channel, name in enumerate(self.card.outputs)}
        target = self._scheme(case.files, scheme)
        if len(regions) == 1:
            data = next(iter(regions.values())).astype(np.uint8)
        else:
            data = labels_from_regions(regions, target)
        source = next(iter(case.sequences.values())).source
        return LabelMap(name=f"{case.name} {self.card.name}", data=data, grid=case.grid, scheme=target, source=source)

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

    def _scheme(self, files: CaseFiles, scheme: str) -> LabelScheme:
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


def segment(
    request: SegmentRequest,
    *,
    out: Path | None = None,
    report: Callable[[int, int, str], None] = lambda _done, _total, _text: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:
    """Write the masks of the cases of a request.

    Parameters
    ----------
    request : SegmentRequest
    out : Path or None
        Where masks go if the request does not say; a run's predictions.
    report : callable
        Gets (cases done, cases, what is being done).
    should_stop : callable
        Asked before each case.

    Returns
    -------
    list of dict
        One per case that was done: "case", "mask", "sidecar" (paths), "scheme", "seconds", "warnings".

    Raises
    ------
    InputError, ModelError, RequestError, ExportError, OutOfMemory
    """
    cases = [find_case(Path(path)) for path in request.cases]
    targets = _targets(cases, request.out, out)
    report(0, len(cases), "loading the model")
    segmenter = Segmenter(Path(request.model), threshold=request.threshold)
    results: list[dict[str, Any]] = []
    for done, (files, target) in enumerate(zip(cases, targets, strict=True)):
        if should_stop():
            break
        report(done, len(cases), f"segmenting {files.name}")
        results.append(_segment_one(segmenter, files, target, request.scheme))
    report(len(results), len(cases), "done" if len(results) == len(cases) else "stopped")
    return results


def _segment_one(segmenter: Segmenter, files: CaseFiles, target: Path, scheme: str) -> dict[str, Any]:
    start = time.perf_counter()
    case = segmenter.load(files)
    label_map = segmenter.segment(case, scheme=scheme)
    if label_map.source is None:
        raise RequestError(f"Case {files.name} has no file to take the geometry from.", field="cases")
    write_label_map(target, label_map, like=label_map.source)
    seconds = time.perf_counter() - start
    sidecar = target.with_name(image_stem(target) + ".json")
    warnings = segmenter.warnings(case)
    write_json(sidecar, _sidecar(segmenter, files, label_map, {"seconds": seconds, "warnings": warnings}))
    return {
        "case": files.name,
        "mask": str(target),
        "sidecar": str(sidecar),
        "scheme": label_map.scheme.name,
        "seconds": seconds,
        "warnings": warnings,
    }


def _sidecar(segmenter: Segmenter, files: CaseFiles, label_map: LabelMap, outcome: dict[str, Any]) -> dict[str, Any]:
    card = segmenter.card
    images = {name: files.sequences[name] for name in card.inputs}
    return {
        "case": files.name,
        "scheme": label_map.scheme.name,
        "regions": list(card.outputs),
        "model": {"name": card.name, "sha256": card.sha256, "created": card.created},
        "threshold": segmenter.threshold,
        "preprocessing": {**card.preprocessing, "orientation": card.orientation},
        "sources": [
            {"sequence": name, "file": str(ref.path), "channel": ref.channel, "sha256": sha256_of(ref.path)}
            for name, ref in images.items()
        ],
        "versions": {"workstation": __version__, **versions()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **outcome,
    }


def _targets(cases: Sequence[CaseFiles], asked: str, default: Path | None) -> list[Path]:
    """Where each mask goes; `RequestError` where two would be one, or a source would be overwritten."""
    if not asked and default is None:
        raise RequestError("No place for the masks was given.", field="out", hint="Name a file or a folder.")
    place = Path(asked) if asked else Path(str(default))
    if place.name.endswith(_ENDINGS):
        if len(cases) > 1:
            hint = "Name a folder."
            raise RequestError(f"{place} is one file, and there are {len(cases)} cases.", field="out", hint=hint)
        targets = [place]
    else:
        targets = [place / f"{case.name}_prediction.nii.gz" for case in cases]
    if len(set(targets)) != len(targets):
        raise RequestError("Two cases have one name.", field="cases", hint="Segment them into different folders.")
    sources = {ref.path.resolve() for case in cases for ref in (*case.sequences.values(), case.truth) if ref}
    for target in targets:
        if target.resolve() in sources:
            hint = "Name another file or folder."
            raise RequestError(f"{target} is a file of the case itself.", field="out", hint=hint)
    return targets
