"""The table of cases in a narrow window."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from workstation.gui.data.case_table import CaseTable
from workstation.session.runs import Runs
from workstation.session.session import Session


def test_names_keep_their_room_in_a_narrow_window(tmp_path: Path, qtbot: QtBot) -> None:
    session = Session(runs=Runs(tmp_path))
    table = CaseTable(session.scan)
    qtbot.addWidget(table)
    table.resize(1300, 300)
    table.show()
    qtbot.waitExposed(table)
    assert table.columnWidth(0) > 230
    for width in (500, 400):
        table.resize(width, 300)
        qtbot.waitUntil(lambda: table.columnWidth(0) == 230)
    table.resize(1300, 300)
    qtbot.waitUntil(lambda: table.columnWidth(0) > 230)
    session.close()
