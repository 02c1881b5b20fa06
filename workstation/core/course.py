"""The course of a training: how many epochs, and the learning rate of each step; as asked, and as changed since.

A training may be lengthened, and its rate lowered from an epoch on, after it was asked for. Such changes are kept with
the run (`io/runs.py: RunFolder.change`), and the rate of a step follows from them and its place alone, so a training
that goes on from a checkpoint takes the same steps as one that never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workstation.core.request_fields import check_range, value_from_dict
from workstation.core.requests import MAX_EPOCHS, TrainRequest, check_learning_rate
from workstation.errors import RequestError


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a training's course.

    Parameters
    ----------
    epochs : int
        How many there are to be now; 0 leaves them.
    learning_rate : float
        From `from_epoch` on; 0 leaves it.
    from_epoch : int
        Counted from 1.
    """

    epochs: int = 0
    learning_rate: float = 0.0
    from_epoch: int = 1

    def __post_init__(self) -> None:
        check_range(self.epochs, 0, MAX_EPOCHS, "epochs")
        check_range(self.from_epoch, 1, MAX_EPOCHS, "from_epoch")
        if self.learning_rate:
            check_learning_rate(self.learning_rate)

    @property
    def is_empty(self) -> bool:
        """It changes nothing."""
        return not (self.epochs or self.learning_rate)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Course:
    """How a training goes.

    Parameters
    ----------
    epochs : int
    decay : {"none", "cosine"}
    rates : tuple of (int, float)
        Epochs from which a learning rate holds, ascending; the first is 1.
    """

    epochs: int
    decay: str
    rates: tuple[tuple[int, float], ...]

    def learning_rate(self, step: int, *, epoch_steps: int) -> float:
        """Of a training step, counted from 0 over the whole training.

        With cosine decay a rate falls to 0 over what is left of the training from where it begins to hold: a longer
        training falls more slowly, so lengthening one that is nearly over lifts the rate again.
        """
        start, rate = 0, self.rates[0][1]
        for epoch, value in self.rates:
            if (epoch - 1) * epoch_steps <= step:
                start, rate = (epoch - 1) * epoch_steps, value
        if self.decay == "none":
            return rate
        left = max(1, self.epochs * epoch_steps - start)
        return rate * (1 + math.cos(math.pi * min(1.0, (step - start) / left))) / 2


def course_of(request: TrainRequest, changes: Iterable[Change]) -> Course:
    """The course of a request after its changes, in their order.

    A rate that is given anew from some epoch on also overrules what was said of later ones.
    """
    epochs, rates = request.epochs, {1: request.learning_rate}
    for change in changes:
        epochs = change.epochs or epochs
        if change.learning_rate:
            rates = {epoch: rate for epoch, rate in rates.items() if epoch < change.from_epoch}
            rates[change.from_epoch] = change.learning_rate
    return Course(epochs, request.decay, tuple(sorted(rates.items())))


def change_from_dict(values: Mapping[str, Any]) -> Change | None:
    """A change from a record of a run; None if it is of a newer version, or damaged."""
    try:
        return value_from_dict(Change, {name: value for name, value in values.items() if name != "time"})
    except RequestError:
        return None
