"""`workstation figure`, and what the measuring commands say of their results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from measured_results import bench_result, profile_result, seams_result
from PySide6.QtGui import QImage

from workstation.cli import main
from workstation.cli.figure import draw_beside
from workstation.cli.measure import bench_text, profile_text, seams_text
from workstation.gui.figures.words import machine_words


def written(folder: Path, name: str, result: dict[str, object]) -> Path:
    path = folder / name
    path.write_text(json.dumps(result), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "result"), [("profile", profile_result()), ("bench", bench_result()), ("seams", seams_result())]
)
def test_each_result_is_drawn_beside_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, result: dict[str, object]
) -> None:
    path = written(tmp_path, "any.json", result)
    assert main(["figure", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kind": kind, "figure": str(tmp_path / "any.png")}
    assert QImage(str(tmp_path / "any.png")).width() == 2400


def test_what_is_no_result_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure", str(written(tmp_path, "other.json", {"a": 1}))]) == 1
    assert "no result of a measurement" in capsys.readouterr().err


def test_a_measurement_draws_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, "bench.json", bench_result())
    assert draw_beside({"files": {"json": str(path)}}) == {"figure": str(tmp_path / "bench.png")}
    assert not QImage(str(tmp_path / "bench.png")).isNull()


def test_a_figure_that_cannot_be_drawn_is_told_and_hinders_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "bench.json", {"step_seconds": 3})
    found = draw_beside({"files": {"json": str(path)}})
    assert "cannot be read" in found["figure_error"]


def test_results_are_told_with_their_files() -> None:
    files = {"table": "bench.csv", "json": "bench.json", "figure": "bench.png"}
    assert bench_text({**bench_result(), "files": files}).splitlines()[-3:] == [
        *("table: bench.csv", "result: bench.json", "figure: bench.png"),
    ]
    profile = profile_text(profile_result(without=1)).splitlines()
    assert "memory, 3 held out points: off by 5.0% in the median, 5.0% at most" in profile
    assert "1,234" in seams_text(seams_result())


def test_a_figure_says_where_and_when_it_was_measured() -> None:
    cpu = {"model": "a processor", "physical_cores": 8}
    result = {"machine": {"cpu": cpu, "versions": {"keras": "3.15.1"}}, "created": "2026-11-24T10:00:00"}
    assert machine_words(result) == "a processor, 8 cores, keras 3.15.1, 2026-11-24"
    assert machine_words({}) == machine_words({"machine": 3}) == ""
