"""Many masks exported into one folder, with a table of all of them; one that fails stops no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.core.case import CaseFiles, DataSet
from workstation.core.labels import REGION_NAMES, region_mask
from workstation.core.selection import Selection
from workstation.core.volume import LabelMap
from workstation.errors import ExportError, LayoutError, WorkstationError
from workstation.io.export import Exported, export_mask
from workstation.io.files import sha256_of
from workstation.io.nifti import case_of_mask, image_stem, is_image_name
from workstation.io.provenance import Origin, ReviewMark, Reviews
from workstation.io.tables import write_table

TABLE_NAME = "export.csv"
Report = Callable[[int, int, str], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One mask to export.

    Parameters
    ----------
    case : str
    mask : Path or None
        None where the case has none; the table says so.
    files : CaseFiles or None
        The case, where it is known.
    """

    case: str
    mask: Path | None
    files: CaseFiles | None = None


@dataclass(frozen=True, slots=True)
class BatchExport:
    """What became of many masks.

    Parameters
    ----------
    rows : tuple of mapping
        One a case that was looked at, as in the table; "status" is "exported", "failed" or "no mask".
    table : Path
    is_stopped : bool
        Whether it was stopped before the last one.
    """

    rows: tuple[Mapping[str, Any], ...]
    table: Path
    is_stopped: bool

    def count(self, status: str) -> int:
        """Rows of a status."""
        return sum(row["status"] == status for row in self.rows)


def masks_to_export(masks: Path | None, data: DataSet | None) -> list[ExportItem]:
    """The masks of a folder, joined with the cases of a data set.

    Parameters
    ----------
    masks : Path or None
        A folder of masks, named after their cases; None takes the truths of the data set.
    data : DataSet or None
        Its cases give the geometry; those without a mask stand in the list without one.

    Raises
    ------
    LayoutError
        There is nothing to export.
    """
    if masks is None:
        items = (
            [ExportItem(each.name, each.truth.path if each.truth else None, each) for each in data.cases]
            if data
            else []
        )
    else:
        files = {case.name: case for case in data.cases} if data else {}
        found = [path for path in sorted(masks.iterdir()) if is_image_name(path)] if masks.is_dir() else []
        names = {path: case_of_mask(path, files) for path in found}
        items = [ExportItem(names[path] or image_stem(path), path, files.get(names[path] or "")) for path in found]
        items += [ExportItem(name, None, case) for name, case in files.items() if name not in names.values()]
    if not any(item.mask for item in items):
        raise LayoutError(
            f"{masks or (data.root if data else '?')} holds no masks", hint="Give a folder of .nii.gz masks."
        )
    return sorted(items, key=lambda item: item.case)


def export_all(
    items: Sequence[ExportItem],
    folder: Path,
    *,
    selection: Selection | None = None,
    keeps_header: bool = False,
    reviews: Reviews = lambda _name: None,
    report: Report = lambda _done, _total, _text: None,
    should_stop: ShouldStop = lambda: False,
) -> BatchExport:
    """Export masks into a folder, under their own names where these differ, and write a table of them.

    Parameters
    ----------
    items : sequence of ExportItem
    folder : Path
        Made where it is not there.
    selection : Selection or None
    keeps_header : bool
        As in `io.export.export_mask`.
    reviews : callable
    report : callable
        Gets (masks done, masks, name of the next).
    should_stop : callable
        Asked before each mask; what was written stays, and stands in the table.

    Raises
    ------
    ExportError
        Two masks would have one name, or the table cannot be written.
    """
    selection = selection or Selection()
    outs = _out_names(items)
    rows: list[dict[str, Any]] = []
    for done, (item, out) in enumerate(zip(items, outs, strict=True)):
        if should_stop():
            break
        report(done, len(items), item.case)
        rows.append(_row(item, folder / out, selection, reviews(item.case), keeps_header=keeps_header))
    report(len(rows), len(items), "")
    table = folder / TABLE_NAME
    write_table(table, _columns(rows), rows)
    return BatchExport(tuple(rows), table, len(rows) < len(items))


def _out_names(items: Sequence[ExportItem]) -> list[str]:
    """The masks' own names, in front of them that of the case where several masks have one; "" without a mask."""
    stems = [image_stem(item.mask) if item.mask else "" for item in items]
    counts = Counter(stems)
    names = [
        f"{item.case}_{stem}.nii.gz" if stem and counts[stem] > 1 else f"{stem}.nii.gz"
        for item, stem in zip(items, stems, strict=True)
    ]
    twice = next((name for name, count in Counter(names).items() if count > 1 and name != ".nii.gz"), None)
    if twice is not None:
        raise ExportError(f"two masks would be called {twice}", hint="Export them into different folders.")
    return names


def _row(
    item: ExportItem, out: Path, selection: Selection, review: ReviewMark | None, *, keeps_header: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {"case": item.case, "mask": item.mask.name if item.mask else None, "status": "no mask"}
    if review is not None:
        row |= {
            "decision": review.decision,
            "reviewer": review.reviewer,
            "reviewed": review.date,
            "reason": review.reason,
            "note": review.note,
        }
    if item.mask is None:
        return row
    files = item.files
    try:
        exported = export_mask(
            item.mask,
            out,
            like=next(iter(files.sequences.values())).path if files else None,
            selection=selection,
            origin=Origin.of(files, review=review) if files else Origin(item.case, review=review),
            keeps_header=keeps_header,
            layout=files.layout if files else None,
        )
    except WorkstationError as error:
        return row | {"status": "failed", "problem": error.message}
    return row | {"status": "exported", **_facts(exported)}


def _facts(exported: Exported) -> dict[str, Any]:
    written = exported.label_map
    return {
        "out": exported.mask.name,
        "side_car": exported.side_car.name,
        "sha256": sha256_of(exported.mask),
        "scheme": written.scheme.name,
        "shape": written.data.shape,
        **{f"{region}_ml": volume for region, volume in region_volumes_ml(written).items()},
    }


def region_volumes_ml(label_map: LabelMap) -> dict[str, float]:
    """Volume of each region that the mask can express, ml."""
    return {
        region: int(region_mask(label_map.data, label_map.scheme, region).sum()) * label_map.grid.voxel_ml
        for region in REGION_NAMES
        if region in label_map.scheme.regions
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    fixed = (
        *("case", "mask", "status", "problem", "decision", "reviewer", "reviewed", "reason", "note"),
        *("out", "side_car", "sha256", "scheme", "shape"),
        *(f"{region}_ml" for region in REGION_NAMES),
    )
    used = {name for row in rows for name in row}
    return tuple(name for name in fixed if name in used or name in ("case", "mask", "status", "problem"))
