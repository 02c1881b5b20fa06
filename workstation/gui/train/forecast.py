"""What a training will cost, for the form: memory against what the machine has, parameters and work; no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workstation.core.cost import LayerCost, count_parameters, estimate_train_bytes, layer_costs, step_flops
from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.core.requests import TrainRequest
from workstation.jobs.memory import MachineMemory

DEFAULT_SHAPE: Shape = (240, 240, 155)
"""A BraTS volume, where the data set has not said otherwise."""

# The estimate is good to about 10 %, and other programs want memory too.
_TIGHT = 0.85

Fit = Literal["fits", "tight", "too large"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The cost of one training.

    Parameters
    ----------
    shape : (I, J, K)
        Voxels of a volume as the network sees it, padded.
    batch : int
    peak_bytes : int
    terms : mapping of str to int
        Bytes by cause; their sum is the peak.
    memory : MachineMemory
    parameters, trainable : int
    step_flops : int
        Work of one training step.
    layers : tuple of LayerCost
    """

    shape: Shape
    batch: int
    peak_bytes: int
    terms: Mapping[str, int]
    memory: MachineMemory
    parameters: int
    trainable: int
    step_flops: int
    layers: tuple[LayerCost, ...]

    @property
    def fit(self) -> Fit:
        """Whether the memory that is free now will do."""
        if self.peak_bytes > self.memory.available_bytes:
            return "too large"
        return "tight" if self.peak_bytes > _TIGHT * self.memory.available_bytes else "fits"

    @property
    def could_ever_fit(self) -> bool:
        """An idle machine would do."""
        return self.peak_bytes <= self.memory.total_bytes


def forecast(request: TrainRequest, memory: MachineMemory, *, volume_shape: Shape | None, cases: int = 0) -> Forecast:
    """The cost of a request on data of `volume_shape` and so many cases; None and 0 where that is not known yet."""
    shape = request.shape or volume_shape or DEFAULT_SHAPE
    return forecast_plan(request.plan, shape, memory, batch=request.batch, cases=cases)


def forecast_plan(plan: UNetPlan, shape: Shape, memory: MachineMemory, *, batch: int, cases: int = 0) -> Forecast:
    """The cost of training a network on volumes of a shape."""
    estimate = estimate_train_bytes(plan, shape, batch=batch, cases=cases)
    count = count_parameters(plan)
    return Forecast(
        shape=padded_shape(shape, plan.multiple),
        batch=batch,
        peak_bytes=estimate.peak_bytes,
        terms=estimate.terms,
        memory=memory,
        parameters=count.total,
        trainable=count.trainable,
        step_flops=step_flops(plan, shape, batch=batch),
        layers=layer_costs(plan, shape, batch=batch),
    )
