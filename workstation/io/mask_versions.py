"""Where corrected masks, and those lent to other programs, are kept: beside the decisions, none written twice."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from workstation.core.volume import LabelMap, SourceHeader
from workstation.errors import ExportError, WorkstationError
from workstation.io.export import export_label_map
from workstation.io.files import make_folder
from workstation.io.places import edits_folder
from workstation.io.provenance import Origin
from workstation.io.review_store import review_path

_FOLDER = "corrected"


def versions_folder(root: Path) -> Path:
    """Where the corrected masks of the data set in a folder are kept; nothing is made yet."""
    return review_path(root).parent / _FOLDER


def working_folder(root: Path | None) -> Path:
    """Where masks are that other programs edit: beside the decisions, or among the user's edits without a data set."""
    return (edits_folder() if root is None else review_path(root).parent) / "working"


def write_anew(
    folder: Path, case: str, mask: LabelMap, *, word: str, like: SourceHeader | None, origin: Origin | None
) -> Path:
    """Write a mask of a case into a file of a name that no other one has, as `reserve_file` gives it.

    Raises
    ------
    ExportError
        It cannot be written; then nothing of it is left.
    """
    path = reserve_file(folder, case, word)
    try:
        return export_label_map(mask, path, like=like, origin=origin).mask
    except WorkstationError:
        with suppress(OSError):
            path.unlink()
        raise


def reserve_file(folder: Path, case: str, word: str) -> Path:
    """An empty file of a name that no other one has: "CASE_corrected_1.nii.gz" and on.

    Parameters
    ----------
    folder : Path
        Made where it is not there, for the user alone.
    case : str
        What no file name may hold becomes a line.
    word : str
        What the file is, such as "corrected".

    Raises
    ------
    ExportError
        It cannot be made.
    """
    stem = re.sub(r"[^\w.+-]+", "_", case).strip(".") or "case"
    number = 1
    try:
        make_folder(folder, mode=0o700)
        while True:
            path = folder / f"{stem}_{word}_{number}.nii.gz"
            try:
                # Another window may keep a version of the same case at this moment.
                path.open("xb").close()
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        hint = "Make room there, or export the mask elsewhere and mark the case as corrected then."
        raise ExportError(f"{folder} cannot be written: {error.strerror}", hint=hint, path=folder) from error
