"""The Data workspace as it is used: add, look, filter, sort, split, check, mend, open a case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from workstation.core.case import SEQUENCES, CaseFiles, DataSet, ImageRef
from workstation.core.case_facts import CaseFacts
from workstation.core.labels import SCHEMES
from workstation.gui.data import split_files
from workstation.gui.data.case_model import COLUMNS
from workstation.gui.data.case_rows import overview_of
from workstation.gui.data.workspace import DataWorkspace
from workstation.gui.main_window import MainWindow
from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms
from workstation.io.splits import read_manifest, save_manifest
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.scan import DataScan
from workstation.session.session import Session
from workstation.session.settings import data_sets, remember_data_set

SHOWN = Qt.ItemDataRole.DisplayRole
PARTS = ("training", "validation", "test")


def case_files(name: str, *, sequences: tuple[str, ...] = SEQUENCES, truth: bool = True) -> CaseFiles:
    images = {each: ImageRef(Path(f"/data/{name}/{name}_{each}.nii.gz")) for each in sequences}
    return CaseFiles(name, images, ImageRef(Path(f"/data/{name}/seg.nii.gz")) if truth else None, layout="brats2021")


def task01() -> DataSet:
    cases = tuple(case_files(f"BRATS_{number:03d}") for number in range(1, 485))
    return DataSet("Task01", Path("/data"), "msd", cases)


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def made_up(session: Session) -> Session:
    """A session that finds facts without files: volumes as the numbers in names."""

    def find(files: CaseFiles) -> CaseFacts:
        digits = "".join(filter(str.isdigit, files.name))
        return CaseFacts(files.name, volumes_ml={"WT": float(digits or 0), "TC": 1.0, "ET": 0.5})

    session.scan = DataScan(session.background, find=find, parent=session)
    return session


def shown_workspace(session: Session, qtbot: QtBot) -> DataWorkspace:
    workspace = DataWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.resize(1300, 760)
    workspace.show()
    return workspace


@pytest.fixture
def workspace(session: Session, qtbot: QtBot) -> DataWorkspace:
    return shown_workspace(session, qtbot)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_phantoms(tmp_path / "set", cases=3, shape=(24, 24, 24), layout="brats2021", seed=1)
    return tmp_path / "set"


def column(workspace: DataWorkspace, name: str) -> list[str]:
    """Texts of a column, row by row."""
    rows = workspace.table.rows
    return [str(rows.index(row, COLUMNS.index(name)).data(SHOWN)).strip() for row in range(rows.rowCount())]


def counts(workspace: DataWorkspace) -> tuple[int, ...]:
    return tuple(column(workspace, "part").count(part) for part in PARTS)


def open_and_wait(workspace: DataWorkspace, session: Session, path: Path, qtbot: QtBot) -> None:
    workspace.open(path)
    qtbot.waitUntil(lambda: session.data_set is not None and session.scan.done == session.scan.total)
    qtbot.waitUntil(lambda: not session.background.is_busy)


def test_overview_counts_what_cases_lack() -> None:
    cases = (case_files("a"), case_files("b", truth=False), case_files("c", sequences=("T1", "FLAIR")))
    overview = overview_of(DataSet("set", Path("/data"), "brats2021", cases))
    assert (overview.cases, overview.with_truth, overview.complete) == (3, 2, 1)
    assert overview.missing == {"T1c": 1, "T2": 1}
    assert overview.usable == {"flair-wt": 2, "four-regions": 1}


def test_without_a_data_set_the_workspace_says_what_to_do(workspace: DataWorkspace) -> None:
    assert not workspace.table.isVisible()
    assert not workspace.bar.train_button.isVisible()
    assert workspace.bar.add_button.isVisible()


def test_an_added_data_set_is_listed_with_what_its_cases_have(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    (root / "Phantom_00002" / "Phantom_00002_t1ce.nii.gz").unlink()
    open_and_wait(workspace, session, root, qtbot)
    assert column(workspace, "name") == ["Phantom_00001", "Phantom_00002", "Phantom_00003"]
    assert [column(workspace, name)[1] for name in (*SEQUENCES, "truth")] == ["✓", "–", "✓", "✓", "✓"]
    zoom = nib.load(root / "Phantom_00001" / "Phantom_00001_t1.nii.gz").header.get_zooms()[0]
    assert column(workspace, "grid")[0] == f"24×24×24, {zoom:.3g} mm, LPS"
    assert column(workspace, "labels")[0] == "1 2 4"
    mask = nib.load(root / "Phantom_00001" / "Phantom_00001_seg.nii.gz")
    volume = np.count_nonzero(np.asarray(mask.dataobj)) * zoom**3 / 1000
    assert column(workspace, "WT")[0] == f"{volume:,.1f}"
    assert column(workspace, "check") == ["no finding", "warning", "no finding"]
    assert data_sets() == [root.resolve()]


def test_a_picture_of_the_case_is_painted_with_its_mask(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    open_and_wait(workspace, session, root, qtbot)
    picture = workspace.table.rows.index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    assert picture is not None
    image = workspace.table.viewport().grab().toImage()
    pixels = [image.pixelColor(x, y) for x in range(4, 40) for y in range(4, 40)]
    assert sum(colour.saturation() > 60 for colour in pixels) > 20  # the labels
    assert sum(colour.saturation() < 20 and colour.value() > 60 for colour in pixels) > 100  # the head
    assert SCHEMES["brats2021"].labels[2].colour == "#4fb477"


def test_a_description_opens_the_folder_around_it(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    write_phantoms(tmp_path / "msd", cases=2, shape=(16, 16, 16), layout="msd", seed=1)
    open_and_wait(workspace, session, tmp_path / "msd" / "dataset.json", qtbot)
    assert session.data_set is not None
    assert session.data_set.root == tmp_path / "msd"
    assert len(column(workspace, "name")) == 2


def test_a_dropped_folder_is_added(workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(root))])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, mime, buttons, keys)
    workspace.dragEnterEvent(enter)
    assert enter.isAccepted()
    workspace.dropEvent(QDropEvent(QPointF(50, 50), action, mime, buttons, keys))
    qtbot.waitUntil(lambda: session.data_set is not None)
    assert session.case is None


def test_a_dropped_image_is_left_to_the_window(workspace: DataWorkspace, root: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(root / "Phantom_00001" / "Phantom_00001_t1.nii.gz"))])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, mime, buttons, keys)
    workspace.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_several_data_sets_are_remembered_and_one_can_be_taken_off(
    workspace: DataWorkspace, session: Session, root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = write_phantoms(tmp_path / "other", cases=2, shape=(16, 16, 16), layout="brats2023", seed=1).root
    open_and_wait(workspace, session, root, qtbot)
    open_and_wait(workspace, session, other, qtbot)
    assert [workspace.bar.box.itemData(row) for row in range(2)] == [other, root]
    workspace.bar.box.setCurrentIndex(1)
    workspace.bar.box.activated.emit(1)
    qtbot.waitUntil(lambda: session.data_set is not None and session.data_set.root == root)
    qtbot.mouseClick(workspace.bar.remove_button, Qt.MouseButton.LeftButton)
    assert data_sets() == [other]
    assert session.data_set is None
    assert session.scan.total == 0
    assert root.is_dir()


def test_a_data_set_whose_folder_is_gone_can_be_taken_off(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    open_and_wait(workspace, session, root, qtbot)
    gone = root.with_name("gone")
    remember_data_set(gone)
    workspace.bar.show_sets(data_sets(), root)
    workspace.bar.box.setCurrentIndex(0)
    workspace.bar.box.activated.emit(0)
    qtbot.waitUntil(lambda: "is not a folder" in workspace.problem.text())
    qtbot.mouseClick(workspace.bar.remove_button, Qt.MouseButton.LeftButton)
    assert data_sets() == [root]
    assert session.data_set is not None
    assert workspace.bar.box.currentData() == root


def test_the_filter_leaves_what_it_names(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    workspace.filter_field.setText("_48")
    assert column(workspace, "name") == [f"BRATS_{number}" for number in range(480, 485)]


def test_volumes_are_sorted_as_numbers(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    names = ("a9", "b80", "c700")
    made_up.take_data_set(DataSet("set", Path("/data"), "msd", tuple(map(case_files, names))))
    qtbot.waitUntil(lambda: made_up.scan.done == 3)
    workspace.table.sortByColumn(COLUMNS.index("WT"), Qt.SortOrder.DescendingOrder)
    assert column(workspace, "name") == ["c700", "b80", "a9"]
    assert column(workspace, "WT") == ["700.0", "80.0", "9.0"]


def test_a_sort_keeps_the_selected_case(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    workspace.table.select_case("BRATS_007")
    workspace.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert workspace.table.selected_names() == ["BRATS_007"]
    selected = workspace.table.selected_case()
    assert selected is not None
    assert selected.name == "BRATS_007"


def test_the_papers_split_is_a_preset_of_484_cases(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    workspace.split.way_box.setCurrentIndex(2)
    assert counts(workspace) == (406, 32, 46)
    assert workspace.split.draft.draw.is_paper
    made_up.take_data_set(DataSet("set", Path("/data"), "msd", task01().cases[:100]))
    assert workspace.split.way_box.currentData() == "shares"
    assert counts(workspace) == (80, 10, 10)


def test_another_seed_is_another_split(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    before = column(workspace, "part")
    assert counts(workspace) == (406, 32, 46)
    workspace.split.seed_spin.setValue(2)
    assert column(workspace, "part") != before
    assert counts(workspace) == (406, 32, 46)


def test_levelled_volumes_wait_for_the_examination(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    assert not workspace.split.level_check.isEnabled()
    made_up.take_data_set(task01())
    qtbot.waitUntil(workspace.split.level_check.isEnabled)
    workspace.split.test_spin.setValue(20)
    qtbot.mouseClick(workspace.split.level_check, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert workspace.split.draft.draw.is_level
    volumes = {case.name: float(case.name[-3:]) for case in task01().cases}
    split = workspace.split.draft.split
    means = [np.mean([volumes[name] for name in names]) for names in split.parts.values()]
    # The numbers 1 to 484 have mean 242.5; drawn level, no part strays far from it.
    assert all(abs(mean - 242.5) < 15 for mean in means)


def test_selected_cases_are_moved_by_a_button_and_back(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    name = workspace.split.draft.split.train[0]
    workspace.table.select_case(name)
    before = workspace.split.grab().toImage()
    qtbot.mouseClick(workspace.split.move_buttons["test"], Qt.MouseButton.LeftButton)
    assert counts(workspace) == (405, 32, 47)
    assert workspace.split.draft.part_of[name] == "test"
    assert workspace.split.grab().toImage() != before
    qtbot.mouseClick(workspace.split.reset_button, Qt.MouseButton.LeftButton)
    assert counts(workspace) == (406, 32, 46)


def test_a_patient_torn_by_hand_is_warned_of(made_up: Session, qtbot: QtBot) -> None:
    workspace = shown_workspace(made_up, qtbot)
    names = [f"BraTS-GLI-{patient:05d}-{time:03d}" for patient in range(10) for time in range(2)]
    made_up.take_data_set(DataSet("set", Path("/data"), "brats2023", tuple(map(case_files, names))))
    assert not workspace.split.problem.isVisible()
    workspace.table.select_case(workspace.split.draft.split.train[0])
    qtbot.mouseClick(workspace.split.move_buttons["test"], Qt.MouseButton.LeftButton)
    assert "2 cases belong to patients" in workspace.split.problem.text()


def test_folds_are_saved_a_file_each_and_loaded_as_they_were(
    workspace: DataWorkspace, session: Session, root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    open_and_wait(workspace, session, root, qtbot)
    workspace.split.test_spin.setValue(0)
    workspace.split.way_box.setCurrentIndex(1)
    workspace.split.folds_spin.setValue(3)
    workspace.split.fold_spin.setValue(2)
    shown = workspace.split.draft.split
    workspace.split_files.save(tmp_path / "split.json")
    qtbot.waitUntil(lambda: workspace.split.draft.is_saved)
    files = [tmp_path / f"split-fold{number}of3.json" for number in (1, 2, 3)]
    assert session.split_path == files[1]
    assert read_manifest(files[1]).split == shown
    assert sorted(name for path in files for name in read_manifest(path).split.validation) == [
        "Phantom_00001",
        "Phantom_00002",
        "Phantom_00003",
    ]
    workspace.split.way_box.setCurrentIndex(0)
    assert session.split_path is None
    workspace.split_files.load(files[1])
    qtbot.waitUntil(lambda: workspace.split.draft.is_saved)
    assert workspace.split.draft.split == shown
    assert (workspace.split.folds_spin.value(), workspace.split.fold_spin.value()) == (3, 2)


@pytest.mark.parametrize("change", ["another seed", "another data set"])
def test_what_changed_while_a_split_was_saved_is_not_trained_by_it(
    change: str,
    workspace: DataWorkspace,
    session: Session,
    root: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_and_wait(workspace, session, root, qtbot)
    gate, trained = threading.Event(), []

    def slowly(*what: Any, **how: Any) -> Path:
        gate.wait(60)
        return save_manifest(*what, **how)

    monkeypatch.setattr(split_files, "save_manifest", slowly)
    workspace.split_files.save(tmp_path / "split.json", then=lambda: trained.append(True))
    if change == "another seed":
        workspace.split.seed_spin.setValue(7)
    else:
        session.take_data_set(open_dataset(root))
    gate.set()
    qtbot.waitUntil(lambda: "Saved as" in workspace.problem.text(), timeout=30_000)
    assert (tmp_path / "split.json").is_file()
    assert (session.split_path, workspace.split.draft.is_saved, trained) == (None, False, [])


def test_a_manifest_that_leads_out_of_the_data_set_is_refused(
    workspace: DataWorkspace, session: Session, root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    open_and_wait(workspace, session, root, qtbot)
    workspace.split_files.save(tmp_path / "split.json")
    qtbot.waitUntil(lambda: workspace.split.draft.is_saved)
    values = json.loads((tmp_path / "split.json").read_text())
    values["cases"]["Phantom_00001"]["files"][0]["path"] = "../elsewhere.nii.gz"
    (tmp_path / "split.json").write_text(json.dumps(values))
    workspace.split_files.load(tmp_path / "split.json")
    qtbot.waitUntil(lambda: "leads out of the data set" in workspace.problem.text())


def test_training_by_a_split_of_ones_own_asks_where_to_save_it(
    made_up: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = shown_workspace(made_up, qtbot)
    made_up.take_data_set(task01())
    wanted: list[tuple[str, object]] = []
    asked: list[object] = []
    workspace.train_wanted.connect(lambda preset, draw: wanted.append((preset, draw)))
    monkeypatch.setattr(workspace.split_files, "choose_and_save", lambda **then: asked.append(then))
    workspace.split.seed_spin.setValue(3)
    qtbot.mouseClick(workspace.bar.train_button, Qt.MouseButton.LeftButton)
    assert wanted == [("flair-wt", workspace.split.draft.draw)]
    workspace.table.select_case(workspace.split.draft.split.train[0])
    qtbot.mouseClick(workspace.split.move_buttons["test"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(workspace.bar.train_button, Qt.MouseButton.LeftButton)
    assert len(wanted) == 1
    assert len(asked) == 1


def test_findings_are_shown_worst_first_with_what_to_do(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    seg = root / "Phantom_00002" / "Phantom_00002_seg.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(nib.load(seg).dataobj), np.eye(4)), seg)
    (root / "Phantom_00003" / "Phantom_00003_t2.nii.gz").unlink()
    open_and_wait(workspace, session, root, qtbot)
    qtbot.waitUntil(lambda: workspace.check.list.count() == 2)
    assert workspace.tabs.tabText(1) == "Check-up (2)"
    workspace.tabs.setCurrentIndex(1)
    assert [finding.kind for finding in workspace.check.findings] == ["mask-grid", "missing"]
    assert "1 case cannot be used" in workspace.check.summary.text()
    assert workspace.check.mend_button.isVisible()
    before = workspace.check.grab().toImage()
    qtbot.keyClick(workspace.check.list, Qt.Key.Key_Down)
    assert workspace.check.chosen is not None
    assert workspace.check.chosen.kind == "missing"
    assert not workspace.check.mend_button.isVisible()
    assert workspace.check.places.text(0, 1) == "lacks T2"
    assert workspace.check.grab().toImage() != before
    with qtbot.waitSignal(session.review_wanted):
        qtbot.mouseClick(workspace.check.open_button, Qt.MouseButton.LeftButton)
    assert session.case is not None
    assert session.case.name == "Phantom_00003"


def test_a_mended_copy_is_written_beside(
    workspace: DataWorkspace, session: Session, root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    seg = root / "Phantom_00002" / "Phantom_00002_seg.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(nib.load(seg).dataobj), np.eye(4)), seg)
    open_and_wait(workspace, session, root, qtbot)
    qtbot.waitUntil(lambda: workspace.check.list.count() == 1)
    workspace.mend(workspace.check.findings[0], tmp_path / "mended")
    qtbot.waitUntil(lambda: "A mended copy is in" in workspace.check.problem.text())
    copy = nib.load(tmp_path / "mended" / "Phantom_00002" / seg.name)
    np.testing.assert_array_equal(copy.affine, nib.load(root / "Phantom_00001/Phantom_00001_t1.nii.gz").affine)
    workspace.mend(workspace.check.findings[0], root / "inside")
    qtbot.waitUntil(lambda: "lies in the data set" in workspace.check.problem.text())


def test_the_examination_is_stopped_and_gone_on_with_by_a_button(session: Session, qtbot: QtBot) -> None:
    gate = threading.Semaphore(40)

    def find(files: CaseFiles) -> CaseFacts:
        gate.acquire()
        return CaseFacts(files.name)

    session.scan = DataScan(session.background, find=find, parent=session)
    workspace = shown_workspace(session, qtbot)
    cases = tuple(case_files(f"case{number:04d}") for number in range(2000))
    session.take_data_set(DataSet("set", Path("/data"), "msd", cases))
    qtbot.waitUntil(lambda: session.scan.done == 40)
    qtbot.mouseClick(workspace.strip.button, Qt.MouseButton.LeftButton)
    assert not session.scan.is_running
    assert workspace.strip.text == "Examined 40 of 2,000"
    assert workspace.strip.button.text() == "Go on"
    assert column(workspace, "check").count("no finding") == 40
    gate.release(5000)
    qtbot.mouseClick(workspace.strip.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.scan.done == 2000, timeout=20_000)
    assert workspace.strip.text == "All 2,000 examined"


def test_hostile_names_are_shown_as_plain_text(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    name = "new\nline<b>bold<img src=x>\u202egnp" + "x" * 100
    folder = root / "hostile"
    folder.mkdir()
    for path in (root / "Phantom_00001").iterdir():
        part = path.name.rsplit("_", 1)[1]
        (folder / f"{name}_{part}").symlink_to(path)
    (folder / "._junk_t1.nii.gz").write_bytes(b"junk")
    open_and_wait(workspace, session, root, qtbot)
    plain = name.replace("\n", "�").replace("\u202e", "�")
    assert plain in column(workspace, "name")
    assert len(column(workspace, "name")) == 4
    row = column(workspace, "name").index(plain)
    tip = workspace.table.rows.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;bold&lt;img" in tip
    assert "<b>" not in tip
    (finding,) = (each for each in workspace.check.findings if each.kind == "duplicate")
    assert any(plain in workspace.check.places.text(each, 0) for each in range(len(finding.places)))


def test_a_folder_that_is_no_data_set_is_explained(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "empty").mkdir()
    workspace.open(tmp_path / "empty")
    qtbot.waitUntil(lambda: "no cases were found" in workspace.problem.text())
    assert "Known layouts" in workspace.problem.text()
    assert session.data_set is None


def test_enter_opens_the_selected_case_in_review(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    session.take_data_set(open_dataset(root))
    workspace.table.selectRow(1)
    with qtbot.waitSignal(session.review_wanted):
        qtbot.keyClick(workspace.table, Qt.Key.Key_Return)
    assert session.case is not None
    assert session.case.name == "Phantom_00002"


def test_the_open_case_is_selected_when_the_workspace_is_shown(
    workspace: DataWorkspace, session: Session, root: Path, qtbot: QtBot
) -> None:
    workspace.hide()
    data_set = open_dataset(root)
    session.take_data_set(data_set)
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, data_set.cases[2])
    workspace.show()
    selected = workspace.table.selected_case()
    assert selected is not None
    assert selected.name == "Phantom_00003"


def test_a_training_takes_the_saved_split_along(tmp_path: Path, root: Path, qtbot: QtBot) -> None:
    window = MainWindow(Session(runs=Runs(tmp_path / "runs")))
    qtbot.addWidget(window)
    window.show()
    window.show_workspace("data")
    workspace = window.workspace("data")
    assert isinstance(workspace, DataWorkspace)
    open_and_wait(workspace, window.session, root, qtbot)
    workspace.split.preset_box.setCurrentIndex(1)
    workspace.table.select_case(workspace.split.draft.split.train[0])
    workspace.split.move_cases(workspace.table.selected_names(), "test")
    workspace.split_files.save(tmp_path / "split.json")
    qtbot.waitUntil(lambda: workspace.split.draft.is_saved)
    qtbot.mouseClick(workspace.bar.train_button, Qt.MouseButton.LeftButton)
    train = window.workspace("train")
    assert isinstance(train, TrainWorkspace)
    draft = train.form.draft()
    assert (Path(draft.data), Path(draft.split), draft.preset) == (root, tmp_path / "split.json", "four-regions")
    # Another draw is another split: the saved one is no longer taken along.
    window.show_workspace("data")
    workspace.split.seed_spin.setValue(6)
    qtbot.mouseClick(workspace.bar.train_button, Qt.MouseButton.LeftButton)
    draft = train.form.draft()
    assert (draft.split, draft.seed) == ("", 6)
    qtbot.waitUntil(lambda: window.session.runs.has_looked and not window.session.background.is_busy)
    window.close()
    window.session.runs.stop_watching()
