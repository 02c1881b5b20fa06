"""Memory of arrays as large as a volume goes back to the system with each of them."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Blocks of 18 MiB, as a volume has, each followed by a small one that stays: freed from a heap, they leave holes.
_PROGRAM = """
import psutil
from workstation.gui.heap import map_large_blocks
assert map_large_blocks()
process, kept = psutil.Process(), []
bytearray(20 * 2**20)  # The largest block freed so far.
before = process.memory_info().rss
volumes = []
for _ in range(8):
    volumes.append(bytearray(b"1") * (18 * 2**20))
    kept.append(bytearray(2000))
held = process.memory_info().rss
del volumes
print((held - before) // 2**20, (process.memory_info().rss - before) // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no such choice")
def test_volumes_that_are_freed_leave_no_holes() -> None:
    answer = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    held, left = (int(figure) for figure in answer.stdout.split())
    assert held >= 8 * 18
    assert left < 18
