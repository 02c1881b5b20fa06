"""Masks of any tool, matched to the cases that they are of by the identifier in their names.

nnU-Net writes CASE.nii.gz, this program CASE_prediction.nii.gz, and containers of the BraTS challenge names with the
numbers of the case alone, such as output-00006-000.nii.gz for BraTS-GLI-00006-000. A name that fits several cases is
matched to none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from workstation.core.case import DataSet
from workstation.errors import FileMissing, LayoutError
from workstation.io.nifti import case_of_mask, image_stem, is_image_name, is_map_name

# The numbers at the end of a case's name: "00006-000" of BraTS-GLI-00006-000, "00006" of BraTS2021_00006.
_IDENTIFIER = re.compile(r"(?<!\d)\d{2,}(?:[-_]\d+)*$")
_NUMBERS = re.compile(r"\d+(?:-\d+)*")


def masks_of_cases(data: DataSet, folder: Path) -> dict[str, list[Path]]:
    """The masks of a folder by the case that each one is of.

    Parameters
    ----------
    data : DataSet
    folder : Path

    Raises
    ------
    FileMissing, LayoutError
        There is no such folder, or none of its masks belongs to a case.
    """
    if not folder.is_dir():
        raise FileMissing(f"{folder} is not a folder", hint="Choose the folder that holds the masks.", path=folder)
    names = {case.name for case in data.cases}
    by_identifier = identifiers_of(names)
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        name = case_named_by(path, names, by_identifier) if is_image_name(path) else None
        if name is not None:
            found[name].append(path)
    if not found:
        raise LayoutError(
            f"none of the masks in {folder} belongs to a case of {data.name}",
            hint="A mask's file name must have the name of its case in it, such as BraTS2021_00006.nii.gz.",
            path=folder,
        )
    return found


def identifiers_of(names: Collection[str]) -> dict[str, str]:
    """Cases by the numbers that their names end with; numbers that several cases share are left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if match := _IDENTIFIER.search(name):
            found[_plain(match.group())].append(name)
    return {identifier: cases[0] for identifier, cases in found.items() if len(cases) == 1}


def case_named_by(mask: Path, names: Collection[str], by_identifier: dict[str, str]) -> str | None:
    """The case that a mask's file name speaks of; None where it speaks of none, of several, or is no mask's name."""
    stem = image_stem(mask)
    if is_map_name(mask):
        return None
    name = case_of_mask(mask, names)
    if name is not None:
        return name
    # Looked up, not searched for: a thousand masks of a thousand cases would be a million searches.
    fitting = {by_identifier[number] for number in _numbers_in(_plain(stem)) if number in by_identifier}
    return fitting.pop() if len(fitting) == 1 else None


def _numbers_in(text: str) -> Iterator[str]:
    """Every number in a text, and those that stand together: of "x-12-034" it is 12, 12-034 and 034."""
    for together in _NUMBERS.findall(text):
        numbers = together.split("-")
        for start in range(len(numbers)):
            yield from ("-".join(numbers[start:end]) for end in range(start + 1, len(numbers) + 1))


def _plain(text: str) -> str:
    return text.replace("_", "-")
