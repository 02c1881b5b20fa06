"""What is written survives being killed, full disks, lost permissions and power cuts: some of `make faults`, and the
judge itself.

`make faults` injects every fault at every step; here a few of each kind are, at every place that writes.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fault_disk import Disk
from fault_places import NO_POINT, PLACES, writing_modules
from fault_points import POINTS
from fault_table import FAULTS, examine_apart
from fault_tracer import Fault, Step, is_possible, trace

pytestmark = pytest.mark.skipif(not is_possible(), reason="faults are injected on Linux on x86-64 only")
Found = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def found() -> Found:
    apart = [point.name for point in POINTS if point.needs_engine]
    others = [point.name for point in POINTS if not point.needs_engine]
    return examine_apart(others, most=2) | examine_apart(apart, most=2)


@pytest.mark.parametrize("name", [point.name for point in POINTS])
def test_every_fault_leaves_the_old_or_the_new_state_and_somebody_is_told(found: Found, name: str) -> None:
    assert sum(found[name][fault]["injected"] for fault in FAULTS) >= 4
    assert {fault: found[name][fault]["holes"] for fault in FAULTS} == {fault: [] for fault in FAULTS}


def test_every_module_that_writes_is_at_a_point_or_says_why_not() -> None:
    assert set(writing_modules()) == PLACES.keys() | NO_POINT.keys()
    names = {point.name for point in POINTS}
    assert {name for each in PLACES.values() for name in each} <= names


def test_the_table_in_the_docs_has_every_point_and_no_hole() -> None:
    text = (Path(__file__).parents[1] / "FAULTS.md").read_text(encoding="utf-8")
    rows = text.split("<!-- table -->\n")[1].split("\n<!-- end of table -->")[0].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [point.name for point in POINTS]
    assert "holes" not in "".join(rows)


def write_in_place(folder: Path) -> None:
    (folder / "a").write_bytes(b"new words")


def test_the_steps_of_a_write_are_seen(tmp_path: Path) -> None:
    steps = trace(lambda: write_in_place(tmp_path), tmp_path).steps
    assert steps == [Step("open", "a"), Step("write", "a")]


def test_other_children_of_the_tracer_are_not_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert len(trace(lambda: write_in_place(tmp_path), tmp_path).steps) == 2
        assert other.poll() is None
        other.communicate(b"\n")


def test_a_kill_in_the_middle_of_a_write_leaves_half_of_it(tmp_path: Path) -> None:
    result = trace(lambda: write_in_place(tmp_path), tmp_path, fault=Fault(1, is_torn=True))
    assert result.was_killed
    # 9 bytes, halved
    assert (tmp_path / "a").read_bytes() == b"new "


def test_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    result = trace(lambda: write_in_place(tmp_path), tmp_path, fault=Fault(1, errno.ENOSPC))
    assert result.answer["error"] == "OSError"
    assert "No space left" in result.answer["message"]
    assert (tmp_path / "a").read_bytes() == b""


@pytest.mark.parametrize("is_synced", [True, False])
def test_a_power_cut_takes_what_was_not_synced(tmp_path: Path, is_synced: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"old")
    disk = Disk(folder)

    def replace() -> None:
        with (folder / "b").open("wb") as file:
            file.write(b"new")
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
        (folder / "b").rename(folder / "a")

    trace(replace, folder, after_step=disk.after_step)
    states = {name: (state / "a").read_bytes() for name, state in disk.states(tmp_path / "states")}
    lost = b"new" if is_synced else b""
    assert states["contents lost"] == lost
    assert states["contents zero"] == (lost or bytes(3))
    # The folder was not synced.
    assert states["names lost"] == b"old"
