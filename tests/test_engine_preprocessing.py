"""Cases become tensors in one orientation, and predictions go back to the voxels they came from."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import Grid, reorient
from workstation.core.labels import scheme_named
from workstation.core.volume import LabelMap, Volume
from workstation.engine.preprocessing import Placement, is_orientation, make_example, to_orientation
from workstation.errors import LayoutError

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
CODES = ["".join(code) for order in itertools.permutations(("LR", "PA", "IS")) for code in itertools.product(*order)]


def make_case(data: np.ndarray, affine: np.ndarray = LPS, labels: np.ndarray | None = None) -> Case:
    grid = Grid(data.shape, affine)
    truth = None if labels is None else LabelMap("c", labels, grid, scheme_named("brats2021"))
    return Case("c", CaseFiles("c", {}), {"FLAIR": Volume("FLAIR", data, grid)}, truth)


def test_there_are_48_orientations_and_each_is_known() -> None:
    assert len(CODES) == 48
    assert all(is_orientation(code) for code in CODES)
    assert not is_orientation("LRS")


@pytest.mark.parametrize("code", CODES)
def test_turning_a_grid_makes_its_axes_run_as_asked(code: str) -> None:
    grid = Grid((3, 4, 5), LPS)
    assert grid.transformed(to_orientation(grid, code)).axis_codes == code


@pytest.mark.parametrize("code", CODES)
def test_a_case_gives_the_same_example_in_whatever_orientation_it_is_stored(code: str) -> None:
    data = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    grid = Grid((3, 4, 5), LPS)
    turn = to_orientation(grid, code)
    stored = make_case(np.ascontiguousarray(reorient(data, turn)), grid.transformed(turn).affine)
    found = make_example(stored, inputs=("FLAIR",)).inputs
    assert np.allclose(found, make_example(make_case(data), inputs=("FLAIR",)).inputs, atol=1e-5)


def test_inputs_have_mean_zero_and_deviation_one_over_the_whole_volume() -> None:
    data = np.random.default_rng(0).integers(0, 900, (6, 6, 6)).astype(np.int16)
    inputs = make_example(make_case(data), inputs=("FLAIR",)).inputs
    assert inputs.mean() == pytest.approx(0, abs=1e-6)
    assert inputs.std() == pytest.approx(1, abs=1e-6)


def test_targets_are_the_regions_in_the_order_asked_for() -> None:
    labels = np.array([0, 1, 2, 4], np.uint8).reshape(4, 1, 1)
    case = make_case(np.arange(4, dtype=np.float32).reshape(4, 1, 1), labels=labels)
    targets = make_example(case, inputs=("FLAIR",), outputs=("WT", "TC", "ET")).targets
    assert targets is not None
    assert targets[:, 0, 0].tolist() == [[0, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 1]]


def test_padding_has_the_value_of_air_after_normalisation() -> None:
    data = np.zeros((6, 6, 6), np.float32)
    data[2:4, 2:4, 2:4] = 100
    example = make_example(make_case(data), inputs=("FLAIR",))
    padded = example.placed((8, 8, 8)).inputs
    assert padded[0, 0, 0, 0] == example.inputs[0, 0, 0, 0] < 0


@pytest.mark.parametrize(
    ("shape", "target"),
    [((5, 6, 7), (8, 8, 8)), ((9, 9, 9), (8, 8, 8)), ((5, 9, 8), (8, 8, 8)), ((3, 3, 3), (3, 3, 3))],
)
def test_what_is_placed_comes_back_except_for_what_was_cropped(
    shape: tuple[int, int, int], target: tuple[int, int, int]
) -> None:
    data = np.random.default_rng(0).normal(size=(*shape, 2))
    placement = Placement(shape, target)
    placed = placement.place(data)
    back = placement.unplace(placed, fill=np.nan)
    assert placed.shape == (*target, 2)
    kept = ~np.isnan(back)
    assert np.array_equal(back[kept], data[kept])
    assert kept.sum() == 2 * np.prod(np.minimum(shape, target))


def test_a_missing_sequence_or_truth_is_named() -> None:
    case = make_case(np.zeros((2, 2, 2), np.float32))
    with pytest.raises(LayoutError, match="T1c, truth"):
        make_example(case, inputs=("FLAIR", "T1c"), outputs=("WT",))
