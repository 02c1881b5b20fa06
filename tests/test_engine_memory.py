"""A real training whose grant is far too small: it dies alone, says why, and the next estimate knows better."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from engine_cases import write_cases

from workstation.core.requests import TrainRequest
from workstation.io.runs import RunFolder
from workstation.jobs.need import Need, need_of
from workstation.jobs.processes import mark_in, own_mark
from workstation.jobs.supervision import read_supervision
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns

MIB = 2**20
# The supervisor of the program, but with an estimate that TensorFlow alone exceeds.
SUPERVISOR = f"""
import sys
from pathlib import Path
from workstation.jobs import need, supervisor

need._of_training = lambda request: need.Need({100 * MIB}, shape=(16, 16, 16))
sys.exit(supervisor.supervise(Path(sys.argv[1])))
"""


def test_a_training_beyond_its_grant_dies_alone_by_name_and_the_next_estimate_is_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.jobs.need._of_training", lambda request: Need(100 * MIB, shape=(16, 16, 16)))
    data = write_cases(tmp_path / "data", count=3)
    request = TrainRequest(str(data), filters=2, depth=1, epochs=500, validation=0.0, test=0.0)
    run = RunFolder.create(tmp_path / "runs", request, label="x")
    assert need_of(run).bytes == 100 * MIB
    other = Ticket("other", 0.0, True, own_mark(), bytes=40 * MIB)
    Turns(run.root).ask(other)
    environment = {**os.environ, "WORKSTATION_MEMORY": "150MiB"}
    assert (
        subprocess.run([sys.executable, "-c", SUPERVISOR, str(run.path)], env=environment, check=False).returncode == 1
    )
    status = run.status()
    assert status.state == "killed"
    told = re.fullmatch(r"Killed for memory at \d+\.\d GiB; estimate 100 MiB\.", status.reason)
    assert told is not None, status.reason
    # The margin is 15 %.
    assert status.peak_bytes > 115 * MIB
    assert Turns(run.root).look().running == (other,)
    engine = mark_in(read_supervision(run), "engine_")
    assert engine is not None and not engine.is_alive()
    # A tenth more than was seen.
    assert need_of(run).bytes == pytest.approx(1.1 * status.peak_bytes, rel=1e-6)
    assert need_of(run).bytes > 115 * MIB
