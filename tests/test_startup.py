"""What a start loads, and that painting keeps the interpreter's reference counts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

# Far over any drift of a healthy binding; the broken one loses one reference a call.
_DRIFT = 200
_TIMES = 1000

_PROGRAM = """
import os, sys
from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.session.session import Session

app = make_application()
window = MainWindow(Session())

def on_painted():
    print(" ".join(sorted(sys.modules)), flush=True)
    os._exit(0)

window.first_painted.connect(on_painted)
window.show()
app.exec()
"""


@pytest.mark.parametrize("words", [[], ["--version"]], ids=["window", "command"])
def test_a_start_loads_none_of_the_heavy_libraries(words: list[str]) -> None:
    program = _PROGRAM if not words else "import sys, workstation.cli; print(' '.join(sorted(sys.modules)))"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    loaded = set(answer.stdout.split())
    assert "workstation.cli" in loaded if words else "workstation.gui.main_window" in loaded
    heavy = {
        "tensorflow",
        "keras",
        "matplotlib",
        "nibabel",
        "vtk",
        "vtkmodules",
        "vtkmodules.vtkRenderingOpenGL2",
        "pyqtgraph",
    }
    assert not heavy & loaded
    assert not {"scipy.ndimage", "scipy.sparse", "scipy.spatial"} & loaded


class Painted(QWidget):
    """Counts its paints; calls from C++ into Python are where the broken binding loses references."""

    told = Signal(bool, object)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), 0)
        painter.end()
        self.count += 1


def test_painting_and_emitting_leave_the_counts_of_none_and_true(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on Python 3.11 drops a reference to None and True at nearly every such call, and aborts."""
    widget = Painted()
    qtbot.addWidget(widget)
    widget.resize(40, 40)
    with qtbot.waitExposed(widget):
        widget.show()
    heard: list[bool] = []
    widget.told.connect(lambda is_true, nothing: heard.append(is_true is True and nothing is None))
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(_TIMES):
        widget.repaint()
        widget.told.emit(True, None)
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert widget.count >= _TIMES
    assert sum(heard) == _TIMES
    # `heard` itself holds a thousand references to True.
    assert abs(after[0] - before[0]) < _DRIFT
    assert abs(after[1] - before[1] - len(heard)) < _DRIFT
