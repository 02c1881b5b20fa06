"""The plan expands to the network of the paper."""

from __future__ import annotations

import pytest

from workstation.core.network import PRESETS, UNetPlan, expand, padded_shape
from workstation.errors import RequestError


def test_shapes_halve_down_to_the_bottom_and_double_again() -> None:
    layers = {layer.name: layer for layer in expand(UNetPlan(), (240, 240, 144))}
    sides = {
        "encoder0b_relu": (240, 240, 144),
        "pool0": (120, 120, 72),
        "bottomb_relu": (15, 15, 9),
        "decoder3b_relu": (30, 30, 18),
        "output": (240, 240, 144),
    }
    assert {name: layers[name].shape for name in sides} == sides


def test_channels_double_with_each_pooling() -> None:
    channels = [layer.channels_out for layer in expand(UNetPlan(), (16, 16, 16)) if layer.kind == "conv"]
    assert channels == [16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 128, 128, 64, 64, 32, 32, 16, 16, 1]


def test_a_concatenation_reads_the_block_of_its_own_level() -> None:
    layers = {layer.name: layer for layer in expand(UNetPlan(depth=2), (8, 8, 8))}
    assert layers["concat1"].inputs == ("up1", "encoder1b_relu")
    assert layers["concat1"].channels_out == 32 + 32


def test_nearest_upsampling_keeps_the_channels_of_the_block_below() -> None:
    layers = {layer.name: layer for layer in expand(UNetPlan(depth=2, upsampling="nearest"), (8, 8, 8))}
    assert layers["concat1"].channels_out == 64 + 32


def test_every_layer_reads_earlier_layers_only() -> None:
    seen: set[str] = set()
    for layer in expand(PRESETS["four-regions"], (16, 16, 16)):
        assert set(layer.inputs) <= seen
        seen.add(layer.name)


def test_the_presets_are_flair_to_whole_tumour_and_four_sequences_to_three_regions() -> None:
    assert {name: (plan.inputs, plan.outputs) for name, plan in PRESETS.items()} == {
        "flair-wt": (("FLAIR",), ("WT",)),
        "four-regions": (("T1", "T1c", "T2", "FLAIR"), ("WT", "TC", "ET")),
    }


def test_a_side_that_is_no_multiple_is_refused_with_the_next_larger_size() -> None:
    with pytest.raises(RequestError) as refused:
        expand(UNetPlan(), (240, 240, 155))
    assert "240x240x160" in refused.value.hint


def test_padding_goes_up_to_the_next_multiple_and_no_further() -> None:
    assert padded_shape((240, 240, 155), 16) == (240, 240, 160)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("filters", {"filters": 0}),
        ("depth", {"depth": 9}),
        ("inputs", {"inputs": ("FLAIR", "FLAIR")}),
        ("outputs", {"outputs": ()}),
        ("normalisation", {"normalisation": "layer"}),
        ("upsampling", {"upsampling": "cubic"}),
    ],
)
def test_a_plan_names_the_field_that_is_wrong(field: str, values: dict[str, object]) -> None:
    with pytest.raises(RequestError) as refused:
        UNetPlan(**values)  # type: ignore[arg-type]
    assert refused.value.field == field
