"""Where models are found: those that ship or were imported, those of finished runs, and added folders; no widget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workstation.errors import ModelError
from workstation.io.models import (
    CARD_NAME,
    WEIGHTS_NAME,
    ModelCard,
    list_models,
    read_model_card,
)
from workstation.io.places import shipped_models_folder, user_models_folder
from workstation.session.settings import settings

_KEY = "models/added"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model folder.

    Parameters
    ----------
    folder : Path
    origin : {"shipped", "imported", "run", "added"}
    run : str
        Name of the run that made it; empty for the others.
    card : ModelCard or None
        None if the card cannot be used.
    problem : ModelError or None
        Why it cannot.
    """

    folder: Path
    origin: str
    run: str
    card: ModelCard | None
    problem: ModelError | None

    @property
    def name(self) -> str:
        """What to call it in the list."""
        return self.card.name if self.card is not None else self.folder.name


def find_models(runs: Iterable[tuple[str, Path]], added: Iterable[Path]) -> tuple[ModelEntry, ...]:
    """All models, cards read and hashes not: shipped, imported, of runs in the order given, added ones.

    Parameters
    ----------
    runs : iterable of (str, Path)
        Names of runs, and where their models would be; a run without a model is left out.
    added : iterable of Path
        Model folders, or folders of such.
    """
    found = [
        ModelEntry(each.folder, origin, "", each.card, each.problem)
        for origin, place in (("shipped", shipped_models_folder()), ("imported", user_models_folder()))
        for each in list_models(place)
    ]
    found += [_entry(folder, "run", run) for run, folder in runs if _is_model_folder(folder)]
    for folder in added:
        if _is_model_folder(folder):
            found.append(_entry(folder, "added", ""))
        else:
            found += [ModelEntry(each.folder, "added", "", each.card, each.problem) for each in list_models(folder)]
    unique = {entry.folder.resolve(): entry for entry in reversed(found)}
    return tuple(reversed(unique.values()))


def check_model(folder: Path) -> ModelError | None:
    """Read the weights too; None if they are those of the card and hold no code, else what is wrong."""
    try:
        read_model_card(folder, verify=True)
    except ModelError as problem:
        return problem
    return None


def added_folders() -> list[Path]:
    """Folders that the user added, in order; those that are not there now are left out."""
    return [path for path in _stored_folders() if path.is_dir()]


def add_folder(folder: Path) -> None:
    """Remember a folder of models.

    Raises
    ------
    ModelError
        There is no model in it.
    """
    folder = folder.resolve()
    if not _is_model_folder(folder) and not list_models(folder):
        raise ModelError(
            f"{folder} holds no model.",
            hint=f"Choose a folder with {WEIGHTS_NAME} and {CARD_NAME}, or a folder of such folders.",
            path=folder,
        )
    others = [each for each in _stored_folders() if each != folder]
    settings().setValue(_KEY, [str(each) for each in [*others, folder]])


def remove_folder(folder: Path) -> None:
    """Forget the added folder that a model came from; nothing is deleted."""
    folder = folder.resolve()
    kept = [each for each in _stored_folders() if each != folder and each != folder.parent]
    settings().setValue(_KEY, [str(each) for each in kept])


def _stored_folders() -> list[Path]:
    """All of them: one may be on a disk that is not there today."""
    stored = settings().value(_KEY, [])
    texts = stored if isinstance(stored, list) else [stored] if stored else []
    return [Path(str(text)) for text in texts]


def _is_model_folder(folder: Path) -> bool:
    return (folder / CARD_NAME).is_file() or (folder / WEIGHTS_NAME).is_file()


def _entry(folder: Path, origin: str, run: str) -> ModelEntry:
    try:
        return ModelEntry(folder, origin, run, read_model_card(folder, verify=False), None)
    except ModelError as problem:
        return ModelEntry(folder, origin, run, None, problem)
