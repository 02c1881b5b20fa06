"""Questions that only the user can answer: which label scheme, mask or image, whether to resample.

An answer is about the case that was open when the question was asked. One that comes meanwhile, since it was being read
already, is not meant.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox

from workstation.core.labels import SCHEMES, region_scheme
from workstation.errors import GeometryError
from workstation.gui.tooltips import plain_tip
from workstation.session import commands
from workstation.session.opening import Kind

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow


def ask_scheme(window: MainWindow, path: Path, kind: Kind) -> None:
    """Ask which label scheme a mask follows, and open it so."""
    case, schemes = window.session.case, [*SCHEMES.values(), region_scheme("WT")]
    lines = [
        f"{scheme.title}: " + ", ".join(f"{value} {label.name}" for value, label in scheme.labels.items())
        for scheme in schemes
    ]
    line, is_chosen = QInputDialog.getItem(
        window,
        window.tr("Label scheme"),
        window.tr("The labels of {name} fit several schemes. Which one does it follow?").format(name=path.name),
        lines,
        0,
        False,
    )
    if is_chosen and window.session.case is case:
        commands.open_mask(window.session, path, kind=kind, scheme=schemes[lines.index(line)].name)


def ask_content(window: MainWindow, path: Path) -> None:
    """Ask whether a file is a mask or an image, and open it so."""
    case, box = window.session.case, QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(window.tr("Mask or image?"))
    box.setText(window.tr("{name} may be a mask or an MR image.").format(name=path.name))
    box.setInformativeText(window.tr("It holds whole numbers, few different ones, and its name says neither."))
    choices = {
        box.addButton(window.tr("Prediction"), QMessageBox.ButtonRole.AcceptRole): "prediction",
        box.addButton(window.tr("Truth"), QMessageBox.ButtonRole.AcceptRole): "truth",
        box.addButton(window.tr("Image"), QMessageBox.ButtonRole.AcceptRole): "image",
    }
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    chosen = next((kind for button, kind in choices.items() if button is box.clickedButton()), None)
    if chosen == "image":
        commands.open_paths(window.session, [path], are_images=True)
    elif chosen is not None and window.session.case is case:
        commands.open_mask(window.session, path, kind="truth" if chosen == "truth" else "prediction")


def ask_resampling(window: MainWindow, path: Path, kind: Kind, error: GeometryError) -> None:
    """Say that a mask is on another grid, and resample it (nearest neighbour) only if told to."""
    case, box = window.session.case, QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(window.tr("Different voxel grids"))
    box.setText(window.tr("{name} does not lie on the grid of the case.").format(name=path.name))
    words = window.tr("Resampling (nearest neighbour) shows it by its own header; labels at the edges change.")
    # Qt takes this text for markup where it looks like it, whatever the format of the other one.
    box.setInformativeText(plain_tip(f"{error.message}\n\n{words}"))
    resample = box.addButton(window.tr("Resample"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is resample and window.session.case is case:
        commands.open_mask(window.session, path, kind=kind, may_resample=True)
