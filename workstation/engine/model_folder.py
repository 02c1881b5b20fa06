"""Keras models to model folders and back; `io/models.py` holds the card and what may be in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from workstation.core.case import CaseFiles
from workstation.core.cost import count_parameters
from workstation.errors import ModelError
from workstation.io.files import replacing_folder, sha256_of
from workstation.io.models import WEIGHTS_NAME, ModelCard, read_model_card, write_model_card


def save_model(folder: Path, model: keras.Model, card: ModelCard) -> ModelCard:
    """Write a model folder beside its place and rename it; what was there before is replaced.

    Raises
    ------
    ExportError
        The folder cannot be written.
    """
    with replacing_folder(folder) as beside:
        model.save(beside / WEIGHTS_NAME)
        return write_model_card(beside, card)


def load_model(folder: Path) -> tuple[keras.Model, ModelCard]:
    """The model of a folder, once it proved to be what its card says.

    Raises
    ------
    ModelError
        As `read_model_card`; or Keras refuses the file; or the network is not that of the card's plan.
    """
    card = read_model_card(folder)
    path = folder / WEIGHTS_NAME
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, AttributeError) as e:
        raise ModelError(
            f"Keras refuses {path}: {str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__}",
            hint="Copy the whole model folder again, or train the model anew.",
            path=path,
        ) from e
    _check_network(model, card, path)
    return model, card


def manifest(
    cases: Sequence[CaseFiles], *, inputs: Sequence[str], should_stop: Callable[[], bool]
) -> list[dict[str, Any]]:
    """Names and hashes of the files that a network was made from, for its card: the sequences `inputs` and the truths.

    Reads every file, unless it is told to stop.
    """
    entries: list[dict[str, Any]] = []
    for case in cases:
        if should_stop():
            break
        images = [*(case.sequences[name] for name in inputs), *([case.truth] if case.truth else [])]
        paths = sorted({image.path for image in images})
        entries.append({"case": case.name, "files": [{"name": path.name, "sha256": sha256_of(path)} for path in paths]})
    return entries


def _check_network(model: keras.Model, card: ModelCard, path: Path) -> None:
    """Refuse a network whose channels or parameters are not those that the card's plan has."""
    expected = (len(card.inputs), len(card.outputs), count_parameters(card.plan).total)
    if len(model.inputs) == len(model.outputs) == 1:
        found = (model.inputs[0].shape[-1], model.outputs[0].shape[-1], model.count_params())
        if len(model.inputs[0].shape) == 5 and found == expected:
            return
    raise ModelError(
        f"{path} is not the network of its card, which has {expected[0]} sequences in, {expected[1]} regions out "
        f"and {expected[2]:,} parameters.",
        hint="Copy the whole model folder again, or train the model anew.",
        path=path,
    )
