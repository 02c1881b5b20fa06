"""Entropy of probabilities, and what flips and several models cost."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.cost import count_parameters, estimate_segment_bytes
from workstation.core.network import PRESETS, UNetPlan
from workstation.core.requests import SegmentRequest, request_from_dict
from workstation.core.segment_cost import FLIPS, segment_bytes
from workstation.core.uncertainty import entropy_bits, mean_entropy_bits
from workstation.errors import RequestError

SMALL, LARGE = UNetPlan(filters=4, depth=2), PRESETS["flair-wt"]
SHAPE = (64, 48, 32)


@pytest.mark.parametrize(
    ("p", "bits"),
    # -1/4 log2 1/4 - 3/4 log2 3/4 = 0.5 + 0.75 (2 - log2 3)
    [(0.0, 0.0), (1.0, 0.0), (0.5, 1.0), (0.25, 0.5 + 0.75 * (2 - np.log2(3))), (0.75, 0.5 + 0.75 * (2 - np.log2(3)))],
)
def test_the_entropy_of_a_voxel_is_shannons(p: float, bits: float) -> None:
    assert entropy_bits(np.full((1, 1, 1, 1), p, np.float32)) == pytest.approx(bits, abs=1e-6)


def test_regions_are_averaged() -> None:
    assert entropy_bits(np.array([[[[0.5, 0.0, 1.0, 0.5]]]], np.float32)) == pytest.approx(0.5)


def test_the_mean_is_over_the_head() -> None:
    entropy = np.array([[[1.0, 0.5, 0.9]]])
    assert mean_entropy_bits(entropy, np.array([[[True, True, False]]])) == pytest.approx(0.75)
    assert mean_entropy_bits(entropy, np.zeros((1, 1, 3), bool)) == 0


def test_one_model_without_flips_costs_what_it_did() -> None:
    assert segment_bytes([LARGE], SHAPE) == estimate_segment_bytes(LARGE, SHAPE).peak_bytes


def test_a_further_model_adds_its_weights_and_a_sum_of_probabilities() -> None:
    weights = 2 * 4 * count_parameters(SMALL).total
    sums = 2 * 4 * 64 * 48 * 32
    assert segment_bytes([LARGE, SMALL], SHAPE) == segment_bytes([LARGE], SHAPE) + weights + sums


def test_flips_are_the_eight_of_three_axes_and_cost_one_sum() -> None:
    assert len(set(FLIPS)) == 8
    assert segment_bytes([LARGE], SHAPE, flips=True) == segment_bytes([LARGE], SHAPE) + 2 * 4 * 64 * 48 * 32


def test_a_request_of_an_older_version_asks_for_one_model_without_flips() -> None:
    request = request_from_dict("segment", {"model": "/m", "cases": ["/c"]})
    assert isinstance(request, SegmentRequest)
    assert (request.folders, request.flips, request.entropy) == (("/m",), False, False)


def test_a_model_is_not_averaged_with_itself() -> None:
    with pytest.raises(RequestError, match="named twice"):
        SegmentRequest("/m", ("/c",), models=("/m",))
