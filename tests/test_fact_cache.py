"""Facts of cases kept on disk: found again, made again where they are damaged or old, and bounded."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from workstation.core.case import CaseFiles
from workstation.io import fact_cache
from workstation.io.examination import examine
from workstation.io.fact_cache import FactCache, facts_as_dict, facts_from_dict
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms


@pytest.fixture
def case(tmp_path: Path) -> CaseFiles:
    return write_phantoms(tmp_path / "set", cases=1, shape=(24, 24, 24), layout="brats2021", seed=3).cases[0]


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the cases whose files were read."""
    names: list[str] = []

    def counted(files: CaseFiles) -> object:
        names.append(files.name)
        return examine(files)

    monkeypatch.setattr(fact_cache, "examine", counted)
    return names


def test_facts_come_back_equal(case: CaseFiles) -> None:
    facts = examine(case)
    text = json.dumps(facts_as_dict(facts))
    back = facts_from_dict(json.loads(text))
    assert json.dumps(facts_as_dict(back)) == text
    assert facts.thumbnail is not None
    assert back.thumbnail is not None
    np.testing.assert_array_equal(back.thumbnail.grey, facts.thumbnail.grey)
    np.testing.assert_array_equal(back.thumbnail.labels, facts.thumbnail.labels)


def test_a_case_is_read_once(case: CaseFiles, tmp_path: Path, examined: list[str]) -> None:
    FactCache(tmp_path / "cache").facts(case)
    FactCache(tmp_path / "cache").facts(case)
    assert examined == [case.name]


def test_a_changed_file_is_read_again(case: CaseFiles, tmp_path: Path, examined: list[str]) -> None:
    cache = FactCache(tmp_path / "cache")
    cache.facts(case)
    path = case.sequences["T1"].path
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    cache.facts(case)
    assert len(examined) == 2


def test_another_version_is_made_again(
    case: CaseFiles, tmp_path: Path, examined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FactCache(tmp_path / "cache").facts(case)
    monkeypatch.setattr(fact_cache, "VERSION", fact_cache.VERSION + 1)
    FactCache(tmp_path / "cache").facts(case)
    assert len(examined) == 2


@pytest.mark.parametrize("damage", [b"", b"junk", b"0\n{}", None])
def test_a_damaged_entry_is_made_again(
    case: CaseFiles, tmp_path: Path, examined: list[str], damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    cache = FactCache(tmp_path / "cache")
    cache.facts(case)
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(entry.read_bytes()[:-10] if damage is None else damage)
    with caplog.at_level(logging.WARNING):
        facts = cache.facts(case)
    assert "made again" in caplog.text
    assert facts.volumes_ml["WT"] > 0
    assert len(examined) == 2
    cache.facts(case)
    assert len(examined) == 2


def test_the_cache_keeps_to_its_limit(tmp_path: Path) -> None:
    data_set = write_phantoms(tmp_path / "set", cases=1, shape=(8, 8, 8), layout="brats2021", seed=3)
    first = data_set.cases[0]
    folder = first.sequences["T1"].path.parent
    for number in range(12):
        (tmp_path / "set" / f"copy{number}").mkdir()
        for path in folder.iterdir():
            (tmp_path / "set" / f"copy{number}" / path.name.replace(first.name, f"copy{number}")).symlink_to(path)
    cache = FactCache(tmp_path / "cache", limit=8)
    for case in open_dataset(tmp_path / "set").cases:
        cache.facts(case)
    assert len(list((tmp_path / "cache").iterdir())) <= 9


def test_a_folder_that_cannot_be_written_is_done_without(case: CaseFiles, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert FactCache(tmp_path / "cache").facts(case).name == case.name


def test_the_picture_is_radiological(tmp_path: Path) -> None:
    """A bright block at the patient's right front comes out in the picture's upper left."""
    from workstation.core.examination import THUMBNAIL_SIDE, thumbnail_of
    from workstation.core.geometry import Grid

    image = np.zeros((20, 20, 6), np.int16)
    image[2:18, 2:18] = 100
    image[2:6, 2:6] = 900  # LPS: low i is right, low j is front.
    picture = thumbnail_of(image, Grid((20, 20, 6), np.diag([-1.0, -1.0, 1.0, 1.0])), None).grey
    quarter = THUMBNAIL_SIDE // 2
    assert picture[:quarter, :quarter].mean() > 2 * picture[:quarter, quarter:].mean()
    assert picture[:quarter, :quarter].mean() > 2 * picture[quarter:, :quarter].mean()
