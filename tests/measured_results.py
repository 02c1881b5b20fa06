"""Results as `workstation profile`, `bench` and `seams` write them, and a calibration; all made up."""

from __future__ import annotations

import math
from typing import Any

from workstation.core.calibration import Calibration, Timing, kind_of
from workstation.core.measuring import Axes, MeasuredPoint, grid_of, summary_of
from workstation.core.network import PRESETS
from workstation.core.schedule import prediction_schedule, training_schedule

MIB = 2**20
SECONDS_PER_VOXEL = 1e-9


def profile_result(*, with_seconds: bool = True, without: int = 0) -> dict[str, Any]:
    """Two sizes, two batches, two modes: 8 points, of which the last `without` could not be measured.

    An exact step takes 700 bytes a voxel, a low one 500. Memory is calculated 5 % too high, time 10 % too low.
    """
    axes = Axes(((64, 64, 64), (96, 96, 96)), (1, 2), ("exact", "low"))
    points = []
    grid = grid_of(axes)
    for number, (shape, batch, mode, precision, fitted) in enumerate(grid):
        voxels = math.prod(shape) * batch
        measured = (700 if mode == "exact" else 500) * voxels
        seconds = (1e-6 if mode == "exact" else 1.3e-6) * voxels
        is_measured = number < len(grid) - without
        points.append(
            MeasuredPoint(
                shape,
                batch,
                mode,
                precision,
                fitted,
                estimated_bytes=round(1.05 * measured),
                estimated_seconds=0.9 * seconds if with_seconds else None,
                measured_bytes=measured if is_measured else None,
                measured_seconds=seconds if is_measured else None,
                error="" if is_measured else "needs more than there is",
            )
        )
    return {
        "state": "finished",
        "points": [point.as_dict() for point in points],
        "summary": summary_of(points),
        "machine": {"cpu": {"model": "a processor"}},
        "files": {"table": "points.csv", "json": "profile.json"},
    }


def bench_result() -> dict[str, Any]:
    """Ours against three rivals; PyTorch is not there."""
    seconds = {"ours": 2.0, "plain": 4.0, "plain_no_onednn": 32.0, "low": 2.5, "peer": None}
    peaks = {"ours": 1000 * MIB, "plain": 2000 * MIB, "plain_no_onednn": 4000 * MIB, "low": 800 * MIB, "peer": None}
    return {
        "state": "finished",
        "size": [96, 96, 96],
        "batch": 1,
        "step_seconds": seconds,
        "peak_bytes": peaks,
        "bytes_per_voxel": {
            name: {"total": None if peak is None else peak / 96**3, "above_baseline": None}
            for name, peak in peaks.items()
        },
        "ratios": {"ours/plain": 0.5, "ours/plain_no_onednn": 0.0625, "low/ours": 1.25},
        "share_of_forward_rate": 0.7,
        "forward_gflops": 150.0,
        "pairs": {"plain": {"alternating": False, "seconds": [[2.0, 4.0]]}},
        "inference": None,
        "errors": {"peer": "PyTorch is not installed here"},
        "others_cores": 0.02,
        "machine": {"cpu": {"model": "a processor"}},
    }


def seams_result(*, has_truth: bool = True, folder: str = "/nowhere") -> dict[str, Any]:
    """One region whose probability changes most at a border."""
    by_distance = [{"distance": place, "mean": 0.1 / (1 + place), "largest": 0.8 / (1 + place)} for place in range(4)]
    found = {"dice_between": 0.95, "voxels": 1234, "max_probability": 0.8, "voxel": [3, 2, 1], "distance_voxels": 0}
    dice = {"whole": 0.912, "tiled": 0.897} if has_truth else {"whole": None, "tiled": None}
    return {
        "state": "finished",
        "dice": dice,
        "difference": {**found, "by_distance": by_distance},
        "regions": {"WT": {**dice, **found, "by_distance": by_distance}},
        "tiles": 8,
        "overlap": 0,
        "files": {"json": f"{folder}/seams.json", "difference_WT": f"{folder}/difference_WT.nii.gz"},
    }


def calibration_of(machine: str) -> Calibration:
    """Every instruction takes `SECONDS_PER_VOXEL` for each of its voxels; Keras twice as long."""
    plan = PRESETS["flair-wt"]
    found = {}
    for side in (32, 64):
        shape = (side, side, side)
        for schedule in (
            training_schedule(plan, shape, "exact"),
            training_schedule(plan, shape, "low"),
            prediction_schedule(plan, shape),
        ):
            for instruction in schedule.instructions:
                kind = kind_of(schedule, instruction)
                found[kind] = Timing(*kind, seconds=SECONDS_PER_VOXEL * kind[3])
    return Calibration(machine, tuple(found.values()), 2.0, "2026-11-24T10:00:00+00:00")
