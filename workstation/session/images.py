"""Images prepared for display: quantised once, when they are loaded, in the loading thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.focus import content_box
from workstation.core.intensity import percentile_window, quantise_12bit
from workstation.core.volume import Volume

FIRST_WINDOW = (0.1, 99.9)
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class DisplayImage:
    """One sequence in 4096 grey levels.

    Parameters
    ----------
    levels : (I, J, K) uint16 ndarray
        0 to 4095, in the axis order of the case.
    lowest, step : float
        A level l stands for the intensity lowest + l * step.
    sample : ndarray
        Sorted intensities of some of the voxels that are not zero, for percentiles.
    first_window : tuple of float
        Lower and upper intensity of the window that an image opens with.
    content : (2, 3) int ndarray
        First voxel, and the one behind the last, of the box that holds all that is not zero.
    """

    levels: np.ndarray
    lowest: float
    step: float
    sample: np.ndarray
    first_window: tuple[float, float]
    content: np.ndarray

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest intensity that can be shown."""
        return (self.lowest, self.lowest + 4095 * self.step)

    def percentiles_of(self, window: tuple[float, float]) -> tuple[float, float]:
        """The percentiles (0 to 100) that a window's ends lie at."""
        if not self.sample.size:
            return FIRST_WINDOW
        low, high = np.searchsorted(self.sample, window) * (100 / self.sample.size)
        return (float(low), float(high))

    def window_of(self, percentiles: tuple[float, float]) -> tuple[float, float]:
        """The window whose ends lie at these percentiles (0 to 100)."""
        if not self.sample.size:
            return self.first_window
        low, high = (float(value) for value in np.percentile(self.sample, np.clip(percentiles, 0, 100)))
        return (low, high) if high > low else self.first_window


def make_display_image(volume: Volume) -> DisplayImage:
    """Quantise an image and find its first window; takes about 30 ms for a BraTS volume."""
    levels, lowest, step = quantise_12bit(volume.data)
    flat = volume.data.ravel(order="K")
    sample = flat[:: max(1, flat.size // (4 * _SAMPLE)) | 1]
    sample = np.sort(sample[(sample != 0) & np.isfinite(sample)])
    window = percentile_window(volume.data, *FIRST_WINDOW)
    return DisplayImage(levels, lowest, step, sample, window, content_box(volume.data))
