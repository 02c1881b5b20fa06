"""Masks and images written as NIfTI with the geometry of their source, bit for bit, and nothing that names a person."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.volume import LabelMap, SourceHeader
from workstation.errors import ExportError
from workstation.io.files import replacing
from workstation.io.inflation import is_gzipped
from workstation.io.nifti_header import extension_bytes

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

# All that places the voxels. Names, descriptions, intent and display ranges are left out.
_KEPT_FIELDS = (
    *("dim_info", "pixdim", "xyzt_units", "qform_code", "sform_code"),
    *("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    *("srow_x", "srow_y", "srow_z"),
)
# What may name a person or a clinic; written only where that was asked for.
_NAMING_FIELDS = ("descrip", "aux_file", "intent_name", "db_name")


def write_label_map(
    path: Path, label_map: LabelMap, *, like: SourceHeader | None = None, keeps_header: bool = False
) -> None:
    """Write a mask as uint8 NIfTI with the geometry of a source, bit for bit.

    Affine, sform and qform codes, voxel sizes and units are those of `like`; header extensions and the fields that may
    identify a patient (description, auxiliary file, intent, database name) are left out unless they are asked for.

    Parameters
    ----------
    path : Path
        Ending in .nii or .nii.gz.
    label_map : LabelMap
        In the axis order of `like`.
    like : SourceHeader or None
        None takes the label map's own source, or makes a header from its grid.
    keeps_header : bool
        Whether to write the source's descriptions and extensions too.

    Raises
    ------
    ExportError
        The name has another ending, the shapes differ, or the file cannot be written.
    InputError
        The extensions cannot be read again.
    """
    source = like or label_map.source
    like = source or header_of_grid(label_map.grid)
    if like.shape[:3] != label_map.data.shape:
        raise ExportError(
            f"a mask of {label_map.data.shape} voxels does not fit the header of {like.path}",
            hint="Export it like the image that it was drawn on.",
            path=path,
        )
    keeps_header = keeps_header and source is not None
    header = _header_like(like, keeps_names=keeps_header)
    header.set_data_dtype(np.uint8)
    header["dim"] = [3, *label_map.data.shape, 1, 1, 1, 1]
    extensions = extension_bytes(like) if keeps_header else bytes(4)
    _write(path, header, np.asarray(label_map.data, dtype=np.uint8), extensions=extensions)


def write_image(path: Path, data: np.ndarray, *, grid: Grid, like: SourceHeader | None = None) -> None:
    """Write real numbers, such as probabilities, as float32 NIfTI with the geometry of a source, bit for bit.

    Parameters
    ----------
    path : Path
        Ending in .nii or .nii.gz.
    data : (I, J, K) ndarray
        In the axis order of `grid`.
    grid : Grid
    like : SourceHeader or None
        Where the geometry comes from, as in `write_label_map`; None makes a header from the grid.

    Raises
    ------
    ExportError
        The name has another ending, the shapes differ, or the file cannot be written.
    """
    like = like or header_of_grid(grid)
    if like.shape[:3] != data.shape:
        raise ExportError(f"an image of {data.shape} voxels does not fit the header of {like.path}", path=path)
    header = _header_like(like)
    header.set_data_dtype(np.float32)
    header["dim"] = [3, *data.shape, 1, 1, 1, 1]
    _write(path, header, np.asarray(data, dtype=np.float32))


def write_copy(path: Path, stored: np.ndarray, *, header: SourceHeader, like: SourceHeader) -> None:
    """Write voxels as a file stores them, with its type and scale, the geometry of `like`, and no texts or extensions.

    Parameters
    ----------
    path : Path
        Ending in .nii or .nii.gz.
    stored : (I, J, K) or (I, J, K, C) ndarray
        As `io.nifti.read_stored` gives it.
    header : SourceHeader
        Of the voxels.
    like : SourceHeader
        Of an image of the same shape; may be `header` itself.

    Raises
    ------
    ExportError
        The name has another ending, the shapes differ, or the file cannot be written.
    """
    if like.shape[:3] != stored.shape[:3]:
        raise ExportError(f"{header.path} has another shape than {like.path}", path=path)
    result = _header_like(like)
    result.set_data_dtype(stored.dtype.newbyteorder("="))
    result["dim"] = [stored.ndim, *stored.shape, *([1] * (7 - stored.ndim))]
    if header.is_scaled:
        result["scl_slope"], result["scl_inter"] = header.slope, header.inter
    _write(path, result, stored)


def write_volume(path: Path, data: np.ndarray, grid: Grid) -> None:
    """Write an (I, J, K) or (I, J, K, C) image with a fresh header; its type is kept."""
    header = _header_like(header_of_grid(grid))
    header.set_data_dtype(data.dtype)
    header["dim"] = [data.ndim, *data.shape, *([1] * (7 - data.ndim))]
    _write(path, header, data)


def header_of_grid(grid: Grid) -> SourceHeader:
    """A NIfTI-1 header for a grid that came from no file: sform and qform of scanner coordinates."""
    from nibabel.nifti1 import Nifti1Header

    header = Nifti1Header(endianness="<")
    header.set_data_shape(grid.shape)
    header.set_sform(grid.affine, code=1)
    header.set_qform(grid.affine, code=1, strip_shears=True)
    header.set_xyzt_units("mm", "sec")
    return SourceHeader(
        path=Path("new image"),
        raw=bytes(header.binaryblock),
        is_big_endian=False,
        kind="nifti1",
        affine=header.get_best_affine(),
        sform_code=1,
        qform_code=1,
        zooms=grid.zooms,
        shape=grid.shape,
        dtype="uint8",
    )


def _header_like(like: SourceHeader, *, keeps_names: bool = False) -> Nifti1Header:
    """A single-file header with the source's geometry and, unless it is asked for, nothing that names a person."""
    from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
    from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader

    family, single = (Nifti2PairHeader, Nifti2Header) if like.kind == "nifti2" else (Nifti1PairHeader, Nifti1Header)
    source = family(binaryblock=like.raw, endianness=">" if like.is_big_endian else "<", check=False)
    header = single(endianness=source.endianness, check=False)
    for field in header.keys():  # noqa: SIM118 - nibabel's headers are not mappings
        if field in _KEPT_FIELDS or (keeps_names and field in _NAMING_FIELDS):
            header[field] = source[field]
    header["scl_slope"], header["scl_inter"] = 1, 0
    return header


def _write(path: Path, header: Nifti1Header, data: np.ndarray, *, extensions: bytes = bytes(4)) -> None:
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise ExportError(f"{path} is not a NIfTI name", hint="Choose a name ending in .nii.gz or .nii.", path=path)
    stored = data.astype(header.get_data_dtype(), copy=False)
    header["vox_offset"] = header.sizeof_hdr + len(extensions)
    content = bytes(header.binaryblock) + extensions + stored.tobytes(order="F")
    with replacing(path) as temporary:
        # A fixed time and no name inside: equal masks are equal files.
        temporary.write_bytes(gzip.compress(content, 6, mtime=0) if is_gzipped(path) else content)
