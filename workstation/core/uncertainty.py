"""How sure a network is of its mask: the entropy of its probabilities, voxel by voxel."""

from __future__ import annotations

import numpy as np


def entropy_bits(probabilities: np.ndarray) -> np.ndarray:
    """Entropy of whether a voxel belongs to a region, averaged over the regions.

    Parameters
    ----------
    probabilities : (I, J, K, R) float ndarray
        Of each region, 0 to 1; regions overlap, so each is a question of its own.

    Returns
    -------
    (I, J, K) float32 ndarray
        -p log2 p - (1 - p) log2(1 - p) in bits: 0 where all is certain, 1 where every region is even.

    References
    ----------
    Shannon CE. Bell System Technical Journal 27(3), 1948, 379-423.
    """
    total = np.zeros(probabilities.shape[:-1], np.float32)
    for channel in range(probabilities.shape[-1]):
        for share in (probabilities[..., channel], 1 - probabilities[..., channel]):
            kept = np.clip(share, np.finfo(np.float32).tiny, 1, dtype=np.float32)
            total -= kept * np.log2(kept)
    bits: np.ndarray = np.clip(total / probabilities.shape[-1], 0, 1)
    return bits


def mean_entropy_bits(entropy: np.ndarray, is_head: np.ndarray) -> float:
    """Mean entropy over the voxels of the head; 0 where there are none.

    Parameters
    ----------
    entropy : (I, J, K) float ndarray
    is_head : (I, J, K) bool ndarray
        Voxels that show something: the air around would make large images look sure.
    """
    return float(entropy[is_head].mean(dtype=np.float64)) if is_head.any() else 0.0
