"""Fixtures shared by all tests: headless Qt, private user folders, the real cases where they are present."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from leaks import no_leaks  # noqa: F401 - a fixture that every test takes

from workstation.gui.collector import collect_if_due

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ENGINE = "test_engine_"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tests of the engine run in a process of their own: `pytest --engine`.

    TensorFlow and the software OpenGL that VTK draws with both bring LLVM; loaded into one process they take each
    other's functions for their own, and drawing ends in a segmentation fault. The program keeps them apart, and so do
    its tests.
    """
    parser.addoption("--engine", action="store_true", help="the tests that load TensorFlow, and no others")
    parser.addoption("--count", type=int, default=0, help="how often the kill loops kill; 0: a few times")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect either the tests of the engine or all others."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    is_engine = collection_path.name.startswith(ENGINE)
    return True if is_engine != bool(config.getoption("--engine")) else None


def pytest_configure() -> None:
    """As in the program (`gui/collector.py`): garbage is collected between tests, never in a test's reading thread."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays: neither collections nor `leaks.py` walk through it again for every test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collect what is due."""
    collect_if_due()


@pytest.fixture(autouse=True)
def tensorflow_stays_away(request: pytest.FixtureRequest) -> None:
    """A test that loads TensorFlow belongs into a file named test_engine_*."""
    if not request.config.getoption("--engine"):
        assert "tensorflow" not in sys.modules, "an earlier test loaded TensorFlow into the process of the window"


SHARED = Path(os.environ.get("WORKSTATION_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for the whole session: fixtures of modules are made before `private_user_folders`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSTATION_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


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
        "WORKSTATION_MODELS": "models",
    }.items():
        monkeypatch.setenv(variable, str(home / folder))
    monkeypatch.setenv("WORKSTATION_NOTIFY", "off")


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
