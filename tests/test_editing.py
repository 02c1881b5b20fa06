"""The edited layer: beside truth and prediction, with a history and a journal; files and originals stay as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_shifted

from workstation.core.case import DataSet
from workstation.core.geometry import Grid
from workstation.core.selection import Selection
from workstation.errors import EditError, ExportError, WorkstationError
from workstation.io.edit_journal import EditJournal, journals_of, read_journal, replayed
from workstation.io.files import read_json
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_volume
from workstation.io.places import edits_folder
from workstation.session import commands, edit_commands, reading
from workstation.session.session import Session

SHAPE = (32, 36, 28)
CENTRE = (16.0, 18.0, 14.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """Two cases of 1 mm voxels: a block of oedema with a core and an enhancing rim, in a head that grows brighter."""
    root = tmp_path_factory.mktemp("data")
    image = np.zeros(SHAPE, dtype=np.int16)
    image[2:30, 2:34, 2:26] = 500 + 10 * np.arange(32, dtype=np.int16)[None, :, None]
    truth = np.zeros(SHAPE, dtype=np.uint8)
    truth[10:22, 12:26, 8:20] = 2
    truth[13:19, 15:22, 11:17] = 4
    truth[15:17, 17:20, 13:15] = 1
    grid = Grid(SHAPE, np.diag([-1.0, -1.0, 1.0, 1.0]))
    for name in ("Case_1", "Case_2"):
        for ending in ("t1", "t1ce", "t2", "flair"):
            write_volume(root / name / f"{name}_{ending}.nii.gz", image, grid)
        write_volume(root / name / f"{name}_seg.nii.gz", truth, grid)
    return open_dataset(root)


@pytest.fixture(scope="module")
def prediction(data: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shifted(truth_path(data.cases[0]), tmp_path_factory.mktemp("masks") / "prediction.nii.gz")


def folder_of(data: DataSet, number: int = 0) -> Path:
    return truth_path(data.cases[number]).parent


def opened(qtbot: QtBot, path: Path, prediction: Path | None = None) -> Session:
    session = Session()
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, path, prediction=prediction)
    wait_idle(qtbot, session)
    return session


def wait_idle(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: not session.background.is_busy)


@pytest.fixture
def session(qtbot: QtBot, data: DataSet, prediction: Path) -> Iterator[Session]:
    session = opened(qtbot, folder_of(data), prediction)
    yield session
    session.close()


def dab(session: Session, label: int = 4, place: tuple[float, float, float] = CENTRE, verb: str = "brush") -> None:
    """One click with the brush."""
    session.editing.begin_stroke()
    edit_commands.paint_way(session, place, place, axis=2, label=label)
    session.editing.end_stroke(verb)


def case_journals(session: Session) -> list[Path]:
    case = session.case
    assert case is not None
    return journals_of(edits_folder(), next(iter(case.files.sequences.values())).path)


# -- the layer --------------------------------------------------------------------------------------------------------


def test_the_first_edit_copies_the_prediction_and_alters_nothing_else(
    session: Session, data: DataSet, prediction: Path, qtbot: QtBot
) -> None:
    layers = session.layers
    files = (prediction, truth_path(data.cases[0]))
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert layers.prediction is not None
    assert layers.truth is not None
    before, truth = layers.prediction.data.copy(), layers.truth.data.copy()
    assert (layers.mask("edited"), layers.pair[1]) == (None, "prediction")
    dab(session)
    assert layers.mask("prediction") is not None
    assert layers.mask("edited") is not None
    assert np.array_equal(layers.mask("prediction").data, before)
    assert np.array_equal(layers.truth.data, truth)
    assert (layers.pair[1], layers.prediction) == ("edited", layers.mask("edited"))
    changed = layers.mask("edited").data != before
    assert np.flatnonzero(changed.any(axis=(0, 1))).tolist() == [14]
    i, j = np.indices(SHAPE[:2])
    disc = (i - 16) ** 2 + (j - 18) ** 2 <= 25
    assert (layers.mask("edited").data[:, :, 14][disc] == 4).all()
    assert not (changed[:, :, 14] & ~disc).any()
    assert layers.mask("edited").scheme is layers.mask("prediction").scheme
    assert hashes == [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


@pytest.mark.parametrize("origin", ["truth", "empty"])
def test_an_edit_begins_with_what_was_chosen(session: Session, origin: str) -> None:
    session.editing.tools.set_origin(origin)
    truth = session.layers.truth
    assert truth is not None
    dab(session, place=(1.0, 1.0, 1.0))
    edited = session.layers.mask("edited")
    assert edited is not None
    expected = truth.data if origin == "truth" else np.zeros(SHAPE, dtype=np.uint8)
    assert np.array_equal(edited.data[:, :, 2:], expected[:, :, 2:])
    assert edited.scheme is truth.scheme


def test_without_any_mask_an_edit_begins_with_nothing(qtbot: QtBot, data: DataSet) -> None:
    session = opened(qtbot, folder_of(data))
    session.layers.set_truth(None)
    assert session.editing.origins == ("empty",)
    dab(session, label=2)
    assert session.layers.mask("edited") is not None
    assert (session.layers.mask("edited").data == 2).sum() == (session.layers.mask("edited").data > 0).sum() > 0
    assert session.layers.mask("edited").scheme.name == "brats2021"
    session.close()


def test_the_comparison_counts_the_edited_mask(session: Session, qtbot: QtBot) -> None:
    layers = session.layers
    session.editing.tools.set_origin("truth")
    with qtbot.waitSignal(layers.comparison_ready):
        dab(session, label=2, place=(1.0, 1.0, 1.0))
    assert layers.comparison is not None
    overlap = layers.comparison.counts.overlap
    # A quarter of the disc of radius 5 about the corner voxel (1, 1) of slice 1, as far as it lies in the volume: the
    # points with (i - 1)^2 + (j - 1)^2 <= 25 and i, j >= 0.
    corner = sum((i - 1) ** 2 + (j - 1) ** 2 <= 25 for i in range(7) for j in range(7))
    assert (overlap.fp, overlap.fn) == (corner, 0)
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_pair("truth", "prediction")
    assert layers.comparison.counts.overlap.fn > 0


def test_another_prediction_is_shown_and_the_edits_stay(session: Session) -> None:
    dab(session)
    edited = session.layers.mask("edited")
    assert session.layers.truth is not None
    session.layers.show_mask("prediction", session.layers.truth)
    assert session.layers.pair[1] == "prediction"
    assert session.layers.mask("edited") is edited
    dab(session, place=(3.0, 3.0, 3.0))
    assert session.layers.pair[1] == "edited"


def test_panes_see_a_stroke_before_it_ends_and_threads_do_not(session: Session) -> None:
    boxes: list[np.ndarray] = []
    session.editing.touched.connect(boxes.append)
    session.editing.begin_stroke()
    before = session.layers.mask("edited")
    edit_commands.paint_way(session, (2.0, 3.0, 4.0), (6.0, 3.0, 4.0), axis=2, label=4)
    assert session.layers.mask("edited") is before
    assert session.layers.labels("prediction") is not None
    assert session.layers.labels("prediction")[4, 3, 4] == 4
    assert before is not None
    assert before.data[4, 3, 4] == 0
    assert boxes[0].tolist() == [[0, 0, 4], [12, 9, 5]]
    session.editing.end_stroke("brush")
    assert session.layers.mask("edited") is not None
    assert session.layers.mask("edited").data[4, 3, 4] == 4


def test_only_intensities_within_the_range_are_drawn_on(session: Session) -> None:
    case = session.case
    assert case is not None
    values = case.sequences[session.view.sequence].data
    low, high = (float(each) for each in np.percentile(values[values > 0], (40, 60)))
    tools = session.editing.tools
    tools.set_limited(is_limited=True)
    tools.set_range(session.view.sequence, low, high)
    tools.set_ball(is_ball=True)
    tools.set_origin("empty")
    tools.set_radius(8.0)
    dab(session, label=1)
    edited = session.layers.mask("edited")
    assert edited is not None
    i, j, k = np.indices(SHAPE)
    ball = (i - 16) ** 2 + (j - 18) ** 2 + (k - 14) ** 2 <= 64
    assert np.array_equal(edited.data == 1, ball & (values >= low) & (values <= high))
    assert (edited.data == 1).any()


# -- undo -------------------------------------------------------------------------------------------------------------


def test_undo_and_redo_go_over_everything_that_edits(session: Session, qtbot: QtBot) -> None:
    editing, tools = session.editing, session.editing.tools
    tools.set_label(4)
    states, verbs = [editing.labels()], []
    assert states[0] is not None
    states = [states[0].copy()]

    def polygon() -> None:
        corners = np.array([[2.0, 2, 9], [2, 12, 9], [12, 12, 9], [12, 2, 9]])
        edit_commands.draw_polygon(session, corners, axis=2, index=9, label=4)

    for work in (
        lambda: dab(session),
        lambda: dab(session, label=0, verb="eraser"),
        lambda: dab(session, place=(16.0, 18.0, 20.0)),
        polygon,
        lambda: edit_commands.fill(session, (3, 3, 9), axis=2, label=1),
        lambda: edit_commands.interpolate(session, axis=2),
        lambda: dab(session, place=(27.0, 30.0, 24.0)),
        lambda: (tools.set_island(0.1), edit_commands.remove_islands(session)),
        lambda: edit_commands.smooth(session),
    ):
        work()
        wait_idle(qtbot, session)
        assert editing.undo_verb is not None
        verbs.append(editing.undo_verb)
        labels = editing.labels()
        assert labels is not None
        assert not np.array_equal(labels, states[-1]), verbs
        states.append(labels.copy())
    assert verbs[:6] == ["brush", "eraser", "brush", "polygon", "fill", "interpolation"]
    for state in reversed(states[:-1]):
        editing.undo()
        assert np.array_equal(editing.labels(), state)
    assert editing.undo_verb is None
    for state in states[1:]:
        editing.redo()
        assert session.layers.mask("edited") is not None
        assert np.array_equal(session.layers.mask("edited").data, state)
    assert editing.redo_verb is None


def test_undo_survives_saving_in_the_scheme_of_the_source(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    dab(session)
    dab(session, place=(5.0, 5.0, 5.0))
    edited = session.layers.mask("edited")
    assert edited is not None
    out = tmp_path / "corrected.nii.gz"
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, out)
    written = read_label_map(out, layout="brats2021")
    assert np.array_equal(written.data, edited.data)
    assert set(np.unique(written.data)) <= {0, 1, 2, 4}
    session.editing.undo()
    session.editing.undo()
    assert session.layers.mask("prediction") is not None
    assert np.array_equal(session.editing.labels(), session.layers.mask("prediction").data)


def test_a_computation_that_was_overtaken_by_a_stroke_is_made_anew(session: Session, qtbot: QtBot) -> None:
    session.editing.tools.set_origin("empty")
    session.editing.tools.set_label(4)
    dab(session, place=(10.0, 10.0, 4.0))
    dab(session, place=(10.0, 10.0, 8.0))
    edit_commands.interpolate(session, axis=2)
    dab(session, place=(10.0, 10.0, 12.0))
    qtbot.waitUntil(lambda: session.editing.undo_verb == "interpolation")
    labels = session.editing.labels()
    assert labels is not None
    assert (labels[10, 10, 4:13] == 4).all()


def test_an_edit_that_finds_nothing_is_said_and_makes_no_layer(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.problem) as told:
        edit_commands.fill(session, (0, 0, 0), axis=2, label=1)
    assert isinstance(told.args[0], EditError)
    assert not session.editing.has_layer


def test_a_label_is_picked_from_the_mask(session: Session) -> None:
    labels = session.editing.labels()
    assert labels is not None
    for value in (1, 2, 4):
        i, j, k = (int(each) for each in np.argwhere(labels == value)[0])
        edit_commands.pick_label(session, (i, j, k))
        assert session.editing.tools.label == value
    edit_commands.pick_label(session, (0, 0, 0))
    assert session.editing.tools.label == 4


def test_the_brush_grows_and_shrinks_between_its_limits(session: Session) -> None:
    tools = session.editing.tools
    tools.set_radius(1.0)
    tools.step_radius(1)
    assert tools.radius_mm == 1.5
    tools.step_radius(-9)
    assert tools.radius_mm == 0.5
    tools.step_radius(99)
    assert tools.radius_mm == 50.0


# -- journal ----------------------------------------------------------------------------------------------------------


def test_work_on_a_case_is_offered_when_it_is_opened_again(
    session: Session, data: DataSet, prediction: Path, qtbot: QtBot
) -> None:
    dab(session)
    dab(session, place=(5.0, 5.0, 5.0))
    session.editing.undo()
    edited = session.layers.mask("edited")
    assert edited is not None
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, folder_of(data, 1))
    wait_idle(qtbot, session)
    assert session.editing.offer is None
    assert session.layers.mask("edited") is None
    # The prediction is not opened again: the journal has all that is needed.
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, folder_of(data))
    qtbot.waitUntil(lambda: session.editing.offer is not None)
    assert session.editing.offer is not None
    assert (session.editing.offer.edit_count, session.editing.offer.origin) == (1, "prediction")
    session.editing.restore()
    qtbot.waitUntil(lambda: session.editing.has_layer)
    assert session.layers.prediction is not None
    assert np.array_equal(session.layers.prediction.data, edited.data)
    assert (session.editing.undo_verb, session.editing.redo_verb) == ("brush", "brush")
    assert session.editing.offer is None
    # Work goes on in the same journal.
    session.editing.redo()
    dab(session, label=1)
    labels = session.editing.labels()
    session.close()
    (path,) = case_journals(session)
    assert np.array_equal(replayed(read_journal(path))[0].data, labels)


def test_discarded_work_is_not_offered_again(session: Session, data: DataSet, qtbot: QtBot) -> None:
    dab(session)
    for _ in range(2):
        with qtbot.waitSignal(session.case_changed):
            commands.open_path(session, folder_of(data))
        wait_idle(qtbot, session)
        if session.editing.offer is not None:
            session.editing.discard_offer()
            wait_idle(qtbot, session)
    assert session.editing.offer is None
    session.close()
    assert case_journals(session) == []


def test_new_edits_do_not_touch_work_that_is_still_offered(session: Session, data: DataSet, qtbot: QtBot) -> None:
    dab(session)
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, folder_of(data))
    qtbot.waitUntil(lambda: session.editing.offer is not None)
    dab(session, place=(5.0, 5.0, 5.0))
    session.close()
    assert len(case_journals(session)) == 2


def test_what_was_exported_or_taken_back_is_not_offered(
    session: Session, data: DataSet, qtbot: QtBot, tmp_path: Path
) -> None:
    dab(session)
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, tmp_path / "corrected.nii.gz")
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, folder_of(data))
    wait_idle(qtbot, session)
    assert session.editing.offer is None
    dab(session)
    session.editing.undo()
    session.close()
    assert case_journals(session) == []


def test_the_side_car_of_a_corrected_mask_tells_the_edits(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    dab(session)
    dab(session, place=(5.0, 5.0, 5.0))
    dab(session, label=0, verb="eraser")
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, tmp_path / "corrected.nii.gz")
    assert read_json(tmp_path / "corrected.json")["edits"] == ["brush, 2 times", "eraser"]
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, tmp_path / "opened.nii.gz", kind="prediction")
    assert read_json(tmp_path / "opened.json")["edits"] == []
    assert session.layers.mask("prediction") is not None
    opened_mask = read_label_map(tmp_path / "opened.nii.gz", layout="brats2021")
    assert np.array_equal(opened_mask.data, session.layers.mask("prediction").data)


def test_edits_of_which_a_part_was_exported_are_unfinished(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    dab(session)
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, tmp_path / "tc.nii.gz", selection=Selection(region="TC"))
    assert session.editing.saved_as is None
    session.close()
    (path,) = case_journals(session)
    assert read_journal(path).is_unfinished


def test_a_case_is_corrected_with_the_file_of_the_edits(qtbot: QtBot, data: DataSet, tmp_path: Path) -> None:
    session = opened(qtbot, data.root)
    qtbot.waitUntil(lambda: session.worklist.access.is_read)
    dab(session)
    out = tmp_path / "corrected.nii.gz"
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, out)
    with qtbot.waitSignal(session.worklist.decided) as decided:
        reading.mark_corrected(session)
    mask = decided.args[0].mask
    assert (mask.path, mask.sha256) == (str(out), hashlib.sha256(out.read_bytes()).hexdigest())
    session.close()


def test_an_export_that_was_edited_further_is_unfinished(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    dab(session)
    with qtbot.waitSignal(session.notice):
        commands.export_mask(session, tmp_path / "corrected.nii.gz")
    dab(session, place=(5.0, 5.0, 5.0))
    session.close()
    (path,) = case_journals(session)
    assert read_journal(path).is_unfinished


def test_the_journal_is_on_the_disk_ten_strokes_later_at_most(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[None] = []
    real_sync = EditJournal.sync

    def sync(journal: EditJournal) -> None:
        syncs.append(None)
        real_sync(journal)

    monkeypatch.setattr(EditJournal, "sync", sync)
    for number in range(9):
        dab(session, place=(3.0 + number, 5.0, 5.0))
    session.editing.journal._timer.setInterval(0)
    assert syncs == []
    dab(session)
    qtbot.waitUntil(lambda: len(syncs) == 1)
    # One more stroke is followed by a sync when its time has come (ten seconds, here none).
    dab(session, label=1)
    qtbot.waitUntil(lambda: len(syncs) == 2)


def test_edits_that_cannot_be_kept_are_said_once_and_go_on(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ExportError("no space left", hint="Export the mask now.")

    dab(session)
    monkeypatch.setattr(EditJournal, "append_edit", fail)
    told: list[WorkstationError] = []
    session.problem.connect(told.append)
    for number in range(3):
        dab(session, place=(3.0 + 5 * number, 5.0, 5.0))
    qtbot.waitUntil(lambda: bool(told))
    session.editing.journal.close()
    qtbot.wait(0)
    assert [error.message for error in told] == ["no space left"]
    assert session.layers.mask("edited") is not None


@pytest.mark.parametrize("is_exported", [True, False])
def test_edits_that_were_kept_in_part_are_offered_again_unless_all_were_exported(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_exported: bool
) -> None:
    def fail(*_: object) -> None:
        raise ExportError("no space left", hint="Export the mask now.")

    dab(session)
    session.editing.journal.wait()
    with monkeypatch.context() as patch, qtbot.waitSignal(session.problem):
        patch.setattr(EditJournal, "append_edit", fail)
        dab(session, place=(5.0, 5.0, 5.0))
    dab(session, place=(8.0, 5.0, 5.0))
    if is_exported:
        with qtbot.waitSignal(session.notice):
            commands.export_mask(session, tmp_path / "corrected.nii.gz")
    session.close()
    # Nothing behind the edit that is missing: it would have been made on other labels.
    assert [len(read_journal(path).entries) for path in case_journals(session)] == ([] if is_exported else [1])


def test_discarding_ends_the_layer_and_its_journal(session: Session) -> None:
    dab(session)
    original = session.layers.mask("prediction")
    session.editing.discard()
    assert (session.layers.prediction, session.layers.mask("edited"), session.editing.undo_verb) == (
        original,
        None,
        None,
    )
    session.close()
    assert case_journals(session) == []
