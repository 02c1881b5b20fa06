"""A mask exported as NIfTI on its source's grid, read back and compared before anybody says "exported"; with a side-car
that says where it comes from (`io.provenance`)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workstation.core.geometry import reorient
from workstation.core.labels import LAYOUT_SCHEMES, unnamed_scheme
from workstation.core.selection import Selection
from workstation.core.volume import LabelMap, SourceHeader
from workstation.errors import AmbiguousScheme, ExportError, GeometryError, InputError, LabelError
from workstation.io.cases import read_mask
from workstation.io.files import make_folder, not_written, replacing, side_car_of, sync, write_json
from workstation.io.layouts import find_case
from workstation.io.nifti import read_header, read_label_map
from workstation.io.nifti_writing import write_label_map
from workstation.io.provenance import Origin, require_side_car_name, side_car_facts


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """What was written.

    Parameters
    ----------
    mask, side_car : Path
    label_map : LabelMap
        What is in the mask.
    """

    mask: Path
    side_car: Path
    label_map: LabelMap


def export_mask(
    mask: Path,
    out: Path,
    *,
    like: Path | None = None,
    selection: Selection | None = None,
    origin: Origin | None = None,
    keeps_header: bool = False,
    layout: str | None = None,
) -> Exported:
    """Write a mask file anew, with a chosen geometry, scheme, label or region.

    Parameters
    ----------
    mask : Path
        The mask; it is never written to.
    out : Path
        Ending in .nii or .nii.gz.
    like : Path or None
        An image whose shape, affine and codes the result takes; None keeps the mask's own.
    selection : Selection or None
        What is written; None writes the mask's integers as they are.
    origin : Origin or None
        What the side-car says of the case; None takes the case that the mask's file belongs to, if to any.
    keeps_header : bool
        Whether to write descriptions and extensions of the source's header too, which may name a patient.
    layout : str or None
        Of the data set that the mask belongs to; says what its labels mean where nothing else does.

    Raises
    ------
    ExportError
        `out` is the mask itself, an image or the truth of its case, cannot be written, or reads back differently.
    GeometryError
        `like` is on another grid.
    AmbiguousScheme, LabelError
        The mask's labels are unclear (only where `selection` needs them), or cannot be expressed.
    InputError
        A file cannot be read.
    """
    selection = selection or Selection()
    label_map = _read(mask, layout, needs_scheme=selection.needs_meaning)
    return export_label_map(
        selection.of(label_map),
        out,
        like=read_header(like) if like else None,
        origin=origin or _origin_of(mask),
        keeps_header=keeps_header,
    )


def export_label_map(
    label_map: LabelMap,
    out: Path,
    *,
    like: SourceHeader | None = None,
    origin: Origin | None = None,
    keeps_header: bool = False,
) -> Exported:
    """Write a label map on the grid of `like` (permuting and flipping axes where needed) and compare what was written.

    Raises
    ------
    ExportError, GeometryError
        As `export_mask`.
    """
    origin = origin or Origin()
    source = label_map.source.path if label_map.source else None
    _refuse_sources(out, source, origin)
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
    require_side_car_name(out)
    side_car = side_car_of(out)
    try:
        make_folder(out.parent)
    except OSError as error:
        raise not_written(out, error) from error
    # Both are whole on the disk before either gets its name.
    with replacing(side_car) as beside_car, replacing(out) as beside:
        write_label_map(beside, label_map, like=header, keeps_header=keeps_header)
        _compare(beside, label_map, header, out)
        facts = side_car_facts(
            beside, label_map, name=out.name, origin=origin, source=source, keeps_header=keeps_header
        )
        write_json(beside_car, facts)
        if side_car.exists():
            # The mask gets its name first. In between it may lack a side-car, but never has that of another mask.
            side_car.unlink()
            sync(side_car.parent)
    return Exported(out, side_car, label_map)


def _refuse_sources(out: Path, mask: Path | None, origin: Origin) -> None:
    if not out.exists():
        return
    names = {
        "the mask itself": [mask] if mask else [],
        "an image of the case": [r.path for r in origin.images.values()],
        "the truth of the case": [origin.truth] if origin.truth else [],
    }
    for words, paths in names.items():
        if any(path.exists() and path.resolve() == out.resolve() for path in paths):
            hint = "Choose another name; sources are never altered."
            raise ExportError(f"{out} is {words}", hint=hint, path=out)


def _read(mask: Path, layout: str | None, *, needs_scheme: bool) -> LabelMap:
    try:
        return read_mask(mask)
    except AmbiguousScheme:
        if layout in LAYOUT_SCHEMES:
            return read_label_map(mask, layout=layout)
        if needs_scheme:
            raise
    except LabelError:
        if needs_scheme:
            raise
    # Kept as they are, the integers need no meaning.
    return read_label_map(mask, scheme=unnamed_scheme())


def _origin_of(mask: Path) -> Origin:
    """The case whose truth or image the file is; nothing where it stands alone."""
    try:
        files = find_case(mask)
    except InputError:
        return Origin()
    images = {name: ref for name, ref in files.sequences.items() if ref.path != mask}
    return dataclasses.replace(Origin.of(files), images=images) if images else Origin()


def _compare(beside: Path, expected: LabelMap, header: SourceHeader | None, out: Path) -> None:
    written = read_label_map(beside, scheme=expected.scheme)
    differs = written.source is None or not np.array_equal(written.data, expected.data)
    if header is not None and written.source is not None:
        differs |= not np.array_equal(written.source.affine, header.affine)
        differs |= not np.array_equal(written.source.zooms[:3], header.zooms[:3], equal_nan=True)
        differs |= (written.source.sform_code, written.source.qform_code) != (header.sform_code, header.qform_code)
    if differs:
        raise ExportError(
            f"{out} would read back differently and was not written", hint="Check the disk; try again.", path=out
        )
