"""Choices are measured once, remembered for the machine, and never stand in the way."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import tensorflow as tf

from workstation.engine import choices as module
from workstation.engine.choices import Choices

SOURCE = tf.zeros((1, 4, 4, 4, 2))


def slow(source: tf.Tensor) -> tf.Tensor:
    time.sleep(0.01)
    return source


def fast(source: tf.Tensor) -> tf.Tensor:
    return source


@pytest.fixture(autouse=True)
def _two_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORMS", {"pool": {"slow": slow, "fast": fast}})
    monkeypatch.setattr(module, "_MIN_NUMBERS", 1)


def test_the_fastest_form_is_taken() -> None:
    assert Choices().form("pool", SOURCE) is fast


def test_a_choice_is_remembered_by_the_next_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "choices.json"
    Choices(path).form("pool", SOURCE)
    monkeypatch.setattr(module, "_measured", lambda *_: pytest.fail("measured again"))
    assert Choices(path).form("pool", SOURCE) is fast


def test_another_machine_measures_anew_and_both_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "choices.json"
    Choices(path).form("pool", SOURCE)
    monkeypatch.setattr(module, "machine_key", lambda: "another processor")
    other = Choices(path)
    assert other.table() == {}
    other.form("pool", SOURCE)
    assert len(json.loads(path.read_text())) == 3  # version and two machines


def test_channels_and_size_make_a_class_of_their_own() -> None:
    found = Choices()
    for shape in ((1, 4, 4, 4, 2), (1, 4, 4, 4, 3), (1, 16, 16, 16, 2), (1, 4, 4, 5, 2)):
        found.form("pool", tf.zeros(shape))
    # 80 voxels are of the class of 64.
    assert len(found.table()) == 3


def test_large_volumes_are_measured_on_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(module, "FORMS", {"pool": {"only": lambda source: seen.append(source.shape)}})
    Choices().form("pool", tf.zeros((1, 256, 128, 8, 1)))
    assert set(map(tuple, seen)) == {(1, 64, 64, 8, 1)}


def test_a_fixed_form_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_measured", lambda *_: pytest.fail("measured"))
    assert Choices(fixed={"pool": "slow"}).form("pool", SOURCE) is slow


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 99}', '{"version": 1, "x": 3}'])
def test_a_damaged_file_costs_a_measurement_only(tmp_path: Path, content: str) -> None:
    path = tmp_path / "choices.json"
    path.write_text(content)
    assert Choices(path).form("pool", SOURCE) is fast
    assert Choices(path).table() != {}


def test_a_place_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert Choices(blocked / "choices.json").form("pool", SOURCE) is fast


def test_a_form_that_is_no_more_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    Choices(path).form("pool", SOURCE)
    path.write_text(path.read_text().replace('"form": "fast"', '"form": "gone"'))
    assert Choices(path).form("pool", SOURCE) is fast


def test_small_tensors_are_not_worth_a_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MIN_NUMBERS", 1000)
    found = Choices()
    assert found.form("pool", tf.zeros((1, 9, 9, 9, 1))) is slow
    assert found.form("pool", tf.zeros((1, 10, 10, 10, 1))) is fast
