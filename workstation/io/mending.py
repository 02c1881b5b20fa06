"""Mended copies: a file written anew with one thing put right, in a folder of its own; the source is never touched.

    copy-geometry   the image's affine, codes and voxel sizes on a mask or sequence of the same shape
    round-labels    whole numbers in one byte
    drop-texts      no text fields, no extensions; every voxel as it was

Copies keep their place in the data set, below the chosen folder, and `mends.json` there says what each was made from.
Each is read back and compared before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np

from workstation.core.case import CaseFiles, DataSet, ImageRef
from workstation.core.case_facts import TRUTH
from workstation.core.findings import Finding, Mend
from workstation.core.labels import unnamed_scheme
from workstation.core.volume import SourceHeader
from workstation.errors import ExportError, InputError
from workstation.io.files import read_json, replacing, sha256_of, write_json
from workstation.io.nifti import image_stem, read_header, read_label_map, read_stored
from workstation.io.nifti_writing import write_copy, write_label_map

RECORD_NAME = "mends.json"


def mend(
    finding: Finding,
    data_set: DataSet,
    out: Path,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Write mended copies of every file that a finding is about.

    Parameters
    ----------
    finding : Finding
        With a mend.
    data_set : DataSet
    out : Path
        A folder outside the data set; nothing in it is overwritten.
    should_stop : callable
        Asked between files.

    Returns
    -------
    list of Path
        The copies, in the order of the finding's places.

    Raises
    ------
    ExportError
        The folder lies in the data set, a copy is there already, cannot be written or reads back differently.
    InputError
        A source cannot be read.
    CancelledError
        `should_stop` said so; what was written by then stays, and stands in the record.
    """
    if not finding.mend:
        raise ExportError(f"there is no mend for {finding.title.lower()}", hint=finding.advice)
    _refuse_folder(out, data_set)
    tasks = list(_tasks(finding, data_set))
    recorded = {entry.get("copy") for entry in _former(out) or [] if isinstance(entry, dict)}
    written: list[Path] = []
    try:
        for case, source in tasks:
            if should_stop():
                raise CancelledError
            target = _target(source, data_set.root, out, recorded)
            _mend_file(finding.mend, source, target, like=_reference(case))
            written.append(target)
    finally:
        _record(out, data_set, finding.mend, zip((source for _, source in tasks), written, strict=False))
    return written


def _tasks(finding: Finding, data_set: DataSet) -> Iterable[tuple[CaseFiles, ImageRef]]:
    """The files to mend, each once: several sequences may be in one."""
    cases = {case.name: case for case in data_set.cases}
    seen: set[Path] = set()
    for place in finding.places:
        case = cases.get(place.case)
        if case is None:
            continue
        for part in place.parts:
            reference = case.truth if part == TRUTH else case.sequences.get(part)
            if reference is not None and reference.path not in seen:
                seen.add(reference.path)
                yield case, reference


def _mend_file(kind: Mend, source: ImageRef, target: Path, *, like: SourceHeader) -> None:
    with replacing(target) as beside:
        if not _is_written(kind, source, beside, like=like):
            raise ExportError(f"{target} read back differently and was removed", hint="Check the disk.", path=target)
        if target.exists() and sha256_of(target) != sha256_of(beside):
            raise _taken(target)


def _is_written(kind: Mend, source: ImageRef, target: Path, *, like: SourceHeader) -> bool:
    """Write a copy and read it back; whether it is what it should be."""
    if kind == "round-labels":
        labels = read_label_map(source, scheme=unnamed_scheme())
        write_label_map(target, labels, like=labels.source)
        return np.array_equal(read_label_map(target, scheme=unnamed_scheme()).data, labels.data)
    stored, header = read_stored(source.path)
    expected = like if kind == "copy-geometry" else header
    write_copy(target, stored, header=header, like=expected)
    written, copied = read_stored(target)
    is_equal = np.array_equal(written, stored, equal_nan=stored.dtype.kind == "f")
    is_equal = is_equal and (copied.slope, copied.inter) == (header.slope, header.inter)
    return is_equal and np.array_equal(copied.affine, expected.affine)


def _reference(case: CaseFiles) -> SourceHeader:
    """The header of a case's first sequence, whose grid is the case's."""
    return read_header(next(iter(case.sequences.values())).path)


def _refuse_folder(out: Path, data_set: DataSet) -> None:
    if out.resolve().is_relative_to(data_set.root.resolve()):
        raise ExportError(
            f"{out} lies in the data set", hint="Choose a folder beside it; sources are never altered.", path=out
        )


def _target(source: ImageRef, root: Path, out: Path, recorded: Collection[Any]) -> Path:
    """Where the copy goes. One that is there and in no record may be the same, of a start that was killed."""
    relative = source.path.relative_to(root) if source.path.is_relative_to(root) else Path(source.path.name)
    if not relative.name.lower().endswith((".nii", ".nii.gz")):
        relative = relative.with_name(image_stem(source.path) + ".nii.gz")
    target = out / relative
    if target.is_symlink() or (target.exists() and target.relative_to(out).as_posix() in recorded):
        raise _taken(target)
    return target


def _taken(target: Path) -> ExportError:
    return ExportError(f"{target} is there already", hint="Choose an empty folder.", path=target)


def _record(out: Path, data_set: DataSet, kind: Mend, pairs: Iterable[tuple[ImageRef, Path]]) -> None:
    """Add what was written to the record in the folder; a record that is no such thing is left alone."""
    entries = [
        {
            "source": str(source.path),
            "source_sha256": sha256_of(source.path),
            "copy": target.relative_to(out).as_posix(),
            "copy_sha256": sha256_of(target),
            "mend": kind,
        }
        for source, target in pairs
    ]
    if not entries:
        return
    former = _former(out)
    if former is not None:
        write_json(out / RECORD_NAME, {"data_set": data_set.name, "mends": [*former, *entries]})


def _former(out: Path) -> list[Any] | None:
    """The entries of the record in a folder; None where it is no such thing."""
    path = out / RECORD_NAME
    if not path.is_file():
        return []
    try:
        found = read_json(path).get("mends", [])
    except InputError:
        return None
    return found if isinstance(found, list) else []
