"""A case read into memory: its sequences and truth in threads, all laid on one grid or refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workstation.core.case import SEQUENCES, Case, CaseFiles
from workstation.core.geometry import Grid, reorient, resample_nearest
from workstation.core.labels import scheme_named
from workstation.core.volume import LabelMap, Volume
from workstation.errors import GeometryError, LayoutError
from workstation.io.files import stated_scheme
from workstation.io.layouts import find_case
from workstation.io.nifti import read_label_map, read_volumes

# Inflating leaves the interpreter's lock, so files in parallel use the cores; more threads only wait for the disk.
_READERS = 4


def load_case(
    files: CaseFiles,
    *,
    sequences: Sequence[str] = SEQUENCES,
    with_truth: bool = True,
    resample_masks: bool = False,
) -> Case:
    """Read the images of a case.

    Parameters
    ----------
    files : CaseFiles
    sequences : sequence of str
        Those wanted; absent ones are left out. A lone file's own name is always wanted.
    with_truth : bool
        Whether to read the truth where there is one.
    resample_masks : bool
        Whether a truth on another grid may be resampled (nearest neighbour) onto the images'.

    Raises
    ------
    LayoutError
        None of the sequences is there.
    GeometryError
        Two images are on different grids; names both files and the distance in mm.
    InputError
        A file cannot be read; see `io.nifti`.
    """
    wanted = [name for name in files.sequences if name in sequences or name not in SEQUENCES]
    if not wanted:
        raise LayoutError(
            f"{files.name} has none of the sequences {', '.join(sequences)}",
            hint=f"It has: {', '.join(files.sequences) or 'no image'}.",
        )
    scheme = scheme_named(files.scheme_name) if files.scheme_name else None
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as pool:
        volumes = [pool.submit(read_volumes, path, channels) for path, channels in _by_file(files, wanted).items()]
        mask = (
            pool.submit(read_label_map, files.truth, scheme=scheme, layout=files.layout)
            if files.truth and with_truth
            else None
        )
        found = {image.name: image for part in volumes for image in part.result()}
        truth = mask.result() if mask else None
    first = found[wanted[0]]
    placed = {name: _volume_onto(found[name], first) for name in wanted}
    if truth is not None:
        truth = mask_onto(truth, first.grid, image_path=_path_of(first), may_resample=resample_masks)
    return Case(files.name, files, placed, truth)


def read_mask(path: Path, *, scheme: str | None = None) -> LabelMap:
    """Read a mask file by the best knowledge of its labels.

    Parameters
    ----------
    path : Path
    scheme : str or None
        Name of its label scheme; None takes what its side-car states, else the scheme of the data set that the file
        belongs to, else what its values decide.

    Raises
    ------
    AmbiguousScheme
        Nothing of these decides.
    InputError
        As `io.nifti.read_label_map`.
    """
    name = scheme or stated_scheme(path)
    if name:
        return read_label_map(path, scheme=scheme_named(name))
    owner = find_case(path)
    stated = scheme_named(owner.scheme_name) if owner.scheme_name else None
    return read_label_map(path, scheme=stated, layout=owner.layout)


def mask_onto(mask: LabelMap, grid: Grid, *, image_path: Path | None = None, may_resample: bool = False) -> LabelMap:
    """A mask in the axis order of an image.

    Parameters
    ----------
    mask : LabelMap
    grid : Grid
        Of the image.
    image_path : Path or None
        The image's file, for the message.
    may_resample : bool
        Whether to resample (nearest neighbour) where permuting and flipping axes does not do.

    Raises
    ------
    GeometryError
        The mask is on another grid and `may_resample` is False.
    """
    if mask.grid.is_same(grid):
        return mask
    transform = mask.grid.transform_onto(grid)
    if transform is not None:
        return dataclasses.replace(mask, data=reorient(mask.data, transform), grid=grid)
    if may_resample:
        return dataclasses.replace(mask, data=resample_nearest(mask.data, mask.grid, grid), grid=grid)
    raise _different_grids(_path_of(mask), mask.grid, image_path, grid)


def _by_file(files: CaseFiles, names: Sequence[str]) -> dict[Path, dict[str, int | None]]:
    """The channels wanted of each file: one that holds all sequences is inflated once."""
    wanted: dict[Path, dict[str, int | None]] = {}
    for name in names:
        wanted.setdefault(files.sequences[name].path, {})[name] = files.sequences[name].channel
    return wanted


def _volume_onto(image: Volume, first: Volume) -> Volume:
    """An image in the axis order of the first one of its case."""
    if image.grid.is_same(first.grid):
        return image
    transform = image.grid.transform_onto(first.grid)
    if transform is None:
        raise _different_grids(_path_of(image), image.grid, _path_of(first), first.grid)
    return dataclasses.replace(image, data=reorient(image.data, transform), grid=first.grid)


def _different_grids(path: Path | None, grid: Grid, other_path: Path | None, other: Grid) -> GeometryError:
    names = f"{path or 'the mask'} and {other_path or 'the image'}"
    distance = grid.difference_mm(other)
    if grid.shape != other.shape:
        sizes = " and ".join("x".join(map(str, each.shape)) for each in (grid, other))
        what = f"have different grids: {sizes} voxels"
    else:
        what = f"have one size but lie up to {distance:.1f} mm apart (axes {grid.axis_codes} and {other.axis_codes})"
    return GeometryError(
        f"{names} {what}",
        hint="One of them lost its geometry on the way. Mend its header, or ask for it to be resampled.",
        path=path,
    )


def _path_of(image: Volume | LabelMap) -> Path | None:
    return image.source.path if image.source else None
