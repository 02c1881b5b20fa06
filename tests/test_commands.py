"""The verbs behind menus, keys and drops, on small cases that were written to disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.case import DataSet
from workstation.errors import GeometryError
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session
from workstation.session.settings import recent_paths
from workstation.session.starting import segment_open_case


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    return write_cases(tmp_path / "data", cases=3)


def opened(session: Session, qtbot: QtBot, *paths: Path) -> Session:
    """The session with paths opened."""
    with qtbot.waitSignal(session.case_changed):
        commands.open_paths(session, list(paths))
    return session


def settled(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not session.background.is_busy)


def folder(data: DataSet, number: int) -> Path:
    return truth_path(data.cases[number]).parent


def test_a_data_set_opens_with_its_first_case(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, data.root)
    assert [files.name for files in session.case_files] == [files.name for files in data.cases]
    assert session.case is not None
    assert session.case.name == data.cases[0].name
    assert tuple(session.images) == ("T1", "T1c", "T2", "FLAIR")
    assert recent_paths() == [data.root]


def test_the_description_of_a_data_set_opens_all_of_it(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    root = write_phantoms(tmp_path / "msd", cases=2, shape=(16, 16, 16), layout="msd", seed=1).root
    opened(session, qtbot, root / "dataset.json")
    assert session.data_set is not None
    assert session.data_set.root == root
    assert len(session.case_files) == 2


def test_the_crosshair_begins_in_the_tumour(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, folder(data, 0))
    case = session.case
    assert case is not None
    assert case.truth is not None
    voxel = case.grid.nearest_voxel(session.view.cursor_mm)
    assert voxel is not None
    assert case.truth.data[voxel] > 0


def test_one_folder_or_file_of_a_case_opens_that_case_alone(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, folder(data, 1))
    assert session.data_set is None
    assert session.case_files == (data.cases[1],)
    opened(session, qtbot, data.cases[2].sequences["T2"].path)
    assert session.case is not None
    assert session.case.name == data.cases[2].name
    assert len(session.case.sequences) == 4


def test_several_cases_become_a_data_set_and_four_files_of_one_case_do_not(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    opened(session, qtbot, folder(data, 2), folder(data, 0))
    assert session.data_set is not None
    assert [files.name for files in session.data_set.cases] == [data.cases[0].name, data.cases[2].name]
    opened(session, qtbot, *(reference.path for reference in data.cases[1].sequences.values()))
    assert session.data_set is None
    assert session.case is not None
    assert session.case.name == data.cases[1].name


def test_a_case_and_a_mask_dropped_together(session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot) -> None:
    mask = write_shifted(truth_path(data.cases[0]), tmp_path / "guess.nii.gz")
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_paths(session, [mask, folder(data, 0)])
    assert session.layers.prediction is not None
    assert session.layers.prediction.source is not None
    assert session.layers.prediction.source.path == mask


def test_a_mask_dropped_on_an_open_case_is_laid_over_it(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    mask = write_shifted(truth_path(data.cases[0]), tmp_path / "guess.nii.gz")
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_path(session, mask)
    assert len(session.case_files) == 3
    assert session.layers.prediction is not None


def test_a_mask_alone_opens_as_an_image(session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot) -> None:
    mask = write_shifted(truth_path(data.cases[0]), tmp_path / "guess.nii.gz")
    opened(session, qtbot, mask)
    assert session.layers.prediction is None
    assert session.view.sequences == ("guess",)


def test_an_image_of_few_values_without_a_telling_name_is_asked_about(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    path = tmp_path / "thing.nii.gz"
    nibabel.Nifti1Image((np.indices((6, 6, 6)).sum(axis=0) % 12).astype(np.uint8), np.eye(4)).to_filename(path)
    with qtbot.waitSignal(session.content_wanted) as wanted:
        commands.open_path(session, path)
    assert wanted.args == [path]
    with qtbot.waitSignal(session.case_changed):
        commands.open_paths(session, [path], are_images=True)
    assert session.view.sequences == ("thing",)


def test_a_bad_path_among_good_ones_is_reported_and_the_rest_opens(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    bad = tmp_path / "bad.nii.gz"
    bad.write_bytes(b"no image")
    with qtbot.waitSignals([session.case_changed, session.problem]):
        commands.open_paths(session, [bad, folder(data, 0)])


def test_a_path_that_cannot_be_opened_leaves_the_open_case(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, data.root)
    case = session.case
    with qtbot.waitSignal(session.problem) as problem:
        commands.open_path(session, data.root / "absent")
    assert "absent" in problem.args[0].message
    assert problem.args[0].hint
    assert session.case is case
    assert session.expected_case is None


def test_what_was_to_follow_an_opening_that_failed_or_was_left_does_not_follow_another(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    followed: list[str] = []
    with qtbot.waitSignal(session.problem):
        commands.open_paths(session, [data.root / "absent"], then=lambda: followed.append("absent"))
    commands.open_paths(session, [folder(data, 0)], then=lambda: followed.append("left"))
    with qtbot.waitSignal(session.case_changed):
        commands.open_paths(session, [folder(data, 1)], then=lambda: followed.append("opened"))
    assert followed == ["opened"]


def test_stepping_twice_quickly_opens_the_case_after_the_next(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, data.root)
    changes: list[str] = []
    session.case_changed.connect(lambda: changes.append(session.case.name if session.case else ""))
    commands.step_case(session, 1)
    commands.step_case(session, 1)
    commands.step_case(session, 1)  # stays at the end
    settled(session, qtbot)
    assert changes == [data.cases[2].name]
    commands.step_case(session, -1)
    settled(session, qtbot)
    assert changes[-1] == data.cases[1].name


def test_a_mask_read_for_one_case_is_not_laid_over_the_next(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    commands.open_mask(session, truth_path(data.cases[0]), kind="prediction")
    # The next case is there before the mask's answer is looked at.
    commands.open_case(session, data.cases[1])
    qtbot.waitUntil(lambda: session.case is not None and session.case.name == data.cases[1].name)
    settled(session, qtbot)
    if session.layers.prediction is not None:
        assert session.layers.prediction.source is not None
        pytest.fail(f"{session.layers.prediction.source.path} lies over {data.cases[1].name}")


def test_a_mask_on_another_grid_is_only_resampled_when_told_to(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    path = tmp_path / "other_seg.nii.gz"
    nibabel.Nifti1Image(np.ones((9, 9, 9), dtype=np.uint8), np.diag([-8.0, -8.0, 8.0, 1.0])).to_filename(path)
    with qtbot.waitSignal(session.resampling_wanted) as wanted:
        commands.open_mask(session, path, kind="prediction", scheme="brats2021")
    assert isinstance(wanted.args[2], GeometryError)
    assert session.layers.prediction is None
    with qtbot.waitSignal(session.layers.masks_changed):
        commands.open_mask(session, path, kind="prediction", scheme="brats2021", may_resample=True)
    assert session.layers.prediction is not None
    assert session.case is not None
    assert session.layers.prediction.grid.is_same(session.case.grid)


def test_an_exported_mask_is_named_after_it_was_read_back(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    out = tmp_path / "out.nii.gz"
    with qtbot.waitSignal(session.notice) as notice:
        commands.export_mask(session, out, kind="truth")
    assert str(out) in notice.args[0]
    source, written = nibabel.load(truth_path(data.cases[0])), nibabel.load(out)
    assert np.array_equal(np.asanyarray(source.dataobj), np.asanyarray(written.dataobj))
    assert np.array_equal(source.affine, written.affine)


def test_export_without_a_mask_says_so(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.problem) as problem:
        commands.export_mask(session, tmp_path / "out.nii.gz")
    assert "no prediction" in problem.args[0].message


def test_a_finished_segmentation_shows_itself_on_its_own_case_only(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    mask = write_shifted(truth_path(data.cases[0]), tmp_path / f"{data.cases[0].name}_prediction.nii.gz")
    side_car = tmp_path / f"{data.cases[0].name}_prediction.json"

    def come_from(number: int) -> None:
        source = data.cases[number].sequences["FLAIR"].path
        side_car.write_text(json.dumps({"scheme": "brats2021", "sources": [{"file": str(source)}]}))

    come_from(1)
    with qtbot.waitSignal(session.notice) as notice:
        commands.show_finished_mask(session, mask)
    assert str(mask) in notice.args[0]
    qtbot.waitUntil(lambda: [each.prediction for each in session.worklist.entries[:2]] == [None, mask])
    session.layers.toggle_hidden()
    come_from(0)
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.show_finished_mask(session, mask)
    assert not session.layers.hidden


def test_a_damaged_side_car_of_a_finished_mask_is_told(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    session.take_data_set(open_dataset(data.root))  # as the Data workspace does, with no case open
    mask = tmp_path / f"{data.cases[1].name}_prediction.nii.gz"
    mask.with_name(f"{data.cases[1].name}_prediction.json").write_text("{")
    with qtbot.waitSignal(session.problem) as told:
        commands.show_finished_mask(session, mask)
    assert told.args is not None
    assert "not valid JSON" in str(told.args[0])


def test_largest_slice_of_the_prediction_comes_before_the_truths(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    opened(session, qtbot, data.root)
    mask = write_shifted(truth_path(data.cases[0]), tmp_path / "guess.nii.gz", by=3)
    with qtbot.waitSignal(session.layers.masks_changed):
        commands.open_mask(session, mask, kind="prediction")
    before = session.view.cursor_mm
    with qtbot.waitSignal(session.view.centre_requested):
        commands.jump_to_largest(session)
    # The prediction is the truth moved by three voxels along the first axis, and so is its middle.
    assert session.case is not None
    step = session.case.grid.to_voxel(session.view.cursor_mm) - session.case.grid.to_voxel(before)
    assert step == pytest.approx([3, 0, 0], abs=1e-6)


def test_sequences_go_round(session: Session, data: DataSet, qtbot: QtBot) -> None:
    opened(session, qtbot, data.root)
    assert session.view.sequence == "FLAIR"
    commands.step_sequence(session, 1)
    assert session.view.sequence == "T1"
    commands.step_sequence(session, -1)
    assert session.view.sequence == "FLAIR"


def test_a_segmentation_needs_a_case(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.problem):
        assert segment_open_case(session, tmp_path) is None
