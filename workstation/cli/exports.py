"""The command export: one mask, or a folder of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workstation.cli.data import SCHEME_NAMES
from workstation.cli.output import Outcome, ProgressLine, add_command
from workstation.errors import LayoutError, RequestError

_REGIONS = ("WT", "TC", "ET", "RC")


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    export = add_command(commands, "export", run_export, summary="write masks as NIfTI on their source's grid")
    export.add_argument("mask", type=Path, metavar="MASK", help="a mask; with --batch a folder of masks, or a data set")
    export.add_argument("out", type=Path, metavar="OUT", help="a .nii or .nii.gz file; with --batch a folder")
    export.add_argument("--batch", action="store_true", help="export every mask of a folder, and a table of them")
    export.add_argument(
        "--data", type=Path, metavar="DIR", help="with --batch: the data set whose cases the masks are of"
    )
    export.add_argument("--like", type=Path, metavar="IMAGE", help="take shape and geometry from this image")
    export.add_argument("--scheme", choices=SCHEME_NAMES, help="write the labels of this scheme")
    part = export.add_mutually_exclusive_group()
    part.add_argument("--region", choices=_REGIONS, help="write one region as 0/1")
    part.add_argument("--label", type=int, metavar="N", help="write one label of the mask alone")
    export.add_argument(
        "--keep-header",
        action="store_true",
        help="keep descriptions and extensions of the source's header; they may name a patient",
    )


def run_export(options: argparse.Namespace) -> Outcome:
    """`workstation export`."""
    from workstation.core.selection import Selection

    selection = Selection(scheme=options.scheme, region=options.region, label=options.label)
    if options.batch or options.mask.is_dir():
        return _export_folder(options, selection)
    from workstation.io.export import export_mask

    done = export_mask(
        options.mask, options.out, like=options.like, selection=selection, keeps_header=options.keep_header
    )
    return Outcome(
        {"mask": str(options.mask), "out": str(done.mask), "sidecar": str(done.side_car)},
        f"exported {done.mask}; read back and compared",
    )


def _export_folder(options: argparse.Namespace, selection: Any) -> Outcome:
    from workstation.io.export_batch import export_all, masks_to_export
    from workstation.io.layouts import open_dataset
    from workstation.io.review_marks import marks_in

    if options.like:
        raise RequestError("one image cannot give the geometry of many masks", field="like", hint="Give --data DIR.")
    masks, data = options.mask, open_dataset(options.data) if options.data else None
    if data is None:
        try:
            masks, data = None, open_dataset(options.mask)
        except LayoutError:
            masks = options.mask
    line = ProgressLine()
    done = export_all(
        masks_to_export(masks, data),
        options.out,
        selection=selection,
        keeps_header=options.keep_header,
        reviews=marks_in(data.root).get if data is not None else lambda _name: None,
        report=lambda count, total, name: line.show(f"{count} of {total} {name}", fraction=count / total),
    )
    line.end()
    failed = [f"{row['case']}: {row['problem']}" for row in done.rows if row["status"] == "failed"]
    counts = {status: done.count(status) for status in ("exported", "failed", "no mask")}
    text = f"exported {counts['exported']} masks to {options.out}; each read back and compared"
    missing = [f"{counts['no mask']} cases have no mask"] if counts["no mask"] else []
    data_out = {"out": str(options.out), "table": str(done.table), "masks": [dict(row) for row in done.rows]}
    return Outcome(data_out, "\n".join([text, *missing, *failed]), status=1 if failed else 0)
