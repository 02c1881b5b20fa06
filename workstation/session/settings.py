"""What the program remembers of its user between starts, in one ini file; nothing of a case."""

from __future__ import annotations

import getpass
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths

_MOST_RECENT = 10
_MOST_DATA_SETS = 30


def settings() -> QSettings:
    """The user's settings file."""
    # QSettings by organisation looks the folder up once per process; this way a test's own home counts.
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return QSettings(str(Path(folder) / "brats-workstation" / "workstation.ini"), QSettings.Format.IniFormat)


def recent_paths() -> list[Path]:
    """Cases and data sets opened lately that are still there, newest first."""
    stored = settings().value("recent", [])
    # A list of one comes back from an ini file as a string.
    texts = stored if isinstance(stored, list) else [stored] if stored else []
    return [path for path in (Path(str(text)) for text in texts) if path.exists()]


def data_sets() -> list[Path]:
    """Folders of the data sets that were added, newest first; those that are gone too, which may be on a disk."""
    stored = settings().value("data_sets", [])
    texts = stored if isinstance(stored, list) else [stored] if stored else []
    return [Path(str(text)) for text in texts]


def remember_data_set(root: Path) -> None:
    """Put a data set at the top of the list."""
    root = root.resolve()
    _store_data_sets([root, *(each for each in data_sets() if each != root)][:_MOST_DATA_SETS])


def forget_data_set(root: Path) -> None:
    """Take a data set off the list; its files are not touched."""
    _store_data_sets([each for each in data_sets() if each != root])


def _store_data_sets(roots: list[Path]) -> None:
    settings().setValue("data_sets", [str(each) for each in roots])


def remember_path(path: Path) -> None:
    """Put a path at the top of the recent ones."""
    path = path.resolve()
    others = [each for each in recent_paths() if each != path]
    settings().setValue("recent", [str(each) for each in [path, *others][:_MOST_RECENT]])


def login_name() -> str:
    """The name that the user is logged in under; "reader" where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # No name in the environment, and none for the user's number (before Python 3.13: KeyError or ImportError).
        return "reader"
