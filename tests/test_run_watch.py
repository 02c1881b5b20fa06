"""What a supervisor notices of a run that goes on, no progress or a full disk, and how it tells the desktop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import engine_words, state, until

from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.io.runs import RunFolder
from workstation.jobs.disk import LEAST_BYTES, wanted_bytes
from workstation.jobs.notification import is_wanted
from workstation.jobs.stall import StallWatch
from workstation.jobs.supervisor import Pace, supervise

PACE = Pace(look=0.01, beat=0.02, stall_after=0.1)
# A disk that has as much room as a file says, for a supervisor in a process of its own.
PROGRAM = """
import sys
from pathlib import Path
from workstation.jobs import engine_watch, supervisor

room = Path(sys.argv[2])
for module in (engine_watch, supervisor):
    module.free_bytes = lambda folder: int(room.read_text())
pace = supervisor.Pace(look=0.01, beat=0.02)
sys.exit(supervisor.supervise(Path(sys.argv[1]), engine=sys.argv[3:], pace=pace))
"""
SMALL = TrainRequest(data="/data", size="32x32x16", filters=2, depth=1, epochs=3)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", SMALL, label="x")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """File that says how much room the disk has."""
    return tmp_path / "room"


@pytest.fixture
def on_a_full_disk(run: RunFolder, room: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor that finds no room to begin with."""
    give(room, 1)
    words = [sys.executable, "-c", PROGRAM, str(run.path), str(room), *engine_words("work")]
    with subprocess.Popen(words) as supervisor:
        yield supervisor
        supervisor.terminate()


def give(room: Path, count: int) -> None:
    """Let the disk have so much room; the reader never sees half a number."""
    beside = room.with_suffix(".new")
    beside.write_text(str(count))
    beside.replace(room)


def test_a_run_waits_for_room_rests_when_it_becomes_short_and_goes_on_by_itself(
    run: RunFolder, room: Path, on_a_full_disk: subprocess.Popen[bytes]
) -> None:
    wanted = wanted_bytes(SMALL)
    until(lambda: run.status().why == "disk")
    assert "on the disk of the runs" in run.status().text
    give(room, wanted)
    until(lambda: run.status().epoch > 0)
    give(room, wanted // 2 - 1)
    until(lambda: state(run) == "paused")
    until(lambda: "goes on by itself" in run.status().warning)
    give(room, wanted - 1)
    epoch = run.status().epoch
    give(room, wanted)
    until(lambda: state(run) == "running" and run.status().epoch > epoch)
    until(lambda: run.status().warning == "")
    run.send("stop_now")
    assert on_a_full_disk.wait(20) == 3


def test_a_pause_of_the_users_own_outlasts_the_want_of_room(
    run: RunFolder, room: Path, on_a_full_disk: subprocess.Popen[bytes]
) -> None:
    give(room, wanted_bytes(SMALL))
    until(lambda: run.status().epoch > 0)
    give(room, 1)
    until(lambda: state(run) == "paused")
    run.send("pause")
    give(room, wanted_bytes(SMALL))
    until(lambda: run.status().warning == "")
    assert state(run) == "paused"


def test_the_room_that_is_wanted_grows_with_the_network() -> None:
    assert wanted_bytes(SegmentRequest(model="/m", cases=("/c",))) == LEAST_BYTES
    # Nine arrays of 5,650,801 floats of 4 bytes.
    assert wanted_bytes(TrainRequest(data="/data")) == LEAST_BYTES + 9 * 4 * 5_650_801


def test_a_run_that_gets_nowhere_is_told_of_and_goes_on(run: RunFolder, room: Path) -> None:
    words = [sys.executable, "-c", PROGRAM.replace("beat=0.02", "beat=0.02, stall_after=0.1")]
    give(room, 10**12)
    with subprocess.Popen([*words, str(run.path), str(room), *engine_words("release")]) as supervisor:
        until(lambda: state(run) == "running" and run.status().warning.startswith("No progress since"))
        run.append({"event": "progress", "done": 1, "total": 2})
        until(lambda: run.status().warning == "")
        (run.path / "release").touch()
        assert supervisor.wait(20) == 0
    assert run.status().warning == ""


STEP = [{"event": "step"}]


def test_silence_is_measured_by_what_is_usual() -> None:
    watch = StallWatch(0.0, patience=60)
    assert watch.seconds_without(180) is None
    assert watch.seconds_without(181) == 181
    for second in (200, 230, 260):
        watch.take(STEP, second)
    # Steps of 30 s: ten of them.
    assert watch.seconds_without(260 + 300) is None
    assert watch.seconds_without(260 + 301) == 301


def test_quick_steps_get_the_whole_patience() -> None:
    watch = StallWatch(0.0, patience=60)
    for second in (1, 2, 3):
        watch.take(STEP, second)
    assert watch.seconds_without(63) is None
    assert watch.seconds_without(64) == 61


def test_a_rest_is_no_stall() -> None:
    watch = StallWatch(0.0, patience=60)
    watch.take(STEP, 1)
    watch.take([{"event": "state", "state": "paused"}], 2)
    assert watch.seconds_without(10_000) is None
    watch.take([{"event": "state", "state": "running"}], 10_000)
    assert watch.seconds_without(10_030) is None


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop whose notifications are lines of a file."""
    tool = tmp_path / "bin" / "notify-send"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {tmp_path}/told\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.delenv("WORKSTATION_NOTIFY")
    return tmp_path / "told"


def test_the_desktop_is_told_of_a_failure_and_its_reason(run: RunFolder, told: Path) -> None:
    supervise(run.path, engine=engine_words("fail"), pace=PACE)
    assert told.read_text().endswith(f"--urgency=critical|--|{run.name}: failed|The loss is NaN.|")


def test_nobody_is_told_where_that_is_not_wanted(run: RunFolder, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_NOTIFY", "off")
    assert not is_wanted(run.root)
    supervise(run.path, engine=engine_words("finish"), pace=PACE)
    assert not told.exists()
