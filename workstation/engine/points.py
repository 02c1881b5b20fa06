"""Measuring processes: started fresh, talked to in lines of JSON, and killed before they take the machine down.

A `Child` gets its request on stdin and answers each line with one on its stdout. While an answer is waited for, the
guard looks at the resident memory of all children every twentieth of a second; when they pass the cap together, the
last to come is killed, with its process group. A child also offers itself to the kernel's own killer first
(`engine/measure.py`). Nothing but processes started here is ever signalled.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import psutil

from workstation.core.measuring import PointRequest
from workstation.engine.environment import machine_facts

GIB = 2**30
LOOK_SECONDS = 0.05
CAP_SHARE = 0.9
SELF: tuple[str, ...] = (sys.executable, "-m", "workstation.engine.measure")
_END_SECONDS = 10.0
# Whatever the cap: below this much the machine itself is in danger.
_LEAST_FREE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class PointOutcome:
    """What became of a question to a measuring process.

    Parameters
    ----------
    state : str
        "ok"; "refused" (its estimate is above the cap, nothing was started); "over_cap" (killed at `reached_bytes`);
        "failed" (it said why, or broke off); "stopped" (on request).
    answer : mapping
        Of a good end.
    reached_bytes : int
    text : str
        Why it was not a good end, for people.
    """

    state: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    reached_bytes: int = 0
    text: str = ""

    @property
    def is_ok(self) -> bool:
        """There is an answer."""
        return self.state == "ok"


class MemoryGuard:
    """The memory that measuring processes may take together.

    Parameters
    ----------
    cap_bytes : int
        0 takes nine tenths of what is available now.
    """

    def __init__(self, cap_bytes: int = 0) -> None:
        self.cap_bytes = cap_bytes or int(CAP_SHARE * machine_facts()["memory"]["available_bytes"])
        self.peak_bytes = 0
        self._children: list[Child] = []

    def refusal(self, estimated_bytes: int) -> PointOutcome | None:
        """Why a process of such an estimate is not started beside those that run; None if it may."""
        taken = sum(child.resident_bytes() for child in self._children)
        if taken + estimated_bytes <= self.cap_bytes:
            return None
        room = (self.cap_bytes - taken) / GIB
        text = f"refused: {estimated_bytes / GIB:.1f} GiB expected, {max(0.0, room):.1f} GiB may be taken"
        return PointOutcome("refused", text=text)

    def add(self, child: Child) -> None:
        """Watch over one more."""
        self._children.append(child)

    def remove(self, child: Child) -> None:
        """Watch over it no longer."""
        self._children = [other for other in self._children if other is not child]

    def look(self) -> None:
        """Kill the last to come if all take too much together."""
        taken = [child.resident_bytes() for child in self._children]
        self.peak_bytes = max(self.peak_bytes, sum(taken))
        is_short = psutil.virtual_memory().available < _LEAST_FREE_BYTES
        if taken and (sum(taken) > self.cap_bytes or is_short):
            self._children[-1].kill_for_memory(taken[-1])


class Child:
    """One measuring process; as a context manager it is gone at the end of the block, whatever happened.

    Parameters
    ----------
    guard : MemoryGuard
    words : sequence of str
        Its command.
    should_stop : callable
        Asked while an answer is waited for.
    """

    def __init__(
        self,
        guard: MemoryGuard,
        words: Sequence[str] = SELF,
        *,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._guard = guard
        self._should_stop = should_stop
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._killed_at_bytes = 0
        self._seen_bytes = 0
        self._unread = b""
        try:
            # A group of its own: Ctrl+C goes to whoever measures, who then ends its children.
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, process_group=0
            )
        except OSError:
            self._said.close()
            raise
        self._memory = psutil.Process(self._process.pid)
        guard.add(self)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(at_once=kind is not None)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def ask(self, message: Mapping[str, Any]) -> PointOutcome:
        """Send a line and wait for the line that answers it."""
        try:
            self._pipe_in.write(json.dumps(message).encode() + b"\n")
            self._pipe_in.flush()
        except OSError:
            return self._ending()
        while True:
            line = self._next_line()
            if line == b"":
                return self._ending()
            if line is not None:
                return _answer_in(line)
            self._guard.look()
            if self._killed_at_bytes:
                return self._ending()
            if self._should_stop():
                self._kill()
                return PointOutcome("stopped", text="stopped on request")

    def resident_bytes(self) -> int:
        """Memory that it holds now; 0 once it is gone."""
        try:
            now = int(self._memory.memory_info().rss)
        except psutil.Error:
            return 0
        self._seen_bytes = max(self._seen_bytes, now)
        return now

    def kill_for_memory(self, resident_bytes: int) -> None:
        """End it at once since it holds so much."""
        self._killed_at_bytes = resident_bytes
        self._kill()

    def close(self, *, at_once: bool = False) -> None:
        """End it in order, or by force if that takes long or is asked for."""
        self._guard.remove(self)
        with suppress(OSError):  # it may be gone before it has read everything
            self._pipe_in.close()
        if at_once:
            self._kill()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.close()

    @property
    def _pipe_in(self) -> Any:
        return self._process.stdin

    def _next_line(self) -> bytes | None:
        """A whole line; None if there is none yet, empty at the end."""
        if b"\n" not in self._unread:
            pipe = self._process.stdout
            if pipe is None or not select.select([pipe], [], [], LOOK_SECONDS)[0]:
                return None
            more = os.read(pipe.fileno(), 65536)
            if not more:
                return b""
            self._unread += more
        line, mark, rest = self._unread.partition(b"\n")
        if not mark:
            return None
        self._unread = rest
        return line + mark

    def _kill(self) -> None:
        """Kill its group; one that was waited for already has no number any more and is left alone."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _ending(self) -> PointOutcome:
        """What became of a process that gives no more answers."""
        if self._killed_at_bytes:
            reached = self._killed_at_bytes
            text = f"killed at {reached / GIB:.2f} GiB; {self._guard.cap_bytes / GIB:.2f} GiB may be taken"
            return PointOutcome("over_cap", reached_bytes=reached, text=text)
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        text = f"it broke off ({how}): {self._last_words()}"
        return PointOutcome("failed", reached_bytes=self._seen_bytes, text=text)

    def _last_words(self) -> str:
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - 4096))
        lines = self._said.read().decode(errors="replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it said nothing")


def measure_point(
    request: PointRequest,
    *,
    guard: MemoryGuard,
    words: Sequence[str] = SELF,
    should_stop: Callable[[], bool] = lambda: False,
) -> PointOutcome:
    """Measure one point in a fresh process, unless its estimate is above the cap.

    Parameters
    ----------
    request : PointRequest
    guard : MemoryGuard
    words : sequence of str
        The command of the process.
    should_stop : callable
        Asked while it works.
    """
    refusal = guard.refusal(request.estimated_bytes())
    if refusal is not None:
        return refusal
    with Child(guard, words, should_stop=should_stop) as child:
        outcome = child.ask(request.as_dict())
    if outcome.answer.get("new_choices"):
        # What it found out is remembered now; the second process has nothing to do but the step.
        with Child(guard, words, should_stop=should_stop) as child:
            outcome = child.ask(request.as_dict())
    return outcome


def _answer_in(line: bytes) -> PointOutcome:
    try:
        answer = json.loads(line)
    except ValueError:
        return PointOutcome("failed", text=f"it answered {line[:80]!r}")
    if not isinstance(answer, dict):
        return PointOutcome("failed", text=f"it answered {line[:80]!r}")
    if answer.get("error"):
        return PointOutcome("failed", answer, text=str(answer["error"]))
    return PointOutcome("ok", answer)
