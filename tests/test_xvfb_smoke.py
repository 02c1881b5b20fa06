"""One run of the real window on a virtual X screen: open, scroll by a real wheel event, compare, close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.gui.main_window import MainWindow
from workstation.io.phantoms import write_phantoms
from workstation.session import commands
from workstation.session.session import Session


@pytest.mark.xvfb
def test_the_window_opens_a_case_and_scrolls_on_a_screen(qtbot: QtBot, tmp_path: Path) -> None:
    assert QGuiApplication.platformName() == "xcb"
    case = write_phantoms(tmp_path / "case", cases=1, shape=(40, 48, 40), layout="brats2021", seed=2).cases[0]
    assert case.truth is not None
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    session = window.session
    with qtbot.waitSignal(session.layers.comparison_ready, timeout=20_000):
        commands.open_path(session, case.truth.path.parent, prediction=case.truth.path)
    axial = window.review.panes.slices["axial"]
    qtbot.waitUntil(lambda: axial.paint_count > 0 and axial.picture.geometry is not None)
    before, paints = axial.slice_index, axial.paint_count
    place = QPointF(axial.rect().center())
    wheel = QWheelEvent(
        place,
        QPointF(axial.mapToGlobal(place)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(axial, wheel)
    qtbot.waitUntil(lambda: axial.paint_count > paints)
    assert axial.slice_index == before - 1
    assert _purple_pixels(axial.grab().toImage()) > 50
    # The 3D pane makes itself beside the slices; closing must be safe whether it is there yet or not.
    qtbot.waitUntil(lambda: type(window.review.panes.panes["3d"]).__name__ == "Pane3D", timeout=20_000)
    assert window.close()


def _purple_pixels(image: QImage) -> int:
    """Pixels with clearly more red and blue than green."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    blue, green, red = (pixels[:, channel : 4 * image.width() : 4].astype(int) for channel in range(3))
    return int(np.count_nonzero((red - green > 25) & (blue - green > 25)))
