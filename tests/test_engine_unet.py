"""The Keras model is the plan's: in its count of weights, its layers, and after saving."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from workstation.core.cost import count_parameters
from workstation.core.network import PRESETS, UNetPlan, expand
from workstation.engine.unet import build_unet

SMALL = UNetPlan(filters=2, depth=2)


def counts(model: keras.Model) -> tuple[int, int, int]:
    total, trainable = model.count_params(), sum(int(np.prod(each.shape)) for each in model.trainable_weights)
    return total, trainable, total - trainable


def test_the_default_model_has_the_papers_parameters() -> None:
    assert counts(build_unet(UNetPlan())) == (5_650_801, 5_647_857, 2_944)


def test_nearest_upsampling_has_its_own_count() -> None:
    assert counts(build_unet(UNetPlan(upsampling="nearest"))) == (5_889_921, 5_886_977, 2_944)


@pytest.mark.parametrize(
    "plan",
    [
        SMALL,
        dataclasses.replace(SMALL, upsampling="nearest"),
        dataclasses.replace(PRESETS["four-regions"], filters=3, depth=3),
    ],
)
def test_arithmetic_and_keras_count_the_same(plan: UNetPlan) -> None:
    assert counts(build_unet(plan)) == count_parameters(plan)


def test_the_layers_of_the_model_are_those_of_the_plan() -> None:
    model = build_unet(SMALL)
    assert {layer.name for layer in model.layers} == {layer.name for layer in expand(SMALL, (4, 4, 4))}


def test_the_model_takes_any_multiple_and_gives_probabilities_of_its_shape() -> None:
    found = build_unet(PRESETS["four-regions"]).predict(np.zeros((1, 16, 32, 16, 4), np.float32), verbose=0)
    assert found.shape == (1, 16, 32, 16, 3)
    assert ((found >= 0) & (found <= 1)).all()


def test_equal_seeds_give_equal_weights_and_others_do_not() -> None:
    first, same, other = (build_unet(SMALL, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_a_saved_model_loads_in_safe_mode_without_code_of_ours(tmp_path: Path) -> None:
    model = build_unet(SMALL)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    data = np.random.default_rng(0).normal(size=(1, 8, 8, 8, 1)).astype(np.float32)
    assert np.array_equal(loaded.predict(data, verbose=0), model.predict(data, verbose=0))
