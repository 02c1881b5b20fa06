"""Checkpoints: everything that a training needs to go on as if it had never stopped.

One `.npz` file each for the last and the best state: weights, their mean, optimiser and position. Random numbers need
no state of their own, since they follow from (seed, epoch, case). Files are written beside and renamed, so a kill at
any moment leaves the former one whole; they hold plain arrays, no pickled objects.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workstation.engine.steps import Steps
from workstation.errors import NonFiniteLoss, RunError
from workstation.io.files import replacing

LAST, BEST = "last.npz", "best.npz"


@dataclass(slots=True)
class Position:
    """Where a training stands.

    Parameters
    ----------
    epoch : int
        The epoch under way, from 1; one past the last when all are done.
    step : int
        Training steps of it that are behind.
    total_steps : int
        Steps of all epochs.
    sums : (3,) list of float
        Loss, Dice and soft Dice of this epoch's steps so far, weighted by their samples.
    samples : int
        The sum of these weights.
    seconds : float
        Time spent in this epoch so far.
    best_epoch : int
        0 before there is one.
    best_value : float or None
        What makes it the best: validation Dice, or minus the training loss without validation.
    best : dict
        Its metrics, for the model's card.
    start : dict
        The model that training started from, for the card; empty without one.
    """

    epoch: int = 1
    step: int = 0
    total_steps: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    samples: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_value: float | None = None
    best: dict[str, float] = field(default_factory=dict)
    start: dict[str, str] = field(default_factory=dict)


def save_checkpoint(path: Path, steps: Steps, position: Position, *, fingerprint: str) -> None:
    """Write weights, optimiser and position.

    Raises
    ------
    NonFiniteLoss
        A weight is not finite; the file that is there stays.
    """
    arrays = _arrays(steps)
    if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
        raise NonFiniteLoss(
            "The weights became NaN or infinite.",
            hint="Lower the learning rate, then resume from the last good checkpoint.",
        )
    about = json.dumps({"position": asdict(position), "fingerprint": fingerprint})
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, about=np.array(about), **arrays)


def load_checkpoint(path: Path, steps: Steps, *, fingerprint: str) -> Position:
    """Put weights and optimiser back; the position they were saved at.

    Raises
    ------
    RunError
        The file is damaged, or is of another network, data set or recipe.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about: dict[str, Any] = json.loads(str(stored["about"]))
            arrays = {name: stored[name] for name in stored.files if name != "about"}
        position = Position(**about["position"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as e:
        raise RunError(f"{path} is damaged: {e}.", hint="Remove it to start the training anew.", path=path) from e
    variables = _variables(steps)
    fits = about.get("fingerprint") == fingerprint and arrays.keys() == variables.keys()
    if not fits or any(arrays[name].shape != tuple(variables[name].shape) for name in variables):
        raise RunError(
            f"{path} belongs to another network, data set or recipe than this run asks for.",
            hint="Start a new run, or remove the checkpoint to start this one anew.",
            path=path,
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return position


def _variables(steps: Steps) -> dict[str, Any]:
    """Variables by a name that says where they belong; the order is that of their making."""
    weights = {f"weight{index:04}": variable for index, variable in enumerate(steps.model.weights)}
    slots = {f"optimiser{index:04}": variable for index, variable in enumerate(steps.optimiser.variables)}
    averages = {f"average{index:04}": variable for index, variable in enumerate(steps.averages)}
    return weights | slots | averages


def _arrays(steps: Steps) -> dict[str, np.ndarray]:
    return {name: np.asarray(variable.numpy()) for name, variable in _variables(steps).items()}
