"""The list of cases: names, badges, filter, and what a click opens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases

from workstation.core.case import DataSet
from workstation.gui.colours import PALETTES
from workstation.gui.review.case_list import CaseList
from workstation.gui.review.label_legend import LabelLegend
from workstation.gui.review.start_page import StartPage
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import remember_path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_cases(tmp_path_factory.mktemp("data"), cases=3)


@pytest.fixture
def session(qtbot: QtBot, data: DataSet) -> Iterator[Session]:
    session = Session()
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    yield session
    session.close()


@pytest.fixture
def cases(session: Session, qtbot: QtBot) -> CaseList:
    cases = CaseList(session)
    qtbot.addWidget(cases)
    cases.resize(200, 300)
    cases.show()
    qtbot.waitExposed(cases)
    return cases


def has_colour(cases: CaseList, row: int, colour: tuple[int, int, int]) -> bool:
    rect = cases.list.visualRect(cases.list.model().index(row, 0))
    image: QImage = cases.list.viewport().grab(rect).toImage()
    wanted = QColor(*colour)
    return any(image.pixelColor(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def test_the_open_case_is_selected(cases: CaseList, session: Session, data: DataSet, qtbot: QtBot) -> None:
    assert cases.list.currentIndex().data() == data.cases[0].name
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert cases.list.currentIndex().data() == data.cases[1].name


def test_a_dot_in_the_masks_colour_says_what_a_case_has(
    cases: CaseList, session: Session, data: DataSet, qtbot: QtBot
) -> None:
    colours = PALETTES["standard"]
    assert has_colour(cases, 1, colours.truth)
    assert not has_colour(cases, 0, colours.prediction)
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_mask(session, truth_path(data.cases[0]), kind="prediction")
    assert has_colour(cases, 0, colours.prediction)
    assert not has_colour(cases, 1, colours.prediction)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert has_colour(cases, 0, colours.prediction)  # remembered while the data set is open


def test_a_long_name_is_shortened_before_the_dots(cases: CaseList, session: Session) -> None:
    delegate = cases.list.itemDelegate()
    index = cases.list.model().index(0, 0)
    name = index.data()
    for width, is_whole in ((400, True), (70, False)):
        option = QStyleOptionViewItem()
        option.rect = QRect(0, 0, width, 20)
        option.font = cases.list.font()
        delegate.initStyleOption(option, index)
        assert (option.text == name) is is_whole
        assert option.fontMetrics.horizontalAdvance(option.text) <= width - 24


def test_a_click_opens_a_case_and_a_filter_finds_it(
    cases: CaseList, session: Session, data: DataSet, qtbot: QtBot
) -> None:
    last = data.cases[2].name
    QTest.keyClicks(cases.filter_field, last.upper())
    assert cases.list.model().rowCount() == 1
    rect = cases.list.visualRect(cases.list.model().index(0, 0))
    with qtbot.waitSignal(session.case_changed):
        QTest.mouseClick(cases.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert session.case is not None
    assert session.case.name == last


def test_labels_are_named_in_the_labels_mode_only(session: Session, qtbot: QtBot) -> None:
    legend = LabelLegend(session)
    qtbot.addWidget(legend)
    assert legend.isHidden()
    session.layers.set_mode("labels")
    assert not legend.isHidden()
    assert legend.texts == ["1 necrotic and non-enhancing core", "2 oedema", "4 enhancing tumour"]
    session.layers.set_region("ET")
    assert legend.texts == ["4 enhancing tumour"]
    session.layers.set_visible("truth", visible=False)
    assert legend.isHidden()


def test_the_start_page_offers_what_was_opened_lately(qtbot: QtBot, data: DataSet) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.show()
    assert page.recent == []
    page.hide()
    remember_path(data.root)
    page.show()
    with qtbot.waitSignal(page.path_wanted) as wanted:
        qtbot.mouseClick(page.recent[0], Qt.MouseButton.LeftButton)
    assert wanted.args == [data.root.resolve()]
