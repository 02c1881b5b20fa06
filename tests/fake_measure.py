"""A stand-in for a measuring process without TensorFlow: `python fake_measure.py MODE SECONDS MARK` speaks its lines.

Modes: steps (answers at once, every step takes SECONDS), greedy (takes memory until somebody ends it), broken (breaks
off with a trace), refusing (answers with an error), hanging (never answers), failing (ready, but its steps fail).
A first process with a MARK finds something out, as a real one on a new machine: it leaves that file, and is slower.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

BASELINE, PEAK = 1000, 5000


def words(mode: str, seconds: float = 1.0, mark: Path | str = "") -> tuple[str, ...]:
    """The command of a fake."""
    return sys.executable, __file__, mode, str(seconds), str(mark)


def main(mode: str, seconds: float, mark: str) -> None:
    """Play a measuring process."""
    request = json.loads(sys.stdin.readline())
    if mode == "broken":
        raise ValueError("nobody expected this")
    if mode == "hanging":
        time.sleep(60)
    if mode == "refusing":
        say({"error": "This processor has no bfloat16.", "kind": "RequestError"})
        return
    if mode == "greedy":
        held = []
        while True:
            held.append(bytearray(b"x" * 2**23))
            time.sleep(0.01)
    machine = {"cpu": {"model": "fake"}}
    ready = {"baseline_bytes": BASELINE, "peak_bytes": PEAK, "machine": machine, "onednn": request["onednn"]}
    if mark and not Path(mark).exists():
        Path(mark).touch()
        seconds, ready = 9 * seconds, {**ready, "new_choices": 3}
    if not request["serves"]:
        say({**ready, "seconds": [seconds] * request["steps"]})
        return
    say(ready)
    for line in sys.stdin:
        match json.loads(line)["do"]:
            case "step" if mode == "failing":
                say({"error": "The loss is no number.", "kind": "NonFiniteLoss"})
            case "step" if request["kind"] == "inference":
                say({"seconds": seconds, "forward_seconds": seconds / 2})
            case "step":
                say({"seconds": seconds, "peak_bytes": PEAK + request["batch"]})
            case "rate":
                say({"forward_gflops": 100.0, "forward_rates": []})


def say(answer: object) -> None:
    """One line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
