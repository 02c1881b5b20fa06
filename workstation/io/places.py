"""Where the files that travel with the program are: in a checkout beside the package, in a wheel inside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resources_folder() -> Path:
    """The folder of icons, style and sample definitions."""
    return _travelling("resources")


def models_folder() -> Path:
    """The folder of the models that ship with the program; may be empty."""
    return _travelling("models")


def _travelling(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
