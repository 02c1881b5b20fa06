"""What a training tells its run folder, and how long it still takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from statistics import median

from workstation.engine.environment import memory_in_use
from workstation.engine.steps import Scores
from workstation.engine.tensorboard import ScalarWriter
from workstation.io.runs import RunFolder

_PROGRESS_SECONDS = 0.5
_MEMORY_SECONDS = 10.0
_RECENT = 20


class TrainReport:
    """Writes the events of a training; progress and memory not more often than anyone can read.

    Parameters
    ----------
    run : RunFolder
    epochs : int
    train_steps, validation_steps : int
        Of one epoch.
    regions : sequence of str
        Names of what a validation scores one by one.
    writes_tensorboard : bool
        Whether to write TensorBoard's event files beside.
    """

    def __init__(
        self,
        run: RunFolder,
        *,
        epochs: int,
        train_steps: int,
        validation_steps: int,
        regions: Sequence[str] = (),
        writes_tensorboard: bool = False,
    ) -> None:
        self._run = run
        self._regions = regions
        self._scalars = ScalarWriter(run.path / "tensorboard") if writes_tensorboard else None
        self._epochs = epochs
        self._train_steps = train_steps
        self._validation_steps = validation_steps
        self._train_times: deque[float] = deque(maxlen=_RECENT)
        self._validation_times: deque[float] = deque(maxlen=_RECENT)
        self._next_progress = self._next_memory = 0.0

    def course(self, *, epochs: int, learning_rate: float) -> None:
        """The training has a length and a rate of its next step; also when either was changed."""
        self._epochs = epochs
        self._run.append({"event": "course", "epochs": epochs, "learning_rate": learning_rate})

    def rewound(self, *, epoch: int, total_step: int) -> None:
        """The training goes on from the end of an earlier epoch; what was told of later ones is void."""
        self._run.append({"event": "rewound", "epoch": epoch, "step": total_step})

    def state(self, state: str) -> None:
        """Announce a state."""
        self._run.append({"event": "state", "state": state})

    def step(
        self,
        scores: Scores,
        *,
        total_step: int,
        epoch: int,
        seconds: float,
        wait_seconds: float,
        learning_rate: float,
    ) -> None:
        """A training step is done; the first of a process is left out of the forecast, since it takes its memory."""
        values = {"loss": scores.loss, "dice": scores.dice, "soft_dice": scores.soft_dice, "rate": learning_rate}
        times = {"seconds": seconds, "wait_seconds": wait_seconds}
        self._run.append({"event": "step", "step": total_step, "epoch": epoch, **values, **times})
        if self._scalars is not None:
            self._scalars.write({**values, **times}, step=total_step)
        self._train_times.append(seconds + wait_seconds)
        if len(self._train_times) == 2:
            self._train_times.popleft()

    def validation_step(self, *, seconds: float) -> None:
        """A validation step is done."""
        self._validation_times.append(seconds)

    def progress(self, *, total_step: int, epoch: int, text: str) -> None:
        """Say how far it is; often left out."""
        now = time.monotonic()
        total = self._epochs * self._train_steps
        if now >= self._next_progress or total_step == total:
            self._next_progress = now + _PROGRESS_SECONDS
            left = self._seconds_left(total - total_step, self._epochs - epoch + 1)
            counts = {"done": total_step, "total": total, "unit": "step", "text": text, "seconds_left": left}
            self._run.append({"event": "progress", **counts})
        if now >= self._next_memory:
            self._next_memory = now + _MEMORY_SECONDS
            self.memory()

    def memory(self) -> None:
        """Announce the memory in use."""
        rss, peak = memory_in_use()
        self._run.append({"event": "memory", "rss_bytes": rss, "peak_bytes": peak})

    def epoch(self, train: Scores, validation: Scores | None, *, epoch: int, seconds: float, is_best: bool) -> None:
        """An epoch and its validation are over."""
        values = {
            "loss": train.loss,
            "dice": train.dice,
            "val_loss": validation.loss if validation else None,
            "val_dice": validation.dice if validation else None,
        }
        about = {"epoch": epoch, "epochs": self._epochs, "seconds": seconds, "is_best": is_best}
        scored = dict(zip(self._regions, validation.regions, strict=False)) if validation else {}
        self._run.append({"event": "epoch", **about, **values, "val_regions": scored})
        if self._scalars is not None:
            named = {f"epoch/{name}": value for name, value in values.items()}
            regions = {f"epoch/val_dice_{name}": value for name, value in scored.items()}
            self._scalars.write({**named, **regions}, step=epoch)
            self._scalars.flush()

    def _seconds_left(self, steps: int, validations: int) -> float | None:
        if not self._train_times:
            return None
        validation = median(self._validation_times) if self._validation_times else median(self._train_times) / 3
        return steps * median(self._train_times) + validations * self._validation_steps * validation
