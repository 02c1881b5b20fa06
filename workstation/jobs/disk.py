"""Room on the disk of a run folder: enough to begin, and too little to go on.

A checkpoint that cannot be written whole leaves the former one in place (`io/files.py`), so a full disk loses nothing
that was saved; but a training that cannot save wastes its time. So a run waits for room before it starts, and rests
when room becomes short: it goes on by itself when there is enough again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from workstation.core.requests import Request, TrainRequest
from workstation.core.work import count_parameters

LEAST_BYTES = 256 * 2**20
"""For events, log, masks and results of any run."""
_FLOAT_BYTES = 4
# Weights and the two moments of Adam, in the last and the best checkpoint, and in the one that is being written.
_COPIES = 3 * 3


def wanted_bytes(request: Request) -> int:
    """Room that a run should find when it starts; it rests when there is less than half of it."""
    if not isinstance(request, TrainRequest):
        return LEAST_BYTES
    return LEAST_BYTES + _COPIES * _FLOAT_BYTES * count_parameters(request.plan).total


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder."""
    return shutil.disk_usage(folder).free
