"""Whether the program can do its work here: what was looked at, what was found, and what to do about it.

Whatever may crash (OpenGL, TensorFlow, Qt without a screen) is tried in a child process. Nothing is sent anywhere.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from workstation import __version__
from workstation.io.places import cache_folder, config_folder, data_folder, state_folder
from workstation.io.runs import default_runs_root
from workstation.jobs.memory import machine_cores, machine_memory

Verdict = Literal["good", "note", "bad"]
Command = tuple[str, ...]

_GIB = 2**30
_PATIENCE_SECONDS = 120.0
_PYTHONS = ((3, 11), (3, 14))
_PACKAGES = (
    *("PySide6-Essentials", "pyqtgraph", "vtk", "numpy", "scipy", "nibabel", "isal", "psutil", "platformdirs"),
    *("keras", "llvmlite"),
)
_TENSORFLOWS = ("tensorflow-cpu", "tensorflow")
# Versions that are known to fail, with what they do (see pyproject.toml).
_BROKEN = {("PySide6-Essentials", "6.11.0"), ("PySide6-Essentials", "6.11.1")}
_SCREEN_CHILD = """
import json
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
screen = app.primaryScreen()
size = [screen.size().width(), screen.size().height()] if screen else []
print(json.dumps({"platform": app.platformName(), "size": size}))
"""
SCREEN_COMMAND: Command = (sys.executable, "-c", _SCREEN_CHILD)
OPENGL_COMMAND: Command = (sys.executable, "-m", "workstation.gui.scene.probe_child")
ENGINE_COMMAND: Command = (sys.executable, "-m", "workstation", "info", "--json")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
    verdict : {"good", "note", "bad"}
        "note": the program works, but not all of it, or not well.
    found : str
    advice : str
        What to do; empty where all is well.
    """

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine_installation(
    *,
    should_stop: Callable[[], bool] = lambda: False,
    screen: Command = SCREEN_COMMAND,
    opengl: Command = OPENGL_COMMAND,
    engine: Command = ENGINE_COMMAND,
) -> Iterator[Check]:
    """Look at everything, one check after the other; some take seconds.

    Parameters
    ----------
    should_stop : callable
        Asked between checks.
    screen, opengl, engine : tuple of str
        The children that try Qt, OpenGL and TensorFlow; others in tests.
    """
    steps: tuple[Callable[[], list[Check]], ...] = (
        lambda: [check_python(), check_packages()],
        lambda: [check_memory(), *map(check_folder, _folders(), _folders().values())],
        lambda: [check_screen(screen)],
        lambda: [check_opengl(opengl)],
        lambda: [check_engine(engine)],
    )
    for step in steps:
        if should_stop():
            return
        yield from step()


def check_python(found: tuple[int, int] | None = None) -> Check:
    """The version of Python."""
    words = f"workstation {__version__}, Python {platform.python_version()}, {platform.platform()}"
    first, after = _PYTHONS
    if first <= (found or sys.version_info[:2]) < after:
        return Check("Program", "good", words)
    return Check("Program", "bad", words, "Install it with Python 3.11, 3.12 or 3.13.")


def check_packages(version_of: Callable[[str], str] = version) -> Check:
    """The packages that it is made of."""
    missing, broken, found = [], [], []
    for name in (*_PACKAGES, _TENSORFLOWS):
        try:
            text = _first_version(name, version_of) if isinstance(name, tuple) else version_of(name)
        except PackageNotFoundError:
            missing.append(name if isinstance(name, str) else name[0])
            continue
        label = name if isinstance(name, str) else "tensorflow"
        found.append(f"{label} {text}")
        if (label, text) in _BROKEN or (label, text[:6], sys.version_info < (3, 12)) == (_PACKAGES[0], "6.12.0", True):
            broken.append(f"{label} {text}")
    if missing:
        return Check("Packages", "bad", f"missing: {', '.join(missing)}", "Install the program again with pip.")
    if broken:
        return Check("Packages", "bad", f"known to fail: {', '.join(broken)}", "Install another version with pip.")
    return Check("Packages", "good", ", ".join(found))


def check_memory() -> Check:
    """Main memory: 8 GiB read any case comfortably, what a training needs is its estimate's business."""
    memory = machine_memory()
    total, free = memory.total_bytes / _GIB, memory.available_bytes / _GIB
    words = f"{total:.1f} GiB, {free:.1f} GiB free, {machine_cores()} cores"
    if free < 2:
        return Check("Memory", "bad", words, "Close other programs: reading a case takes up to 2 GiB.")
    if total < 8:
        advice = "Cases can be read; trainings at full resolution will not fit. `workstation estimate` says what does."
        return Check("Memory", "note", words, advice)
    return Check("Memory", "good", words)


def check_folder(name: str, folder: Path) -> Check:
    """One of the program's own folders: room, the right to write, and that it is the user's alone."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free / _GIB
    words = f"{folder}: {free:.1f} GiB free" + ("" if place == folder else ", not made yet")
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check(name, "bad", f"{folder} may not be written", f"Give yourself the right to write to {place}.")
    if free < 1:
        return Check(name, "bad", words, "Make room on this disk.")
    if place == folder and hasattr(os, "getuid") and folder.stat().st_mode & 0o077 and name == "Runs":
        advice = f"Others on this machine may look into it; `chmod 700 {folder}` keeps it to you."
        return Check(name, "note", f"{words}, open to others", advice)
    if free < 5:
        return Check(name, "note", words, "Make room: checkpoints and decoded cases take some GiB.")
    return Check(name, "good", words)


def check_screen(command: Command = SCREEN_COMMAND) -> Check:
    """Qt and a screen."""
    if platform.system() == "Linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        advice = "Start it on a desktop, over ssh -X, or with xvfb-run. Commands without a window work."
        return Check("Screen", "note", "there is none", advice)
    facts, problem = _ask(command)
    if problem:
        hint = "libxcb-cursor0" if "xcb" in problem else "the system packages of packaging/prepare-system"
        return Check("Screen", "bad", f"Qt cannot open a window: {problem}", f"Install {hint}.")
    size = "x".join(str(side) for side in facts.get("size", [])) or "no screen"
    return Check("Screen", "good", f"Qt platform {facts.get('platform', '?')}, {size}")


def check_opengl(command: Command = OPENGL_COMMAND) -> Check:
    """Whether the 3D pane can draw."""
    facts, problem = _ask(command)
    if problem or not facts.get("is_drawn"):
        advice = (
            "All but the 3D pane works. Install the graphics driver, or libegl1 and libgl1 for drawing in software."
        )
        return Check("OpenGL", "note", problem or "nothing was drawn", advice)
    return Check("OpenGL", "good", f"{facts.get('renderer', '?')}, VTK {facts.get('version', '?')}")


def check_engine(command: Command = ENGINE_COMMAND) -> Check:
    """Whether TensorFlow starts, and with oneDNN."""
    facts, problem = _ask(command)
    if problem:
        advice = (
            "Cases can be reviewed, but not segmented or trained on. Install the program again; TensorFlow needs AVX."
        )
        return Check("Engine", "bad", f"TensorFlow does not start: {problem}", advice)
    onednn, cpu = facts.get("onednn") or {}, facts.get("cpu") or {}
    features = ", ".join(cpu.get("features", [])) or "no vector extensions"
    words = f"{cpu.get('model', 'unknown processor')} ({features}), oneDNN {'on' if onednn.get('is_on') else 'off'}"
    if not onednn.get("is_on"):
        return Check("Engine", "note", words, "Training will be several times slower. Unset TF_ENABLE_ONEDNN_OPTS.")
    return Check("Engine", "good", words)


def _folders() -> dict[str, Path]:
    return {
        "Runs": default_runs_root(),
        "Data": data_folder(),
        "Settings": config_folder(),
        "Cache": cache_folder(),
        "Reports of crashes": state_folder(),
    }


def _first_version(names: tuple[str, ...], version_of: Callable[[str], str]) -> str:
    for name in names[:-1]:
        try:
            return version_of(name)
        except PackageNotFoundError:
            continue
    return version_of(names[-1])


def _ask(command: Command) -> tuple[dict[str, Any], str]:
    """(the JSON object that a child printed, why there is none)."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_PATIENCE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {}, f"no answer in {_PATIENCE_SECONDS:.0f} s"
    except OSError as error:
        return {}, str(error)
    if done.returncode < 0:
        return {}, f"it was ended by signal {-done.returncode}"
    # `info --json` is one object, indented; the others print one line, perhaps after words of libraries.
    for text in (done.stdout, (done.stdout.strip().splitlines() or [""])[-1]):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict) and done.returncode in (0, 1):
            return found, ""
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return {}, last[:300]
