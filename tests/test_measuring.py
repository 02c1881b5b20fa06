"""Requests to measure, grids of points, and the arithmetic on what was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workstation.cli.measure import bench_text, profile_text, seams_text
from workstation.core.measuring import (
    Axes,
    MeasuredPoint,
    Pairs,
    PointRequest,
    grid_of,
    per_voxel,
    share_of_rate,
    summary_of,
)
from workstation.core.network import UNetPlan
from workstation.core.requests import (
    BenchRequest,
    EngineSettings,
    ProfileRequest,
    Request,
    SeamsRequest,
    request_from_dict,
)
from workstation.errors import RequestError

SHAPES = ((32, 32, 32), (16, 16, 16), (48, 32, 16))


def point(**values: Any) -> MeasuredPoint:
    common: dict[str, Any] = {"shape": (16, 16, 16), "batch": 1, "mode": "exact", "precision": "float32"}
    return MeasuredPoint(**{**common, "fitted": True, "estimated_bytes": 100, **values})


@pytest.mark.parametrize(
    "request_",
    [
        ProfileRequest(sizes=("16x16x16",), batches=(1, 4), modes=("low",), cap_gib=1.5),
        BenchRequest(size="32x32x32", rivals=("low", "peer"), peer="/usr/bin/python3", model="m", case="c"),
        SeamsRequest(
            "model", "case", tile="64x64x32", overlap=8, weighting="gaussian", settings=EngineSettings(nice=3)
        ),
    ],
)
def test_a_request_to_measure_comes_back_equal_from_json(request_: Request) -> None:
    assert request_from_dict(request_.kind, json.loads(json.dumps(request_.as_dict()))) == request_


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("profile", {"sizes": ["full"]}, "sizes"),
        ("profile", {"sizes": []}, "sizes"),
        ("profile", {"batches": [0]}, "batches"),
        ("profile", {"batches": ["1"]}, "batches"),
        ("profile", {"modes": ["fast"]}, "modes"),
        ("profile", {"precisions": ["float16"]}, "precisions"),
        ("profile", {"cap_gib": -1.0}, "cap_gib"),
        ("profile", {"steps": 0}, "steps"),
        ("bench", {"size": "full"}, "size"),
        ("bench", {"rivals": ["jax"]}, "rivals"),
        ("bench", {"model": "m"}, "case"),
        ("bench", {"case": "c"}, "model"),
        ("bench", {"depth": 9}, "depth"),
        ("seams", {"case": "c"}, "model"),
        ("seams", {"model": "m", "case": "c", "tile": "16x16x16", "overlap": 16}, "overlap"),
        ("seams", {"model": "m", "case": "c", "weighting": "linear"}, "weighting"),
        ("seams", {"model": "m", "case": "c", "threshold": 1.0}, "threshold"),
    ],
)
def test_a_request_to_measure_names_the_field_that_is_wrong(kind: str, values: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        request_from_dict(kind, values)
    assert refused.value.field == field


def test_a_point_comes_back_equal_from_json() -> None:
    asked = PointRequest(UNetPlan(filters=2, normalisation="group"), (16, 32, 48), mode="low", batch=3, serves=True)
    assert PointRequest.from_dict(json.loads(json.dumps(asked.as_dict()))) == asked


def test_a_measured_point_comes_back_equal_from_json() -> None:
    measured = point(measured_bytes=7, measured_seconds=0.5, error="")
    assert MeasuredPoint.from_dict(json.loads(json.dumps(measured.as_dict()))) == measured


def test_a_point_without_a_shape_is_refused() -> None:
    with pytest.raises(RequestError):
        PointRequest.from_dict({"plan": {}})


def test_a_grid_holds_each_combination_once_small_ones_first() -> None:
    points = grid_of(Axes(SHAPES, (1, 2), ("exact", "low")))
    assert len(points) == len({each[:4] for each in points}) == 3 * 2 * 2
    sizes = [shape[0] * shape[1] * shape[2] * batch for shape, batch, *_ in points]
    assert sizes == sorted(sizes)


def test_every_value_of_every_axis_is_both_fitted_and_held_out() -> None:
    points = grid_of(Axes(SHAPES, (1, 2), ("exact", "low")))
    for axis in range(3):
        for value in {each[axis] for each in points}:
            assert {each[4] for each in points if each[axis] == value} == {True, False}


def test_neighbours_in_a_row_of_sizes_alternate() -> None:
    assert [each[4] for each in grid_of(Axes(tuple((side, side, side) for side in (16, 32, 48, 64))))] == [
        True,
        False,
        True,
        False,
    ]


def test_the_ratio_of_pairs_is_the_median_of_their_ratios() -> None:
    # 1/2, 3/4 and 9/3: one slow moment of ours does not count.
    assert Pairs(((1.0, 2.0), (3.0, 4.0), (9.0, 3.0))).ratio == 0.75


def test_without_alternation_the_ratio_is_that_of_the_medians() -> None:
    # Medians 3 and 3.
    assert Pairs(((1.0, 2.0), (3.0, 4.0), (9.0, 3.0)), is_alternating=False).ratio == 1.0


def test_no_pairs_have_no_ratio() -> None:
    assert Pairs(()).ratio is None


def test_errors_are_shares_of_what_was_measured_fitted_and_held_out_apart() -> None:
    points = [
        point(estimated_bytes=90, measured_bytes=100),
        point(estimated_bytes=120, measured_bytes=100),
        point(estimated_bytes=55, measured_bytes=50, fitted=False),
        point(estimated_bytes=1, fitted=False, error="refused"),
    ]
    summary = summary_of(points)["bytes"]
    assert summary["fitted"] == {
        "count": 2,
        "median_error": pytest.approx(0.15),
        "largest_error": pytest.approx(0.2),
    }
    assert (summary["held_out"]["count"], summary["held_out"]["median_error"]) == (1, pytest.approx(0.1))
    assert summary_of(points)["seconds"]["fitted"] == {"count": 0, "median_error": None, "largest_error": None}


def test_the_share_of_a_rate_is_the_rate_of_the_work_over_it() -> None:
    # 300 GFLOP in 4 s are 75 GFLOP/s, half of 150.
    assert share_of_rate(300 * 10**9, 4.0, 150.0) == 0.5
    assert share_of_rate(1, None, 150.0) is None


def test_bytes_per_voxel_are_told_in_total_and_above_the_start() -> None:
    assert per_voxel(5000, 1000, 10) == {"total": 500.0, "above_baseline": 400.0}
    assert per_voxel(None, 1000, 10) == {"total": None, "above_baseline": None}


def test_the_table_of_a_profile_shows_the_error_of_each_estimate_and_why_a_point_is_missing() -> None:
    points = [
        point(estimated_bytes=2**30, measured_bytes=2**31, measured_seconds=2.0, estimated_seconds=1.5),
        point(shape=(32, 32, 32), error="refused: too large"),
    ]
    result = {"points": [each.as_dict() for each in points], "summary": summary_of(points), "files": {"table": "t.csv"}}
    text = profile_text(result)
    assert "-50.0%" in text
    assert "-25.0%" in text
    assert "32x32x32, batch 1, exact, float32: refused: too large" in text


def test_the_table_of_a_comparison_says_what_could_not_be_measured() -> None:
    result = {
        "size": [16, 16, 16],
        "batch": 1,
        "machine": {"cpu": {"model": "a processor"}},
        "step_seconds": {"ours": 1.0, "peer": None},
        "peak_bytes": {"ours": 2**30, "peer": None},
        "bytes_per_voxel": {"ours": per_voxel(2**30, 2**29, 4096), "peer": per_voxel(None, None, 4096)},
        "pairs": {"plain": {"alternating": False, "seconds": [[1.0, 2.0]]}},
        "ratios": {"ours/plain": 0.5},
        "share_of_forward_rate": 0.7,
        "forward_gflops": 100.0,
        "inference": {"case_seconds": 1.2, "forward_seconds": 1.0, "ratio": 1.2},
        "errors": {"peer": "PyTorch is not installed"},
        "others_cores": 0.01,
        "files": {"table": "bench.csv"},
    }
    text = bench_text(result)
    for words in ("ours / plain Keras: 0.500", "plain Keras: not alternating", "0.700", "= 1.200"):
        assert words in text
    assert "PyTorch: PyTorch is not installed" in text
    assert "other programs" not in text
    assert "kept 1.50 cores busy" in bench_text({**result, "others_cores": 1.5})


def test_the_words_of_seams_name_each_region_and_map() -> None:
    region = {"whole": 0.8, "tiled": None, "dice_between": 0.9, "voxels": 12, "max_probability": 0.5}
    result = {
        "tiles": 8,
        "overlap": 0,
        "regions": {"WT": {**region, "distance_voxels": 3}},
        "files": {"WT": "d.nii.gz"},
    }
    text = seams_text(result)
    assert "3 voxels" in text
    assert "d.nii.gz" in text
