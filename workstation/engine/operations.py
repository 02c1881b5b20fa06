"""The operations of a training step, each in the forms that are worth measuring against each other.

`FORMS[operation]` maps names to functions of equal result; the first is what TensorFlow has in stock, where that is
fit. Which one runs is decided on the machine at hand (`engine/choices.py`), never here: on AVX2 oneDNN computes the
weight gradient by im2col at a quarter to a half of the forward rate, on AVX-512 at the forward rate. Every form is
tested against float64 arithmetic.

Tensors are (N, I, J, K, C), float32 or bfloat16; sums and statistics are float32. An affine map per channel is a pair
of (S, C), where S is 1 for statistics over the batch and N for statistics of each volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from workstation.engine import kernel_gradients, norm_loops

_ONES = (1, 1, 1, 1, 1)
_TWOS = (1, 2, 2, 2, 1)
_ROW_ELEMENTS = 256
_ADDED_ROWS = 8
_ROWS_BLOCK = 4096
_ROWS_BYTES = 64_000_000


def _graph(function: Callable[..., Any]) -> Callable[..., Any]:
    return _Compiled(function, jit_compile=None)


def _xla(function: Callable[..., Any]) -> Callable[..., Any]:
    return _Compiled(function, jit_compile=True)


class _Compiled:
    """A function with a graph for each combination of shapes; arguments that are no tensors are constants."""

    def __init__(self, function: Callable[..., Any], *, jit_compile: bool | None) -> None:
        self._function = function
        self._jit_compile = jit_compile
        self._graphs: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, *arguments: Any) -> Any:
        tensors = [each for each in arguments if isinstance(each, tf.Tensor)]
        key = tuple((*each.shape, each.dtype) if isinstance(each, tf.Tensor) else each for each in arguments)
        graph = self._graphs.get(key)
        if graph is None:
            graph = self._graphs[key] = self._graph_of(arguments)
        return graph(*tensors)

    def _graph_of(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """One concrete graph: TensorFlow takes the dozen shapes of a network for retracing by mistake otherwise."""

        def computed(*tensors: tf.Tensor) -> Any:
            given = iter(tensors)
            return self._function(*(next(given) if isinstance(each, tf.Tensor) else each for each in arguments))

        specs = [tf.TensorSpec(each.shape, each.dtype) for each in arguments if isinstance(each, tf.Tensor)]
        compiled = tf.function(computed, autograph=False, jit_compile=self._jit_compile)
        return compiled.get_concrete_function(*specs)


def _float(data: tf.Tensor) -> tf.Tensor:
    return tf.cast(data, tf.float32)


def _per_channel(values: tf.Tensor) -> tf.Tensor:
    """(S, C) to (S, 1, 1, 1, C)."""
    return values[:, tf.newaxis, tf.newaxis, tf.newaxis, :]


# Convolutions 3x3x3 without bias: kernels are (3, 3, 3, Ci, Co).


@_graph
def conv(source: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolution of one tensor, zeros outside."""
    return tf.nn.conv3d(source, kernel, _ONES, "SAME")


@_graph
def _conv_pair_concatenated(first: tf.Tensor, second: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv3d(tf.concat([first, second], -1), kernel, _ONES, "SAME")


@_graph
def _conv_pair_added(first: tf.Tensor, second: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Two convolutions added up, so that the concatenation is never stored."""
    channels = first.shape[-1]
    return tf.nn.conv3d(first, kernel[..., :channels, :], _ONES, "SAME") + tf.nn.conv3d(
        second, kernel[..., channels:, :], _ONES, "SAME"
    )


@_graph
def conv_relu(source: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """relu(conv + bias), which oneDNN computes in one go."""
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv3d(source, kernel, _ONES, "SAME"), bias))


@_graph
def _conv_relu_pair_concatenated(first: tf.Tensor, second: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    both = tf.concat([first, second], -1)
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv3d(both, kernel, _ONES, "SAME"), bias))


@_graph
def _conv_relu_pair_added(first: tf.Tensor, second: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    channels = first.shape[-1]
    with_bias = tf.nn.bias_add(tf.nn.conv3d(first, kernel[..., :channels, :], _ONES, "SAME"), bias)
    return tf.nn.relu(with_bias + tf.nn.conv3d(second, kernel[..., channels:, :], _ONES, "SAME"))


@_graph
def _weight_gradient_stock(source: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    shape = (3, 3, 3, source.shape[-1], dz.shape[-1])
    return _float(
        tf.raw_ops.Conv3DBackpropFilterV2(
            input=source, filter_sizes=shape, out_backprop=dz, strides=list(_ONES), padding="SAME"
        )
    )


def _weight_gradient_loops(source: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    if kernel_gradients.is_supported(source, dz):
        return kernel_gradients.kernel_gradient(source, dz)
    return _weight_gradient_stock(source, dz)


def _weight_gradient_rows(source: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    """As products of shifted rows, a few planes at a time.

    Padded by one and flattened to rows of channels, a shift in space is an offset of rows; three neighbours along K
    lie side by side, so that nine products of (rows, 3 Ci)^T (rows, Co) give all 27 kernel elements.
    """
    planes = source.shape[1]
    plane_bytes = source.shape[0] * (source.shape[2] + 2) * (source.shape[3] + 2) * 4
    plane_bytes *= 4 * source.shape[-1] + dz.shape[-1]
    step = max(1, min(planes, _ROWS_BYTES // plane_bytes))
    total = None
    for start in range(0, planes, step):
        stop = min(planes, start + step)
        before, after = int(start == 0), int(stop == planes)
        part = source[:, max(0, start - 1) : min(planes, stop + 1)]
        found = _rows(part, dz[:, start:stop], before, after)
        total = found if total is None else total + found
    return total


@_graph
def _rows(source: tf.Tensor, dz: tf.Tensor, before: int, after: int) -> tf.Tensor:
    channels_in, channels_out = source.shape[-1], dz.shape[-1]
    padded = tf.pad(_float(source), ((0, 0), (before, after), (1, 1), (1, 1), (0, 0)))
    high, wide = padded.shape[2:4]
    gradient = tf.pad(_float(dz), ((0, 0), (0, 2), (0, 2), (0, 2), (0, 0)))
    gradient = tf.reshape(gradient, (-1, channels_out))
    count = gradient.shape[0]
    # The rows behind the last are met only by zeros of the gradient.
    block = min(_ROWS_BLOCK, count)
    blocks = -(-count // block)
    gradient = tf.reshape(tf.pad(gradient, ((0, blocks * block - count), (0, 0))), (blocks, block, channels_out))
    flat = tf.reshape(padded, (-1, channels_in))
    reach = 2 * high * wide + 2 * wide + 2
    flat = tf.pad(flat, ((0, blocks * block + reach - flat.shape[0]), (0, 0)))
    last = blocks * block + 2 * high * wide + 2 * wide
    triple = tf.concat([flat[shift : shift + last] for shift in range(3)], axis=1)
    products = []
    for i in range(3):
        for j in range(3):
            offset = (i * high + j) * wide
            rows = tf.reshape(triple[offset : offset + blocks * block], (blocks, block, 3 * channels_in))
            products.append(tf.reduce_sum(tf.matmul(rows, gradient, transpose_a=True), axis=0))
    return tf.reshape(tf.stack(products), (3, 3, 3, channels_in, channels_out))


@_graph
def _input_gradient_stock(kernel: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    sizes = (*dz.shape[:-1], kernel.shape[3])
    return tf.raw_ops.Conv3DBackpropInputV2(
        input_sizes=sizes, filter=kernel, out_backprop=dz, strides=list(_ONES), padding="SAME"
    )


@_graph
def _input_gradient_forward(kernel: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    """As a forward convolution with the kernel flipped and its channels exchanged."""
    flipped = tf.transpose(tf.reverse(kernel, (0, 1, 2)), (0, 1, 2, 4, 3))
    return tf.nn.conv3d(dz, flipped, _ONES, "SAME")


# Statistics, norm and ReLU.


def _as_images(data: tf.Tensor, samples: int) -> tf.Tensor:
    """(N, I, J, K, C) as (S, 1, voxels, C), which the fused norm takes."""
    return tf.reshape(data, (samples, 1, -1, data.shape[-1]))


def _statistics_fused(z: tf.Tensor, samples: int) -> tuple[tf.Tensor, tf.Tensor]:
    one = tf.ones((z.shape[-1],))
    found = []
    for each in tf.unstack(_as_images(z, samples)):
        norm = tf.raw_ops.FusedBatchNormV3(
            x=each[tf.newaxis], scale=one, offset=one, mean=one, variance=one, is_training=True
        )
        found.append((norm.batch_mean, norm.batch_variance, each.shape[1]))
    means, variances, counts = zip(*found, strict=True)
    # The operation returns the unbiased variance.
    count = tf.cast(counts[0], tf.float32)
    return tf.stack(means), tf.stack(variances) * (count - 1) / count


def _statistics_products(z: tf.Tensor, samples: int) -> tuple[tf.Tensor, tf.Tensor]:
    """By products with a vector of ones, about the first voxel so that little cancels."""
    rows = _float(tf.reshape(z, (samples, -1, z.shape[-1])))
    centred = rows - rows[:, :1]
    ones = tf.ones((samples, 1, rows.shape[1]))
    count = tf.cast(rows.shape[1], tf.float32)
    mean = tf.matmul(ones, centred) / count
    square = tf.matmul(ones, tf.square(centred)) / count
    return (mean + rows[:, :1])[:, 0], (square - tf.square(mean))[:, 0]


def _statistics_loops(z: tf.Tensor, samples: int) -> tuple[tf.Tensor, tf.Tensor]:
    return norm_loops.statistics(z, samples) if norm_loops.is_supported(z) else _STATISTICS(z, samples)


def _activate_plain(z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.nn.relu(_float(z) * _per_channel(scale) + _per_channel(offset)), z.dtype)


def _activate_fused(z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """By the inference form of the fused norm, whose mean is 0 and variance 1 - epsilon."""
    zero, nearly_one = tf.zeros_like(scale[0]), tf.fill(scale[0].shape, 1 - 1e-3)
    parts = [
        tf.nn.relu(
            tf.raw_ops.FusedBatchNormV3(
                x=each[tf.newaxis],
                scale=scale[sample],
                offset=offset[sample],
                mean=zero,
                variance=nearly_one,
                epsilon=1e-3,
                is_training=False,
            ).y
        )
        for sample, each in enumerate(tf.unstack(_as_images(z, scale.shape[0])))
    ]
    return tf.reshape(parts[0] if len(parts) == 1 else tf.stack(parts), z.shape)


def _partial_sums(da: tf.Tensor, z: tf.Tensor, centre: tf.Tensor, samples: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums of da and of da (z - centre) over some voxels each, (S, rows, C) both.

    Written as additions of whole rows, which XLA computes in vectors and on all cores; its reductions use one.
    """
    channels = z.shape[-1]
    voxels = z.shape.num_elements() // (samples * channels)
    times = _power_of_two(voxels, _ROW_ELEMENTS // channels)
    added = _power_of_two(voxels // times, _ADDED_ROWS)
    rows = (samples, -1, added, times * channels)
    das, zs = tf.reshape(da, rows), tf.reshape(z - _per_channel(centre), rows)
    firsts = [das[:, :, row] for row in range(added)]
    seconds = [das[:, :, row] * zs[:, :, row] for row in range(added)]
    return tuple(tf.reshape(tf.add_n(each), (samples, -1, channels)) for each in (firsts, seconds))


def _power_of_two(number: int, most: int) -> int:
    """The largest power of two, at most `most` (or 1), that divides a number."""
    power = 1
    while number % (2 * power) == 0 and 2 * power <= most:
        power *= 2
    return power


def _passed(da: tf.Tensor, z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """The gradient where the ReLU let its input through."""
    return tf.where(z * _per_channel(scale) + _per_channel(offset) > 0, da, 0.0)


def _activation_sums(
    da: tf.Tensor, z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, centre: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    z = _float(z)
    return _partial_sums(_passed(_float(da), z, scale, offset), z, centre, scale.shape[0])


def _activation_gradient(
    da: tf.Tensor, z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, centre: tf.Tensor, maps: tf.Tensor
) -> tf.Tensor:
    """dz = maps[0] da' + maps[1] (z - centre) + maps[2], da' being what the ReLU lets through."""
    wide = _float(z)
    passed = _passed(_float(da), wide, scale, offset)
    first, second, third = (_per_channel(each) for each in tf.unstack(maps))
    return tf.cast(first * passed + second * (wide - _per_channel(centre)) + third, z.dtype)


def _through_output(dlogits: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """da of the last activation: (N, I, J, K, R) through a (C, R) matrix, in a form that XLA fuses."""
    parts = [dlogits[..., region : region + 1] * kernel[:, region] for region in range(kernel.shape[1])]
    return tf.add_n(parts) if len(parts) > 1 else parts[0]


def _head_sums(dlogits, kernel, z, scale, offset, centre):  # type: ignore[no-untyped-def]
    return _activation_sums(_through_output(dlogits, kernel), z, scale, offset, centre)


def _head_gradient(dlogits, kernel, z, scale, offset, centre, maps):  # type: ignore[no-untyped-def]
    return _activation_gradient(_through_output(dlogits, kernel), z, scale, offset, centre, maps)


def _activation_sums_loops(
    da: tf.Tensor, z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, centre: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    if norm_loops.is_supported(z) and da.dtype == z.dtype:
        return norm_loops.activation_sums(da, z, scale, offset, centre)
    return _SUMS(da, z, scale, offset, centre)


@_graph
def _added_up(first: tf.Tensor, second: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.reduce_sum(first, 1), tf.reduce_sum(second, 1)


def _summed(partial_sums: Callable[..., Any]) -> Callable[..., Any]:
    """Sums over all voxels, (S, C) each, from a function that gives partial ones."""
    return lambda *arguments: _added_up(*partial_sums(*arguments))


# Pooling 2x2x2: of equal maxima the first gets the gradient, as in oneDNN and PyTorch.


@_graph
def _pool_stock(source: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool3d(source, 2, 2, "SAME")


def _windows(source: tf.Tensor) -> list[tf.Tensor]:
    """The eight voxels of each window, (N, I/2, J/2, K/2, C) each."""
    samples, i, j, k, channels = source.shape
    split = tf.reshape(source, (samples, i // 2, 2, j // 2, 2, k // 2, 2, channels))
    return [split[:, :, a, :, b, :, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]


def _pool_slices(source: tf.Tensor) -> tf.Tensor:
    first, *rest = _windows(source)
    for each in rest:
        first = tf.maximum(first, each)
    return first


def _pool_gradient_first(source: tf.Tensor, dpool: tf.Tensor, partial: tf.Tensor) -> tf.Tensor:
    best, *rest = _windows(source)
    place = tf.zeros(best.shape, tf.int32)
    for position, each in enumerate(rest, start=1):
        is_larger = each > best
        best, place = tf.where(is_larger, each, best), tf.where(is_larger, position, place)
    samples, i, j, k, channels = best.shape
    wide = (samples, i, 1, j, 1, k, 1, channels)
    corners = tf.reshape(tf.range(8), (1, 1, 2, 1, 2, 1, 2, 1))
    routed = tf.where(tf.reshape(place, wide) == corners, tf.reshape(dpool, wide), tf.zeros((), dpool.dtype))
    return tf.reshape(routed, source.shape) + partial


# Upsampling: kernels are (2, 2, 2, Co, Ci) as Keras keeps them.


@_graph
def _transpose_stock(source: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    samples, i, j, k, _ = source.shape
    shape = (samples, 2 * i, 2 * j, 2 * k, kernel.shape[3])
    return tf.nn.conv3d_transpose(source, kernel, shape, _TWOS, "SAME") + tf.cast(bias, source.dtype)


@_graph
def _transpose_product(source: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """One matrix product per voxel, then its eight results to their places."""
    samples, i, j, k, channels = source.shape
    out = kernel.shape[3]
    matrix = tf.reshape(tf.transpose(kernel, (4, 0, 1, 2, 3)), (channels, 8 * out))
    flat = tf.reshape(source, (-1, channels)) @ matrix + tf.cast(tf.tile(bias, (8,)), source.dtype)
    parts = tf.reshape(flat, (samples, i, j, k, 2, 2, 2, out))
    return tf.reshape(tf.transpose(parts, (0, 1, 4, 2, 5, 3, 6, 7)), (samples, 2 * i, 2 * j, 2 * k, out))


@_graph
def transpose_gradients(source: tf.Tensor, kernel: tf.Tensor, dup: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradients of source, kernel and bias of a 2x2x2 transposed convolution: a convolution of stride 2 each."""
    dsource = tf.nn.conv3d(dup, kernel, _TWOS, "SAME")
    dkernel = tf.raw_ops.Conv3DBackpropFilterV2(
        input=dup, filter_sizes=kernel.shape, out_backprop=source, strides=list(_TWOS), padding="SAME"
    )
    return dsource, _float(dkernel), _float(tf.raw_ops.BiasAddGrad(out_backprop=dup))


@_xla
def nearest(source: tf.Tensor) -> tf.Tensor:
    """Each voxel eight times."""
    samples, i, j, k, channels = source.shape
    wide = tf.reshape(source, (samples, i, 1, j, 1, k, 1, channels))
    return tf.reshape(
        tf.broadcast_to(wide, (samples, i, 2, j, 2, k, 2, channels)), (samples, 2 * i, 2 * j, 2 * k, channels)
    )


@_xla
def nearest_gradient(dup: tf.Tensor) -> tf.Tensor:
    """The sum of each window."""
    first, *rest = _windows(dup)
    for each in rest:
        first = first + each
    return first


# The output: a 1x1x1 convolution, which is one matrix product, and the sigmoid.


@_graph
def output(source: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Probabilities (N, I, J, K, R), float32; `kernel` is (C, R)."""
    logits = _float(tf.reshape(source, (-1, source.shape[-1])) @ tf.cast(kernel, source.dtype)) + bias
    return tf.reshape(tf.sigmoid(logits), (*source.shape[:-1], kernel.shape[1]))


@_graph
def output_gradients(source: tf.Tensor, dlogits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradients of kernel (C, R) and bias (R,)."""
    flat = tf.reshape(dlogits, (-1, dlogits.shape[-1]))
    rows = tf.reshape(source, (-1, source.shape[-1]))
    return _float(tf.matmul(rows, tf.cast(flat, rows.dtype), transpose_a=True)), tf.reduce_sum(flat, 0)


_STATISTICS = _graph(_statistics_products)
_SUMS = _summed(_xla(_activation_sums))

FORMS: Mapping[str, Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "conv_pair": {"concatenated": _conv_pair_concatenated, "added": _conv_pair_added},
        "conv_relu_pair": {"concatenated": _conv_relu_pair_concatenated, "added": _conv_relu_pair_added},
        "weight_gradient": {
            "stock": _weight_gradient_stock,
            "rows": _weight_gradient_rows,
            "loops": _weight_gradient_loops,
        },
        "input_gradient": {"stock": _input_gradient_stock, "forward": _input_gradient_forward},
        "statistics": {
            "products": _STATISTICS,
            "fused": _graph(_statistics_fused),
            "loops": _statistics_loops,
        },
        "activate": {"plain": _graph(_activate_plain), "xla": _xla(_activate_plain), "fused": _graph(_activate_fused)},
        "activation_sums": {
            "plain": _summed(_graph(_activation_sums)),
            "xla": _SUMS,
            "loops": _activation_sums_loops,
        },
        "activation_gradient": {"plain": _graph(_activation_gradient), "xla": _xla(_activation_gradient)},
        "head_sums": {"plain": _summed(_graph(_head_sums)), "xla": _summed(_xla(_head_sums))},
        "head_gradient": {"plain": _graph(_head_gradient), "xla": _xla(_head_gradient)},
        "pool": {"stock": _pool_stock, "slices": _xla(_pool_slices)},
        # TensorFlow's own gives the gradient to all equal maxima on some processors, and takes a hundred times longer.
        "pool_gradient": {"first": _xla(_pool_gradient_first)},
        "transpose": {"stock": _transpose_stock, "product": _transpose_product},
    }
)
