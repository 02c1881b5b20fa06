"""Questions that only the user can answer: which label scheme, whether to resample, where to save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog, QMessageBox

from workstation.core.labels import SCHEMES, region_scheme
from workstation.errors import GeometryError
from workstation.session import commands
from workstation.session.opening import Kind

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow


def ask_scheme(window: MainWindow, path: Path, kind: Kind) -> None:
    """Ask which label scheme a mask follows, and open it so."""
    schemes = [*SCHEMES.values(), region_scheme("WT")]
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
    if is_chosen:
        commands.open_mask(window.session, path, kind=kind, scheme=schemes[lines.index(line)].name)


def ask_resampling(window: MainWindow, path: Path, kind: Kind, error: GeometryError) -> None:
    """Say that a mask is on another grid, and resample it (nearest neighbour) only if told to."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(window.tr("Different voxel grids"))
    box.setText(window.tr("{name} does not lie on the grid of the case.").format(name=path.name))
    box.setInformativeText(
        f"{error.message}\n\n"
        + window.tr("Resampling (nearest neighbour) shows it by its own header; labels at the edges change.")
    )
    resample = box.addButton(window.tr("Resample"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is resample:
        commands.open_mask(window.session, path, kind=kind, may_resample=True)
