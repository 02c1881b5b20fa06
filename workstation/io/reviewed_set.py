"""A data set to train on, of what readers accepted or corrected: images linked, judged masks copied, a split drawn.

    OUT/mapping.json     which file is which; OUT/CASE/FLAIR.nii.gz, ..., OUT/CASE/truth.nii.gz
    OUT/reviewed.json    of each case: what was decided by whom, and path and hash of the mask that was judged
    OUT/split.json       the manifest of the split, with hashes, as `io/splits.py` writes it

A mask that is not the one that was judged any more is left out, and so is a case that one reader accepted and another
rejected. The copies do not change when somebody corrects further; `io/changed_masks.py` tells then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workstation.core.case import CaseFiles, DataSet, ImageRef
from workstation.core.labels import LAYOUT_SCHEMES, REGIONS, LabelScheme, convert_labels, region_mask, scheme_named
from workstation.core.review import Decision
from workstation.core.split import Draw, draw_split
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, ExportError, LayoutError, WorkstationError
from workstation.io.cases import mask_onto, read_mask
from workstation.io.files import replacing_folder, sha256_of, write_json
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_header, read_label_map, read_volume
from workstation.io.nifti_writing import write_label_map, write_volume
from workstation.io.splits import save_manifest

REVIEWED_NAME = "reviewed.json"
SPLIT_NAME = "split.json"
_USED = ("accepted", "corrected")
_LINKED = (".nii.gz", ".nii")


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with the decision that its mask is trained on by, and that mask."""

    files: CaseFiles
    decision: Decision
    mask: Path


@dataclass(frozen=True, slots=True)
class ReviewedSet:
    """What was made.

    Parameters
    ----------
    root, split : Path
        The folder, and the manifest in it.
    cases : tuple of str
    problems : mapping of str to str
        Why a case that was accepted or corrected is not among them.
    """

    root: Path
    split: Path
    cases: tuple[str, ...]
    problems: Mapping[str, str]


def judged_cases(data: DataSet, latest: Mapping[tuple[str, str], Decision]) -> tuple[list[Judged], dict[str, str]]:
    """The cases whose masks may be trained on, and why others that were accepted or corrected may not.

    Parameters
    ----------
    data : DataSet
    latest : mapping of (case, reader) to Decision
        As `ReviewStore.latest` gives it. Of several readers the last decision counts.
    """
    found: list[Judged] = []
    problems: dict[str, str] = {}
    for files in data.cases:
        verdicts = [each for (case, _), each in latest.items() if case == files.name and each.is_read]
        used = [each for each in verdicts if each.status in _USED]
        if not used:
            continue
        decision = max(used, key=lambda each: each.number)
        mask = Path(decision.mask.path) if decision.mask else files.truth.path if files.truth else None
        if len(used) < len(verdicts):
            problems[files.name] = "one reader rejected it"
        elif mask is None or not mask.is_file():
            problems[files.name] = "its mask is not there any more"
        elif decision.mask is not None and sha256_of(mask) != decision.mask.sha256:
            problems[files.name] = "its mask was changed after it was judged"
        else:
            found.append(Judged(files, decision, mask))
    return found, problems


def make_reviewed_set(
    data: DataSet,
    latest: Mapping[tuple[str, str], Decision],
    out: Path,
    *,
    draw: Draw,
    report: Callable[[int, int, str], None] = lambda _done, _total, _text: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ReviewedSet:
    """Make the data set in a new folder.

    Raises
    ------
    LayoutError
        No case may be trained on.
    RequestError
        The split leaves nothing to train on.
    ExportError
        The folder holds something, or cannot be written.
    CancelledError
        `should_stop` said so; nothing is left.
    """
    judged, problems = judged_cases(data, latest)
    if not judged:
        words = f"no case of {data.name} was accepted or corrected"
        words += f" ({next(iter(problems.values()))})" if problems else ""
        raise LayoutError(words, hint="Decide about some cases in Review first.", path=data.root)
    _refuse_taken(out)
    made: list[Judged] = []
    # Whoever opens the folder finds all of the set, or nothing.
    with replacing_folder(out) as beside:
        target = _common_scheme(judged, should_stop)
        for done, each in enumerate(judged):
            if should_stop():
                raise CancelledError
            report(done, len(judged), each.files.name)
            try:
                _write_case(each, beside / each.files.name, target)
                made.append(each)
            except ExportError:
                # A disk that is full is no fault of the case.
                raise
            except WorkstationError as error:
                shutil.rmtree(beside / each.files.name, ignore_errors=True)
                problems[each.files.name] = error.message
        _describe(data, made, beside, target, name=out.name, draw=draw, should_stop=should_stop)
    return ReviewedSet(out, out / SPLIT_NAME, tuple(each.files.name for each in made), problems)


def _refuse_taken(out: Path) -> None:
    """`ExportError` where the name is that of a file, or of a folder that holds something."""
    try:
        is_taken = out.exists() and any(out.iterdir())
    except OSError as error:
        hint = "Choose a folder you may write to."
        raise ExportError(f"{out} cannot be made: {error.strerror}", hint=hint, path=out) from error
    if is_taken:
        raise ExportError(f"{out} is not empty", hint="Name a new folder.", path=out)


def _common_scheme(judged: Iterable[Judged], should_stop: Callable[[], bool]) -> LabelScheme:
    """The data set's scheme where every mask says all regions; else the whole tumour alone."""
    wanted: LabelScheme | None = None
    is_whole_only = False
    for each in judged:
        if should_stop():
            raise CancelledError
        files = each.files
        wanted = wanted or scheme_named(files.scheme_name or LAYOUT_SCHEMES.get(files.layout, "brats2021"))
        is_whole_only |= not set(REGIONS) <= set(_read(each).scheme.regions)
    return scheme_named("region:WT") if is_whole_only or wanted is None else wanted


def _read(judged: Judged) -> LabelMap:
    try:
        return read_mask(judged.mask)
    except AmbiguousScheme:
        name = judged.files.scheme_name or LAYOUT_SCHEMES.get(judged.files.layout, "brats2021")
        return read_label_map(judged.mask, scheme=scheme_named(name))


def _write_case(judged: Judged, folder: Path, target: LabelScheme) -> None:
    folder.mkdir()
    for name, ref in judged.files.sequences.items():
        _place_image(ref, folder, name)
    first = next(iter(judged.files.sequences.values()))
    mask = mask_onto(_read(judged), read_header(first.path).grid, image_path=first.path)
    if target.name.startswith("region:"):
        data = region_mask(mask.data, mask.scheme, target.name.removeprefix("region:")).astype(np.uint8)
    else:
        data = convert_labels(mask.data, mask.scheme, target)
    write_label_map(folder / "truth.nii.gz", replace(mask, data=data, scheme=target))


def _place_image(ref: ImageRef, folder: Path, name: str) -> None:
    """Link a file; one volume of several, or a pair of files, is written anew."""
    ending = next((each for each in _LINKED if ref.path.name.lower().endswith(each)), "")
    if ref.channel is not None or not ending:
        volume = read_volume(ref, name=name)
        write_volume(folder / f"{name}.nii.gz", np.asarray(volume.data), volume.grid)
        return
    target = folder / f"{name}{ending}"
    try:
        target.symlink_to(ref.path.resolve())
    except (OSError, NotImplementedError):
        # A disk that knows no links holds a copy.
        shutil.copyfile(ref.path, target)


def _describe(
    data: DataSet,
    made: list[Judged],
    folder: Path,
    target: LabelScheme,
    *,
    name: str,
    draw: Draw,
    should_stop: Callable[[], bool],
) -> None:
    """Write mapping, origins and split of a set that is being made in `folder` and will be called `name`."""
    names = sorted({sequence for each in made for sequence in each.files.sequences})
    patterns = {sequence: f"{{case}}/{sequence}.nii*" for sequence in names}
    write_json(folder / "mapping.json", {"sequences": patterns, "truth": "{case}/truth.nii.gz", "scheme": target.name})
    cases: dict[str, Any] = {
        each.files.name: {
            "status": each.decision.status,
            "reader": each.decision.reader,
            "decided_at": each.decision.decided_at,
            "mask": {"path": str(each.mask.resolve()), "sha256": sha256_of(each.mask)},
        }
        for each in made
    }
    facts = {"format": 1, "kind": "reviewed", "data_set": data.name, "root": str(data.root.resolve())}
    created = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(folder / REVIEWED_NAME, {**facts, "created": created, "cases": cases})
    split = draw_split([each.files.name for each in made], draw)
    made_set = replace(open_dataset(folder), name=name)
    save_manifest(folder / SPLIT_NAME, made_set, split, draw=draw, should_stop=should_stop)
