"""The gate before `workstation train`: a training that this machine can never hold is not started.

A training that only has to wait for others to end fits: the queue holds it back. Refused is what would not fit even
alone into the memory that runs may take, with the options that would make it fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.cli.output import GIB, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from workstation.core.requests import TrainRequest
    from workstation.gui.train.forecast import Forecast
    from workstation.gui.train.remedies import Remedy
    from workstation.jobs.memory import MachineMemory

REFUSED = 4
"""Exit status of a training that does not fit."""


def refusal(request: TrainRequest, root: Path) -> Outcome | None:
    """Why a training is not started among the runs of `root`, and what would make it fit; None where it fits."""
    from workstation.core.servers import HEAD_ROOM
    from workstation.jobs.memory import MachineMemory, machine_memory
    from workstation.jobs.queue_settings import memory_budget, read_queue_settings

    budget = memory_budget(read_queue_settings(root), machine_memory())
    # A machine whose runs may take just that, when nothing else runs on it.
    idle = round(budget / (1 - HEAD_ROOM))
    cost = _forecast(request, MachineMemory(idle, idle))
    if cost.peak_bytes <= budget:
        return None
    lines = [f"not started: it needs {cost.peak_bytes / GIB:.1f} GiB, and runs may take {budget / GIB:.1f} GiB here"]
    lines += [f"  {_options(each)}: {each.peak_bytes / GIB:.1f} GiB{_time(each)}" for each in cost.remedies]
    lines.append("--override starts it all the same." if cost.remedies else "Nothing would make it fit; --override.")
    suggestions = [{"options": _options(each), "peak_bytes": each.peak_bytes} for each in cost.remedies]
    data = {"state": "refused", "peak_bytes": cost.peak_bytes, "budget_bytes": budget, "suggestions": suggestions}
    return Outcome(data, "\n".join(lines), status=REFUSED)


def _forecast(request: TrainRequest, memory: MachineMemory) -> Forecast:
    from workstation.core.estimate import Knowledge
    from workstation.gui.train.data_facts import facts_of
    from workstation.gui.train.forecast import forecast
    from workstation.io.machine_records import machine_records

    facts, records = facts_of(request.data), machine_records(request.settings)
    cases = (facts.usable or {}).get(request.preset, 0)
    knowledge = Knowledge(records.calibration(), records.runs())
    return forecast(request, memory, volume_shape=facts.shape, cases=cases, knowledge=knowledge)


def _options(remedy: Remedy) -> str:
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in remedy.changes.items())


def _time(remedy: Remedy) -> str:
    return f", x{remedy.time_ratio:.2f} the time of a volume" if remedy.time_ratio is not None else ""
