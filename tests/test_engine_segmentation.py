"""Masks come out on the grid of their source, in its scheme, with a side-car; what does not fit is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import keras
import nibabel
import numpy as np
import pytest
from engine_cases import LPS, write_case

from workstation.core.geometry import Grid
from workstation.core.network import PRESETS, UNetPlan
from workstation.core.requests import SegmentRequest
from workstation.engine.model_folder import load_model, save_model
from workstation.engine.preprocessing import DESCRIPTION, to_orientation
from workstation.engine.segment_batch import segment
from workstation.engine.segmentation import Segmenter
from workstation.engine.unet import build_unet
from workstation.errors import ModelError, RequestError
from workstation.io.files import sha256_of
from workstation.io.layouts import find_case
from workstation.io.models import ModelCard
from workstation.io.nifti import read_volume
from workstation.io.provenance import mean_entropy_of

SMALL = UNetPlan(filters=2, depth=1)
SHAPE = (16, 14, 13)


def card_of(plan: UNetPlan) -> ModelCard:
    return ModelCard(
        name="small",
        plan=plan,
        scheme="brats2021",
        orientation="LPS",
        zooms=(1.0, 1.0, 1.0),
        shape=SHAPE,
        preprocessing=DESCRIPTION,
    )


def threshold_model(plan: UNetPlan, cuts: list[float]) -> keras.Model:
    """A network with the weights of "last input sequence above `cut`", one cut per output.

    Every convolution but the last passes its first channel through at the kernel's centre, plus 10 so that no ReLU
    cuts it; the skip of level 0 carries it around the pooling.
    """
    model = build_unet(plan)
    for layer in model.layers:
        weights = [np.zeros(shape.shape, np.float32) for shape in layer.get_weights()]
        if isinstance(layer, keras.layers.BatchNormalization):
            weights[0][:], weights[3][:] = 1, 1 - layer.epsilon
        elif layer.name == "output_conv":
            for output, cut in enumerate(cuts):
                weights[0][..., 0, output] = 100
                weights[1][output] = -100 * (cut + 10)
        elif layer.name.endswith("a_conv") or layer.name.endswith("b_conv"):
            source = {"encoder0a_conv": len(plan.inputs) - 1, "decoder0a_conv": plan.filters}.get(layer.name, 0)
            weights[0][1, 1, 1, source, 0] = 1
            weights[1][0] = 10 if layer.name == "encoder0a_conv" else 0
        layer.set_weights(weights)
    return model


def save(folder: Path, plan: UNetPlan = SMALL, cuts: tuple[float, ...] = (0.5,)) -> Path:
    save_model(folder, threshold_model(plan, list(cuts)), card_of(plan))
    return folder


def z_scored_flair(folder: Path) -> np.ndarray:
    data = np.asarray(nibabel.load(folder / f"{folder.name}_flair.nii.gz").dataobj, np.float64)
    return (data - data.mean()) / data.std()


def test_the_mask_is_where_the_network_says_on_the_grid_of_the_source(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    result = segment(SegmentRequest(str(model), (str(case),), out=str(tmp_path / "out")))[0]
    mask, source = nibabel.load(result["mask"]), nibabel.load(case / "case_flair.nii.gz")
    assert np.array_equal(np.asarray(mask.dataobj), z_scored_flair(case) > 0.5)
    assert np.array_equal(mask.affine, source.affine)
    for field in ("sform_code", "qform_code", "pixdim"):
        assert np.array_equal(mask.header[field], source.header[field])


@pytest.mark.parametrize("code", ["RAS", "LPS", "PSL", "SRA", "IAL", "ALI"])
def test_a_source_in_any_orientation_gets_its_mask_in_its_own_voxels(tmp_path: Path, code: str) -> None:
    model = save(tmp_path / "model")
    grid = Grid((14, 16, 11), LPS)
    turned = grid.transformed(to_orientation(grid, code))
    case = write_case(tmp_path / "case", seed=1, shape=turned.shape, affine=turned.affine)
    found = Segmenter(model).run(find_case(case))
    assert np.array_equal(found.data, z_scored_flair(case) > 0.5)


@pytest.mark.parametrize(("scheme", "labels"), [("", {1, 2, 4}), ("brats2023", {1, 2, 3}), ("msd", {1, 2, 3})])
def test_three_regions_become_the_labels_of_the_scheme(tmp_path: Path, scheme: str, labels: set[int]) -> None:
    plan = UNetPlan(filters=2, depth=1, inputs=PRESETS["four-regions"].inputs, outputs=("WT", "TC", "ET"))
    model = save(tmp_path / "model", plan, cuts=(0.0, 0.73, 1.5))
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    found = Segmenter(model).run(find_case(case), scheme=scheme)
    flair = z_scored_flair(case)
    oedema, core, enhancing = {"": (2, 1, 4), "brats2023": (2, 1, 3), "msd": (1, 2, 3)}[scheme]
    assert set(np.unique(found.data)) == {0} | labels
    assert np.array_equal(found.data, np.select([flair > 1.5, flair > 0.73, flair > 0], [enhancing, core, oedema]))


def test_the_side_car_says_what_made_the_mask(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    result = segment(SegmentRequest(str(model), (str(case),), out=str(tmp_path / "m.nii.gz"), threshold=0.4))[0]
    assert result["sidecar"] == str(tmp_path / "m.json")
    said = json.loads((tmp_path / "m.json").read_text())
    assert said["model"]["sha256"] == sha256_of(model / "model.keras")
    assert (said["threshold"], said["scheme"], said["preprocessing"]["version"]) == (0.4, "region:WT", 1)
    assert said["sources"][0]["sha256"] == sha256_of(case / "case_flair.nii.gz")
    assert {"tensorflow-cpu", "workstation", "python"} <= said["versions"].keys()


def test_voxels_unlike_those_of_the_training_are_warned_of(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE, affine=np.diag([-1.0, -1.0, 5.0, 1.0]))
    result = segment(SegmentRequest(str(model), (str(case),), out=str(tmp_path / "out")))[0]
    assert "5.00 mm" in result["warnings"][0]


def test_every_case_gets_a_mask_named_after_it_and_is_reported(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    cases = tuple(str(write_case(tmp_path / name, seed=1, shape=SHAPE)) for name in ("a", "b"))
    reports: list[tuple[int, int, str]] = []
    results = segment(
        SegmentRequest(str(model), cases, out=str(tmp_path / "out")), report=lambda *said: reports.append(said)
    )
    assert [Path(result["mask"]).name for result in results] == ["a_prediction.nii.gz", "b_prediction.nii.gz"]
    assert reports[1:] == [(0, 2, "segmenting a"), (1, 2, "segmenting b"), (2, 2, "done")]


def test_a_stop_is_heard_between_cases(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    cases = tuple(str(write_case(tmp_path / name, seed=1, shape=SHAPE)) for name in ("a", "b"))
    answers = iter([False, True])
    request = SegmentRequest(str(model), cases, out=str(tmp_path / "out"))
    assert [result["case"] for result in segment(request, should_stop=lambda: next(answers))] == ["a"]


def test_a_case_without_the_sequence_that_the_model_needs_is_refused(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    (case / "case_flair.nii.gz").unlink()
    with pytest.raises(ModelError, match="lacks FLAIR") as refused:
        Segmenter(model).run(find_case(case))
    assert refused.value.hint


def test_a_damaged_truth_does_not_keep_a_case_from_being_segmented(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    (case / "case_seg.nii.gz").write_bytes(b"damaged")
    assert Segmenter(model).run(find_case(case)).data.shape == SHAPE


def test_a_source_image_is_never_overwritten(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    with pytest.raises(RequestError) as refused:
        segment(SegmentRequest(str(model), (str(case),), out=str(case / "case_seg.nii.gz")))
    assert refused.value.field == "out"


def test_many_cases_cannot_go_into_one_file(tmp_path: Path) -> None:
    cases = tuple(str(write_case(tmp_path / name, seed=1, shape=SHAPE)) for name in ("a", "b"))
    with pytest.raises(RequestError) as refused:
        segment(SegmentRequest("model", cases, out=str(tmp_path / "m.nii.gz")))
    assert refused.value.field == "out"


def test_a_saved_model_replaces_the_former_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    save(tmp_path / "models" / "m")
    save(tmp_path / "models" / "m", cuts=(0.7,))
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["m"]
    load_model(tmp_path / "models" / "m")


def test_a_network_with_other_channels_than_its_card_is_refused(tmp_path: Path) -> None:
    two = UNetPlan(filters=2, depth=1, inputs=("T2", "FLAIR"))
    save_model(tmp_path / "m", build_unet(two), card_of(SMALL))
    with pytest.raises(ModelError, match="not the network of its card"):
        load_model(tmp_path / "m")


def test_a_lambda_layer_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((None, None, None, 1))
    model = keras.Model(inputs, keras.layers.Lambda(lambda tensor: tensor * 2)(inputs))
    save_model(tmp_path / "m", model, card_of(SMALL))
    with pytest.raises(ModelError, match="would run code"):
        load_model(tmp_path / "m")


def test_a_model_of_another_preprocessing_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "m")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "preprocessing": {"version": 99}}))
    with pytest.raises(ModelError, match="version 99"):
        Segmenter(folder)


def test_the_image_that_a_mask_belongs_to_is_its_source(tmp_path: Path) -> None:
    model = save(tmp_path / "model")
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    found = Segmenter(model).run(find_case(case))
    assert found.grid.is_same(read_volume(case / "case_flair.nii.gz").grid)


def test_a_model_with_statistics_of_each_volume_sees_volumes_of_the_size_it_was_trained_on(tmp_path: Path) -> None:
    plan = UNetPlan(filters=2, depth=1, normalisation="instance")
    card = dataclasses.replace(card_of(plan), shape=(8, 10, 6), threshold=0.625)
    save_model(tmp_path / "model", build_unet(plan, seed=3), card)
    segmenter = Segmenter(tmp_path / "model")
    assert segmenter.threshold == 0.625
    files = find_case(write_case(tmp_path / "case", seed=1, shape=SHAPE))
    loaded = segmenter.load(files)
    found = segmenter.probabilities(loaded)[..., 0]
    assert found.shape == loaded.grid.shape
    # About the centre, the training's size was predicted; what lies outside of it is none of the model's.
    assert np.count_nonzero(found) == 8 * 10 * 6


def batch_request(tmp_path: Path, *, count: int = 2, **options: object) -> SegmentRequest:
    model = tmp_path / "model" if (tmp_path / "model").is_dir() else save(tmp_path / "model")
    cases = [tmp_path / "set" / f"case{number}" for number in range(count)]
    for number, case in enumerate(cases):
        if not case.is_dir():
            write_case(case, seed=number, shape=SHAPE)
    return SegmentRequest(str(model), tuple(map(str, cases)), out=str(tmp_path / "out"), **options)


def test_a_case_that_was_done_by_the_same_models_is_kept(tmp_path: Path) -> None:
    request = batch_request(tmp_path)
    first = segment(request, should_stop=iter([False, True]).__next__)
    assert [result["case"] for result in first] == ["case0"]
    written = Path(first[0]["mask"]).stat().st_mtime_ns
    second = segment(request)
    assert [result.get("is_kept", False) for result in second] == [True, False]
    assert Path(second[0]["mask"]).stat().st_mtime_ns == written
    assert second[0]["seconds"] == first[0]["seconds"]


def test_another_threshold_model_option_or_file_makes_the_mask_anew(tmp_path: Path) -> None:
    segment(batch_request(tmp_path, count=1))
    assert not segment(batch_request(tmp_path, count=1, threshold=0.3))[0].get("is_kept")
    assert not segment(batch_request(tmp_path, count=1, threshold=0.3, flips=True))[0].get("is_kept")
    assert segment(batch_request(tmp_path, count=1, threshold=0.3, flips=True))[0].get("is_kept")
    (tmp_path / "out" / "case0_prediction.nii.gz").unlink()
    assert not segment(batch_request(tmp_path, count=1, threshold=0.3, flips=True))[0].get("is_kept")
    write_case(tmp_path / "other" / "case0", seed=9, shape=SHAPE)
    flair = "case0_flair.nii.gz"
    (tmp_path / "set" / "case0" / flair).write_bytes((tmp_path / "other" / "case0" / flair).read_bytes())
    assert not segment(batch_request(tmp_path, count=1, threshold=0.3, flips=True))[0].get("is_kept")


def test_a_case_that_cannot_be_segmented_stops_no_other(tmp_path: Path) -> None:
    request = batch_request(tmp_path, count=3)
    (tmp_path / "set" / "case1" / "case1_flair.nii.gz").unlink()
    results = segment(request)
    assert ["error" in result for result in results] == [False, True, False]
    assert "lacks FLAIR" in results[1]["error"]


def test_where_no_case_can_be_segmented_the_reason_is_raised(tmp_path: Path) -> None:
    request = batch_request(tmp_path)
    for number in range(2):
        (tmp_path / "set" / f"case{number}" / f"case{number}_flair.nii.gz").unlink()
    with pytest.raises(ModelError, match="lacks FLAIR"):
        segment(request)


class Shift:
    """A predictor that sees each voxel's neighbour at the lower index: not the same flipped."""

    def predict(self, inputs: object) -> object:
        import tensorflow as tf

        data = np.asarray(inputs)
        found = np.zeros_like(data)
        found[:, 1:] = data[:, :-1]
        return tf.constant(found)


def test_flips_are_undone_before_they_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = Segmenter(save(tmp_path / "model"))
    monkeypatch.setattr(segmenter, "_predictor", Shift())
    inputs = np.random.default_rng(1).random((6, 4, 4, 1), np.float32)
    found = segmenter._flipped_mean(inputs)
    # Half of the eight flips turn the first axis round, and see the neighbour at the higher index.
    lower, higher = np.zeros_like(inputs), np.zeros_like(inputs)
    lower[1:], higher[:-1] = inputs[:-1], inputs[1:]
    assert np.allclose(found, (lower + higher) / 2, atol=1e-6)


def test_the_probabilities_of_several_models_are_averaged_and_their_entropy_written(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a", cuts=(0.3,)), save(tmp_path / "b", cuts=(0.9,))
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    flair = z_scored_flair(case)
    # The networks are steep: 100 per unit, so voxels this far from both cuts are certain but for those between.
    is_far = (np.abs(flair - 0.3) > 0.1) & (np.abs(flair - 0.9) > 0.1)
    for threshold, cut in ((0.4, 0.3), (0.6, 0.9)):
        out = tmp_path / f"out{threshold}"
        options = {"threshold": threshold, "models": (str(second),), "entropy": True}
        result = segment(SegmentRequest(str(first), (str(case),), out=str(out), **options))[0]
        mask = np.asarray(nibabel.load(result["mask"]).dataobj)
        assert np.array_equal(mask[is_far], flair[is_far] > cut)
    entropy = nibabel.load(result["entropy"])
    assert np.array_equal(entropy.affine, nibabel.load(result["mask"]).affine)
    found = np.asarray(entropy.dataobj)
    is_between = (flair > 0.3) & (flair < 0.9)
    assert np.allclose(found[is_far & is_between], 1, atol=1e-3)
    assert np.allclose(found[is_far & ~is_between], 0, atol=1e-2)
    said = json.loads(Path(result["sidecar"]).read_text())
    head = np.asarray(nibabel.load(case / "case_flair.nii.gz").dataobj) != 0
    assert said["entropy"]["mean_bits"] == pytest.approx(found[head].mean(dtype=float), abs=1e-5)
    assert said["models"] == [sha256_of(folder / "model.keras") for folder in (first, second)]
    assert mean_entropy_of(Path(result["mask"])) == said["entropy"]["mean_bits"]


def test_models_that_find_different_regions_are_not_averaged(tmp_path: Path) -> None:
    plan = UNetPlan(filters=2, depth=1, inputs=("FLAIR",), outputs=("TC",))
    first, second = save(tmp_path / "a"), save(tmp_path / "b", plan)
    case = write_case(tmp_path / "case", seed=1, shape=SHAPE)
    with pytest.raises(ModelError, match="finds TC, and small finds WT"):
        segment(SegmentRequest(str(first), (str(case),), out=str(tmp_path / "out"), models=(str(second),)))
