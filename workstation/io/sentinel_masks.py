"""The masks of a training's sentinel cases: RUN/sentinels/epoch_000012/CASE.nii.gz, and what was told of each.

The engine writes them (`engine/sentinels.py`); the window and the command line find them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workstation.io.runs import RunFolder


@dataclass(frozen=True, slots=True)
class SentinelMask:
    """What a training made of one case after one epoch.

    Parameters
    ----------
    case : str
    epoch : int
    path : Path
    scheme : str
        Of its labels; its file does not say.
    dice : mapping of str to float
        Of each region; one whose Dice is not defined is left out.
    """

    case: str
    epoch: int
    path: Path
    scheme: str
    dice: MappingProxyType[str, float]


def sentinel_epoch(run: RunFolder, epoch: int) -> Path:
    """The folder of an epoch's masks; the names sort as the epochs do."""
    return run.sentinels / f"epoch_{epoch:06}"


def sentinel_masks(run: RunFolder) -> tuple[SentinelMask, ...]:
    """The masks that are there, by case in the order in which they were first told of, then by epoch."""
    found: dict[str, dict[int, SentinelMask]] = {}
    for event in run.read_events()[0]:
        mask = mask_of_event(run, event)
        if mask is not None and mask.path.is_file():
            found.setdefault(mask.case, {})[mask.epoch] = mask
    return tuple(masks[epoch] for masks in found.values() for epoch in sorted(masks))


def mask_of_event(run: RunFolder, event: dict[str, Any]) -> SentinelMask | None:
    """What an event tells of a mask; None if it is about something else, or damaged."""
    case, epoch, scheme, scores = (event.get(name) for name in ("case", "epoch", "scheme", "dice"))
    if event.get("event") != "sentinel" or not (isinstance(case, str) and isinstance(scheme, str)):
        return None
    if not isinstance(epoch, int):
        return None
    # The path is made, not read: an events file from elsewhere must not lead out of the run.
    path = sentinel_epoch(run, epoch) / f"{Path(case).name}.nii.gz"
    given = scores if isinstance(scores, dict) else {}
    known = {str(name): float(value) for name, value in given.items() if isinstance(value, int | float)}
    return SentinelMask(case, epoch, path, scheme, MappingProxyType(known))
