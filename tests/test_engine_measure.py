"""Points are measured in fresh processes that cannot take the machine down; profiles and comparisons made of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_measure
import numpy as np
import psutil
import pytest
from measured_results import bench_result, profile_result

from workstation.core.measuring import PointRequest
from workstation.core.network import UNetPlan
from workstation.core.requests import BenchRequest, EngineSettings, ProfileRequest, Request
from workstation.core.work import step_flops
from workstation.engine.bench import PEER_WORDS, bench
from workstation.engine.contest import OthersAtWork
from workstation.engine.points import GIB, Child, MemoryGuard, PointOutcome, measure_point
from workstation.engine.profile import profile
from workstation.engine.subjects import forward_rates, made_up_batch
from workstation.io.machine_records import machine_records
from workstation.io.runs import RunFolder
from workstation.io.tables import read_table

TINY = UNetPlan(filters=2, depth=1)
SHAPE = (16, 16, 16)
SMALL: dict[str, Any] = {"filters": 2, "depth": 1, "settings": EngineSettings(nice=0)}
CHILD_BYTES = 2 * GIB


def point(**values: Any) -> PointRequest:
    return PointRequest(**{"plan": TINY, "shape": SHAPE, "nice": 0, **values})


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


# --- processes


def test_a_good_answer_is_the_outcome() -> None:
    outcome = measure_point(point(steps=3), guard=MemoryGuard(CHILD_BYTES), words=fake_measure.words("steps", 0.25))
    assert outcome.is_ok
    assert outcome.answer["seconds"] == [0.25, 0.25, 0.25]


def test_a_process_that_takes_too_much_is_killed_and_the_bytes_are_told() -> None:
    before = children()
    cap = 200 * 2**20
    with Child(MemoryGuard(cap), fake_measure.words("greedy")) as child:
        outcome = child.ask(point().as_dict())
        pid = child.pid
    assert outcome.state == "over_cap"
    assert cap < outcome.reached_bytes < 3 * cap
    assert "may be taken" in outcome.text
    assert not psutil.pid_exists(pid)
    assert children() <= before


def test_of_two_processes_that_take_too_much_together_the_last_to_come_is_killed() -> None:
    guard = MemoryGuard(200 * 2**20)
    first = Child(guard, fake_measure.words("steps"))
    with first, Child(guard, fake_measure.words("greedy")) as second:
        assert first.ask(point(serves=True).as_dict()).is_ok
        assert second.ask(point().as_dict()).state == "over_cap"
        assert first.ask({"do": "step"}).is_ok


def test_a_point_above_the_cap_is_refused_before_anything_is_started() -> None:
    outcome = measure_point(point(), guard=MemoryGuard(2**20), words=("/there/is/no/such/program",))
    assert outcome.state == "refused"
    assert "GiB expected" in outcome.text


def test_the_cap_is_a_share_of_what_is_available() -> None:
    available = psutil.virtual_memory().available
    assert 0.5 * available < MemoryGuard().cap_bytes < available


def test_a_process_that_breaks_off_is_quoted() -> None:
    outcome = measure_point(point(), guard=MemoryGuard(CHILD_BYTES), words=fake_measure.words("broken"))
    assert outcome.state == "failed"
    assert "nobody expected this" in outcome.text
    assert "status 1" in outcome.text


def test_a_reason_that_a_process_gives_is_the_outcome() -> None:
    outcome = measure_point(point(), guard=MemoryGuard(CHILD_BYTES), words=fake_measure.words("refusing"))
    assert (outcome.state, outcome.text) == ("failed", "This processor has no bfloat16.")


def test_a_stop_ends_a_process_that_does_not_answer() -> None:
    with Child(MemoryGuard(CHILD_BYTES), fake_measure.words("hanging"), should_stop=lambda: True) as child:
        assert child.ask(point().as_dict()).state == "stopped"
        pid = child.pid
    assert not psutil.pid_exists(pid)


def test_an_error_in_the_block_leaves_no_process() -> None:
    pids = []
    with pytest.raises(KeyError), Child(MemoryGuard(CHILD_BYTES), fake_measure.words("steps")) as child:
        child.ask(point(serves=True).as_dict())
        pids.append(child.pid)
        raise KeyError
    assert not psutil.pid_exists(pids[0])


def test_a_process_that_had_to_find_something_out_first_is_not_the_one_that_counts(tmp_path: Path) -> None:
    words = fake_measure.words("steps", 1.0, tmp_path / "mark")
    outcome = measure_point(point(steps=1), guard=MemoryGuard(CHILD_BYTES), words=words)
    assert outcome.answer["seconds"] == [1.0]
    assert "new_choices" not in outcome.answer


@pytest.mark.parametrize("mode", ["exact", "plain"])
def test_a_tiny_point_is_measured_in_a_process_of_its_own(mode: str) -> None:
    asked = point(mode=mode, steps=2, with_rate=True)
    outcome = measure_point(asked, guard=MemoryGuard(CHILD_BYTES))
    assert outcome.is_ok, outcome.text
    answer = outcome.answer
    assert len(answer["seconds"]) == 2
    assert min(answer["seconds"]) > 0
    assert 10**8 < answer["baseline_bytes"] <= answer["peak_bytes"] < CHILD_BYTES
    assert answer["onednn"] is True
    assert answer["new_choices"] == 0
    assert answer["forward_gflops"] == max(rate["gflops"] for rate in answer["forward_rates"])


def test_a_serving_process_takes_a_step_whenever_it_is_told_to() -> None:
    with Child(MemoryGuard(CHILD_BYTES)) as child:
        ready = child.ask(point(serves=True, onednn=False, mode="plain").as_dict())
        assert ready.is_ok, ready.text
        assert ready.answer["onednn"] is False
        steps = [child.ask({"do": "step"}) for _ in range(2)]
        assert all(step.answer["seconds"] > 0 and np.isfinite(step.answer["loss"]) for step in steps)
        assert child.ask({"do": "dance"}).state == "failed"
        assert child.ask({"do": "end"}).answer["peak_bytes"] > 0


def test_a_measuring_process_offers_itself_to_the_killer_first() -> None:
    with Child(MemoryGuard(CHILD_BYTES)) as child:
        assert child.ask(point(kind="predict", serves=True).as_dict()).is_ok
        assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "1000"


def test_a_request_that_makes_no_sense_is_answered_not_crashed_over() -> None:
    with Child(MemoryGuard(CHILD_BYTES)) as child:
        outcome = child.ask({"plan": {"filters": 0}, "shape": [16, 16, 16]})
    assert outcome.state == "failed"
    assert "Filters must be" in outcome.text


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_the_peer_has_the_same_network_and_speaks_the_same_protocol() -> None:
    with Child(MemoryGuard(CHILD_BYTES), (sys.executable, *PEER_WORDS)) as child:
        ready = child.ask(PointRequest(UNetPlan(), (32, 32, 32), nice=0, serves=True, warm_up=0).as_dict())
        assert ready.is_ok, ready.text
        assert ready.answer["parameters"] == 5_647_857
        assert child.ask({"do": "step"}).answer["seconds"] > 0


# --- data


def test_made_up_masks_are_nested_and_not_empty() -> None:
    plan = UNetPlan(filters=2, depth=1, inputs=("T1", "FLAIR"), outputs=("WT", "TC", "ET"))
    inputs, targets = made_up_batch(plan, (8, 16, 24), batch=2, seed=1)
    assert (inputs.shape, inputs.dtype) == ((2, 8, 16, 24, 2), np.float32)
    assert (targets.shape, targets.dtype) == ((2, 8, 16, 24, 3), np.uint8)
    for sample in targets:
        whole, core, enhancing = (sample[..., region] for region in range(3))
        assert 0 < enhancing.sum() <= core.sum() <= whole.sum() < whole.size / 2
        assert not (core > whole).any()
        assert not (enhancing > core).any()
    assert np.array_equal(made_up_batch(plan, (8, 16, 24), batch=2, seed=1)[0], inputs)


def test_a_rate_is_told_for_each_distinct_convolution() -> None:
    # Depth 1: 1->2 and 2->2 above, 2->4 and 4->4 below, 4->2 after the concatenation; decoder 2->2 is as encoder 2->2.
    rates = forward_rates(TINY, SHAPE)
    sizes = {(rate["channels_in"], rate["channels_out"]) for rate in rates}
    assert sizes == {(1, 2), (2, 2), (2, 4), (4, 4), (4, 2)}
    assert len(rates) == 5
    assert all(rate["gflops"] > 0 for rate in rates)


# --- profile


def grid(**values: Any) -> ProfileRequest:
    return ProfileRequest(
        **{"sizes": ("16x16x16", "32x32x32"), "batches": (1, 2), "modes": ("exact",), **SMALL, **values}
    )


def measured(asked: PointRequest, **_: Any) -> PointOutcome:
    """Twice the estimate, one second."""
    answer = {"peak_bytes": 2 * asked.estimated_bytes(), "baseline_bytes": 5, "seconds": [3.0, 1.0, 1.0]}
    return PointOutcome("ok", answer)


def test_a_profile_puts_what_was_measured_beside_what_was_estimated(tmp_path: Path) -> None:
    result = profile(grid(), out=tmp_path, measure=measured)
    assert result["state"] == "finished"
    for row in result["points"]:
        assert row["measured_bytes"] == 2 * row["estimated_bytes"]
        assert row["measured_seconds"] == 1.0
    assert result["summary"]["bytes"]["held_out"] == {"count": 2, "median_error": 0.5, "largest_error": 0.5}
    table = read_table(tmp_path / "points.csv")
    assert [row["shape"] for row in table] == ["16x16x16", "16x16x16", "32x32x32", "32x32x32"]
    assert json.loads((tmp_path / "profile.json").read_text())["points"] == result["points"]


def test_a_profile_has_the_keys_that_are_read_elsewhere(tmp_path: Path) -> None:
    result = profile(grid(batches=(1,)), out=tmp_path, measure=measured)
    point = {"shape", "batch", "mode", "precision", "measured_bytes", "estimated_bytes", "fitted"}
    assert all(point <= row.keys() for row in result["points"])
    # What the tests of the window make up is what the engine writes.
    assert profile_result().keys() <= result.keys()
    assert profile_result()["points"][0].keys() == result["points"][0].keys()


def test_sizes_are_padded_to_what_the_network_takes_and_measured_once(tmp_path: Path) -> None:
    result = profile(grid(sizes=("15x16x16", "16x16x16"), batches=(1,)), out=tmp_path, measure=measured)
    assert [row["shape"] for row in result["points"]] == [[16, 16, 16]]


def test_only_fitted_points_become_records_of_the_machine(tmp_path: Path) -> None:
    result = profile(grid(), out=tmp_path, measure=measured)
    fitted = {(tuple(row["shape"]), row["batch"]) for row in result["points"] if row["fitted"]}
    records = machine_records(EngineSettings(nice=0)).runs()
    assert {(run.shape, run.batch) for run in records} == fitted
    assert 0 < len(fitted) < len(result["points"])


def test_an_interrupted_profile_keeps_its_points_and_goes_on_with_the_others(tmp_path: Path) -> None:
    asked: list[PointRequest] = []

    def until_the_third(request: PointRequest, **_: Any) -> PointOutcome:
        asked.append(request)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return measured(request)

    with pytest.raises(KeyboardInterrupt):
        profile(grid(), out=tmp_path, measure=until_the_third)
    assert len(read_table(tmp_path / "points.csv")) == 2
    result = profile(grid(), out=tmp_path, measure=until_the_third)
    assert len(result["points"]) == 4
    assert [each.shape for each in asked] == [(16, 16, 16), (16, 16, 16), (32, 32, 32), (32, 32, 32), (32, 32, 32)]


def test_points_of_another_network_are_measured_anew(tmp_path: Path) -> None:
    profile(grid(), out=tmp_path, measure=measured)
    asked: list[PointRequest] = []
    profile(grid(filters=3), out=tmp_path, measure=lambda each, **_: asked.append(each) or measured(each))
    assert len(asked) == 4


def test_a_point_that_cannot_be_measured_says_why_and_the_others_follow(tmp_path: Path) -> None:
    def small_ones(request: PointRequest, **_: Any) -> PointOutcome:
        return measured(request) if request.shape == SHAPE else PointOutcome("over_cap", text="killed at 9 GiB")

    result = profile(grid(), out=tmp_path, measure=small_ones)
    assert [row["error"] for row in result["points"]] == ["", "", "killed at 9 GiB", "killed at 9 GiB"]
    assert [row["measured_bytes"] is None for row in result["points"]] == [False, False, True, True]


def test_a_stop_keeps_what_was_measured(tmp_path: Path) -> None:
    stops = iter([False, False, True])
    result = profile(grid(), out=tmp_path, measure=measured, should_stop=lambda: next(stops))
    assert (result["state"], len(result["points"])) == ("stopped", 2)


# --- comparison


def fakes(**seconds: float) -> dict[str, tuple[str, ...]]:
    return {name: fake_measure.words("steps", each) for name, each in seconds.items()}


def compared(**values: Any) -> BenchRequest:
    return BenchRequest(**{"size": "16x16x16", "steps": 3, **SMALL, **values})


def test_ratios_are_ours_over_theirs_and_for_low_memory_theirs_over_ours(tmp_path: Path) -> None:
    commands = fakes(ours=1.0, plain=2.0, plain_no_onednn=8.0, low=1.25, peer=4.0)
    result = bench(compared(), out=tmp_path, commands=commands)
    assert result["ratios"] == {"ours/plain": 0.5, "ours/plain_no_onednn": 0.125, "low/ours": 1.25, "ours/peer": 0.25}
    assert result["step_seconds"] == {"ours": 1.0, "plain": 2.0, "plain_no_onednn": 8.0, "low": 1.25, "peer": 4.0}
    assert result["peak_bytes"]["ours"] == fake_measure.PEAK + 1
    per_voxel = result["bytes_per_voxel"]["ours"]
    assert per_voxel["above_baseline"] == (fake_measure.PEAK + 1 - fake_measure.BASELINE) / 16**3
    assert result["share_of_forward_rate"] == step_flops(compared().plan, SHAPE) / 100e9
    assert all(pairs["alternating"] and len(pairs["seconds"]) == 3 for pairs in result["pairs"].values())
    rows = read_table(tmp_path / "bench.csv")
    assert len(rows) == 4 * 3
    assert {row["ratio"] for row in rows if row["rival"] == "plain"} == {"0.5"}
    assert json.loads((tmp_path / "bench.json").read_text())["ratios"] == result["ratios"]


def test_a_comparison_has_the_keys_that_are_read_elsewhere(tmp_path: Path) -> None:
    commands = fakes(ours=1.0, plain=2.0, plain_no_onednn=8.0, low=1.25, peer=4.0)
    result = bench(compared(), out=tmp_path, commands=commands)
    assert {"step_seconds", "peak_bytes", "ratios", "share_of_forward_rate", "machine"} <= result.keys()
    for key in ("step_seconds", "peak_bytes"):
        assert {"ours", "plain", "plain_no_onednn", "peer"} <= result[key].keys()
    assert result["machine"]["cpu"]["model"]
    assert bench_result().keys() <= result.keys()
    for key in ("step_seconds", "peak_bytes", "bytes_per_voxel", "ratios", "pairs"):
        assert bench_result()[key].keys() <= result[key].keys(), key


def test_steps_of_a_process_that_had_to_find_something_out_do_not_count(tmp_path: Path) -> None:
    commands = {"ours": fake_measure.words("steps", 1.0, tmp_path / "mark"), "plain": fake_measure.words("steps", 2.0)}
    assert bench(compared(rivals=("plain",)), commands=commands)["ratios"] == {"ours/plain": 0.5}


def test_a_rival_that_fails_is_named_and_the_others_are_compared() -> None:
    commands = {**fakes(ours=1.0, low=2.0), "plain": fake_measure.words("failing")}
    result = bench(compared(rivals=("plain", "low")), commands=commands)
    assert result["errors"] == {"plain": "The loss is no number."}
    assert result["ratios"] == {"low/ours": 2.0}
    assert result["step_seconds"]["plain"] is None


def test_what_does_not_fit_into_memory_together_is_measured_one_after_the_other() -> None:
    one = max(point(mode=mode, serves=True).estimated_bytes() for mode in ("exact", "plain"))
    result = bench(compared(rivals=("plain",), cap_gib=1.5 * one / GIB), commands=fakes(ours=1.0, plain=2.0))
    assert result["pairs"]["plain"] == {"alternating": False, "seconds": [[1.0, 2.0]] * 3}
    assert result["ratios"] == {"ours/plain": 0.5}


def test_without_an_interpreter_that_has_pytorch_the_peer_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.engine.bench.find_spec", lambda _: None)
    monkeypatch.setattr("workstation.engine.contest.SELF", fake_measure.words("steps"))
    result = bench(compared(rivals=("peer",)))
    assert "PyTorch is not installed" in result["errors"]["peer"]
    assert result["step_seconds"] == {"ours": 1.0, "peer": None}


def test_an_interpreter_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.engine.contest.SELF", fake_measure.words("steps"))
    result = bench(compared(rivals=("peer",), peer="/no/such/python"))
    assert "/no/such/python" in result["errors"]["peer"]
    assert result["step_seconds"] == {"ours": 1.0, "peer": None}


def test_inference_is_compared_with_its_forward_pass() -> None:
    result = bench(compared(rivals=(), model="m", case="c"), commands=fakes(ours=3.0))
    assert result["inference"]["ratio"] == 2.0
    assert result["inference"]["case_seconds"] == 3.0


def test_what_own_processes_took_is_not_what_others_take(monkeypatch: pytest.MonkeyPatch) -> None:
    # In 10 s the machine worked 15 s, of which this process took 2 and its children 8: others kept half a core busy.
    machine = iter([SimpleNamespace(user=100.0, system=10.0), SimpleNamespace(user=111.0, system=14.0)])
    own = iter([(1.0, 1.0, 5.0, 1.0, 0.0), (2.0, 2.0, 12.0, 2.0, 10.0)])
    clock = iter([50.0, 60.0])
    monkeypatch.setattr("workstation.engine.contest.psutil.cpu_times", lambda: next(machine))
    monkeypatch.setattr("workstation.engine.contest.os.times", lambda: next(own))
    monkeypatch.setattr("workstation.engine.contest.time.monotonic", lambda: next(clock))
    assert OthersAtWork().cores() == pytest.approx(0.5)


def test_a_stopped_comparison_leaves_no_process() -> None:
    before = children()
    result = bench(compared(), commands={"ours": fake_measure.words("hanging")}, should_stop=lambda: True)
    assert result["state"] == "stopped"
    assert children() <= before


# --- as runs


def carry_out(folder: Path, request: Request) -> tuple[RunFolder, int]:
    run = RunFolder.create_at(folder, request)
    command = [sys.executable, "-m", "workstation.engine", str(run.path)]
    done = subprocess.run(command, capture_output=True, timeout=240, check=False, env=dict(os.environ))
    return run, done.returncode


def last(run: RunFolder, kind: str) -> dict[str, Any]:
    return [event for event in run.read_events()[0] if event["event"] == kind][-1]


def test_a_profile_is_a_run(tmp_path: Path) -> None:
    run, code = carry_out(tmp_path / "run", grid(sizes=("16x16x16",), batches=(1,), steps=1))
    assert code == 0, run.events.read_text()
    result = last(run, "result")
    assert result["points"][0]["measured_bytes"] > 0
    assert datetime.fromisoformat(result["created"]).tzinfo is not None
    assert last(run, "state")["state"] == "finished"
    assert (run.path / "points.csv").exists()
    status = RunFolder(run.path).status()
    assert (status.kind, status.state, status.done, status.unit) == ("profile", "finished", 1, "measurement")


def test_a_comparison_is_a_run(tmp_path: Path) -> None:
    run, code = carry_out(tmp_path / "run", compared(rivals=("plain",), steps=1, warm_up=0))
    assert code == 0, run.events.read_text()
    result = last(run, "result")
    assert result["ratios"]["ours/plain"] > 0
    assert datetime.fromisoformat(result["created"]).tzinfo is not None
    assert result["machine"]["onednn"]["is_on"] is True
    assert (run.path / "bench.csv").exists()
