"""Windows, normalisation and quantisation."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.intensity import percentile_window, quantise_12bit, z_score


def test_the_window_leaves_the_zero_background_out() -> None:
    data = np.zeros((20, 20, 20), dtype=np.int16)
    # 1000 voxels of 1 to 1000; 0.1 and 99.9 percent of 999 steps from 1: 1.999 and 999.001
    data[:10, :10, :10] = np.arange(1, 1001).reshape(10, 10, 10)
    assert percentile_window(data) == pytest.approx((1.999, 999.001))


def test_the_window_of_an_empty_image_has_width() -> None:
    assert percentile_window(np.zeros((4, 4, 4), dtype=np.int16)) == (0.0, 1.0)


def test_the_window_of_a_constant_image_has_width() -> None:
    low, high = percentile_window(np.full((4, 4, 4), 7.0, dtype=np.float32))
    assert low == 7.0
    assert high > low


def test_the_window_ignores_what_is_not_a_number() -> None:
    data = np.ones((4, 4, 4), dtype=np.float32)
    data[0] = 3
    data[1, 0, 0], data[1, 0, 1] = np.nan, np.inf
    low, high = percentile_window(data)
    assert (low, high) == (1.0, 3.0)


def test_negative_intensities_have_a_window() -> None:
    low, high = percentile_window(np.linspace(-3, 3, 8000, dtype=np.float32).reshape(20, 20, 20))
    assert low == pytest.approx(-3, abs=0.02)
    assert high == pytest.approx(3, abs=0.02)


def test_z_scores_have_mean_zero_and_deviation_one() -> None:
    scores = z_score(np.arange(1000, dtype=np.int16).reshape(10, 10, 10))
    assert scores.dtype == np.float32
    # Uniform 0..999: mean 499.5, deviation sqrt((1000^2 - 1) / 12)
    assert scores.ravel()[0] == pytest.approx(-499.5 / np.sqrt((1000**2 - 1) / 12), rel=1e-5)
    assert float(scores.std()) == pytest.approx(1, rel=1e-5)


def test_z_scores_of_a_constant_image_are_zero() -> None:
    assert not z_score(np.full((3, 3, 3), 5, dtype=np.int16)).any()


def test_few_integer_levels_are_kept_exactly() -> None:
    data = np.array([-5, 0, 4090], dtype=np.int16).reshape(3, 1, 1)
    levels, lowest, step = quantise_12bit(data)
    assert (lowest, step) == (-5.0, 1.0)
    assert np.array_equal(lowest + levels * step, data)


def test_the_full_int16_range_is_quantised_to_half_a_level() -> None:
    data = np.linspace(-32768, 32767, 5000).astype(np.int16).reshape(5, 10, 100)
    levels, lowest, step = quantise_12bit(data)
    assert (levels.min(), levels.max()) == (0, 4095)
    # Half a level, and the rounding of 32-bit arithmetic.
    assert np.abs(lowest + levels * step - data).max() <= step / 2 + 0.01


def test_levels_lie_in_memory_as_the_image_does() -> None:
    levels, _, _ = quantise_12bit(np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)))
    assert levels.flags.f_contiguous


def test_values_that_are_no_numbers_become_the_lowest_level() -> None:
    levels, lowest, _ = quantise_12bit(np.array([np.nan, 1, 2, -np.inf], dtype=np.float32).reshape(4, 1, 1))
    assert lowest == 1.0
    assert levels.ravel().tolist() == [0, 0, 4095, 0]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_small_integers_keep_their_distances_over_their_whole_range(dtype: type) -> None:
    """127 less -128 is 255, which int8 cannot hold: the levels must not go through the data's own type."""
    limits = np.iinfo(dtype)
    values = np.linspace(limits.min, limits.max, 60).astype(dtype).reshape(3, 4, 5)
    for data in (values, np.asfortranarray(values)):
        levels, lowest, step = quantise_12bit(data)
        assert levels.dtype == np.uint16
        assert levels.flags.f_contiguous == data.flags.f_contiguous
        assert np.abs(lowest + levels * step - data.astype(float)).max() <= step / 2


@pytest.mark.parametrize("dtype", [np.int16, np.uint16])
def test_an_image_of_few_levels_from_zero_on_is_its_own_levels(dtype: type) -> None:
    data = np.asfortranarray(np.arange(4095, -1, -1).reshape(16, 16, 16).astype(dtype))
    levels, lowest, step = quantise_12bit(data)
    assert (levels.dtype, lowest, step) == (np.uint16, 0.0, 1.0)
    assert np.shares_memory(levels, data)
    assert np.array_equal(levels, data)
