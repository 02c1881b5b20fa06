"""How to train, without what is trained on, as a file that can be kept and given to others.

A recipe holds every field of a training but those that name files or cases of one machine. Whoever opens it keeps the
data set, the split and the names that stand in the form.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workstation.core.requests import TrainRequest
from workstation.errors import InputError, RequestError
from workstation.io.files import read_json, write_json

ENDING = ".recipe.json"
FORMAT = "brats-workstation training recipe"
_VERSION = 1
LOCAL_FIELDS = ("data", "split", "cases", "sentinels", "start_from", "name")
"""Fields of a `TrainRequest` that mean something on one machine alone."""


def save_recipe(path: Path, request: TrainRequest) -> None:
    """Write what of a training others can use.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    recipe = {name: value for name, value in request.as_dict().items() if name not in LOCAL_FIELDS}
    write_json(path, {"format": FORMAT, "version": _VERSION, "recipe": recipe})


def read_recipe(path: Path, *, local: dict[str, Any]) -> TrainRequest:
    """A training by a recipe.

    Parameters
    ----------
    path : Path
    local : dict
        Values of `LOCAL_FIELDS`; "data" must be among them.

    Raises
    ------
    FileMissing
        The file is not there or may not be read.
    InputError
        It is no recipe, or one of a newer version.
    RequestError
        It asks for what there is not.
    """
    values = read_json(path)
    recipe = values.get("recipe")
    if values.get("format") != FORMAT or not isinstance(recipe, dict):
        hint = "Choose a file that was saved as a recipe in Train."
        raise InputError(f"{path} is no recipe of a training", hint=hint, path=path)
    if values.get("version") != _VERSION:
        hint = "Update this program, or ask for the recipe in an older form."
        raise InputError(f"{path} was written by a newer version", hint=hint, path=path)
    unwanted = [name for name in LOCAL_FIELDS if name in recipe]
    if unwanted:
        raise RequestError(f"A recipe does not say {unwanted[0]}.", field=unwanted[0], hint="Mend or remove the file.")
    return TrainRequest.from_dict({**recipe, **local})
