"""Gzip inflated with isal, never further than asked: what a file claims to hold is no reason to take memory."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from isal import isal_zlib

from workstation.errors import ImageFormatError

# Deflate cannot pack more than this many bytes into one (a run of 258 bytes in two bits).
DEFLATE_RATIO = 1032
_GZIP_WBITS = 31
# Its stub does not say that it is an exception.
_DAMAGED = cast("type[Exception]", isal_zlib.error)
_MAGIC = b"\x1f\x8b"


def is_gzipped(path: Path) -> bool:
    """Whether the file's name says so."""
    return path.name.lower().endswith(".gz")


def inflate(packed: bytes, wanted: int, *, path: Path) -> tuple[bytes, bool]:
    """Inflate the first bytes of gzip data of one or more members.

    Parameters
    ----------
    packed : bytes
        Whole or cut off.
    wanted : int
        Bytes to stop at.
    path : Path
        For messages.

    Returns
    -------
    content : bytes
        At most one byte more than wanted, fewer where the data end.
    is_cut_off : bool
        Whether the data end within a member, before the wanted bytes and the checksum behind them.

    Raises
    ------
    ImageFormatError
        The data are no gzip, or damaged: a checksum or the stated size differs.
    """
    if not packed.startswith(_MAGIC):
        raise ImageFormatError(
            f"{path} is not a gzip file, though its name says so",
            hint="Copy the file again from its source, or take .gz off its name if it was never packed.",
            path=path,
        )
    parts: list[bytes] = []
    count = 0
    is_cut_off = False
    while packed.startswith(_MAGIC) and count < wanted and not is_cut_off:
        member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
        try:
            # One byte more than wanted makes the member reach its end, where its checksum is compared.
            part = member.decompress(packed, wanted - count + 1)
        except _DAMAGED as error:
            raise ImageFormatError(
                f"{path} is damaged inside ({error})", hint="Copy the file again from its source.", path=path
            ) from error
        parts.append(part)
        count += len(part)
        is_cut_off = not member.eof and count <= wanted
        # Zeros between members, or after the last, are padding.
        packed = member.unused_data.lstrip(b"\0")
    return parts[0] if len(parts) == 1 else b"".join(parts), is_cut_off
