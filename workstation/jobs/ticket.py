"""A run's place among those that want to run on this machine, and its reservation of memory once it runs.

A ticket is a small JSON file of its own. It belongs to the machine it was written on: memory and process numbers of
another host mean nothing here, so tickets of other hosts are neither counted nor dropped.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.io.files import content_of, write_json
from workstation.jobs.processes import ProcessMark, mark_in


@dataclass(frozen=True, slots=True)
class Ticket:
    """A run's place.

    Parameters
    ----------
    name : str
        Of the run.
    asked : float
        When it was asked to start, in Unix seconds; places follow from it.
    is_running : bool
        It has its turn.
    supervisor : ProcessMark
    engine : ProcessMark or None
        Once it runs. While it lives the turn is taken, even if its supervisor died.
    bytes : int
        Memory that it needs while it waits, and that is reserved for it while it runs; 0 is not known yet.
    is_alone : bool
        It measures times, so nothing may run beside it.
    slot : int
        Which share of the cores is its own, where they are divided.
    host : str
    """

    name: str
    asked: float
    is_running: bool
    supervisor: ProcessMark
    engine: ProcessMark | None = None
    bytes: int = 0
    is_alone: bool = False
    slot: int = 0
    host: str = platform.node()

    @property
    def place(self) -> tuple[float, str]:
        """What the queue is ordered by."""
        return self.asked, self.name

    def is_held(self) -> bool:
        """Somebody alive stands behind it."""
        return self.supervisor.is_alive() or (self.engine is not None and self.engine.is_alive())

    def write(self, path: Path) -> None:
        """Write it as a JSON file."""
        values: dict[str, Any] = {
            "asked": self.asked,
            "is_running": self.is_running,
            **self.supervisor.as_dict(),
            "bytes": self.bytes,
            "is_alone": self.is_alone,
            "slot": self.slot,
            "host": self.host,
        }
        if self.engine is not None:
            values |= self.engine.as_dict("engine_")
        write_json(path, values)


def read_ticket(path: Path) -> Ticket | None:
    """The ticket in a file; None if it is none, or damaged."""
    try:
        values = json.loads(content_of(path))
        supervisor = mark_in(values)
        if supervisor is None:
            return None
        return Ticket(
            name=path.stem,
            asked=float(values["asked"]),
            is_running=values["is_running"] is True,
            supervisor=supervisor,
            engine=mark_in(values, "engine_"),
            bytes=int(values.get("bytes", 0)),
            is_alone=values.get("is_alone") is True,
            slot=int(values.get("slot", 0)),
            host=str(values.get("host", platform.node())),
        )
    except (OSError, ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
        return None
