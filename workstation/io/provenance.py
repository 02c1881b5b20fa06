"""Where a mask comes from, as the JSON beside it: sources with hashes, model, versions, preprocessing, review, edits.

A mask travels on to other people, so nothing is written that tells of a person or of a computer: files by their names
without folders, and of an older side-car only the fields listed here, never what else it may hold.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workstation import __version__
from workstation.core.case import CaseFiles, ImageRef
from workstation.core.review import Decision
from workstation.core.volume import LabelMap
from workstation.errors import ExportError, FileMissing, InputError
from workstation.io.files import read_json, sha256_of, side_car_of

FORMAT = "brats-workstation mask 1"
# Of the side-car of a segmentation: each field, and the fields of it that are kept (empty: it is a plain value).
_INHERITED: Mapping[str, tuple[str, ...]] = {
    "model": ("name", "sha256", "created"),
    "threshold": (),
    "preprocessing": ("version", "intensity", "padding", "orientation"),
    "versions": ("workstation", "python", "numpy", "nibabel", "tensorflow", "tensorflow-cpu", "keras"),
    "regions": (),
    "created": (),
}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class ReviewMark:
    """What a reviewer decided about a case.

    Parameters
    ----------
    decision : str
        "accepted", "corrected", "rejected", "flagged"; empty where there is none yet.
    reviewer : str
        As the reviewer chose to be called.
    date : str
        ISO 8601.
    note : str
        Stays in reports; a side-car does not carry it, since people write names into notes.
    reason : str
        Why it was rejected.
    """

    decision: str = ""
    reviewer: str = ""
    date: str = ""
    note: str = ""
    reason: str = ""

    @classmethod
    def of(cls, decision: Decision) -> ReviewMark:
        """What a decision says; of it, the mask that was judged and the times of reading stay behind."""
        status = "" if decision.status == "unread" else decision.status
        return cls(status, decision.reader, decision.decided_at, decision.note, decision.reason)


Reviews = Callable[[str], ReviewMark | None]
"""What was decided about a case of that name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a mask beyond its own file.

    Parameters
    ----------
    case : str
        Name of its case.
    images : mapping of str to ImageRef
        The sequences that it was drawn or found on.
    review : ReviewMark or None
    edits : tuple of str
        What was done to it by hand, oldest first.
    truth : Path or None
        Of the case; not told of, but never written over.
    """

    case: str = ""
    images: Mapping[str, ImageRef] = field(default_factory=dict)
    review: ReviewMark | None = None
    edits: tuple[str, ...] = ()
    truth: Path | None = None

    @classmethod
    def of(cls, files: CaseFiles, *, review: ReviewMark | None = None, edits: tuple[str, ...] = ()) -> Origin:
        """The origin of a mask of a case."""
        return cls(files.name, files.sequences, review, edits, files.truth.path if files.truth else None)


def entropy_path(mask: Path) -> Path:
    """Where the map of a mask's uncertainty is: in a folder of its own, so that nobody takes it for a mask."""
    stem = mask.name.removesuffix(".gz").removesuffix(".nii")
    return mask.parent / "entropy" / f"{stem}_entropy.nii.gz"


def mean_entropy_of(mask: Path) -> float | None:
    """Mean entropy, in bits, that a mask's side-car tells of; None where it tells of none."""
    path = side_car_of(mask)
    try:
        found = read_json(path).get("entropy") if path.is_file() else None
    except InputError:
        return None
    value = found.get("mean_bits") if isinstance(found, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def require_side_car_name(mask: Path) -> None:
    """Raise ExportError where the side-car of a mask would replace a JSON file of another kind."""
    path = side_car_of(mask)
    if not path.exists():
        return
    try:
        found = read_json(path).get("versions")
        is_ours = isinstance(found, dict) and "workstation" in found
    except InputError:
        is_ours = False
    if not is_ours:
        raise ExportError(
            f"{path} would be replaced by the mask's side-car, and is none itself",
            hint="Choose another name for the mask.",
            path=path,
        )


def inherited_facts(source: Path | None) -> dict[str, Any]:
    """How a mask was made, from its own side-car: only known fields; empty where it has none that can be read."""
    path = None if source is None else side_car_of(source)
    if path is None or not path.is_file():
        return {}
    try:
        found = read_json(path)
    except InputError:
        return {}
    # The side-car of an earlier export holds them one level deeper.
    inner = found.get("segmentation")
    found = inner if isinstance(inner, dict) else found
    if "model" not in found:
        return {}
    facts: dict[str, Any] = {}
    for name, parts in _INHERITED.items():
        value = found.get(name)
        if parts and isinstance(value, dict):
            facts[name] = {part: value[part] for part in parts if _is_plain(value.get(part))}
        elif not parts and _is_plain(value):
            facts[name] = value
    sources = found.get("sources")
    facts["sources"] = [_known_source(each) for each in sources if isinstance(each, dict)] if sources else []
    return facts


def side_car_facts(
    mask: Path, written: LabelMap, *, name: str, origin: Origin, source: Path | None, keeps_header: bool
) -> dict[str, Any]:
    """The side-car of an exported mask.

    Parameters
    ----------
    mask : Path
        The exported file, where it is now.
    written : LabelMap
        What is in it.
    name : str
        The name that the file is about to get.
    origin : Origin
    source : Path or None
        The mask that was exported.
    keeps_header : bool
        Whether descriptions and extensions of the source's header were asked to be kept.

    Returns
    -------
    dict
        A JSON object.
    """
    scheme = written.scheme
    counts = np.bincount(written.data.ravel(order="K"), minlength=256)
    facts: dict[str, Any] = {"format": FORMAT, "case": origin.case}
    if scheme.name != "unknown":
        facts["scheme"] = scheme.name
    facts["mask"] = {"file": name, "sha256": sha256_of(mask), "shape": list(written.data.shape)}
    facts["labels"] = {
        str(value): {
            "name": scheme.labels[value].name,
            "voxels": int(counts[value]),
            "volume_ml": round(int(counts[value]) * written.grid.voxel_ml, 6),
        }
        for value in sorted(scheme.labels)
        if counts[value] or scheme.name != "unknown"
    }
    facts["made_from"] = _hashed(source)
    facts["sources"] = hashed_images(origin.images)
    facts["segmentation"] = inherited_facts(source) or None
    facts["review"] = None if origin.review is None else _public(origin.review)
    facts["edits"] = list(origin.edits)
    facts["header"] = "kept" if keeps_header else "descriptions and extensions removed"
    facts["versions"] = versions()
    facts["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    return facts


def hashed_images(images: Mapping[str, ImageRef]) -> list[dict[str, Any]]:
    """Sequence, name, channel and hash of each image; a file that several sequences share is read once."""
    hashes = {path: _hashed(path) for path in {ref.path for ref in images.values()}}
    return [{"sequence": name, **(hashes[ref.path] or {}), "channel": ref.channel} for name, ref in images.items()]


def versions() -> dict[str, str]:
    """Of this program and of what reads and writes its images."""
    # Imported here: it brings a parser of e-mails, which the start of the window need not wait for.
    from importlib.metadata import version

    return {
        "workstation": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "nibabel": version("nibabel"),
    }


def _hashed(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return {"file": path.name, "sha256": sha256_of(path)}
    except FileMissing:
        # The mask is in memory and can be exported all the same.
        return {"file": path.name, "sha256": None}


def _known_source(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: found[name] for name in ("sequence", "channel", "sha256") if _is_plain(found.get(name))}
    name = found.get("file")
    return {**kept, "file": Path(name).name} if isinstance(name, str) else kept


def _public(review: ReviewMark) -> dict[str, str]:
    """A review without what was written freely."""
    return {"decision": review.decision, "reviewer": review.reviewer, "date": review.date}


def _is_plain(value: object) -> bool:
    """Whether a value of a foreign file is a short word, a number, or a list of such."""
    if isinstance(value, str):
        return len(value) <= _LONGEST
    if isinstance(value, Sequence):
        return len(value) <= _LONGEST and all(_is_plain(each) and not isinstance(each, list) for each in value)
    return isinstance(value, int | float)
