"""The 3D picture of a report, drawn by a child process; where OpenGL does not work, the reason in words instead."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage, QPainter

from workstation.gui.report.scene_child import scene_camera
from workstation.gui.report.slices import SIDE, annotate
from workstation.gui.report.words import tr
from workstation.gui.scene.probe import WINDOW_VARIABLE
from workstation.io.case_report import CaseFacts

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05
COMMAND = (sys.executable, "-m", "workstation.gui.report.scene_child")


def scene_picture(
    facts: CaseFacts,
    palette: str,
    *,
    command: Sequence[str] = COMMAND,
    should_stop: Callable[[], bool] = lambda: False,
) -> QImage | None:
    """The masks in the outline of the head, seen obliquely from the front; None where it cannot be drawn here.

    Parameters
    ----------
    facts : CaseFacts
    palette : {"standard", "colour-blind"}
    command : sequence of str
        The child; another one in tests.
    should_stop : callable
        Asked while the child draws.
    """
    with tempfile.TemporaryDirectory(prefix="workstation-") as folder:
        scene, out = Path(folder) / "scene.npz", Path(folder) / "scene.png"
        np.savez(scene, **_arrays(facts, palette))  # type: ignore[arg-type]
        if not _ended_well([*command, str(scene), str(out), str(SIDE)], should_stop):
            return None
        image = QImage(str(out))
    if image.isNull():
        return None
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(image)
    annotate(painter, scene_camera().edge_letters, tr("3D"))
    painter.end()
    return image


def _arrays(facts: CaseFacts, palette: str) -> dict[str, np.ndarray]:
    volume = next(iter(facts.case.sequences.values()))
    arrays = {
        "head": volume.data,
        "affine": facts.case.grid.affine,
        "region": np.array(facts.compared.region),
        "palette": np.array(palette),
    }
    for kind, mask in (("truth", facts.truth), ("prediction", facts.prediction)):
        if mask is not None:
            arrays |= {kind: mask.data, f"{kind}_scheme": np.array(mask.scheme.name)}
    return arrays


def _ended_well(words: Sequence[str], should_stop: Callable[[], bool]) -> bool:
    environment = dict(os.environ)
    if "DISPLAY" not in environment:
        # Spares VTK the search for an X server, and a warning.
        environment.setdefault(WINDOW_VARIABLE, "vtkEGLRenderWindow")
    end = time.monotonic() + _PATIENCE_SECONDS
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, env=environment)
    except OSError:
        return False
    with process:
        while process.poll() is None:
            if should_stop() or time.monotonic() > end:
                process.kill()
            time.sleep(_POLL_SECONDS)
        return process.returncode == 0
