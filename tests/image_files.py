"""NIfTI files for tests, written by nibabel or byte by byte, never by the code under test."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader

LPS = np.array([[-1.0, 0, 0, 0], [0, -1.0, 0, 239], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])


def orientations() -> list[np.ndarray]:
    """The 48 affines that permute and flip axes, each with three different spacings and an offset."""
    affines = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = 0
            for world, axis in enumerate(order):
                affine[world, axis] = signs[world] * (1.0, 1.5, 2.25)[axis]
            affine[:3, 3] = (-11.5, 7.25, 3.0)
            affines.append(affine)
    return affines


def oblique(affine: np.ndarray, degrees: float = 17.0) -> np.ndarray:
    """An affine turned about an axis that is none of the world's."""
    axis = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn @ affine


def ramp(shape: tuple[int, ...] = (5, 6, 7), dtype: str = "int16") -> np.ndarray:
    """An image in which all voxels differ."""
    return np.arange(np.prod(shape)).reshape(shape, order="F").astype(dtype)


def labels(shape: tuple[int, int, int] = (5, 6, 7), values: tuple[int, ...] = (1, 2, 4)) -> np.ndarray:
    """A mask without symmetry that holds each value."""
    data = np.zeros(shape, dtype=np.uint8)
    for number, value in enumerate(values):
        data[1 + number, 1:3, : number + 2] = value
    return data


def save(
    path: Path,
    data: np.ndarray,
    affine: np.ndarray = LPS,
    *,
    sform_code: int = 1,
    qform_code: int = 1,
    version: int = 1,
    endianness: str = "<",
    scale: tuple[float, float] | None = None,
) -> Path:
    """Write an image by nibabel; with `scale`, `data` are the stored numbers."""
    single, pair = (Nifti1Header, Nifti1PairHeader) if version == 1 else (Nifti2Header, Nifti2PairHeader)
    is_pair = ".nii" not in path.name
    header = (pair if is_pair else single)(endianness=endianness)
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header["scl_slope"], header["scl_inter"] = scale or (1, 0)
    header["descrip"] = b"Jane Doe 1970-01-01"
    header["aux_file"] = b"jane.txt"
    header.set_xyzt_units("mm", "sec")
    header.set_sform(affine if sform_code else None, code=sform_code)
    header.set_qform(affine if qform_code else None, code=qform_code, strip_shears=True)
    stored = data.astype(data.dtype.newbyteorder(endianness)).tobytes(order="F")
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_pair:
        header["vox_offset"] = 0
        write(path.with_name(path.name.replace(".img", ".hdr")), bytes(header.binaryblock) + bytes(4))
        write(path.with_name(path.name.replace(".hdr", ".img")), stored)
    else:
        header["vox_offset"] = header.sizeof_hdr + 4
        write(path, bytes(header.binaryblock) + bytes(4) + stored)
    return path


def write(path: Path, content: bytes) -> Path:
    """Write bytes, gzipped where the name says so."""
    path.write_bytes(gzip.compress(content, 6) if path.name.endswith(".gz") else content)
    return path


def header_bytes(shape: tuple[int, ...], *, dtype: str = "int16", **fields: object) -> bytes:
    """A NIfTI-1 header and its four extension bytes, with any field overwritten, however wrong."""
    header = Nifti1Header()
    header.set_data_dtype(dtype)
    header["dim"] = [len(shape), *shape, *([1] * (7 - len(shape)))]
    header.set_sform(LPS, code=1)
    header["pixdim"][:4] = 1
    header["vox_offset"] = 352
    for field, value in fields.items():
        header[field] = value
    return bytes(header.binaryblock) + bytes(4)
