"""Arrays looked at: spreads, digests, values of masks."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.case_checks import is_standardised
from workstation.core.examination import background_of, count_values, digest_of, intensities_of


def head_in_air(*, air: float = 0.0, dtype: str = "float32") -> np.ndarray:
    """A box of noise about 100 in air of one value."""
    data = np.full((12, 14, 10), air, dtype=dtype)
    data[3:9, 3:11, 2:8] = np.random.default_rng(3).normal(100, 20, (6, 8, 6))
    return data


@pytest.mark.parametrize("air", [0.0, -50.0])
def test_moments_are_those_of_numpy(air: float) -> None:
    data = head_in_air(air=air)
    spread = intensities_of(data)
    head = data[data != air].astype(np.float64)
    assert spread.head_voxels == 6 * 8 * 6
    assert (spread.mean, spread.deviation) == pytest.approx((head.mean(), head.std()), rel=1e-6)
    whole = data.astype(np.float64)
    assert (spread.whole_mean, spread.whole_deviation) == pytest.approx((whole.mean(), whole.std()), rel=1e-6)


def test_an_image_of_one_value_has_no_head() -> None:
    spread = intensities_of(np.full((4, 4, 4), 7.0))
    assert (spread.head_voxels, spread.deviation, spread.lowest, spread.highest) == (0, 0.0, 7.0, 7.0)
    assert spread.whole_deviation == pytest.approx(0, abs=1e-6)


def test_an_image_without_any_number_says_so() -> None:
    assert intensities_of(np.full((2, 2, 2), np.nan)).non_finite == 8


@pytest.mark.parametrize("with_air", [False, True])
def test_standardised_images_are_told_from_raw_ones(with_air: bool) -> None:
    data = head_in_air()
    part = data if with_air else data[data > 0]
    scaled = np.where((data > 0) | with_air, (data - part.mean()) / part.std(), 0).astype(np.float32)
    assert is_standardised(intensities_of(scaled))
    assert not is_standardised(intensities_of(data - 120))


def test_the_value_in_most_corners_is_the_background() -> None:
    data = np.zeros((4, 4, 4))
    data[0, 0, 0] = 9
    assert background_of(data) == 0
    assert background_of(np.full((4, 4, 4), -1.5)) == -1.5
    assert background_of(np.full((4, 4, 4), np.nan)) == 0


def test_equal_voxels_have_one_digest_in_any_type_and_order() -> None:
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    assert digest_of(data) == digest_of(np.asfortranarray(data)) == digest_of(data.astype(">f8"))
    changed = data.copy()
    changed[2, 3, 4] += 1
    assert digest_of(changed) != digest_of(data)
    assert digest_of(data.reshape(4, 3, 5)) != digest_of(data)
    assert digest_of(np.zeros((3, 4, 5))) == ""


@pytest.mark.parametrize(
    ("values", "counts", "largest", "others"),
    [
        (np.array([0, 1, 1, 4], np.uint8), {0: 1, 1: 2, 4: 1}, 0.0, 0),
        (np.array([0, 0.99999997, 3.9999999990686774, 2]), {0: 1, 1: 1, 2: 1, 4: 1}, 3e-8, 0),
        (np.array([0, 0.5, 1, 2], np.float32), {0: 1, 1: 1, 2: 1}, 0.5, 1),
        (np.array([-1, 300, 3, 0], np.int16), {0: 1, 3: 1}, 0.0, 2),
        (np.array([np.nan, np.inf, 1, 0]), {0: 1, 1: 1}, 0.0, 2),
    ],
)
def test_values_of_a_mask_are_counted_rounded(
    values: np.ndarray, counts: dict[int, int], largest: float, others: int
) -> None:
    found, fraction, foreign = count_values(values.reshape(2, 2, 1))
    assert (found, foreign) == (counts, others)
    assert fraction == pytest.approx(largest, abs=1e-9)
