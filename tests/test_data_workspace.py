"""The Data workspace as it is used: open, look, filter, split, open a case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.core.case import SEQUENCES, CaseFiles, DataSet, ImageRef
from workstation.gui.data.case_rows import overview_of, preview_split
from workstation.gui.data.workspace import DataWorkspace
from workstation.io.phantoms import write_phantoms
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session

SHOWN = Qt.ItemDataRole.DisplayRole


def case_files(name: str, *, sequences: tuple[str, ...] = SEQUENCES, truth: bool = True) -> CaseFiles:
    images = {each: ImageRef(Path(f"/data/{name}/{name}_{each}.nii.gz")) for each in sequences}
    return CaseFiles(name, images, ImageRef(Path(f"/data/{name}/seg.nii.gz")) if truth else None, layout="brats2021")


def task01() -> list[CaseFiles]:
    return [case_files(f"BRATS_{number:03d}") for number in range(1, 485)]


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def workspace(session: Session, qtbot: QtBot) -> DataWorkspace:
    workspace = DataWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.resize(1200, 700)
    workspace.show()
    return workspace


def shown(workspace: DataWorkspace) -> list[list[str]]:
    """Texts of the table, row by row."""
    model = workspace.table.model()
    return [
        [model.index(row, column).data(SHOWN) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_overview_counts_what_cases_lack() -> None:
    cases = (
        case_files("a"),
        case_files("b", truth=False),
        case_files("c", sequences=("T1", "FLAIR")),
    )
    overview = overview_of(DataSet("set", Path("/data"), "brats2021", cases))
    assert (overview.cases, overview.with_truth, overview.complete) == (3, 2, 1)
    assert overview.missing == {"T1c": 1, "T2": 1}
    assert overview.usable == {"flair-wt": 2, "four-regions": 1}


def test_task01_is_split_as_in_the_paper() -> None:
    preview = preview_split(task01(), inputs=("FLAIR",), seed=1, validation=0.1, test=0.1)
    assert [preview.count(part) for part in ("train", "validation", "test")] == [406, 32, 46]


def test_cases_without_truth_take_no_part_in_a_split() -> None:
    cases = [case_files(str(number), truth=number > 0) for number in range(11)]
    preview = preview_split(cases, inputs=("FLAIR",), seed=1, validation=0.1, test=0.1)
    assert "0" not in preview.part_of
    assert len(preview.part_of) == 10


def test_a_split_that_leaves_nothing_says_why() -> None:
    preview = preview_split([case_files("a")], inputs=("FLAIR",), seed=1, validation=0.5, test=0.4)
    assert not preview.part_of
    assert "left to train on" in preview.problem


def test_without_a_data_set_the_workspace_says_what_to_do(workspace: DataWorkspace) -> None:
    assert workspace.table.isHidden() or not workspace.table.isVisible()


def test_an_opened_data_set_is_listed_with_what_its_cases_have(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    write_phantoms(tmp_path / "set", cases=3, shape=(16, 16, 16), layout="brats2021", seed=1)
    (tmp_path / "set" / "Phantom_00002" / "Phantom_00002_t1ce.nii.gz").unlink()
    with qtbot.waitSignal(session.data_set_changed):
        workspace.open(tmp_path / "set")
    assert workspace.table.isVisible()
    assert [row[0] for row in shown(workspace)] == ["Phantom_00001", "Phantom_00002", "Phantom_00003"]
    assert shown(workspace)[1][1:6] == ["✓", "–", "✓", "✓", "✓"]
    assert shown(workspace)[1][7] == "Phantom_00002"


def test_the_filter_leaves_what_it_names(workspace: DataWorkspace, session: Session) -> None:
    session.take_data_set(DataSet("set", Path("/data"), "msd", tuple(task01())))
    workspace.filter_field.setText("_48")
    assert [row[0] for row in shown(workspace)] == [f"BRATS_{number}" for number in range(480, 485)]


def test_another_seed_is_another_split(workspace: DataWorkspace, session: Session) -> None:
    session.take_data_set(DataSet("set", Path("/data"), "msd", tuple(task01())))
    before = [row[6] for row in shown(workspace)]
    assert (before.count("training"), before.count("validation"), before.count("test")) == (406, 32, 46)
    workspace.split.seed_spin.setValue(2)
    after = [row[6] for row in shown(workspace)]
    assert after != before
    assert (after.count("training"), after.count("validation"), after.count("test")) == (406, 32, 46)


def test_sorting_by_part_brings_the_test_cases_last(workspace: DataWorkspace, session: Session) -> None:
    session.take_data_set(DataSet("set", Path("/data"), "msd", tuple(task01())))
    workspace.table.sortByColumn(6, Qt.SortOrder.AscendingOrder)
    parts = [row[6] for row in shown(workspace)]
    assert parts == ["training"] * 406 + ["validation"] * 32 + ["test"] * 46


def test_a_folder_that_is_no_data_set_is_explained(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "empty").mkdir()
    workspace.open(tmp_path / "empty")
    qtbot.waitUntil(lambda: "no cases were found" in workspace.problem.text())
    assert "Known layouts" in workspace.problem.text()
    assert session.data_set is None


def test_enter_opens_the_selected_case_in_review(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    session.take_data_set(write_phantoms(tmp_path / "set", cases=2, shape=(16, 16, 16), layout="brats2021", seed=1))
    workspace.table.selectRow(1)
    with qtbot.waitSignal(session.review_wanted):
        qtbot.keyClick(workspace.table, Qt.Key.Key_Return)
    assert session.case is not None
    assert session.case.name == "Phantom_00002"


def test_the_open_case_is_selected_when_the_workspace_is_shown(
    workspace: DataWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    workspace.hide()
    data_set = write_phantoms(tmp_path / "set", cases=3, shape=(16, 16, 16), layout="brats2021", seed=1)
    session.take_data_set(data_set)
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, data_set.cases[2])
    workspace.show()
    selected = workspace.table.selected_case()
    assert selected is not None
    assert selected.name == "Phantom_00003"
