"""How a folder of runs shares its machine: RUNS/.queue.json, read by every supervisor, window and command line.

Runs side by side share the processor's cores. A run's threads are made when TensorFlow is imported and cannot be
changed later, so there are two ways. "left" (the default): every run has threads for all cores and the system shares
the cores between them; each is slower while the other computes, and at once as fast as ever when the other waits for
files, rests or ends. "divided": each run is kept on its share, 1/`at_once` of the cores, for its whole life; steps
then take the same time whoever runs beside, but the cores of a run that is not there stay idle. So dividing needs to
be told how many runs there may be, and is worth it only where that many nearly always run.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workstation.core.request_fields import check_choice, check_range
from workstation.core.servers import HEAD_ROOM, parse_bytes
from workstation.errors import RequestError, WorkstationError
from workstation.io.files import read_json, write_json
from workstation.jobs.memory import MachineMemory

BUDGET_VARIABLE = "WORKSTATION_MEMORY"
CORES = ("left", "divided")


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How a folder of runs shares its machine.

    Parameters
    ----------
    memory : str
        What runs may take together, as in "64GiB"; empty is nine tenths of what the machine or its container has.
    at_once : int
        Most runs at the same time; 0 is as many as memory allows.
    cores : {"left", "divided"}
        See the module's docstring.
    notifies : bool
        The desktop is told when a run ends.
    """

    memory: str = ""
    at_once: int = 0
    cores: str = "left"
    notifies: bool = True

    def __post_init__(self) -> None:
        hint = "Write an amount such as 64GiB or 1.5TB."
        try:
            is_none = bool(self.memory) and parse_bytes(self.memory) <= 0
        except RequestError as error:
            raise RequestError(error.message, field="memory", hint=hint) from error
        if is_none:
            raise RequestError("The memory of the queue must be above 0.", field="memory", hint=hint)
        check_range(self.at_once, 0, 64, "at_once")
        check_choice(self.cores, CORES, "cores")
        if self.cores == "divided" and self.at_once < 2:
            hint = "Name at least 2 runs at once: each gets that part of the cores."
            raise RequestError("Cores can be divided only among a known number of runs.", field="cores", hint=hint)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def read_queue_settings(root: Path) -> QueueSettings:
    """The settings of a folder of runs; the defaults where there are none, or the file is damaged."""
    path = root / ".queue.json"
    try:
        return QueueSettings(**read_json(path))
    except (WorkstationError, TypeError, AttributeError):
        return QueueSettings()


def write_queue_settings(root: Path, settings: QueueSettings) -> None:
    """Replace the settings; they hold for every start from now on."""
    write_json(root / ".queue.json", settings.as_dict())


def memory_budget(settings: QueueSettings, memory: MachineMemory) -> int:
    """Bytes that all runs may take together: the environment's WORKSTATION_MEMORY, else the settings', else by machine.

    Never more than the machine, or the container we are in, has.
    """
    wanted = os.environ.get(BUDGET_VARIABLE) or settings.memory
    if not wanted:
        return int(memory.total_bytes * (1 - HEAD_ROOM))
    return min(parse_bytes(wanted), memory.total_bytes)


def cores_of_share(settings: QueueSettings, slot: int) -> tuple[int, ...]:
    """The cores of the run in a slot, 0 for the first, where they are divided; empty where they are left to all."""
    if settings.cores != "divided" or not hasattr(os, "sched_getaffinity"):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    share = max(1, len(cores) // settings.at_once)
    first = slot * share % (len(cores) // share * share)
    return tuple(cores[first : first + share])
