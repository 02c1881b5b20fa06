"""What a training tells of itself, as curves over epochs, gathered from its events; no widget.

Steps are kept in series that grow, so that tens of thousands of them cost nothing to add to or to draw again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from workstation.core.labels import REGION_NAMES
from workstation.gui.train.series import Series, StepCurve

Measure = Literal["loss", "dice", "rate", "seconds", "wait_seconds"]
_OF_STEPS: tuple[Measure, ...] = ("loss", "dice", "rate", "seconds", "wait_seconds")
_OF_EPOCHS = ("loss", "dice", "val_loss", "val_dice", "seconds")


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

    A resumed run tells some steps and epochs again: what was told from there on before is dropped.
    """

    def __init__(self) -> None:
        # Step and its measures; step and bytes in use and at the peak so far.
        self._steps = Series(len(_OF_STEPS))
        self._memory = Series(2)
        self._epochs: dict[int, dict[str, float]] = {}
        self._regions: dict[int, dict[str, float]] = {}
        self._sentinels: set[int] = set()
        self._best = 0
        self._steps_per_epoch = 1
        self._peak = 0.0
        self.estimate_bytes = 0
        self.epoch_changes = 0
        """Grows with every change of what belongs to epochs."""
        self._take: dict[str, Callable[[Mapping[str, Any]], bool]] = {
            "step": self._take_step,
            "epoch": self._take_epoch,
            "memory": self._take_memory,
            "estimate": self._take_estimate,
            "sentinel": self._take_sentinel,
            "rewound": self._take_rewound,
        }

    def take(self, events: Iterable[Mapping[str, Any]]) -> bool:
        """Add events; says whether a curve changed."""
        has_changed = False
        for event in events:
            take = self._take.get(str(event.get("event")))
            has_changed |= take is not None and take(event)
        return has_changed

    @property
    def is_empty(self) -> bool:
        """Nothing was trained yet."""
        return not self._steps.count and not self._epochs

    @property
    def best(self) -> Best | None:
        """The best epoch so far; None before the first."""
        epoch = self._epochs.get(self._best)
        if epoch is None:
            return None
        return Best(self._best, epoch["val_dice"], epoch["val_loss"])

    @property
    def sentinel_epochs(self) -> tuple[int, ...]:
        """Epochs whose masks of sentinel cases can be looked at."""
        return tuple(sorted(self._sentinels))

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions of which the validation was scored one by one; empty where there is only one."""
        told = {name for scores in self._regions.values() for name in scores}
        names = [name for name in REGION_NAMES if name in told]
        return tuple(names) if len(names) > 1 else ()

    @property
    def last_epoch(self) -> float:
        """How far it has come: the place of the last step, or the last epoch that was told."""
        return max(self.of_steps("loss").last_epoch, *self._epochs, 0.0)

    def of_steps(self, measure: Measure) -> StepCurve:
        """What each training step had."""
        return StepCurve(self._steps, 1 + _OF_STEPS.index(measure), self._steps_per_epoch)

    def of_epochs(self, measure: Literal["loss", "dice"], *, of: Literal["training", "validation"]) -> Curve:
        """What each epoch had on average in training, or at its end in validation."""
        name = measure if of == "training" else f"val_{measure}"
        epochs = sorted(self._epochs)
        values = [self._epochs[epoch][name] for epoch in epochs]
        return Curve(np.array(epochs, dtype=np.float64), np.array(values, dtype=np.float64))

    def of_region(self, region: str) -> Curve:
        """Dice of a region in the validation of each epoch."""
        epochs = sorted(self._regions)
        values = [self._regions[epoch].get(region, math.nan) for epoch in epochs]
        return Curve(np.array(epochs, dtype=np.float64), np.array(values, dtype=np.float64))

    def of_memory(self, *, at_peak: bool, scale: float = 1.0) -> StepCurve:
        """Bytes times `scale` that the engine held, or that it had held at its peak until then."""
        return StepCurve(self._memory, 2 if at_peak else 1, self._steps_per_epoch, scale)

    def rows(self) -> list[dict[str, Any]]:
        """All steps and epochs as rows of one table: a step has an epoch and a step, an epoch no step."""
        made: list[dict[str, Any]] = []
        for step, *values in self._steps.table.T.tolist():
            epoch = math.ceil(step / self._steps_per_epoch)
            made.append({"epoch": epoch, "step": int(step), **dict(zip(_OF_STEPS, values, strict=True))})
        for epoch, scores in self._epochs.items():
            regions = {f"val_dice_{name}": value for name, value in self._regions.get(epoch, {}).items()}
            made.append({"epoch": epoch, **scores, **regions})
        made.sort(key=lambda row: (row["epoch"], row.get("step", math.inf)))
        return [{name: None if value != value else value for name, value in row.items()} for row in made]

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table of `rows`."""
        names = ("epoch", "step", *_OF_STEPS, "val_loss", "val_dice")
        return (*names, *(f"val_dice_{name}" for name in self.regions))

    def _take_step(self, event: Mapping[str, Any]) -> bool:
        step, epoch = event.get("step"), event.get("epoch")
        if not (isinstance(step, int) and isinstance(epoch, int) and step > 0 and epoch > 0):
            return False
        self._steps.cut(step)
        self._steps.append((step, *(_number(event, name) for name in _OF_STEPS)))
        # Step s of epoch e: an epoch has at least s / e steps, and exactly as many at the end of the first epoch.
        self._steps_per_epoch = max(self._steps_per_epoch, -(-step // epoch))
        return True

    def _take_epoch(self, event: Mapping[str, Any]) -> bool:
        epoch = event.get("epoch")
        if not isinstance(epoch, int):
            return False
        self.epoch_changes += 1
        self._epochs[epoch] = {name: _number(event, name) for name in _OF_EPOCHS}
        scores = event.get("val_regions")
        if isinstance(scores, dict):
            self._regions[epoch] = {str(name): _number(scores, name) for name in scores}
        if event.get("is_best") is True:
            self._best = epoch
        return True

    def _take_memory(self, event: Mapping[str, Any]) -> bool:
        used, peak = _number(event, "rss_bytes"), _number(event, "peak_bytes")
        # The last word of a run is its peak alone.
        if math.isnan(used) or not used or not self._steps.count:
            return False
        self._peak = max(self._peak, used, 0.0 if math.isnan(peak) else peak)
        self._memory.append((float(self._steps.column(0)[-1]), used, self._peak))
        return True

    def _take_estimate(self, event: Mapping[str, Any]) -> bool:
        estimate = _number(event, "estimate_bytes")
        self.epoch_changes += 1
        self.estimate_bytes = 0 if math.isnan(estimate) else int(estimate)
        return not self.is_empty

    def _take_sentinel(self, event: Mapping[str, Any]) -> bool:
        epoch = event.get("epoch")
        if not isinstance(epoch, int) or epoch in self._sentinels:
            return False
        self._sentinels.add(epoch)
        self.epoch_changes += 1
        return True

    def _take_rewound(self, event: Mapping[str, Any]) -> bool:
        """The training went back to the end of an epoch: what came after is void."""
        epoch, step = event.get("epoch"), event.get("step")
        if not (isinstance(epoch, int) and isinstance(step, int)):
            return False
        self.epoch_changes += 1
        self._steps.cut(step + 1)
        self._memory.cut(step + 1)
        self._epochs = {number: scores for number, scores in self._epochs.items() if number <= epoch}
        self._regions = {number: scores for number, scores in self._regions.items() if number <= epoch}
        self._sentinels = {number for number in self._sentinels if number <= epoch}
        return True


def _number(event: Mapping[str, Any], name: str) -> float:
    value = event.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
