"""Places in a NIfTI header that hold text: who they speak of is for a person to judge, so only their sizes leave here.

Fields that a program's own name fills ("FSL5.0", "SPM compatible") say nothing of a patient and are left out.
"""

from __future__ import annotations

import re
import struct

from workstation.core.case_facts import HeaderText
from workstation.core.volume import SourceHeader
from workstation.io.nifti_header import first_bytes

# (name, first byte, bytes) of the text fields of a NIfTI-1 header, of its .hdr/.img form too, and of a NIfTI-2 one.
TEXT_FIELDS = {
    348: (("db_name", 14, 18), ("descrip", 148, 80), ("aux_file", 228, 24), ("intent_name", 328, 16)),
    540: (("descrip", 240, 80), ("aux_file", 320, 24), ("intent_name", 508, 16)),
}
_EXTENSIONS = {2: "DICOM", 4: "AFNI", 6: "comment", 8: "XCEDE", 10: "JIM", 12: "workflow", 14: "FreeSurfer"}
_PROGRAMS = re.compile(
    r"(FSL|SPM|ITK|ANTs|c3d|AFNI|NiftyReg|niftk|elastix|Slicer|FreeSurfer|MRtrix|nibabel|dcm2nii|CaPTk|5\.0\.\d+)"
    r"[\w.:+\- ]{0,24}|TE=[\d.]+;.{0,40}|none|unknown|label|mask|seg|segmentation",
    re.IGNORECASE,
)
# What a header may hold in extensions before its first voxel; a chain longer than that is not walked.
_MOST_BYTES = 1 << 16


def header_texts(header: SourceHeader) -> tuple[HeaderText, ...]:
    """The fields and extensions of a file's header that hold text of their own.

    Parameters
    ----------
    header : SourceHeader
        As it was read from a file, which is looked at again for its extensions.
    """
    found = []
    for name, start, size in TEXT_FIELDS[len(header.raw)]:
        text = header.raw[start : start + size].split(b"\0")[0].decode("latin-1").strip()
        if text and not _PROGRAMS.fullmatch(text):
            found.append(HeaderText(name, len(text)))
    return (*found, *_extensions(header))


def _extensions(header: SourceHeader) -> list[HeaderText]:
    size = len(header.raw)
    content = first_bytes(header.path, _MOST_BYTES)
    order = ">" if header.is_big_endian else "<"
    if len(content) < size + 4 or not content[size]:
        return []
    if size == 348:
        offset = int(struct.unpack_from(order + "f", header.raw, 108)[0])
    else:
        offset = int(struct.unpack_from(order + "q", header.raw, 168)[0])
    end = min(len(content), offset or len(content))
    found, place = [], size + 4
    while place + 8 <= end:
        length, code = struct.unpack_from(order + "ii", content, place)
        if length < 8:
            break
        found.append(HeaderText(f"{_EXTENSIONS.get(code, 'unknown')} extension", length - 8))
        place += length
    return found
