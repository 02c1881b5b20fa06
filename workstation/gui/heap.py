"""Where a window's memory comes from: volumes are mapped one by one, so that a case that is left gives all of it back.

glibc takes large blocks from the system one by one, but raises what it calls large to the size of each block that is
freed, up to 32 MiB. A volume of a BraTS case has 18: after the first case, volumes come from the heaps of several
threads, among small blocks that outlive them, and leave holes.
"""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # malloc.h
# Smaller blocks, such as the pictures of panes, are reused many times a second.
LARGE_BYTES = 4 * 2**20


def map_large_blocks() -> bool:
    """Map blocks from `LARGE_BYTES` on, as long as the process lives; False where the C library has no such choice."""
    if sys.platform != "linux":
        return False
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    return choose is not None and bool(choose(_M_MMAP_THRESHOLD, LARGE_BYTES))
