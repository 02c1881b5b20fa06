"""Splits saved as manifests: which case is in which part, and what its files were, so that a training can be repeated.

    {"format": 1, "kind": "split", "data_set": "Task01", "layout": "msd", "created": "2026-11-24T14:00:00+00:00",
     "draw": {"seed": 1, "validation": 0.1, "test": 0.1, ...}, "moved": ["BRATS_007"],
     "parts": {"train": ["BRATS_001", ...], "validation": [...], "test": [...]},
     "cases": {"BRATS_001": {"patient": "BRATS_001", "files": [{"path": "imagesTr/BRATS_001.nii.gz",
                                                                "bytes": 9, "sha256": "..."}, ...]}, ...}}

A manifest comes from anywhere and is believed in nothing: its paths are only compared with those of the data set that
it is used with, never opened, and one that is absolute or leads out of the data set is refused before that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from workstation.core.case import CaseFiles, DataSet
from workstation.core.patients import patient_of
from workstation.core.split import PARTS, Draw, Split
from workstation.errors import InputError, LayoutError, RequestError
from workstation.io.files import read_json, sha256_of, write_json
from workstation.io.nifti_header import files_of

FORMAT = 1
_MOST_BYTES = 256 * 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DRIVE = re.compile(r"[A-Za-z]:")
_NOT_OURS = "Save the split again with this program."


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as a manifest lists it.

    Parameters
    ----------
    path : str
        Relative to the data set, with slashes.
    size : int
        Bytes.
    sha256 : str
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A split with what it was made of.

    Parameters
    ----------
    split : Split
    draw : Draw
    moved : tuple of str
        Cases that were moved by hand.
    files : mapping of str to tuple of ListedFile
        By case.
    data_set : str
        Name of the data set; for people.
    """

    split: Split
    draw: Draw
    moved: tuple[str, ...]
    files: Mapping[str, tuple[ListedFile, ...]]
    data_set: str = ""


def fold_path(path: Path, draw: Draw) -> Path:
    """Where the manifest of a fold goes: beside `path`, with the number of the fold in its name."""
    if not draw.folds:
        return path
    return path.with_name(f"{path.stem}-fold{draw.fold + 1}of{draw.folds}{path.suffix or '.json'}")


def save_manifest(
    path: Path,
    data_set: DataSet,
    split: Split,
    *,
    draw: Draw,
    moved: Iterable[str] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Hash every file of the cases of a split, and write its manifest.

    Parameters
    ----------
    path : Path
        A .json file.
    data_set : DataSet
    split : Split
    draw : Draw
        How it was drawn.
    moved : iterable of str
        Cases that were moved by hand afterwards.
    should_stop : callable
        Asked between cases.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    LayoutError
        A case is not in the data set, or a file lies outside it.
    FileMissing, ExportError
        A file cannot be read, or the manifest not written.
    CancelledError
        `should_stop` said so.
    """
    found = {case.name: case for case in data_set.cases}
    cases: dict[str, Any] = {}
    for name in sorted(name for names in split.parts.values() for name in names):
        if should_stop():
            raise CancelledError
        if name not in found:
            raise LayoutError(f"the data set has no case {name}", hint="Open the data set again.", path=data_set.root)
        listed = [_listed(each, data_set.root) for each in _paths(found[name])]
        cases[name] = {"patient": patient_of(name), "files": listed}
    content = {
        "format": FORMAT,
        "kind": "split",
        "data_set": data_set.name,
        "layout": data_set.layout,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "draw": asdict(draw),
        "moved": sorted(moved),
        "parts": {part: list(names) for part, names in split.parts.items()},
        "cases": cases,
    }
    write_json(path, content)
    return path


def read_manifest(path: Path) -> Manifest:
    """Read a manifest and refuse whatever cannot be meant.

    Raises
    ------
    FileMissing
        It is not there.
    InputError
        It is no manifest of a split, lists a case in two parts, or a path that is absolute or leads out of the data
        set.
    """
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise _damaged(path, "is far larger than a manifest")
    values = read_json(path)
    if values.get("kind") != "split" or values.get("format") != FORMAT:
        raise _damaged(path, "is no manifest of a split that this version reads")
    try:
        split = _split_of(values["parts"])
        cases = values["cases"]
        files = {str(name): tuple(_listed_file(each) for each in case["files"]) for name, case in cases.items()}
        draw = _draw_of(values["draw"])
        moved = tuple(str(name) for name in values["moved"])
    except (LookupError, TypeError, AttributeError, ValueError, RequestError) as error:
        raise _damaged(path, f"is damaged: {error}") from error
    held = [name for names in split.parts.values() for name in names]
    twice = sorted({name for name in held if held.count(name) > 1}) if len(set(held)) < len(held) else []
    if twice:
        raise _damaged(path, f"lists {twice[0]!r} more than once")
    if set(held) != set(files):
        raise _damaged(path, "does not list the files of just the cases in its parts")
    return Manifest(split, draw, moved, files, str(values.get("data_set", "")))


def check_manifest(
    manifest: Manifest, data_set: DataSet, *, names: Iterable[str] | None = None, is_deep: bool = True
) -> None:
    """Refuse a manifest that is not of these files.

    Parameters
    ----------
    manifest : Manifest
    data_set : DataSet
    names : iterable of str or None
        The cases whose files are looked at; None takes all.
    is_deep : bool
        Compare hashes, which reads every file; else sizes only.

    Raises
    ------
    LayoutError
        A case is not there, or one of its files is missing, new, or another one.
    """
    found = {case.name: case for case in data_set.cases}
    for name in manifest.files if names is None else names:
        if name not in found:
            raise _differs(data_set.root, f"the data set has no case {name}, which the split lists")
        listed = {each.path: each for each in manifest.files[name]}
        present = {_relative(path, data_set.root): path for path in _paths(found[name])}
        if listed.keys() != present.keys():
            odd = sorted(listed.keys() ^ present.keys())[0]
            raise _differs(data_set.root, f"case {name} has not the files that the split lists ({odd})")
        for relative, path in present.items():
            each = listed[relative]
            if path.stat().st_size != each.size or (is_deep and sha256_of(path) != each.sha256):
                raise _differs(data_set.root, f"{relative} has changed since the split was saved")


def _paths(case: CaseFiles) -> list[Path]:
    images = [*case.sequences.values(), *([case.truth] if case.truth else [])]
    return sorted({path for image in images for path in files_of(image.path)})


def _relative(path: Path, root: Path) -> str:
    if not path.is_relative_to(root):
        raise LayoutError(f"{path} lies outside the data set", hint="Open the folder that holds all cases.", path=path)
    return path.relative_to(root).as_posix()


def _listed(path: Path, root: Path) -> dict[str, Any]:
    relative = _relative(path, root)
    return {"path": relative, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _listed_file(values: Mapping[str, Any]) -> ListedFile:
    path, size, digest = values["path"], values["bytes"], values["sha256"]
    if not isinstance(path, str) or not path or "\0" in path or "\\" in path or _DRIVE.match(path):
        raise ValueError(f"{path!r} is no path in a data set")
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} leads out of the data set")
    if type(size) is not int or size < 0 or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ValueError(f"{path!r} has no size and hash")
    return ListedFile(path, size, digest)


def _split_of(parts: Mapping[str, Any]) -> Split:
    if set(parts) != set(PARTS):
        raise ValueError("it has other parts than train, validation and test")
    named = {}
    for part in PARTS:
        names = parts[part]
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"the part {part} is no list of names")
        named[part] = tuple(sorted(names))
    return Split(named["train"], named["validation"], named["test"])


def _draw_of(values: Mapping[str, Any]) -> Draw:
    given = {each.name: values[each.name] for each in fields(Draw)}
    for each in fields(Draw):
        expected = (int, float) if each.type == "float" else {"int": int, "bool": bool}[str(each.type)]
        if not isinstance(given[each.name], expected) or (each.type != "bool" and isinstance(given[each.name], bool)):
            raise ValueError(f"the draw has a wrong {each.name}")
    return Draw(**given)


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"{path} {what}", hint=_NOT_OURS, path=path)


def _differs(root: Path, what: str) -> LayoutError:
    return LayoutError(what, hint="Use the data set that the split was made of, or draw it anew.", path=root)
