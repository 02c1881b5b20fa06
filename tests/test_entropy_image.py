"""Where the model is unsure: the worklist's order by it, and its map as an image of the open case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.core.case import DataSet
from workstation.gui.main_window import MainWindow
from workstation.gui.review.image_panel import ImagePanel
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_label_map, write_volume
from workstation.io.phantoms import write_phantoms
from workstation.io.provenance import entropy_path
from workstation.io.review_figures import predictions_in
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands
from workstation.session.entropy_image import NAME
from workstation.session.judging import take_masks
from workstation.session.session import Session
from workstation.session.worklist_entries import Choice

PATIENCE_MS = 30_000


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    write_phantoms(tmp_path / "set", cases=3, shape=(24, 24, 24), layout="brats2021", seed=1)
    return open_dataset(tmp_path / "set")


@pytest.fixture
def session(data: DataSet, qtbot: QtBot) -> Iterator[Session]:
    session = Session()
    session.take_data_set(data)
    yield session
    session.close()


def write_batch(data: DataSet, folder: Path, means: list[float]) -> list[Path]:
    """Masks with side-cars and maps, as a segmentation leaves them."""
    masks = []
    for case, mean in zip(data.cases, means, strict=True):
        assert case.truth is not None
        truth = read_label_map(case.truth, layout=case.layout)
        mask = folder / f"{case.name}_prediction.nii.gz"
        write_label_map(mask, truth)
        path = entropy_path(mask)
        path.parent.mkdir(exist_ok=True)
        write_volume(path, np.linspace(0, 1, truth.data.size, dtype=np.float32).reshape(truth.data.shape), truth.grid)
        side_car = {"scheme": truth.scheme.name, "entropy": {"file": f"entropy/{path.name}", "mean_bits": mean}}
        mask.with_name(f"{case.name}_prediction.json").write_text(json.dumps(side_car))
        masks.append(mask)
    return masks


def test_the_worklist_puts_the_case_first_that_the_model_is_least_sure_of(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    take_masks(session, write_batch(data, tmp_path / "masks", [0.01, 0.03, 0.02]))
    worklist = session.worklist
    qtbot.waitUntil(lambda: worklist.entries[0].mean_entropy is not None, timeout=PATIENCE_MS)
    worklist.choose(Choice(sort="entropy"))
    assert [entry.name for entry in worklist.shown] == [data.cases[place].name for place in (1, 2, 0)]
    # What the prediction betrays is in no entry of a blinded reader.
    worklist.set_blinded(blinded=True)
    assert all(entry.mean_entropy is None for entry in worklist.entries)


def test_another_prediction_takes_the_entropy_of_the_last_one_with_it(data: DataSet, tmp_path: Path) -> None:
    masks = write_batch(data, tmp_path / "masks", [0.01, 0.03, 0.02])
    name = data.cases[0].name
    with ReviewStore(review_path(data.root)) as store:
        store.set_predictions({name: masks[0]})
        assert store.entropies() == {name: 0.01}
        store.set_predictions({name: tmp_path / "other.nii.gz"})
        assert store.entropies() == {}


@pytest.mark.parametrize("mean", ["0.1", True, -1, 2, None, float("nan")])
def test_what_is_no_entropy_is_not_believed(data: DataSet, tmp_path: Path, mean: object) -> None:
    mask = write_batch(data, tmp_path / "masks", [0.01, 0.03, 0.02])[0]
    mask.with_name(f"{data.cases[0].name}_prediction.json").write_text(json.dumps({"entropy": {"mean_bits": mean}}))
    with ReviewStore(review_path(data.root)) as store:
        store.set_predictions({data.cases[0].name: mask})
        assert store.entropies() == {}


def test_maps_are_not_taken_for_masks(data: DataSet, tmp_path: Path) -> None:
    masks = write_batch(data, tmp_path / "masks", [0.01, 0.03, 0.02])
    assert sorted(predictions_in(tmp_path / "masks", data.cases).values()) == masks


def test_a_key_shows_the_map_and_goes_back(data: DataSet, tmp_path: Path, qtbot: QtBot) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    session = window.session
    session.take_data_set(data)
    masks = write_batch(data, tmp_path / "masks", [0.01, 0.03, 0.02])
    with qtbot.waitSignal(session.case_changed, timeout=PATIENCE_MS):
        commands.open_case(session, data.cases[0])
    commands.open_mask(session, masks[0], kind="prediction")
    qtbot.waitUntil(lambda: session.layers.prediction is not None, timeout=PATIENCE_MS)
    pane = window.review.panes.active_view
    before = pane.grab().toImage()
    qtbot.keyClick(window, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: session.view.sequence == NAME, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: pane.grab().toImage() != before, timeout=PATIENCE_MS)
    assert window.menus.actions["view.entropy"].isChecked()
    sequences = window.findChild(ImagePanel).sequences
    assert sequences.value == ""
    # The map rises by 1 from the first voxel to the last of 24 x 24 x 24: at (23, 0, 11) it is read off.
    assert session.case is not None
    here = session.view.cursor_mm
    x, y, z = session.case.grid.to_world((23, 0, 11))
    session.view.set_cursor((float(x), float(y), float(z)))
    assert f"entropy {(23 * 24 * 24 + 11) / (24**3 - 1):.3f} " in window.status.read_out.text
    session.view.set_cursor(here)
    qtbot.keyClick(window, Qt.Key.Key_U)
    assert session.view.sequence == sequences.value == "FLAIR"
    qtbot.waitUntil(lambda: pane.grab().toImage() == before, timeout=PATIENCE_MS)
    # Another prediction has another map, or none.
    commands.open_mask(session, masks[0].with_name(masks[1].name), kind="prediction")
    qtbot.waitUntil(lambda: NAME not in session.images, timeout=PATIENCE_MS)
    assert "entropy" not in window.status.read_out.text
    window.close()


def test_without_a_map_the_key_says_how_to_get_one(session: Session, data: DataSet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.case_changed, timeout=PATIENCE_MS):
        commands.open_case(session, data.cases[0])
    with qtbot.waitSignal(session.notice) as said:
        session.entropy.toggle()
    assert "segment" in str(said.args)
    assert session.view.sequence != NAME
