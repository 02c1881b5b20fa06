"""A window that draws stroke after stroke with real mouse events until it is killed: run by test_edit_recovery.py.

It prints the number of finished strokes whose journal entry has been written. Stroke n goes across slice n % 5 + 8, in
row n // 5 + 2, so that anybody can say what the mask must look like after any number of strokes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.gui.review.slice_view import SliceView
from workstation.gui.train.job_chip import JobChip
from workstation.session import commands
from workstation.session.session import Session

LABEL = 4
SLICES, FIRST_SLICE, FIRST_ROW = 5, 8, 2
FIRST_COLUMN, LAST_COLUMN = 3, 25


def expected(base: np.ndarray, strokes: int) -> np.ndarray:
    """The labels after some strokes, by hand: rows of single voxels."""
    data = base.copy()
    for number in range(strokes):
        data[FIRST_COLUMN : LAST_COLUMN + 1, number // SLICES + FIRST_ROW, number % SLICES + FIRST_SLICE] = LABEL
    return data


def main() -> None:
    """Open the case that is named, and draw until the end."""
    app = make_application()
    session = Session()
    window = MainWindow(session)
    window.resize(1000, 800)
    window.show()
    commands.open_path(session, Path(sys.argv[1]), prediction=Path(sys.argv[2]))
    session.view.set_maximised("axial")
    # The chip of jobs comes last; until then, panes may change their size.
    while session.layers.mask("prediction") is None or window.status.findChild(JobChip) is None:
        app.processEvents()
    app.processEvents()
    tools = session.editing.tools
    tools.set_tool("brush")
    tools.set_label(LABEL)
    tools.set_radius(0.5)
    for number in range(10_000):
        _stroke(session, window.review.panes.slices["axial"], number)
        session.editing.journal.wait()
        print(number + 1, flush=True)


def _stroke(session: Session, pane: SliceView, number: int) -> None:
    row, index = number // SLICES + FIRST_ROW, number % SLICES + FIRST_SLICE
    case = session.case
    if case is None:
        raise SystemExit("the case is gone")
    ends = [case.grid.to_world((column, row, index)) for column in (FIRST_COLUMN, LAST_COLUMN)]
    session.view.set_cursor((float(ends[0][0]), float(ends[0][1]), float(ends[0][2])))
    places = []
    for x, y, z in ends:
        _, column_px, row_px = pane.picture.place((float(x), float(y), float(z)))
        places.append(pane.to_pane(QPointF(column_px, row_px)))
    left, no_button = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, places[0], left, left),
        (QEvent.Type.MouseMove, places[1], no_button, left),
        (QEvent.Type.MouseButtonRelease, places[1], left, no_button),
    ):
        modifiers = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(pane, QMouseEvent(kind, place, pane.mapToGlobal(place), button, held, modifiers))
        QApplication.processEvents()


if __name__ == "__main__":
    main()
