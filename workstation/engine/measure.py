"""`python -m workstation.engine.measure`: one point, measured in this process; lines of JSON in and out.

The first line on stdin is a `PointRequest`. Without `serves` its steps are gone through at once and one line is the
answer. With `serves` the answer to the request comes after the warm-up, and then each line asks for something:

    {"do": "step"}    one step: {"seconds", "peak_bytes"}, and what else the kind of point tells
    {"do": "rate"}    {"forward_gflops", "forward_rates"}: the network's forward convolutions, alone
    {"do": "end"}     {"peak_bytes"}, and the process ends; so it does at the end of stdin

"new_choices" counts the operations whose fastest form was found out on the way (`engine/choices.py`): that takes memory
and time which are not the step's, so whoever asked does better to begin anew in another process.

Whatever goes wrong in a way that a user understands is a line {"error", "kind"}; anything else is a trace on stderr and
an exit status. `engine/peer_torch.py` speaks the same protocol.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workstation.core.measuring import PointRequest
from workstation.core.requests import EngineSettings
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from workstation.engine.subjects import Subject

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Answer the lines of stdin; the exit code."""
    # Descriptor 1 will belong to whatever native libraries print.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    offer_to_the_killer()
    try:
        request = PointRequest.from_dict(json.loads(sys.stdin.readline()))
        _measure(request, sys.stdin, lambda answer: _say(answers, answer))
    except WorkstationError as error:
        _say(answers, {"error": f"{error.message} {error.hint}".strip(), "kind": type(error).__name__})
        return 1
    return 0


def offer_to_the_killer() -> None:
    """Be the first that the kernel ends when memory is short, and end with the process that started this one."""
    with suppress(OSError):  # there is no such file but on Linux
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def peak_bytes() -> int:
    """The most that was resident in this process so far."""
    from workstation.engine.environment import memory_in_use

    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return memory_in_use()[1]


def _measure(request: PointRequest, commands: IO[str], say: Callable[[dict[str, Any]], None]) -> None:
    from workstation.engine.environment import describe, memory_in_use, prepare

    settings = EngineSettings(onednn=request.onednn, intra_threads=request.threads, nice=request.nice)
    with prepare(settings):
        from workstation.engine.subjects import subject_of

        subject = subject_of(request)
        facts: dict[str, Any] = {"baseline_bytes": memory_in_use()[0], "machine": describe()}
        facts["onednn"] = facts["machine"]["onednn"]["is_on"]
        facts["new_choices"] = 0
        for _ in range(request.warm_up):
            facts["new_choices"] = _timed(subject).get("new_choices", 0)
        if not request.serves:
            say(_all_at_once(subject, request, facts))
            return
        say({**facts, "peak_bytes": peak_bytes()})
        _serve(subject, request, commands, say)


def _all_at_once(subject: Subject, request: PointRequest, facts: dict[str, Any]) -> dict[str, Any]:
    taken = [_timed(subject) for _ in range(request.steps)]
    # The rate comes last: its tensors must not count as the step's.
    seconds = [each["seconds"] for each in taken]
    answer = {**facts, "seconds": seconds, "peak_bytes": peak_bytes(), "new_choices": taken[-1].get("new_choices", 0)}
    return {**answer, **(_rate(request) if request.with_rate else {})}


def _serve(subject: Subject, request: PointRequest, commands: IO[str], say: Callable[[dict[str, Any]], None]) -> None:
    for line in commands:
        match json.loads(line).get("do"):
            case "step":
                say({**_timed(subject), "peak_bytes": peak_bytes()})
            case "rate":
                say(_rate(request))
            case "end":
                say({"peak_bytes": peak_bytes()})
                return
            case other:
                say({"error": f"There is no command {other!r}."})


def _timed(subject: Subject) -> dict[str, float]:
    start = time.perf_counter()
    told = subject()
    return {"seconds": time.perf_counter() - start, **told}


def _rate(request: PointRequest) -> dict[str, Any]:
    from workstation.engine.subjects import forward_rates

    rates = forward_rates(request.plan, request.shape)
    return {"forward_rates": rates, "forward_gflops": max((rate["gflops"] for rate in rates), default=None)}


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
