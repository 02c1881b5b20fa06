"""The script that makes the README's pictures works without a screen and leaves pictures of the right size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

from workstation.io.phantoms import write_phantoms

SCRIPT = Path(__file__).resolve().parents[1] / "packaging" / "screenshots.py"


def test_pictures_of_review_and_train_are_made_without_a_screen(tmp_path: Path) -> None:
    cases = write_phantoms(tmp_path / "data", cases=1, shape=(48, 48, 48), layout="brats2021", seed=1).cases
    truth = cases[0].truth
    assert truth is not None
    out = tmp_path / "pictures"
    command = [sys.executable, str(SCRIPT), "--scale", "1", "--out", str(out)]
    command += ["--case", str(truth.path.parent), "--prediction", str(truth.path)]
    done = subprocess.run(
        command,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    pictures = {path.stem: QImage(str(path)) for path in out.iterdir()}
    assert sorted(pictures) == ["review", "review-light", "train"]
    assert {(image.width(), image.height()) for image in pictures.values()} == {(1440, 900)}
    assert all(path.stat().st_size <= 500_000 for path in out.iterdir())
