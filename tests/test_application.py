"""What the program refuses before it opens a window."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import FileMissing, LayoutError
from workstation.gui.application import run_window


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nowhere"):
        run_window([tmp_path], prediction=tmp_path / "nowhere.nii.gz")


def test_masks_without_a_case_are_not_dropped_silently(tmp_path: Path) -> None:
    mask = tmp_path / "mask.nii.gz"
    mask.touch()
    with pytest.raises(LayoutError, match="needs a case"):
        run_window([], truth=mask)
