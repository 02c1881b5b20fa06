"""What can be measured in this process: a training step, a prediction, a case from files to mask, a convolution.

A subject is a function that does its work once. It returns what it has to tell beyond the time it took.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workstation.core.measuring import PointRequest
from workstation.core.network import Layer, Shape, UNetPlan, expand, padded_shape
from workstation.core.work import layer_costs
from workstation.engine.choices import Choices
from workstation.engine.model_folder import load_model
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import Placement, make_example
from workstation.engine.segmentation import Segmenter
from workstation.engine.steps import Steps, refusing_to_run_out_of_memory
from workstation.engine.unet import build_unet
from workstation.io.layouts import find_case
from workstation.io.nifti_writing import write_label_map
from workstation.io.places import choices_path

Subject = Callable[[], Mapping[str, float]]

_RATE_ROUNDS = 4
# Larger ones would measure the memory, not the convolution, and may not fit beside what the step has kept.
_RATE_TENSOR_BYTES = 2**31


def subject_of(request: PointRequest) -> Subject:
    """What a request measures, with its model built and its data in memory."""
    return {"train": _training, "predict": _prediction, "inference": _inference}[request.kind](request)


def made_up_batch(plan: UNetPlan, shape: Shape, *, batch: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise like a z-scored image, and nested ellipsoids as its regions.

    Returns
    -------
    inputs : (N, I, J, K, C) float32 ndarray
    targets : (N, I, J, K, R) uint8 ndarray
        The first region fills about 3 % of the volume, each further one lies within it; none is empty.
    """
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((batch, *shape, len(plan.inputs)), dtype=np.float32)
    targets = np.zeros((batch, *shape, len(plan.outputs)), np.uint8)
    axes = [np.arange(side) for side in shape]
    for sample in range(batch):
        parts = [
            ((axis - side * random.uniform(0.4, 0.6)) / max(1.0, 0.2 * side)) ** 2
            for axis, side in zip(axes, shape, strict=True)
        ]
        distance = np.sqrt(parts[0][:, None, None] + parts[1][:, None] + parts[2])
        for region in range(len(plan.outputs)):
            targets[sample, ..., region] = distance < max(0.6**region, float(distance.min()) + 1e-6)
        inputs[sample] += targets[sample, ..., :1]
    return inputs, targets


def forward_rates(plan: UNetPlan, shape: Shape) -> list[dict[str, Any]]:
    """How fast the forward convolutions of a network run alone, for one volume in float32.

    Returns
    -------
    list of dict
        "layer", "shape", "channels_in", "channels_out", "gflops" (of the fastest of a few runs); layers of equal
        sizes are measured once, and ones with tensors above 2 GiB are left out unless there are no others.
    """
    layers = expand(plan, padded_shape(shape, plan.multiple))
    flops = {cost.name: cost.flops for cost in layer_costs(plan, shape)}
    distinct = {
        (layer.shape, layer.channels_in, layer.channels_out): layer
        for layer in reversed(layers)
        if layer.kind == "conv" and layer.kernel == 3
    }
    fitting = [layer for layer in distinct.values() if _tensor_bytes(layer) <= _RATE_TENSOR_BYTES]
    return [
        {
            "layer": layer.name,
            "shape": list(layer.shape),
            "channels_in": layer.channels_in,
            "channels_out": layer.channels_out,
            "gflops": flops[layer.name] / _convolution_seconds(layer) / 1e9,
        }
        for layer in fitting or [min(distinct.values(), key=_tensor_bytes)]
    ]


def _training(request: PointRequest) -> Subject:
    plan, shape = request.plan, request.shape
    choices = Choices(choices_path())
    known = len(choices.table())
    steps = Steps(
        build_unet(plan, seed=request.seed),
        plan,
        loss="dice",
        learning_rate=1e-3,
        shape=shape,
        memory=request.mode,
        precision=request.precision,
        micro_batch=request.micro_batch,
        choices=choices,
    )
    batches = deque(_tensors(replace(request, seed=request.seed + ahead)) for ahead in range(request.read_ahead + 1))
    steps.trace()

    def step() -> Mapping[str, float]:
        batches.rotate()
        loss = steps.train(*batches[0]).loss
        return {"loss": loss, "new_choices": len(choices.table()) - known}

    return step


def _prediction(request: PointRequest) -> Subject:
    model = build_unet(request.plan, seed=request.seed)
    inputs, _ = _tensors(request)
    forward = tf.function(lambda images: model(images, training=False)) if request.mode == "plain" else None
    predictor = Predictor(model, request.plan, Choices(choices_path()))

    def predict() -> Mapping[str, float]:
        with refusing_to_run_out_of_memory():
            found = forward(inputs) if forward is not None else predictor.predict(inputs)
            return {"mean": float(tf.reduce_mean(found))}

    return predict


def _inference(request: PointRequest) -> Subject:
    """From files to a mask on disk; tells what the forward pass alone takes on the same volume right after."""
    segmenter = Segmenter(Path(request.model))
    model, card = load_model(Path(request.model))
    predictor = Predictor(model, card.plan, Choices(choices_path()))
    files = find_case(Path(request.case))
    example = make_example(segmenter.load(files), inputs=card.inputs, orientation=card.orientation)
    inputs = tf.constant(padded(example.inputs, example.background, card.plan.multiple)[np.newaxis])
    folder = tempfile.TemporaryDirectory(prefix="workstation_bench_")

    def infer() -> Mapping[str, float]:
        start = time.perf_counter()
        mask = segmenter.run(files)
        write_label_map(Path(folder.name) / "mask.nii.gz", mask)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        float(predictor.predict(inputs)[0, 0, 0, 0, 0])
        return {"seconds": whole, "forward_seconds": time.perf_counter() - start}

    return infer


def padded(data: np.ndarray, background: np.ndarray, multiple: int) -> np.ndarray:
    """(I, J, K, C) padded about its centre, as a segmentation does it."""
    i, j, k = data.shape[:3]
    return Placement((i, j, k), padded_shape((i, j, k), multiple)).place(data, background)


def _tensors(request: PointRequest) -> tuple[tf.Tensor, tf.Tensor]:
    shape = padded_shape(request.shape, request.plan.multiple)
    inputs, targets = made_up_batch(request.plan, shape, batch=request.batch, seed=request.seed)
    return tf.constant(inputs), tf.constant(targets)


def _tensor_bytes(layer: Layer) -> int:
    return 4 * layer.voxels * (layer.channels_in + layer.channels_out)


def _convolution_seconds(layer: Layer) -> float:
    """Of the fastest of a few runs, after one that allocates."""
    images = tf.random.stateless_normal((1, *layer.shape, layer.channels_in), seed=(1, 2))
    kernel = tf.random.stateless_normal((3, 3, 3, layer.channels_in, layer.channels_out), seed=(3, 4))
    times = []
    for _ in range(_RATE_ROUNDS + 1):
        start = time.perf_counter()
        tf.nn.conv3d(images, kernel, (1, 1, 1, 1, 1), "SAME")
        times.append(time.perf_counter() - start)
    return min(times[1:])
