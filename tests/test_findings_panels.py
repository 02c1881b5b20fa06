"""Metrics, errors, lesions and confusion in the side panel: words, clicks, pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot
from review_cases import boxes, open_case, prediction, truth

from workstation.core.labels import region_scheme
from workstation.core.volume import LabelMap
from workstation.gui.colours import PALETTES
from workstation.gui.review.findings_table import FindingsTable
from workstation.gui.review.side_panel import SidePanel
from workstation.gui.review.slice_view import SliceView
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def side(session: Session, qtbot: QtBot) -> SidePanel:
    """The side panel with everything unfolded, shown."""
    panel = SidePanel(session)
    qtbot.addWidget(panel)
    for section in panel.sections.values():
        section.set_open(is_open=True)
    panel.resize(300, 1500)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def judge(session: Session, qtbot: QtBot, *, truth: LabelMap, prediction: LabelMap) -> None:
    """Open a case and wait for all figures."""
    open_case(session, truth=truth, prediction=prediction)
    found = session.assessment
    qtbot.waitUntil(lambda: None not in (found.scores, found.atlas, found.confusion))


def click(table: FindingsTable, row: int) -> None:
    """Click the middle of a row."""
    index = table.model().index(row, 1)
    QTest.mouseClick(table.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, table.visualRect(index).center())


def colour_at(widget: SliceView, place: QPoint) -> tuple[int, int, int]:
    colour = widget.grab().toImage().pixelColor(place)
    return (colour.red(), colour.green(), colour.blue())


def test_without_a_truth_the_parts_fold_away_and_say_what_is_missing(
    session: Session, side: SidePanel, qtbot: QtBot
) -> None:
    open_case(session, truth=None, prediction=prediction())
    for section in side.sections.values():
        assert not section.body.isVisible()
        assert not section.button.isEnabled()
        assert "a truth and a prediction" in section.button.toolTip()
    session.layers.set_truth(truth())
    assert all(section.body.isVisible() for section in side.sections.values())
    assert side.metrics.hint.text() == "Measuring..."
    qtbot.waitUntil(side.metrics.table.isVisible)


def test_metrics_stand_in_columns_of_regions_and_of_labels(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    table = side.metrics.table
    assert table.text(0, 0) == "Dice"
    assert table.text(0, 1) == f"{2 * 216 / (243 + 281):.4f}"
    assert table.model().columnCount() == 4
    rows = {table.text(row, 0): table.text(row, 1) for row in range(table.model().rowCount())}
    assert rows["Difference ml"] == "+0.04"
    # The missed lesion of 27 voxels is too small to count.
    assert rows["TP/FP/FN lesions"] == "1/2/0"
    QTest.mouseClick(side.metrics.columns.button("labels"), LEFT)
    titles = [table.model().headerData(column, Qt.Orientation.Horizontal) for column in (1, 2, 3)]
    assert titles == ["core", "oedema", "enh."]
    # 162 of 216 + 27 voxels of oedema found, 64 made up.
    assert table.text(0, 2) == f"{2 * 162 / (243 + 226):.4f}"


def test_every_metric_explains_itself(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    model = side.metrics.table.model()
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            assert model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
    hd95 = next(row for row in range(model.rowCount()) if model.index(row, 0).data().startswith("HD95"))
    assert "directed 95th percentiles" in model.index(hd95, 0).data(Qt.ItemDataRole.ToolTipRole)
    # Enhancing tumour is in the prediction alone: its HD95 is the rule's.
    assert model.index(hd95, 3).data() == "374.00"
    assert "truth is empty" in model.index(hd95, 3).data(Qt.ItemDataRole.ToolTipRole)


def test_a_click_on_an_error_goes_there_and_n_errors_are_counted(
    session: Session, side: SidePanel, qtbot: QtBot
) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    table = side.errors.table
    assert [table.text(row, 0) for row in range(2)] == ["FP", "FN"]
    assert side.errors.summary.text() == "Errors in WT: 2; smaller ones: 1"
    click(table, 1)
    assert session.view.cursor_mm == (16.0, 16.0, 16.0)
    assert side.errors.summary.text().startswith("WT: error 2 of 2")
    session.view.set_cursor((1.0, 1.0, 1.0))
    click(table, 1)
    assert session.view.cursor_mm == (16.0, 16.0, 16.0)


def test_errors_of_labels_are_listed_and_stepped_through(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    QTest.mouseClick(side.errors.targets.button("labels"), LEFT)
    # 64 made-up voxels; a quarter of the tumour, 54, is core instead of oedema; a lesion of 27 is missed.
    table = side.errors.table
    assert [table.text(row, 0) for row in range(4)] == ["FP 2", "FP 1", "FN 2", "FN 2"]
    assert side.errors.summary.text() == "Errors in all labels: 4; smaller ones: 1"
    commands.step_error(session, -1)
    assert session.view.cursor_mm == (16.0, 16.0, 16.0)
    assert side.errors.summary.text().startswith("all labels: error 4 of 4")


def test_errors_are_sorted_by_a_click_on_a_title(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    table = side.errors.table
    header = table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(3) + header.sectionSize(3) // 2, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    # The speck lies in K 20, the made-up box about 17 or 18, the missed one in 16; panes count from 1.
    side.errors.least.setValue(1)
    slices = [int(table.text(row, 3)) for row in range(3)]
    assert slices == sorted(slices, reverse=True)
    assert (slices[0], slices[2]) == (21, 17)
    QTest.mouseClick(header.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
    assert [int(table.text(row, 3)) for row in range(3)] == slices[::-1]


def test_lesions_say_whether_they_were_found(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    table = side.lesions.table
    assert [table.text(row, 0) for row in range(2)] == ["found", "missed, small"]
    assert table.text(0, 3) == "1.0000"
    click(table, 1)
    assert session.view.cursor_mm == (16.0, 16.0, 16.0)


def test_small_lesions_can_be_left_out_of_the_list(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    table, number = side.lesions.table, side.lesions.least.number
    scores = side.lesions.summary.text()
    # The small one has 3 x 3 x 3 voxels.
    number.setValue(27)
    assert (table.model().rowCount(), side.lesions.summary.text()) == (2, scores)
    number.setValue(28)
    assert [table.text(row, 0) for row in range(table.model().rowCount())] == ["found"]
    assert side.lesions.summary.text() == f"{scores}; smaller ones: 1"
    number.setValue(1_000)
    assert not table.isVisible()
    assert number.isVisible()


def test_a_region_that_a_mask_cannot_express_is_named(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    whole = boxes(((4, 10), (4, 10), (4, 10), 1))
    whole = LabelMap(whole.name, whole.data, whole.grid, region_scheme("WT"))
    judge(session, qtbot, truth=truth(), prediction=whole)
    session.layers.set_region("TC")
    assert side.errors.summary.text() == "One of the masks does not say where TC is."
    assert side.lesions.summary.text() == side.errors.summary.text()


def test_a_cell_lights_up_its_voxels_and_goes_out_again(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    pane = SliceView(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(300, 300)
    with qtbot.waitExposed(pane):
        pane.show()
    session.view.set_interpolation("nearest")
    judge(session, qtbot, truth=truth(), prediction=prediction())
    session.view.set_cursor((12.0, 12.0, 5.0))
    session.layers.set_outline("fill")
    # Voxel (5, 5, 5) is oedema in the truth and core in the prediction.
    assert pane.picture.geometry is not None
    _, x, y = pane.picture.geometry.to_screen((5.0, 5.0, 5.0))
    place = pane.to_pane(QPointF(x, y)).toPoint()
    before = colour_at(pane, place)
    cell = side.confusion.cells[2, 1]
    QTest.mouseClick(cell, LEFT)
    qtbot.waitUntil(lambda: session.layers.highlight is not None)
    lit = np.array(colour_at(pane, place))
    highlight = np.array(PALETTES["standard"].highlight)
    assert np.abs(lit - highlight).max() < 80 < np.abs(np.array(before) - highlight).max()
    assert cell.isChecked()
    QTest.mouseClick(cell, LEFT)
    assert session.layers.highlight is None
    assert colour_at(pane, place) == before
    assert not cell.isChecked()


def test_background_in_both_is_no_cell_to_light(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    assert not side.confusion.cells[0, 0].isEnabled()
    assert side.confusion.cells[2, 2].text() == "0.162"
    assert "162 voxels" in side.confusion.cells[2, 2].toolTip()


def test_a_folded_part_is_remembered_and_not_measured(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    for name in ("metrics", "lesions", "errors"):
        QTest.mouseClick(side.sections[name].button, LEFT)
        assert not side.sections[name].body.isVisible()
    open_case(session, truth=truth(), prediction=prediction())
    qtbot.waitUntil(lambda: session.assessment.confusion is not None)
    assert session.assessment.scores is None
    again = SidePanel(session)
    qtbot.addWidget(again)
    assert {name for name, section in again.sections.items() if section.is_open} == {"confusion"}


def test_nothing_is_wider_than_the_panel(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    both = boxes(((4, 10), (4, 10), (4, 10), 2), ((12, 14), (4, 10), (4, 10), 4), scheme="brats2023")
    judge(session, qtbot, truth=both, prediction=both)
    content = side.widget()
    assert content is not None
    assert content.width() <= side.viewport().width()
    assert side.metrics.table.model().columnCount() == 5


def test_three_masks_can_be_compared_by_twos(session: Session, side: SidePanel, qtbot: QtBot) -> None:
    judge(session, qtbot, truth=truth(), prediction=prediction())
    choice = side.layers.pair
    assert not choice.isVisible()
    session.layers.show_mask("second", boxes(((4, 10), (4, 10), (4, 7), 2)))
    assert choice.isVisible()
    assert (choice.judged.currentText(), choice.reference.currentText()) == ("Second mask", "Truth")
    assert side.layers.boxes["prediction"].text() == "Second mask"
    with qtbot.waitSignal(session.layers.comparison_ready):
        choose(choice.reference, "Prediction")
    assert session.layers.pair == ("prediction", "second")
    # The second mask is half of the tumour, which is 216 of the 281 voxels predicted.
    assert side.legend.dice_text("WT") == f"{2 * 108 / (108 + 281):.4f}"
    names = [label.text() for label in side.legend.findChildren(QLabel)]
    assert "Second mask only (FP)" in names
    assert "Prediction only (FN)" in names
    qtbot.waitUntil(lambda: session.assessment.scores is not None)
    assert side.metrics.table.text(0, 1) == f"{2 * 108 / (108 + 281):.4f}"


def choose(box: QComboBox, text: str) -> None:
    """Choose an entry as the keyboard does."""
    box.setFocus()
    while box.currentText() != text:
        before = box.currentText()
        QTest.keyClick(box, Qt.Key.Key_Down)
        if box.currentText() == before:
            QTest.keyClick(box, Qt.Key.Key_Home)
