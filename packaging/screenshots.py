"""Pictures of the window for README and packages, made by the program itself: `python packaging/screenshots.py`.

Works offscreen and on any screen. Each scale needs a process of its own, because Qt reads it only once. The case is the
given one, else a phantom; the runs are those of the given folder, else made up and named so. `pictures/README.md` says
how the pictures here were made. With `--panels` every panel and dialog is pictured in both themes (`panels.py`), to be
looked at before a release.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import panels
from panels import Write
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, qRgb
from PySide6.QtWidgets import QApplication, QWidget

from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.gui.theme import apply_theme
from workstation.session.runs import Runs
from workstation.session.session import Session

HERE = Path(__file__).resolve().parent
SIZE = (1440, 900)
LARGEST_BYTES = 500_000
PLAIN_COLOURS = 40


def main() -> int:
    """Make all pictures at all scales, in child processes."""
    options = _parser().parse_args()
    if options.scale:
        make_pictures(options, scale=options.scale)
        return 0
    for scale in (1, 2):
        environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
        environment.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
        command = [sys.executable, __file__, *sys.argv[1:], "--scale", str(scale)]
        status = subprocess.run(command, env=environment, check=False).returncode
        if status:
            print(f"the pictures at scale {scale} were not made (status {status})", file=sys.stderr)
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make pictures of the window.")
    parser.add_argument("--case", type=Path, help="a case with a truth; default: a phantom")
    parser.add_argument("--prediction", type=Path, help="a mask of that case")
    parser.add_argument("--runs", type=Path, help="a folder of runs; the newest is shown")
    parser.add_argument("--panels", action="store_true", help="every panel and dialog, in both themes")
    parser.add_argument("--data", type=Path, help="with --panels: a data set with truths; default: phantoms")
    parser.add_argument("--predictions", type=Path, help="with --panels: a folder of masks named after its cases")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="with --panels: these, in the dark theme")
    parser.add_argument("--width", type=int, default=0, help="make the pictures this wide, in pixels")
    parser.add_argument("--out", type=Path, default=HERE / "pictures")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    return parser


def make_pictures(options: argparse.Namespace, *, scale: int) -> None:
    """Open the window, bring it into each state, and write what it shows."""
    with tempfile.TemporaryDirectory() as folder:
        private = Path(folder)
        # Nobody's settings and runs are read or changed.
        for name in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(private / name.lower())
        _show_and_grab(options, private, scale=scale)


def _show_and_grab(options: argparse.Namespace, private: Path, *, scale: int) -> None:
    app = make_application()
    runs = options.runs or example_runs(private / "runs")
    session = Session(runs=Runs(runs))
    window = MainWindow(session)
    window.resize(*SIZE)
    window.show()
    write = _writer(options, window, scale=scale)
    if options.panels:
        _show_panels(window, options, private, write)
    else:
        _show_few(window, options, private, write, scale=scale)
    window.close()
    session.close()
    # Qt ends where its last name goes.
    del app


def _writer(options: argparse.Namespace, window: QWidget, *, scale: int) -> Write:
    """Writes a widget as NAME.png; the window is checked to have the size that was asked for."""
    ending = "" if scale == 1 else f"@{scale}x"

    def write(name: str, widget: QWidget = window) -> None:
        if options.only and name not in options.only:
            return
        QApplication.sendPostedEvents()
        image = widget.grab().toImage()
        if widget is window and (image.width(), image.height()) != (SIZE[0] * scale, SIZE[1] * scale):
            raise SystemExit(f"{name}: the picture has {image.width()} x {image.height()} pixels")
        if options.width:
            image = image.scaledToWidth(options.width, Qt.TransformationMode.SmoothTransformation)
        path = options.out / f"{name}{ending}.png"
        print(f"{path}: {save(image, path) / 1000:.0f} kB")

    return write


def _show_panels(window: Any, options: argparse.Namespace, private: Path, write: Write) -> None:
    """Every panel in the dark theme, then in the light one."""
    data, predictions = options.data, options.predictions
    if data is None:
        data, predictions = phantom_data(private)

    def in_theme(theme: str) -> Write:
        return lambda name, widget: write(name if theme == "dark" else f"{name}-{theme}", widget)

    panels.empty_panels(window, in_theme("dark"))
    panels.open_data(window, data.resolve(), predictions.resolve())
    panels.all_panels(window, in_theme("dark"))
    if options.only:
        return
    apply_theme(QApplication.instance(), "light")
    panels.all_panels(window, in_theme("light"))


def _show_few(window: Any, options: argparse.Namespace, private: Path, write: Write, *, scale: int) -> None:
    """The pictures of the README."""
    show_review(window, options, private)
    write("review")
    if scale == 1:
        apply_theme(QApplication.instance(), "light")
        panels.wait_until(lambda: window.review.panes.panes["3d"].is_settled, "the light theme")
        write("review-light")
        apply_theme(QApplication.instance(), "dark")
    show_train(window)
    write("train")


def show_review(window: Any, options: argparse.Namespace, private: Path) -> None:
    """Review in comparison mode, with all four panes painted."""
    from workstation.gui.scene.pane3d import Pane3D
    from workstation.session import commands

    session = window.session
    case, prediction = (options.case, options.prediction) if options.case else phantom_case(private)
    commands.open_path(session, case.resolve(), prediction=prediction and prediction.resolve())
    panels.wait_until(lambda: session.case is not None, "the case")
    session.layers.set_mode("comparison")
    if session.layers.truth is not None and session.layers.prediction is not None:
        panels.wait_until(lambda: session.layers.comparison is not None, "the comparison")
    panes = window.review.panes
    panels.wait_until(lambda: isinstance(panes.panes["3d"], Pane3D) and panes.panes["3d"].is_settled, "the 3D pane")
    panels.wait_until(lambda: all(pane.paint_count for pane in panes.slices.values()), "the slices")


def show_train(window: Any) -> None:
    """Train with the newest run that has curves."""
    runs = window.session.runs
    arrived: set[str] = set()
    runs.events_appended.connect(lambda run, _events: arrived.add(run))
    window.show_workspace("train")
    panels.wait_until(lambda: runs.has_looked and bool(runs.statuses), "the runs")
    trained = [status.name for status in runs.statuses if status.kind == "train" and status.epoch]
    name = (trained or [runs.statuses[0].name])[0]
    window.workspace("train").show_run(name)
    panels.wait_until(lambda: name in arrived, "the events of the run")
    panels.settle()


def phantom_data(private: Path) -> tuple[Path, Path]:
    """A data set of phantoms, and a folder of predictions that err in both ways."""
    import nibabel as nib

    from workstation.io.phantoms import write_phantoms

    cases = write_phantoms(private / "data" / "phantoms", cases=5, shape=(96, 104, 80), layout="brats2021", seed=4)
    (private / "predictions").mkdir()
    for files in cases.cases:
        image = nib.load(files.truth.path)
        moved = np.roll(np.asarray(image.dataobj), (3, -2, 1), axis=(0, 1, 2)).astype(np.uint8)
        nib.save(nib.Nifti1Image(moved, image.affine, image.header), private / "predictions" / f"{files.name}.nii.gz")
    return cases.root, private / "predictions"


def phantom_case(private: Path) -> tuple[Path, Path]:
    """A phantom's folder, and a prediction that errs in both ways."""
    import nibabel as nib

    from workstation.io.phantoms import write_phantoms

    data_set = write_phantoms(private / "phantoms", cases=1, shape=(192, 208, 160), layout="brats2021", seed=4)
    files = data_set.cases[0]
    image = nib.load(files.truth.path)
    labels = np.asarray(image.dataobj)
    shifted = np.roll(labels, (4, -3, 2), axis=(0, 1, 2))
    prediction = private / "prediction.nii.gz"
    nib.save(nib.Nifti1Image(shifted.astype(np.uint8), image.affine, image.header), prediction)
    return files.truth.path.parent, prediction


def example_runs(root: Path) -> Path:
    """Runs with made-up figures, named so."""
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    epochs, best, best_epoch = 25, 0.0, 0
    run = RunFolder.create(root, TrainRequest(data="/data/example", epochs=epochs), label="example-figures")
    run.append({"event": "state", "state": "running"})
    run.append({"event": "memory", "rss_bytes": 10 * 2**30, "peak_bytes": 11 * 2**30})
    for epoch in range(1, epochs + 1):
        dice = 0.84 * (1 - math.exp(-epoch / 5)) + 0.012 * math.sin(2.3 * epoch)
        validation = 0.80 * (1 - math.exp(-epoch / 5.5)) + 0.02 * math.sin(1.7 * epoch)
        is_best = validation > best
        best, best_epoch = (validation, epoch) if is_best else (best, best_epoch)
        for step in range(8):
            noise = 0.04 * math.sin(37 * epoch + 11 * step)
            run.append({"event": "step", "step": 8 * (epoch - 1) + step + 1, "epoch": epoch, **_scores(dice + noise)})
        scores = {**_scores(dice), "val_loss": 1 - validation, "val_dice": validation}
        run.append({"event": "epoch", "epoch": epoch, "epochs": epochs, **scores, "seconds": 171.0, "is_best": is_best})
    run.append({"event": "progress", "done": epochs, "total": epochs, "unit": "epoch", "seconds_left": 0})
    run.append({"event": "result", "model": "model", "best_epoch": best_epoch, "val_dice": best})
    run.append({"event": "state", "state": "finished"})
    run.log.write_text("example figures, made by packaging/screenshots.py\n", encoding="utf-8")
    return root


def _scores(dice: float) -> dict[str, float]:
    return {"loss": 1 - dice, "dice": dice, "soft_dice": dice, "seconds": 21.0, "wait_seconds": 0.0}


def save(image: QImage, path: Path) -> int:
    """Write a PNG, in few colours if it is too large for a repository otherwise; its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = _png(image.convertToFormat(QImage.Format.Format_RGB888))
    for count in (256, 128, 64):
        if len(data) > LARGEST_BYTES:
            data = _png(_with_palette(image, count))
    path.write_bytes(data)
    return len(data)


def _png(image: QImage) -> bytes:
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # 0 is the smallest file that Qt makes.
    image.save(buffer, "PNG", 0)
    return bytes(held.data())


def _with_palette(image: QImage, count: int) -> QImage:
    """The picture with a palette of its own: the commonest colours as they are, the others by median cut."""
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    colours, place, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    channels = colours.view(np.uint8).reshape(-1, 4)[:, :3].astype(int)
    order = np.argsort(-counts)
    boxes = [*([index] for index in order[:PLAIN_COLOURS]), order[PLAIN_COLOURS:]]
    while len(boxes) < count and max(map(len, boxes)) > 1:
        # Cut where the most pixels are farthest from their colour.
        worst = max(range(len(boxes)), key=lambda each: _spread(channels[boxes[each]], counts[boxes[each]]))
        box = np.asarray(boxes.pop(worst))
        box = box[np.argsort(channels[box, np.ptp(channels[box], axis=0).argmax()])]
        middle = np.searchsorted(np.cumsum(counts[box]), counts[box].sum() / 2)
        cut = min(max(int(middle), 1), len(box) - 1)
        boxes += [box[:cut], box[cut:]]
    index_of = np.empty(len(colours), np.uint8)
    table = []
    for index, box in enumerate(boxes):
        index_of[box] = index
        table.append(qRgb(*np.round(np.average(channels[box], axis=0, weights=counts[box])).astype(int).tolist()))
    indices = np.ascontiguousarray(index_of[place])
    picture = QImage(indices.data, image.width(), image.height(), image.width(), QImage.Format.Format_Indexed8)
    picture.setColorTable(table)
    return picture.copy()


def _spread(channels: np.ndarray, counts: np.ndarray) -> float:
    return float(np.ptp(channels, axis=0).max() ** 2 * math.sqrt(counts.sum())) if len(counts) > 1 else 0.0


if __name__ == "__main__":
    sys.exit(main())
