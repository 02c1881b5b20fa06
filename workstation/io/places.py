"""Where files are that are nobody's data: those that travel with the program, and those it keeps to be quick.

What travels is beside the package in a checkout and inside it in a wheel. What is kept lies in the user's cache folder
and may be deleted at any time. A user's work lies among the user's data: journals of edits, and imported models.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir, user_config_dir, user_data_dir, user_state_dir

_PACKAGE = Path(__file__).resolve().parents[1]


def resources_folder() -> Path:
    """The folder of icons, style and sample definitions."""
    return _travelling("resources")


def shipped_models_folder() -> Path:
    """The folder of the models that ship with the program; may be empty."""
    return _travelling("models")


def user_models_folder() -> Path:
    """The folder of imported models: WORKSTATION_MODELS, else among the user's data; may be absent."""
    given = os.environ.get("WORKSTATION_MODELS")
    return Path(given) if given else data_folder() / "models"


def cache_folder() -> Path:
    """The environment's WORKSTATION_CACHE, else the program's folder in the user's cache; may be absent."""
    given = os.environ.get("WORKSTATION_CACHE")
    return Path(given) if given else Path(user_cache_dir("brats-workstation", appauthor=False))


def data_folder() -> Path:
    """The folder of what users made, such as journals and models; may be absent."""
    return Path(user_data_dir("brats-workstation", appauthor=False))


def config_folder() -> Path:
    """The folder of the user's settings; may be absent."""
    return Path(user_config_dir("brats-workstation", appauthor=False))


def state_folder() -> Path:
    """The folder of logs and reports of crashes; may be absent."""
    return Path(user_state_dir("brats-workstation", appauthor=False))


def example_cache_folder() -> Path:
    """Folder of the decoded cases."""
    return cache_folder() / "examples"


def choices_path() -> Path:
    """File of the forms of operations that proved fastest on each machine."""
    return cache_folder() / "choices.json"


def edits_folder() -> Path:
    """Folder of the journals of edits that were not finished, among the user's data; may be absent."""
    return Path(user_data_dir("brats-workstation", appauthor=False)) / "edits"


def _travelling(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
