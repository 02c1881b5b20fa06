"""The Cost page as it is used: controls moved, the estimate read."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from measured_results import calibration_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workstation.core.cost import estimate_train_bytes
from workstation.core.estimate import Job, make_estimate
from workstation.core.network import PRESETS
from workstation.core.servers import PAPER_SERVERS, THIS_MACHINE, Server
from workstation.gui.models.cost_page import CostPage
from workstation.gui.models.cost_words import time_lines, verdict
from workstation.gui.train.colours import term_colour
from workstation.gui.train.wording import bytes_text
from workstation.io.machine_records import machine_records
from workstation.session.background import Background
from workstation.session.machine import Machine


@pytest.fixture
def machine(qtbot: QtBot) -> Iterator[Machine]:
    background = Background()
    machine = Machine(background, words=(sys.executable, "-c", "import time; time.sleep(60)"))
    yield machine
    machine.close()
    background.close()


@pytest.fixture
def page(machine: Machine, qtbot: QtBot) -> CostPage:
    page = CostPage(machine)
    qtbot.addWidget(page)
    page.resize(1300, 850)
    with qtbot.waitExposed(page):
        page.show()
    qtbot.waitUntil(lambda: machine.has_read and not page._later.isActive())
    return page


def settle(page: CostPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not page._later.isActive())


def rows(table: object, count: int, column: int) -> list[str]:
    return [table.text(row, column) for row in range(count)]  # type: ignore[attr-defined]


def test_the_headline_is_the_arithmetic_of_the_paper_case(page: CostPage) -> None:
    peak = estimate_train_bytes(PRESETS["flair-wt"], (240, 240, 144), cases=484).peak_bytes
    assert page.headline.text() == f"{bytes_text(peak)} at the peak of a training step"
    assert "5,650,801 parameters" in page.details.text()


def test_the_estimate_follows_each_control(page: CostPage, qtbot: QtBot) -> None:
    controls = page.controls
    assert page.estimate is not None
    before = page.estimate.peak_bytes
    for move, is_more in (
        (lambda: controls.batch_slider.setValue(4), True),
        (lambda: controls.memory_box.setCurrentIndex(1), False),
        (lambda: controls.micro_batch_spin.setValue(1), False),
        (lambda: controls.filters_slider.setValue(32), True),
        (lambda: controls.precision_box.setCurrentIndex(1), False),
        (lambda: controls.set_shape((96, 96, 96)), False),
    ):
        move()
        settle(page, qtbot)
        assert page.estimate is not None
        assert (page.estimate.peak_bytes > before) == is_more
        before = page.estimate.peak_bytes
    assert controls.batch_spin.value() == 4
    assert page.headline.text().startswith(bytes_text(before))


def test_an_answer_comes_while_a_slider_moves(page: CostPage) -> None:
    best = 1.0
    for batch in range(2, 10):
        page.controls.batch_slider.setValue(batch)
        start = time.process_time()
        page.refresh()
        best = min(best, time.process_time() - start)
    # Of the processor, so that a busy machine does not count: about 15 ms, tables included.
    assert best < 0.05


def test_an_answer_comes_at_once_also_for_a_network_never_seen(page: CostPage) -> None:
    took = []
    for filters in (17, 23, 29, 31):
        page.controls.filters_spin.setValue(filters)
        start = time.process_time()
        page.refresh()
        took.append(time.process_time() - start)
    assert min(took) < 0.05


def test_each_server_says_whether_it_fits_and_how_much_would(page: CostPage, qtbot: QtBot) -> None:
    page.controls.batch_spin.setValue(64)
    settle(page, qtbot)
    assert page.estimate is not None
    names = rows(page.servers, 4, 0)
    assert names[0] == "This machine"
    fits = [fit.fits for fit in page.estimate.fits]
    assert rows(page.servers, 4, 3) == ["yes" if each else "no" for each in fits]
    assert fits[1:] == [False, True, True]
    assert rows(page.servers, 4, 4) == [str(fit.largest_batch or "none") for fit in page.estimate.fits]


def test_the_layer_table_is_the_papers_table_with_its_sum(page: CostPage) -> None:
    assert page.estimate is not None
    count = len(page.estimate.layers)
    parameters = rows(page.layers, count, 4)
    assert sum(int(text.replace(",", "")) for text in parameters if text) == 5_650_801
    assert page.layers.text(count, 4) == "5,650,801"


def test_what_saves_is_told_with_its_price(page: CostPage) -> None:
    assert page.estimate is not None
    names = rows(page.tricks, len(page.estimate.tricks), 0)
    assert names == ["Smaller image", "Tiles", "Fewer filters", "Compute blocks again", "16 bits (bfloat16)"]
    assert page.tricks.text(4, 5) == "not measured"


@pytest.mark.parametrize(
    ("gibibytes", "words"),
    [
        (2000, "Fits this machine."),
        # 16 volumes need about 72 GiB; 0.9 x 24 GiB hold four.
        (24, "Does not fit this machine: at most a batch of 4 does. As it is, it fits on: The paper's small server."),
        (2, "Does not fit this machine: not even one volume does. As it is, it fits on: The paper's small server."),
    ],
)
def test_the_verdict_names_the_largest_batch_and_where_it_fits(gibibytes: int, words: str) -> None:
    servers = (Server(THIS_MACHINE, gibibytes * 2**30), *PAPER_SERVERS)
    estimate = make_estimate(Job(PRESETS["flair-wt"], (240, 240, 144), batch=16), servers=servers)
    assert verdict(estimate)[0] == words


def test_the_verdict_stands_below_the_headline(page: CostPage) -> None:
    assert "this machine" in page.verdict.text()


def test_columns_keep_one_unit(page: CostPage) -> None:
    assert page.estimate is not None
    layers = rows(page.layers, len(page.estimate.layers) + 1, 5)
    assert {text.split()[1] for text in layers} == {"MiB"}
    # 16 channels of 4 bytes at 240 x 240 x 144 voxels.
    assert layers[1] == f"{240 * 240 * 144 * 64 / 2**20:,.1f} MiB"
    terms = rows(page.terms, page.terms.model().rowCount(), 1)
    assert {text.split()[1] for text in terms} == {"GiB"}


def test_the_bar_shows_the_terms(page: CostPage) -> None:
    image = page.bar.grab().toImage()
    line = {image.pixelColor(QPoint(x, page.bar._bar_height() // 2)).name() for x in range(image.width())}
    assert {term_colour(name).name() for name in ("activations", "transient", "runtime")} <= line


def test_a_wrong_size_is_said_beside_its_field(page: CostPage, qtbot: QtBot) -> None:
    page.controls.size_box.setCurrentIndex(page.controls.size_box.count() - 1)
    page.controls.custom_edit.setText("banana")
    settle(page, qtbot)
    assert "'banana'" in page.controls._fields["size"].error.text()
    assert page.estimate is None
    page.controls.custom_edit.setText("64x64x64")
    settle(page, qtbot)
    assert page.estimate is not None
    assert page.estimate.job.shape == (64, 64, 64)


def test_plain_keras_refuses_micro_batches_in_words(page: CostPage, qtbot: QtBot) -> None:
    page.controls.batch_spin.setValue(2)
    page.controls.micro_batch_spin.setValue(1)
    page.controls.memory_box.setCurrentIndex(2)
    settle(page, qtbot)
    assert "neither bfloat16 nor micro-batches" in page.controls._fields["memory"].error.text()


def test_without_a_calibration_it_is_offered(page: CostPage) -> None:
    assert "not known" in page.time.lines.text()
    assert page.time.calibrate_button.text() == "Calibrate (about 10 s)"
    assert not page.time.cancel_button.isVisible()


def test_a_calibration_runs_beside_the_window_and_can_be_cancelled(
    page: CostPage, machine: Machine, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.time.calibrate_button, Qt.MouseButton.LeftButton)
    assert machine.is_calibrating
    assert page.time.progress.isVisible()
    assert not page.time.calibrate_button.isVisible()
    qtbot.mouseClick(page.time.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not machine.is_calibrating)
    assert page.time.calibrate_button.isVisible()
    assert page.time.problem.text() == ""


def test_with_a_calibration_step_epoch_and_end_are_told(page: CostPage, machine: Machine, qtbot: QtBot) -> None:
    records = machine_records()
    records.write_calibration(calibration_of(records.machine))
    machine.refresh()
    qtbot.waitUntil(lambda: "A step takes" in page.time.lines.text())
    assert page.estimate is not None
    times = page.estimate.times
    assert (times.steps, times.train_cases, times.validation_cases) == (388, 388, 48)
    assert times.step_seconds is not None
    assert times.total_seconds is not None
    # 3 Feb 2026 12:00 local time, and so many seconds later.
    now = time.mktime((2026, 2, 3, 12, 0, 0, 0, 0, -1))
    end = time.strftime("%Y-%m-%d %H:%M", time.localtime(now + times.total_seconds))
    assert f"until {end} if started now" in time_lines(page.estimate, now=now)[-1]
    made = time.localtime(1795514400)  # 2026-11-24T10:00:00+00:00, as the clock shows it here
    assert page.time.when.text() == f"Calibrated {time.strftime('%Y-%m-%d %H:%M', made)}."
    assert page.time.calibrate_button.text() == "Calibrate again"


def test_no_word_is_cut_at_the_usual_size(page: CostPage) -> None:
    for table in (page.terms, page.servers, page.tricks, page.layers):
        for column in range(table.model().columnCount()):
            needed = QWidget.fontMetrics(table).horizontalAdvance(table.text(0, column))
            assert table.columnWidth(column) >= needed
