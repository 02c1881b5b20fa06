"""Label schemes, regions and conversion, against the table in DESIGN.md."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.labels import (
    SCHEMES,
    convert_labels,
    labels_from_regions,
    recognise_scheme,
    region_mask,
    region_scheme,
    scheme_named,
)
from workstation.errors import AmbiguousScheme, LabelError

# One voxel of each value that a scheme has, in the order background, core, oedema, enhancing.
ONE_OF_EACH = {"brats2021": (0, 1, 2, 4), "brats2023": (0, 1, 2, 3), "msd": (0, 2, 1, 3)}


def voxels(*values: int) -> np.ndarray:
    """A (n, 1, 1) mask."""
    return np.array(values, dtype=np.uint8).reshape(-1, 1, 1)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize(("region", "expected"), [("WT", [0, 1, 1, 1]), ("TC", [0, 1, 0, 1]), ("ET", [0, 0, 0, 1])])
def test_regions_are_the_same_tissues_in_every_scheme(name: str, region: str, expected: list[int]) -> None:
    mask = region_mask(voxels(*ONE_OF_EACH[name]), SCHEMES[name], region)
    assert mask.ravel().tolist() == [bool(value) for value in expected]


def test_the_resection_cavity_is_a_region_of_its_own() -> None:
    data = voxels(0, 1, 2, 3, 4)
    scheme = SCHEMES["brats2023"]
    assert region_mask(data, scheme, "RC").ravel().tolist() == [False, False, False, False, True]
    assert not region_mask(data, scheme, "WT").ravel()[4]


@pytest.mark.parametrize("source", ONE_OF_EACH)
@pytest.mark.parametrize("target", ONE_OF_EACH)
def test_conversion_keeps_tissues(source: str, target: str) -> None:
    converted = convert_labels(voxels(*ONE_OF_EACH[source]), SCHEMES[source], SCHEMES[target])
    assert tuple(converted.ravel().tolist()) == ONE_OF_EACH[target]


def test_a_tissue_without_a_counterpart_is_not_dropped_silently() -> None:
    with pytest.raises(LabelError, match="resection cavity"):
        convert_labels(voxels(0, 4), SCHEMES["brats2023"], SCHEMES["msd"])


def test_a_scheme_with_a_cavity_converts_where_none_occurs() -> None:
    assert convert_labels(voxels(0, 3), SCHEMES["brats2023"], SCHEMES["msd"]).ravel().tolist() == [0, 3]


def test_a_whole_tumour_mask_has_no_core() -> None:
    with pytest.raises(LabelError, match="tumour core"):
        region_mask(voxels(0, 1), region_scheme("WT"), "TC")


@pytest.mark.parametrize("layout", ["msd", "brats2021", "brats2023"])
def test_the_layout_decides_where_its_scheme_fits(layout: str) -> None:
    assert recognise_scheme([0, 1, 2], layout=layout).name == layout


@pytest.mark.parametrize("values", [[0, 1, 2, 3], [0, 1, 2, 4], [1], [2], [4], [3]])
def test_values_that_fit_several_schemes_are_asked_about(values: list[int]) -> None:
    with pytest.raises(AmbiguousScheme) as caught:
        recognise_scheme(values)
    assert "brats2023" in caught.value.hint


def test_one_to_four_together_are_of_one_scheme_only() -> None:
    assert recognise_scheme([0, 1, 2, 3, 4]).name == "brats2023"


def test_a_label_that_the_layouts_scheme_lacks_is_asked_about() -> None:
    with pytest.raises(AmbiguousScheme):
        recognise_scheme([0, 1, 2, 3], layout="brats2021")


def test_values_of_no_scheme_are_refused() -> None:
    with pytest.raises(LabelError, match="17") as caught:
        recognise_scheme([0, 1, 17])
    assert not isinstance(caught.value, AmbiguousScheme)


def test_an_empty_mask_has_a_scheme() -> None:
    assert recognise_scheme([0]).name in SCHEMES


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_nested_regions_become_labels(name: str) -> None:
    regions = {
        "WT": np.array([False, True, True, True]),
        "TC": np.array([False, True, False, True]),
        "ET": np.array([False, False, False, True]),
    }
    assert tuple(labels_from_regions(regions, SCHEMES[name]).tolist()) == ONE_OF_EACH[name]


def test_a_region_is_a_scheme_too() -> None:
    assert scheme_named("region:ET").regions == {"ET": frozenset({1})}
    with pytest.raises(LabelError):
        scheme_named("region:XY")
    with pytest.raises(LabelError):
        scheme_named("brats1999")
