"""NIfTI headers, read and judged before any voxel: what a file claims, and whether that can be true.

A header is input from strangers. Everything it claims is compared with the file's size and the machine's memory before
memory is taken: the sizes, the type, the affine, and the place of the data.
"""

from __future__ import annotations

import importlib
import math
import os
import re
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.volume import FileKind, SourceHeader
from workstation.errors import FileMissing, GeometryError, ImageFormatError, ImageTooLarge, WorkstationError
from workstation.io.files import open_file
from workstation.io.inflation import DEFLATE_RATIO, inflate, is_gzipped

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

_WRITE_AGAIN = "Copy the file again from its source, or convert it with a NIfTI tool."
_NIFTI1_BYTES, _NIFTI2_BYTES = 348, 540
_LARGEST_EXTENSION_BYTES = 16 * 2**20
_IMPORTING = threading.Lock()


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What reading the voxels of a file will need, after all checks.

    Parameters
    ----------
    header : SourceHeader
    data_path : Path
        The file that holds the voxels: the same, or the .img of a pair.
    offset : int
        Bytes before the first voxel in the inflated file.
    stored : numpy dtype
        Of the file, with its byte order.
    """

    header: SourceHeader
    data_path: Path
    offset: int
    stored: np.dtype

    @property
    def data_bytes(self) -> int:
        """Bytes of all voxels as stored."""
        return math.prod(self.header.shape) * self.stored.itemsize

    @property
    def peak_bytes(self) -> int:
        """Bytes that reading takes at most: the file up to its last voxel, and a 32-bit copy where it is converted."""
        is_copied = self.header.is_scaled or self.stored.itemsize > 4 or not self.stored.isnative
        return self.offset + self.data_bytes + (4 * math.prod(self.header.shape) if is_copied else 0)


def plan_reading(path: Path) -> ImagePlan:
    """Read the header of a NIfTI file and refuse it if it cannot be meant.

    Parameters
    ----------
    path : Path
        .nii, .nii.gz, or either half of an .hdr/.img pair (each of them may be gzipped).

    Raises
    ------
    FileMissing
        The file, or the other half of its pair, is not there or may not be read.
    ImageFormatError
        It is empty, truncated, no NIfTI, or of a type without grey values.
    ImageTooLarge
        It claims more data than the file can hold, or than this machine has memory for.
    GeometryError
        Its affine cannot be used.
    """
    path, data_path = _halves(path)
    prepare()
    from nibabel.spatialimages import HeaderDataError

    start = first_bytes(path, _NIFTI2_BYTES)
    kind, is_big_endian, size = _recognise(path, start, is_pair=data_path != path)
    raw = start[:size]
    header = _nibabel_header(kind, raw, is_big_endian, is_pair=data_path != path)
    try:
        shape = _shape_of(path, header)
        stored = _stored_type(path, header)
        source = _source_header(path, header, raw, kind=kind, is_big_endian=is_big_endian, shape=shape, stored=stored)
    except (HeaderDataError, ValueError) as error:
        raise ImageFormatError(f"{path} has a damaged header: {error}", hint=_WRITE_AGAIN, path=path) from error
    plan = ImagePlan(source, data_path, _offset_of(path, header, size, is_pair=data_path != path), stored)
    _refuse_impossible_size(plan)
    return plan


def files_of(path: Path) -> tuple[Path, ...]:
    """The file of an image alone, or both halves of an .hdr/.img pair; `FileMissing` where a half is."""
    return tuple(dict.fromkeys(_halves(path)))


def extension_bytes(header: SourceHeader) -> bytes:
    """What stands between a header and the voxels: four bytes that announce extensions, and the extensions, verbatim.

    Raises
    ------
    ImageFormatError
        They are larger than anything an extension is for.
    InputError
        The file can no longer be read.
    """
    path, data_path = _halves(header.path)
    size = len(header.raw)
    if path == data_path:
        end = plan_reading(path).offset
        end = min(end, size + _LARGEST_EXTENSION_BYTES + 1)
    else:
        end = size + _LARGEST_EXTENSION_BYTES + 1
    found = first_bytes(path, end)[size:]
    if len(found) > _LARGEST_EXTENSION_BYTES:
        raise ImageFormatError(
            f"{path} has header extensions of more than {in_words(_LARGEST_EXTENSION_BYTES)}",
            hint="Export it without them.",
            path=path,
        )
    return found if len(found) >= 4 else bytes(4)


def _halves(path: Path) -> tuple[Path, Path]:
    """(header file, data file) of the image that a path belongs to; each half of a pair may be gzipped."""
    match = re.fullmatch(r"(?P<stem>.+)\.(?P<half>hdr|img)(\.gz)?", path.name, re.IGNORECASE)
    if match is None:
        return path, path
    is_header = match["half"].lower() == "hdr"
    stem = match["stem"] + (".img" if is_header else ".hdr")
    partners = [path.with_name(stem + ending) for ending in (("", ".gz") if not is_gzipped(path) else (".gz", ""))]
    partner = next((each for each in partners if each.is_file()), partners[0])
    for half in (path, partner):
        if not half.is_file():
            raise FileMissing(
                f"{half} is missing; a .hdr and its .img belong together",
                hint="Put both files into one folder.",
                path=half,
            )
    return (path, partner) if is_header else (partner, path)


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file, inflated if it is gzipped; fewer where the file is shorter."""
    try:
        with open_file(path) as file:
            packed = file.read(1 << 16)
    except IsADirectoryError as error:
        raise ImageFormatError(f"{path} is a folder, not an image", hint="Open a file in it.", path=path) from error
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error
    if not packed:
        raise ImageFormatError(f"{path} is empty", hint=_WRITE_AGAIN, path=path)
    return inflate(packed, count, path=path)[0][:count] if is_gzipped(path) else packed[:count]


def _recognise(path: Path, start: bytes, *, is_pair: bool) -> tuple[FileKind, bool, int]:
    """(kind, big endian?, header bytes) of a header."""
    for size, place, magics in ((_NIFTI1_BYTES, 344, (b"n+1\0", b"ni1\0")), (_NIFTI2_BYTES, 4, (b"n+2\0", b"ni2\0"))):
        if len(start) < size:
            continue
        for order in "<>":
            if struct.unpack(order + "i", start[:4])[0] == size and start[place : place + 4] in magics:
                kind: FileKind = "nifti2" if size == _NIFTI2_BYTES else "pair" if is_pair else "nifti1"
                return kind, order == ">", size
    if len(start) >= _NIFTI1_BYTES and _NIFTI1_BYTES in (struct.unpack(o + "i", start[:4])[0] for o in "<>"):
        raise ImageFormatError(
            f"{path} is an ANALYZE image, or its NIfTI mark is damaged: its orientation is not known",
            hint="Convert it to NIfTI with a tool that knows how it was made.",
            path=path,
        )
    what = "is too short for a NIfTI image" if len(start) < _NIFTI1_BYTES else "is not a NIfTI image"
    raise ImageFormatError(f"{path} {what}", hint=_WRITE_AGAIN, path=path)


def prepare() -> None:
    """Import the library that knows headers, which takes 0.15 s: for a thread, before the first image is opened.

    Its modules import each other in a circle: threads that begin at different ones at once would meet half-made ones.
    """
    with _IMPORTING:
        importlib.import_module("nibabel.nifti2")


def _nibabel_header(kind: FileKind, raw: bytes, is_big_endian: bool, *, is_pair: bool) -> Nifti1Header:
    # The window is up before it is needed.
    from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
    from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader

    if kind == "nifti2":
        family = Nifti2PairHeader if is_pair else Nifti2Header
    else:
        family = Nifti1PairHeader if is_pair else Nifti1Header
    return family(binaryblock=raw, endianness=">" if is_big_endian else "<", check=False)


def _shape_of(path: Path, header: Nifti1Header) -> tuple[int, ...]:
    """Three or four sizes; ones beyond them are dropped."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        raise ImageFormatError(f"{path} claims {count} dimensions", hint=_WRITE_AGAIN, path=path)
    shape = [int(size) for size in header["dim"][1 : count + 1]]
    if min(shape) < 1:
        raise ImageFormatError(
            f"{path} claims a size of {_times(shape)}: there are no voxels", hint=_WRITE_AGAIN, path=path
        )
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) not in (3, 4):
        raise ImageFormatError(
            f"{path} has {len(shape)} dimensions ({_times(shape)}); an image has three, or four with its sequences",
            hint="Split it into 3-D images.",
            path=path,
        )
    return tuple(shape)


def _stored_type(path: Path, header: Nifti1Header) -> np.dtype:
    from nibabel.spatialimages import HeaderDataError

    try:
        stored: np.dtype = np.dtype(header.get_data_dtype())
    except (KeyError, HeaderDataError) as error:
        raise ImageFormatError(
            f"{path} stores voxels of an unknown type ({int(header['datatype'])})", hint=_WRITE_AGAIN, path=path
        ) from error
    if stored.kind not in "iuf" or stored.itemsize == 0:
        what = "colours" if stored.fields else "complex numbers" if stored.kind == "c" else str(stored)
        raise ImageFormatError(
            f"{path} stores {what}, not grey values or labels", hint="Convert it to one number per voxel.", path=path
        )
    return stored


def _source_header(
    path: Path,
    header: Nifti1Header,
    raw: bytes,
    *,
    kind: FileKind,
    is_big_endian: bool,
    shape: tuple[int, ...],
    stored: np.dtype,
) -> SourceHeader:
    affine = _affine_of(path, header)
    slope, inter = _scaling_of(path, header)
    return SourceHeader(
        path=path,
        raw=raw,
        is_big_endian=is_big_endian,
        kind=kind,
        affine=affine,
        sform_code=int(header["sform_code"]),
        qform_code=int(header["qform_code"]),
        zooms=tuple(float(zoom) for zoom in header["pixdim"][1 : len(shape) + 1]),
        shape=shape,
        dtype=stored.newbyteorder("=").name,
        slope=slope,
        inter=inter,
    )


def _affine_of(path: Path, header: Nifti1Header) -> np.ndarray:
    """The best affine of a header: sform, else qform, else the voxel sizes about the centre (nibabel's order)."""
    from nibabel.spatialimages import HeaderDataError

    hint = "Write sform or qform again with the program that made the image."
    try:
        with np.errstate(invalid="ignore"):
            affine: np.ndarray = np.array(header.get_best_affine(), dtype=np.float64)
    except (HeaderDataError, ValueError) as error:
        raise GeometryError(f"{path} has an unusable qform: {error}", hint=hint, path=path) from error
    try:
        Grid((1, 1, 1), affine)
    except WorkstationError as error:
        raise GeometryError(f"{path}: {error.message}", hint=error.hint, path=path) from error
    affine.setflags(write=False)
    return affine


def _scaling_of(path: Path, header: Nifti1Header) -> tuple[float, float]:
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        return 1.0, 0.0
    if not math.isfinite(inter):
        raise ImageFormatError(f"{path} has a scale without an offset", hint=_WRITE_AGAIN, path=path)
    return slope, inter


def _offset_of(path: Path, header: Nifti1Header, size: int, *, is_pair: bool) -> int:
    stated = float(header["vox_offset"])
    lowest = 0 if is_pair else size
    if not math.isfinite(stated) or stated < 0 or (0 < stated < lowest):
        raise ImageFormatError(f"{path} says that its voxels begin at byte {stated}", hint=_WRITE_AGAIN, path=path)
    return int(stated) or (0 if is_pair else size + 4)


def _refuse_impossible_size(plan: ImagePlan) -> None:
    path, wanted = plan.data_path, plan.data_bytes + plan.offset
    held = path.stat().st_size
    claim = f"{plan.header.path} claims {_times(plan.header.shape)} voxels, {in_words(plan.data_bytes)}"
    if wanted > held * (DEFLATE_RATIO if is_gzipped(path) else 1):
        error = ImageTooLarge if plan.data_bytes > 64 * held + 2**32 else ImageFormatError
        raise error(f"{claim}, but the file holds only {in_words(held)}", hint=_WRITE_AGAIN, path=path)
    free = available_memory_bytes()
    if plan.peak_bytes > free:
        raise ImageTooLarge(
            f"{claim}; reading it takes {in_words(plan.peak_bytes)} and {in_words(free)} of memory are free",
            hint="Close other programs, or open the file on a larger machine.",
            path=path,
        )


def available_memory_bytes() -> int:
    """Memory that can be taken now, as the system estimates it; all of it where it does not say."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def in_words(count: int) -> str:
    """A number of bytes for people."""
    size = float(count)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def _times(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
