"""How a run stands, folded from its events one after another.

The fold is incremental: a reader keeps it and feeds what was appended since. It never fails on an event: unknown kinds
and values of a wrong type are left out, since the file may come from a newer version or a damaged disk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeGuard

ENDED_STATES = frozenset({"finished", "stopped", "failed", "killed", "lost"})
STATES = frozenset({"waiting", "preparing", "running", "paused", "stopping"}) | ENDED_STATES
LOST_HINT = "Resume continues from the last checkpoint."


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One look at a run.

    Parameters
    ----------
    name, kind : str
        Of the folder; of the request ("train", "segment").
    created : float
        Unix seconds.
    state : str
        One of `STATES`; "lost" is a reader's conclusion, all others were written.
    is_alive : bool
        The supervisor's heart beats.
    epoch, epochs, step : int
        0 before the first. Epochs count from 1.
    done, total : float
        Progress in `unit` ("step", "epoch", "case"); total 0 if unknown.
    text : str
        What the engine is doing, in words.
    seconds_left : float or None
    loss, dice : float or None
        Of the last step or, where it is later, the last epoch.
    val_loss, val_dice : float or None
        Of the last epoch.
    best_epoch, best_val_dice : int, float or None
        Of the last epoch that was marked as the best; 0 and None before one was.
    rss_bytes, peak_bytes : int
        Resident memory of the engine, 0 if not yet measured.
    estimate_bytes, reserved_bytes : int
        What it is expected to take at its peak, 0 if unknown; what is reserved for it, 0 while nothing is.
    why, place : str, int
        Of a run that waits: what for (see `jobs/admission.py: Verdict`), and its place, 1 for the first.
    wanted_bytes, free_bytes : int
        Of a run that waits: the memory, or room on the disk, that it waits for, and what is left for it.
    beside : str
        Of a run that waits: the quoted names of the runs in its way. Of one that runs: of those that ran when it began.
    warning : str
        What is wrong with it although it goes on: no progress, a full disk.
    reason, hint : str
        Why it ended and what to do; empty for a good end.
    damaged : int
        Lines of events that could not be read.
    """

    name: str
    kind: str
    created: float
    state: str = "waiting"
    is_alive: bool = False
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    done: float = 0
    total: float = 0
    unit: str = ""
    text: str = ""
    seconds_left: float | None = None
    loss: float | None = None
    dice: float | None = None
    val_loss: float | None = None
    val_dice: float | None = None
    best_epoch: int = 0
    best_val_dice: float | None = None
    rss_bytes: int = 0
    peak_bytes: int = 0
    estimate_bytes: int = 0
    reserved_bytes: int = 0
    why: str = ""
    place: int = 0
    wanted_bytes: int = 0
    free_bytes: int = 0
    beside: str = ""
    warning: str = ""
    reason: str = ""
    hint: str = ""
    damaged: int = 0

    @property
    def is_ended(self) -> bool:
        """Nothing more comes unless it is resumed."""
        return self.state in ENDED_STATES

    @property
    def can_resume(self) -> bool:
        """It ended before it was finished, so that it can go on from its last checkpoint."""
        return self.is_ended and self.state != "finished"

    @property
    def fraction(self) -> float | None:
        """Progress from 0 to 1; None if it is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    def seen_alive(self, *, is_alive: bool) -> RunStatus:
        """The same with what the heartbeat says: a run that has not ended and has no heartbeat is lost."""
        if is_alive or self.is_ended:
            return replace(self, is_alive=is_alive and not self.is_ended)
        reason = "The program that watched over the run is gone (killed, or the machine was restarted)."
        lost = replace(self, is_alive=False, state="lost", seconds_left=None, reason=reason, hint=LOST_HINT)
        return replace(lost, warning="", reserved_bytes=0, why="", place=0, wanted_bytes=0, free_bytes=0, beside="")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `status_from_dict` reads back equal."""
        return asdict(self)


def status_from_dict(values: Mapping[str, Any]) -> RunStatus | None:
    """Build from a JSON object; None if it is not a status of this version."""
    if values.keys() != {each.name for each in fields(RunStatus)} or values["state"] not in STATES:
        return None
    return RunStatus(**values)


class StatusFold:
    """A status that is brought up to date event by event.

    Parameters
    ----------
    start : RunStatus
        What is known before the first event.
    """

    def __init__(self, start: RunStatus) -> None:
        self._values: dict[str, Any] = start.as_dict()
        self._take: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "state": self._take_state,
            "progress": self._take_progress,
            "step": self._take_step,
            "epoch": self._take_epoch,
            "course": self._take_course,
            "rewound": self._take_rewound,
            "memory": self._take_memory,
            "failed": self._take_failed,
            "estimate": self._take_estimate,
            "granted": self._take_granted,
            "warning": self._take_warning,
        }

    @property
    def status(self) -> RunStatus:
        """The status after the events so far; it knows nothing of the heartbeat."""
        return RunStatus(**self._values)

    def take(self, event: Mapping[str, Any]) -> None:
        """Bring the status up to date with one event; unknown ones change nothing."""
        take = self._take.get(str(event.get("event")))
        if take is not None:
            take(event)

    def count_damaged(self, lines: int) -> None:
        """Add lines that could not be read."""
        self._values["damaged"] += lines

    def _take_state(self, event: Mapping[str, Any]) -> None:
        state = event.get("state")
        if not isinstance(state, str) or state not in STATES:
            return
        if state == "waiting":
            # Also the first word of a run that is resumed: what it died of is no longer true.
            self._values.update(reason="", hint="", text="", warning="", reserved_bytes=0)
        if state in ENDED_STATES:
            self._values.update(warning="", reserved_bytes=0, beside="")
        if state != "running":
            self._values["seconds_left"] = None
        if state == "waiting" or self._values["state"] == "waiting":
            self._values.update(why="", place=0, wanted_bytes=0, free_bytes=0, beside="")
        self._values["state"] = state
        self._keep(
            event, whole=("place", "wanted_bytes", "free_bytes"), text=("reason", "hint", "text", "why", "beside")
        )

    def _take_progress(self, event: Mapping[str, Any]) -> None:
        self._keep(event, numbers=("done", "total"), text=("unit", "text"))
        left = event.get("seconds_left")
        self._values["seconds_left"] = float(left) if _is_number(left) else None

    def _take_step(self, event: Mapping[str, Any]) -> None:
        self._keep(event, whole=("step", "epoch"), numbers=("loss", "dice"))

    def _take_epoch(self, event: Mapping[str, Any]) -> None:
        self._keep(event, whole=("epoch", "epochs"), numbers=("loss", "dice", "val_loss", "val_dice"))
        if event.get("is_best") is True and _is_number(event.get("epoch")):
            dice = event.get("val_dice")
            self._values["best_epoch"] = int(event["epoch"])
            self._values["best_val_dice"] = float(dice) if _is_number(dice) else None

    def _take_course(self, event: Mapping[str, Any]) -> None:
        """A training was lengthened."""
        self._keep(event, whole=("epochs",))

    def _take_rewound(self, event: Mapping[str, Any]) -> None:
        """A training went back to its best checkpoint: what came after no longer counts."""
        self._keep(event, whole=("epoch", "step"))

    def _take_memory(self, event: Mapping[str, Any]) -> None:
        self._keep(event, whole=("rss_bytes",))
        peak = event.get("peak_bytes")
        if _is_number(peak):
            # Each start of the run counts from nothing; the run's peak is the largest of all.
            self._values["peak_bytes"] = max(self._values["peak_bytes"], int(peak))

    def _take_failed(self, event: Mapping[str, Any]) -> None:
        self._values["reason"] = str(event.get("text") or event.get("kind") or "The engine gave no reason.")
        self._values["hint"] = str(event.get("hint") or "")

    def _take_estimate(self, event: Mapping[str, Any]) -> None:
        self._keep(event, whole=("estimate_bytes",))

    def _take_granted(self, event: Mapping[str, Any]) -> None:
        self._keep(event, whole=("reserved_bytes",), text=("beside",))

    def _take_warning(self, event: Mapping[str, Any]) -> None:
        self._values["warning"] = str(event.get("text") or "")

    def _keep(
        self,
        event: Mapping[str, Any],
        *,
        whole: tuple[str, ...] = (),
        numbers: tuple[str, ...] = (),
        text: tuple[str, ...] = (),
    ) -> None:
        """Copy the fields that are there and of the right type."""
        self._values.update({name: int(event[name]) for name in whole if _is_number(event.get(name))})
        self._values.update({name: float(event[name]) for name in numbers if _is_number(event.get(name))})
        self._values.update({name: event[name] for name in text if isinstance(event.get(name), str)})


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
