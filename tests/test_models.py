"""A model folder is believed only if card and weights belong together and hold no code."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from workstation.core.network import UNetPlan
from workstation.errors import ModelError
from workstation.io.models import (
    ModelCard,
    list_models,
    read_model_card,
    write_model_card,
)
from workstation.io.places import shipped_models_folder

CONV = {"module": "keras.layers", "class_name": "Conv3D", "config": {"name": "a"}, "registered_name": None}


def card(**changes: Any) -> ModelCard:
    values: dict[str, Any] = {
        "name": "small",
        "plan": UNetPlan(filters=2, depth=1),
        "scheme": "brats2021",
        "orientation": "LPS",
        "zooms": (1.0, 1.0, 1.0),
        "shape": (16, 16, 16),
        "preprocessing": {"version": 1},
        "metrics": {"val_dice": 0.5},
    }
    return ModelCard(**{**values, **changes})


def write_model(folder: Path, *layers: dict[str, Any]) -> Path:
    """A model folder whose network is described as a list of these layers."""
    folder.mkdir(parents=True)
    description = {"class_name": "Functional", "module": "keras.src.models.functional", "config": {"layers": layers}}
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({**description, "registered_name": "Functional"}))
    write_model_card(folder, card())
    return folder


def test_a_card_comes_back_equal_with_the_hash_of_the_weights(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m", CONV)
    found = read_model_card(folder)
    assert found == card(sha256=found.sha256)
    assert len(found.sha256) == 64


def test_weights_that_differ_from_the_card_are_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m", CONV)
    with (folder / "model.keras").open("ab") as weights:
        weights.write(b"x")
    with pytest.raises(ModelError, match="sha256") as refused:
        read_model_card(folder)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["card.json", "model.keras"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_model(tmp_path / "m", CONV)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        read_model_card(folder)


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None},
        {"module": "os", "class_name": "system", "config": "true", "registered_name": "system"},
        {"module": "mycode", "class_name": "Conv3D", "config": {}, "registered_name": "mycode>Conv3D"},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"class_name": "__lambda__", "config": {"value": "4wA="}},
    ],
)
def test_a_network_that_could_run_code_is_refused(tmp_path: Path, layer: dict[str, Any]) -> None:
    folder = write_model(tmp_path / "m", {**CONV, "config": {"activation": layer}})
    with pytest.raises(ModelError, match="would run code"):
        read_model_card(folder)


def test_weights_that_are_no_archive_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "model.keras").write_bytes(b"not a zip file")
    write_model_card(folder, card())
    with pytest.raises(ModelError, match="cannot be read"):
        read_model_card(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"card_version": 99},
        {"plan": {"filters": 0, "inputs": ["FLAIR"], "outputs": ["WT"]}},
        {"plan": {"colour": "blue", "inputs": ["FLAIR"], "outputs": ["WT"]}},
        {"zooms": [1, 1]},
        {"name": 3},
    ],
)
def test_a_card_that_cannot_be_meant_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = write_model(tmp_path / "m", CONV)
    values = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**values, **change}))
    with pytest.raises(ModelError, match="not a usable model card"):
        read_model_card(folder)


def test_the_list_shows_a_damaged_model_with_its_problem(tmp_path: Path) -> None:
    write_model(tmp_path / "good", CONV)
    (write_model(tmp_path / "bad", CONV) / "card.json").write_text("{")
    (tmp_path / "other").mkdir()
    bad, good = list_models(tmp_path)
    assert bad.card is None
    assert bad.problem is not None
    assert good.card is not None


def test_no_folder_has_no_models(tmp_path: Path) -> None:
    assert list_models(tmp_path / "absent") == ()


def test_the_shipped_models_lie_beside_the_package_in_a_checkout() -> None:
    assert shipped_models_folder().name == "models"
