"""The command line as a contract: exit statuses, `--json`, messages; and the main job end to end, small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from workstation.cli import build_parser, main
from workstation.cli.segmentation import cases_named
from workstation.io.phantoms import write_phantoms


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run a command that must succeed, in this process; the one JSON object of its stdout."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def workstation(*words: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "workstation", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five small cases in the layout of BraTS 2021."""
    folder = tmp_path_factory.mktemp("data") / "phantoms"
    words = ["phantom", str(folder), "--cases", "5", "--shape", "24x24x16", "--layout", "brats2021", "--seed", "3"]
    assert main(words) == 0
    return folder


@pytest.mark.parametrize("name", sorted(build_parser()[1]))
def test_every_command_explains_itself_and_takes_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_the_documented_commands_are_there() -> None:
    documented = [
        "info",
        "network",
        "phantom",
        "train",
        "runs",
        "segment",
        "evaluate",
        "export",
        "snapshot",
        "demo",
        "bench-ui",
    ]
    assert set(documented) <= build_parser()[1]


def test_wrong_usage_ends_with_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["phantom"])
    assert caught.value.code == 2


def test_an_error_is_told_with_its_hint_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "missing.nii.gz"), str(tmp_path / "out.nii.gz")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "missing.nii.gz" in told.err
    assert "Traceback" not in told.err
    assert len(told.err.strip().splitlines()) == 2


def test_network_counts_the_parameters_of_the_paper(capsys: pytest.CaptureFixture[str]) -> None:
    answer = run_json(capsys, "network", "--size", "240x240x144", "--batch", "16")
    assert answer["parameters"] == {"total": 5_650_801, "trainable": 5_647_857, "fixed": 2_944}
    assert sum(layer["parameters"] for layer in answer["layers"]) == 5_650_801


def test_phantoms_of_one_seed_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        run_json(capsys, "phantom", str(tmp_path / name), "--cases", "1", "--shape", "16x16x16", "--seed", "9")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.nii.gz"))
    assert len(files) == 5
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


def test_phantoms_never_overwrite(phantoms: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", str(phantoms), "--cases", "1"]) == 1
    assert "not empty" in capsys.readouterr().err


def test_export_keeps_geometry_and_converts_labels(
    phantoms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = phantoms / "Phantom_00001" / "Phantom_00001_seg.nii.gz"
    out = tmp_path / "msd.nii.gz"
    run_json(capsys, "export", str(source), str(out), "--scheme", "msd")
    before, after = nib.load(source), nib.load(out)
    assert np.array_equal(before.affine, after.affine)
    old, new = np.asarray(before.dataobj), np.asarray(after.dataobj)
    # BraTS 2021: 1 core, 2 oedema, 4 enhancing; MSD: 1 oedema, 2 core, 3 enhancing.
    assert all(np.array_equal(old == one, new == other) for one, other in ((1, 2), (2, 1), (4, 3)))


def test_training_on_a_folder_that_is_no_data_set_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path), "--run", str(tmp_path / "run")]) == 1
    assert "no cases" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_main_job_on_the_command_line(phantoms: Path, tmp_path: Path) -> None:
    """Train in the background process, list, segment a case kept aside, evaluate, snapshot: each by its own command."""
    run = tmp_path / "runs" / "small"
    small = ["--epochs", "1", "--filters", "2", "--depth", "2", "--test", "0.2", "--validation", "0.2"]
    trained = workstation("train", str(phantoms), "--run", str(run), *small, "--json")
    assert trained.returncode == 0, trained.stderr
    outcome = json.loads(trained.stdout)
    assert outcome["state"] == "finished"
    assert outcome["peak_bytes"] > 0

    case = phantoms / "Phantom_00005"
    mask = tmp_path / "mask.nii.gz"
    segmented = workstation("segment", str(run), str(case), "--out", str(mask), "--json")
    assert segmented.returncode == 0, segmented.stderr
    assert json.loads(segmented.stdout)["masks"][0]["mask"] == str(mask)
    source = nib.load(case / "Phantom_00005_flair.nii.gz")
    assert np.array_equal(nib.load(mask).affine, source.affine)

    scored = workstation("evaluate", str(mask), str(case / "Phantom_00005_seg.nii.gz"), "--json")
    assert scored.returncode == 0, scored.stderr
    regions = json.loads(scored.stdout)["cases"][0]["regions"]
    assert 0 <= regions["WT"]["dice"] <= 1

    picture = tmp_path / "picture.png"
    drawn = workstation("snapshot", str(case), "--prediction", str(mask), "--out", str(picture), "--json")
    assert drawn.returncode == 0, drawn.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_info_says_what_the_engine_uses() -> None:
    told = workstation("info", "--json")
    assert told.returncode == 0, told.stderr
    facts = json.loads(told.stdout)
    assert facts["onednn"]["is_on"] is True
    assert facts["threads"]["intra"] >= 1
    assert facts["memory"]["total_bytes"] > 0
    assert {"keras", "numpy", "python"} <= set(facts["versions"])


def test_a_data_set_is_segmented_case_by_case(tmp_path: Path) -> None:
    data = write_phantoms(tmp_path / "set", cases=3, shape=(16, 16, 16), layout="brats2021", seed=1)
    first = next(iter(data.cases[0].sequences.values())).path
    paths = cases_named([tmp_path / "set", first])
    assert [Path(path).parent.name for path in paths[:3]] == [case.name for case in data.cases]
    assert paths[3] == str(first)
