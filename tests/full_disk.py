"""Every point on a disk that is really full: a tmpfs of 4 MiB that nobody else sees.

    unshare --map-root-user --mount python tests/full_disk.py FOLDER

The disk is filled, and filled but for two pages; then a point writes. As in `fault_table.py` the old or the new state
must be there, somebody must have been told, and with the disk free again the same write must succeed. Prints one JSON
object: what was wrong, by point, and how many writes failed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fault_point import Point
from fault_points import POINTS
from fault_tracer import outcome

from workstation.io import model_exchange

DISK_BYTES = 4 * 2**20
_FREE_PAGES = (0, 2)
_PAGE = 4096


def fill(path: Path, *, free_pages: int) -> None:
    """Take all of the disk but some pages."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(_PAGE)) == _PAGE:
                pass
        except OSError:
            pass
        size = max(0, file.tell() // _PAGE - free_pages) * _PAGE
        file.truncate(size)


def seen(point: Point, folder: Path) -> Any:
    """What the program finds, in a copy on another disk: some readers write."""
    with tempfile.TemporaryDirectory() as scratch:
        return point.read(Path(shutil.copytree(folder, Path(scratch) / folder.name, symlinks=True)))


def examine(point: Point, disk: Path) -> tuple[list[str], int]:
    """(what was wrong, how many writes failed)."""
    problems, failures = [], 0
    new: Any = None
    for pages in (None, *_FREE_PAGES):
        folder = disk / "folder"
        folder.mkdir()
        point.prepare(folder)
        old = seen(point, folder)
        if pages is None:
            point.write(folder)
            new = seen(point, folder)
        else:
            fill(disk / "filler", free_pages=pages)
            said = outcome(lambda folder=folder: point.write(folder))  # type: ignore[misc]
            failures += bool(said)
            state = seen(point, folder)
            (disk / "filler").unlink()
            words = judged(point, said, state, old=old, new=new)
            again = outcome(lambda folder=folder: point.write(folder)) if said else {}  # type: ignore[misc]
            if again and state != new:
                words = f"cannot be written afterwards: {again['message']}"
            problems += [f"{pages} pages free: {words}"] if words else []
        shutil.rmtree(folder)
    return problems, failures


def judged(point: Point, said: dict[str, Any], state: Any, *, old: Any, new: Any) -> str:
    """Why what came of a write is no good; empty where it is."""
    if state not in (old, new, *point.between):
        return f"neither old nor new: {state}"
    if said and not (said["is_ours"] and said["hint"]):
        return f"{said['error']} without a hint: {said['message']}"
    if not said and state != new and not point.may_stay_silent:
        return "nobody was told"
    return ""


def main() -> int:
    """Run as a command, in a mount namespace of its own."""
    disk = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)], check=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # An import leaves a reserve free, and would refuse a disk of this size for it.
    model_exchange._DISK_RESERVE = 0
    found = {point.name: examine(point, disk) for point in POINTS if not point.needs_engine}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
