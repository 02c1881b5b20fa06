"""What a segmentation costs with flips and several models: they take turns, so time adds up and memory hardly does."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.core.calibration import Calibration, estimate_prediction_seconds
from workstation.core.cost import FLOAT_BYTES, count_parameters, estimate_segment_bytes
from workstation.core.network import Shape, UNetPlan

FLIPS = tuple((i, j, k) for i in (False, True) for j in (False, True) for k in (False, True))
"""Which axes are flipped in each of the eight predictions."""


def segment_bytes(plans: Sequence[UNetPlan], shape: Shape, *, flips: bool = False, entropy: bool = False) -> int:
    """Expected peak of a segmentation.

    Parameters
    ----------
    plans : sequence of UNetPlan
        Of the models whose probabilities are averaged; at least one.
    shape : (I, J, K)
        Of the case.
    flips, entropy : bool
    """
    largest = max(estimate_segment_bytes(plan, shape).peak_bytes for plan in plans)
    # The other models' weights stay, once as they are and once folded.
    weights = [2 * count_parameters(plan).total * FLOAT_BYTES for plan in plans]
    i, j, k = shape
    voxels = i * j * k
    # The sum so far, and the prediction that is added to it; the entropy's maps come when those are gone.
    regions = max(len(plan.outputs) for plan in plans)
    sums = 2 * voxels * regions * FLOAT_BYTES if flips or len(plans) > 1 else 0
    return largest + sum(weights) - max(weights) + max(sums, 4 * voxels * FLOAT_BYTES if entropy else 0)


def segment_seconds(
    plans: Sequence[UNetPlan], shape: Shape, calibration: Calibration, *, flips: bool = False
) -> float | None:
    """Expected seconds of computing for one case, without files; None where the calibration knows no time."""
    each = [estimate_prediction_seconds(plan, shape, calibration) for plan in plans]
    known = [seconds for seconds in each if seconds is not None]
    return None if len(known) < len(each) else sum(known) * (len(FLIPS) if flips else 1)
