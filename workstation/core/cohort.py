"""What many cases amount to: location and spread of a figure, its box plot, and the agreement of two measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

# Share of a normal distribution within its limits: 95 %.
LIMIT_SD = 1.96
WHISKER_IQR = 1.5


@dataclass(frozen=True, slots=True)
class Summary:
    """A figure over cases; every value is NaN where there is no case.

    Parameters
    ----------
    count : int
        Cases in which the figure is defined.
    mean, median, q1, q3, lowest, highest : float
        Quartiles by linear interpolation between order statistics.

    References
    ----------
    Hyndman RJ, Fan Y. The American Statistician 50(4), 1996, 361-365: definition 7.
    """

    count: int
    mean: float
    median: float
    q1: float
    q3: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class BoxPlot:
    """A figure over cases as a box plot.

    Parameters
    ----------
    summary : Summary
    low_whisker, high_whisker : float
        The outermost values within 1.5 interquartile ranges of the box.
    outliers : tuple of float
        Values beyond, sorted.

    References
    ----------
    Tukey JW. Exploratory Data Analysis. Addison-Wesley, 1977.
    """

    summary: Summary
    low_whisker: float
    high_whisker: float
    outliers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Agreement of two measurements of the same things.

    Parameters
    ----------
    means, differences : tuple of float
        Of each pair: (first + second) / 2, and second - first.
    bias : float
        Mean difference; NaN without a pair.
    sd : float
        Standard deviation of the differences, with n - 1; NaN below two pairs.

    References
    ----------
    Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical measurement.
    Lancet 327(8476), 1986, 307-310.
    """

    means: tuple[float, ...]
    differences: tuple[float, ...]
    bias: float
    sd: float

    @property
    def lower(self) -> float:
        """Lower 95 % limit of agreement, bias - 1.96 sd."""
        return self.bias - LIMIT_SD * self.sd

    @property
    def upper(self) -> float:
        """Upper 95 % limit of agreement, bias + 1.96 sd."""
        return self.bias + LIMIT_SD * self.sd


def summarise(values: Iterable[float]) -> Summary:
    """Location and spread of a figure; values that are not finite are left out."""
    finite = _finite(values)
    if not finite.size:
        return Summary(0, *([math.nan] * 6))
    q1, median, q3 = (float(value) for value in np.percentile(finite, (25, 50, 75)))
    return Summary(finite.size, float(finite.mean()), median, q1, q3, float(finite.min()), float(finite.max()))


def box_plot(values: Iterable[float]) -> BoxPlot:
    """The box plot of a figure; values that are not finite are left out, whiskers are NaN without a value."""
    finite = np.sort(_finite(values))
    summary = summarise(finite)
    if not finite.size:
        return BoxPlot(summary, math.nan, math.nan, ())
    reach = WHISKER_IQR * (summary.q3 - summary.q1)
    is_within = (finite >= summary.q1 - reach) & (finite <= summary.q3 + reach)
    within = finite[is_within]
    return BoxPlot(summary, float(within[0]), float(within[-1]), tuple(float(value) for value in finite[~is_within]))


def bland_altman(first: Sequence[float], second: Sequence[float]) -> BlandAltman:
    """Compare two measurements pair by pair.

    Parameters
    ----------
    first, second : sequence of float
        Of one length and unit: the reference, and what is compared with it. Pairs with a value that is not finite are
        left out.

    Raises
    ------
    ValueError
        The lengths differ.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if math.isfinite(a) and math.isfinite(b)]
    means = tuple((a + b) / 2 for a, b in pairs)
    differences = tuple(b - a for a, b in pairs)
    bias = float(np.mean(differences)) if differences else math.nan
    sd = float(np.std(differences, ddof=1)) if len(differences) > 1 else math.nan
    return BlandAltman(means, differences, bias, sd)


def _finite(values: Iterable[float]) -> np.ndarray:
    array = np.array([float(value) for value in values])
    finite: np.ndarray = array[np.isfinite(array)]
    return finite
