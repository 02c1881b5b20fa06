"""The worklist in the window: signs, dots, filter, order, what a click opens; the start page and the labels' legend."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases

from workstation.core.case import DataSet
from workstation.core.review import CaseFigures, Decision
from workstation.gui.colours import PALETTES
from workstation.gui.review.case_list import CaseList
from workstation.gui.review.case_model import VALUE_ROLE, CaseDelegate
from workstation.gui.review.label_legend import LabelLegend
from workstation.gui.review.start_page import StartPage
from workstation.gui.theme import tokens_of
from workstation.io.layouts import open_dataset
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import remember_path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("data"), cases=5).root


@pytest.fixture
def data(original: Path, tmp_path: Path) -> DataSet:
    return open_dataset(Path(shutil.copytree(original, tmp_path / "data")))


@pytest.fixture
def session(qtbot: QtBot, data: DataSet) -> Iterator[Session]:
    session = Session()
    session.worklist.set_reader("Ada")
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    yield session
    session.close()


@pytest.fixture
def cases(session: Session, qtbot: QtBot) -> CaseList:
    cases = CaseList(session)
    qtbot.addWidget(cases)
    cases.resize(230, 500)
    cases.show()
    qtbot.waitExposed(cases)
    return cases


def decide_all(data: DataSet, session: Session, qtbot: QtBot) -> None:
    """Every status, one case each, and figures; as another window would write them."""
    with ReviewStore(review_path(data.root)) as store:
        for files, status in zip(data.cases[1:], ("accepted", "rejected", "corrected", "flagged"), strict=True):
            store.decide(Decision(files.name, "Ada", status, note="=note" if status == "flagged" else ""))
        store.decide(Decision(data.cases[1].name, "Ben", "rejected"))
        store.keep_figures(
            {files.name: CaseFigures("", {"WT": 0.9 - 0.1 * n}, 10.0) for n, files in enumerate(data.cases)}
        )
    session.worklist.access.look()
    qtbot.waitUntil(lambda: session.worklist.progress.read == 3)


def row_image(cases: CaseList, row: int) -> QImage:
    rect = cases.list.visualRect(cases.list.model().index(row, 0))
    return cases.list.viewport().grab(rect).toImage()


def has_colour(cases: CaseList, row: int, colour: QColor) -> bool:
    image = row_image(cases, row)
    return any(image.pixelColor(x, y) == colour for x in range(image.width()) for y in range(image.height()))


def sign_has_hue(cases: CaseList, row: int, colour: QColor) -> bool:
    """Whether the sign of a row has a colour's hue; its thin lines are blended with the ground."""
    image = row_image(cases, row)
    pixels = [image.pixelColor(x, y) for x in range(26) for y in range(image.height())]
    strong = [each for each in pixels if each.saturation() > 60 and each.value() > 60]
    return any(abs(each.hue() - colour.hue()) <= 10 for each in strong)


def names(cases: CaseList) -> list[str]:
    model = cases.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_the_open_case_is_selected(cases: CaseList, session: Session, data: DataSet, qtbot: QtBot) -> None:
    assert cases.list.currentIndex().data() == data.cases[0].name
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert cases.list.currentIndex().data() == data.cases[1].name


def test_each_status_has_a_sign_in_its_own_colour(
    cases: CaseList, session: Session, data: DataSet, qtbot: QtBot
) -> None:
    decide_all(data, session, qtbot)
    tokens = tokens_of(cases.palette())
    colours = [QColor(each) for each in (tokens.good, tokens.error, tokens.link, tokens.warning)]
    for row, own in enumerate(colours, start=1):
        assert [sign_has_hue(cases, row, colour) for colour in colours] == [colour == own for colour in colours]
    # The row of the open case has the accent as its ground, which is blue too.
    assert not any(sign_has_hue(cases, 0, colours[number]) for number in (0, 1, 3))
    assert cases.words.text() == "3 of 5 read, 1 flagged"
    assert (cases.bar.value(), cases.bar.maximum()) == (3, 5)
    assert "rejected: 1" in cases.words.toolTip()
    tip = str(cases.list.model().index(1, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "accepted by Ada" in tip
    assert "Ben: rejected" in tip


def test_a_dot_in_the_masks_colour_says_what_a_case_has(
    cases: CaseList, session: Session, data: DataSet, qtbot: QtBot
) -> None:
    truth, prediction = (QColor(*colour) for colour in (PALETTES["standard"].truth, PALETTES["standard"].prediction))
    assert has_colour(cases, 1, truth)
    assert not has_colour(cases, 0, prediction)
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_mask(session, truth_path(data.cases[0]), kind="prediction")
    qtbot.waitUntil(lambda: has_colour(cases, 0, prediction))
    assert not has_colour(cases, 1, prediction)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert has_colour(cases, 0, prediction)


def test_a_name_ends_before_what_stands_behind_it(cases: CaseList) -> None:
    delegate = cases.list.itemDelegate()
    assert isinstance(delegate, CaseDelegate)
    row = QRect(0, 0, 200, 22)
    plain, shortened = delegate.name_rect(row, 0), delegate.name_rect(row, 30)
    assert plain.left() == shortened.left() == 28
    assert plain.right() <= row.right() - 24
    assert shortened.right() <= plain.right() - 30
    assert delegate.name_rect(QRect(0, 0, 20, 22), 30).width() == 0


def test_a_click_opens_a_case_and_a_filter_finds_it(
    cases: CaseList, session: Session, data: DataSet, qtbot: QtBot
) -> None:
    last = data.cases[4].name
    QTest.keyClicks(cases.filter_field, last.upper())
    assert names(cases) == [data.cases[0].name, last]  # the open case stays in sight
    rect = cases.list.visualRect(cases.list.model().index(1, 0))
    with qtbot.waitSignal(session.case_changed):
        QTest.mouseClick(cases.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert session.case is not None
    assert session.case.name == last
    assert names(cases) == [last]
    cases.filter_field.setText("nothing like it")
    assert names(cases) == [last]
    assert cases.empty.isVisible()


def test_menus_filter_and_sort(cases: CaseList, session: Session, data: DataSet, qtbot: QtBot) -> None:
    decide_all(data, session, qtbot)
    cases._statuses["rejected"].trigger()
    cases._statuses["flagged"].trigger()
    assert names(cases) == [data.cases[number].name for number in (0, 2, 4)]
    assert cases.filter_button.isChecked()
    assert cases.words.text() == "3 of 5 read, 3 shown"
    cases._on_all()
    cases._disputed.trigger()
    assert names(cases) == [data.cases[number].name for number in (0, 1)]
    cases._on_all()
    cases._sorts["status"].trigger()
    assert names(cases) == [data.cases[number].name for number in (0, 4, 2, 3, 1)]
    session.figures.measure_all = lambda: None  # type: ignore[method-assign] - the figures here are made up
    cases._sorts["dice"].trigger()
    assert names(cases) == [files.name for files in reversed(data.cases)]
    assert cases.list.model().index(0, 0).data(VALUE_ROLE) == "0.50"


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
