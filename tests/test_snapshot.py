"""The comparison picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from workstation.errors import ExportError, FileMissing, InputError
from workstation.gui.snapshot import write_snapshot
from workstation.io.phantoms import write_phantoms

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one phantom."""
    folder = tmp_path_factory.mktemp("data") / "set"
    truth = write_phantoms(folder, cases=1, shape=(32, 36, 28), layout="brats2023", seed=5).cases[0].truth
    assert truth is not None
    return truth.path.parent


def truth_of(case: Path) -> Path:
    """The truth of the phantom."""
    return next(case.glob("*-seg.nii.gz"))


def purple_pixels(path: Path) -> int:
    """Pixels with clearly more red and blue than green."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    blue, green, red = (pixels[:, channel : 4 * image.width() : 4].astype(int) for channel in range(3))
    return int(np.count_nonzero((red - green > 25) & (blue - green > 25)))


def test_a_prediction_equal_to_the_truth_is_purple(qtbot: QtBot, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "picture.png"
    write_snapshot(case, truth=None, prediction=truth_of(case), at=None, out=out)
    assert QImage(str(out)).width() == 2 * 1380
    assert purple_pixels(out) > 3000
    plain = tmp_path / "plain.png"
    write_snapshot(case, truth=None, prediction=None, at=(2, 2, 2), out=plain)
    assert purple_pixels(plain) < 1000  # the legend's swatch alone


def test_a_voxel_outside_is_refused(case: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside the volume of 32x36x28"):
        write_snapshot(case, truth=None, prediction=None, at=(32, 0, 0), out=tmp_path / "x.png")


def test_another_ending_is_refused(case: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="not a PNG name"):
        write_snapshot(case, truth=None, prediction=None, at=None, out=tmp_path / "x.jpg")


def test_a_missing_case_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nowhere"):
        write_snapshot(tmp_path / "nowhere", truth=None, prediction=None, at=None, out=tmp_path / "x.png")
