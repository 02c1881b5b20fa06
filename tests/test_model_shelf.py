"""Which models there are, how one is named, renamed and marked, and the command line of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_models import CONV, write_model

from workstation.cli import main
from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.errors import ModelError
from workstation.io import model_shelf
from workstation.io.model_needs import needs_of
from workstation.io.model_shelf import default_model, mark_default, model_named, rename_model, shelved_models
from workstation.io.models import read_model_card
from workstation.io.places import user_models_folder
from workstation.io.runs import RunFolder, default_runs_root, list_runs


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shipped"
    monkeypatch.setattr(model_shelf, "shipped_models_folder", lambda: folder)
    return folder


def own(name: str) -> Path:
    folder = write_model(user_models_folder() / name, {**CONV, "config": {"name": name}})
    rename_model(folder, name)
    return folder


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main([*words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_models_are_those_that_ship_ones_own_and_those_of_runs(shipped: Path) -> None:
    write_model(shipped / "a", CONV)
    own("b")
    run = RunFolder.create(default_runs_root(), TrainRequest(data="/data"), label="x")
    write_model(run.model, CONV)
    RunFolder.create(default_runs_root(), TrainRequest(data="/data"), label="no model")
    assert [(each.name, each.origin, each.run) for each in shelved_models()] == [
        ("small", "shipped", ""),
        ("b", "own", ""),
        ("small", "run", run.name),
    ]
    assert model_named(run.name) == run.model
    assert model_named("b") == user_models_folder() / "b"
    assert model_named(str(run.path)) == run.model
    with pytest.raises(ModelError, match="2 models are called small"):
        model_named("small")
    with pytest.raises(ModelError, match="there is no model z"):
        model_named("z")


def test_renaming_keeps_folder_weights_and_hash() -> None:
    folder = own("b")
    before = read_model_card(folder)
    rename_model(folder, "  whole   tumour ")
    after = read_model_card(folder)
    assert after.name == "whole tumour"
    assert after.sha256 == before.sha256


@pytest.mark.parametrize("name", ["", "  ", "a\nb\x07", "x" * 121])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="no name"):
        rename_model(own("b"), name)


def test_a_model_that_ships_keeps_its_name(shipped: Path) -> None:
    with pytest.raises(ModelError, match="ships with the program"):
        rename_model(write_model(shipped / "a", CONV), "mine")


def test_the_first_that_ships_is_the_default_until_another_is_marked(shipped: Path) -> None:
    first = write_model(shipped / "a", CONV)
    folder = own("b")
    assert default_model(shelved_models()) == first
    mark_default(folder)
    assert default_model(shelved_models()) == folder
    assert model_named("default") == folder


def test_another_model_in_the_place_of_the_default_is_not_the_default(shipped: Path) -> None:
    folder = own("b")
    mark_default(folder)
    values = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**values, "sha256": "0" * 64}))
    assert default_model(shelved_models()) is None


def test_what_a_model_took_is_the_median_of_its_cases() -> None:
    folder = own("b")
    for number, seconds in enumerate([[2.0, 4.0], [9.0]]):
        request = SegmentRequest(model=str(folder), cases=("/c",))
        run = RunFolder.create(default_runs_root(), request, label=f"s{number}")
        run.append({"event": "result", "masks": [{"seconds": each} for each in seconds]})
    needs = needs_of(folder, read_model_card(folder), list_runs(default_runs_root()))
    assert (needs.measured_seconds, needs.measured_count) == (4.0, 3)
    assert needs.estimated_seconds is None
    # A network of 2 filters on 16^3 voxels: TensorFlow itself is all but everything.
    assert 100 * 2**20 < needs.memory_bytes < 2**30


def test_the_command_line_gives_a_model_away_and_takes_it_in(
    tmp_path: Path, shipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(shipped / "a", CONV)
    made = answer(capsys, "models", "export", "small", str(tmp_path / "gift"))
    assert made["file"] == str(tmp_path / "gift.model.zip")
    taken = answer(capsys, "models", "import", str(made["file"]))
    assert taken["folder"] == str(user_models_folder() / "small")
    answer(capsys, "models", "rename", str(taken["folder"]), "mine")
    answer(capsys, "models", "default", "mine")
    listed = answer(capsys, "models")["models"]
    assert isinstance(listed, list)
    assert [(each["name"], each["origin"], each["is_default"]) for each in listed] == [
        ("small", "shipped", False),
        ("mine", "own", True),
    ]
    shown = answer(capsys, "models", "show", "mine")
    assert isinstance(shown["needs"], dict)
    assert shown["needs"]["shape"] == [16, 16, 16]
    assert main(["models", "remove", "mine"]) == 1
    assert "--yes" in capsys.readouterr().err
    answer(capsys, "models", "remove", "mine", "--yes")
    assert not (user_models_folder() / "small").exists()


def test_the_table_is_readable(shipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(shipped / "a", CONV)
    assert main(["models"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "reads", "finds", "from", "val.", "Dice", "made"]
    assert line.split()[:5] == ["small", "*", "FLAIR", "WT", "shipped"]


def test_a_model_that_ships_cannot_be_removed(shipped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_model(shipped / "a", CONV)
    assert main(["models", "remove", str(folder), "--yes"]) == 1
    assert "not one of your own" in capsys.readouterr().err
    assert folder.is_dir()


def test_the_wrong_number_of_words_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "rename", "x"]) == 1
    assert "takes 2" in capsys.readouterr().err
