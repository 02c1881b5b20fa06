"""What is known of this machine: its calibration, measured runs and servers; and measuring the calibration anew.

The records are files (`io/machine_records.py`); reading them happens beside the window. A calibration is measured by
the command line in a process of its own, which loads TensorFlow and stands back behind the window by its niceness.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QObject, QProcess, QTimer, Signal

from workstation.core.estimate import Job, Knowledge
from workstation.core.refinement import Refinement
from workstation.core.servers import PAPER_SERVERS, THIS_MACHINE, Server, named_servers
from workstation.errors import WorkstationError
from workstation.io.machine_records import machine_records
from workstation.io.server_profiles import read_servers
from workstation.jobs.memory import machine_cores, machine_memory
from workstation.session.background import Background

CALIBRATION_WORDS = (sys.executable, "-m", "workstation", "estimate", "--calibrate", "--json")
_TOPIC = "machine"
_TICK_MS = 500
_PATIENCE_MS = 3000
# As `cli/output.py: ProgressLine` writes where there is no terminal.
_PROGRESS = re.compile(r"\[([# ]{30})\] (.*)")


class RememberedKnowledge(Knowledge):
    """Knowledge that works each refinement out once: over hundreds of runs that takes a noticeable time.

    It has no fields of its own, so equality is that of what is known.
    """

    def memory_refinement(self, job: Job) -> Refinement:
        """As in `Knowledge`."""
        return self._once("memory", job, super().memory_refinement)

    def time_refinement(self, job: Job) -> Refinement:
        """As in `Knowledge`."""
        return self._once("time", job, super().time_refinement)

    def _once(self, what: str, job: Job, work_out: Callable[[Job], Refinement]) -> Refinement:
        found: dict[tuple[str, str, str], Refinement] = self.__dict__.setdefault("found", {})
        key = (what, job.mode, job.precision)
        if key not in found:
            found[key] = work_out(job)
        return found[key]


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What was read.

    Parameters
    ----------
    name : str
        What a measured time depends on, in words.
    knowledge : Knowledge
    servers : tuple of Server
        This machine, the paper's, the user's.
    problem : WorkstationError or None
        Why the user's servers are missing.
    """

    name: str = ""
    knowledge: Knowledge = field(default_factory=RememberedKnowledge)
    servers: tuple[Server, ...] = PAPER_SERVERS
    problem: WorkstationError | None = None


def read_machine() -> MachineFacts:
    """Read the records, and work out how runs refine the estimates; for a thread beside the window."""
    records = machine_records()
    here = Server(THIS_MACHINE, machine_memory().total_bytes, machine_cores())
    problem = None
    own: tuple[Server, ...] = ()
    try:
        own = read_servers()
    except WorkstationError as error:
        problem = error
    knowledge = RememberedKnowledge(records.calibration(), records.runs())
    return MachineFacts(records.machine, knowledge, named_servers([here], PAPER_SERVERS, own), problem)


class Machine(QObject):
    """The machine as the window knows it.

    Parameters
    ----------
    background : Background
    words : sequence of str
        Command that calibrates.
    parent : QObject or None
    """

    changed = Signal()
    """Other facts are known, or a calibration began, went on or ended."""

    def __init__(
        self, background: Background, *, words: Sequence[str] = CALIBRATION_WORDS, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._words = tuple(words)
        self._facts = MachineFacts()
        self._has_read = False
        self._process: QProcess | None = None
        self._is_cancelled = False
        self._text = ""
        self._fraction: float | None = None
        self._errors: list[str] = []
        self._problem = ""
        self._clock = QElapsedTimer()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self.changed)

    @property
    def facts(self) -> MachineFacts:
        """What was read last."""
        return self._facts

    @property
    def has_read(self) -> bool:
        """The records were read at least once."""
        return self._has_read

    @property
    def is_calibrating(self) -> bool:
        """A calibration is under way."""
        return self._process is not None

    @property
    def fraction(self) -> float | None:
        """How far the calibration is, 0 to 1, as it last said; None if it has not."""
        return self._fraction

    @property
    def text(self) -> str:
        """What the calibration is doing, with the seconds since it began; empty if there is none."""
        if self._process is None:
            return ""
        return _tr("{0}, {1} s").format(self._text or _tr("Calibrating"), self._clock.elapsed() // 1000)

    @property
    def problem(self) -> str:
        """Why the last calibration failed, in words; empty if it did not."""
        return self._problem

    def refresh(self) -> None:
        """Read the records again, beside the window."""
        self._background.ask(_TOPIC, read_machine, self._on_read)

    def calibrate(self) -> None:
        """Measure how fast this machine is, in a process of its own; nothing happens while one is under way."""
        if self._process is not None:
            return
        self._is_cancelled, self._problem, self._text, self._fraction = False, "", "", None
        self._errors.clear()
        process = QProcess(self)
        process.readyReadStandardError.connect(self._on_said)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._clock.start()
        self._tick.start()
        # Its answer is in the records.
        process.setStandardOutputFile(QProcess.nullDevice())
        process.start(self._words[0], list(self._words[1:]))
        self.changed.emit()

    def cancel(self) -> None:
        """End a calibration that is under way; what was known stays."""
        if self._process is not None:
            self._is_cancelled = True
            self._process.kill()

    def close(self) -> None:
        """End a calibration that is under way, and wait for it."""
        process = self._process
        if process is None:
            return
        self.cancel()
        process.waitForFinished(_PATIENCE_MS)
        self._end()

    def _on_read(self, facts: MachineFacts) -> None:
        self._facts, self._has_read = facts, True
        self.changed.emit()

    def _on_said(self) -> None:
        if self._process is None:
            return
        for line in bytes(self._process.readAllStandardError().data()).decode(errors="replace").splitlines():
            progress = _PROGRESS.search(line)
            if progress is not None:
                self._fraction, self._text = progress[1].count("#") / 30, progress[2].strip()
            elif line.strip():
                self._errors.append(line.strip())
        self.changed.emit()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        # Of the others `finished` tells.
        if error == QProcess.ProcessError.FailedToStart:
            self._problem = _tr("The calibration could not be started: {0}").format(self._words[0])
            self._end()

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._on_said()
        is_good = status == 0 and how == QProcess.ExitStatus.NormalExit
        if not is_good and not self._is_cancelled:
            reason = next((line for line in self._errors if line.startswith("workstation: ")), "")
            reason = reason.removeprefix("workstation: ") or (self._errors[-1] if self._errors else str(status))
            self._problem = _tr("The calibration failed: {0}").format(reason)
        self._end()
        if is_good:
            self.refresh()

    def _end(self) -> None:
        self._tick.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self.changed.emit()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Machine", text)
