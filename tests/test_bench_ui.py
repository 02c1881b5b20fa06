"""The benchmark of the window measures what it says; its figures are not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.gui import bench_ui
from workstation.gui.bench_cases import Walk
from workstation.io.phantoms import write_phantoms


@pytest.mark.usefixtures("qapp")
def test_every_budget_gets_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ui, "_STARTS", 1)
    monkeypatch.setattr(bench_ui, "_OPENINGS", 2)
    write_phantoms(tmp_path / "case", cases=1, shape=(32, 36, 28), layout="brats2021", seed=5)
    answer = bench_ui.run(case=tmp_path / "case", prediction=None, events=5, switches=12)
    assert set(answer["figures"]) == set(bench_ui.BUDGETS)
    for name, figure in answer["figures"].items():
        # Where OpenGL does not work there are no surfaces to wait for.
        assert figure["p95_ms"] >= figure["median_ms"] >= 0 if name.startswith("surfaces") else figure["median_ms"] > 0
        median, p95 = figure["budget_ms"]
        assert figure["is_met"] == (figure["median_ms"] <= median and figure["p95_ms"] <= p95)
    memory = answer["memory"]
    assert (memory["switches"], memory["cases"]) == (12, 6)
    assert memory["peak_bytes"] > 10 * 2**20
    assert memory["is_met"] == (memory["growth_bytes"] <= memory["budget_bytes"])


def test_growth_is_told_from_what_differs_from_place_to_place() -> None:
    # Three cases, to and fro in four switches: the middle one has two neighbours in memory, the ends have one.
    steady = Walk([1.0] * 60, [100, 80, 100, 80] * 15, cases=3)
    assert steady.growth_bytes == 0
    growing = Walk([1.0] * 60, [place + 20 * (place % 2) for place in range(60)], cases=3)
    # The first walk after 20 switches has places 20 to 23, the last 56 to 59.
    assert growing.growth_bytes == (59 + 20) - (23 + 20)
    assert not Walk([1.0] * 60, [n * 2**21 for n in range(60)], cases=3).summary()["is_met"]
