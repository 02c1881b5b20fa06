"""Contestants that take turns: one step of ours, one of a rival's, and so on, each in a process of its own.

Machines are noisy, so only steps that were taken right after each other are compared. Ours stays alive the whole time;
of the rivals there is one at a time. A rival that does not fit into memory beside ours is measured when ours is gone,
and its pairs say that they did not alternate.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import psutil

from workstation.core.measuring import Pairs, PointRequest
from workstation.core.requests import BenchRequest
from workstation.engine.points import GIB, SELF, Child, MemoryGuard, PointOutcome

OURS = "ours"
# Peak memory of rivals as multiples of plain Keras with oneDNN, for admission only. Without oneDNN: 4.6 GB against
# 1.8 GB at 96x96x96 (two Zen 4 cores, tensorflow-cpu 2.21); PyTorch keeps each unit's norm as well.
_MEMORY_FACTORS = {"plain_no_onednn": 2.6, "peer": 1.3}
Report = Callable[[int, int, str], None]


class OthersAtWork:
    """How many cores other programs use from now on; what they take makes a comparison unfair.

    PyTorch's threads wait for each other at the end of each loop: beside other work on a machine of two cores its step
    at 48x48x48 took 4 s instead of 0.45 s, while ours was a little slower.
    """

    def __init__(self) -> None:
        self._start = self._taken()
        self._since = time.monotonic()

    def cores(self) -> float:
        """The mean since the start; ended children of this process count as its own."""
        return max(0.0, self._taken() - self._start) / max(1e-9, time.monotonic() - self._since)

    def _taken(self) -> float:
        """Seconds of all cores that others have taken since the machine was started."""
        machine, own = psutil.cpu_times(), os.times()
        return float(machine.user + machine.system + getattr(machine, "nice", 0.0)) - sum(own[:4])


@dataclass
class Tally:
    """What was measured so far, by contestant."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)
    baselines: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, Pairs] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    rate: Mapping[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] | None = None
    is_stopped: bool = False

    def begin(self, name: str, outcome: PointOutcome) -> bool:
        """Note how a process began; whether it is ready."""
        if not self.takes(name, outcome):
            return False
        self.baselines[name] = int(outcome.answer["baseline_bytes"])
        if name == OURS:
            self.machine = outcome.answer["machine"]
        return True

    def takes(self, name: str, outcome: PointOutcome) -> bool:
        """Note an answer or why there is none; whether there is one."""
        if not outcome.is_ok:
            self.is_stopped |= outcome.state == "stopped"
            self.errors[name] = outcome.text
            return False
        if "peak_bytes" in outcome.answer:
            self.peaks[name] = max(self.peaks.get(name, 0), int(outcome.answer["peak_bytes"]))
        if "seconds" in outcome.answer:
            self.seconds.setdefault(name, []).append(float(outcome.answer["seconds"]))
        return True


class Contest:
    """One comparison under way.

    Parameters
    ----------
    request : BenchRequest
    commands : mapping
        Command of the process of each contestant where it is not this program's own.
    report, should_stop : callable
        As in `bench`.
    """

    def __init__(
        self,
        request: BenchRequest,
        commands: Mapping[str, tuple[str, ...]],
        report: Report,
        should_stop: Callable[[], bool],
    ) -> None:
        self._request = request
        self._commands = commands
        self._report = report
        self._should_stop = should_stop
        self._guard = MemoryGuard(int(request.cap_gib * GIB))
        self._done = 0
        self._total = len(request.rivals) * request.steps + 1 + bool(request.model)
        self.tally = Tally()

    def run(self) -> None:
        """Go through the rivals; what fails is noted and the others go on, unless ours fails."""
        waiting = list(self._request.rivals)
        together = [rival for rival in waiting if self._fits_beside_ours(rival)]
        with self._contestant(OURS) as ours:
            if ours is None:
                return
            for rival in together:
                self._alternate(ours, rival)
                if self.tally.is_stopped or OURS in self.tally.errors:
                    return
            if not together:
                self._steps_of(OURS, ours)
            self._measure_rate(ours)
        for rival in (rival for rival in waiting if rival not in together):
            if not self.tally.is_stopped:
                self._one_after_the_other(rival)
        if self._request.model and not self.tally.is_stopped:
            self._measure_inference()

    def point_of(self, name: str) -> PointRequest:
        """What the process of a contestant is asked."""
        request = self._request
        return PointRequest(
            request.plan,
            request.shape,
            batch=request.batch,
            mode={"low": "low", "plain": "plain", "plain_no_onednn": "plain", "peer": "plain"}.get(name, "exact"),
            onednn=name != "plain_no_onednn" and request.settings.onednn,
            threads=request.settings.intra_threads,
            nice=request.settings.nice,
            warm_up=request.warm_up,
            serves=True,
        )

    def estimated_bytes(self, name: str) -> int:
        """Peak memory that a contestant is expected to reach."""
        return round(self.point_of(name).estimated_bytes() * _MEMORY_FACTORS.get(name, 1.0))

    def _fits_beside_ours(self, rival: str) -> bool:
        return self.estimated_bytes(OURS) + self.estimated_bytes(rival) <= self._guard.cap_bytes

    def _child(self, name: str) -> Child:
        return Child(self._guard, self._commands.get(name, SELF), should_stop=self._should_stop)

    @contextmanager
    def _contestant(self, name: str) -> Iterator[Child | None]:
        """A process that has warmed up; None if there is none, and the tally says why."""
        refusal = self._guard.refusal(self.estimated_bytes(name))
        if refusal is not None:
            self.tally.takes(name, refusal)
            yield None
            return
        self._say(f"preparing {name}")
        asked = self.point_of(name).as_dict()
        with self._child(name) as child:
            outcome = child.ask(asked)
            if not outcome.answer.get("new_choices"):
                yield child if self.tally.begin(name, outcome) else None
                return
        # What it found out is remembered now; the second process has nothing to do but its steps.
        with self._child(name) as child:
            yield child if self.tally.begin(name, child.ask(asked)) else None

    def _alternate(self, ours: Child, rival: str) -> None:
        taken: list[tuple[float, float]] = []
        with self._contestant(rival) as other:
            if other is None:
                return
            for pair in range(self._request.steps):
                self._say(f"{OURS} and {rival}, pair {pair + 1} of {self._request.steps}")
                steps = [self._step(OURS, ours), self._step(rival, other)]
                self._done += 1
                if None in steps:
                    break
                taken.append((steps[0] or 0.0, steps[1] or 0.0))
        if taken:
            self.tally.pairs[rival] = Pairs(tuple(taken))

    def _one_after_the_other(self, rival: str) -> None:
        """Measure a rival alone; what ours took, it took before."""
        with self._contestant(rival) as other:
            if other is None:
                return
            self._steps_of(rival, other)
        seconds = zip(self.tally.seconds.get(OURS, []), self.tally.seconds.get(rival, []), strict=False)
        self.tally.pairs[rival] = Pairs(tuple(seconds), is_alternating=False)

    def _steps_of(self, name: str, child: Child) -> None:
        for step in range(self._request.steps):
            self._say(f"{name}, step {step + 1} of {self._request.steps}")
            self._done += name != OURS
            if self._step(name, child) is None:
                return

    def _step(self, name: str, child: Child) -> float | None:
        outcome = child.ask({"do": "step"})
        return float(outcome.answer["seconds"]) if self.tally.takes(name, outcome) else None

    def _measure_rate(self, ours: Child) -> None:
        self._say("forward convolutions alone")
        outcome = ours.ask({"do": "rate"})
        if self.tally.takes("forward_rate", outcome):
            self.tally.rate = outcome.answer
        self._done += 1

    def _measure_inference(self) -> None:
        """From files to mask on disk, and the forward pass right after, again and again."""
        self._say("inference, from files to a mask on disk")
        request = self._request
        point = replace(self.point_of(OURS), kind="inference", model=request.model, case=request.case)
        with self._child(OURS) as child:
            if not self.tally.takes("inference", child.ask(point.as_dict())):
                return
            taken: list[tuple[float, float]] = []
            for _ in range(request.steps):
                outcome = child.ask({"do": "step"})
                if not outcome.is_ok:
                    self.tally.takes("inference", outcome)
                    break
                taken.append((outcome.answer["seconds"], outcome.answer["forward_seconds"]))
        pairs = Pairs(tuple(taken))
        self.tally.inference = {
            "case_seconds": median(case for case, _ in taken) if taken else None,
            "forward_seconds": median(forward for _, forward in taken) if taken else None,
            "ratio": pairs.ratio,
            "pairs": [list(pair) for pair in taken],
        }

    def _say(self, text: str) -> None:
        self._report(min(self._done, self._total), self._total, text)
