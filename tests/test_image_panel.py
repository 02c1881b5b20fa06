"""The image panel with names that users give their files."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import Grid
from workstation.core.volume import Volume
from workstation.gui.review.side_panel import SidePanel
from workstation.session.images import make_display_image
from workstation.session.loading import LoadedCase
from workstation.session.session import Session


def test_a_long_file_name_does_not_push_the_column_out_of_the_window(qtbot: QtBot) -> None:
    name = "a_very_long_name_" * 8
    volume = Volume(name, np.ones((8, 8, 8), dtype=np.int16), Grid((8, 8, 8), np.eye(4)), None)
    session = Session()
    panel = SidePanel(session)
    qtbot.addWidget(panel)
    panel.resize(300, 700)
    case = Case(name, CaseFiles(name, {}), {name: volume}, None)
    session.take_case(LoadedCase(case, {name: make_display_image(volume)}, (0.0, 0.0, 0.0)))
    with qtbot.waitExposed(panel):
        panel.show()
    content = panel.widget()
    assert content is not None
    assert content.width() <= panel.viewport().width()
    session.close()
