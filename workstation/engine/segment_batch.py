"""The masks of many cases, one after the other: written with side-cars, taken up again where they stopped.

A mask is written with the geometry of the image it was found in, and a side-car (`<mask>.json`) that says which models,
versions, preprocessing and files it came from. The side-car is written last: a case that has one which tells of the
same models, options and files is done, and is not segmented again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workstation import __version__
from workstation.core.case import Case, CaseFiles
from workstation.core.requests import SegmentRequest
from workstation.core.uncertainty import entropy_bits, mean_entropy_bits
from workstation.core.volume import LabelMap
from workstation.engine.ensemble import Ensemble
from workstation.engine.environment import versions
from workstation.errors import InputError, ModelError, RequestError, WorkstationError
from workstation.io.files import read_json, replacing, sha256_of, sync, write_json
from workstation.io.layouts import find_case
from workstation.io.nifti import image_stem
from workstation.io.nifti_writing import write_label_map, write_volume
from workstation.io.provenance import entropy_path

_ENDINGS = (".nii.gz", ".nii")
_HEAD_WORDS = "voxels of the head"


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
        One per case that was done: "case", "mask", "sidecar" (paths), "scheme", "seconds", "warnings", with the
        entropy "entropy" (a path) and "mean_entropy_bits", and "is_kept" where it was done before. Of several cases,
        one that cannot be segmented has "case", "error" and "hint" instead.

    Raises
    ------
    InputError, ModelError, RequestError, ExportError, OutOfMemory
        A single case, or every one of several, cannot be segmented; or the models cannot be used.
    """
    cases = [find_case(Path(path)) for path in request.cases]
    targets = _targets(cases, request.out, out)
    report(0, len(cases), "loading the model" if not request.models else "loading the models")
    ensemble = Ensemble([Path(each) for each in request.folders], threshold=request.threshold, flips=request.flips)
    results: list[dict[str, Any]] = []
    problems: list[WorkstationError] = []
    for done, (files, target) in enumerate(zip(cases, targets, strict=True)):
        if should_stop():
            break
        report(done, len(cases), f"segmenting {files.name}")
        try:
            results.append(_segment_one(ensemble, request, files, target))
        except (InputError, ModelError) as error:
            problems.append(error)
            results.append({"case": files.name, "error": error.message, "hint": error.hint})
    if problems and len(problems) == len(cases):
        raise problems[0]
    report(len(results), len(cases), "done" if len(results) == len(cases) else "stopped")
    return results


def _segment_one(ensemble: Ensemble, request: SegmentRequest, files: CaseFiles, target: Path) -> dict[str, Any]:
    start = time.perf_counter()
    made_by = _made_by(ensemble, request, files)
    kept = _kept(target, made_by, with_entropy=request.entropy)
    if kept is not None:
        return {"case": files.name, **kept}
    case = ensemble.load(files)
    probabilities = ensemble.probabilities(case)
    label_map = ensemble.label_map(case, probabilities, scheme=request.scheme)
    if label_map.source is None:
        raise RequestError(f"Case {files.name} has no file to take the geometry from.", field="cases")
    entropy = entropy_bits(probabilities) if request.entropy else None
    about = {} if entropy is None else _about_entropy(target, case, entropy)
    outcome = {"seconds": time.perf_counter() - start, "warnings": ensemble.warnings(case)}
    said = {**made_by, **_description(ensemble, label_map), **about, **outcome}
    _write(target, label_map, {"case": files.name, **said}, entropy=entropy)
    return {"case": files.name, **_result(target, said)}


def _made_by(ensemble: Ensemble, request: SegmentRequest, files: CaseFiles) -> dict[str, Any]:
    """What a mask follows from: another one of these makes another mask."""
    return {
        "models": [each.card.sha256 for each in ensemble.segmenters],
        "flips": ensemble.flips,
        "threshold": ensemble.threshold,
        "asked_scheme": request.scheme,
        "sources": [
            {"sequence": name, "file": str(ref.path), "channel": ref.channel, "sha256": sha256_of(ref.path)}
            for name, ref in files.sequences.items()
            if name in ensemble.inputs
        ],
    }


def _description(ensemble: Ensemble, label_map: LabelMap) -> dict[str, Any]:
    card = ensemble.card
    return {
        "model": {"name": card.name, "sha256": card.sha256, "created": card.created},
        "scheme": label_map.scheme.name,
        "regions": list(card.outputs),
        "preprocessing": {**card.preprocessing, "orientation": card.orientation},
        "versions": {"workstation": __version__, **versions()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _kept(target: Path, made_by: Mapping[str, Any], *, with_entropy: bool) -> dict[str, Any] | None:
    """The result of a mask that is there already and was made by just this; None if there is none."""
    path = _side_car(target)
    if not (target.is_file() and path.is_file()):
        return None
    try:
        said = read_json(path)
    except InputError:
        return None
    if any(said.get(name) != value for name, value in made_by.items()):
        return None
    if with_entropy and not ("entropy" in said and entropy_path(target).is_file()):
        return None
    try:
        return {**_result(target, said), "is_kept": True}
    except (LookupError, TypeError):
        return None


def _result(target: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    found = {"mask": str(target), "sidecar": str(_side_car(target)), "scheme": said["scheme"]}
    found |= {"seconds": said["seconds"], "warnings": said["warnings"]}
    if "entropy" in said:
        found |= {"entropy": str(entropy_path(target)), "mean_entropy_bits": said["entropy"]["mean_bits"]}
    return found


def _write(target: Path, label_map: LabelMap, said: Mapping[str, Any], *, entropy: np.ndarray | None) -> None:
    """Write mask, map and side-car; in between some may be missing, but none lies beside those of another mask."""
    with ExitStack() as stack:
        # They get their names from the last to the first: the mask, its map, and the side-car that says it is done.
        beside_car = stack.enter_context(replacing(_side_car(target)))
        beside_map = stack.enter_context(replacing(entropy_path(target))) if entropy is not None else None
        beside = stack.enter_context(replacing(target))
        write_label_map(beside, label_map, like=label_map.source)
        if entropy is not None and beside_map is not None:
            write_volume(beside_map, entropy, label_map.grid)
        write_json(beside_car, said)
        for former in (_side_car(target), entropy_path(target)):
            if former.exists():
                former.unlink()
                sync(former.parent)


def _about_entropy(target: Path, case: Case, entropy: np.ndarray) -> dict[str, Any]:
    path = entropy_path(target)
    is_head = np.zeros(entropy.shape, bool)
    for image in case.sequences.values():
        is_head |= image.data != 0
    mean = mean_entropy_bits(entropy, is_head)
    return {"entropy": {"file": f"{path.parent.name}/{path.name}", "mean_bits": mean, "over": _HEAD_WORDS}}


def _side_car(target: Path) -> Path:
    return target.with_name(image_stem(target) + ".json")


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
