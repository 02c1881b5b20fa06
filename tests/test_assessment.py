"""Figures of the shown masks: made when wanted, dropped with the masks, errors stepped through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from review_cases import boxes, open_case, prediction, truth
from test_view import emissions

from workstation.session import assessment as assessment_module
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


def judged(session: Session, qtbot: QtBot, *parts: assessment_module.Part) -> Session:
    """The session with truth, prediction and some parts of their assessment."""
    open_case(session, truth=truth(), prediction=prediction())
    for part in parts:
        session.assessment.set_wanted(part, wanted=True)
    found = {"scores": "scores", "errors": "atlas", "confusion": "confusion"}
    qtbot.waitUntil(lambda: all(getattr(session.assessment, found[part]) is not None for part in parts))
    return session


def test_what_nobody_looks_at_is_not_made(session: Session, qtbot: QtBot) -> None:
    judged(session, qtbot, "errors")
    assert session.assessment.scores is None
    assert session.assessment.confusion is None


def test_figures_are_those_of_the_masks(session: Session, qtbot: QtBot) -> None:
    assessment = judged(session, qtbot, "scores", "errors", "confusion").assessment
    assert assessment.scores is not None
    whole = assessment.scores.regions["WT"].scores
    # 216 shared; 27 missed; 64 and 1 made up.
    assert whole.dice == pytest.approx(2 * 216 / (243 + 281))
    assert (whole.lesions_tp, whole.lesions_fp) == (1, 2)
    assert [(error.kind, error.voxels) for error in assessment.errors] == [("fp", 64), ("fn", 27)]
    assert assessment.confusion is not None
    assert assessment.confusion.voxels[2].tolist() == [27, 54, 162, 0]


def test_other_masks_make_figures_go_and_come_anew(session: Session, qtbot: QtBot) -> None:
    judged(session, qtbot, "scores")
    session.layers.set_prediction(truth())
    assert session.assessment.scores is None
    qtbot.waitUntil(lambda: session.assessment.scores is not None)
    assert session.assessment.scores is not None
    assert session.assessment.scores.regions["WT"].scores.dice == 1.0
    session.layers.set_prediction(None)
    assert session.assessment.scores is None
    assert not session.assessment.is_possible


def test_another_part_that_is_wanted_begins_none_anew(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    gate = threading.Event()

    def measure(part: str, *_masks: object) -> str:
        asked.append(part)
        gate.wait(60)
        return part

    monkeypatch.setattr(assessment_module, "_measure", measure)
    open_case(session, truth=truth(), prediction=prediction())
    session.assessment.set_wanted("scores", wanted=True)
    qtbot.waitUntil(lambda: asked == ["scores"], timeout=30_000)
    session.assessment.set_wanted("confusion", wanted=True)
    qtbot.waitUntil(lambda: "confusion" in asked, timeout=30_000)
    gate.set()
    qtbot.waitUntil(lambda: session.assessment.scores is not None and session.assessment.confusion is not None)
    assert asked == ["scores", "confusion"]


def test_a_measurement_stops_when_the_masks_change(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def measure(part: str, one: object, other: object, should_stop: object) -> str:
        begun.set()
        while not should_stop():  # type: ignore[operator]
            threading.Event().wait(0.001)
        stopped.set()
        return "old"

    monkeypatch.setattr(assessment_module, "_measure", measure)
    open_case(session, truth=truth(), prediction=prediction())
    session.assessment.set_wanted("scores", wanted=True)
    qtbot.waitUntil(begun.is_set)
    session.layers.set_prediction(None)
    qtbot.waitUntil(stopped.is_set)
    assert session.assessment.scores is None


def test_a_stroke_stops_what_is_being_measured_until_it_has_ended(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def measure(part: str, one: object, other: object, should_stop: object) -> str:
        begun.set()
        while not should_stop():  # type: ignore[operator]
            threading.Event().wait(0.001)
        stopped.set()
        return "old"

    monkeypatch.setattr(assessment_module, "_measure", measure)
    open_case(session, truth=truth(), prediction=prediction())
    session.editing.begin_stroke()
    session.editing.end_stroke("brush")  # The edited layer is there, and nothing is drawn.
    session.assessment.set_wanted("scores", wanted=True)
    qtbot.waitUntil(begun.is_set)
    begun.clear()
    session.editing.begin_stroke()
    session.editing.paint((slice(0, 1),) * 3, np.ones((1, 1, 1), bool), 1)
    qtbot.waitUntil(stopped.is_set)
    assert not session.background.is_asked("assessment scores")
    session.editing.end_stroke("brush")
    qtbot.waitUntil(begun.is_set)


def test_a_measurement_does_not_keep_the_3d_pane_waiting(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def measure(*_: object) -> None:
        begun.set()
        may_end.wait(5)

    monkeypatch.setattr(assessment_module, "_measure", measure)
    open_case(session, truth=truth(), prediction=prediction())
    session.assessment.set_wanted("scores", wanted=True)
    qtbot.waitUntil(lambda: begun.is_set() and not session.background.has_urgent)
    assert session.background.is_busy
    may_end.set()


def test_steps_go_from_the_largest_error_round_and_round(session: Session, qtbot: QtBot) -> None:
    judged(session, qtbot, "errors")
    centred = emissions(session.view.centre_requested)
    places = []
    for _ in range(3):
        commands.step_error(session, 1)
        places.append(session.view.cursor_mm)
    # The middles of the made-up box of 4 voxels a side and of the missed one of 3.
    assert places[1] == (16.0, 16.0, 16.0)
    assert places[0] == places[2]
    assert all(abs(place - middle) == 0.5 for place, middle in zip(places[0], (16.5, 5.5, 17.5), strict=True))
    assert len(centred) == 3
    commands.step_error(session, -1)
    assert session.view.cursor_mm == places[1]


def test_the_first_step_looks_for_errors_itself(session: Session, qtbot: QtBot) -> None:
    open_case(session, truth=truth(), prediction=prediction())
    commands.step_error(session, 1)
    qtbot.waitUntil(lambda: session.assessment.current_error is not None)
    assert session.assessment.current_error is session.assessment.errors[0]


def test_smaller_errors_are_listed_when_wanted(session: Session, qtbot: QtBot) -> None:
    assessment = judged(session, qtbot, "errors").assessment
    changes = emissions(assessment.errors_changed)
    assessment.set_least_voxels(1)
    assessment.set_least_voxels(1)
    assert [error.voxels for error in assessment.errors] == [64, 27, 1]
    assert len(changes) == 1


def test_errors_are_those_of_the_shown_region(session: Session, qtbot: QtBot) -> None:
    judged(session, qtbot, "errors")
    commands.step_error(session, 1)
    session.layers.set_region("TC")
    assert session.assessment.current_error is None
    # A quarter of the tumour was called core.
    assert [error.voxels for error in session.assessment.errors] == [54]


def test_a_step_without_errors_says_so(session: Session, qtbot: QtBot) -> None:
    notices = emissions(session.notice)
    open_case(session, truth=truth(), prediction=None)
    commands.step_error(session, 1)
    session.layers.set_prediction(truth())
    session.assessment.set_wanted("errors", wanted=True)
    qtbot.waitUntil(lambda: session.assessment.atlas is not None)
    commands.step_error(session, 1)
    assert len(notices) == 2
    assert "WT" in str(notices[1])


def test_a_cell_of_the_matrix_is_lit_and_goes_with_the_masks(session: Session, qtbot: QtBot) -> None:
    open_case(session, truth=truth(), prediction=prediction())
    commands.light_up_cell(session, "oedema, taken for core", truth_value=2, prediction_value=1)
    qtbot.waitUntil(lambda: session.layers.highlight is not None)
    assert session.layers.highlight is not None
    expected = boxes(((4, 7), (4, 7), (4, 10), 1)).data > 0
    assert (session.layers.highlight.mask == expected).all()
    session.layers.set_prediction(truth())
    assert session.layers.highlight is None


def test_stepping_goes_on_after_an_edit_from_where_it_was(session: Session, qtbot: QtBot) -> None:
    """Three errors, the reader at the second: mended, the third comes next; mended elsewhere, still the third."""
    tumour = ((2, 6), (2, 6), (2, 6), 2)
    sizes = {4: ((10, 14), (10, 14), (10, 14), 2), 3: ((20, 23), (20, 23), (20, 23), 2)}
    last = ((10, 13), (20, 23), (4, 6), 2)
    open_case(session, truth=boxes(tumour), prediction=boxes(tumour, *sizes.values(), last))
    assessment, layers = session.assessment, session.layers
    assessment.set_wanted("errors", wanted=True)

    def seen() -> list[int]:
        qtbot.waitUntil(lambda: assessment.atlas is not None)
        return [error.voxels for error in assessment.errors]

    assert seen() == [64, 27, 18]
    commands.step_error(session, 1)
    commands.step_error(session, 1)
    assert assessment.current_error is not None
    assert assessment.current_error.voxels == 27
    layers.take_edited(boxes(tumour, sizes[3], last))
    assert seen() == [27, 18]
    assert assessment.current_error is assessment.errors[0]
    layers.take_edited(boxes(tumour, sizes[4], last))
    assert seen() == [64, 18]
    commands.step_error(session, 1)
    assert assessment.current_error.voxels == 18
    layers.take_edited(boxes(tumour, sizes[4]))
    assert seen() == [64]
    commands.step_error(session, -1)
    assert assessment.current_error.voxels == 64
    layers.set_masks(truth=boxes(tumour), prediction=boxes(tumour, *sizes.values(), last))
    assert seen() == [64, 27, 18]
    commands.step_error(session, 1)
    assert assessment.current_error.voxels == 64
