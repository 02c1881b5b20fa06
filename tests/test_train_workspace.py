"""The Train workspace as it is used: buttons pressed, state and pixels asserted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from fake_engine import engine_variable, write_epoch
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QIcon, QImage, QPalette
from PySide6.QtWidgets import QFileDialog, QMessageBox, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from workstation.core.course import Change, course_of
from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.core.split import Draw, Split
from workstation.errors import ExportError, RunError, WorkstationError
from workstation.gui.train.colours import VALIDATION, state_colour
from workstation.gui.train.course_dialog import CourseDialog
from workstation.gui.train.draft import Draft, check
from workstation.gui.train.job_chip import JobChip
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.layer_table import LayerModel
from workstation.gui.train.reservation_bar import ReservationBar
from workstation.gui.train.run_notifier import RunNotifier
from workstation.gui.train.wording import bytes_text, duration_text, flops_text, progress_words
from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder, RunStatus
from workstation.io.splits import save_manifest
from workstation.io.tables import read_table
from workstation.jobs.processes import own_mark
from workstation.jobs.queue_settings import QueueSettings, read_queue_settings
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns
from workstation.session.runs import Runs
from workstation.session.session import Session

GIB = 2**30


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    root = tmp_path / "runs"
    root.mkdir()
    session = Session(runs=Runs(root))
    yield session
    for status in session.runs.statuses:
        if not status.is_ended and (session.runs.folder(status.name).path / "supervisor.json").exists():
            session.runs.stop_now(status.name)
    session.close()


@pytest.fixture
def workspace(session: Session, qtbot: QtBot) -> TrainWorkspace:
    workspace = TrainWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.resize(1300, 850)
    workspace.show()
    qtbot.waitExposed(workspace)
    return workspace


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_phantoms(tmp_path / "phantoms", cases=3, shape=(32, 32, 16), layout="brats2021", seed=1)
    return tmp_path / "phantoms"


def new_run(session: Session, label: str = "x") -> RunFolder:
    return RunFolder.create(session.runs.root, TrainRequest(data="/data", epochs=3), label=label)


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def visible_buttons(workspace: TrainWorkspace) -> set[str]:
    return {verb for verb, button in workspace.details.buttons.items() if button.isVisible()}


def run_state(session: Session, run: RunFolder) -> str:
    status = session.runs.status(run.name)
    return status.state if status else ""


def has_colour(widget: QWidget, colour: object) -> bool:
    image = widget.grab().toImage()
    return any(
        image.pixelColor(QPoint(x, y)) == colour for x in range(image.width()) for y in range(0, image.height(), 2)
    )


def test_an_untouched_form_shows_an_estimate_and_no_error(workspace: TrainWorkspace) -> None:
    assert "Needs about" in workspace.cost._headline.text()
    assert not workspace.form._fields["data"].error.isVisible()
    assert "No runs yet" in workspace._right.currentWidget().findChildren(QWidget)[0].text()  # type: ignore[attr-defined]


def test_starting_without_a_data_set_says_so_beside_the_field(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    click(qtbot, workspace.start_button)
    assert "No data set" in workspace.form._fields["data"].error.text()
    assert "Nothing was started" in workspace.problem.text()
    assert workspace._session.runs.statuses == ()


def test_an_error_in_an_advanced_field_opens_them(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    assert not workspace.form.advanced.rate_edit.isVisible()
    workspace.form.advanced.rate_edit.setText("fast")
    assert workspace.form.advanced.rate_edit.isVisible()
    assert "'fast'" in workspace.form._fields["learning_rate"].error.text()
    workspace.form.advanced.rate_edit.setText("0.01")
    assert not workspace.form._fields["learning_rate"].error.isVisible()


def test_the_data_set_is_counted_and_gives_the_size(workspace: TrainWorkspace, data: Path, qtbot: QtBot) -> None:
    workspace.set_data(data)
    qtbot.waitUntil(lambda: "3 of 3 cases" in workspace.form._facts.text())
    assert "32 × 32 × 16" in workspace.form.size_box.itemText(0)
    assert workspace.new.cost is not None
    assert workspace.new.cost.shape == (32, 32, 16)


def test_a_folder_that_is_no_data_set_cannot_be_started(
    workspace: TrainWorkspace, tmp_path: Path, qtbot: QtBot
) -> None:
    workspace.set_data(tmp_path / "absent")
    qtbot.waitUntil(lambda: "not a folder" in workspace.form._facts.text())
    click(qtbot, workspace.start_button)
    assert "cannot be used" in workspace.problem.text()
    assert list(workspace._session.runs.root.glob("2*")) == []


def test_what_does_not_fit_is_said_before_it_is_started(workspace: TrainWorkspace) -> None:
    workspace.form.batch_spin.setValue(1024)
    assert "Does not fit" in workspace.cost.verdict.text()
    assert workspace.start_button.text() == "Start anyway"
    workspace.form.batch_spin.setValue(1)
    workspace.form.size_box.setCurrentIndex(workspace.form.size_box.count() - 1)
    workspace.form.custom_edit.setText("32x32x16")
    assert workspace.start_button.text() == "Start training"


def test_the_layer_table_has_a_row_for_each_layer_and_the_papers_parameters(workspace: TrainWorkspace) -> None:
    assert workspace.new.cost is not None
    model = LayerModel()
    model.show_layers(workspace.new.cost.layers)
    parameters = [model.data(model.index(row, 4)) for row in range(model.rowCount())]
    assert sum(int(text.replace(",", "")) for text in parameters if text) == 5_650_801


def test_a_training_is_started_watched_paused_resumed_and_stopped(
    workspace: TrainWorkspace, data: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    workspace.set_data(data)
    click(qtbot, workspace.start_button)
    assert "goes on if you close" in workspace.problem.text()
    details = workspace.details

    def wait_for(word: str) -> None:
        qtbot.waitUntil(lambda: word in details._facts.text(), timeout=20_000)

    wait_for("Running")
    assert visible_buttons(workspace) == {"pause", "stop_after_epoch", "stop_now", "change_course", "clone"}
    qtbot.waitUntil(lambda: not details._data.is_empty)
    qtbot.waitUntil(lambda: "fake engine, work" in details.log.toPlainText())
    click(qtbot, details.buttons["pause"])
    wait_for("Paused")
    click(qtbot, details.buttons["resume"])
    wait_for("Running")
    click(qtbot, details.buttons["stop_now"])
    wait_for("Stopped")
    assert visible_buttons(workspace) == {"resume_from_checkpoint", "remove", "change_course", "clone"}
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    click(qtbot, details.buttons["resume_from_checkpoint"])
    wait_for("Finished")
    assert visible_buttons(workspace) == {"segment", "remove", "change_course", "clone"}


def test_curves_are_drawn_as_epochs_come(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    qtbot.waitUntil(lambda: workspace.list.selected == run.name)
    assert "begin with the first step" in workspace.details.curves._empty.text()
    for number in (1, 2):
        write_epoch(run, number)
    qtbot.waitUntil(lambda: "Best epoch so far: 2" in workspace.details.curves._best.text())
    assert has_colour(workspace.details.curves.dice, VALIDATION)


def test_a_failed_run_says_why_and_what_to_do(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    run = new_run(session)
    run.append({"event": "failed", "kind": "NonFiniteLoss", "text": "The loss is NaN.", "hint": "Lower the rate."})
    run.append({"event": "state", "state": "failed"})
    qtbot.waitUntil(lambda: workspace.details.reason.text() == "The loss is NaN.")
    assert workspace.details.reason.isVisible()
    assert workspace.details.hint.text() == "Lower the rate."
    assert has_colour(workspace.list, state_colour("failed"))


def test_another_run_shows_its_own_log_and_request(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    first, second = new_run(session, "first"), new_run(session, "second")
    first.log.write_text("of the first\n")
    second.log.write_text("of the second\n")
    qtbot.waitUntil(lambda: session.runs.status(second.name) is not None)
    for run, text in ((first, "of the first\n"), (second, "of the second\n")):
        workspace.show_run(run.name)
        qtbot.waitUntil(lambda text=text: workspace.details.log.toPlainText() == text)
        assert workspace.details.request.topLevelItem(0).text(1) == str(run.path)


def test_a_run_that_is_followed_from_outside_is_selected(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    first, second = new_run(session, "first"), new_run(session, "second")
    qtbot.waitUntil(lambda: workspace.list.selected == second.name)
    session.runs.follow(first.name)
    assert workspace.list.selected == first.name
    assert workspace.details._title.text() == first.name


def test_a_workspace_that_comes_late_shows_the_runs_that_were_read(session: Session, qtbot: QtBot) -> None:
    run = new_run(session)
    with qtbot.waitSignal(session.runs.runs_changed):
        session.runs.start_watching()
    late = TrainWorkspace(session)
    qtbot.addWidget(late)
    assert late.list.selected == run.name
    assert late.details._title.text() == run.name


def test_a_finished_training_segments_the_open_case_only_if_there_is_one(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "finished"})
    qtbot.waitUntil(lambda: visible_buttons(workspace) >= {"segment", "remove"})
    assert not workspace.details.buttons["segment"].isEnabled()
    assert "Open a case" in workspace.details.note.text()


def test_a_refused_command_is_explained(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    qtbot.waitUntil(lambda: "pause" in visible_buttons(workspace))
    run.append({"event": "state", "state": "finished"})
    click(qtbot, workspace.details.buttons["pause"])
    assert "has ended" in workspace.details.note.text()


def test_the_chip_shows_the_running_job_and_leads_to_it(session: Session, qtbot: QtBot) -> None:
    chip = JobChip(session)
    qtbot.addWidget(chip)
    assert not chip.isVisible()
    run = new_run(session)
    write_epoch(run, 1)
    run.append({"event": "state", "state": "running"})
    run.append({"event": "progress", "done": 1, "total": 3, "unit": "epoch", "seconds_left": 120})
    run.append({"event": "memory", "rss_bytes": 3 * 2**30, "peak_bytes": 3 * 2**30})
    session.runs.start_watching()
    qtbot.waitUntil(lambda: chip.text() == "Training · epoch 1 of 3 · 3.0 GiB · 2 min 00 s left")
    assert has_colour(chip, state_colour("running"))
    with qtbot.waitSignal(chip.run_requested) as requested:
        chip.click()
    assert requested.args == [run.name]


def test_the_chip_keeps_the_ending_until_it_is_clicked(session: Session, qtbot: QtBot) -> None:
    chip = JobChip(session)
    qtbot.addWidget(chip)
    run = RunFolder.create(session.runs.root, SegmentRequest(model="/m", cases=("/c",)), label="seg")
    session.runs.start_watching()
    qtbot.waitUntil(chip.isVisible)
    run.append({"event": "state", "state": "failed", "reason": "The disk is full."})
    qtbot.waitUntil(lambda: chip.text() == "Segmentation · Failed")
    assert "The disk is full." in chip.toolTip()
    chip.click()
    assert not chip.isVisible()


WAITS = {
    "event": "state",
    "state": "waiting",
    "why": "memory",
    "place": 2,
    "wanted_bytes": round(6.2 * GIB),
    "free_bytes": round(4.1 * GIB),
    "beside": "'task01'",
}


def test_a_run_that_waits_says_what_for_in_list_details_and_chip(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    chip = JobChip(session)
    qtbot.addWidget(chip)
    run = new_run(session)
    run.append(WAITS)
    words = "waits for 6.2 GiB; 4.1 GiB free beside 'task01'"
    qtbot.waitUntil(lambda: words in workspace.details._facts.text())
    assert "place 2 in the queue" in workspace.details._facts.text()
    assert workspace.details.curves._empty.text() == f"The run {words}."
    model = workspace.list.model()
    assert [model.index(0, column).data() for column in (0, 3)] == ["Waiting (2)", "4.1 GiB of 6.2 GiB free"]
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == words
    qtbot.waitUntil(lambda: chip.text() == "Training · place 2 · 4.1 GiB of 6.2 GiB free")
    assert words in chip.toolTip()


def reserve(session: Session, run: RunFolder, gib: float, *, is_running: bool = True) -> None:
    ticket = Ticket(run.name, float(is_running), is_running, own_mark(), bytes=round(gib * GIB))
    Turns(session.runs.root).ask(ticket)


def test_the_bar_shows_what_is_reserved_what_of_it_is_used_and_what_comes_next(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "4GiB")
    bar = workspace.findChild(ReservationBar)
    assert isinstance(bar, ReservationBar)
    qtbot.waitUntil(lambda: "Memory for runs: 4.0 GiB, nothing reserved" in bar.words.text())
    assert not has_colour(bar.bar, state_colour("running"))
    first, second = new_run(session, "first"), new_run(session, "second")
    reserve(session, first, 2)
    reserve(session, second, 3, is_running=False)
    first.append({"event": "state", "state": "running"})
    first.append({"event": "memory", "rss_bytes": GIB, "peak_bytes": GIB})
    qtbot.waitUntil(
        lambda: "2.0 GiB of 4.0 GiB reserved · 1.0 GiB in use · 2.0 GiB free · 1 waiting" in bar.words.text()
    )
    qtbot.waitUntil(lambda: len(bar.bar.parts) == 2 and bar.bar.parts[0].used_bytes == GIB)
    picture = bar.bar.grab().toImage()
    scale = picture.width() / bar.bar.width()

    def colour_at(share: float) -> object:
        return picture.pixelColor(round(share * bar.bar.width() * scale), picture.height() // 2)

    # A quarter of the budget is in use, another quarter only reserved.
    assert colour_at(0.12) == state_colour("running")
    assert colour_at(0.37) not in (state_colour("running"), bar.palette().color(QPalette.ColorRole.Mid))
    assert [(part.left, part.width, part.is_waiting) for part in bar.bar.parts] == [(0, 0.5, False), (0.5, 0.5, True)]


def test_the_form_says_whether_a_start_would_wait(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "4GiB")
    workspace.form.size_box.setCurrentIndex(workspace.form.size_box.count() - 1)
    workspace.form.custom_edit.setText("32x32x16")
    assert workspace.queue_note.text() == ""
    first = new_run(session, "first")
    for gib, words in ((2.0, "will start at once, and share the processor"), (3.8, "0.2 GiB of the memory")):
        reserve(session, first, gib)
        qtbot.waitUntil(lambda words=words: words in workspace.queue_note.text())


class Tray(QObject):
    """A system tray that remembers what was shown in it."""

    MessageIcon = QSystemTrayIcon.MessageIcon
    shown: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, icon: QIcon, parent: QObject) -> None:
        super().__init__(parent)

    @staticmethod
    def isSystemTrayAvailable() -> bool:
        return True

    def show(self) -> None:
        """It would."""

    def showMessage(self, title: str, text: str, icon: object) -> None:
        self.shown.append((title, text))


@pytest.mark.parametrize(("notify", "told"), [("on", True), ("off", False)])
def test_the_tray_tells_of_an_end_that_nobody_else_tells_of(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, notify: str, told: bool
) -> None:
    monkeypatch.setattr("workstation.gui.train.run_notifier.QSystemTrayIcon", Tray)
    monkeypatch.setattr("workstation.gui.train.run_notifier.can_notify", lambda: False)
    monkeypatch.setenv("WORKSTATION_NOTIFY", notify)
    Tray.shown.clear()
    away = QWidget()
    qtbot.addWidget(away)
    RunNotifier(session.runs, away)
    old, run = new_run(session, "old"), new_run(session, "new")
    old.append({"event": "state", "state": "finished"})
    session.runs.start_watching()
    qtbot.waitUntil(lambda: session.runs.status(run.name) is not None)
    run.append({"event": "state", "state": "failed", "reason": "The loss is NaN."})
    with qtbot.waitSignal(session.runs.status_changed):
        session.runs.refresh()
    assert Tray.shown == ([("Training · Failed", f"{run.name}\nThe loss is NaN.")] if told else [])


def test_runs_side_by_side_say_that_they_share_the_processor(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    first, second = new_run(session, "first"), new_run(session, "second")
    for run in (first, second):
        reserve(session, run, 0.5)
        run.append({"event": "state", "state": "running"})
    workspace.show_run(first.name)
    qtbot.waitUntil(lambda: f"shares the processor with {second.name}" in workspace.details._facts.text())


def test_a_warning_is_shown_until_it_is_over(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    run.append({"event": "warning", "text": "No progress since 14:05."})
    qtbot.waitUntil(lambda: workspace.details.warning.text() == "No progress since 14:05.")
    assert workspace.details.warning.isVisible()
    run.append({"event": "warning", "text": ""})
    qtbot.waitUntil(lambda: not workspace.details.warning.isVisible())


def test_a_run_is_removed_only_after_a_question(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "stopped"})
    qtbot.waitUntil(lambda: "remove" in visible_buttons(workspace))
    asked: list[str] = []

    def answer(button: str) -> None:
        box = next(each for each in workspace.details.findChildren(QMessageBox) if each.isVisible())
        asked.append(box.text())
        click(qtbot, next(each for each in box.buttons() if each.text().replace("&", "") == button))

    for button, is_there in (("Cancel", True), ("Remove", False)):
        QTimer.singleShot(0, lambda button=button: answer(button))
        click(qtbot, workspace.details.buttons["remove"])
        assert run.path.exists() == is_there
    assert asked == [f"Remove {run.name}?"] * 2
    qtbot.waitUntil(lambda: session.runs.statuses == ())
    qtbot.waitUntil(lambda: not list(session.runs.root.glob(".removed-*")))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (5.4, "5 s"), (65, "1 min 05 s"), (1800, "30 min"), (7500, "2 h 05 min"), (200_000, "2 d 7 h")],
)
def test_durations_have_two_units(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


def test_sizes_and_work_have_fitting_units() -> None:
    assert [bytes_text(count) for count in (0, 22 * 2**20, 5 * 2**29)] == ["–", "22 MiB", "2.5 GiB"]
    assert [flops_text(count) for count in (2e6, 3.2e12)] == ["2.0 MFLOP", "3.2 TFLOP"]


def test_progress_is_told_in_what_the_run_counts() -> None:
    training = RunStatus("r", "train", 0.0, state="running", epoch=3, epochs=25)
    assert progress_words(training) == "epoch 3 of 25"
    segmentation = replace(training, kind="segment", unit="case", done=1, total=4)
    assert progress_words(segmentation) == "1 of 4 cases"
    assert progress_words(replace(training, state="waiting", epoch=0, text="2 runs are before this one")).startswith(
        "2"
    )


def test_a_split_is_counted_or_refused_beside_its_field(
    workspace: TrainWorkspace, data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    data_set = open_dataset(data)
    names = [case.name for case in data_set.cases]
    split = Split((names[0],), tuple(names[1:2]), tuple(names[2:]))
    path = save_manifest(tmp_path / "split.json", data_set, split, draw=Draw())
    shown = lambda: " ".join(label.text() for label in workspace.form.findChildren(ToneLabel))  # noqa: E731
    workspace.form.advanced.split_edit.setText(str(path))
    qtbot.waitUntil(lambda: f"1 training, {len(split.validation)} validation, {len(split.test)} test" in shown())
    workspace.form.advanced.split_edit.setText(str(tmp_path / "none.json"))
    qtbot.waitUntil(lambda: "none.json cannot be read" in shown())
    workspace.form.set_data(str(data))
    qtbot.mouseClick(workspace.start_button, Qt.MouseButton.LeftButton)
    assert "the split cannot be used" in workspace.problem.text()


def test_a_saved_split_leaves_no_shares_to_choose(workspace: TrainWorkspace) -> None:
    form = workspace.form
    form.set_split(Path("/splits/fold1.json"), preset="four-regions", draw=Draw(seed=7, validation=0.0, folds=5))
    assert form.draft().split == "/splits/fold1.json"
    assert form.draft().preset == "four-regions"
    assert not form.advanced.validation_spin.isEnabled()
    assert not form.advanced.test_spin.isEnabled()
    assert form.advanced.seed_spin.value() == 1  # of the weights: the split is drawn already
    form.set_split(None, preset="flair-wt", draw=Draw(seed=7, validation=0.2, test=0.3))
    draft = form.draft()
    assert (draft.split, draft.seed, draft.validation, draft.test) == ("", 7, 0.2, 0.3)
    assert form.advanced.validation_spin.isEnabled()


def test_a_run_is_cloned_into_the_form(workspace: TrainWorkspace, session: Session, qtbot: QtBot) -> None:
    shares = {"validation": 32 / 484, "test": 46 / 484}
    request = TrainRequest(
        data="/data", epochs=7, size="64x64x48", filters=4, cases=("a", "b"), sentinel_epochs=3, **shares
    )
    run = RunFolder.create(session.runs.root, request, label="x")
    qtbot.waitUntil(lambda: workspace.list.selected == run.name)
    qtbot.waitUntil(lambda: "clone" in visible_buttons(workspace))
    click(qtbot, workspace.details.buttons["clone"])
    assert check(workspace.form.draft()).request == request
    assert workspace.form.advanced.filters_spin.isVisible()
    # Shown rounded, and kept as it is until somebody edits it.
    assert workspace.form.advanced.test_spin.text() == "9.5041 % of the cases"
    workspace.form.advanced.test_spin.setValue(9.5)
    assert workspace.form.draft().test == 0.095
    assert "same as the run" in workspace.problem.text()


def test_a_recipe_is_saved_given_away_and_taken_up_beside_other_data(
    workspace: TrainWorkspace, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, path = workspace.form, tmp_path / "mine.recipe.json"
    form.set_data("/mine")
    form.name_edit.setText("mine")
    form.apply({"size": "64x64x48", "batch": 3, "filters": 4, "memory": "low"})
    form.advanced.rate_edit.setText("0.01")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(path), ""))
    click(qtbot, form.save_button)
    assert "mine" not in path.read_text() and "Saved" in workspace.problem.text()
    form.fill(Draft(data="/theirs", name="theirs", cases="a, b"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_arguments: (str(path), ""))
    click(qtbot, form.load_button)
    draft = form.draft()
    assert (draft.data, draft.name, draft.cases) == ("/theirs", "theirs", "a, b")
    assert (draft.size, draft.batch, draft.filters, draft.memory) == ("64x64x48", 3, 4, "low")
    assert draft.learning_rate == "0.01"
    path.write_text('{"format": "something else", "recipe": {}}')
    click(qtbot, form.load_button)
    assert "is no recipe" in workspace.problem.text() and form.draft() == draft


def test_a_training_gets_more_epochs_and_another_rate_in_the_window(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    write_epoch(run, 1)
    qtbot.waitUntil(lambda: (status := session.runs.status(run.name)) is not None and status.epoch == 1)
    qtbot.waitUntil(lambda: "change_course" in visible_buttons(workspace))
    click(qtbot, workspace.details.buttons["change_course"])
    dialog = workspace.details.verbs.course_dialog
    assert dialog is not None
    assert not dialog.ok_button.isEnabled()
    assert dialog.from_spin.value() == 2 and "0.001" in dialog.rate_edit.placeholderText()
    dialog.epochs_spin.setValue(9)
    dialog.rate_edit.setText("0,0001")
    dialog.from_spin.setValue(1)
    click(qtbot, dialog.ok_button)
    assert "behind it already" in dialog.problem.text() and dialog.isVisible()
    dialog.from_spin.setValue(4)
    click(qtbot, dialog.ok_button)
    assert not dialog.isVisible()
    assert run.changes()[0] == [Change(epochs=9, learning_rate=1e-4, from_epoch=4)]


def test_a_finished_training_goes_back_to_its_best_epoch_with_a_lower_rate(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    run = new_run(session)
    run.checkpoints.mkdir()
    (run.checkpoints / "best.npz").touch()
    for number in (1, 2):
        write_epoch(run, number)
    run.append({"event": "epoch", "epoch": 3, "epochs": 3, "loss": 0.5, "dice": 0.5, "val_dice": 0.1})
    run.append({"event": "state", "state": "finished"})
    qtbot.waitUntil(lambda: "change_course" in visible_buttons(workspace))
    click(qtbot, workspace.details.buttons["change_course"])
    dialog = workspace.details.verbs.course_dialog
    assert dialog is not None
    assert not dialog.ok_button.isEnabled()
    dialog.best_button.click()
    assert "same steps again" in dialog.note.text() and dialog.from_spin.value() == 3
    dialog.rate_edit.setText("1e-5")
    assert not dialog.note.text()
    click(qtbot, dialog.ok_button)
    assert run.goes_on_from_best() and run.changes()[0] == [Change(learning_rate=1e-5, from_epoch=3)]
    qtbot.waitUntil(lambda: run_state(session, run) != "finished")
    qtbot.waitUntil(lambda: run_state(session, run) == "finished", timeout=60_000)


def test_a_start_that_was_refused_can_be_tried_again_with_the_same_change(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(session)
    write_epoch(run, 1)
    run.append({"event": "state", "state": "stopped"})
    answers: list[WorkstationError | None] = [RunError("it is just ending", hint="Try again."), None]

    def resume(_name: str) -> None:
        refused = answers.pop(0)
        if refused is not None:
            raise refused

    monkeypatch.setattr(session.runs, "resume", resume)
    dialog = CourseDialog(session.runs, run.status(), course_of(run.request(), ()))
    qtbot.addWidget(dialog)
    dialog.epochs_spin.setValue(9)
    dialog.accept()
    assert "just ending" in dialog.problem.text()
    dialog.accept()
    assert (answers, dialog.result()) == ([], CourseDialog.DialogCode.Accepted)
    assert run.changes()[0] == [Change(epochs=9, from_epoch=2)]


def test_a_click_on_a_curve_opens_the_masks_of_that_epoch(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    for number in range(1, 11):
        write_epoch(run, number)
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(session.sentinels, "show", lambda name, *, epoch: asked.append((name, epoch)))
    details = workspace.details
    qtbot.waitUntil(lambda: "Best epoch so far: 10" in details.curves._best.text())
    plot = details.curves.dice

    def click_epoch(epoch: int) -> None:
        box = plot.getPlotItem().getViewBox()
        place = plot.mapFromScene(box.mapViewToScene(QPointF(epoch, sum(box.viewRange()[1]) / 2)))
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click_epoch(4)
    assert asked == []
    run.append({"event": "sentinel", "epoch": 4, "case": "a", "scheme": "region:WT", "dice": {}})
    qtbot.waitUntil(lambda: "Click an epoch" in details.curves._best.text())
    click_epoch(4)
    assert asked == [(run.name, 4)]


def test_curves_are_exported_as_a_table_and_a_picture(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    run = new_run(session)
    run.append({"event": "state", "state": "running"})
    for number in (1, 2):
        write_epoch(run, number)
    curves = workspace.details.curves
    qtbot.waitUntil(lambda: "Best epoch so far: 2" in curves._best.text())
    curves.export(tmp_path / "curves.csv")
    rows = read_table(tmp_path / "curves.csv")
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "1"), ("1", ""), ("2", "2"), ("2", "")]
    # write_epoch: a loss of 1 / (epoch + 1), and a tenth more in validation.
    assert float(rows[0]["loss"]) == 0.5 and float(rows[1]["val_loss"]) == pytest.approx(0.55)
    assert rows[0]["rate"] == ""
    curves.export(tmp_path / "curves.png")
    assert QImage(str(tmp_path / "curves.png")).width() >= curves.width() // 2
    with pytest.raises(ExportError, match="neither"):
        curves.export(tmp_path / "curves.txt")


def test_how_runs_share_the_machine_is_changed_in_the_window(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    new_run(session)
    qtbot.waitUntil(workspace.queue_button.isVisible)
    click(qtbot, workspace.queue_button)
    dialog = workspace.queue_dialog
    assert dialog is not None
    dialog.memory_edit.setText("much")
    click(qtbot, dialog.save_button)
    assert dialog.isVisible() and "64GiB" in dialog.problem.text() and "NAME" not in dialog.problem.text()
    # It grows by the words; the fields stay as high as they were.
    qtbot.waitUntil(lambda: dialog.memory_edit.height() >= dialog.memory_edit.minimumHeight() > 0)
    assert dialog.height() >= dialog.layout().totalHeightForWidth(dialog.width())
    dialog.memory_edit.setText("2GiB")
    dialog.at_once_spin.setValue(2)
    dialog.cores_box.setCurrentIndex(dialog.cores_box.findData("divided"))
    dialog.notify_check.setChecked(False)
    click(qtbot, dialog.save_button)
    assert read_queue_settings(session.runs.root) == QueueSettings("2GiB", 2, "divided", False)
    assert not dialog.isVisible()
