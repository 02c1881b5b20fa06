"""Tiles cover a volume, and what they change in a prediction is found where they meet."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tensorflow as tf
from engine_cases import write_case
from measured_results import seams_result

from workstation.core.geometry import Grid
from workstation.core.network import Shape, UNetPlan
from workstation.core.requests import SeamsRequest
from workstation.engine.choices import Choices
from workstation.engine.model_folder import save_model
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import DESCRIPTION, to_orientation
from workstation.engine.seams import seams
from workstation.engine.tiles import Tile, distance_to_seams, predict_by_tiles, tiles_of, weights_of
from workstation.engine.unet import build_unet
from workstation.errors import RequestError
from workstation.io.models import ModelCard
from workstation.io.runs import RunFolder

PLAN = UNetPlan(filters=2, depth=1)
# How far a voxel sees in a network of depth 1: two convolutions above (2), the pooling (1), two below (4), the
# upsampling (1) and two above again (2).
SIGHT = 10


def counts(shape: Shape, tiles: tuple[Tile, ...]) -> np.ndarray:
    covered = np.zeros(shape, int)
    for tile in tiles:
        covered[tile.slices] += 1
    return covered


@pytest.mark.parametrize(
    ("shape", "tile"),
    [
        ((32, 32, 32), (16, 16, 16)),
        ((48, 32, 16), (32, 16, 16)),
        ((40, 24, 8), (16, 16, 16)),
        ((16, 16, 16), (64, 64, 64)),
    ],
)
def test_without_overlap_each_voxel_belongs_to_one_tile(shape: Shape, tile: Shape) -> None:
    assert np.array_equal(counts(shape, tiles_of(shape, tile, multiple=8)), np.ones(shape))


@pytest.mark.parametrize("overlap", [1, 4, 8])
def test_with_overlap_tiles_keep_their_size_begin_at_multiples_and_share_at_least_so_much(overlap: int) -> None:
    tiles = tiles_of((40, 16, 16), (16, 16, 16), overlap=overlap, multiple=4)
    assert {tile.shape for tile in tiles} == {(16, 16, 16)}
    starts = sorted(tile.start[0] for tile in tiles)
    assert all(start % 4 == 0 for start in starts)
    assert max(after - before for before, after in pairwise(starts)) <= 16 - overlap
    assert counts((40, 16, 16), tiles).min() == 1


@pytest.mark.parametrize(("tile", "overlap", "field"), [((12, 16, 16), 0, "tile"), ((16, 16, 16), 9, "overlap")])
def test_tiles_that_the_network_cannot_take_are_refused(tile: Shape, overlap: int, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        tiles_of((32, 32, 32), tile, overlap=overlap, multiple=8)
    assert refused.value.field == field


def test_the_distance_to_a_seam_counts_from_both_its_sides() -> None:
    tiles = tiles_of((8, 4, 4), (4, 4, 4))
    assert distance_to_seams((8, 4, 4), tiles)[:, 0, 0].tolist() == [3, 2, 1, 0, 0, 1, 2, 3]


def test_one_tile_has_no_seam() -> None:
    assert distance_to_seams((4, 4, 4), tiles_of((4, 4, 4), (4, 4, 4))).min() == np.iinfo(np.int16).max


def test_gaussian_weights_fall_off_from_the_middle_and_are_never_nothing() -> None:
    weights = weights_of((16, 16, 16), "gaussian")
    assert weights.max() == weights[8, 8, 8] == 1
    assert 0 < weights[0, 0, 0] < weights[4, 8, 8] < 1


@pytest.mark.parametrize("weighting", ["uniform", "gaussian"])
def test_tiles_that_agree_are_averaged_to_what_they_agree_on(weighting: str) -> None:
    inputs = np.random.default_rng(1).random((24, 16, 16, 2), np.float32)
    tiles = tiles_of((24, 16, 16), (16, 16, 16), overlap=4, multiple=2)
    found = predict_by_tiles(lambda tile: tile[..., 1:], inputs, tiles, weighting=weighting)
    assert np.allclose(found, inputs[..., 1:], rtol=1e-6)


def test_uniform_overlap_is_the_mean_of_both_tiles() -> None:
    answers = iter([np.zeros((4, 4, 4, 1), np.float32), np.ones((4, 4, 4, 1), np.float32)])
    tiles = (Tile((0, 0, 0), (4, 4, 4)), Tile((2, 0, 0), (6, 4, 4)))
    found = predict_by_tiles(lambda _: next(answers), np.zeros((6, 4, 4, 1), np.float32), tiles)
    assert found[:, 0, 0, 0].tolist() == [0, 0, 0.5, 0.5, 1, 1]


def test_tiles_that_leave_a_hole_are_refused() -> None:
    tiles = (Tile((0, 0, 0), (4, 4, 4)),)
    with pytest.raises(RequestError):
        predict_by_tiles(lambda tile: tile, np.zeros((6, 4, 4, 1), np.float32), tiles)


@pytest.mark.parametrize(("overlap", "weighting"), [(0, "uniform"), (8, "uniform"), (8, "gaussian")])
def test_beyond_the_sight_of_the_network_a_tiled_prediction_is_the_whole_one(overlap: int, weighting: str) -> None:
    shape = (96, 16, 16)
    predictor = Predictor(build_unet(PLAN, seed=3), PLAN, Choices())
    inputs = np.random.default_rng(2).standard_normal((*shape, 1)).astype(np.float32)

    def predict(volume: np.ndarray) -> np.ndarray:
        found: np.ndarray = predictor.predict(tf.constant(volume[np.newaxis])).numpy()[0]
        return found

    tiles = tiles_of(shape, (48, 16, 16), overlap=overlap, multiple=2)
    change = np.abs(predict(inputs) - predict_by_tiles(predict, inputs, tiles, weighting=weighting))[..., 0]
    distance = distance_to_seams(shape, tiles)
    assert (distance >= SIGHT).sum() > 1000
    assert change[distance >= SIGHT].max() < 1e-5
    assert change[distance == 0].max() > 1e-3


def model_in(folder: Path, plan: UNetPlan = PLAN) -> Path:
    card = ModelCard(
        name="small",
        plan=plan,
        scheme="brats2021",
        orientation="LPS",
        zooms=(1.0, 1.0, 1.0),
        shape=(32, 16, 16),
        preprocessing=DESCRIPTION,
    )
    save_model(folder, build_unet(plan, seed=5), card)
    return folder


def test_the_map_has_the_geometry_of_the_case_and_the_figures_are_of_the_map(tmp_path: Path) -> None:
    turned = Grid((32, 16, 15), np.diag([-1.0, -1.0, 1.0, 1.0])).transformed(
        to_orientation(Grid((32, 16, 15), np.diag([-1.0, -1.0, 1.0, 1.0])), "SRA")
    )
    case = write_case(tmp_path / "case", seed=1, shape=turned.shape, affine=turned.affine)
    request = SeamsRequest(str(model_in(tmp_path / "model")), str(case), tile="16x16x16")
    result = seams(request, out=tmp_path / "out")
    image = nibabel.load(result["files"]["difference_WT"])
    source = nibabel.load(case / "case_flair.nii.gz")
    assert image.get_data_dtype() == np.float32
    assert np.array_equal(image.affine, source.affine)
    assert (image.header["sform_code"], image.header["qform_code"]) == (
        source.header["sform_code"],
        source.header["qform_code"],
    )
    data = np.asarray(image.dataobj)
    assert data.shape == turned.shape
    difference = result["difference"]
    assert np.abs(data).max() == pytest.approx(difference["max_probability"], rel=1e-6)
    assert abs(data[tuple(difference["voxel"])]) == pytest.approx(difference["max_probability"], rel=1e-6)
    assert (result["tiles"], result["overlap"], result["state"]) == (2, 0, "finished")
    # The only seam is in the middle of the axis that runs from left to right, which is the second one in "SRA".
    assert difference["distance_voxels"] == min(abs(difference["voxel"][1] - 15), abs(difference["voxel"][1] - 16))
    assert difference["distance_voxels"] < SIGHT
    assert 0 <= result["dice"]["tiled"] <= 1
    assert json.loads((tmp_path / "out" / "seams.json").read_text()) == result
    # What the tests of the window make up is what the engine writes.
    assert seams_result().keys() <= result.keys()
    assert seams_result()["regions"]["WT"].keys() <= result["regions"]["WT"].keys()


def test_one_tile_that_holds_everything_changes_nothing(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", seed=1, shape=(16, 16, 12))
    result = seams(SeamsRequest(str(model_in(tmp_path / "model")), str(case)), out=tmp_path / "out")
    assert result["difference"]["max_probability"] == 0
    assert (result["difference"]["voxels"], result["difference"]["dice_between"]) == (0, 1.0)
    assert result["dice"]["whole"] == result["dice"]["tiled"]


def test_without_a_truth_there_is_no_dice_to_it(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", seed=1, shape=(16, 16, 12))
    (case / "case_seg.nii.gz").unlink()
    result = seams(SeamsRequest(str(model_in(tmp_path / "model")), str(case), tile="8x8x8"), out=tmp_path / "out")
    assert result["dice"] == {"whole": None, "tiled": None}
    assert result["difference"]["dice_between"] is not None


def test_a_stop_between_tiles_is_no_error(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", seed=1, shape=(16, 16, 12))
    request = SeamsRequest(str(model_in(tmp_path / "model")), str(case), tile="8x8x8")
    assert seams(request, out=tmp_path / "out", should_stop=lambda: True) == {"state": "stopped"}
    assert not (tmp_path / "out" / "seams.json").exists()


def test_seams_are_a_run(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", seed=1, shape=(16, 16, 12))
    request = SeamsRequest(str(model_in(tmp_path / "model")), str(case), tile="8x16x16", overlap=2)
    run = RunFolder.create_at(tmp_path / "run", request)
    command = [sys.executable, "-m", "workstation.engine", str(run.path)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    result = next(event for event in run.read_events()[0] if event["event"] == "result")
    assert Path(result["files"]["difference_WT"]).parent == run.path
    assert RunFolder(run.path).status().state == "finished"
