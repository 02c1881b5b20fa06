"""The files of a case read once, for the table and the check-up; what cannot be read becomes a part of the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from workstation.core.case import CaseFiles, ImageRef
from workstation.core.case_facts import TRUTH, CaseFacts, FileFacts, MaskValues, Placement, Trouble
from workstation.core.examination import count_values, digest_of, intensities_of, lies_of, thumbnail_of
from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.core.labels import SCHEMES, LabelScheme, recognise_scheme, scheme_named
from workstation.core.volume import SourceHeader, Volume
from workstation.errors import InputError, LabelError
from workstation.io.header_text import header_texts
from workstation.io.nifti import read_values, read_volumes

# The first of these that a case has is what its small picture shows.
_PICTURED = ("FLAIR", "T2", "T1c", "T1")


def examine(files: CaseFiles) -> CaseFacts:
    """Read all files of a case and note what is in them; damaged files become troubles, never errors.

    Parameters
    ----------
    files : CaseFiles
    """
    volumes, troubles = _read_images(files)
    facts = {name: _file_facts(name, volume.data, volume.source) for name, volume in volumes.items()}
    spread = {name: intensities_of(volume.data) for name, volume in volumes.items()}
    case = CaseFacts(files.name, facts, spread, troubles=troubles)
    labels = None
    if files.truth is not None:
        try:
            values, header = read_values(files.truth)
        except (InputError, OSError) as error:
            case = dataclasses.replace(case, troubles=troubles | {TRUTH: _trouble(error)})
        else:
            case, labels = _with_truth(case, files, values=values, header=header, volumes=volumes)
    shown = next((volumes[name] for name in _PICTURED if name in volumes), next(iter(volumes.values()), None))
    if shown is None:
        return case
    first = next(iter(volumes.values()))
    on_shown = labels if labels is not None and shown.grid.is_same(first.grid) else None
    return dataclasses.replace(case, thumbnail=thumbnail_of(shown.data, shown.grid, on_shown))


def _read_images(files: CaseFiles) -> tuple[dict[str, Volume], dict[str, Trouble]]:
    """The sequences that can be read, in their order, and why the others cannot; each file is inflated once."""
    by_path: dict[object, dict[str, ImageRef]] = {}
    for name, reference in files.sequences.items():
        by_path.setdefault(reference.path, {})[name] = reference
    found: dict[str, Volume] = {}
    troubles: dict[str, Trouble] = {}
    for held in by_path.values():
        channels = {name: reference.channel for name, reference in held.items()}
        try:
            volumes = read_volumes(next(iter(held.values())).path, channels)
        except (InputError, OSError) as error:
            troubles |= dict.fromkeys(held, _trouble(error))
        else:
            found |= {volume.name: volume for volume in volumes}
    return {name: found[name] for name in files.sequences if name in found}, troubles


def _with_truth(
    case: CaseFacts, files: CaseFiles, *, values: np.ndarray, header: SourceHeader, volumes: Mapping[str, Volume]
) -> tuple[CaseFacts, np.ndarray | None]:
    """The case with what its mask holds, and the labels in the axes of the images where they can be laid there."""
    counts, largest, others = count_values(values)
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    scheme, trouble = _scheme_of(files, counts) if not others else (None, None)
    mask = MaskValues(
        counts=counts,
        largest_fraction=largest,
        others=others,
        lowest=float(finite.min()) if finite.size else 0.0,
        highest=float(finite.max()) if finite.size else 0.0,
        scheme=scheme.name if scheme else "",
        trouble=trouble,
    )
    labels = _as_labels(values)
    placement, laid = _placement(labels, header, volumes)
    ml = {}
    if scheme is not None:
        ml = {
            region: sum(counts.get(value, 0) for value in held) * header.grid.voxel_ml
            for region, held in scheme.regions.items()
        }
    facts = {**case.files, TRUTH: _file_facts(TRUTH, labels, header)}
    return dataclasses.replace(case, files=facts, mask=mask, placement=placement, volumes_ml=ml), laid


def _scheme_of(files: CaseFiles, counts: Mapping[int, int]) -> tuple[LabelScheme | None, Trouble | None]:
    """The scheme that reading the mask would take, and why there is none; as `nifti.read_label_map`."""
    try:
        if not files.scheme_name:
            return recognise_scheme(counts, layout=files.layout), None
        scheme = scheme_named(files.scheme_name)
    except LabelError as error:
        return None, _trouble(error)
    foreign = sorted(value for value in counts if value and value not in scheme.labels)
    if foreign:
        known = ", ".join(SCHEMES)
        text = f"values {', '.join(map(str, foreign))} are not labels of {scheme.title}"
        return None, Trouble("LabelError", text, f"Map them to that scheme, or state another one: {known}.")
    return scheme, None


def _as_labels(values: np.ndarray) -> np.ndarray:
    """Rounded to uint8; what is no label becomes 0, what is above 255 stays marked as 255."""
    if values.dtype == np.uint8:
        return values
    labels = np.empty(values.shape, np.uint8, order="F")
    for index in range(values.shape[2]):
        plane = np.nan_to_num(values[..., index].astype(np.float64), nan=0.0)
        labels[..., index] = np.clip(np.rint(plane), 0, 255)
    return labels


def _placement(
    labels: np.ndarray, header: SourceHeader, volumes: Mapping[str, Volume]
) -> tuple[Placement, np.ndarray | None]:
    """How the mask lies on the images: by its header if that fits, else voxel for voxel if the shapes are equal."""
    if not volumes:
        return Placement(), None
    grid = next(iter(volumes.values())).grid
    transform = header.grid.transform_onto(grid)
    laid, ignoring = labels, ""
    if transform is not None:
        laid = reorient(labels, transform)
        if labels.shape == grid.shape and not transform.is_identity:
            ignoring = _flip_words(transform.flips, grid)
    elif labels.shape != grid.shape:
        return Placement(is_by_header=False), None
    images = {name: volume.data for name, volume in volumes.items() if volume.grid.is_same(grid)}
    lies = lies_of(laid != 0, images, grid)
    is_by_header = transform is not None
    return Placement(is_by_header, lies, ignoring), (laid if is_by_header else None)


def _flip_words(flips: tuple[bool, bool, bool], grid: Grid) -> str:
    names = dict(zip(transform_to_ras(grid.affine).axes, ("left-right", "front-back", "up-down"), strict=True))
    # In the order of the patient's axes, as `core/examination.py` names them.
    order = sorted((axis for axis in range(3) if flips[axis]), key=lambda axis: list(names).index(axis))
    return " and ".join(names[axis] for axis in order)


def _file_facts(name: str, data: np.ndarray, header: SourceHeader | None) -> FileFacts:
    if header is None:
        raise ValueError(f"{name} was not read from a file")
    rows = tuple(tuple(float(value) for value in row) for row in header.affine)
    shape = (header.shape[0], header.shape[1], header.shape[2])
    return FileFacts(name, shape, rows, header.dtype, digest_of(data), header_texts(header))  # type: ignore[arg-type]


def _trouble(error: InputError | OSError) -> Trouble:
    if isinstance(error, OSError):
        # A disk that fails or goes away while a file is read; a missing file is an InputError.
        return Trouble("FileMissing", f"{error.filename} cannot be read: {error.strerror}", "Check the disk.")
    return Trouble(type(error).__name__, error.message, error.hint)
