"""The kernel ends a run for want of memory, for real: in a control group of 300 MiB, where one can be made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fake_engine import engine_words, until

from workstation.core.requests import TrainRequest
from workstation.io.runs import RunFolder
from workstation.jobs.memory_watch import kernel_kills
from workstation.jobs.turns import Turns

MIB = 2**20
LIMIT = 300 * MIB
# Looks too seldom to see it coming; the kernel is quicker.
SUPERVISOR = f"""
import sys
from pathlib import Path
from workstation.jobs import supervisor
from workstation.jobs.need import Need

supervisor.need_of = lambda run: Need({100 * MIB})
pace = supervisor.Pace(look=2.0, beat=2.0)
sys.exit(supervisor.supervise(Path(sys.argv[1]), engine={engine_words("hog")!r}, pace=pace))
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group that holds its processes to 300 MiB; the test is skipped where none can be made."""
    root = Path("/sys/fs/cgroup")
    is_old = (root / "memory").is_dir()
    folder = (root / "memory" if is_old else root) / f"workstation-test-{os.getpid()}"
    limits = ("memory.limit_in_bytes",) if is_old else ("memory.max",)
    try:
        folder.mkdir()
        for name in limits:
            (folder / name).write_text(str(LIMIT))
    except OSError as error:
        with suppress(OSError):
            folder.rmdir()
        pytest.skip(f"no control group can be made here: {error}")
    # Without it the processes would be swapped out instead; where there is no swap there is no such file.
    for name in ("memory.memsw.limit_in_bytes", "memory.swap.max"):
        with suppress(OSError):
            (folder / name).write_text(str(LIMIT if "memsw" in name else 0))
    yield folder
    until(lambda: not (folder / "cgroup.procs").read_text(), 30)
    folder.rmdir()


def test_a_run_that_the_kernel_ends_for_memory_says_so(tmp_path: Path, group: Path) -> None:
    run = RunFolder.create(tmp_path, TrainRequest(data="/data"), label="x")
    (run.path / "take").write_text("2000")
    kills = kernel_kills()
    joined = (
        f"from pathlib import Path; Path({str(group / 'cgroup.procs')!r}).write_text(str(__import__('os').getpid()))\n"
    )
    words = [sys.executable, "-c", joined + SUPERVISOR, str(run.path)]
    assert subprocess.run(words, check=False).returncode == 1
    status = run.status()
    assert status.state == "killed"
    assert status.reason.endswith("estimate 100 MiB."), status.reason
    if kills is not None:
        assert "The machine's memory was exhausted and the system ended the run" in status.reason
        assert (kernel_kills() or 0) > kills
    assert "Resume" in status.hint
    assert Turns(run.root).look().running == ()
