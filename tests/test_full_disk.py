"""A disk that is really full: a small tmpfs, where a user may mount one for himself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import full_disk
import pytest
from fault_points import POINTS

APART = ["unshare", "--map-root-user", "--mount"]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Where one can be mounted that nobody else sees; the test is skipped where that is not allowed."""
    (tmp_path / "disk").mkdir()
    words = [*APART, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path / "disk")]
    try:
        tried = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare (util-linux)")
    if tried.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {tried.stderr.strip()}")
    return tmp_path / "disk"


def test_a_full_disk_leaves_the_old_or_the_new_state_and_somebody_is_told(disk: Path) -> None:
    command = [*APART, sys.executable, full_disk.__file__, str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: problems for name, (problems, _) in found.items() if problems} == {}
    without_engine = {point.name for point in POINTS if not point.needs_engine}
    assert found.keys() == without_engine
    # What needs no page more than it has (an event, a place that is given back) fits in; caches do without.
    assert sum(failures > 0 for _, failures in found.values()) > len(found) / 2
    assert not any(disk.iterdir())
