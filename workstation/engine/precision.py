"""Whether this processor computes in bfloat16 faster than in float32: by its features, then by measuring."""

from __future__ import annotations

import statistics
import time

import tensorflow as tf

from workstation.engine.environment import machine_facts
from workstation.engine.operations import conv
from workstation.errors import RequestError

_SIDE = 64
_CHANNELS = 16
_REPETITIONS = 5
_HINT = "Use float32; memory mode low saves as much memory."


def refuse_slow_precision(precision: str) -> None:
    """Raise `RequestError` with the reason where a precision would make a step slower, not faster."""
    if precision == "float32":
        return
    if not {"bf16", "amx"} & set(machine_facts()["cpu"]["features"]):
        raise RequestError(
            "This processor has no instructions for bfloat16 (AVX512-BF16 or AMX), so it would run many times slower.",
            field="precision",
            hint=_HINT,
        )
    speed = relative_speed()
    if speed < 1:
        raise RequestError(
            f"bfloat16 runs at {speed:.2f} times the speed of float32 on this processor, as just measured.",
            field="precision",
            hint=_HINT,
        )


def relative_speed() -> float:
    """Time of a float32 convolution over that of a bfloat16 one; a second or less."""
    seconds: dict[tf.DType, list[float]] = {tf.float32: [], tf.bfloat16: []}
    for repetition in range(_REPETITIONS + 1):
        for kind, times in seconds.items():
            source = tf.ones((1, _SIDE, _SIDE, _SIDE, _CHANNELS), kind)
            kernel = tf.ones((3, 3, 3, _CHANNELS, _CHANNELS), kind)
            start = time.perf_counter()
            conv(source, kernel)
            if repetition:  # the first builds the graph
                times.append(time.perf_counter() - start)
    return statistics.median(seconds[tf.float32]) / statistics.median(seconds[tf.bfloat16])
