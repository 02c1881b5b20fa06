"""The first window of the scripted session, run by test_training_desk.py in a process of its own until it is killed.

From an empty profile it adds the data set, looks at its check-up, is refused a training of an impossible size, takes
the suggestion that makes it fit, and starts two small trainings that do not fit together.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from desk import Desk, count_of, image_of
from fake_engine import engine_variable
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from workstation.gui.application import make_application
from workstation.gui.data.workspace import DataWorkspace
from workstation.gui.main_window import MainWindow
from workstation.gui.train.colours import state_colour, term_colour
from workstation.session.session import Session

CASES = 4
INCOMPLETE = "Phantom_00004"
READY = "both runs are there"


def add_data_set(desk: Desk, folder: Path) -> DataWorkspace:
    """Add the folder by the button of the empty page, and wait until its cases are examined."""
    desk.go("data")
    data = desk.window.workspace("data")
    assert isinstance(data, DataWorkspace)
    assert not data.table.isVisible()
    desk.picture("1 empty profile")
    QFileDialog.getExistingDirectory = staticmethod(lambda *_arguments: str(folder))  # type: ignore[method-assign]
    desk.click(data._empty.button)
    scan = desk.session.scan
    desk.wait(lambda: scan.total > 0 and scan.done == scan.total and not scan.is_running, "the examination")
    desk.settle()
    assert data.table.isVisible()
    return data


def look_at_check_up(desk: Desk, data: DataWorkspace) -> None:
    """The sequence that was taken away is named, with the case."""
    desk.picture("2 data set")
    desk.choose_tab(data.tabs, 1)
    places = {finding.kind: finding.places for finding in data.check.findings}
    assert [(place.case, place.parts) for place in places["missing"]] == [(INCOMPLETE, ("T1",))]
    assert f"({len(places)})" in data.tabs.tabText(1)
    assert data.check.list.count() == len(places)
    desk.picture("3 check-up")


def meet_the_gate(desk: Desk, data: DataWorkspace) -> None:
    """A size that no machine has memory for is refused, and one click makes it fit."""
    desk.click(data.bar.train_button)
    train = desk.train
    desk.wait(lambda: f"{CASES} of {CASES} cases" in train.form._facts.text(), "the facts of the data set")
    form = train.form
    form.size_box.setCurrentIndex(form.size_box.count() - 1)
    form.custom_edit.selectAll()
    QTest.keyClicks(form.custom_edit, "1024x1024x1024")
    assert "Does not fit" in train.cost.verdict.text()
    assert not train.start_button.isEnabled() and train.override_check.isVisible()
    desk.picture("4 gate refuses")
    refused = image_of(train.cost._bar)
    desk.click(train.cost.remedies.buttons[0])
    assert train.cost.verdict.text().startswith("Fits"), train.cost.verdict.text()
    assert train.start_button.isEnabled() and not train.override_check.isVisible()
    # What is in use is a sliver of the bar of a training a hundred times the machine, and a part of one that fits.
    assert refused.shape != image_of(train.cost._bar).shape or (refused != image_of(train.cost._bar)).any()
    assert count_of(train.cost._bar, term_colour("used")) > 50
    desk.picture("5 gate lets through")


def fill_form(desk: Desk, *, name: str, epochs: int) -> None:
    """A training as small as they come."""
    form = desk.train.form
    form.apply({"size": "32x32x16", "batch": 1, "filters": 4, "micro_batch": 0, "memory": "exact"})
    form.advanced.depth_spin.setValue(2)
    form.advanced.validation_spin.setValue(25)
    form.advanced.test_spin.setValue(0)
    form.advanced.rate_edit.setText("0.01")
    form.epochs_spin.setValue(epochs)
    form.name_edit.setText(name)


def start_two(desk: Desk) -> None:
    """Start one, let runs have a GiB together, and start another, which has to wait."""
    train = desk.train
    fill_form(desk, name="first", epochs=9999)
    desk.click(train.start_button)
    assert train.problem.text().startswith("Started."), train.problem.text()
    desk.wait(train.queue_button.isVisible, "the list of runs")
    desk.click(train.queue_button)
    dialog = train.queue_dialog
    assert dialog is not None
    QTest.keyClicks(dialog.memory_edit, "1GiB")
    QTest.keyClick(dialog.memory_edit, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    desk.wait_for_run("Running")
    desk.wait(lambda: not train.details._data.is_empty, "the first step")
    # The second is there for its turn in the queue, not for what it would learn.
    os.environ["WORKSTATION_ENGINE"] = engine_variable("finish")
    desk.wait(lambda: "It will wait" in train.queue_note.text(), "the word of the queue")
    fill_form(desk, name="second", epochs=3)
    desk.click(train.start_button)
    desk.wait_for_run("waits for")
    viewport = train.list.viewport()
    assert count_of(viewport, state_colour("running")) > 10
    assert count_of(viewport, state_colour("waiting")) > 10
    desk.picture("6 second waits")


def main() -> None:
    """Do all that, say so, and live on."""
    app = make_application()
    window = MainWindow(Session())
    window.resize(1440, 900)
    window.show()
    desk = Desk(window)
    desk.wait(window.isVisible)
    data = add_data_set(desk, Path(sys.argv[1]))
    look_at_check_up(desk, data)
    meet_the_gate(desk, data)
    start_two(desk)
    print(READY, flush=True)
    app.exec()


if __name__ == "__main__":
    main()
