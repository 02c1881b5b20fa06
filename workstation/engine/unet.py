"""The Keras model of a plan: an ordinary functional model, saved and loaded without any code of ours.

It is built by walking `expand(plan, ...)`, whose layer names it keeps; sides stay open, so that one model takes
volumes of any shape that is a multiple of 2**depth. Axes are (N, I, J, K, C).
"""

from __future__ import annotations

from collections.abc import Callable

import keras

from workstation.core.network import Layer, UNetPlan, expand, norm_groups

NORM_EPSILON = 1e-3
# Keras starts at 0.99, which needs some 500 steps until the moving statistics forget their start; a training on ten
# cases has as many in 50 epochs, and one volume holds millions of samples for each statistic.
NORM_MOMENTUM = 0.9


def build_unet(plan: UNetPlan, *, seed: int = 1) -> keras.Model:
    """The network with fresh weights.

    Parameters
    ----------
    plan : UNetPlan
    seed : int
        Of the He-uniform kernels; equal seeds give equal weights.

    Returns
    -------
    keras.Model
        (N, I, J, K, inputs) float32, z-scored, to (N, I, J, K, outputs) probabilities.
    """
    layers = expand(plan, (plan.multiple,) * 3)
    tensors = {layers[0].name: keras.Input((None, None, None, layers[0].channels_out), name=layers[0].name)}
    for position, layer in enumerate(layers[1:], start=1):
        read = [tensors[name] for name in layer.inputs]
        initializer = keras.initializers.HeUniform(seed=seed * 1000 + position)
        keras_layer = _norm(plan, layer) if layer.kind == "norm" else _MAKERS[layer.kind](layer, initializer)
        tensors[layer.name] = keras_layer(read if len(read) > 1 else read[0])
    return keras.Model(tensors[layers[0].name], tensors[layers[-1].name], name="unet3d")


def _conv(layer: Layer, initializer: keras.Initializer) -> keras.Layer:
    return keras.layers.Conv3D(
        layer.channels_out, layer.kernel, padding="same", kernel_initializer=initializer, name=layer.name
    )


def _transpose(layer: Layer, initializer: keras.Initializer) -> keras.Layer:
    return keras.layers.Conv3DTranspose(
        layer.channels_out,
        layer.kernel,
        strides=layer.kernel,
        padding="same",
        kernel_initializer=initializer,
        name=layer.name,
    )


def _norm(plan: UNetPlan, layer: Layer) -> keras.Layer:
    if plan.normalisation == "batch":
        return keras.layers.BatchNormalization(momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON, name=layer.name)
    groups = norm_groups(plan, layer.channels_out)
    return keras.layers.GroupNormalization(groups=groups, epsilon=NORM_EPSILON, name=layer.name)


# What each kind of layer is in Keras; the initializer is for those that have a kernel.
_MAKERS: dict[str, Callable[[Layer, keras.Initializer], keras.Layer]] = {
    "conv": _conv,
    "transpose": _transpose,
    "relu": lambda layer, _: keras.layers.ReLU(name=layer.name),
    "pool": lambda layer, _: keras.layers.MaxPooling3D(layer.kernel, name=layer.name),
    "nearest": lambda layer, _: keras.layers.UpSampling3D(layer.kernel, name=layer.name),
    "concat": lambda layer, _: keras.layers.Concatenate(name=layer.name),
    "sigmoid": lambda layer, _: keras.layers.Activation("sigmoid", name=layer.name),
}
