"""The status bar: what stands under the crosshair, in columns that keep their places."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases

from workstation.core.case import DataSet
from workstation.gui.status_bar import StatusBar, TextWidths, column_widths, read_out
from workstation.session import commands
from workstation.session.session import Session


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_cases(tmp_path_factory.mktemp("data"))


@pytest.fixture
def session(qtbot: QtBot, data: DataSet) -> Iterator[Session]:
    session = Session()
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    yield session
    session.close()


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> StatusBar:
    bar = StatusBar(session)
    qtbot.addWidget(bar)
    bar.resize(1200, 26)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def ink(image: QImage) -> np.ndarray:
    """Which pixels of a picture are not its ground."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    found: np.ndarray = pixels != pixels[0, 0]
    return found


def go_to(session: Session, voxel: tuple[int, int, int]) -> None:
    assert session.case is not None
    x, y, z = session.case.grid.to_world(voxel)
    session.view.set_cursor((float(x), float(y), float(z)))


def test_it_says_voxel_position_intensities_and_label(session: Session, bar: StatusBar) -> None:
    case = session.case
    assert case is not None
    assert case.truth is not None
    go_to(session, (7, 9, 11))
    words = {reading.name: reading.value for reading in read_out(session) if reading.name}
    assert bar.read_out.text.startswith("voxel 7 9 11 ")
    for name, volume in case.sequences.items():
        assert words[name] == str(int(volume.data[7, 9, 11]))
    value = int(case.truth.data[7, 9, 11])
    assert words["truth"] == ("-" if value == 0 else f"{value} {case.truth.scheme.labels[value].name}")


def test_outside_the_volume_there_is_no_value(session: Session, bar: StatusBar) -> None:
    session.view.set_cursor((1e4, 0.0, 0.0))
    assert bar.read_out.text.startswith("voxel - - - ")
    assert "FLAIR -" in bar.read_out.text


def test_names_stay_in_place_while_numbers_change(session: Session, bar: StatusBar) -> None:
    """Between a voxel of one digit in the dark and one of two digits in the head only the numbers differ."""
    grid = session.case.grid if session.case else None
    assert grid is not None
    go_to(session, (1, 1, 1))
    dark = ink(bar.read_out.grab().toImage())
    go_to(session, (grid.shape[0] // 2, grid.shape[1] // 2, grid.shape[2] // 2))
    bright = ink(bar.read_out.grab().toImage())
    metrics = bar.read_out.fontMetrics()
    name = metrics.horizontalAdvance("voxel")
    assert np.array_equal(dark[:, : 6 + name], bright[:, : 6 + name])
    # The last name before the labels, "FLAIR", begins in the same column.
    assert dark.any()
    assert not np.array_equal(dark, bright)
    assert _column_of("FLAIR", session, bar) == _column_of("FLAIR", session, bar, voxel=(1, 1, 1))


def _column_of(name: str, session: Session, bar: StatusBar, voxel: tuple[int, int, int] | None = None) -> float:
    """Where a column begins, from the widths that the bar paints with."""
    if voxel is not None:
        go_to(session, voxel)
    readings = read_out(session)
    widths = column_widths(readings, TextWidths(bar.read_out.font()), bar.read_out.width())
    place = next(number for number, reading in enumerate(readings) if reading.name == name)
    return sum(widths[:place])


def test_labels_give_way_where_there_is_no_room(session: Session, bar: StatusBar, data: DataSet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_mask(session, truth_path(data.cases[0]), kind="prediction")
    readings = read_out(session)
    width_of = TextWidths(bar.read_out.font())
    wide, narrow = column_widths(readings, width_of, 3000), column_widths(readings, width_of, 900)
    assert narrow[-2:] < wide[-2:]
    assert narrow[:-2] == wide[:-2]


def test_hidden_masks_are_mentioned_for_as_long_as_they_are(session: Session, bar: StatusBar) -> None:
    assert not bar.hidden_note.isVisible()
    session.layers.toggle_hidden()
    assert bar.hidden_note.isVisible()
    assert bar.hidden_note.text() == "Masks are hidden (S)"
    session.layers.toggle_hidden()
    assert not bar.hidden_note.isVisible()


def test_only_longer_work_is_named(session: Session, bar: StatusBar, qtbot: QtBot) -> None:
    gate = threading.Event()
    session.background.ask("test", lambda: gate.wait(5), lambda _: None, words="Opening x...")
    assert not bar.busy.isVisible()
    qtbot.waitUntil(bar.busy.isVisible)
    assert bar.busy.text() == "Opening x..."
    gate.set()
    qtbot.waitUntil(lambda: not bar.busy.isVisible())


def test_nothing_is_said_where_no_crosshair_is_seen(session: Session, bar: StatusBar) -> None:
    assert ink(bar.read_out.grab().toImage()).any()
    bar.read_out.set_shown(shown=False)
    assert bar.read_out.text == ""
    assert not ink(bar.read_out.grab().toImage()).any()
    bar.read_out.set_shown(shown=True)
    assert bar.read_out.text.startswith("voxel")
