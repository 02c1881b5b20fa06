"""Grids and reorientation, by property over all 48 orientations and oblique ones."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from image_files import LPS, oblique, orientations, ramp

from workstation.core.geometry import AxisTransform, Grid, reorient, resample_nearest, transform_to_ras
from workstation.errors import GeometryError

SHAPE = (3, 4, 5)
AFFINES = [*orientations(), *(oblique(affine) for affine in orientations())]


def test_there_are_48_orientations() -> None:
    assert len({Grid(SHAPE, affine).axis_codes for affine in orientations()}) == 48


@pytest.mark.parametrize("affine", AFFINES)
def test_axis_codes_are_those_of_nibabel(affine: np.ndarray) -> None:
    assert tuple(Grid(SHAPE, affine).axis_codes) == nib.aff2axcodes(affine)


@pytest.mark.parametrize("affine", AFFINES)
def test_every_orientation_becomes_ras(affine: np.ndarray) -> None:
    assert Grid(SHAPE, affine).transformed(transform_to_ras(affine)).axis_codes == "RAS"


@pytest.mark.parametrize("affine", AFFINES)
def test_a_voxel_keeps_its_world_position_when_reoriented(affine: np.ndarray) -> None:
    data, grid, transform = ramp(SHAPE), Grid(SHAPE, affine), transform_to_ras(affine)
    turned, turned_grid = reorient(data, transform), grid.transformed(transform)
    assert turned.shape == turned_grid.shape
    for voxel in np.ndindex(turned.shape):
        source = grid.nearest_voxel(tuple(turned_grid.to_world(voxel)))
        assert source is not None
        assert turned[voxel] == data[source]


@pytest.mark.parametrize("affine", orientations())
def test_the_inverse_undoes_a_reorientation_without_a_copy(affine: np.ndarray) -> None:
    data, transform = ramp(SHAPE), transform_to_ras(affine)
    back = reorient(reorient(data, transform), transform.inverse)
    assert np.array_equal(back, data)
    assert np.shares_memory(back, data)


@pytest.mark.parametrize("affine", orientations())
def test_one_transform_after_another_equals_both_as_one(affine: np.ndarray) -> None:
    first, second = transform_to_ras(affine), AxisTransform((1, 2, 0), (True, False, True))
    data = ramp(SHAPE)
    assert np.array_equal(reorient(data, first.then(second)), reorient(reorient(data, first), second))


@pytest.mark.parametrize("affine", AFFINES)
def test_a_turned_grid_is_laid_back_onto_the_first(affine: np.ndarray) -> None:
    grid = Grid(SHAPE, affine)
    turned = grid.transformed(AxisTransform((2, 0, 1), (True, False, True)))
    onto = turned.transform_onto(grid)
    assert onto is not None
    assert turned.transformed(onto).is_same(grid)


def test_no_transform_lays_a_shifted_grid_onto_another() -> None:
    shifted = LPS.copy()
    shifted[0, 3] += 0.5
    assert Grid(SHAPE, shifted).transform_onto(Grid(SHAPE, LPS)) is None


def test_reorientation_leaves_further_axes_alone() -> None:
    data = ramp((2, 3, 4, 5))
    assert reorient(data, AxisTransform((2, 1, 0), (False, False, True))).shape == (4, 3, 2, 5)


def test_an_identity_affine_on_lps_images_is_as_far_off_as_its_corners() -> None:
    # x -> -x and y -> 239-y of an identity affine: the corner (0, 239, 0) lies at y=0 instead of 239, and so on;
    # the worst corner of a 240x240x155 grid is (239, 0 or 239, k): 2*239 along x, 239 along y.
    difference = Grid((240, 240, 155), np.eye(4)).difference_mm(Grid((240, 240, 155), LPS))
    assert difference == pytest.approx(np.hypot(2 * 239, 239))


@pytest.mark.parametrize(("shift_mm", "is_same"), [(0.0, True), (0.9e-3, True), (1.1e-3, False)])
def test_grids_are_the_same_within_a_thousandth_of_a_millimetre(shift_mm: float, is_same: bool) -> None:
    shifted = LPS.copy()
    shifted[2, 3] += shift_mm
    assert Grid(SHAPE, shifted).is_same(Grid(SHAPE, LPS)) is is_same


def test_grids_of_different_shape_are_infinitely_apart() -> None:
    assert Grid((3, 4, 5), LPS).difference_mm(Grid((3, 5, 4), LPS)) == float("inf")


@pytest.mark.parametrize("affine", AFFINES)
def test_zooms_and_voxel_volume_do_not_depend_on_orientation(affine: np.ndarray) -> None:
    grid = Grid(SHAPE, affine)
    assert grid.zooms == pytest.approx((1.0, 1.5, 2.25))
    assert grid.voxel_ml == pytest.approx(1.0 * 1.5 * 2.25 / 1000)


def test_world_and_voxel_are_inverse_to_each_other() -> None:
    grid = Grid(SHAPE, oblique(LPS))
    voxels = np.array([[0, 0, 0], [2, 3, 4], [0.5, 1.25, -7]])
    assert grid.to_voxel(grid.to_world(voxels)) == pytest.approx(voxels)


def test_the_nearest_voxel_ends_half_a_voxel_beyond_the_last_centre() -> None:
    grid = Grid(SHAPE, np.eye(4))
    assert grid.nearest_voxel((2.49, 3.0, -0.49)) == (2, 3, 0)
    assert grid.nearest_voxel((2.51, 3.0, 0.0)) is None
    assert grid.nearest_voxel((0.0, 0.0, -0.51)) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_affine_that_is_not_finite_is_refused(bad: float) -> None:
    affine = LPS.copy()
    affine[1, 2] = bad
    with pytest.raises(GeometryError):
        Grid(SHAPE, affine)


@pytest.mark.parametrize("row", [0, 2])
def test_an_affine_that_reaches_beyond_any_scanner_is_refused(row: int) -> None:
    affine = LPS.copy()
    affine[row, row] = 1e200
    with pytest.raises(GeometryError, match=r"1e\+200 mm"):
        Grid(SHAPE, affine)


def test_a_singular_affine_is_refused() -> None:
    affine = LPS.copy()
    affine[:, 1] = affine[:, 0]
    with pytest.raises(GeometryError):
        Grid(SHAPE, affine)


def test_a_grid_without_voxels_is_refused() -> None:
    with pytest.raises(GeometryError):
        Grid((3, 0, 5), LPS)


def test_a_grid_cannot_be_altered_through_its_affine() -> None:
    mine = LPS.copy()
    grid = Grid(SHAPE, mine)
    mine[0, 3] = 99
    assert grid.affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 3] = 1


def test_labels_resampled_onto_their_own_grid_stay() -> None:
    data = ramp(SHAPE, "uint8")
    assert np.array_equal(resample_nearest(data, Grid(SHAPE, LPS), Grid(SHAPE, LPS)), data)


def test_labels_resampled_onto_a_shifted_grid_move_and_leave_zeros() -> None:
    data = ramp(SHAPE, "uint8") + 1
    # The target begins one voxel further along K, so its voxel k is the source's k + 1, and its last is outside.
    target = LPS.copy()
    target[2, 3] = 1
    moved = resample_nearest(data, Grid(SHAPE, LPS), Grid(SHAPE, target))
    assert np.array_equal(moved[..., :-1], data[..., 1:])
    assert not moved[..., -1].any()


def test_labels_resampled_onto_half_the_spacing_are_repeated() -> None:
    data = ramp((2, 2, 2), "uint8")
    fine = np.diag([0.5, 0.5, 0.5, 1.0])
    fine[:3, 3] = -0.25
    result = resample_nearest(data, Grid((2, 2, 2), np.eye(4)), Grid((4, 4, 4), fine))
    assert np.array_equal(result, data.repeat(2, 0).repeat(2, 1).repeat(2, 2))
