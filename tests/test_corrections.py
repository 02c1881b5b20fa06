"""Corrected masks in a worklist: kept beside decisions, shown again, exported; unfinished ones wait for their case."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.case import DataSet
from workstation.core.review import Decision
from workstation.errors import ExportError
from workstation.io.files import read_json, sha256_of
from workstation.io.layouts import open_dataset
from workstation.io.mask_versions import reserve_file, versions_folder
from workstation.io.nifti import read_label_map
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands, edit_commands, reading
from workstation.session.exports import export_masks
from workstation.session.runs import Runs
from workstation.session.session import Session


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("originals")
    for files in write_cases(root / "data", cases=2).cases:
        write_shifted(truth_path(files), root / "predictions" / f"{files.name}_prediction.nii.gz")
    return root


@pytest.fixture
def data(tmp_path: Path, originals: Path) -> DataSet:
    return open_dataset(Path(shutil.copytree(originals / "data", tmp_path / "data")))


@pytest.fixture
def session(qtbot: QtBot, data: DataSet, originals: Path, tmp_path: Path) -> Iterator[Session]:
    session = start(qtbot, data, tmp_path)
    reading.open_predictions(session, originals / "predictions")
    qtbot.waitUntil(lambda: session.layers.mask("prediction") is not None)
    settle(session, qtbot)
    yield session
    session.close()


def start(qtbot: QtBot, data: DataSet, tmp_path: Path) -> Session:
    session = Session(runs=Runs(tmp_path / "runs"))
    session.worklist.set_reader("Ada")
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    qtbot.waitUntil(lambda: session.worklist.access.is_read)
    return session


def settle(session: Session, qtbot: QtBot) -> None:
    busy = (session.background, session.worklist.access, session.ahead)
    qtbot.waitUntil(lambda: not any(each.is_busy for each in busy) and not session.figures.left)


def correct(session: Session) -> np.ndarray:
    """A ball of enhancing tumour in a corner, where no mask has anything; returns the labels with it."""
    session.editing.tools.set_ball(is_ball=True)
    session.editing.begin_stroke()
    edit_commands.paint_way(session, (4.0, 4.0, 4.0), (4.0, 4.0, 4.0), axis=2, label=4)
    session.editing.end_stroke("brush")
    mask = session.layers.mask("edited")
    assert mask is not None
    assert mask.data[4, 4, 4] == 4
    return mask.data


def stored(data: DataSet) -> list[Decision]:
    with ReviewStore(review_path(data.root)) as store:
        return list(store.history())


def hashes_below(folder: Path) -> dict[Path, str]:
    return {path: sha256_of(path) for path in folder.rglob("*.nii.gz")}


def test_accepting_an_edited_mask_keeps_it_and_goes_on(
    session: Session, data: DataSet, originals: Path, qtbot: QtBot
) -> None:
    before = hashes_below(data.root) | hashes_below(originals)
    labels = correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    assert session.case is not None
    assert session.case.name == data.cases[1].name
    (kept,) = stored(data)
    path = versions_folder(data.root) / f"{data.cases[0].name}_corrected_1.nii.gz"
    assert kept.status == "corrected"
    assert kept.mask is not None
    assert (kept.mask.path, kept.mask.sha256) == (str(path), sha256_of(path))
    assert np.array_equal(read_label_map(path, layout="brats2021").data, labels)
    facts = read_json(path.with_name(f"{data.cases[0].name}_corrected_1.json"))
    assert facts["edits"] == ["brush"]
    assert facts["review"]["decision"] == "corrected"
    assert facts["review"]["reviewer"] == "Ada"
    # Truths, images and predictions are as they were.
    assert {path: digest for path, digest in hashes_below(data.root).items() if path in before} | hashes_below(
        originals
    ) == before


def test_a_corrected_case_shows_its_corrected_mask_again(
    session: Session, data: DataSet, qtbot: QtBot, tmp_path: Path
) -> None:
    labels = correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    session.close()
    again = start(qtbot, data, tmp_path)
    qtbot.waitUntil(lambda: again.layers.mask("edited") is not None)
    mask = again.layers.mask("edited")
    assert mask is not None
    assert np.array_equal(mask.data, labels)
    assert again.layers.pair == ("truth", "edited")
    # Nothing to take back, nothing unfinished; accepting it again is about the same file.
    assert (again.editing.undo_verb, again.editing.offer) == (None, None)
    with qtbot.waitSignal(again.worklist.decided):
        reading.accept_and_next(again)
    first, second = stored(data)
    assert (second.status, second.mask) == ("corrected", first.mask)
    again.close()


def test_a_corrected_mask_shows_itself_each_time_its_case_is_opened(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    labels = correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    for _ in range(2):
        settle(session, qtbot)
        assert session.layers.mask("edited") is None
        commands.step_case(session, -1)
        qtbot.waitUntil(lambda: session.layers.mask("edited") is not None)
        mask = session.layers.mask("edited")
        assert mask is not None
        assert np.array_equal(mask.data, labels)
        with qtbot.waitSignal(session.case_changed):
            commands.step_case(session, 1)


def test_a_corrected_mask_shows_itself_after_a_case_whose_edits_were_left(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    settle(session, qtbot)
    correct(session)
    commands.step_case(session, -1)
    path = versions_folder(data.root) / f"{data.cases[0].name}_corrected_1.nii.gz"
    qtbot.waitUntil(lambda: session.editing.saved_as == path)
    assert session.layers.pair == ("truth", "edited")


def test_a_second_correction_is_a_second_version(session: Session, data: DataSet, qtbot: QtBot) -> None:
    for number in (1, 2):
        correct(session)
        session.editing.change("smoothing", (slice(0, 1), slice(0, 1), slice(0, 1)), np.full((1, 1, 1), number))
        with qtbot.waitSignal(session.worklist.decided):
            reading.mark_corrected(session)
    names = [Path(each.mask.path).name for each in stored(data) if each.mask is not None]
    assert names == [f"{data.cases[0].name}_corrected_{number}.nii.gz" for number in (1, 2)]
    values = [
        read_label_map(Path(each.mask.path), layout="brats2021").data[0, 0, 0]
        for each in stored(data)
        if each.mask is not None
    ]
    assert values == [1, 2]


def test_a_correction_that_is_taken_back_shows_the_corrected_mask_to_go_on_with(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    labels = correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    settle(session, qtbot)
    with qtbot.waitSignal(session.case_changed):
        reading.undo_decision(session)
    qtbot.waitUntil(lambda: session.layers.mask("edited") is not None)
    mask = session.layers.mask("edited")
    assert mask is not None
    assert np.array_equal(mask.data, labels)
    assert session.worklist.entries[0].status == "unread"


def test_edits_that_were_taken_back_are_no_correction(session: Session, data: DataSet, qtbot: QtBot) -> None:
    correct(session)
    session.editing.undo()
    with qtbot.waitSignal(session.worklist.decided):
        reading.accept_and_next(session)
    (kept,) = stored(data)
    assert kept.status == "accepted"
    assert not versions_folder(data.root).exists()


def test_the_prediction_can_be_accepted_as_it_was_opened(session: Session, data: DataSet, qtbot: QtBot) -> None:
    correct(session)
    session.layers.set_pair("truth", "prediction")
    with qtbot.waitSignal(session.worklist.decided):
        reading.accept_and_next(session)
    (kept,) = stored(data)
    assert kept.status == "accepted"


def test_edits_of_a_case_that_was_left_are_offered_when_it_is_opened_again(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    labels = correct(session)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert session.layers.mask("edited") is None
    settle(session, qtbot)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, -1)
    qtbot.waitUntil(lambda: session.editing.offer is not None)
    session.editing.restore()
    qtbot.waitUntil(lambda: session.layers.mask("edited") is not None)
    mask = session.layers.mask("edited")
    assert mask is not None
    assert np.array_equal(mask.data, labels)
    assert stored(data) == []


def test_a_batch_export_takes_corrected_masks_where_there_are_some(
    session: Session, data: DataSet, qtbot: QtBot, tmp_path: Path
) -> None:
    correct(session)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    out = tmp_path / "out"
    with qtbot.waitSignal(session.notice):
        export_masks(session, out, source="worklist")
    first, second = (files.name for files in data.cases)
    assert sorted(path.name for path in out.glob("*.nii.gz")) == [
        f"{first}_corrected_1.nii.gz",
        f"{second}_prediction.nii.gz",
    ]
    assert read_label_map(out / f"{first}_corrected_1.nii.gz", layout="brats2021").data[4, 4, 4] == 4


def test_versions_never_share_a_name_and_no_name_leaves_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "corrected"
    names = [reserve_file(folder, "../a/b c", "corrected").name for _ in range(2)]
    assert names == ["_a_b_c_corrected_1.nii.gz", "_a_b_c_corrected_2.nii.gz"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "corrected").write_text("a file")
    with pytest.raises(ExportError, match="cannot be written") as told:
        reserve_file(tmp_path / "corrected", "case", "corrected")
    assert "elsewhere" in (told.value.hint or "")
