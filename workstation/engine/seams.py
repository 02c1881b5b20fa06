"""Whole-volume against tiled prediction of one model on one case: what tiles cost in truth and where it shows.

Both predictions share everything but the tiles: preprocessing, weights, threshold. Differences are reported on the
case's own grid.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workstation.core.case import Case
from workstation.core.geometry import reorient
from workstation.core.labels import region_mask
from workstation.core.overlap import challenge_value, count_overlap
from workstation.core.requests import SeamsRequest
from workstation.engine.choices import Choices
from workstation.engine.model_folder import load_model
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import Placement, make_example, to_orientation
from workstation.engine.steps import refusing_to_run_out_of_memory
from workstation.engine.tiles import Tile, distance_to_seams, predict_by_tiles, tiles_of
from workstation.errors import LayoutError
from workstation.io.cases import load_case
from workstation.io.files import write_json
from workstation.io.layouts import find_case
from workstation.io.models import ModelCard
from workstation.io.nifti_writing import write_image
from workstation.io.places import choices_path

JSON_NAME = "seams.json"
_PROFILE_VOXELS = 32


class Stopped(Exception):
    """Raised between two tiles when a stop was asked for."""


def seams(
    request: SeamsRequest,
    *,
    out: Path,
    report: Callable[[int, int, str], None] = lambda _done, _total, _text: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Predict a case whole and by tiles, and compare.

    Parameters
    ----------
    request : SeamsRequest
    out : Path
        Folder of the results if the request does not say; receives seams.json and difference_<region>.nii.gz.
    report : callable
        Gets (predictions done, predictions, what is being done).
    should_stop : callable
        Asked between predictions.

    Returns
    -------
    dict
        "state"; "dice" {"whole", "tiled"}, means over regions, None without a truth; "difference" {"voxels",
        "dice_between", "max_probability", "distance_voxels", "by_distance"}; "regions", the same for each; "files".

    Raises
    ------
    InputError, ModelError, RequestError, OutOfMemory
    """
    folder = Path(request.out) if request.out else out
    report(0, 1, "loading the model")
    model, card = load_model(Path(request.model))
    predictor = Predictor(model, card.plan, Choices(choices_path()))
    case = _case_of(request, card)
    example = make_example(case, inputs=card.inputs, orientation=card.orientation)
    i, j, k = example.inputs.shape[:3]
    placement = Placement((i, j, k), card.working_shape((i, j, k)))
    inputs = placement.place(example.inputs, example.background)
    tiles = tiles_of(placement.target, request.tile_shape, overlap=request.overlap, multiple=card.plan.multiple)
    total = len(tiles) + 1

    def predict(volume: np.ndarray) -> np.ndarray:
        with refusing_to_run_out_of_memory():
            found: np.ndarray = predictor.predict(tf.constant(volume[np.newaxis])).numpy()[0]
        return found

    def after_tile(done: int) -> None:
        if should_stop():
            raise Stopped
        report(1 + done, total, f"tile {done} of {len(tiles)}")

    report(0, total, "the whole volume")
    whole = predict(inputs)
    try:
        after_tile(0)
        tiled = predict_by_tiles(predict, inputs, tiles, weighting=request.weighting, after_tile=after_tile)
    except Stopped:
        return {"state": "stopped"}
    back = to_orientation(case.grid, card.orientation).inverse
    distance = distance_to_seams(placement.target, tiles)
    both, near = (
        [reorient(placement.unplace(each), back) for each in (whole, tiled)],
        reorient(placement.unplace(distance), back),
    )
    result = {
        "state": "finished",
        **compare(case, card, both[0], both[1], near, threshold=request.threshold or card.threshold),
        "case": case.name,
        "model": card.name,
        "tile": list(request.tile_shape),
        "overlap": _least_overlap(tiles),
        "tiles": len(tiles),
        "weighting": request.weighting,
        "shape": list(case.grid.shape),
        "files": _write_maps(folder, case, card, both[0] - both[1]),
    }
    write_json(folder / JSON_NAME, result)
    return result


def compare(
    case: Case, card: ModelCard, whole: np.ndarray, tiled: np.ndarray, distance: np.ndarray, *, threshold: float
) -> dict[str, Any]:
    """The figures of two predictions.

    Parameters
    ----------
    case : Case
        With its truth where there is one.
    card : ModelCard
    whole, tiled : (I, J, K, R) float32 ndarray
        Probabilities on the case's grid.
    distance : (I, J, K) int16 ndarray
        Of each voxel from the nearest border of a tile.
    threshold : float
    """
    regions: dict[str, dict[str, Any]] = {}
    for channel, name in enumerate(card.outputs):
        masks = [each[..., channel] >= threshold for each in (whole, tiled)]
        change = np.abs(whole[..., channel] - tiled[..., channel])
        most = np.unravel_index(int(change.argmax()), change.shape)
        truth = case.truth
        has_truth = truth is not None and name in truth.scheme.regions
        wanted = region_mask(truth.data, truth.scheme, name) if has_truth and truth is not None else None
        regions[name] = {
            "whole": _dice(wanted, masks[0]),
            "tiled": _dice(wanted, masks[1]),
            "dice_between": _dice(masks[0], masks[1]),
            "voxels": int(np.count_nonzero(masks[0] ^ masks[1])),
            "max_probability": float(change[most]),
            "voxel": [int(index) for index in most],
            "distance_voxels": int(distance[most]),
            "by_distance": _by_distance(change, distance),
        }
    worst = max(regions.values(), key=lambda region: region["max_probability"])
    return {
        "dice": {name: _mean([region[name] for region in regions.values()]) for name in ("whole", "tiled")},
        "difference": {
            "voxels": sum(region["voxels"] for region in regions.values()),
            "dice_between": _mean([region["dice_between"] for region in regions.values()]),
            **{name: worst[name] for name in ("max_probability", "voxel", "distance_voxels", "by_distance")},
        },
        "regions": regions,
    }


def _case_of(request: SeamsRequest, card: ModelCard) -> Case:
    files = find_case(Path(request.case))
    missing = [name for name in card.inputs if name not in files.sequences]
    if missing:
        raise LayoutError(
            f"Model {card.name} needs {', '.join(card.inputs)}, and case {files.name} lacks {', '.join(missing)}.",
            hint="Choose a model that needs fewer sequences, or add the missing file to the case.",
        )
    return load_case(files, sequences=card.inputs)


def _write_maps(folder: Path, case: Case, card: ModelCard, difference: np.ndarray) -> dict[str, str]:
    """One float32 image per region, whole minus tiled, with the geometry of the case's first image."""
    source = next(iter(case.sequences.values())).source
    files = {"json": str(folder / JSON_NAME)}
    for channel, name in enumerate(card.outputs):
        path = folder / f"difference_{name}.nii.gz"
        write_image(path, difference[..., channel], grid=case.grid, like=source)
        files[f"difference_{name}"] = str(path)
    return files


def _by_distance(change: np.ndarray, distance: np.ndarray) -> list[dict[str, float]]:
    """Mean and largest change of the voxels at each distance from a border, as far as 32 voxels."""
    is_near = distance < _PROFILE_VOXELS
    places, values = distance[is_near].astype(np.int64), change[is_near]
    counts = np.bincount(places, minlength=_PROFILE_VOXELS)
    sums = np.bincount(places, weights=values, minlength=_PROFILE_VOXELS)
    largest = np.zeros(_PROFILE_VOXELS, np.float32)
    np.maximum.at(largest, places, values)
    return [
        {"distance": place, "mean": float(sums[place] / counts[place]), "largest": float(largest[place])}
        for place in range(_PROFILE_VOXELS)
        if counts[place]
    ]


def _least_overlap(tiles: tuple[Tile, ...]) -> int:
    """Voxels that neighbouring tiles share at least; 0 where there is one tile."""
    shared = []
    for axis in range(3):
        spans = sorted({(tile.start[axis], tile.stop[axis]) for tile in tiles})
        shared += [before[1] - after[0] for before, after in pairwise(spans)]
    return min(shared, default=0)


def _dice(truth: np.ndarray | None, prediction: np.ndarray) -> float | None:
    """By the challenge's rules; None without a truth."""
    if truth is None:
        return None
    counts = count_overlap(truth, prediction)
    return challenge_value(counts.dice, counts)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
