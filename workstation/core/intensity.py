"""Intensities: the first window of an image, its normalisation for the network, its quantisation for display."""

from __future__ import annotations

import numpy as np

# A percentile from a sample of this many voxels is within a fraction of a percent of the true one.
_SAMPLE = 200_000
GREY_LEVELS = 4096


def percentile_window(data: np.ndarray, low: float = 0.1, high: float = 99.9) -> tuple[float, float]:
    """Window from percentiles of the voxels that are not zero.

    BraTS images are skull-stripped: most voxels are zero and would ruin the percentiles.

    Parameters
    ----------
    data : (I, J, K) ndarray
        Intensities; voxels that are not finite are left out.
    low, high : float
        Percentiles, 0 to 100.

    Returns
    -------
    tuple of float
        Lower and upper intensity, the upper one larger; (0, 1) if every voxel is zero.
    """
    flat = data.ravel(order="K")
    # An odd stride does not fall into step with rows of an even length.
    sample = flat[:: max(1, flat.size // _SAMPLE) | 1]
    sample = sample[sample != 0]
    if sample.size < 1000:
        sample = flat[flat != 0]
    if np.issubdtype(sample.dtype, np.floating):
        sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return (0.0, 1.0)
    lower, upper = (float(value) for value in np.percentile(sample, (low, high)))
    return (lower, upper) if upper > lower else (lower, lower + max(abs(lower), 1.0))


def z_score(data: np.ndarray) -> np.ndarray:
    """Subtract the mean and divide by the standard deviation, both over the whole volume.

    Parameters
    ----------
    data : (I, J, K) ndarray
        Intensities; voxels that are not finite count as zero.

    Returns
    -------
    (I, J, K) float32 ndarray
        Mean 0 and standard deviation 1; all zero where the volume is constant.

    References
    ----------
    The white paper's recipe: statistics over the whole volume, background included.
    """
    values = np.asarray(data, dtype=np.float32)
    if not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    mean = float(values.mean(dtype=np.float64))
    deviation = float(values.std(dtype=np.float64))
    result: np.ndarray = (values - np.float32(mean)) * np.float32(1 / deviation if deviation > 0 else 0)
    return result


def quantise_12bit(data: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The image in 4096 grey levels between its extremes, for display.

    Parameters
    ----------
    data : (I, J, K) ndarray
        Intensities; voxels that are not finite become the lowest level.

    Returns
    -------
    levels : (I, J, K) uint16 ndarray
        0 to 4095, in the memory order of `data`; a view of it where it can be.
    lowest, step : float
        Intensity of level 0, and of one level more; a level l stands for lowest + l * step.
    """
    if np.issubdtype(data.dtype, np.floating) and not np.isfinite(data).all():
        finite = data[np.isfinite(data)]
        lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        data = np.nan_to_num(data, nan=lowest, posinf=highest, neginf=lowest)
    else:
        lowest, highest = float(data.min()), float(data.max())
    if np.issubdtype(data.dtype, np.integer) and highest - lowest < GREY_LEVELS:
        # 127 less -128 does not fit into the int8 that both are.
        if lowest == 0 and data.dtype.itemsize == 2:
            # The intensities are the levels: one copy of them will do.
            return data.view(np.uint16), lowest, 1.0
        wide = data.astype(np.int16) if data.dtype.itemsize == 1 else data
        return (wide - wide.dtype.type(lowest)).astype(np.uint16), lowest, 1.0
    step = (highest - lowest) / (GREY_LEVELS - 1) or 1.0
    scaled = (data.astype(np.float32) - np.float32(lowest)) * np.float32(1 / step) + np.float32(0.5)
    return np.clip(scaled, 0, GREY_LEVELS - 1).astype(np.uint16), lowest, step
