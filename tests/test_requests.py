"""Requests check themselves, name the field that is wrong, and survive JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workstation.core.requests import (
    EngineSettings,
    SegmentRequest,
    TrainRequest,
    parse_size,
    request_from_dict,
)
from workstation.errors import RequestError


def test_a_train_request_comes_back_equal_from_json() -> None:
    request = TrainRequest(
        "/data/Task01", preset="four-regions", size="96x96x64", cases=("a", "b"), settings=EngineSettings(onednn=False)
    )
    assert request_from_dict("train", json.loads(json.dumps(request.as_dict()))) == request


def test_a_segment_request_comes_back_equal_from_json() -> None:
    request = SegmentRequest("model", ("case1", "case2"), threshold=0.4, settings=EngineSettings(intra_threads=3))
    assert request_from_dict("segment", json.loads(json.dumps(request.as_dict()))) == request


def test_a_request_of_an_older_version_takes_the_defaults_of_new_fields() -> None:
    assert TrainRequest.from_dict({"data": "d"}) == TrainRequest("d")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", " "),
        ("preset", "none"),
        ("size", "240x240"),
        ("size", "0x16x16"),
        ("batch", 0),
        ("epochs", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", 0.0),
        ("loss", "mse"),
        ("validation", 1.0),
        ("test", -0.1),
        ("seed", -1),
        ("filters", 0),
        ("depth", 7),
    ],
)
def test_a_train_request_names_the_field_that_is_out_of_range(field: str, value: object) -> None:
    values: dict[str, Any] = {"data": "d", field: value}
    with pytest.raises(RequestError) as refused:
        TrainRequest(**values)
    assert refused.value.field == field


def test_validation_and_test_must_leave_a_case_to_train_on() -> None:
    with pytest.raises(RequestError) as refused:
        TrainRequest("d", validation=0.5, test=0.5)
    assert refused.value.field == "validation"


@pytest.mark.parametrize(("field", "value"), [("model", ""), ("cases", ()), ("threshold", 1.0)])
def test_a_segment_request_names_the_field_that_is_out_of_range(field: str, value: object) -> None:
    values: dict[str, Any] = {"model": "m", "cases": ("c",), field: value}
    with pytest.raises(RequestError) as refused:
        SegmentRequest(**values)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "value"), [("batch", True), ("batch", 1.5), ("batch", "1"), ("cases", "abc"), ("unheard_of", 1)]
)
def test_a_wrong_type_or_name_in_json_is_refused(field: str, value: object) -> None:
    with pytest.raises(RequestError) as refused:
        TrainRequest.from_dict({"data": "d", field: value})
    assert refused.value.field == field


def test_a_missing_field_in_json_is_named() -> None:
    with pytest.raises(RequestError) as refused:
        request_from_dict("segment", {"model": "m"})
    assert refused.value.field == "cases"


def test_a_field_of_the_settings_is_named() -> None:
    with pytest.raises(RequestError) as refused:
        TrainRequest.from_dict({"data": "d", "settings": {"nice": 20}})
    assert refused.value.field == "nice"


def test_an_affinity_cannot_smuggle_a_line_into_the_environment() -> None:
    with pytest.raises(RequestError):
        EngineSettings(affinity="granularity=fine\nLD_PRELOAD=x")


def test_full_size_leaves_the_volume_as_it_is() -> None:
    assert parse_size("full") is None


def test_a_size_is_three_sides() -> None:
    assert parse_size("240x240x144") == (240, 240, 144)


def test_the_plan_of_a_request_has_its_filters_and_depth() -> None:
    plan = TrainRequest("d", preset="four-regions", filters=8, depth=3).plan
    assert (plan.filters, plan.depth, plan.inputs, plan.outputs) == (
        8,
        3,
        ("T1", "T1c", "T2", "FLAIR"),
        ("WT", "TC", "ET"),
    )


def test_a_request_of_an_older_version_draws_its_split() -> None:
    assert TrainRequest.from_dict({"data": "d", "seed": 2}).split == ""


def test_cases_and_a_split_cannot_both_choose() -> None:
    with pytest.raises(RequestError) as refused:
        TrainRequest("d", cases=("a",), split="split.json")
    assert refused.value.field == "split"
