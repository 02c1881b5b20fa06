"""The arithmetic of a norm per channel: a few hundred numbers, so in NumPy and in double precision.

Of a convolution's output z (without its bias) the statistics per channel are taken; norm and bias together are then
one affine map per channel, `a = relu(scale z + offset)`, and the gradient another, of what the ReLU lets through and
of z. S is 1 where statistics are those of the batch and N where they are those of each volume.

References
----------
Ioffe S, Szegedy C. Batch normalization. ICML 2015. Wu Y, He K. Group normalization. ECCV 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class NormState:
    """What a norm's forward pass leaves for its backward pass; (S, C) arrays of float64.

    Parameters
    ----------
    mean, variance : (S, C) ndarray
        Of each channel, the convolution's bias included; of groups they are the group's.
    scale, offset : (S, C) ndarray
        The affine map of z.
    centre : (S, C) ndarray
        Mean of z in each channel, without bias.
    inverse : (S, C) ndarray
        One over the standard deviation.
    shift : (S, C) ndarray
        Mean of the channel less that of its group; 0 where a group is one channel.
    """

    mean: np.ndarray
    variance: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    centre: np.ndarray
    inverse: np.ndarray
    shift: np.ndarray
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class NormGradients:
    """Gradients of a norm's weights and of the bias before it, (C,) each, and the map that gives dz, (3, S, C)."""

    gamma: np.ndarray
    beta: np.ndarray
    bias: np.ndarray
    maps: np.ndarray


@np.errstate(all="ignore")
def norm_state(
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    bias: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    groups: int,
    epsilon: float,
) -> NormState:
    """From the statistics of z, (S, C), to its affine map.

    Parameters
    ----------
    mean, variance : (S, C) ndarray
        Of z without bias.
    bias, gamma, beta : (C,) ndarray
    groups : int
        C for batch and instance norm.
    epsilon : float
        Added to the variance.
    """
    centre, variance = np.asarray(mean, float), np.asarray(variance, float)
    with_bias = centre + bias
    group_mean = _over_groups(with_bias, groups)
    shift = with_bias - group_mean
    group_variance = _over_groups(variance + np.square(shift), groups)
    inverse = 1 / np.sqrt(group_variance + epsilon)
    scale = inverse * gamma
    return NormState(
        mean=group_mean,
        variance=group_variance,
        scale=scale,
        offset=beta + (bias - group_mean) * scale,
        centre=centre,
        inverse=inverse,
        shift=shift,
        groups=groups,
    )


@np.errstate(all="ignore")
def norm_gradients(
    state: NormState, passed: np.ndarray, passed_z: np.ndarray, *, gamma: np.ndarray, voxels: int
) -> NormGradients:
    """From the sums over voxels of the gradient that the ReLU lets through.

    Parameters
    ----------
    state : NormState
    passed, passed_z : (S, C) ndarray
        Sums of da' and of da' (z - centre).
    gamma : (C,) ndarray
    voxels : int
        In each sum.
    """
    passed, passed_z = np.asarray(passed, float), np.asarray(passed_z, float)
    with_normed = state.inverse * (passed_z + state.shift * passed)
    first = _over_groups(gamma * passed, state.groups) / voxels
    second = _over_groups(gamma * with_normed, state.groups) / voxels
    of_gradient = state.inverse * gamma
    of_z = -np.square(state.inverse) * second
    constant = -state.inverse * first + of_z * state.shift
    bias = (of_gradient * passed + voxels * constant).sum(axis=0)
    is_alone = state.groups == passed.shape[1]
    return NormGradients(
        gamma=with_normed.sum(axis=0),
        beta=passed.sum(axis=0),
        # A norm of single channels takes out whatever a bias adds: its gradient is 0, not a rounding error.
        bias=np.zeros_like(bias) if is_alone else bias,
        maps=np.stack([of_gradient, of_z, constant]),
    )


def _over_groups(values: np.ndarray, groups: int) -> np.ndarray:
    """Mean of (S, C) over the channels of each group, back in (S, C)."""
    samples, channels = values.shape
    means = values.reshape(samples, groups, channels // groups).mean(axis=2)
    return np.repeat(means, channels // groups, axis=1)
