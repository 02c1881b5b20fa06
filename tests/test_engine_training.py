"""Training on tiny cases: what it leaves behind, and that stopping and resuming change nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from engine_cases import write_cases

from workstation.core.course import Change
from workstation.core.labels import scheme_named
from workstation.core.overlap import dice
from workstation.core.requests import TrainRequest
from workstation.core.schedule import training_schedule
from workstation.core.split import Draw, Split
from workstation.engine import training
from workstation.engine.checkpoints import BEST, LAST
from workstation.engine.control import Control
from workstation.engine.model_folder import load_model
from workstation.engine.steps import Scores, Steps
from workstation.engine.training import find_material, train
from workstation.errors import LayoutError, NonFiniteLoss, OutOfMemory, RequestError, RunError
from workstation.io.layouts import open_dataset
from workstation.io.models import read_model_card
from workstation.io.nifti import read_label_map
from workstation.io.runs import RunFolder
from workstation.io.sentinel_masks import sentinel_masks
from workstation.io.splits import save_manifest


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("data"), count=6)


def request_for(data: Path, **changes: Any) -> TrainRequest:
    values: dict[str, Any] = {"filters": 2, "depth": 1, "epochs": 2, "validation": 0.2, "test": 0.2, "batch": 2}
    return TrainRequest(str(data), **{**values, **changes})


def new_run(folder: Path, request: TrainRequest) -> RunFolder:
    return RunFolder.create_at(folder, request)


def events_of(run: RunFolder, kind: str) -> list[dict[str, Any]]:
    return [event for event in run.read_events()[0] if event["event"] == kind]


def weights_of(run: RunFolder, name: str = LAST) -> list[np.ndarray]:
    with np.load(run.checkpoints / name) as stored:
        return [stored[key] for key in sorted(stored.files) if key != "about"]


def assert_equal_weights(first: RunFolder, second: RunFolder) -> None:
    for a, b in zip(weights_of(first), weights_of(second), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


class StopBefore(Control):
    """A control that asks for a stop before the step of this number."""

    def __init__(self, run: RunFolder, number: int) -> None:
        super().__init__(run)
        self._left = number

    def stops_now(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, dict[str, Any]]:
    """A run of two epochs over four training cases in batches of two, one validation case."""
    request = request_for(data)
    run = new_run(tmp_path_factory.mktemp("runs") / "whole", request)
    return run, train(request, run)


def test_a_finished_training_says_where_its_model_is(finished: tuple[RunFolder, dict[str, Any]]) -> None:
    run, result = finished
    assert result["state"] == "finished"
    assert result["model"] == "model"
    assert result["best_epoch"] in (1, 2)
    best = next(event for event in events_of(run, "epoch") if event["epoch"] == result["best_epoch"])
    assert result["val_dice"] == best["val_dice"]


def test_every_step_and_epoch_is_told(finished: tuple[RunFolder, dict[str, Any]]) -> None:
    run, _ = finished
    steps = events_of(run, "step")
    assert [(step["step"], step["epoch"]) for step in steps] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert all(step["wait_seconds"] >= 0 and step["seconds"] > 0 for step in steps)
    assert [event["epoch"] for event in events_of(run, "epoch")] == [1, 2]
    assert [event["state"] for event in events_of(run, "state")] == ["preparing", "running"]
    assert events_of(run, "machine")[0]["onednn"]["is_on"] in (True, False)
    assert events_of(run, "memory")[-1]["peak_bytes"] > 0


def test_the_loss_of_an_epoch_is_the_mean_of_its_steps(finished: tuple[RunFolder, dict[str, Any]]) -> None:
    run, _ = finished
    steps = [step["loss"] for step in events_of(run, "step") if step["epoch"] == 1]
    assert events_of(run, "epoch")[0]["loss"] == pytest.approx(sum(steps) / 2)


def test_the_model_comes_with_a_card_of_its_making(finished: tuple[RunFolder, dict[str, Any]], data: Path) -> None:
    run, result = finished
    card = read_model_card(run.model)
    assert (card.inputs, card.outputs, card.orientation, card.scheme) == (("FLAIR",), ("WT",), "LPS", "brats2021")
    assert (card.shape, card.zooms) == ((16, 16, 12), (1.0, 1.0, 1.0))
    assert card.metrics["val_dice"] == result["val_dice"]
    split = card.training["split"]
    used = sorted([*split["train"], *split["validation"]])
    names = sorted(file["name"] for case in card.training["data"] for file in case["files"])
    assert names == [f"{case}_{suffix}.nii.gz" for case in used for suffix in ("flair", "seg")]
    assert len(split["test"]) == 1
    keras.models.load_model(run.model / "model.keras", safe_mode=True)


@pytest.mark.parametrize("number", [1, 2])
def test_a_training_stopped_at_any_step_and_resumed_ends_with_the_same_weights(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path, number: int
) -> None:
    whole, _ = finished
    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    stopped = train(request, run, control=StopBefore(run, number))
    assert stopped["state"] == "stopped"
    assert train(request, run)["state"] == "finished"
    assert_equal_weights(run, whole)
    assert [step["step"] for step in events_of(run, "step")] == [1, 2, 3, 4]
    assert [e["loss"] for e in events_of(run, "epoch")] == pytest.approx([e["loss"] for e in events_of(whole, "epoch")])


def test_a_finished_training_is_lengthened_to_what_a_longer_one_would_have_been(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    run = new_run(tmp_path / "run", request_for(data, epochs=1))
    assert train(run.request(), run)["state"] == "finished"
    run.change(Change(epochs=2))
    assert train(run.request(), run)["state"] == "finished"
    assert_equal_weights(run, finished[0])
    assert [event["epochs"] for event in events_of(run, "course")] == [1, 2]
    assert (run.status().epoch, run.status().epochs) == (2, 2)


class ChangeBefore(Control):
    """A control before whose step of this number the course is changed."""

    def __init__(self, run: RunFolder, number: int, change: Change) -> None:
        super().__init__(run)
        self._left, self._folder, self._change = number, run, change

    def stops_now(self) -> bool:
        if self._left == 0:
            self._folder.change(self._change)
        self._left -= 1
        return False


def test_a_training_takes_up_more_epochs_and_another_rate_while_it_runs(data: Path, tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", request_for(data, epochs=1))
    change = Change(epochs=3, learning_rate=1e-4, from_epoch=2)
    assert train(run.request(), run, control=ChangeBefore(run, 1, change))["state"] == "finished"
    assert [event["epoch"] for event in events_of(run, "epoch")] == [1, 2, 3]
    assert [step["rate"] for step in events_of(run, "step")] == [1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-4]


def test_a_training_goes_back_to_its_best_epoch_with_another_rate(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(tmp_path / "run", request_for(data))
    with monkeypatch.context() as patched:
        # Every validation is worse than the one before, so the first epoch is the best.
        scored = iter((0.9, 0.1))
        patched.setattr(Steps, "validate", lambda *_: Scores(1.0, next(scored), 0.5))
        train(run.request(), run)
    after_best = weights_of(run, BEST)
    run.change(Change(learning_rate=1e-6, from_epoch=2))
    run.send("start", checkpoint="best")
    assert train(run.request(), run, control=StopBefore(run, 0))["state"] == "stopped"
    for a, b in zip(weights_of(run), after_best, strict=True):
        np.testing.assert_array_equal(a, b)
    rewound = events_of(run, "rewound")[-1]
    assert (rewound["epoch"], rewound["step"]) == (1, 2)
    # A later start without a word goes on from there, not from what was left behind.
    run.send("start")
    assert train(run.request(), run)["state"] == "finished"
    assert [(step["step"], step["rate"]) for step in events_of(run, "step")[4:]] == [(3, 1e-6), (4, 1e-6)]


class LeaveStep(Control):
    """A control that wants the step left at the operation of this number."""

    def __init__(self, run: RunFolder, number: int) -> None:
        super().__init__(run)
        self._left = number

    def leaves_step(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("micro_batch", [0, 1])
def test_a_step_left_in_its_middle_leaves_no_trace_in_the_weights(data: Path, tmp_path: Path, micro_batch: int) -> None:
    request = request_for(data, epochs=1, micro_batch=micro_batch, loss="bce+dice")
    whole, run = (new_run(tmp_path / name, request) for name in ("whole", "left"))
    train(request, whole)
    operations = len(training_schedule(request.plan, (16, 16, 16), "exact").instructions) * (2 if micro_batch else 1)
    stopped = train(request, run, control=LeaveStep(run, operations + operations * 2 // 3))
    assert stopped["state"] == "stopped"
    assert [step["step"] for step in events_of(run, "step")] == [1]
    assert train(request, run)["state"] == "finished"
    assert_equal_weights(run, whole)
    assert [step["step"] for step in events_of(run, "step")] == [1, 2]


def test_a_training_killed_within_an_epoch_repeats_it_to_the_same_weights(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    real = Steps.train
    with monkeypatch.context() as patched:
        calls: list[int] = []

        def dies_in_the_fourth(self: Steps, inputs: Any, targets: Any) -> Scores:
            calls.append(1)
            if len(calls) == 4:
                raise Killed
            return real(self, inputs, targets)

        patched.setattr(Steps, "train", dies_in_the_fourth)
        with pytest.raises(Killed):
            train(request, run)
    train(request, run)
    assert [step["step"] for step in events_of(run, "step")] == [1, 2, 3, 3, 4]
    assert_equal_weights(run, finished[0])


def test_stop_after_epoch_ends_with_a_model_and_can_go_on(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    run.send("stop_after_epoch")
    result = train(request, run)
    assert (result["state"], result["best_epoch"]) == ("stopped", 1)
    assert read_model_card(run.model).metrics["epoch"] == 1
    run.send("start")
    assert train(request, run)["state"] == "finished"
    assert_equal_weights(run, finished[0])


def test_a_pause_ends_with_resume(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_for(data, epochs=1)
    run = new_run(tmp_path / "run", request)
    run.send("pause")
    monkeypatch.setattr("workstation.engine.control.time.sleep", lambda _: run.send("resume"))
    assert train(request, run)["state"] == "finished"
    assert [event["state"] for event in events_of(run, "state")] == ["preparing", "running", "paused", "running"]


def test_commands_of_an_earlier_start_are_not_obeyed(data: Path, tmp_path: Path) -> None:
    request = request_for(data, epochs=1)
    run = new_run(tmp_path / "run", request)
    run.send("stop_now")
    run.send("start")
    assert train(request, run)["state"] == "finished"


def test_a_loss_that_is_no_number_stops_with_a_reason_and_keeps_the_last_good_weights(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    real = Steps.train
    calls: list[int] = []

    def bad_in_the_third(self: Steps, inputs: Any, targets: Any) -> Scores:
        calls.append(1)
        return real(self, inputs * (np.nan if len(calls) == 3 else 1.0), targets)

    monkeypatch.setattr(Steps, "train", bad_in_the_third)
    with pytest.raises(NonFiniteLoss, match="epoch 2, step 1") as failed:
        train(request, run)
    assert "learning rate" in failed.value.hint
    assert all(np.isfinite(array).all() for array in weights_of(run))


def test_running_out_of_memory_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_for(data)

    def too_large(self: Steps, inputs: Any, targets: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(Steps, "gradients", too_large)
    with pytest.raises(OutOfMemory) as failed:
        train(request, new_run(tmp_path / "run", request))
    assert "smaller micro-batch" in failed.value.hint


def test_a_checkpoint_of_another_recipe_is_refused(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    other = request_for(data, learning_rate=0.01)
    run = new_run(tmp_path / "run", other)
    run.checkpoints.mkdir()
    (run.checkpoints / LAST).write_bytes((finished[0].checkpoints / LAST).read_bytes())
    with pytest.raises(RunError, match="another network, data set or recipe"):
        train(other, run)


def test_a_damaged_checkpoint_is_named(data: Path, tmp_path: Path) -> None:
    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    run.checkpoints.mkdir()
    (run.checkpoints / LAST).write_bytes(b"half a file")
    with pytest.raises(RunError, match="damaged"):
        train(request, run)


def test_more_epochs_go_on_from_the_same_checkpoint(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    longer = request_for(data, epochs=3)
    run = new_run(tmp_path / "run", longer)
    run.checkpoints.mkdir()
    for name in (LAST, BEST):
        (run.checkpoints / name).write_bytes((finished[0].checkpoints / name).read_bytes())
    train(longer, run)
    assert [event["epoch"] for event in events_of(run, "epoch")] == [3]


def test_the_model_has_the_running_mean_of_the_weights(data: Path, tmp_path: Path) -> None:
    request = request_for(data, epochs=1, averaging=0.5)
    run = new_run(tmp_path / "run", request)
    controls = [StopBefore(run, number) for number in (1, 1)]
    stored: list[dict[str, np.ndarray]] = []
    for control in (*controls, Control(run)):
        train(request, run, control=control)
        with np.load(run.checkpoints / LAST) as file:
            stored.append({name: file[name] for name in file.files})
    names = [name.removeprefix("weight") for name in stored[0] if name.startswith("weight")]
    for name in names:
        first, second = (each[f"weight{name}"] for each in stored[:2])
        # After step t the mean keeps min(0.5, (1 + t) / (10 + t)) of itself: 2/11, then 3/12.
        expected = 3 / 12 * stored[0][f"average{name}"] + 9 / 12 * second
        np.testing.assert_allclose(stored[1][f"average{name}"], expected, rtol=1e-5, atol=1e-7)
        assert first.shape == second.shape
    model, _ = load_model(run.model)
    for name, weight in zip(names, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, stored[2][f"average{name}"])


def test_a_training_starts_from_the_weights_of_a_model_and_its_card_says_so(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    source = finished[0].model
    # Steps this small do not move a weight.
    request = request_for(data, start_from=str(source), learning_rate=1e-12, epochs=1)
    run = new_run(tmp_path / "run", request)
    train(request, run)
    for a, b in zip(load_model(run.model)[0].trainable_weights, load_model(source)[0].trainable_weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-9)
    start = read_model_card(run.model).training["start"]
    assert start["name"] == "flair-wt" and start["sha256"] == read_model_card(source).sha256
    assert str(source) not in (run.model / "card.json").read_text()


def test_a_model_of_another_network_is_no_start(
    finished: tuple[RunFolder, dict[str, Any]], data: Path, tmp_path: Path
) -> None:
    request = request_for(data, start_from=str(finished[0].model), filters=3)
    with pytest.raises(RequestError, match="another network"):
        train(request, new_run(tmp_path / "run", request))


def test_varied_shapes_and_averaging_resume_to_the_same_weights(data: Path, tmp_path: Path) -> None:
    request = request_for(data, averaging=0.9, vary_shapes=True, vary_intensities=True)
    whole, parts = new_run(tmp_path / "whole", request), new_run(tmp_path / "parts", request)
    train(request, whole)
    train(request, parts, control=StopBefore(parts, 2))
    train(request, parts)
    assert_equal_weights(whole, parts)


def test_without_validation_the_best_epoch_is_that_of_the_lowest_loss(data: Path, tmp_path: Path) -> None:
    request = request_for(data, validation=0.0, test=0.0, loss="bce+dice", preset="four-regions", epochs=3)
    run = new_run(tmp_path / "run", request)
    result = train(request, run)
    losses = [event["loss"] for event in events_of(run, "epoch")]
    assert result["best_epoch"] == 1 + losses.index(min(losses))
    assert result["val_dice"] is None


def test_a_size_crops_the_volumes_and_is_padded_to_a_multiple(data: Path, tmp_path: Path) -> None:
    request = request_for(data, size="10x12x13", depth=2, epochs=1)
    run = new_run(tmp_path / "run", request)
    train(request, run)
    assert read_model_card(run.model).shape == (10, 12, 13)


def test_training_learns_a_bright_ball(data: Path, tmp_path: Path) -> None:
    request = request_for(data, epochs=20, filters=4, depth=2, learning_rate=0.01, batch=1, test=0.0)
    run = new_run(tmp_path / "run", request)
    assert train(request, run)["val_dice"] > 0.6


def test_cases_that_cannot_be_used_are_left_out_unless_they_are_named(data: Path, tmp_path: Path) -> None:
    root = write_cases(tmp_path / "data", count=4)
    (root / "tiny_2" / "tiny_2_seg.nii.gz").unlink()
    request = dataclasses.replace(request_for(root), validation=0.0, test=0.0)
    assert find_material(request).split.train == ("tiny_0", "tiny_1", "tiny_3")
    with pytest.raises(LayoutError, match="tiny_2"):
        find_material(dataclasses.replace(request, cases=("tiny_1", "tiny_2")))
    with pytest.raises(LayoutError, match="tiny_9"):
        find_material(dataclasses.replace(request, cases=("tiny_9",)))


def test_volumes_of_different_shapes_train_in_the_smallest_shape_that_holds_them(tmp_path: Path) -> None:
    write_cases(tmp_path / "data", count=2, shape=(16, 16, 12))
    turned = np.array([[0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    from engine_cases import write_case

    # Axes run A, S, R: in LPS the shape is (18, 14, 10).
    write_case(tmp_path / "data" / "tiny_9", seed=9, shape=(14, 10, 18), affine=turned)
    request = request_for(tmp_path / "data", validation=0.0, test=0.0, epochs=1)
    assert find_material(request).shape == (18, 16, 12)
    assert train(request, new_run(tmp_path / "run", request))["state"] == "finished"


def test_a_long_epoch_is_saved_on_the_way(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SAVE_SECONDS", -1.0)
    request = request_for(data)
    run = new_run(tmp_path / "run", request)
    saved: list[int] = []
    real = training.save_checkpoint

    def noted(path: Path, steps: Any, position: Any, *, fingerprint: str) -> None:
        saved.append(position.step)
        real(path, steps, position, fingerprint=fingerprint)

    monkeypatch.setattr(training, "save_checkpoint", noted)
    train(request, run)
    assert saved[:2] == [1, 2]


def test_a_manifest_gives_exactly_its_split(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", count=5)
    split = Split(("tiny_0", "tiny_4"), ("tiny_2",), ("tiny_1",))
    path = save_manifest(tmp_path / "split.json", open_dataset(data), split, draw=Draw())
    request = TrainRequest(data=str(data), split=str(path), validation=0.5, seed=3)
    material = find_material(request)
    assert material.split == split
    assert [case.name for case in material.cases] == ["tiny_0", "tiny_1", "tiny_2", "tiny_4"]


def test_a_manifest_of_other_files_is_refused(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", count=3)
    split = Split(("tiny_0",), ("tiny_2",), ("tiny_1",))
    path = save_manifest(tmp_path / "split.json", open_dataset(data), split, draw=Draw())
    flair = data / "tiny_2" / "tiny_2_flair.nii.gz"
    flair.write_bytes((data / "tiny_1" / "tiny_1_flair.nii.gz").read_bytes())
    with pytest.raises(LayoutError, match="tiny_2_flair"):
        find_material(TrainRequest(data=str(data), split=str(path)))


def test_sentinels_are_segmented_on_their_grid_after_the_epochs_asked_for(data: Path, tmp_path: Path) -> None:
    request = request_for(data, epochs=4, sentinel_epochs=3, sentinels=("tiny_3", "tiny_0"), size="8x8x8")
    run = new_run(tmp_path / "run", request)
    train(request, run)
    told = sentinel_masks(run)
    assert [(mask.case, mask.epoch) for mask in told] == [(name, at) for name in request.sentinels for at in (1, 3, 4)]
    mask = read_label_map(told[-1].path, scheme=scheme_named(told[-1].scheme))
    truth = read_label_map(data / "tiny_0" / "tiny_0_seg.nii.gz", scheme=scheme_named("brats2021"))
    assert mask.grid.shape == (16, 16, 12) and np.array_equal(mask.grid.affine, truth.grid.affine)
    # The training sees the middle 8 x 8 x 8 voxels; the Dice is that of the whole truth.
    assert not mask.data[:4].any() and not mask.data[12:].any() and not mask.data[:, :, :2].any()
    assert told[-1].dice["WT"] == pytest.approx(dice(truth.data > 0, mask.data > 0), nan_ok=True)


def test_without_names_the_first_of_the_validation_are_watched(data: Path, tmp_path: Path) -> None:
    request = request_for(data, epochs=1, sentinel_epochs=1, validation=0.4, preset="four-regions")
    run = new_run(tmp_path / "run", request)
    train(request, run)
    told = sentinel_masks(run)
    assert [mask.case for mask in told] == list(find_material(request).split.validation[:2])
    assert {mask.scheme for mask in told} == {"brats2021"}
    assert set(read_label_map(told[0].path, scheme=scheme_named("brats2021")).data.flat) <= {0, 1, 2, 4}


def test_a_sentinel_that_is_not_there_is_refused_and_who_watches_changes_no_fingerprint(
    data: Path, tmp_path: Path
) -> None:
    with pytest.raises(LayoutError, match="no complete case tiny_9"):
        request = request_for(data, sentinel_epochs=1, sentinels=("tiny_9",))
        train(request, new_run(tmp_path / "run", request))
    request = request_for(data)
    run = new_run(tmp_path / "other", request)
    train(request, run, control=StopBefore(run, 1))
    assert train(dataclasses.replace(request, sentinel_epochs=1), run)["state"] == "finished"


def test_each_region_is_scored_in_the_validation_and_told_to_tensorboard(data: Path, tmp_path: Path) -> None:
    request = request_for(data, preset="four-regions", epochs=1, tensorboard=True)
    run = new_run(tmp_path / "run", request)
    train(request, run)
    epoch = events_of(run, "epoch")[0]
    assert list(epoch["val_regions"]) == ["WT", "TC", "ET"]
    # There is one validation case, so the mean over regions is that of the three.
    assert epoch["val_dice"] == pytest.approx(sum(epoch["val_regions"].values()) / 3, abs=1e-6)
    (path,) = (run.path / "tensorboard").iterdir()
    told: dict[str, list[float]] = {}
    for record in tf.data.TFRecordDataset(str(path)):
        for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            told.setdefault(value.tag, []).append(float(tf.make_ndarray(value.tensor)))
    assert told["loss"] == pytest.approx([step["loss"] for step in events_of(run, "step")])
    assert told["epoch/val_dice"] == pytest.approx([epoch["val_dice"]])
    assert told["epoch/val_dice_ET"] == pytest.approx([epoch["val_regions"]["ET"]])
