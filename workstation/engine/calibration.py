"""Calibration of this machine: real training steps on a tiny and a small volume, instruction by instruction.

The tiny volume tells what starting an instruction costs, the small one what its voxels cost; the plain step, how much
longer Keras takes. Measuring is a few seconds of it, the rest is TensorFlow that compiles; on a machine that has not
yet chosen its operations (`engine/choices.py`), half a minute more.

Other programs can only slow a step down, so of several takes the fastest counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean

import tensorflow as tf

from workstation.core.calibration import Calibration, Kind, Timing, kind_of
from workstation.core.network import Shape, UNetPlan
from workstation.core.schedule import Instruction, training_schedule
from workstation.core.work import count_parameters
from workstation.engine.choices import Choices
from workstation.engine.steps import Steps
from workstation.engine.unet import build_unet

TINY: Shape = (16, 16, 16)
SMALL: Shape = (80, 80, 80)
_TIMED_STEPS = {"exact": 3, "low": 1}
_TIMED_PLAIN_STEPS = 2

Report = Callable[[float, str], None]


@dataclass
class _Observed:
    """Seconds of the instructions of each step by their kind, and of the steps as wholes."""

    plan: UNetPlan
    shape: Shape
    mode: str
    instructions: list[dict[Kind, list[float]]] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)

    def observe(self, instruction: Instruction, seconds: float) -> None:
        """Take down one instruction of the latest step."""
        kind = kind_of(training_schedule(self.plan, self.shape, self.mode), instruction)
        self.instructions[-1].setdefault(kind, []).append(seconds)

    def begin(self) -> None:
        """A step begins."""
        self.instructions.append({})

    def end(self, seconds: float) -> None:
        """The step took so long."""
        self.steps.append(seconds)

    def forget(self) -> None:
        """What there was so far was the warm-up."""
        self.instructions, self.steps = [], []

    def timings(self, precision: str) -> list[Timing]:
        """Of each kind, the mean over the step in which it was least; scaled to add up to the fastest step."""
        counts = {kind: len(taken) for kind, taken in self.instructions[0].items()}
        least = {kind: min(fmean(step[kind]) for step in self.instructions) for kind in counts}
        fastest = min(sum(map(sum, step.values())) for step in self.instructions)
        scale = fastest / sum(count * least[kind] for kind, count in counts.items())
        return [Timing(*kind, scale * seconds, precision) for kind, seconds in least.items()]

    @property
    def rest_seconds(self) -> float:
        """What a step takes beyond its instructions."""
        spent = [sum(map(sum, step.values())) for step in self.instructions]
        return max(0.0, min(whole - part for whole, part in zip(self.steps, spent, strict=True)))


def calibrate(
    machine: str,
    *,
    choices: Choices | None = None,
    plan: UNetPlan | None = None,
    tiny: Shape = TINY,
    small: Shape = SMALL,
    with_bfloat16: bool = False,
    report: Report | None = None,
) -> Calibration:
    """Measure this machine as it is prepared (`engine/environment.py`).

    Parameters
    ----------
    machine : str
        What it is called in the calibration: `io/machine_records.py: machine_name`.
    choices : Choices or None
        Which operations to use; None chooses anew.
    plan : UNetPlan or None
        None is the default plan.
    tiny, small : (I, J, K)
        Multiples of 2**depth.
    with_bfloat16 : bool
        Also measure bfloat16, on a processor that has it.
    report : callable or None
        Gets the fraction done and what is being done.

    Returns
    -------
    Calibration
    """
    plan, choices = plan or UNetPlan(), choices or Choices()
    say = report or (lambda fraction, text: None)
    entries: list[Timing] = []
    exact = 0.0
    rest_seconds = 0.0
    for precision in ("float32", "bfloat16") if with_bfloat16 else ("float32",):
        for position, (shape, mode) in enumerate(((small, "exact"), (small, "low"), (tiny, "exact"), (tiny, "low"))):
            say(0.2 * position, f"measuring {'x'.join(map(str, shape))}, {mode}, {precision}")
            observed = _observe(plan, shape, mode, precision, choices)
            # Both modes know the same instructions but for convolutions that are computed again.
            found = observed.timings(precision)
            entries += found if mode == "exact" else [each for each in found if each.operation.endswith(" again")]
            if (shape, mode, precision) == (small, "exact", "float32"):
                exact, rest_seconds = min(observed.steps), observed.rest_seconds
    say(0.8, "measuring a plain step")
    plain = _plain_seconds(plan, small)
    say(1.0, "done")
    return Calibration(
        machine=machine,
        entries=tuple(entries),
        plain_ratio=plain / exact,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rest_seconds=rest_seconds,
        parameters=count_parameters(plan).trainable,
    )


def _observe(plan: UNetPlan, shape: Shape, mode: str, precision: str, choices: Choices) -> _Observed:
    observed = _Observed(plan, shape, mode)
    steps = Steps(
        build_unet(plan),
        plan,
        loss="dice",
        learning_rate=1e-3,
        shape=shape,
        memory=mode,
        precision=precision,
        choices=choices,
        observe=observed.observe,
    )
    # The optimiser takes a second to compile, and its work does not depend on the size or mode.
    whole = mode == "exact" and shape[0] > plan.multiple
    inputs, targets = _example(plan, shape)
    for position in range(1 + _TIMED_STEPS[mode]):
        observed.begin()
        start = time.perf_counter()
        if whole:
            steps.train(inputs, targets)
        else:
            steps.gradients(inputs, targets)
        observed.end(time.perf_counter() - start)
        if position == 0:
            observed.forget()
    return observed


def _plain_seconds(plan: UNetPlan, shape: Shape) -> float:
    steps = Steps(build_unet(plan), plan, loss="dice", learning_rate=1e-3, shape=shape, memory="plain")
    inputs, targets = _example(plan, shape)
    taken = []
    for _ in range(1 + _TIMED_PLAIN_STEPS):
        start = time.perf_counter()
        steps.train(inputs, targets)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def _example(plan: UNetPlan, shape: Shape) -> tuple[tf.Tensor, tf.Tensor]:
    """Noise, and a truth of a tenth of the voxels, for one volume."""
    inputs = tf.random.stateless_normal((1, *shape, len(plan.inputs)), (1, 2))
    chances = tf.random.stateless_uniform((1, *shape, len(plan.outputs)), (3, 4))
    return inputs, tf.cast(chances > 0.9, tf.uint8)
