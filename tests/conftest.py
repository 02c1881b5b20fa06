"""Fixtures shared by all tests: headless Qt, private user folders, the real cases where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from leaks import no_leaks  # noqa: F401 - a fixture that every test takes

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(os.environ.get("WORKSTATION_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(autouse=True)
def private_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings, caches or runs of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    for variable, folder in {
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
        "WORKSTATION_RUNS": "runs",
    }.items():
        monkeypatch.setenv(variable, str(home / folder))


@pytest.fixture(scope="session")
def real_cases() -> Path:
    """Folder of the eleven real BraTS 2021 cases; the test is skipped where they are absent."""
    folder = SHARED / "data" / "brats2021"
    if not folder.is_dir():
        pytest.skip(f"the real cases are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def mask_pairs() -> Path:
    """Folder of the nine predictions with published figures; the test is skipped where it is absent."""
    folder = SHARED / "reference" / "mask_pairs"
    if not folder.is_dir():
        pytest.skip(f"the mask pairs are not at {folder}")
    return folder
