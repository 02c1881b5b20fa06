"""Images prepared for display: levels that give back intensities, percentiles of what is not zero."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.geometry import Grid
from workstation.core.volume import Volume
from workstation.session.images import make_display_image


def volume(data: np.ndarray) -> Volume:
    return Volume("x", data, Grid(data.shape, np.eye(4)), None)  # type: ignore[arg-type]


def test_levels_give_back_the_intensity_within_half_a_step() -> None:
    data = np.random.default_rng(1).integers(-300, 4000, (16, 16, 16)).astype(np.int16)
    image = make_display_image(volume(data))
    assert image.levels.max() <= 4095
    assert np.abs(image.lowest + image.levels * image.step - data).max() <= image.step / 2 + 1e-9


def test_zeros_do_not_count_in_percentiles() -> None:
    data = np.zeros((20, 20, 20), dtype=np.float32)
    data[5:15, 5:15, 5:15] = np.linspace(100, 200, 1000).reshape(10, 10, 10)
    image = make_display_image(volume(data))
    assert image.first_window == pytest.approx((100.1, 199.9), abs=0.05)
    assert image.window_of((50, 100))[0] == pytest.approx(150, abs=1)
    assert image.percentiles_of((150, 300)) == pytest.approx((50, 100), abs=1)


def test_an_image_of_zeros_has_a_window() -> None:
    image = make_display_image(volume(np.zeros((8, 8, 8), dtype=np.int16)))
    low, high = image.first_window
    assert high > low
    assert image.window_of((10, 90)) == image.first_window
    assert image.percentiles_of((0, 1)) == (0.1, 99.9)


def test_voxels_that_are_not_finite_do_not_count() -> None:
    data = np.linspace(1, 10, 512).reshape(8, 8, 8).astype(np.float32)
    data[0, 0, 0], data[0, 0, 1] = np.nan, np.inf
    image = make_display_image(volume(data))
    assert np.isfinite(image.sample).all()
    assert np.isfinite(image.range).all()
