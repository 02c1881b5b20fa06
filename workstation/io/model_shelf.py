"""The models that there are: those that ship, the user's own, those of finished runs; their names and the default.

The user's own lie in one folder, where imported models go. The name of a model stands in its card; renaming writes
the card anew and leaves the folder where it is, since runs and side-cars name the folder. Which one is the
default is kept by folder and hash of the weights, so that another model in the same place is not taken for it.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from workstation.errors import ExportError, InputError, ModelError
from workstation.io.files import read_json, set_aside, write_json
from workstation.io.models import CARD_NAME, ListedModel, ModelCard, list_models, read_model_card
from workstation.io.places import shipped_models_folder, user_models_folder
from workstation.io.runs import default_runs_root, list_runs

_DEFAULT_NAME = "default.json"
_LONGEST_NAME = 120


class KnownModel(Protocol):
    """What has a folder, a card where it can be used, and an origin."""

    @property
    def folder(self) -> Path:
        """Where it is."""

    @property
    def card(self) -> ModelCard | None:
        """None if it cannot be used."""

    @property
    def origin(self) -> str:
        """ "shipped" where it ships with the program."""


@dataclass(frozen=True, slots=True)
class ShelvedModel:
    """A model and where it comes from.

    Parameters
    ----------
    model : ListedModel
    origin : {"shipped", "own", "run"}
    run : str
        Name of the run that made it; else empty.
    """

    model: ListedModel
    origin: str
    run: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.model.card.name if self.model.card is not None else self.model.folder.name

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.model.folder

    @property
    def card(self) -> ModelCard | None:
        """None if it cannot be used."""
        return self.model.card


def shelved_models(
    *, shipped: Path | None = None, own: Path | None = None, runs_root: Path | None = None
) -> tuple[ShelvedModel, ...]:
    """All models: shipped ones, the user's own, those of finished runs, the newest run first; hashes are not read.

    Parameters
    ----------
    shipped, own, runs_root : Path or None
        Folders to look in; None takes the program's and the user's.
    """
    found = [ShelvedModel(each, "shipped") for each in list_models(shipped or shipped_models_folder())]
    found += [ShelvedModel(each, "own") for each in list_models(own or user_models_folder())]
    for run in list_runs(runs_root or default_runs_root()):
        if run.kind == "train" and (run.model / CARD_NAME).is_file():
            found.append(ShelvedModel(_listed(run.model), "run", run.name))
    return tuple(found)


def model_named(text: str, models: Iterable[ShelvedModel] | None = None) -> Path:
    """The folder of the model that somebody means.

    Parameters
    ----------
    text : str
        A model folder, a run's folder, a model's or run's name, or "default".
    models : iterable of ShelvedModel or None
        Among which names are looked for; None takes all there are.

    Raises
    ------
    ModelError
        There is none, or several have that name.
    """
    path = Path(text)
    for folder in (path, path / "model"):
        if (folder / CARD_NAME).is_file():
            return folder
    known = tuple(shelved_models() if models is None else models)
    if text == "default":
        chosen = default_model(known)
        if chosen is None:
            hint = "Mark one: workstation models default NAME."
            raise ModelError("no model is marked as the default", hint=hint)
        return chosen
    meant = [each for each in known if text in (each.name, each.run or each.folder.name)]
    if len(meant) == 1:
        return meant[0].folder
    if meant:
        folders = ", ".join(str(each.folder) for each in meant)
        raise ModelError(f"{len(meant)} models are called {text}: {folders}", hint="Give the folder instead.")
    if path.exists():
        # Whoever reads the card says what is missing.
        return path
    raise ModelError(f"there is no model {text}", hint="`workstation models` lists them; a folder does as well.")


def rename_model(folder: Path, name: str) -> ModelCard:
    """Give a model another name; its folder and weights stay as they are.

    Raises
    ------
    ModelError
        The name is empty or too long, the model ships with the program, or its card cannot be read.
    ExportError
        The card cannot be written.
    """
    words = " ".join(name.split())
    if not words or len(words) > _LONGEST_NAME or not words.isprintable():
        raise ModelError(f"{name[:40]!r} is no name for a model", hint=f"Use 1 to {_LONGEST_NAME} letters and digits.")
    if folder.resolve().is_relative_to(shipped_models_folder().resolve()):
        hint = "Export it, import the file, and rename that one."
        raise ModelError(f"{folder.name} ships with the program and keeps its name", hint=hint, path=folder)
    card = replace(read_model_card(folder, verify=False), name=words)
    write_json(folder / CARD_NAME, card.as_dict())
    return card


def remove_model(folder: Path) -> None:
    """Delete one of the user's own models.

    Raises
    ------
    ModelError
        It is not in the folder of the user's models.
    ExportError
        It cannot be deleted.
    """
    if folder.resolve().parent != user_models_folder().resolve() or not (folder / CARD_NAME).is_file():
        hint = "Models of runs go with their run; those that ship stay."
        raise ModelError(f"{folder} is not one of your own models", hint=hint, path=folder)
    aside = folder.with_name(f".{secrets.token_hex(4)}.removed")
    try:
        set_aside(folder, aside)
        shutil.rmtree(aside)
    except OSError as error:
        words = f"{folder} could not be removed: {error.strerror or error}"
        raise ExportError(words, hint="Check the folder's rights.", path=folder) from error


def mark_default(folder: Path) -> ModelCard:
    """Take a model for the default from now on; `ModelError` if it cannot be used."""
    card = read_model_card(folder, verify=False)
    write_json(_default_path(), {"folder": str(folder.resolve()), "sha256": card.sha256})
    return card


def default_model(models: Iterable[KnownModel]) -> Path | None:
    """The folder of the default among models: the one marked, else the first that ships; None without either."""
    known = [each for each in models if each.card is not None]
    try:
        marked = read_json(_default_path())
    except InputError:
        marked = {}
    for each in known:
        mark = {"folder": str(each.folder.resolve()), "sha256": each.card.sha256 if each.card else ""}
        if mark == marked:
            return each.folder
    return next((each.folder for each in known if each.origin == "shipped"), None)


def _listed(folder: Path) -> ListedModel:
    try:
        return ListedModel(folder, read_model_card(folder, verify=False), None)
    except ModelError as problem:
        return ListedModel(folder, None, problem)


def _default_path() -> Path:
    return user_models_folder() / _DEFAULT_NAME
