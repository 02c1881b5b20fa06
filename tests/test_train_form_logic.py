"""The Train workspace without its widgets: drafts, forecasts, facts about data, curves and offers."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workstation.core.requests import EngineSettings, TrainRequest
from workstation.gui.train.curve_data import CurveData
from workstation.gui.train.data_facts import facts_of
from workstation.gui.train.draft import Draft, check, draft_of
from workstation.gui.train.forecast import forecast
from workstation.gui.train.offers import offers
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunStatus
from workstation.jobs.memory import MachineMemory, machine_memory

GIB = 2**30
LARGE = MachineMemory(1024 * GIB, 1024 * GIB)


def test_the_first_draft_with_a_data_set_is_the_default_request() -> None:
    assert check(Draft(data="/data")).request == TrainRequest(data="/data", sentinel_epochs=1, tensorboard=True)


def test_every_wrong_field_is_named_at_once() -> None:
    draft = Draft(data=" ", size="240x240", learning_rate="fast", validation=0.1, seed=-1)
    verdict = check(draft)
    assert verdict.request is None
    assert verdict.errors.keys() == {"data", "size", "learning_rate", "seed"}
    assert "'fast'" in verdict.errors["learning_rate"]


def test_fields_that_only_disagree_with_each_other_are_named_too() -> None:
    verdict = check(Draft(data="/data", validation=0.6, test=0.4))
    assert verdict.errors.keys() == {"validation"}


def test_a_decimal_comma_and_spaces_are_understood() -> None:
    request = check(Draft(data=" /data ", learning_rate=" 0,01 ", size="64 x 64 X 32")).request
    assert request is not None
    assert (request.data, request.learning_rate, request.shape) == ("/data", 0.01, (64, 64, 32))


@pytest.mark.parametrize(("text", "cores"), [("", ""), ("0-7, 16", "0-7,16"), (" Node1 ", "node1")])
def test_cores_reach_the_engine(text: str, cores: str) -> None:
    request = check(Draft(data="/data", cores=text)).request
    assert request is not None
    assert request.settings.cores == cores
    assert draft_of(request).cores == cores


def test_cores_that_are_none_are_told_beside_their_field() -> None:
    verdict = check(Draft(data="/data", cores="the fast ones", seed=-1))
    assert verdict.request is None
    assert verdict.errors.keys() == {"cores", "seed"}
    assert "node0" in verdict.errors["cores"]


def test_threads_reach_the_engine() -> None:
    request = check(Draft(data="/data", threads=3)).request
    assert request is not None
    assert request.settings == EngineSettings(intra_threads=3, omp_threads=3)


def test_the_forecast_of_the_paper_names_its_parameters_and_pads_the_volume() -> None:
    cost = forecast(TrainRequest(data="/d"), LARGE, volume_shape=(240, 240, 155))
    assert (cost.parameters, cost.trainable, cost.shape) == (5_650_801, 5_647_857, (240, 240, 160))
    assert sum(cost.terms.values()) == cost.peak_bytes


def test_a_size_in_the_request_overrules_the_data() -> None:
    cost = forecast(TrainRequest(data="/d", size="64x64x32"), LARGE, volume_shape=(240, 240, 155))
    assert cost.shape == (64, 64, 32)


@pytest.mark.parametrize(("share", "fit"), [(0.5, "fits"), (0.9, "tight"), (1.1, "too large")])
def test_the_gate_compares_the_peak_with_what_is_free(share: float, fit: str) -> None:
    cost = forecast(TrainRequest(data="/d"), LARGE, volume_shape=None)
    free = int(cost.peak_bytes / share)
    assert replace(cost, memory=MachineMemory(2 * free, free)).fit == fit


def test_what_is_too_large_now_may_fit_an_idle_machine() -> None:
    cost = forecast(TrainRequest(data="/d"), MachineMemory(1024 * GIB, GIB), volume_shape=None)
    assert (cost.fit, cost.could_ever_fit) == ("too large", True)


def test_a_container_has_less_memory_than_its_machine(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{64 * 2**20}\n")
    (tmp_path / "memory.current").write_text(f"{24 * 2**20}\n")
    assert machine_memory(tmp_path) == MachineMemory(64 * 2**20, 40 * 2**20)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine_memory(tmp_path).total_bytes == machine_memory(tmp_path / "absent").total_bytes


def test_facts_of_phantoms_count_cases_and_know_their_shape(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "data", cases=2, shape=(32, 24, 16), layout="brats2021", seed=1)
    facts = facts_of(str(tmp_path / "data"))
    assert (facts.cases, facts.shape, facts.error) == (2, (32, 24, 16), "")
    assert facts.usable == {"flair-wt": 2, "four-regions": 2}


def test_facts_of_what_is_no_data_set_say_why(tmp_path: Path) -> None:
    assert "no cases" in facts_of(str(tmp_path)).error
    assert "not a folder" in facts_of(str(tmp_path / "absent")).error


def step(number: int, epoch: int, loss: float) -> dict[str, object]:
    return {"event": "step", "step": number, "epoch": epoch, "loss": loss, "dice": 1 - loss}


def epoch(number: int, val_dice: float | None, *, is_best: bool = False) -> dict[str, object]:
    values = {"loss": 0.5, "dice": 0.5, "val_loss": None, "val_dice": val_dice}
    return {"event": "epoch", "epoch": number, "is_best": is_best, **values}


def test_steps_lie_between_their_epochs() -> None:
    data = CurveData()
    assert data.take([step(1, 1, 0.9), step(2, 1, 0.8), step(3, 2, 0.7), step(4, 2, 0.6)])
    curve = data.of_steps("loss")
    assert curve.epochs.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert curve.values.tolist() == [0.9, 0.8, 0.7, 0.6]


def test_a_step_that_is_told_again_after_a_resume_counts_once() -> None:
    data = CurveData()
    data.take([step(1, 1, 0.9), step(2, 1, 0.8), step(2, 1, 0.5)])
    assert data.of_steps("loss").values.tolist() == [0.9, 0.5]


def test_the_best_epoch_is_the_last_one_marked_so_and_missing_validation_is_nan() -> None:
    data = CurveData()
    data.take([epoch(1, 0.5, is_best=True), epoch(2, 0.7, is_best=True), epoch(3, None)])
    assert data.best is not None
    assert (data.best.epoch, data.best.val_dice) == (2, 0.7)
    values = data.of_epochs("dice", of="validation").values
    np.testing.assert_array_equal(values, [0.5, 0.7, np.nan])


def test_events_that_are_no_curve_change_nothing() -> None:
    data = CurveData()
    assert not data.take([{"event": "memory"}, {"event": "step", "step": "x"}, {"event": "epoch"}])
    assert data.is_empty
    assert data.best is None


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        ("train", "waiting", {"stop_now", "clone"}),
        ("train", "running", {"pause", "stop_after_epoch", "stop_now", "clone", "change_course"}),
        ("train", "paused", {"resume", "stop_after_epoch", "stop_now", "clone", "change_course"}),
        ("train", "stopping", {"stop_now", "clone"}),
        ("train", "lost", {"resume_from_checkpoint", "remove", "clone", "change_course"}),
        ("train", "failed", {"resume_from_checkpoint", "remove", "clone", "change_course"}),
        ("train", "finished", {"segment", "remove", "clone", "change_course"}),
        ("segment", "running", {"stop_now"}),
        ("segment", "finished", {"show_masks", "remove"}),
    ],
)
def test_each_state_offers_what_the_run_would_obey(kind: str, state: str, expected: set[str]) -> None:
    assert offers(RunStatus("run", kind, 0.0, state=state), has_open_case=True) == expected


def test_without_an_open_case_there_is_nothing_to_segment() -> None:
    assert offers(RunStatus("run", "train", 0.0, state="finished"), has_open_case=False) == {
        "remove",
        "clone",
        "change_course",
    }


def test_a_saved_split_reaches_the_request() -> None:
    request = check(Draft(data="/data", split=" /splits/fold1.json ")).request
    assert request is not None
    assert request.split == "/splits/fold1.json"


def test_a_request_comes_back_from_the_draft_of_its_clone_unchanged() -> None:
    settings = EngineSettings(onednn=False, intra_threads=3, omp_threads=3, affinity="granularity=fine", nice=5)
    usual = TrainRequest(data="/d", settings=settings)
    other: dict[str, Any] = {"preset": "four-regions", "loss": "bce+dice", "decay": "cosine", "normalisation": "group"}
    # Every field that is not named here is given another value of its type.
    for field in fields(TrainRequest):
        value = getattr(usual, field.name)
        if field.name in {*other, "data", "size", "memory", "precision", "split", "settings"}:
            continue
        kinds = {bool: not value, int: 2, float: 0.25, str: "x", tuple: ("a", "b")}
        other[field.name] = kinds[type(value)]
    request = replace(usual, **other, size="96x96x64", memory="low")
    assert check(draft_of(request)).request == request


def test_what_came_after_the_best_epoch_is_void_once_a_training_went_back_to_it() -> None:
    data = CurveData()
    data.take([step(1, 1, 0.9), epoch(1, 0.5, is_best=True), step(2, 2, 0.8), epoch(2, 0.4)])
    data.take([{"event": "sentinel", "epoch": 1}, {"event": "sentinel", "epoch": 2}])
    assert data.take([{"event": "rewound", "epoch": 1, "step": 1}])
    assert data.of_steps("loss").values.tolist() == [0.9]
    assert data.of_epochs("dice", of="validation").epochs.tolist() == [1.0]
    assert data.sentinel_epochs == (1,)


def test_memory_is_drawn_where_it_was_measured_and_its_peak_only_rises() -> None:
    data = CurveData()
    data.take([step(1, 1, 0.9), {"event": "memory", "rss_bytes": 300, "peak_bytes": 900}])
    data.take([step(2, 2, 0.9), {"event": "memory", "rss_bytes": 200, "peak_bytes": 400}])
    data.take([{"event": "estimate", "estimate_bytes": 1000}, {"event": "memory", "rss_bytes": 0, "peak_bytes": 950}])
    assert data.of_memory(at_peak=False).values.tolist() == [300, 200]
    assert data.of_memory(at_peak=True).values.tolist() == [900, 900]
    assert (data.of_memory(at_peak=True).epochs.tolist(), data.estimate_bytes) == ([1, 2], 1000)


def test_thousands_of_steps_are_kept_in_their_order() -> None:
    data = CurveData()
    data.take([step(number, 1 + (number - 1) // 100, 1 / number) for number in range(1, 5001)])
    curve = data.of_steps("loss")
    np.testing.assert_allclose(curve.values, 1 / np.arange(1, 5001))
    np.testing.assert_allclose(curve.epochs, np.arange(1, 5001) / 100)
