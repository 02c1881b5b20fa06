"""Names that look like markup, hold line breaks or begin like formulas are shown as they are, all over the window."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from small_cases import write_cases, write_shifted
from test_models import CONV, card, write_model

from workstation.core.requests import TrainRequest
from workstation.errors import GeometryError, WorkstationError
from workstation.gui.main_window import MainWindow
from workstation.gui.questions import ask_content, ask_resampling
from workstation.gui.train.removal import may_remove
from workstation.io.cases import load_case
from workstation.io.layouts import open_dataset
from workstation.io.models import write_model_card
from workstation.io.places import user_models_folder
from workstation.io.runs import RunFolder, default_runs_root
from workstation.session import commands
from workstation.session.session import Session

MARKUP = "<b>bold<img src=x>"
PACKAGE = Path(__file__).resolve().parents[1] / "workstation"


def rename_case(folder: Path, name: str) -> Path:
    """The case in a folder of the BraTS layout under another name."""
    target = folder.with_name(name)
    folder.rename(target)
    for path in list(target.iterdir()):
        path.rename(target / path.name.replace(folder.name, name))
    return target


def texts_of(root: QWidget) -> Iterator[tuple[str, str, bool]]:
    """(where, text, whether Qt shows it as markup) of everything below a widget that shows a text."""
    for widget in (root, *root.findChildren(QWidget)):
        kind = f"{type(widget).__name__} of {type(widget.parent()).__name__}"
        yield f"tip of {kind}", widget.toolTip(), QtGui.Qt.mightBeRichText(widget.toolTip())
        if isinstance(widget, QLabel):
            is_auto = widget.textFormat() == Qt.TextFormat.AutoText and QtGui.Qt.mightBeRichText(widget.text())
            yield kind, widget.text(), is_auto or widget.textFormat() == Qt.TextFormat.RichText
        if isinstance(widget, QAbstractItemView | QComboBox) and widget.model() is not None:
            for tip in tips_of(widget.model(), QModelIndex()):
                yield f"tip in {kind}", tip, QtGui.Qt.mightBeRichText(tip)


def tips_of(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    # A list's number of columns is private to Qt.
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    for row in range(min(model.rowCount(parent), 20)):
        for column in range(columns):
            index = model.index(row, column, parent)
            yield str(model.data(index, Qt.ItemDataRole.ToolTipRole) or "")
        if not isinstance(model, QAbstractListModel):
            yield from tips_of(model, model.index(row, 0, parent))


def taken_for_markup(root: QWidget) -> list[str]:
    """Where a name is shown that Qt would read as markup."""
    return [f"{where}: {text}" for where, text, is_rich in texts_of(root) if is_rich and MARKUP in text]


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window on a data set, a prediction, a model and a run, all of which a stranger has named."""
    data = write_cases(tmp_path / MARKUP, cases=2)
    folders = [next(iter(case.sequences.values())).path.parent for case in data.cases]
    case = rename_case(folders[0], MARKUP)
    rename_case(folders[1], "=1+1\n" + MARKUP)
    write_model_card(write_model(user_models_folder() / MARKUP, CONV), card(name=MARKUP))
    run = RunFolder.create_at(
        default_runs_root() / MARKUP, TrainRequest(str(tmp_path / MARKUP), split=f"{MARKUP}.json")
    )
    run.append({"event": "state", "state": "failed", "reason": f"{MARKUP} is not there.", "hint": MARKUP})
    run.log.write_text(MARKUP)
    prediction = write_shifted(next(case.glob("*_seg.nii.gz")), tmp_path / f"{MARKUP}.nii.gz")
    session = Session()
    session.worklist.set_reader(MARKUP)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    commands.open_path(session, data.root)
    qtbot.waitUntil(lambda: session.case is not None, timeout=60_000)
    commands.open_mask(session, prediction, kind="prediction")
    qtbot.waitUntil(lambda: session.layers.comparison is not None, timeout=60_000)
    yield window
    window.close()


def test_no_name_of_a_stranger_is_taken_for_markup_anywhere_in_the_window(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    found = taken_for_markup(window)
    for name in ("data", "train", "models", "review"):
        window.show_workspace(name)
        qtbot.waitUntil(lambda: not session.background.is_busy, timeout=60_000)
        if name == "data":
            qtbot.waitUntil(lambda: session.scan.done == 2, timeout=60_000)
        if name == "train":
            qtbot.waitUntil(lambda: session.runs.status(MARKUP) is not None, timeout=60_000)
            window.workspace("train").show_run(MARKUP)  # type: ignore[union-attr]
            qtbot.waitUntil(lambda: session.runs.followed == MARKUP, timeout=60_000)
        qtbot.wait(1)
        found += [f"{name}: {where}" for where in taken_for_markup(window)]
    # They are there, so that nothing was looked at in vain.
    assert sum(MARKUP in text for _, text, _ in texts_of(window)) >= 3
    assert "\n".join(found) == ""


def test_questions_show_names_as_they_are(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def look(box: QMessageBox) -> int:
        asked.append((box.text(), taken_for_markup(box)))
        return 0

    monkeypatch.setattr(QMessageBox, "exec", look)
    path = tmp_path / f"{MARKUP}.nii.gz"
    ask_content(window, path)
    ask_resampling(window, path, "truth", GeometryError(f"{path} lies elsewhere"))
    may_remove(window, MARKUP, has_model=True)
    assert len(asked) == 3
    assert all(MARKUP in text for text, _ in asked)
    assert [where for _, where in asked] == [[], [], []]


def test_all_tables_are_written_in_one_place() -> None:
    """`io/tables.py` alone guards cells against being taken for formulas."""
    importing = []
    for path in PACKAGE.rglob("*.py"):
        names = [
            alias.name
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.Import)
            for alias in node.names
        ]
        if "csv" in names:
            importing.append(path.relative_to(PACKAGE).as_posix())
    assert importing == ["io/tables.py"]


def test_a_data_set_of_links_opens_only_what_it_names(tmp_path: Path) -> None:
    """Links are followed, as data sets of links are common; those in a circle lead nowhere."""
    data = write_cases(tmp_path / "set")
    case = next(iter(data.cases[0].sequences.values())).path.parent
    (case / "self_t1.nii.gz").symlink_to(case / "self_t1.nii.gz")
    for number in range(200):
        (data.root / f"a{number}").symlink_to(data.root)
    # Two hundred links to the folder itself, four levels deep, would be 1.6 thousand million folders.
    found = open_dataset(data.root).cases
    assert [each.name for each in found] == [data.cases[0].name, "self"]
    assert found[0].sequences == data.cases[0].sequences
    with pytest.raises(WorkstationError, match="self_t1"):
        load_case(found[1])
