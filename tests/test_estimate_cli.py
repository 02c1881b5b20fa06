"""`workstation estimate`: its numbers, its words, and what it says where nothing was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workstation.cli import main
from workstation.core.calibration import Calibration, Timing, kind_of
from workstation.core.estimate import Job, Knowledge, make_estimate
from workstation.core.network import UNetPlan
from workstation.core.refinement import MeasuredRun
from workstation.core.schedule import training_schedule
from workstation.core.work import executed_flops, forward_flops
from workstation.io.files import write_json
from workstation.io.machine_records import machine_records
from workstation.io.server_profiles import servers_file

FULL = (240, 240, 144)
VOXELS = 240 * 240 * 144


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The JSON of `workstation estimate`, which must succeed."""
    capsys.readouterr()
    assert main(["estimate", *words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The text of `workstation estimate`, which must succeed."""
    capsys.readouterr()
    assert main(["estimate", *words]) == 0
    return capsys.readouterr().out


def calibrate_by_hand(seconds: float = 1.0) -> None:
    """Record a calibration in which each instruction takes `seconds` at the smallest volume and at any other."""
    schedule = training_schedule(UNetPlan(), (16, 16, 16), "exact")
    kinds = {kind_of(schedule, each) for each in schedule.instructions}
    entries = [Timing(*kind, seconds) for kind in sorted(kinds)]
    entries += [Timing(*kind[:3], 8 * kind[3], seconds) for kind in sorted(kinds)]
    records = machine_records()
    records.write_calibration(Calibration(records.machine, tuple(entries), 3.0, "2026-11-24T00:00:00+00:00"))


def test_the_keys_that_others_rely_on_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, "--batch", "16")
    assert {"peak_bytes", "bytes_per_voxel", "seconds_per_step", "terms", "fits", "layers", "tricks"} <= answer.keys()
    assert sum(answer["terms"].values()) == answer["peak_bytes"]
    assert answer["bytes_per_voxel"] == answer["peak_bytes"] / (16 * VOXELS)
    assert answer["seconds_per_step"] is None


def test_the_table_is_the_papers(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, "--batch", "16")
    assert answer["totals"]["parameters"] == 5_650_801
    first = next(layer for layer in answer["layers"] if layer["name"] == "encoder0a_conv")
    # 16 channels of 4 bytes for 16 volumes.
    assert (first["shape"], first["channels"], first["bytes"]) == ([240, 240, 144], 16, 16 * 16 * 4 * VOXELS)
    # 27 kernel elements, 1 channel in, 16 out, a multiply and an add each.
    assert first["flops"] == 2 * 27 * 16 * 16 * VOXELS
    assert sum(layer["bytes"] for layer in answer["layers"]) == answer["totals"]["layer_bytes"]


def test_bfloat16_halves_the_bytes_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    full, half = (asked(capsys, "--precision", each)["totals"]["layer_bytes"] for each in ("float32", "bfloat16"))
    assert 2 * half == full


def test_sizes_are_padded(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "--size", "240x240x155")["padded_shape"] == [240, 240, 160]


def test_this_machine_the_papers_servers_and_the_users_own_are_asked(capsys: pytest.CaptureFixture[str]) -> None:
    write_json(servers_file(), {"lab": "2TB"})
    names = [fit["name"] for fit in asked(capsys)["fits"]]
    assert names == ["this machine", "paper-192", "paper-384", "paper-1536", "lab"]


def test_servers_are_chosen_by_name_or_described(capsys: pytest.CaptureFixture[str]) -> None:
    fits = asked(capsys, "--batch", "16", "--server", "paper-192", "--server", "desk=8GB")["fits"]
    assert [(fit["name"], fit["fits"]) for fit in fits] == [("paper-192", True), ("desk", False)]


def test_an_unknown_server_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--server", "cray"]) == 1
    assert "paper-384" in capsys.readouterr().err


def test_what_a_training_refuses_an_estimate_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--memory", "plain", "--precision", "bfloat16"]) == 1
    assert "plain" in capsys.readouterr().err


def test_the_largest_batch_is_the_last_that_fits(capsys: pytest.CaptureFixture[str]) -> None:
    fit = asked(capsys, "--server", "paper-192")["fits"][0]
    largest = fit["largest_batch"]
    peaks = [asked(capsys, "--batch", str(batch))["peak_bytes"] for batch in (largest, largest + 1)]
    assert peaks[0] <= fit["usable_bytes"] < peaks[1]


def test_every_trick_is_applied_alone(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, "--batch", "2")
    tricks = {trick["name"]: trick for trick in answer["tricks"]}
    assert set(tricks) == {
        "smaller image",
        "smaller batch",
        "tiles",
        "fewer filters",
        "accumulation",
        "recompute",
        "bfloat16",
    }
    for words, name in (
        (["--batch", "1"], "smaller batch"),
        (["--batch", "2", "--memory", "low"], "recompute"),
        (["--batch", "2", "--micro-batch", "1"], "accumulation"),
        (["--batch", "2", "--filters", "8"], "fewer filters"),
        (["--batch", "2", "--precision", "bfloat16"], "bfloat16"),
        (["--batch", "2", "--size", "128x128x80"], "smaller image"),
    ):
        assert asked(capsys, *words)["peak_bytes"] == tricks[name]["peak_bytes"], name
    for trick in tricks.values():
        assert trick["saved_bytes"] == answer["peak_bytes"] - trick["peak_bytes"]
        assert 0 < trick["saved_share"] < 1


def test_by_work_alone_a_quarter_of_the_channels_pairs_is_a_quarter_of_the_time() -> None:
    tricks = {trick.name: trick for trick in make_estimate(Job(UNetPlan(), FULL, batch=2)).tricks}
    assert not tricks["fewer filters"].is_measured
    assert tricks["fewer filters"].time_ratio == pytest.approx(0.25, rel=0.02)
    assert tricks["bfloat16"].time_ratio is None


@pytest.mark.parametrize("mode", ["exact", "low", "plain"])
def test_work_is_in_proportion_to_voxels_and_batch(mode: str) -> None:
    plan, shape = UNetPlan(filters=3, depth=2), (24, 20, 12)
    job = Job(plan, shape, batch=5, mode=mode)
    assert job.flops == executed_flops(plan, shape, batch=5, mode=mode)
    assert make_estimate(job).forward_flops == forward_flops(plan, shape, batch=5)


def test_without_a_calibration_the_text_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "run with --calibrate on the machine in question (about 10 s of steps" in told(capsys)


def test_time_follows_from_the_calibration_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    calibrate_by_hand()
    answer = asked(capsys, "--cases", "10", "--epochs", "5")
    # Every instruction takes a second, whatever its size.
    steps = len(training_schedule(UNetPlan(), (16, 16, 16), "exact").instructions)
    assert answer["seconds_per_step"] == pytest.approx(steps)
    # Eight train, one validates by a prediction: two convolutions a block of nine, four poolings, four ups, one output.
    assert answer["seconds_per_epoch"] == pytest.approx(8 * steps + 18 + 4 + 4 + 1)
    assert answer["seconds_total"] == pytest.approx(5 * answer["seconds_per_epoch"])
    assert answer["finishes"] is not None
    text = told(capsys, "--cases", "10", "--epochs", "5")
    assert "5 epochs:" in text
    assert "8 cases, 1 to validate" in text


def test_measured_runs_refine_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    plain = asked(capsys)
    volume = sum(plain["terms"][name] for name in ("activations", "transient", "scratch", "allocator"))
    for _ in range(7):
        peak = plain["peak_bytes"] + volume // 10
        machine_records().add_run(MeasuredRun(UNetPlan(), FULL, peak_bytes=peak))
    refined = asked(capsys)
    assert refined["refined_by"]["memory"]["runs"] == 7
    assert refined["peak_bytes"] == pytest.approx(plain["peak_bytes"] + 0.1 * volume, rel=1e-6)
    assert "Refined by 7 runs on this machine (x1.10)" in told(capsys)


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--batch", "2")
    assert max(len(line) for line in text.splitlines()) <= 120
    blocks = text.split("\n\n")
    layers = next(block for block in blocks if block.startswith("layer ")).splitlines()
    end = layers[0].index("MiB") + len("MiB")
    assert all(line[end - 1].isdigit() and line[end : end + 1] in ("", " ") for line in layers[1:-1])


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["--size", "0x0x0"], 2, "'0x0x0' is not a shape"),
        (["--size", "-1x2x3"], 2, "'-1x2x3' is not a shape"),
        (["--size", "1000000000x1x1"], 2, "sides are 1 to 1024 voxels"),
        (["--size", "240x240"], 2, "'240x240' is not a shape"),
        (["--batch", "0"], 2, "0 is below 1"),
        (["--batch", "-4"], 2, "-4 is below 1"),
        (["--batch", "many"], 2, "'many' is not a whole number"),
        (["--batch", str(10**9)], 1, "Batch must be 1 to 1024"),
        (["--filters", str(10**9)], 1, "Filters must be 1 to 256"),
        (["--depth", str(10**9)], 1, "Depth must be 1 to 6"),
        (["--epochs", str(10**9)], 1, "Epochs must be 1 to 100000"),
        (["--cases", str(10**9)], 1, "Cases must be 0 to 1000000"),
        (["--cases", "1"], 1, "no case of 1 is left to train on"),
        (["--precision", "float7"], 2, "invalid choice: 'float7'"),
        (["--server", "x=-3"], 1, "'-3' is no amount of memory"),
        (["--server", "x=9999999TB"], 1, "more than 1 PiB"),
        (["--server", f"x={'9' * 400}TB"], 1, "is no amount of memory"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], words: list[str], status: int, reason: str
) -> None:
    try:
        found = main(["estimate", *words])
    except SystemExit as end:  # argparse ends the process
        found = end.code if isinstance(end.code, int) else -1
    said = capsys.readouterr()
    assert (found, said.out) == (status, "")
    assert reason in said.err
    assert len(said.err.splitlines()) <= 2


def test_odd_sides_are_padded_and_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--size", "241x241x145")
    assert text.startswith("flair-wt, 241x241x145, padded to 256x256x160, batch 1")


def test_a_tiny_volume_keeps_its_digits(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = told(capsys, "--size", "16x16x16").split("\n\n")
    # 16 x 16 x 16 voxels of 16 channels of 4 bytes are 256 KiB; 2 x 27 x 16 multiply-adds for each are 3.5 MFLOP.
    layer = next(line for line in blocks[1].splitlines() if line.startswith("encoder0a_conv")).split()
    assert blocks[1].splitlines()[0].split()[-2:] == ["KiB", "MFLOP"]
    assert layer[-2:] == ["256.0", "3.5"]
    assert blocks[2].splitlines()[0].split()[-2:] == ["MiB", "share"]
    assert " 0%" not in blocks[2]


def test_the_answer_stands_last_where_a_terminal_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    last = told(capsys, "--batch", "16", "--server", "desk=16GB", "--server", "big=1.5TB").split("\n\n")[-1]
    assert last.startswith("needs ")
    assert "fits big; not desk (at most batch " in last.splitlines()[0]


def test_a_training_of_centuries_has_no_day_of_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    calibrate_by_hand(1000.0)
    words = ("--cases", "1000000", "--epochs", "100000")
    assert asked(capsys, *words)["finishes"] is None
    assert told(capsys, *words).rstrip().endswith("years")


def test_the_window_gets_the_same_numbers_without_a_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    estimate = make_estimate(Job(UNetPlan(), FULL, batch=3), knowledge=Knowledge())
    assert estimate.peak_bytes == asked(capsys, "--batch", "3")["peak_bytes"]
