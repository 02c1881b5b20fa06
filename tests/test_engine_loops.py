"""Compiled loops against float64 arithmetic: channels in every grouping, odd shapes, several volumes and threads."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from workstation.engine import compiler, kernel_gradients, norm_loops
from workstation.engine.kernel_gradients import kernel_gradient

TOLERANCE = 1e-5


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def single(*arrays: np.ndarray) -> list[tf.Tensor]:
    return [tf.constant(array, tf.float32) for array in arrays]


def gradient_by_definition(source: np.ndarray, dz: np.ndarray) -> np.ndarray:
    i, j, k = source.shape[1:4]
    padded = np.pad(source, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    found = np.zeros((3, 3, 3, source.shape[-1], dz.shape[-1]))
    for a, b, c in np.ndindex(3, 3, 3):
        found[a, b, c] = np.einsum("nijkx,nijky->xy", padded[:, a : a + i, b : b + j, c : c + k], dz)
    return found


def assert_close(found: tf.Tensor, expected: np.ndarray) -> None:
    assert tuple(found.shape) == expected.shape
    assert np.linalg.norm(found.numpy() - expected) <= TOLERANCE * np.linalg.norm(expected)


@pytest.mark.parametrize("channels", [(1, 8), (1, 16), (2, 16), (3, 8), (4, 24), (8, 8), (16, 16), (12, 32)])
@pytest.mark.parametrize("shape", [(1, 4, 4, 4), (2, 5, 6, 7), (1, 3, 1, 8)])
def test_the_gradient_of_a_kernel(channels: tuple[int, int], shape: tuple[int, ...]) -> None:
    source, dz = random(*shape, channels[0]), random(*shape, channels[1], seed=1)
    assert_close(kernel_gradient(*single(source, dz)), gradient_by_definition(source, dz))


@pytest.mark.parametrize("length", range(1, 8))
def test_lines_of_every_length_down_to_one_voxel(length: int) -> None:
    source, dz = random(1, 2, 3, length, 4), random(1, 2, 3, length, 8, seed=1)
    assert_close(kernel_gradient(*single(source, dz)), gradient_by_definition(source, dz))


@pytest.mark.parametrize("threads", ["1", "3", "64"])
def test_the_number_of_threads_changes_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    source, dz = random(2, 7, 4, 5, 4), random(2, 7, 4, 5, 8, seed=1)
    assert_close(kernel_gradient(*single(source, dz)), gradient_by_definition(source, dz))


def test_a_gradient_that_is_added_up_plane_by_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_gradients, "_SUM_VOXELS", 1)
    monkeypatch.setattr(kernel_gradients, "_LINES_BYTES", 1)
    source, dz = random(1, 6, 5, 4, 8), random(1, 6, 5, 4, 16, seed=1)
    assert_close(kernel_gradient(*single(source, dz)), gradient_by_definition(source, dz))


def test_many_voxels_of_one_sign_do_not_lose_their_last_digits() -> None:
    # 96**3 products of 1 and 0.1: added one by one in single precision the sum would be off by percents.
    source, dz = tf.ones((1, 96, 96, 96, 1)), tf.fill((1, 96, 96, 96, 8), 0.1)
    centre = kernel_gradient(source, dz)[1, 1, 1].numpy()
    assert np.abs(centre / (96**3 * np.float64(np.float32(0.1))) - 1).max() < 1e-3


def test_what_is_no_number_reaches_the_gradient() -> None:
    source, dz = random(1, 4, 4, 4, 4), random(1, 4, 4, 4, 8)
    dz[0, 1, 2, 3, 5] = np.nan
    found = kernel_gradient(*single(source, dz)).numpy()
    assert np.isnan(found[1, 1, 1, :, 5]).all()


def test_other_types_and_channels_are_left_to_others() -> None:
    eight, four = tf.zeros((1, 2, 2, 2, 8)), tf.zeros((1, 2, 2, 2, 4))
    assert kernel_gradients.is_supported(four, eight)
    assert not kernel_gradients.is_supported(eight, four)
    assert not kernel_gradients.is_supported(tf.cast(eight, tf.bfloat16), tf.cast(eight, tf.bfloat16))
    assert norm_loops.is_supported(eight)
    assert not norm_loops.is_supported(four)


@pytest.mark.parametrize("channels", [8, 16, 24, 32])
@pytest.mark.parametrize("samples", [1, 3])
def test_statistics_of_channels_far_from_zero(channels: int, samples: int) -> None:
    z = random(3, 5, 6, 7, channels) + np.arange(channels) * 10
    mean, variance = norm_loops.statistics(*single(z), samples)
    rows = z.reshape(samples, -1, channels)
    assert_close(mean, rows.mean(1))
    assert_close(variance, rows.var(1))


@pytest.mark.parametrize("channels", [8, 16, 24, 32])
@pytest.mark.parametrize("samples", [1, 3])
def test_sums_of_what_the_relu_lets_through(channels: int, samples: int) -> None:
    z, da = random(3, 5, 6, 7, channels), random(3, 5, 6, 7, channels, seed=1)
    scale, offset, centre = (random(samples, channels, seed=seed) for seed in (2, 3, 4))
    # Rounding must not decide about the ReLU, so that single and double precision agree on it.
    wide = scale[:, None] * z.reshape(samples, -1, channels) + offset[:, None]
    assert np.abs(wide).min() > 1e-6
    passed = np.where(wide > 0, da.reshape(samples, -1, channels), 0)
    first, second = norm_loops.activation_sums(*single(da, z, scale, offset, centre))
    assert_close(first, passed.sum(1))
    assert_close(second, (passed * (z.reshape(samples, -1, channels) - centre[:, None])).sum(1))


def test_threads_share_a_range_without_gap_or_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    parts = compiler.in_threads(lambda start, stop: (start, stop), 10)
    assert parts == [(0, 3), (3, 6), (6, 10)]
    assert compiler.in_threads(lambda start, stop: (start, stop), 10, least=8) == [(0, 10)]
