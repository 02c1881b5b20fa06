"""Records of a machine: kept, read back, pruned, and written by two processes at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from workstation.core.calibration import Calibration, Timing
from workstation.core.network import UNetPlan
from workstation.core.refinement import MeasuredRun
from workstation.core.requests import EngineSettings, TrainRequest
from workstation.io.machine_records import (
    MOST_RUNS,
    MachineRecords,
    machine_name,
    machine_records,
    machines_root,
    training_run,
)

RUN = MeasuredRun(UNetPlan(), (96, 96, 96), batch=2, peak_bytes=10**9, step_seconds=1.5, created="2026-11-24T00:00:00")


@pytest.fixture
def records(tmp_path: Path) -> MachineRecords:
    return MachineRecords("A processor (R), 8 cores", tmp_path)


def calibration(machine: str) -> Calibration:
    return Calibration(machine, (Timing("conv", 1, 16, 4096, 1e-3),), 2.0, "2026-11-24T00:00:00", 0.1, 5_647_857)


def test_a_machine_without_records_has_none(records: MachineRecords) -> None:
    assert records.calibration() is None
    assert records.runs() == ()


def test_what_was_written_is_read_back(records: MachineRecords) -> None:
    records.write_calibration(calibration(records.machine))
    records.add_run(RUN)
    records.add_run(replace(RUN, batch=3))
    assert records.calibration() == calibration(records.machine)
    assert records.runs() == (RUN, replace(RUN, batch=3))


def test_a_run_is_given_its_date(records: MachineRecords) -> None:
    records.add_run(replace(RUN, created=""))
    assert records.runs()[0].created.startswith("20")


def test_machines_do_not_mix(tmp_path: Path) -> None:
    one, other = (MachineRecords(name, tmp_path) for name in ("A processor, 8 cores", "A processor; 8 cores"))
    one.add_run(RUN)
    one.write_calibration(calibration(one.machine))
    assert other.runs() == ()
    assert other.calibration() is None


def test_damaged_files_are_skipped(records: MachineRecords) -> None:
    records.add_run(RUN)
    folder = records.folder / "runs"
    (folder / "20200101T000000-0000.json").write_text("{half of a")
    (folder / "20200102T000000-0000.json").write_text(json.dumps({**RUN.as_dict(), "batch": "many"}))
    (folder / "20200103T000000-0000.json").write_text(json.dumps({**RUN.as_dict(), "plan": {"filters": 10**9}}))
    (records.folder / "calibration.json").write_text("[]")
    assert records.runs() == (RUN,)
    assert records.calibration() is None


def test_the_oldest_runs_are_forgotten(records: MachineRecords) -> None:
    for number in range(MOST_RUNS + 3):
        path = records.folder / "runs" / f"20250101T{number:06}-0000.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(replace(RUN, batch=1 + number).as_dict()))
    records.add_run(replace(RUN, batch=1000))
    batches = [run.batch for run in records.runs()]
    assert len(batches) == MOST_RUNS
    assert (batches[0], batches[-1]) == (5, 1000)


_WRITER = """
import sys
from pathlib import Path
from workstation.core.network import UNetPlan
from workstation.core.refinement import MeasuredRun
from workstation.core.calibration import Calibration, Timing
from workstation.io.machine_records import MachineRecords
records = MachineRecords("A processor (R), 8 cores", Path(sys.argv[1]))
for number in range(20):
    records.add_run(MeasuredRun(UNetPlan(), (96, 96, 96), batch=1 + number, peak_bytes=int(sys.argv[2])))
    records.write_calibration(Calibration(records.machine, (Timing("conv", 1, 1, 1, 1.0),) * 50, 2.0, sys.argv[2]))
"""


def test_two_processes_write_at_the_same_time_and_nothing_is_lost(records: MachineRecords) -> None:
    command = [sys.executable, "-c", _WRITER, str(records.root)]
    writers = [subprocess.Popen([*command, str(number)]) for number in (1, 2)]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        # What is read meanwhile is whole.
        found = records.calibration()
        seen.add(None if found is None else len(found.entries))
    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen <= {None, 50}
    runs = records.runs()
    for number in (1, 2):
        assert [run.batch for run in runs if run.peak_bytes == number] == list(range(1, 21))
    assert [path.name for path in records.folder.rglob(".*")] == []


def test_the_name_of_this_machine_is_the_same_in_every_process() -> None:
    program = "from workstation.io.machine_records import machine_name; print(machine_name())"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == machine_name()


def test_threads_and_onednn_make_another_machine() -> None:
    names = {
        machine_name(),
        machine_name(EngineSettings(intra_threads=1)),
        machine_name(EngineSettings(onednn=False)),
        machine_name(EngineSettings(nice=19)),
    }
    assert len(names) == 3


def test_records_are_among_the_users_data() -> None:
    assert machine_records().folder.parent == machines_root()
    assert machines_root().parts[-2:] == ("brats-workstation", "machines")


def test_a_training_is_recorded_as_it_was_asked() -> None:
    request = TrainRequest(data="x", batch=4, micro_batch=2, memory="low", filters=8)
    run = training_run(request, (80, 80, 64), peak_bytes=5, step_seconds=2.0)
    assert (run.plan.filters, run.batch, run.micro_batch, run.mode) == (8, 4, 2, "low")
    assert MeasuredRun.from_dict(json.loads(json.dumps(run.as_dict()))) == run
