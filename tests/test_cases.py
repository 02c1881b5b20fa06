"""Cases read into memory on one grid, or refused with both files and the distance."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from image_files import LPS, labels, oblique, ramp, save

from workstation.core.case import CaseFiles, ImageRef
from workstation.core.geometry import AxisTransform, Grid, reorient, transform_to_ras
from workstation.errors import AmbiguousScheme, GeometryError, ImageFormatError, LayoutError
from workstation.io.cases import load_case, read_mask
from workstation.io.files import write_json
from workstation.io.layouts import find_case, open_dataset

SHAPE = (5, 6, 7)


def make_case(
    folder: Path, *, truth: np.ndarray | None = None, truth_affine: np.ndarray = LPS, affine: np.ndarray = LPS
) -> CaseFiles:
    """A BraTS 2021 case "a" of small images that differ in every voxel; the truth may lie elsewhere."""
    for number, part in enumerate(("t1", "t1ce", "t2", "flair")):
        save(folder / f"a_{part}.nii.gz", ramp(SHAPE) + 1000 * number, affine)
    save(folder / "a_seg.nii.gz", labels(SHAPE) if truth is None else truth, truth_affine)
    return find_case(folder / "a_t1.nii.gz")


def test_a_case_is_read_with_its_sequences_and_truth(tmp_path: Path) -> None:
    case = load_case(make_case(tmp_path))
    assert tuple(case.sequences) == ("T1", "T1c", "T2", "FLAIR")
    assert np.array_equal(case.sequences["T2"].data, ramp(SHAPE) + 2000)
    assert case.truth is not None
    assert np.array_equal(case.truth.data, labels(SHAPE))
    assert case.truth.scheme.name == "brats2021"
    assert case.grid.is_same(Grid(SHAPE, LPS))


def test_only_the_wanted_sequences_are_read(tmp_path: Path) -> None:
    files = make_case(tmp_path)
    (tmp_path / "a_t1.nii.gz").write_bytes(b"damaged")
    case = load_case(files, sequences=("FLAIR", "T2"), with_truth=False)
    assert tuple(case.sequences) == ("T2", "FLAIR")
    assert case.truth is None


def test_a_missing_sequence_is_no_obstacle(tmp_path: Path) -> None:
    make_case(tmp_path)
    (tmp_path / "a_t1.nii.gz").unlink()
    assert tuple(load_case(find_case(tmp_path)).sequences) == ("T1c", "T2", "FLAIR")


def test_a_case_with_none_of_the_wanted_sequences_is_refused(tmp_path: Path) -> None:
    files = CaseFiles("a", {"T1": ImageRef(tmp_path / "a_t1.nii.gz")})
    with pytest.raises(LayoutError, match="FLAIR") as caught:
        load_case(files, sequences=("FLAIR",))
    assert "T1" in caught.value.hint


def test_a_damaged_file_of_a_case_is_named(tmp_path: Path) -> None:
    files = make_case(tmp_path)
    (tmp_path / "a_t2.nii.gz").write_bytes(b"damaged")
    with pytest.raises(ImageFormatError, match=r"a_t2\.nii\.gz"):
        load_case(files)


def test_a_truth_with_an_identity_affine_on_lps_images_is_not_laid_over_them(tmp_path: Path) -> None:
    files = make_case(tmp_path, truth_affine=np.eye(4))
    with pytest.raises(GeometryError) as caught:
        load_case(files)
    # Both axes run the other way: voxel (4, 0, k) is 4 mm left instead of right of 0, and at y=0 instead of 239.
    assert f"{np.hypot(8, 239):.1f} mm" in caught.value.message
    assert "a_seg.nii.gz" in caught.value.message
    assert "a_t1.nii.gz" in caught.value.message
    assert "resampled" in caught.value.hint


def test_a_truth_half_a_millimetre_off_is_not_laid_over_them(tmp_path: Path) -> None:
    shifted = LPS.copy()
    shifted[2, 3] += 0.5
    with pytest.raises(GeometryError, match=r"0\.5 mm"):
        load_case(make_case(tmp_path, truth_affine=shifted))


def test_a_truth_on_another_grid_is_resampled_when_told_to(tmp_path: Path) -> None:
    shifted = LPS.copy()
    shifted[2, 3] += 1
    case = load_case(make_case(tmp_path, truth_affine=shifted), resample_masks=True)
    assert case.truth is not None
    # The truth's voxel k lies where the images' voxel k + 1 does.
    assert np.array_equal(case.truth.data[..., 1:], labels(SHAPE)[..., :-1])
    assert case.truth.grid.is_same(case.grid)


def test_a_truth_of_permuted_shape_and_unhelpful_affine_is_refused_with_both_sizes(tmp_path: Path) -> None:
    permuted = labels(SHAPE).transpose(0, 2, 1)
    with pytest.raises(GeometryError, match="5x7x6 and 5x6x7"):
        load_case(make_case(tmp_path, truth=permuted))


@pytest.mark.parametrize("affine", [LPS, oblique(LPS)])
@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True)])
def test_a_truth_of_permuted_axes_in_the_same_place_is_turned(
    tmp_path: Path, affine: np.ndarray, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    transform = AxisTransform(axes, flips)
    turned = Grid(SHAPE, affine).transformed(transform)
    truth = np.ascontiguousarray(reorient(labels(SHAPE), transform))
    case = load_case(make_case(tmp_path, truth=truth, truth_affine=turned.affine, affine=affine))
    assert case.truth is not None
    assert np.array_equal(case.truth.data, labels(SHAPE))
    assert case.truth.grid is case.grid
    # Its header still says how the file lies, so that an export goes back there.
    assert case.truth.source is not None
    assert case.truth.source.shape == truth.shape


def test_a_sequence_in_another_axis_order_is_turned(tmp_path: Path) -> None:
    files = make_case(tmp_path)
    grid = Grid(SHAPE, LPS)
    to_ras = transform_to_ras(LPS)
    turned = np.ascontiguousarray(reorient(ramp(SHAPE), to_ras))
    save(tmp_path / "a_flair.nii.gz", turned, grid.transformed(to_ras).affine)
    assert np.array_equal(load_case(files).sequences["FLAIR"].data, ramp(SHAPE))


def test_a_sequence_on_another_grid_is_refused(tmp_path: Path) -> None:
    files = make_case(tmp_path)
    save(tmp_path / "a_flair.nii.gz", ramp((5, 6, 8)))
    with pytest.raises(GeometryError, match=r"a_flair.*a_t1"):
        load_case(files)


def test_a_4d_file_is_one_buffer_for_all_its_sequences(tmp_path: Path) -> None:
    data = np.stack([ramp(SHAPE) + 1000 * number for number in range(4)], axis=3)
    path = save(tmp_path / "BRATS_001.nii.gz", data)
    case = load_case(find_case(path))
    assert np.array_equal(case.sequences["FLAIR"].data, data[..., 0])
    assert np.array_equal(case.sequences["T2"].data, data[..., 3])
    buffers = [volume.data.base for volume in case.sequences.values()]
    assert all(buffer is not None for buffer in buffers)
    starts = sorted(volume.data.__array_interface__["data"][0] for volume in case.sequences.values())
    assert np.diff(starts).tolist() == [2 * 5 * 6 * 7] * 3


def test_the_scheme_of_the_description_is_used(tmp_path: Path) -> None:
    files = dataclasses.replace(make_case(tmp_path), layout="nnunet", scheme_name="brats2023")
    truth = load_case(files).truth
    assert truth is not None
    assert truth.scheme.name == "brats2023"


def test_a_truth_of_unknown_scheme_is_asked_about(tmp_path: Path) -> None:
    files = dataclasses.replace(make_case(tmp_path), layout="nnunet")
    with pytest.raises(AmbiguousScheme, match="a_seg"):
        load_case(files)


def test_a_mask_has_the_scheme_of_its_side_car_before_that_of_its_layout(tmp_path: Path) -> None:
    make_case(tmp_path)
    mask = tmp_path / "a_seg.nii.gz"
    assert read_mask(mask).scheme.name == "brats2021"
    write_json(tmp_path / "a_seg.json", {"scheme": "brats2023"})
    assert read_mask(mask).scheme.name == "brats2023"
    assert read_mask(mask, scheme="brats2021").scheme.name == "brats2021"


@pytest.mark.real
def test_every_real_case_is_on_one_grid_with_labels_of_its_scheme(real_cases: Path) -> None:
    for files in open_dataset(real_cases).cases:
        case = load_case(files)
        assert case.grid.shape == (240, 240, 155)
        assert case.grid.axis_codes == "LPS"
        assert case.grid.zooms == pytest.approx((1, 1, 1))
        assert all(volume.data.dtype == np.int16 for volume in case.sequences.values())
        assert case.truth is not None
        assert set(np.unique(case.truth.data)) <= {0, 1, 2, 4}
        # Case 01477 has no enhancing tumour.
        assert (4 in case.truth.data) == (not case.name.endswith("01477"))
