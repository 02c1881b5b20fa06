"""Executed schedules against a float64 network: gradients, micro-batches, predictions, statistics."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from reference_network import probabilities, weights_of

from workstation.core.network import UNetPlan
from workstation.engine import execution
from workstation.engine.choices import Choices
from workstation.engine.losses import LOSSES, batch_sums
from workstation.engine.operations import FORMS
from workstation.engine.prediction import Predictor
from workstation.engine.steps import Scores, Steps
from workstation.engine.unet import NORM_MOMENTUM, build_unet

SMALL = UNetPlan(filters=4, depth=2)
SHAPE = (8, 8, 12)
PLANS = {
    "batch": SMALL,
    "group": dataclasses.replace(SMALL, normalisation="group", inputs=("T1", "FLAIR"), outputs=("WT", "TC", "ET")),
    "instance": dataclasses.replace(SMALL, normalisation="instance", upsampling="nearest"),
    "one level": UNetPlan(filters=3, depth=1, upsampling="nearest"),
}
# Rounding in float32 moves a few voxels across the kink of a ReLU, which moves a gradient of so few voxels by 1e-3; on
# these seeds none lies so near.
SEEDS = {"batch": 1, "group": 1, "instance": 1, "one level": 3}


@pytest.fixture(scope="module")
def choices() -> Choices:
    return Choices()


@pytest.fixture(autouse=True)
def _fresh_names() -> Iterator[None]:
    keras.backend.clear_session()
    yield


def network(plan: UNetPlan, seed: int) -> keras.Model:
    """A model whose biases and norms are not at their neutral start."""
    model, random = build_unet(plan, seed=seed), np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if not variable.path.endswith("kernel"):
            variable.assign(variable + 0.1 * random.standard_normal(variable.shape).astype(np.float32))
    return model


def batch(plan: UNetPlan, *, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((count, *SHAPE, len(plan.inputs))).astype(np.float32)
    return inputs, (random.random((count, *SHAPE, len(plan.outputs))) > 0.7).astype(np.uint8)


def steps_of(model: keras.Model, plan: UNetPlan, choices: Choices, **options: object) -> Steps:
    given = {"loss": "dice", "learning_rate": 1e-3, "shape": SHAPE, **options}
    return Steps(model, plan, choices=choices, **given)  # type: ignore[arg-type]


def flat(scores: Scores) -> list[float]:
    """All numbers of scores, those of regions last."""
    return [*scores[:3], *scores.regions]


def reference(model: keras.Model, plan: UNetPlan, loss: str, inputs: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Gradients in float64."""
    weights = weights_of(model)
    with tf.GradientTape() as tape:
        found = probabilities(plan, tf.constant(inputs, tf.float64), weights)
        value = LOSSES[loss](batch_sums(tf.constant(truth, tf.float64), found))
    return [each.numpy() for each in tape.gradient(value, [weights[each.path] for each in model.trainable_variables])]


def assert_equal_gradients(model: keras.Model, found: list[tf.Tensor], expected: list[np.ndarray]) -> None:
    largest = max(np.linalg.norm(each) for each in expected)
    for variable, one, other in zip(model.trainable_variables, found, expected, strict=True):
        # The bias before a norm of single channels has no gradient but rounding.
        scale = max(np.linalg.norm(other), 1e-4 * largest)
        assert np.linalg.norm(np.asarray(one, np.float64) - other) <= 1e-4 * scale, variable.path


@pytest.mark.parametrize("loss", ["dice", "bce+dice"])
@pytest.mark.parametrize("memory", ["exact", "low"])
@pytest.mark.parametrize("name", PLANS)
def test_gradients_equal_float64_ones(name: str, memory: str, loss: str, choices: Choices) -> None:
    plan, seed = PLANS[name], SEEDS[name]
    model, (inputs, truth) = network(plan, seed), batch(plan, count=2, seed=seed)
    expected = reference(model, plan, loss, inputs, truth)
    steps = steps_of(model, plan, choices, memory=memory, loss=loss)
    found, _ = steps.gradients(tf.constant(inputs), tf.constant(truth))
    assert_equal_gradients(model, found, expected)


@pytest.mark.parametrize("form", [0, 1])
def test_gradients_do_not_depend_on_the_forms_chosen(form: int) -> None:
    fixed = {operation: list(forms)[min(form, len(forms) - 1)] for operation, forms in FORMS.items()}
    plan = PLANS["batch"]
    model, (inputs, truth) = network(plan, 1), batch(plan, count=2, seed=1)
    steps = steps_of(model, plan, Choices(fixed=fixed))
    found, _ = steps.gradients(tf.constant(inputs), tf.constant(truth))
    assert_equal_gradients(model, found, reference(model, plan, "dice", inputs, truth))


@pytest.mark.parametrize("loss", ["dice", "bce+dice"])
@pytest.mark.parametrize("name", ["group", "instance"])
def test_micro_batches_add_up_to_the_batch(name: str, loss: str, choices: Choices) -> None:
    plan, seed = PLANS[name], SEEDS[name]
    model, (inputs, truth) = network(plan, seed), batch(plan, count=3, seed=seed)
    steps = steps_of(model, plan, choices, loss=loss, micro_batch=2)
    found, scores = steps.gradients(tf.constant(inputs), tf.constant(truth))
    whole, expected_scores = steps_of(model, plan, choices, loss=loss).gradients(
        tf.constant(inputs), tf.constant(truth)
    )
    assert_equal_gradients(model, found, [each.numpy() for each in whole])
    assert_equal_gradients(model, found, reference(model, plan, loss, inputs, truth))
    assert flat(scores) == pytest.approx(flat(expected_scores), rel=1e-5)


def test_batch_norm_has_statistics_of_each_micro_batch(choices: Choices) -> None:
    plan = PLANS["batch"]
    model, (inputs, truth) = network(plan, 1), batch(plan, count=2, seed=1)
    found, _ = steps_of(model, plan, choices, micro_batch=1).gradients(tf.constant(inputs), tf.constant(truth))
    whole, _ = steps_of(model, plan, choices).gradients(tf.constant(inputs), tf.constant(truth))
    differences = [float(tf.norm(a - b) / tf.norm(b)) for a, b in zip(found, whole, strict=True) if tf.norm(b) > 0]
    assert max(differences) > 1e-3


@pytest.mark.parametrize("memory", ["exact", "low", "plain"])
def test_moving_statistics_follow_the_batch(memory: str, choices: Choices) -> None:
    plan = PLANS["batch"]
    model, (inputs, truth) = network(plan, 1), batch(plan, count=2, seed=1)
    first = model.get_layer("encoder0a_conv")
    z = tf.nn.conv3d(tf.constant(inputs), first.kernel, (1,) * 5, "SAME") + first.bias
    steps_of(model, plan, choices, memory=memory).train(tf.constant(inputs), tf.constant(truth))
    norm = model.get_layer("encoder0a_norm")
    seen = z.numpy().reshape(-1, z.shape[-1]).astype(float)
    assert norm.moving_mean.numpy() == pytest.approx((1 - NORM_MOMENTUM) * seen.mean(0), abs=1e-5)
    expected = NORM_MOMENTUM + (1 - NORM_MOMENTUM) * seen.var(0)
    assert norm.moving_variance.numpy() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("memory", ["exact", "low"])
def test_a_step_changes_weights_as_a_plain_one_does(memory: str, choices: Choices) -> None:
    plan = PLANS["group"]
    (inputs, truth), scores = batch(plan, count=2, seed=1), {}
    for mode in (memory, "plain"):
        steps = steps_of(network(plan, 1), plan, choices, memory=mode)
        scores[mode] = [steps.train(tf.constant(inputs), tf.constant(truth)) for _ in range(4)]
    for one, other in zip(scores[memory], scores["plain"], strict=True):
        assert flat(one) == pytest.approx(flat(other), rel=1e-3)
    assert scores[memory][-1].loss < scores[memory][0].loss


@pytest.mark.parametrize("name", PLANS)
def test_a_prediction_is_that_of_keras(name: str, choices: Choices) -> None:
    plan = PLANS[name]
    model, (inputs, _) = network(plan, 1), batch(plan, count=2, seed=1)
    random = np.random.default_rng(5)
    for variable in model.non_trainable_variables:
        variable.assign(random.uniform(0.5, 2, variable.shape).astype(np.float32))
    found = Predictor(model, plan, choices).predict(tf.constant(inputs))
    assert np.allclose(found, model(inputs, training=False), atol=1e-5)


@pytest.mark.parametrize("name", ["batch", "group"])
def test_validation_does_not_depend_on_the_memory_mode(name: str, choices: Choices) -> None:
    plan = PLANS[name]
    model, (inputs, truth) = network(plan, 1), batch(plan, count=1, seed=1)
    found = [
        steps_of(model, plan, choices, memory=memory).validate(tf.constant(inputs), tf.constant(truth))
        for memory in ("exact", "plain")
    ]
    assert flat(found[0]) == pytest.approx(flat(found[1]), rel=1e-4)


def test_bfloat16_activations_give_nearly_the_same_gradients(choices: Choices) -> None:
    plan = PLANS["batch"]
    model, (inputs, truth) = network(plan, 1), batch(plan, count=2, seed=1)
    given = (tf.constant(inputs), tf.constant(truth))
    whole, _ = steps_of(model, plan, choices).gradients(*given)
    short, _ = steps_of(model, plan, choices, precision="bfloat16").gradients(*given)
    one, other = (np.concatenate([np.ravel(each) for each in found]) for found in (short, whole))
    # Eight bits of mantissa: directions agree to a few percent.
    assert one @ other / (np.linalg.norm(one) * np.linalg.norm(other)) > 0.9


def test_a_step_of_more_than_four_gibibytes_gets_its_region(choices: Choices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written to it, so the test needs no such memory; a length of bytes would not fit 32 bits."""
    terms = {"activations": 5 << 30, "transient": 0, "scratch": 0}
    asked: list[int] = []

    def estimated(plan: UNetPlan, shape: object, *, batch: int, **_: object) -> SimpleNamespace:
        asked.append(batch)
        return SimpleNamespace(terms=terms)

    monkeypatch.setattr(execution, "estimate_train_bytes", estimated)
    inputs, truth = batch(SMALL, count=1, seed=1)
    scores = steps_of(network(SMALL, 1), SMALL, choices).train(tf.constant(inputs), tf.constant(truth))
    assert asked == [1]
    assert np.isfinite(scores.loss)


def test_observers_see_every_instruction_with_its_time(choices: Choices) -> None:
    plan, seen = PLANS["batch"], []
    inputs, truth = batch(plan, count=1, seed=1)
    steps = steps_of(
        network(plan, 1), plan, choices, observe=lambda instruction, seconds: seen.append((instruction, seconds))
    )
    steps.train(tf.constant(inputs), tf.constant(truth))
    assert {instruction.operation for instruction, _ in seen} >= {
        "conv",
        "activate",
        "weight_back",
        "pool_back",
        "loss",
    }
    assert all(seconds > 0 for _, seconds in seen)
