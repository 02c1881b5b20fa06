"""A run that takes more memory than was reserved: given more where there is more, ended alone and by name where not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_engine import engine_words, until

from workstation.core.cost import estimate_train_bytes
from workstation.core.requests import BenchRequest, TrainRequest
from workstation.errors import ExportError
from workstation.io.machine_records import machine_records
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder
from workstation.jobs.engine_watch import EngineWatch
from workstation.jobs.memory import MachineMemory, machine_memory
from workstation.jobs.memory_cap import MemoryCap, make_cap
from workstation.jobs.memory_watch import is_too_much, kernel_kills
from workstation.jobs.need import Need, need_of, remember_training
from workstation.jobs.processes import mark_of, own_mark, resident_bytes, tree_of
from workstation.jobs.queue_settings import QueueSettings, cores_of_share, memory_budget, write_queue_settings
from workstation.jobs.supervisor import Pace, supervise
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns

MIB = 2**20
GIB = 2**30
QUICK = Pace(look=0.01, beat=0.05, terminate_after=0.1, kill_after=0.3)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run that is expected to take 100 MiB."""
    monkeypatch.setattr("workstation.jobs.supervisor.need_of", lambda run: Need(100 * MIB))
    return RunFolder.create(tmp_path, TrainRequest(data="/data", epochs=3), label="x")


def carry_out(run: RunFolder, mode: str) -> Callable[[], int]:
    """Supervise in a process of its own; a function that waits for it and gives the exit status."""
    program = (
        "import sys; from pathlib import Path; from workstation.jobs import supervisor\n"
        "from workstation.jobs.need import Need\n"
        f"supervisor.need_of = lambda run: Need({100 * MIB})\n"
        f"pace = supervisor.{QUICK!r}\n"
        f"sys.exit(supervisor.supervise(Path(sys.argv[1]), engine={engine_words(mode)!r}, pace=pace))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(run.path)])
    return lambda: process.wait(60)


def holder(root: Path, count: int) -> Ticket:
    """Another run, of this process, that has memory reserved."""
    ticket = Ticket("other", 0.0, True, own_mark(), bytes=count)
    Turns(root).ask(ticket)
    return ticket


@pytest.mark.parametrize("mode", ["hog", "parent"])
def test_a_run_beyond_its_grant_dies_alone_and_says_at_how_much(
    run: RunFolder, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "150MiB")
    other = holder(run.root, 40 * MIB)
    (run.path / "take").write_text("2000")
    assert supervise(run.path, engine=engine_words(mode), pace=QUICK) == 1
    status = run.status()
    assert status.state == "killed"
    words, _, estimate = status.reason.partition("; ")
    assert estimate == "estimate 100 MiB."
    # The margin is 15 %; what it takes between two looks and while it is looked at comes on top.
    assert 0.1 <= float(words.removeprefix("Killed for memory at ").removesuffix(" GiB")) < 0.4
    assert "Resume" in status.hint
    assert Turns(run.root).look().running == (other,)


def test_a_run_beyond_its_estimate_goes_on_where_the_budget_has_more(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "600MiB")
    (run.path / "take").write_text("240")
    wait = carry_out(run, "hog")
    until(lambda: run.status().text == "it has what it wants")
    until(lambda: run.status().reserved_bytes > 240 * MIB)
    assert Turns(run.root).look().reserved_bytes == run.status().reserved_bytes <= 600 * MIB
    engine = Turns(run.root).look().running[0].engine
    assert engine is not None
    # First in line for the kernel's killer, so that the supervisor lives to tell.
    assert Path(f"/proc/{engine.pid}/oom_score_adj").read_text().strip() == "800"
    (run.path / "release").touch()
    assert wait() == 0
    assert run.status().state == "finished"


def test_a_reservation_that_cannot_be_written_down_ends_no_run(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "600MiB")
    asked, honest = [], Turns.try_extend

    def try_extend(turns: Turns, ticket: Ticket, wanted_bytes: int) -> Ticket | None:
        asked.append(wanted_bytes)
        if len(asked) <= 2:
            raise ExportError("the disk is full", path=run.path)
        return honest(turns, ticket, wanted_bytes)

    monkeypatch.setattr(Turns, "try_extend", try_extend)
    (run.path / "take").write_text("240")
    (run.path / "release").touch()
    assert supervise(run.path, engine=engine_words("hog"), pace=QUICK) == 0
    assert len(asked) > 2
    granted = [event["reserved_bytes"] for event in run.read_events()[0] if event["event"] == "granted"]
    assert granted[0] == 100 * MIB < granted[-1]


def test_a_reservation_is_not_enlarged_at_the_cost_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    holder(tmp_path, 600 * MIB)
    turns = Turns(tmp_path)
    mine, verdict = turns.try_take(Ticket("mine", 1.0, False, own_mark(), bytes=300 * MIB))
    assert verdict.may_start
    assert turns.try_extend(mine, 425 * MIB) is None
    extended = turns.try_extend(mine, 424 * MIB)
    assert extended is not None and turns.look().free_bytes == 0


def test_reservations_of_the_dead_are_dropped_and_those_of_another_host_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as gone:
        mark = mark_of(gone.pid)
        assert mark is not None
        Turns(tmp_path).ask(Ticket("dead", 1.0, True, mark, bytes=GIB))
        Turns(tmp_path).ask(Ticket("far", 1.0, True, mark, bytes=GIB, host="another"))
        assert Turns(tmp_path).look().free_bytes == 0
        gone.kill()
    assert Turns(tmp_path).look().free_bytes == GIB
    assert sorted(path.stem for path in (tmp_path / ".turns").glob("*.json")) == ["far"]


def test_a_number_that_was_used_again_holds_nothing(tmp_path: Path) -> None:
    mark = own_mark()
    boot, _, ticks = mark.born.partition("/")
    assert ticks.isdigit()
    before = Ticket("old", 1.0, True, mark_of(mark.pid) or mark, bytes=GIB)
    Turns(tmp_path).ask(before)
    path = tmp_path / ".turns" / "old.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"born": f"{boot}/{int(ticks) - 1}"}))
    assert Turns(tmp_path).look().running == ()


def test_memory_that_counts_is_what_only_its_processes_give_back(tmp_path: Path) -> None:
    (tmp_path / "mapped").write_bytes(b"x" * (64 * MIB))
    program = (
        "import mmap, sys; file = open(sys.argv[1], 'rb'); held = b'x' * (32 << 20)\n"
        "mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ); sum(mapped[::4096])\n"
        "print(flush=True); input()"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "mapped")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 32 * MIB < resident_bytes(tree_of(process.pid)) < 64 * MIB
        process.kill()
    assert resident_bytes(tree_of(process.pid)) == 0


def test_the_margin_ends_where_the_machine_has_nothing_left() -> None:
    much, little = MachineMemory(100 * GIB, 50 * GIB), MachineMemory(100 * GIB, GIB // 2)
    assert not is_too_much(11 * GIB, 10 * GIB, much)
    assert is_too_much(12 * GIB, 10 * GIB, much)
    assert is_too_much(11 * GIB, 10 * GIB, little)
    assert not is_too_much(10 * GIB, 10 * GIB, little)


def test_the_kernels_kills_are_counted_where_it_tells(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 3\n")
    assert kernel_kills(tmp_path / "vmstat") == 3
    assert kernel_kills(tmp_path / "absent") is None


def test_the_budget_is_nine_tenths_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = MachineMemory(100 * GIB, 1)
    assert memory_budget(QueueSettings(), memory) == 90 * GIB
    assert memory_budget(QueueSettings(memory="64GiB"), memory) == 64 * GIB
    assert memory_budget(QueueSettings(memory="2TB"), memory) == 100 * GIB
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    assert memory_budget(QueueSettings(memory="64GiB"), memory) == GIB


def test_a_group_above_ours_limits_the_memory_and_its_file_pages_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "groups").write_text("0::/user/session\n")
    user = tmp_path / "user"
    (user / "session").mkdir(parents=True)
    (user / "memory.max").write_text(str(64 * MIB))
    (user / "memory.current").write_text(str(40 * MIB))
    (user / "memory.stat").write_text(f"anon 5\ninactive_file {10 * MIB}\nactive_file {6 * MIB}\n")
    assert machine_memory(tmp_path, tmp_path / "groups") == MachineMemory(64 * MIB, 40 * MIB)


def test_version_1_of_control_groups_limits_too(tmp_path: Path) -> None:
    (tmp_path / "groups").write_text("5:cpu:/\n4:memory:/job\n0::/\n")
    (tmp_path / "memory" / "job").mkdir(parents=True)
    (tmp_path / "memory" / "job" / "memory.limit_in_bytes").write_text(str(64 * MIB))
    (tmp_path / "memory" / "job" / "memory.usage_in_bytes").write_text(str(10 * MIB))
    assert machine_memory(tmp_path, tmp_path / "groups") == MachineMemory(64 * MIB, 54 * MIB)


def test_a_cap_is_a_group_beside_ours_where_memory_is_delegated(tmp_path: Path) -> None:
    ours = tmp_path / "session"
    ours.mkdir()
    assert make_cap("run", 7, group=ours) is None
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    cap = make_cap("run", 7, group=ours)
    assert cap is not None
    folder = tmp_path / "workstation-run"
    cap.limit(5 * GIB)
    assert (folder / "cgroup.procs").read_text() == "7"
    assert (folder / "memory.max").read_text() == str(5 * GIB)
    assert cap.kills() == 0
    (folder / "memory.events").write_text("oom 2\noom_kill 1\n")
    assert cap.kills() == 1


def test_a_smaller_budget_ends_no_run_that_was_granted_more(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = tmp_path / "group"
    group.mkdir()
    monkeypatch.setattr("workstation.jobs.engine_watch.make_cap", lambda name, pid: MemoryCap(group))
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    turns = Turns(run.root)
    ticket, _ = turns.try_take(Ticket(run.name, 1.0, False, own_mark(), bytes=600 * MIB))
    with (
        subprocess.Popen(["sleep", "60"]) as engine,
        EngineWatch(run, engine, ticket, turns, stall_after=600) as watch,
    ):
        for budget, limit in (("1GiB", GIB), ("100MiB", 600 * MIB)):
            monkeypatch.setenv("WORKSTATION_MEMORY", budget)
            watch.look()
            assert (group / "memory.max").read_text() == str(limit)


def test_cores_are_left_to_all_or_divided_into_shares_that_do_not_meet() -> None:
    assert cores_of_share(QueueSettings(), 0) == ()
    shares = [cores_of_share(QueueSettings(at_once=2, cores="divided"), slot) for slot in (0, 1)]
    if len(set(shares[0]) | set(shares[1])) > 1:
        assert not set(shares[0]) & set(shares[1])
        assert len(shares[0]) == len(shares[1])


@pytest.mark.skipif(os.cpu_count() == 1, reason="one core cannot be divided")
def test_an_engine_keeps_to_its_share_of_divided_cores(run: RunFolder) -> None:
    write_queue_settings(run.root, QueueSettings(at_once=2, cores="divided"))
    wait = carry_out(run, "release")
    until(lambda: run.status().state == "running")
    engine = Turns(run.root).look().running[0].engine
    assert engine is not None
    assert len(os.sched_getaffinity(engine.pid)) == len(os.sched_getaffinity(0)) // 2
    (run.path / "release").touch()
    assert wait() == 0


# Takes its turn eight times, and writes down what all that run have reserved whenever it has it.
CROWD = """
import sys
import time
from pathlib import Path
from workstation.jobs.processes import own_mark
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns

root, name, mib = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
turns, seen = Turns(root), 0
for _ in range(8):
    ticket = Ticket(name, float(sys.argv[4]), False, own_mark(), bytes=mib << 20)
    turns.ask(ticket)
    while True:
        ticket, verdict = turns.try_take(ticket)
        if verdict.may_start:
            break
        time.sleep(0.01)
    seen = max(seen, turns.look().reserved_bytes)
    turns.leave(name)
print(seen)
"""


def test_a_crowd_of_processes_never_has_more_reserved_than_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "100MiB")
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", CROWD, str(tmp_path), f"r{mib}", str(mib), str(index)], stdout=subprocess.PIPE
        )
        for index, mib in enumerate((70, 20, 45, 30))
    ]
    seen = [int(process.communicate(timeout=60)[0]) for process in crowd]
    assert max(seen) <= 100 * MIB
    assert Turns(tmp_path).look().running == ()


def test_a_training_needs_what_the_estimate_says_of_its_largest_case(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "data", cases=1, shape=(48, 32, 32), layout="brats2021", seed=1)
    request = TrainRequest(data=str(tmp_path / "data"))
    need = need_of(RunFolder.create(tmp_path, request, label="x"))
    assert need.shape == (48, 32, 32)
    assert need.bytes == estimate_train_bytes(request.plan, (48, 32, 32)).peak_bytes


def test_data_that_cannot_be_read_are_taken_for_brats_volumes(tmp_path: Path) -> None:
    request = TrainRequest(data="/nowhere")
    need = need_of(RunFolder.create(tmp_path, request, label="x"))
    assert need.bytes == estimate_train_bytes(request.plan, (240, 240, 155)).peak_bytes


def test_a_run_that_was_seen_to_take_more_asks_for_more_the_next_time(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, TrainRequest(data="/nowhere", size="32x32x32"), label="x")
    run.append({"event": "memory", "rss_bytes": 1, "peak_bytes": 20 * GIB})
    assert need_of(run).bytes == 22 * GIB


def test_a_measurement_runs_alone(tmp_path: Path) -> None:
    assert need_of(RunFolder.create(tmp_path, BenchRequest(), label="x")).is_alone


@pytest.mark.parametrize("was_alone", [True, False])
def test_estimates_learn_from_trainings_that_ran(tmp_path: Path, was_alone: bool) -> None:
    request = TrainRequest(data="/nowhere", size="32x32x32")
    run = RunFolder.create(tmp_path, request, label="x")
    run.append({"event": "state", "state": "preparing"})
    for seconds in (9.0, 2.0, 3.0, 2.5):
        run.append({"event": "step", "step": 1, "seconds": seconds})
    remember_training(run, (32, 32, 32), peak_bytes=3 * GIB, was_alone=was_alone)
    (record,) = machine_records().runs()
    assert (record.shape, record.peak_bytes) == ((32, 32, 32), 3 * GIB)
    # The first step of a process takes its memory, and times beside another run are not the machine's.
    assert record.step_seconds == (2.5 if was_alone else 0.0)


def test_a_training_that_hardly_began_teaches_nothing(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, TrainRequest(data="/nowhere"), label="x")
    run.append({"event": "step", "step": 1, "seconds": 1.0})
    remember_training(run, (32, 32, 32), peak_bytes=GIB, was_alone=True)
    assert machine_records().runs() == ()
