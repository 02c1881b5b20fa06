"""Loss and Dice of a training as curves over epochs, gathered from its events; no widget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Measure = Literal["loss", "dice"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points of a curve.

    Parameters
    ----------
    epochs : (N,) float64 ndarray
        Epoch 3 ends at 3.0; steps lie between.
    values : (N,) float64 ndarray
        NaN where there is none.
    """

    epochs: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch whose weights were kept.

    Parameters
    ----------
    epoch : int
    val_dice, val_loss : float
        NaN where the training had no validation.
    """

    epoch: int
    val_dice: float
    val_loss: float


class CurveData:
    """The curves of one run.

    A resumed run tells some steps and epochs again; what was told last counts.
    """

    def __init__(self) -> None:
        self._steps: dict[int, tuple[int, float, float]] = {}
        self._epochs: dict[int, dict[str, float]] = {}
        self._best = 0
        self._steps_per_epoch = 1

    def take(self, events: Iterable[Mapping[str, Any]]) -> bool:
        """Add events; says whether a curve changed."""
        has_changed = False
        for event in events:
            if event.get("event") == "step":
                has_changed |= self._take_step(event)
            elif event.get("event") == "epoch":
                has_changed |= self._take_epoch(event)
        return has_changed

    @property
    def is_empty(self) -> bool:
        """Nothing was trained yet."""
        return not self._steps and not self._epochs

    @property
    def best(self) -> Best | None:
        """The best epoch so far; None before the first."""
        epoch = self._epochs.get(self._best)
        if epoch is None:
            return None
        return Best(self._best, epoch["val_dice"], epoch["val_loss"])

    def of_steps(self, measure: Measure) -> Curve:
        """What each training step had."""
        column = 1 if measure == "loss" else 2
        steps = sorted(self._steps)
        epochs = np.array(steps, dtype=np.float64) / self._steps_per_epoch
        return Curve(epochs, np.array([self._steps[step][column] for step in steps], dtype=np.float64))

    def of_epochs(self, measure: Measure, *, of: Literal["training", "validation"]) -> Curve:
        """What each epoch had on average in training, or at its end in validation."""
        name = measure if of == "training" else f"val_{measure}"
        epochs = sorted(self._epochs)
        values = [self._epochs[epoch][name] for epoch in epochs]
        return Curve(np.array(epochs, dtype=np.float64), np.array(values, dtype=np.float64))

    def _take_step(self, event: Mapping[str, Any]) -> bool:
        step, epoch = event.get("step"), event.get("epoch")
        if not (isinstance(step, int) and isinstance(epoch, int) and step > 0 and epoch > 0):
            return False
        self._steps[step] = (epoch, _number(event, "loss"), _number(event, "dice"))
        # Step s of epoch e: an epoch has at least s / e steps, and exactly as many at the end of the first epoch.
        self._steps_per_epoch = max(self._steps_per_epoch, -(-step // epoch))
        return True

    def _take_epoch(self, event: Mapping[str, Any]) -> bool:
        epoch = event.get("epoch")
        if not isinstance(epoch, int):
            return False
        self._epochs[epoch] = {name: _number(event, name) for name in ("loss", "dice", "val_loss", "val_dice")}
        if event.get("is_best") is True:
            self._best = epoch
        return True


def _number(event: Mapping[str, Any], name: str) -> float:
    value = event.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
