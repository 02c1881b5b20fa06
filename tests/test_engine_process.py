"""How an engine is started: behind everything else on the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_AUTOGROUP = Path("/proc/self/autogroup")
# A supervisor that leads a session, or does not, and an engine that says how it stands in its group.
_SUPERVISOR = f"""
import sys, tempfile
from workstation.jobs.engine_process import start_engine
with tempfile.TemporaryFile() as log:
    command = [sys.executable, "-c", "import os; print(os.nice(0), open('{_AUTOGROUP}').read())"]
    start_engine(command, log).wait()
    log.seek(0)
    print(log.read().decode())
"""


@pytest.mark.skipif(not _AUTOGROUP.exists(), reason="a kernel without groups by session")
@pytest.mark.parametrize(("leads_a_session", "nice"), [(True, "nice 10"), (False, "nice 0")])
def test_an_engine_puts_the_session_of_its_supervisor_back_and_no_other(*, leads_a_session: bool, nice: str) -> None:
    # What does not lead a session stands in one of our making, whose group must stay as it is.
    command = [sys.executable, "-c", _SUPERVISOR]
    if not leads_a_session:
        command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run({command!r})"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=True, check=True)
    niceness, _, group = done.stdout.partition(" ")
    assert int(niceness) >= 10
    assert group.strip().endswith(nice)
