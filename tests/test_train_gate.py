"""The gate before a training: whether it fits beside what runs, what would make it fit, who starts it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from measured_results import calibration_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from test_models_workspace import RecordingRuns

from workstation.core.estimate import Job, Knowledge
from workstation.core.requests import TrainRequest
from workstation.core.servers import PAPER_SERVERS
from workstation.gui.train import new_training
from workstation.gui.train.colours import term_colour
from workstation.gui.train.forecast import Forecast, fitting_server, forecast
from workstation.gui.train.memory_bar import MemoryBar
from workstation.gui.train.remedy_list import remedy_words
from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder, RunStatus
from workstation.jobs.memory import MachineMemory
from workstation.session.reservations import OtherRuns, other_runs
from workstation.session.session import Session

GIB = 2**30
IDLE = MachineMemory(24 * GIB, 22 * GIB)
FULL = (240, 240, 144)
CALIBRATED = Knowledge(calibration_of("a machine"))


def cost_of(request: TrainRequest, memory: MachineMemory = IDLE, **known: object) -> Forecast:
    return forecast(request, memory, volume_shape=FULL, **known)  # type: ignore[arg-type]


def status(name: str, state: str, **values: int) -> RunStatus:
    return RunStatus(name, "train", 0.0, state=state, is_alive=True, **values)


def test_a_run_that_has_begun_still_takes_what_is_reserved_beyond_what_it_holds() -> None:
    statuses = [
        status("begun", "running", reserved_bytes=10 * GIB, rss_bytes=4 * GIB),
        status("estimated", "preparing", estimate_bytes=3 * GIB, rss_bytes=GIB),
        status("more than expected", "running", reserved_bytes=GIB, rss_bytes=2 * GIB),
        status("waits", "waiting", estimate_bytes=50 * GIB),
        status("over", "finished", reserved_bytes=50 * GIB),
    ]
    assert other_runs(statuses) == OtherRuns(promised_bytes=8 * GIB, running=3, waiting=1)


def test_events_of_a_run_say_what_is_reserved_for_it(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, TrainRequest(data="/d"), label="x")
    run.append({"event": "estimate", "estimate_bytes": 5})
    run.append({"event": "granted", "reserved_bytes": 7})
    found = run.status()
    assert (found.estimate_bytes, found.reserved_bytes) == (5, 7)


def test_what_is_promised_to_others_is_not_free() -> None:
    alone = cost_of(TrainRequest(data="/d"))
    assert alone.fit == "fits"
    # Not reserved: all that is free but one byte less than it needs.
    others = OtherRuns(promised_bytes=IDLE.available_bytes - alone.peak_bytes + 1, running=1)
    beside = cost_of(TrainRequest(data="/d"), others=others)
    assert (beside.fit, beside.could_ever_fit) == ("too large", True)
    assert beside.free_bytes == alone.peak_bytes - 1


def test_a_tenth_of_the_machine_is_left_to_it() -> None:
    peak = cost_of(TrainRequest(data="/d")).peak_bytes
    # It is all free, but more than nine tenths would be taken.
    total = int(peak / 0.95)
    cost = cost_of(TrainRequest(data="/d"), MachineMemory(total, total))
    assert (cost.fit, cost.could_ever_fit) == ("too large", False)


def test_what_fits_needs_no_remedy() -> None:
    assert cost_of(TrainRequest(data="/d")).remedies == ()


def test_each_remedy_fits_and_the_gentlest_come_first() -> None:
    cost = cost_of(TrainRequest(data="/d", batch=16), cases=484, knowledge=CALIBRATED)
    assert cost.fit == "too large"
    assert [set(each.changes) for each in cost.remedies] == [{"micro_batch"}, {"batch"}, {"size"}]
    assert [each.severity for each in cost.remedies] == sorted(each.severity for each in cost.remedies)
    for each in cost.remedies:
        after = cost_of(replace(TrainRequest(data="/d", batch=16), **each.changes), knowledge=CALIBRATED)
        assert (after.fit, after.peak_bytes) == ("fits", each.peak_bytes), each
    # One volume more would not fit.
    for name in ("micro_batch", "batch"):
        most = next(each.changes[name] for each in cost.remedies if name in each.changes)
        more = cost_of(replace(TrainRequest(data="/d", batch=16), **{name: most + 1}), knowledge=CALIBRATED)
        assert more.fit != "fits"


def test_time_of_a_remedy_is_that_of_a_volume() -> None:
    cost = cost_of(TrainRequest(data="/d", batch=16), knowledge=CALIBRATED)
    batch = next(each for each in cost.remedies if "batch" in each.changes)
    plan = TrainRequest(data="/d").plan
    few, many = (CALIBRATED.seconds(Job(plan, FULL, batch=count)) for count in (batch.changes["batch"], 16))
    assert few is not None
    assert many is not None
    assert batch.time_ratio == pytest.approx((few / batch.changes["batch"]) / (many / 16))


def test_the_modes_of_the_engine_are_offered_to_plain_keras() -> None:
    found = cost_of(TrainRequest(data="/d", batch=1, memory="plain"), MachineMemory(24 * GIB, 8 * GIB)).remedies
    assert dict(found[0].changes) == {"memory": "exact"}
    assert found[0].severity == 0


def test_bfloat16_is_not_offered_where_it_was_not_measured() -> None:
    for known in (Knowledge(), CALIBRATED):
        cost = cost_of(TrainRequest(data="/d", batch=16), knowledge=known)
        assert not any("precision" in each.changes for each in cost.remedies)


def test_where_nothing_alone_helps_changes_are_combined() -> None:
    little = MachineMemory(4 * GIB, 3 * GIB)
    request = TrainRequest(data="/d", batch=2, filters=32)
    cost = cost_of(request, little)
    assert cost.fit == "too large"
    assert len(cost.remedies) >= 1
    after = cost_of(replace(request, **cost.remedies[0].changes), little)
    assert after.fit == "fits"


def test_where_nothing_helps_nothing_is_offered() -> None:
    assert cost_of(TrainRequest(data="/d"), MachineMemory(GIB, GIB // 8)).remedies == ()


def test_the_smallest_server_that_would_do_is_named() -> None:
    cost = cost_of(TrainRequest(data="/d", batch=48))
    # 48 volumes need about 213 GiB: more than 0.9 x 192, less than 0.9 x 384.
    assert 0.9 * 192 < cost.peak_bytes / GIB < 0.9 * 384
    found = fitting_server(cost, PAPER_SERVERS)
    assert found is not None
    assert found.name == "paper-384"
    assert fitting_server(cost, PAPER_SERVERS[:1]) is None


# --- the window


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    (tmp_path / "runs").mkdir()
    session = Session(runs=RecordingRuns(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def workspace(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TrainWorkspace:
    monkeypatch.setattr(new_training, "machine_memory", lambda: IDLE)
    write_phantoms(tmp_path / "data", cases=3, shape=(16, 16, 16), layout="brats2021", seed=1)
    workspace = TrainWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.resize(1300, 850)
    with qtbot.waitExposed(workspace):
        workspace.show()
    workspace.set_data(tmp_path / "data")
    qtbot.waitUntil(lambda: "3 of 3 cases" in workspace.form._facts.text())
    workspace.form.apply({"size": "240x240x144"})
    return workspace


def started(workspace: TrainWorkspace) -> list[TrainRequest]:
    return workspace._session.runs.requests  # type: ignore[attr-defined, no-any-return]


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown_remedies(workspace: TrainWorkspace) -> list[str]:
    return [button.text() for button in workspace.cost.remedies.buttons if button.isVisible()]


def colours_along(bar: MemoryBar) -> list[str]:
    """Colours of the bar from left to right, each once."""
    image = bar.grab().toImage()
    line = [image.pixelColor(QPoint(x, bar._bar_height() // 2)).name() for x in range(image.width())]
    return list(dict.fromkeys(line))


def test_a_remedy_is_one_click(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    assert shown_remedies(workspace) == []
    workspace.form.batch_spin.setValue(8)
    assert shown_remedies(workspace)[:2] == ["Micro-batches of 3", "Batch 3"]
    assert not workspace.form.advanced.micro_batch_spin.isVisible()
    click(qtbot, workspace.cost.remedies.buttons[0])
    assert workspace.form.draft().micro_batch == 3
    assert workspace.form.advanced.micro_batch_spin.isVisible()
    assert workspace.cost.verdict.text().startswith("Fits")
    assert workspace.problem.text() == "Changed: Micro-batches of 3."
    assert shown_remedies(workspace) == []
    assert workspace.start_button.isEnabled()


def test_every_remedy_that_is_offered_leads_to_a_fit(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    for index in range(3):
        workspace.form.apply({"batch": 8, "micro_batch": 0, "size": "240x240x144", "filters": 16, "memory": "exact"})
        words = shown_remedies(workspace)
        click(qtbot, workspace.cost.remedies.buttons[index])
        assert workspace.cost.verdict.text().startswith("Fits"), words[index]


def test_a_size_that_is_not_in_the_box_becomes_a_custom_one(workspace: TrainWorkspace) -> None:
    workspace.form.apply({"size": "144x144x144"})
    assert workspace.form.draft().size == "144x144x144"
    assert workspace.form.custom_edit.isVisible()
    workspace.form.apply({"size": "128x128x128"})
    assert workspace.form.draft().size == "128x128x128"
    assert not workspace.form.custom_edit.isVisible()


def test_what_does_not_fit_is_started_only_by_who_says_so(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    assert not workspace.override_check.isVisible()
    workspace.form.batch_spin.setValue(8)
    assert workspace.cost.verdict.text() == "Does not fit: this machine has 24.0 GiB."
    assert not workspace.start_button.isEnabled()
    click(qtbot, workspace.start_button)
    assert started(workspace) == []
    workspace.override_check.click()
    assert workspace.start_button.isEnabled()
    assert workspace.start_button.text() == "Start anyway"
    click(qtbot, workspace.start_button)
    assert [request.batch for request in started(workspace)] == [8]


def test_another_draft_has_to_be_allowed_anew(workspace: TrainWorkspace) -> None:
    workspace.form.batch_spin.setValue(8)
    workspace.override_check.click()
    workspace.form.batch_spin.setValue(9)
    assert not workspace.override_check.isChecked()
    assert not workspace.start_button.isEnabled()
    workspace.form.batch_spin.setValue(1)
    assert not workspace.override_check.isVisible()
    assert workspace.start_button.isEnabled()


def test_memory_that_was_taken_meanwhile_stops_a_start(
    workspace: TrainWorkspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workspace.start_button.isEnabled()
    monkeypatch.setattr(new_training, "machine_memory", lambda: MachineMemory(24 * GIB, GIB))
    click(qtbot, workspace.start_button)
    assert started(workspace) == []
    assert "no longer fits" in workspace.problem.text()
    assert "Does not fit now: 1.0 GiB of 24.0 GiB are free" in workspace.cost.verdict.text()
    assert workspace.override_check.isVisible()


def test_reservations_of_other_runs_are_seen_in_the_bar_and_told(
    workspace: TrainWorkspace, session: Session, qtbot: QtBot
) -> None:
    assert colours_along(workspace.cost._bar)[1] == term_colour("used").name()
    run = RunFolder.create(session.runs.root, TrainRequest(data="/d"), label="other")
    run.append({"event": "granted", "reserved_bytes": 20 * GIB})
    run.append({"event": "state", "state": "running"})
    run.append({"event": "memory", "rss_bytes": GIB, "peak_bytes": GIB})
    session.runs.refresh()
    qtbot.waitUntil(lambda: "19.0 GiB more are promised" in workspace.cost.verdict.text())
    assert workspace.cost.verdict.text().startswith("Does not fit now: 3.0 GiB of 24.0 GiB are free.")
    colours = colours_along(workspace.cost._bar)
    order = [colours.index(term_colour(name).name()) for name in ("used", "promised", "activations")]
    assert order == sorted(order)


def test_another_machine_on_which_it_fits_is_named(workspace: TrainWorkspace, qtbot: QtBot) -> None:
    workspace.form.batch_spin.setValue(16)
    qtbot.waitUntil(lambda: workspace._session.machine.has_read)
    assert workspace.cost.elsewhere.text() == "As it is, it fits on: The paper's small server (192.0 GiB)."


def test_without_onednn_the_estimate_says_what_it_is_of(workspace: TrainWorkspace) -> None:
    assert workspace.cost.caution.text() == ""
    workspace.form.advanced.onednn_check.setChecked(False)
    assert "Without oneDNN" in workspace.cost.caution.text()


def test_changes_are_told_in_words() -> None:
    changes = {"memory": "low", "micro_batch": 1, "size": "96x96x96", "filters": 4, "batch": 2}
    times = "\N{MULTIPLICATION SIGN}"
    assert remedy_words(changes) == (
        f"Memory mode: Low memory, Micro-batches of 1, Size 96 {times} 96 {times} 96, 4 filters, Batch 2"
    )
