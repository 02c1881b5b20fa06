"""Folders of cases, recognised by their names; no image is opened to list a data set.

    msd         dataset.json, imagesTr/BRATS_001.nii.gz with the sequences as channels, labelsTr/BRATS_001.nii.gz
    brats2021   NAME_t1, NAME_t1ce, NAME_t2, NAME_flair, NAME_seg                    (BraTS 2017 to 2021)
    brats2023   NAME-t1n, NAME-t1c, NAME-t2w, NAME-t2f, NAME-seg                     (BraTS 2023 and later)
    nnunet      imagesTr/NAME_0000 ... NAME_0003, labelsTr/NAME, dataset.json
    mapping     any folder with a mapping.json (see `io/mapping.py`)
    file        one image alone

Files of a case may stand in a folder each or side by side. Names that begin with a dot are nobody's images.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workstation.core.case import SEQUENCES, CaseFiles, DataSet, ImageRef
from workstation.errors import FileMissing, InputError, LayoutError
from workstation.io.files import read_json
from workstation.io.mapping import MAPPING_NAME, cases_by_mapping
from workstation.io.nifti import image_stem, is_image_name, read_header

_SUFFIXES: Mapping[str, tuple[re.Pattern[str], Mapping[str, str]]] = {
    "brats2021": (
        re.compile(r"(?P<case>.+)_(?P<part>flair|t1|t1ce|t1c|t1gd|t2|t2w|seg)", re.IGNORECASE | re.DOTALL),
        {
            "flair": "FLAIR",
            "t1": "T1",
            "t1ce": "T1c",
            "t1c": "T1c",
            "t1gd": "T1c",
            "t2": "T2",
            "t2w": "T2",
            "seg": "truth",
        },
    ),
    "brats2023": (
        re.compile(r"(?P<case>.+)-(?P<part>t1n|t1c|t2w|t2f|seg)", re.IGNORECASE | re.DOTALL),
        {"t1n": "T1", "t1c": "T1c", "t2w": "T2", "t2f": "FLAIR", "seg": "truth"},
    ),
}
_CHANNEL_FILE = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})", re.DOTALL)
# The order in which nnU-Net's own BraTS conversion numbers the channels, where dataset.json does not say.
_NNUNET_ORDER = ("T1", "T1c", "T2", "FLAIR")
_MSD_ORDER = ("FLAIR", "T1", "T1c", "T2")
_IMAGE_FOLDERS = ("imagesTr", "imagesTs", "labelsTr")
_SEARCH_DEPTH = 4
_KNOWN = (
    "Known layouts: MSD Task01 (dataset.json), BraTS 2017-2021 (NAME_flair.nii.gz), BraTS 2023 (NAME-t2f.nii.gz), "
    f"nnU-Net (NAME_0000.nii.gz), or a {MAPPING_NAME}."
)


def open_dataset(path: Path, *, mapping: Path | None = None) -> DataSet:
    """Find the cases of a folder.

    Parameters
    ----------
    path : Path
        A folder of any known layout; `imagesTr` in one means the whole, and so does its `dataset.json`.
    mapping : Path or None
        A hand-made mapping that lies elsewhere; None takes the folder's own `mapping.json` if it has one.

    Returns
    -------
    DataSet
        With at least one case.

    Raises
    ------
    FileMissing
        There is no such folder.
    LayoutError
        It follows no known layout, or holds no case.
    InputError
        Its dataset.json or mapping.json is damaged.
    """
    if is_description(path):
        path = path.parent
    if not path.is_dir():
        raise FileMissing(f"{path} is not a folder", hint="Choose the folder that holds the cases.", path=path)
    if path.name in _IMAGE_FOLDERS and (path.parent / "dataset.json").is_file():
        path = path.parent
    layout, cases = ("mapping", cases_by_mapping(path, mapping)) if mapping else _cases_of_folder(path)
    if not cases:
        raise LayoutError(f"no cases were found in {path}", hint=_KNOWN, path=path)
    return DataSet(path.resolve().name, path, layout, tuple(sorted(cases, key=lambda case: case.name)))


def is_description(path: Path) -> bool:
    """Whether a file is one that describes the data set around it."""
    return path.name in ("dataset.json", MAPPING_NAME) and path.is_file()


def scheme_beside(mask: Path) -> str | None:
    """The label scheme that a dataset.json beside a mask spells out, as nnU-Net leaves one; None without one."""
    path = mask.parent / "dataset.json"
    try:
        return _scheme_of(read_json(path)) if path.is_file() else None
    except InputError:
        return None


def find_case(path: Path) -> CaseFiles:
    """The case that a path belongs to: the folder of one case, one of its files, or a file alone.

    Raises
    ------
    FileMissing
        There is nothing at `path`.
    LayoutError
        The folder holds no case, or several.
    InputError
        A lone file is no image.
    """
    if not path.exists():
        raise FileMissing(f"{path} does not exist", hint="Check the spelling of the path.", path=path)
    if path.is_file():
        return _case_of_file(path)
    cases = open_dataset(path).cases
    if len(cases) > 1:
        raise LayoutError(
            f"{path} holds {len(cases)} cases", hint="Open it as a data set, or choose one case in it.", path=path
        )
    return cases[0]


def guess_sequence(path: Path) -> str | None:
    """The sequence that a file's name speaks of; None where it speaks of none."""
    words = re.split(r"[^a-z0-9]+", image_stem(path).lower())
    names = {"t1n": "T1", "t2f": "FLAIR", **_SUFFIXES["brats2021"][1]}
    found = [names[word] for word in words if word in names and names[word] != "truth"]
    return found[-1] if found else None


def images_below(folder: Path) -> Iterator[Path]:
    """Image files of a folder, a few levels deep; links are followed, but no folder is entered twice."""
    seen: set[tuple[int, int]] = set()
    for parent, names, files in os.walk(folder, followlinks=True):
        if not _is_new(Path(parent), seen):
            names.clear()
            continue
        if len(Path(parent).relative_to(folder).parts) >= _SEARCH_DEPTH:
            names.clear()
        # A folder's own name comes before those that lead to it.
        shown = (name for name in names if not name.startswith("."))
        names[:] = sorted(shown, key=lambda name: (Path(parent, name).is_symlink(), name))
        yield from (path for path in (Path(parent) / name for name in sorted(files)) if is_image_name(path))


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder is none of those seen, to which it is added; a link to one above it would lead in circles."""
    try:
        stat = folder.stat()
    except OSError:
        return False
    mark = (stat.st_dev, stat.st_ino)
    is_new = mark not in seen
    seen.add(mark)
    return is_new


def _cases_of_folder(path: Path) -> tuple[str, list[CaseFiles]]:
    if (path / MAPPING_NAME).is_file():
        return "mapping", cases_by_mapping(path)
    images = list(_images_in(path / "imagesTr"))
    if not images:
        return _suffix_cases(images_below(path))
    description = path / "dataset.json"
    facts = read_json(description) if description.is_file() else {}
    if any(_CHANNEL_FILE.fullmatch(image_stem(image)) for image in images):
        return "nnunet", _nnunet_cases(path, facts, images)
    return "msd", _msd_cases(path, facts, images)


def _images_in(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if is_image_name(path))


def _suffix_cases(images: Iterable[Path]) -> tuple[str, list[CaseFiles]]:
    """Cases of files named after their sequence; the layout is that of most of them."""
    parts: dict[tuple[str, Path, str], dict[str, ImageRef]] = defaultdict(dict)
    for image in images:
        for layout, (pattern, names) in _SUFFIXES.items():
            match = pattern.fullmatch(image_stem(image))
            if match:
                key = (layout, image.parent, match["case"])
                parts[key].setdefault(names[match["part"].lower()], ImageRef(image))
                break
    cases = [_case(name, found, layout=layout) for (layout, _, name), found in parts.items() if set(found) - {"truth"}]
    layouts = Counter(case.layout for case in cases)
    return (layouts.most_common(1)[0][0] if layouts else "none"), cases


def _case(name: str, parts: Mapping[str, ImageRef], *, layout: str, scheme_name: str | None = None) -> CaseFiles:
    ordered = {sequence: parts[sequence] for sequence in SEQUENCES if sequence in parts}
    return CaseFiles(name, ordered, parts.get("truth"), layout, scheme_name)


def _msd_cases(root: Path, facts: Mapping[str, Any], images: list[Path]) -> list[CaseFiles]:
    channels = _channel_sequences(facts, root / "dataset.json", default=_MSD_ORDER)
    cases = []
    for image in [*images, *_images_in(root / "imagesTs")]:
        label = root / "labelsTr" / image.name
        parts = {sequence: ImageRef(image, channel) for channel, sequence in channels.items()}
        if label.is_file():
            parts["truth"] = ImageRef(label)
        cases.append(_case(image_stem(image), parts, layout="msd", scheme_name=_scheme_of(facts) or "msd"))
    return cases


def _nnunet_cases(root: Path, facts: Mapping[str, Any], images: list[Path]) -> list[CaseFiles]:
    channels = _channel_sequences(facts, root / "dataset.json", default=_NNUNET_ORDER)
    parts: dict[str, dict[str, ImageRef]] = defaultdict(dict)
    for image in [*images, *_images_in(root / "imagesTs")]:
        match = _CHANNEL_FILE.fullmatch(image_stem(image))
        if match and int(match["channel"]) in channels:
            parts[match["case"]][channels[int(match["channel"])]] = ImageRef(image)
    for label in _images_in(root / "labelsTr"):
        if image_stem(label) in parts:
            parts[image_stem(label)]["truth"] = ImageRef(label)
    return [_case(name, found, layout="nnunet", scheme_name=_scheme_of(facts)) for name, found in parts.items()]


def _channel_sequences(facts: Mapping[str, Any], path: Path, *, default: tuple[str, ...]) -> dict[int, str]:
    """Sequence of each channel number, from a dataset.json."""
    stated = facts.get("channel_names", facts.get("modality"))
    if not isinstance(stated, dict) or not stated:
        return dict(enumerate(default))
    channels = {}
    for number, name in stated.items():
        sequence = _sequence_named(str(name))
        if sequence is None or not str(number).isdecimal():
            raise LayoutError(
                f"{path} names a channel {name!r} that is no known sequence",
                hint="Channels are FLAIR, T1, T1c (T1gd, T1ce) and T2.",
                path=path,
            )
        channels[int(number)] = sequence
    return channels


def _sequence_named(name: str) -> str | None:
    known = {"t1w": "T1", "t1": "T1", "t1n": "T1", "t1gd": "T1c", "t1ce": "T1c", "t1c": "T1c", "t1wce": "T1c"}
    known |= {"t2": "T2", "t2w": "T2", "flair": "FLAIR", "t2f": "FLAIR", "t2flair": "FLAIR"}
    return known.get(re.sub(r"[^a-z0-9]", "", name.lower()))


def _scheme_of(facts: Mapping[str, Any]) -> str | None:
    """The label scheme that a dataset.json spells out; None where it does not."""
    labels = facts.get("labels")
    if not isinstance(labels, dict):
        return None
    named = list(_named_values(labels))

    def values(*words: str) -> set[int]:
        return {value for name, held in named for value in held if any(word in name for word in words)}

    # nnU-Net may name regions instead: whole tumour [1, 2, 3], tumour core [2, 3], enhancing tumour [3].
    oedema = values("edema", "oedema", "snfh") or values("whole") - values("tumor core", "tumour core")
    enhancing = values("enhancing") - values("non-enhancing", "nonenhancing", "non enhancing")
    known: dict[tuple[tuple[int, ...], ...], str] = {
        ((1,), (3,)): "msd",
        ((2,), (4,)): "brats2021",
        ((2,), (3,)): "brats2023",
    }
    return known.get((tuple(sorted(oedema)), tuple(sorted(enhancing))))


def _named_values(labels: Mapping[str, Any]) -> Iterator[tuple[str, list[int]]]:
    """Each name and its values: MSD writes {"1": "edema"}, nnU-Net {"edema": 1} or {"whole tumor": [1, 2, 3]}."""
    for one, other in labels.items():
        name, held = (other, [one]) if one.isdecimal() else (one, other if isinstance(other, list) else [other])
        yield str(name).lower(), [int(value) for value in held if str(value).isdecimal()]


def _case_of_file(path: Path) -> CaseFiles:
    root = path.parent.parent
    if path.parent.name in _IMAGE_FOLDERS:
        candidates: Iterable[CaseFiles] = _cases_of_folder(root)[1]
    else:
        candidates = _suffix_cases(_images_in(path.parent))[1]
    for case in candidates:
        references = [*case.sequences.values(), *([case.truth] if case.truth else [])]
        if any(reference.path == path for reference in references):
            return case
    return _lone_file(path)


def _lone_file(path: Path) -> CaseFiles:
    header = read_header(path)
    name = image_stem(path)
    if len(header.shape) == 3:
        style = next((layout for layout, (pattern, _) in _SUFFIXES.items() if pattern.fullmatch(name)), "file")
        return CaseFiles(name, {guess_sequence(path) or name: ImageRef(path)}, layout=style)
    if header.shape[3] == len(_MSD_ORDER) and re.fullmatch(r"BRATS_\d+", name):
        return _case(
            name, {sequence: ImageRef(path, number) for number, sequence in enumerate(_MSD_ORDER)}, layout="msd"
        )
    return CaseFiles(name, {f"volume {number + 1}": ImageRef(path, number) for number in range(header.shape[3])})
