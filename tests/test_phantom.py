"""Made-up cases: what they promise to tests, demo and network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from workstation.core.case import SEQUENCES
from workstation.core.labels import SCHEMES, region_mask
from workstation.core.phantom import Phantom, make_phantom
from workstation.errors import ExportError, RequestError
from workstation.io.cases import load_case
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms

SHAPE = (40, 44, 36)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """One case."""
    return make_phantom(SHAPE, seed=7)


def mean(phantom: Phantom, sequence: str, label: int) -> float:
    """Mean intensity of one label."""
    return float(phantom.sequences[sequence][phantom.labels == label].mean())


def healthy_mean(phantom: Phantom, sequence: str) -> float:
    """Mean intensity of the head outside the tumour."""
    image = phantom.sequences[sequence]
    return float(image[(image > 0) & (phantom.labels == 0)].mean())


def test_it_has_four_sequences_of_int16_on_a_zero_background(phantom: Phantom) -> None:
    assert tuple(phantom.sequences) == SEQUENCES
    heads = [image > 0 for image in phantom.sequences.values()]
    assert all(image.dtype == np.int16 and image.shape == SHAPE for image in phantom.sequences.values())
    assert all(np.array_equal(head, heads[0]) for head in heads)
    assert 0.1 < heads[0].mean() < 0.5
    assert all(not head[face].any() for head in heads for face in (0, -1))


def test_the_head_is_one_piece(phantom: Phantom) -> None:
    assert ndimage.label(phantom.sequences["T1"] > 0)[1] == 1


def test_the_tumour_is_in_the_head_and_nested(phantom: Phantom) -> None:
    assert set(np.unique(phantom.labels)) == {0, 1, 2, 4}
    assert (phantom.sequences["T1"][phantom.labels > 0] > 0).all()
    # The core is wrapped in its rim: growing it by one voxel meets oedema only where the rim is thin.
    core = phantom.labels == 1
    shell = ndimage.binary_dilation(core) & ~core
    assert (phantom.labels[shell] == 4).mean() > 0.5


def test_contrast_is_that_of_real_sequences(phantom: Phantom) -> None:
    # Oedema is bright on FLAIR and dark on T1; the rim is the brightest of T1c, its core dark there and bright on T2.
    assert mean(phantom, "FLAIR", 2) > 1.4 * healthy_mean(phantom, "FLAIR")
    assert mean(phantom, "T1", 2) < healthy_mean(phantom, "T1")
    assert mean(phantom, "T1c", 4) > 1.4 * max(healthy_mean(phantom, "T1c"), mean(phantom, "T1c", 2))
    assert mean(phantom, "T1c", 1) < healthy_mean(phantom, "T1c")
    assert mean(phantom, "T2", 1) > healthy_mean(phantom, "T2")


def test_axes_are_lps_and_voxels_a_millimetre_where_the_head_fits() -> None:
    grid = make_phantom((160, 200, 155), seed=1).grid
    assert (grid.axis_codes, grid.zooms) == ("LPS", (1.0, 1.0, 1.0))
    assert grid.centre_mm == pytest.approx((0, 0, 0))


def test_coarser_voxels_hold_the_whole_head(phantom: Phantom) -> None:
    # 175 mm of head and a tenth of margin in 44 voxels
    assert phantom.grid.zooms == pytest.approx((175 * 1.1 / 44,) * 3)


def test_the_seed_decides_everything() -> None:
    first, again, other = (make_phantom((16, 16, 16), seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first.sequences[name], again.sequences[name]) for name in SEQUENCES)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.labels, other.labels)


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_has_all_labels_even_on_a_coarse_grid(seed: int) -> None:
    assert set(np.unique(make_phantom((16, 16, 16), seed=seed).labels)) == {0, 1, 2, 4}


@pytest.mark.parametrize(
    ("layout", "scheme"),
    [("msd", "msd"), ("brats2021", "brats2021"), ("brats2023", "brats2023"), ("nnunet", "brats2023")],
)
def test_every_layout_is_read_back_unaided(tmp_path: Path, layout: str, scheme: str) -> None:
    data_set = write_phantoms(tmp_path / "out", cases=2, shape=(16, 16, 16), layout=layout, seed=5)
    assert (data_set.layout, len(data_set.cases)) == (layout, 2)
    for number, files in enumerate(open_dataset(tmp_path / "out").cases, start=1):
        case, made = load_case(files), make_phantom((16, 16, 16), seed=5 + number)
        assert all(np.array_equal(case.sequences[name].data, made.sequences[name]) for name in SEQUENCES)
        assert case.grid.is_same(made.grid)
        assert case.truth is not None
        assert case.truth.scheme.name == scheme
        for region in ("WT", "TC", "ET"):
            expected = region_mask(made.labels, SCHEMES["brats2021"], region)
            assert np.array_equal(region_mask(case.truth.data, case.truth.scheme, region), expected)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="not empty"):
        write_phantoms(tmp_path, cases=1, shape=(16, 16, 16), layout="msd", seed=1)


@pytest.mark.parametrize(
    ("layout", "shape", "field"), [("dicom", (16, 16, 16), "layout"), ("msd", (16, 7, 16), "shape")]
)
def test_a_phantom_that_cannot_be_made_names_the_field(
    tmp_path: Path, layout: str, shape: tuple[int, int, int], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        write_phantoms(tmp_path / "out", cases=1, shape=shape, layout=layout, seed=1)
    assert caught.value.field == field
    assert not (tmp_path / "out").exists()
