"""A figure as a PNG, for the command line and the window; without a screen, without TensorFlow.

pyqtgraph and Qt's widgets are loaded when the first figure is drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.errors import ExportError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from workstation.gui.figures.figure import Figure

_WIDTH = 1200
_HEIGHTS = {"profile": 1500, "bench": 760, "seams": 560}
_SCALE = 2
# Qt ends with its application object, so somebody has to hold it.
_HELD: list[QApplication] = []


def save_figure(kind: str, result: Mapping[str, Any], path: Path, *, theme: str = "light") -> Path:
    """Draw the plots of a result on one page and write it.

    Parameters
    ----------
    kind : {"profile", "bench", "seams"}
    result : mapping
        The JSON of `workstation KIND --json`.
    path : Path
        Ending in .png.
    theme : {"light", "dark"}

    Returns
    -------
    Path
        The same.

    Raises
    ------
    InputError
        The result cannot be read, or holds nothing that could be drawn.
    ExportError
        The picture cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise ExportError(f"{path} is not a PNG name", hint="Choose a name ending in .png.", path=path)
    ensure_application()
    from workstation.gui.figures.figure import Figure
    from workstation.gui.theme import DARK, LIGHT, dress

    page = Figure(kind, result)
    dress(page, DARK if theme == "dark" else LIGHT)
    try:
        _write(page, _HEIGHTS[kind], path)
    finally:
        page.deleteLater()
    return path


def ensure_application() -> None:
    """An application object that needs no screen, unless there is one already."""
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is not None:
        return
    before = os.environ.get("QT_QPA_PLATFORM")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        application = QApplication([])
    finally:
        if before is None:
            del os.environ["QT_QPA_PLATFORM"]
        else:
            os.environ["QT_QPA_PLATFORM"] = before
    application.setStyle("Fusion")
    _HELD.append(application)


def _write(page: Figure, least_height: int, path: Path) -> None:
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtGui import QImage, QPalette

    from workstation.gui.picture_files import write_png

    page.set_line_scale(_SCALE)
    page.resize(_WIDTH, least_height)
    page.ensurePolished()
    image = QImage()
    # A hidden widget is laid out when it is rendered; plots learn the width of their axes while they are painted, and
    # legends their height.
    for _ in range(3):
        page.resize(_WIDTH, max(least_height, page.minimumSizeHint().height()))
        image = QImage(page.size() * _SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_SCALE)
        image.fill(page.palette().color(QPalette.ColorRole.Window))
        page.render(image)
        QCoreApplication.processEvents()
    write_png(image, path)
