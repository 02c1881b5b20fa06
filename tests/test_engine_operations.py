"""Every form of every operation against float64 arithmetic, on odd and even shapes and several volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from workstation.engine import operations
from workstation.engine.operations import FORMS

ODD = (2, 5, 6, 7)
EVEN = (2, 4, 6, 8)
TOLERANCE = 1e-5


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def single(*arrays: np.ndarray) -> list[tf.Tensor]:
    return [tf.constant(array, tf.float32) for array in arrays]


def assert_close(found: Any, expected: np.ndarray) -> None:
    found = np.asarray(found, np.float64)
    assert found.shape == expected.shape
    assert np.linalg.norm(found - expected) <= TOLERANCE * np.linalg.norm(expected)


def forms(*names: str) -> pytest.MarkDecorator:
    cases = [(name, form) for name in names for form in FORMS[name]]
    return pytest.mark.parametrize(("operation", "form"), cases)


def conv(source: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """3x3x3 convolution in float64, straight from its definition."""
    i, j, k = source.shape[1:4]
    padded = np.pad(source, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    return sum(
        padded[:, a : a + i, b : b + j, c : c + k] @ kernel[a, b, c]
        for a in range(3)
        for b in range(3)
        for c in range(3)
    )


def conv_gradients(source: np.ndarray, kernel: np.ndarray, dz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of source and kernel, each element by its definition."""
    i, j, k = source.shape[1:4]
    padded = np.pad(source, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    dpadded, dkernel = np.zeros_like(padded), np.zeros_like(kernel)
    for a in range(3):
        for b in range(3):
            for c in range(3):
                place = (slice(None), slice(a, a + i), slice(b, b + j), slice(c, c + k))
                dkernel[a, b, c] = np.einsum("nijkx,nijky->xy", padded[place], dz)
                dpadded[place] += dz @ kernel[a, b, c].T
    return dpadded[:, 1:-1, 1:-1, 1:-1], dkernel


@pytest.mark.parametrize("shape", [ODD, EVEN])
def test_a_convolution(shape: tuple[int, ...]) -> None:
    source, kernel = random(*shape, 3), random(3, 3, 3, 3, 4)
    assert_close(operations.conv(*single(source, kernel)), conv(source, kernel))


@forms("conv_pair")
def test_a_convolution_of_two_sources_is_that_of_their_concatenation(operation: str, form: str) -> None:
    first, second, kernel = random(*ODD, 3), random(*ODD, 2, seed=1), random(3, 3, 3, 5, 4)
    expected = conv(np.concatenate([first, second], -1), kernel)
    assert_close(FORMS[operation][form](*single(first, second, kernel)), expected)


@forms("conv_relu_pair")
def test_a_folded_convolution_of_two_sources(operation: str, form: str) -> None:
    first, second, kernel, bias = random(*ODD, 3), random(*ODD, 2, seed=1), random(3, 3, 3, 5, 4), random(4)
    expected = np.maximum(conv(np.concatenate([first, second], -1), kernel) + bias, 0)
    assert_close(FORMS[operation][form](*single(first, second, kernel, bias)), expected)


def test_a_folded_convolution() -> None:
    source, kernel, bias = random(*ODD, 3), random(3, 3, 3, 3, 4), random(4)
    assert_close(operations.conv_relu(*single(source, kernel, bias)), np.maximum(conv(source, kernel) + bias, 0))


@pytest.mark.parametrize("shape", [ODD, EVEN, (1, 1, 1, 3), (3, 9, 4, 4)])
@forms("weight_gradient")
def test_the_gradient_of_a_kernel(operation: str, form: str, shape: tuple[int, ...]) -> None:
    source, kernel, dz = random(*shape, 3), random(3, 3, 3, 3, 4), random(*shape, 4)
    assert_close(FORMS[operation][form](*single(source, dz)), conv_gradients(source, kernel, dz)[1])


def test_the_gradient_by_rows_of_few_planes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "_ROWS_BYTES", 10_000)  # two planes of these
    monkeypatch.setattr(operations, "_ROWS_BLOCK", 16)
    source, kernel, dz = random(2, 7, 6, 5, 3), random(3, 3, 3, 3, 4), random(2, 7, 6, 5, 4)
    found = FORMS["weight_gradient"]["rows"](*single(source, dz))
    assert_close(found, conv_gradients(source, kernel, dz)[1])


@pytest.mark.parametrize("shape", [ODD, EVEN])
@forms("input_gradient")
def test_the_gradient_of_a_source(operation: str, form: str, shape: tuple[int, ...]) -> None:
    source, kernel, dz = random(*shape, 3), random(3, 3, 3, 3, 4), random(*shape, 4)
    assert_close(FORMS[operation][form](*single(kernel, dz)), conv_gradients(source, kernel, dz)[0])


@pytest.mark.parametrize("samples", [1, 2])
@forms("statistics")
def test_statistics_of_a_channel_far_from_zero(operation: str, form: str, samples: int) -> None:
    z = random(*ODD, 4) * [1, 2, 0.5, 3] + [0, 20, -5, 3]
    rows = z.reshape(samples, -1, 4)
    mean, variance = FORMS[operation][form](*single(z), samples)
    assert_close(mean, rows.mean(1))
    assert_close(variance, rows.var(1))


@pytest.mark.parametrize("samples", [1, 2])
@forms("activate")
def test_an_activation_is_affine_and_never_negative(operation: str, form: str, samples: int) -> None:
    z, scale, offset = random(*ODD, 4), random(samples, 4), random(samples, 4, seed=1)
    expected = np.maximum(z.reshape(samples, -1, 4) * scale[:, None] + offset[:, None], 0).reshape(z.shape)
    assert_close(FORMS[operation][form](*single(z, scale, offset)), expected)


def activation_case(samples: int) -> tuple[np.ndarray, ...]:
    """da, z, scale, offset, centre and what the ReLU lets through, all but the last rounded to float32."""
    arrays = (random(*EVEN, 4, seed=2), random(*EVEN, 4), *(random(samples, 4, seed=seed) for seed in (3, 4, 5)))
    da, z, scale, offset, centre = (array.astype(np.float32).astype(np.float64) for array in arrays)
    rows = z.reshape(samples, -1, 4)
    passed = np.where(rows * scale[:, None] + offset[:, None] > 0, da.reshape(rows.shape), 0)
    return da, z, scale, offset, centre, passed


@pytest.mark.parametrize("samples", [1, 2])
@forms("activation_sums")
def test_sums_of_what_a_relu_lets_through(operation: str, form: str, samples: int) -> None:
    da, z, scale, offset, centre, passed = activation_case(samples)
    first, second = FORMS[operation][form](*single(da, z, scale, offset, centre))
    assert_close(first, passed.sum(1))
    assert_close(second, (passed * (z.reshape(passed.shape) - centre[:, None])).sum(1))


@pytest.mark.parametrize("samples", [1, 2])
@forms("activation_gradient")
def test_the_gradient_of_a_norm_is_an_affine_map(operation: str, form: str, samples: int) -> None:
    da, z, scale, offset, centre, passed = activation_case(samples)
    maps = random(3, samples, 4, seed=6)
    expected = maps[0][:, None] * passed + maps[1][:, None] * (z.reshape(passed.shape) - centre[:, None])
    expected = (expected + maps[2][:, None]).reshape(z.shape)
    assert_close(FORMS[operation][form](*single(da, z, scale, offset, centre, maps)), expected)


@pytest.mark.parametrize("regions", [1, 3])
@forms("head_sums")
def test_the_head_is_an_activation_behind_the_output(operation: str, form: str, regions: int) -> None:
    dlogits, kernel = random(*EVEN, regions), random(4, regions)
    _, z, scale, offset, centre, _ = activation_case(1)
    da = dlogits @ kernel.T
    first, second = FORMS[operation][form](*single(dlogits, kernel, z, scale, offset, centre))
    passed = np.where(z * scale[0] + offset[0] > 0, da, 0)
    assert_close(first, passed.reshape(1, -1, 4).sum(1))
    assert_close(second, (passed * (z - centre[0])).reshape(1, -1, 4).sum(1))


@forms("head_gradient")
def test_the_gradient_behind_the_output(operation: str, form: str) -> None:
    dlogits, kernel, maps = random(*EVEN, 3), random(4, 3), random(3, 1, 4, seed=6)
    _, z, scale, offset, centre, _ = activation_case(1)
    passed = np.where(z * scale[0] + offset[0] > 0, dlogits @ kernel.T, 0)
    expected = maps[0] * passed + maps[1] * (z - centre[0]) + maps[2]
    assert_close(FORMS[operation][form](*single(dlogits, kernel, z, scale, offset, centre, maps)), expected)


def windows(data: np.ndarray) -> np.ndarray:
    """(N, I, J, K, C) as (N, I/2, J/2, K/2, C, 8), the voxels of a window in order of memory."""
    n, i, j, k, c = data.shape
    split = data.reshape(n, i // 2, 2, j // 2, 2, k // 2, 2, c)
    return split.transpose(0, 1, 3, 5, 7, 2, 4, 6).reshape(n, i // 2, j // 2, k // 2, c, 8)


@forms("pool")
def test_pooling_takes_the_largest(operation: str, form: str) -> None:
    source = random(*EVEN, 3)
    assert_close(FORMS[operation][form](*single(source)), windows(source).max(-1))


@pytest.mark.parametrize("is_flat", [False, True])
@forms("pool_gradient")
def test_pooling_routes_to_the_first_of_equal_maxima(operation: str, form: str, is_flat: bool) -> None:
    source = np.ones((*EVEN, 3)) if is_flat else random(*EVEN, 3)
    dpool, partial = random(2, 2, 3, 4, 3), random(*EVEN, 3, seed=1)
    places = windows(source).argmax(-1)
    expected = windows(partial).copy()
    np.put_along_axis(
        expected, places[..., None], np.take_along_axis(expected, places[..., None], -1) + dpool[..., None], -1
    )
    found = FORMS[operation][form](*single(source, dpool, partial))
    assert_close(windows(np.asarray(found)), expected)


def transposed(source: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Each voxel makes a 2x2x2 block of its own."""
    n, i, j, k, _ = source.shape
    blocks = np.einsum("nijkc,abdoc->niajbkdo", source, kernel)
    return blocks.reshape(n, 2 * i, 2 * j, 2 * k, -1) + bias


@forms("transpose")
def test_a_transposed_convolution(operation: str, form: str) -> None:
    source, kernel, bias = random(2, 2, 3, 4, 5), random(2, 2, 2, 3, 5), random(3)
    assert_close(FORMS[operation][form](*single(source, kernel, bias)), transposed(source, kernel, bias))


def test_gradients_of_a_transposed_convolution() -> None:
    source, kernel, dup = random(2, 2, 3, 4, 5), random(2, 2, 2, 3, 5), random(2, 4, 6, 8, 3)
    blocks = dup.reshape(2, 2, 2, 3, 2, 4, 2, 3)
    found = operations.transpose_gradients(*single(source, kernel, dup))
    assert_close(found[0], np.einsum("niajbkdo,abdoc->nijkc", blocks, kernel))
    assert_close(found[1], np.einsum("niajbkdo,nijkc->abdoc", blocks, source))
    assert_close(found[2], dup.reshape(-1, 3).sum(0))


def test_nearest_upsampling_and_its_gradient() -> None:
    source, dup = random(2, 2, 3, 4, 5), random(2, 4, 6, 8, 5)
    assert_close(operations.nearest(*single(source)), source.repeat(2, 1).repeat(2, 2).repeat(2, 3))
    assert_close(operations.nearest_gradient(*single(dup)), windows(dup).sum(-1))


def test_the_output_and_its_gradients() -> None:
    source, kernel, bias, dlogits = random(*ODD, 4), random(4, 3), random(3), random(*ODD, 3)
    assert_close(operations.output(*single(source, kernel, bias)), 1 / (1 + np.exp(-(source @ kernel + bias))))
    found = operations.output_gradients(*single(source, dlogits))
    assert_close(found[0], np.einsum("nijkc,nijkr->cr", source, dlogits))
    assert_close(found[1], dlogits.reshape(-1, 3).sum(0))


@pytest.mark.parametrize("operation", sorted(FORMS))
def test_every_operation_has_forms_to_choose_from(operation: str) -> None:
    candidates: list[Callable[..., Any]] = list(FORMS[operation].values())
    # Of the pooling's gradient TensorFlow has none that is the same on all processors.
    assert len(candidates) >= (1 if operation == "pool_gradient" else 2)
    assert len(set(map(id, candidates))) == len(candidates)
