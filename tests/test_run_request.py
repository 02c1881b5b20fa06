"""The request of a run as a table of names and values."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from workstation.core.requests import TrainRequest
from workstation.gui.train.run_request import RequestView
from workstation.io.runs import RunFolder


def test_names_are_shown_whole(qtbot: QtBot, tmp_path: Path) -> None:
    request = TrainRequest(data="/data/cases", epochs=2)
    view = RequestView()
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    view.show_request(RunFolder.create(tmp_path, request, label="names"), request)
    qtbot.waitExposed(view)
    names = [view.topLevelItem(row).text(0) for row in range(view.topLevelItemCount())]
    widest = max(view.fontMetrics().horizontalAdvance(name) for name in names)
    qtbot.waitUntil(lambda: view.columnWidth(0) > widest)
