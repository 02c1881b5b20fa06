"""What paths turn out to be (data set, case, image, mask), and what is read of them; for a thread, so no session here.

A mask may be opened alone, as an image; with a case open or given beside it, it is laid over that case instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workstation.core.case import CaseFiles, DataSet
from workstation.errors import InputError, WorkstationError
from workstation.io.files import read_json, side_car_of
from workstation.io.layouts import find_case, is_description, open_dataset
from workstation.io.nifti import guess_content
from workstation.session.loading import LoadedCase, load_for_display

ShouldStop = Callable[[], bool]
Kind = Literal["truth", "prediction", "second"]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What was found, and the case that was read.

    Parameters
    ----------
    data_set : DataSet or None
        Where there are several cases.
    loaded : LoadedCase or None
        The first case, with the mask that was named as its prediction; None where only masks were given.
    masks : tuple of Path
        Masks to lay over the case.
    unsure : Path or None
        A file that may be a mask or an image; the user has to say.
    problem : WorkstationError or None
        Why a part of it could not be opened.
    """

    data_set: DataSet | None = None
    loaded: LoadedCase | None = None
    masks: tuple[Path, ...] = ()
    unsure: Path | None = None
    problem: WorkstationError | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """Paths sorted by what they are."""

    cases: tuple[CaseFiles, ...]
    data_set: DataSet | None
    masks: tuple[Path, ...]
    unsure: tuple[Path, ...]
    problem: InputError | None


def open_all(paths: Sequence[Path], *, prediction: Path | None, may_be_masks: bool, should_stop: ShouldStop) -> Opened:
    """Find out what paths are, and read the first case among them.

    Parameters
    ----------
    paths : sequence of Path
    prediction : Path or None
        A mask to lay over the case.
    may_be_masks : bool
        Whether a mask alone is laid over the case that is open, instead of being opened as an image.
    should_stop : callable
        Asked between files.

    Raises
    ------
    InputError
        Nothing of it can be opened.
    """
    found = _sort(paths, may_be_masks=may_be_masks, should_stop=should_stop)
    if not found.cases:
        return Opened(masks=found.masks, unsure=next(iter(found.unsure), None), problem=found.problem)
    first = (found.data_set.cases if found.data_set else found.cases)[0]
    loaded = load_for_display(first, prediction=prediction and prediction.resolve(), should_stop=should_stop)
    return Opened(found.data_set, loaded, found.masks, None, found.problem)


def is_mask_of(mask: Path, files: CaseFiles) -> bool:
    """Whether a mask that a segmentation or an export wrote belongs to a case: by its side-car, else by its name.

    Parameters
    ----------
    mask : Path
        Named "CASE_prediction.nii.gz", or anything with a side-car that lists its sources.
    files : CaseFiles
    """
    images = {reference.path.resolve() for reference in files.sequences.values()}
    side_car = side_car_of(mask)
    sources = read_json(side_car).get("sources") if side_car.is_file() else None
    if isinstance(sources, list) and sources:
        stated = [Path(str(source.get("file", ""))) for source in sources if isinstance(source, dict)]
        # An export names files without their folders.
        names = {path.name for path in images}
        return any(each.resolve() in images or (each.name == str(each) and each.name in names) for each in stated)
    return mask.name.split(".nii")[0] in (files.name, f"{files.name}_prediction")


def _sort(paths: Sequence[Path], *, may_be_masks: bool, should_stop: ShouldStop) -> _Found:
    data_sets: list[DataSet] = []
    masks: list[Path] = []
    unsure: list[Path] = []
    problem: InputError | None = None
    for path in [path.resolve() for path in paths]:
        if should_stop():
            raise CancelledError
        try:
            kind = _kind_of(path) if may_be_masks or len(paths) > 1 else "image"
            if kind == "image":
                data_sets.append(open_dataset(path) if _is_whole(path) else _set_of(find_case(path), path))
            else:
                (masks if kind == "label" else unsure).append(path)
        except InputError as error:
            if len(paths) == 1:
                raise
            problem = problem or error
    if not (data_sets or may_be_masks):
        # Masks alone, and no case to lie on: looked at as images.
        data_sets = [_set_of(find_case(path), path) for path in (*masks, *unsure)]
        masks, unsure = [], []
    if problem is not None and not (data_sets or masks or unsure):
        raise problem
    cases = _cases_of(data_sets)
    own = {files.truth.path for files in cases if files.truth is not None}
    data_set = _joined(data_sets, cases) if len(cases) > 1 else None
    return _Found(cases, data_set, tuple(mask for mask in masks if mask not in own), tuple(unsure), problem)


def _is_whole(path: Path) -> bool:
    return path.is_dir() or is_description(path)


def _kind_of(path: Path) -> Literal["image", "label", "unsure"]:
    """What one of several paths is, or one that comes to an open case: a truth or a lone file may be a mask."""
    if _is_whole(path):
        return "image"
    files = find_case(path)
    is_own_truth = files.truth is not None and files.truth.path == path
    if is_own_truth or len(files.sequences) == 1:
        return guess_content(path)
    return "image"


def _set_of(files: CaseFiles, path: Path) -> DataSet:
    return DataSet(files.name, path.parent, files.layout, (files,))


def _cases_of(data_sets: Sequence[DataSet]) -> tuple[CaseFiles, ...]:
    """All cases, each once: the four files of one case are one case."""
    cases: dict[tuple[str, Path], CaseFiles] = {}
    for data_set in data_sets:
        for files in data_set.cases:
            cases.setdefault((files.name, next(iter(files.sequences.values())).path), files)
    return tuple(cases.values())


def _joined(data_sets: Sequence[DataSet], cases: tuple[CaseFiles, ...]) -> DataSet:
    if len(data_sets) == 1:
        return data_sets[0]
    layouts = {data_set.layout for data_set in data_sets}
    ordered = tuple(sorted(cases, key=lambda files: files.name))
    # Cases picked from one data set are that data set's: what was decided about them is found again.
    root = Path(os.path.commonpath([data_set.root for data_set in data_sets]))
    return DataSet("selection", root, layouts.pop() if len(layouts) == 1 else "file", ordered)
