"""The Models workspace as it is used: what is found, what the card says, and what may be segmented."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from workstation.core.network import PRESETS
from workstation.core.requests import Request, SegmentRequest, TrainRequest
from workstation.gui.models import sources
from workstation.gui.models.card_words import lacking_words, sections_of
from workstation.gui.models.sources import add_folder, added_folders, find_models
from workstation.gui.models.workspace import ModelsWorkspace
from workstation.io.layouts import find_case
from workstation.io.model_exchange import export_model
from workstation.io.models import ModelCard, write_model_card
from workstation.io.phantoms import write_phantoms
from workstation.io.places import user_models_folder
from workstation.io.runs import RunFolder
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session


class RecordingRuns(Runs):
    """Takes requests and starts no process."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests: list[Request] = []

    def start(self, request: Request, *, label: str) -> str:
        self.requests.append(request)
        return label


def card(name: str, *, preset: str = "flair-wt") -> ModelCard:
    return ModelCard(
        name=name,
        plan=PRESETS[preset],
        scheme="brats2021",
        orientation="LPS",
        zooms=(1.0, 1.0, 1.0),
        shape=(240, 240, 155),
        preprocessing={"version": 1, "intensity": "z-score over the whole volume"},
        threshold=0.4,
        training={
            "recipe": {"epochs": 25, "loss": "dice"},
            "split": {"train": ["a", "b"], "validation": ["c"], "test": []},
            "data": [{"case": "a"}, {"case": "b"}, {"case": "c"}],
        },
        metrics={"epoch": 7, "val_dice": 0.8123},
        licence="CC-BY-SA 4.0",
        created="2026-11-23T19:02:48+00:00",
    )


def write_model(folder: Path, *, name: str = "", preset: str = "flair-wt", layer: str = "Conv3D") -> Path:
    """A model folder that passes every check of the card, with no weights in it."""
    folder.mkdir(parents=True)
    parts = [{"module": "keras.layers", "class_name": layer, "config": {}, "registered_name": None}]
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": parts}}))
    write_model_card(folder, card(name or folder.name, preset=preset))
    return folder


@pytest.fixture(autouse=True)
def no_shipped_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test makes."""
    monkeypatch.setattr(sources, "shipped_models_folder", lambda: tmp_path / "shipped")
    sources.settings().remove("models/added")


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session(runs=RecordingRuns(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def workspace(session: Session, qtbot: QtBot) -> ModelsWorkspace:
    workspace = ModelsWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.resize(1200, 800)
    return workspace


def texts(workspace: ModelsWorkspace) -> str:
    return "\n".join(label.text() for label in workspace.card.findChildren(QLabel))


def listed(workspace: ModelsWorkspace) -> list[str]:
    return [workspace.list.item(row).text().splitlines()[0] for row in range(workspace.list.count())]


def show(workspace: ModelsWorkspace, qtbot: QtBot) -> None:
    workspace.show()
    qtbot.waitUntil(lambda: workspace.list.count() > 0)


def test_models_come_from_shipped_ones_runs_and_added_folders(tmp_path: Path) -> None:
    write_model(tmp_path / "shipped" / "one")
    write_model(tmp_path / "run" / "model", name="two")
    write_model(tmp_path / "mine" / "three")
    write_model(tmp_path / "mine" / "four")
    found = find_models([("r", tmp_path / "run" / "model"), ("gone", tmp_path / "no")], [tmp_path / "mine"])
    assert [(entry.name, entry.origin, entry.run) for entry in found] == [
        ("one", "shipped", ""),
        ("two", "run", "r"),
        ("four", "added", ""),
        ("three", "added", ""),
    ]


def test_a_model_that_is_found_twice_is_listed_once(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "run" / "model")
    assert [entry.origin for entry in find_models([("r", folder)], [folder])] == ["run"]


def test_the_card_says_what_a_user_asks() -> None:
    rows = {row.title: row.text for _, section in sections_of(card("m")) for row in section}
    assert rows["Reads"] == "FLAIR"
    assert rows["Finds"] == "WT (whole tumour)"
    assert "5,650,801 parameters" in rows["Network"]
    assert rows["Validation Dice"] == "0.8123"
    assert rows["Cases"] == "2 for training, 1 for validation, 0 kept aside"
    assert rows["Licence"] == "CC-BY-SA 4.0"
    assert "Attribution" not in rows


@pytest.mark.parametrize(
    ("preset", "sequences", "words"),
    [
        ("flair-wt", ("FLAIR",), ""),
        ("flair-wt", None, "Open a case first."),
        ("four-regions", ("FLAIR", "T1"), "The open case has no T1c, T2."),
    ],
)
def test_why_a_case_cannot_be_segmented(preset: str, sequences: tuple[str, ...] | None, words: str) -> None:
    assert lacking_words(card("m", preset=preset), sequences) == words


def test_without_a_model_the_workspace_says_what_to_do(workspace: ModelsWorkspace, qtbot: QtBot) -> None:
    workspace.show()
    assert not workspace.list.isVisible()
    assert workspace.findChild(QLabel) is not None


def test_the_model_of_a_finished_run_is_listed_and_its_hash_checked(
    workspace: ModelsWorkspace, session: Session, qtbot: QtBot
) -> None:
    run = RunFolder.create(session.runs.root, TrainRequest(data="/data"), label="x")
    run.append({"event": "state", "state": "finished"})
    write_model(run.model, name="flair-wt")
    show(workspace, qtbot)
    assert listed(workspace) == ["flair-wt"]
    qtbot.waitUntil(lambda: "weights are those of the card" in workspace.card.state.text())
    assert run.name in texts(workspace)


def test_changed_weights_are_told_and_not_used(workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_model(tmp_path / "mine")
    add_folder(folder)
    with (folder / "model.keras").open("ab") as file:
        file.write(b"x")
    show(workspace, qtbot)
    qtbot.waitUntil(lambda: "sha256 differs" in workspace.card.state.text())
    assert not workspace.segment_button.isEnabled()


def test_a_model_with_code_is_told_and_not_used(workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot) -> None:
    add_folder(write_model(tmp_path / "mine", layer="Lambda"))
    show(workspace, qtbot)
    qtbot.waitUntil(lambda: "would run code" in workspace.card.state.text())
    assert not workspace.segment_button.isEnabled()


def test_the_words_of_a_card_are_not_html(workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_model(tmp_path / "<b>mine", name="<b>bold</b>")
    add_folder(folder)
    show(workspace, qtbot)
    tips = [workspace.list.item(row).toolTip() for row in range(workspace.list.count())]
    assert any("&lt;b&gt;mine" in tip for tip in tips)
    assert not any("<b>" in tip for tip in tips)
    labels = [label for label in workspace.card.findChildren(QLabel) if "<b>" in label.text()]
    assert labels
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def test_the_open_case_is_segmented_with_the_threshold_of_the_card(
    workspace: ModelsWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = write_model(tmp_path / "mine")
    add_folder(folder)
    show(workspace, qtbot)
    assert not workspace.segment_button.isEnabled()
    write_phantoms(tmp_path / "set", cases=1, shape=(16, 16, 16), layout="brats2021", seed=1)
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, find_case(tmp_path / "set"))
    qtbot.waitUntil(workspace.segment_button.isEnabled)
    qtbot.mouseClick(workspace.segment_button, Qt.MouseButton.LeftButton)
    assert isinstance(session.runs, RecordingRuns)
    (request,) = session.runs.requests
    assert isinstance(request, SegmentRequest)
    assert (request.model, request.threshold) == (str(folder), 0.4)
    assert (request.flips, request.entropy) == (False, False)
    for tick in (workspace.options.flips, workspace.options.entropy):
        tick.click()
    qtbot.mouseClick(workspace.segment_button, Qt.MouseButton.LeftButton)
    _, averaged = session.runs.requests
    assert isinstance(averaged, SegmentRequest)
    assert (averaged.flips, averaged.entropy) == (True, True)


def test_a_folder_without_a_model_is_refused_with_words(
    workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot
) -> None:
    workspace.show()
    workspace.add(tmp_path)
    assert "holds no model" in workspace.problem.text()
    assert added_folders() == []


def test_a_folder_on_a_disk_that_is_away_comes_back_with_it(tmp_path: Path) -> None:
    away = write_model(tmp_path / "disk" / "mine")
    add_folder(away)
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    other = write_model(tmp_path / "other")
    add_folder(other)
    assert added_folders() == [other]
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    assert added_folders() == [away, other]


def test_an_added_model_can_be_removed_from_the_list_and_stays_on_disk(
    workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = write_model(tmp_path / "mine")
    workspace.add(folder)
    show(workspace, qtbot)
    qtbot.mouseClick(workspace.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.list.count() == 0)
    assert (folder / "model.keras").is_file()


def test_a_model_file_is_imported_shown_and_marked_as_default(
    workspace: ModelsWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    source = write_model(tmp_path / "shipped" / "first")
    given = export_model(write_model(tmp_path / "theirs", name="theirs"), tmp_path / "gift")
    show(workspace, qtbot)
    workspace.verbs.take_in(given)
    qtbot.waitUntil(lambda: workspace.list.count() == 2)
    entry = workspace.selected
    assert entry is not None
    assert (entry.name, entry.origin) == ("theirs", "imported")
    assert "default" in workspace.list.item(0).text()
    assert source.is_dir()
    qtbot.mouseClick(workspace.default_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "default" in workspace.list.item(1).text())
    assert "default" not in workspace.list.item(0).text()
    assert not workspace.default_button.isEnabled()


def test_a_hostile_model_file_is_told_above_the_list(workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot) -> None:
    with zipfile.ZipFile(tmp_path / "evil.model.zip", "w") as archive:
        archive.writestr("../evil.py", b"")
    workspace.show()
    workspace.verbs.take_in(tmp_path / "evil.model.zip")
    qtbot.waitUntil(lambda: "leads out of its folder" in workspace.problem.text())
    assert workspace.list.count() == 0


def test_a_model_is_renamed_and_a_shipped_one_is_not(workspace: ModelsWorkspace, tmp_path: Path, qtbot: QtBot) -> None:
    write_model(tmp_path / "shipped" / "first")
    folder = write_model(user_models_folder() / "second")
    show(workspace, qtbot)
    assert not workspace.rename_button.isEnabled()
    workspace.list.setCurrentRow(1)
    assert workspace.rename_button.isEnabled()
    assert workspace.selected is not None
    workspace.verbs.rename(workspace.selected, "better")
    qtbot.waitUntil(lambda: listed(workspace) == ["first", "better"])
    assert json.loads((folder / "card.json").read_text())["name"] == "better"


def test_a_model_is_exported_to_one_file(
    workspace: ModelsWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    write_model(user_models_folder() / "mine")
    show(workspace, qtbot)
    assert workspace.selected is not None
    with qtbot.waitSignal(session.notice):
        workspace.verbs.give_away(workspace.selected, tmp_path / "gift.model.zip")
    with zipfile.ZipFile(tmp_path / "gift.model.zip") as archive:
        assert "manifest.json" in archive.namelist()


def test_the_card_says_what_the_model_needs_and_took(
    workspace: ModelsWorkspace, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = write_model(user_models_folder() / "mine")
    run = RunFolder.create(session.runs.root, SegmentRequest(model=str(folder), cases=("/c",)), label="s")
    run.append({"event": "result", "masks": [{"seconds": 12.5}]})
    show(workspace, qtbot)
    qtbot.waitUntil(lambda: "What it needs on this machine" in texts(workspace))
    assert "12.5 s a case, the median of 1 segmented here" in texts(workspace)
