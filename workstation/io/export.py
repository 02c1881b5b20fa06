"""A mask exported as NIfTI on its source's grid, read back and compared before anybody says "exported"."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from workstation.core.geometry import reorient
from workstation.core.labels import convert_labels, region_mask, region_scheme, scheme_named, unnamed_scheme
from workstation.core.volume import LabelMap, SourceHeader
from workstation.errors import ExportError, GeometryError, LabelError
from workstation.io.cases import read_mask
from workstation.io.nifti import read_header, read_label_map
from workstation.io.nifti_writing import write_label_map


def export_mask(
    mask: Path, out: Path, *, like: Path | None = None, scheme: str | None = None, region: str | None = None
) -> Path:
    """Write a mask file anew, with a chosen geometry, scheme or region.

    Parameters
    ----------
    mask : Path
        The mask; it is never written to.
    out : Path
        Ending in .nii or .nii.gz.
    like : Path or None
        An image whose shape, affine and codes the result takes; None keeps the mask's own.
    scheme : str or None
        Write the labels of this scheme; None keeps the mask's integers.
    region : str or None
        Write this region as 0/1.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ExportError
        `out` is the mask itself, cannot be written, or reads back differently.
    GeometryError
        `like` is on another grid.
    AmbiguousScheme, LabelError
        The mask's labels are unclear (only where `scheme` or `region` needs them), or cannot be expressed.
    InputError
        A file cannot be read.
    """
    if out.exists() and out.resolve() == mask.resolve():
        raise ExportError(f"{out} is the mask itself", hint="Choose another name; sources are never altered.", path=out)
    label_map = _read(mask, needs_scheme=bool(scheme or region))
    if region:
        data = region_mask(label_map.data, label_map.scheme, region).astype(np.uint8)
        label_map = dataclasses.replace(label_map, data=data, scheme=region_scheme(region))
    elif scheme:
        target = scheme_named(scheme)
        data = convert_labels(label_map.data, label_map.scheme, target)
        label_map = dataclasses.replace(label_map, data=data, scheme=target)
    return export_label_map(label_map, out, like=read_header(like) if like else None)


def export_label_map(label_map: LabelMap, out: Path, *, like: SourceHeader | None = None) -> Path:
    """Write a label map on the grid of `like` (permuting and flipping axes where needed) and compare what was written.

    Raises
    ------
    ExportError, GeometryError
        As `export_mask`.
    """
    header = like or label_map.source
    if header is not None and not label_map.grid.is_same(header.grid):
        transform = label_map.grid.transform_onto(header.grid)
        if transform is None:
            raise GeometryError(
                f"the mask and {header.path} are on different voxel grids",
                hint="Give the image that the mask was drawn on, or resample the mask first.",
                path=header.path,
            )
        label_map = dataclasses.replace(label_map, data=reorient(label_map.data, transform), grid=header.grid)
    write_label_map(out, label_map, like=header)
    _compare(out, label_map, header)
    return out


def _read(mask: Path, *, needs_scheme: bool) -> LabelMap:
    try:
        return read_mask(mask)
    except LabelError:
        if needs_scheme:
            raise
        # Kept as they are, the integers need no meaning.
        return read_label_map(mask, scheme=unnamed_scheme())


def _compare(out: Path, expected: LabelMap, header: SourceHeader | None) -> None:
    written = read_label_map(out, scheme=expected.scheme)
    differs = written.source is None or not np.array_equal(written.data, expected.data)
    if header is not None and written.source is not None:
        differs |= not np.array_equal(written.source.affine, header.affine)
        differs |= not np.array_equal(written.source.zooms[:3], header.zooms[:3], equal_nan=True)
        differs |= (written.source.sform_code, written.source.qform_code) != (header.sform_code, header.qform_code)
    if differs:
        out.unlink(missing_ok=True)
        raise ExportError(f"{out} read back differently and was removed", hint="Check the disk; try again.", path=out)
