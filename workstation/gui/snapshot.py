"""Pictures made without showing a window: the comparison picture of a case (three planes through one point, legend,
names), and a copied view.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.errors import DisplayError, ExportError, FileMissing, InputError
from workstation.gui.application import make_application, use_offscreen_without_display
from workstation.gui.picture_files import write_png
from workstation.gui.review.legend import Legend
from workstation.gui.review.pane_grid import PaneGrid
from workstation.gui.review.slice_view import SliceView
from workstation.gui.theme import apply_theme
from workstation.gui.view_links import show
from workstation.io.layouts import find_case
from workstation.session.loading import load_for_display, load_mask
from workstation.session.session import Session
from workstation.session.view import PLANES
from workstation.session.view_link import read_token

_SIZE = QSize(1380, 440)
_SCALE = 2
_LEGEND_WIDTH = 300
_PATIENCE_MS = 60_000


def write_snapshot(
    case: Path,
    *,
    truth: Path | None,
    prediction: Path | None,
    at: tuple[int, int, int] | None,
    out: Path,
) -> None:
    """Write the comparison picture of a case as PNG.

    Parameters
    ----------
    case : Path
        A case's folder or one of its files.
    truth, prediction : Path or None
        Masks; the case's own truth is shown where none is given.
    at : tuple of int or None
        Voxel (i, j, k) of the crosshair; None takes the middle of the tumour's largest axial slice.
    out : Path
        Ending in .png.

    Raises
    ------
    InputError
        A file cannot be read, or the voxel lies outside the volume.
    ExportError
        The picture cannot be written.
    """
    use_offscreen_without_display()
    apply_theme(make_application(), "dark")
    session = Session()
    try:
        _load(session, case, truth, prediction, at)
        _save(_draw(_Page(session)), out)
    finally:
        session.close()
        # Its watchers must go in this thread, not when some reading thread collects garbage.
        session.deleteLater()
        QCoreApplication.sendPostedEvents(session, QEvent.Type.DeferredDelete)


def write_view(
    token: str,
    *,
    case: Path | None,
    truth: Path | None,
    prediction: Path | None,
    at: tuple[int, int, int] | None,
    out: Path,
) -> None:
    """Write what a copied view showed as PNG, pixel for pixel as a screenshot of the panes at that size.

    Parameters
    ----------
    token : str
        What "Copy view" gave.
    case : Path or None
        None takes the view's own.
    truth, prediction : Path or None
        Masks; those of the view where none is given.
    at : tuple of int or None
        Voxel of the crosshair, in place of the view's.
    out : Path
        Ending in .png.

    Raises
    ------
    ViewLinkError
        The token cannot be read.
    InputError
        A file cannot be read, or the voxel lies outside the volume.
    ExportError
        The picture cannot be written.
    """
    link = read_token(token)
    masks = {"truth": truth, "prediction": prediction}
    for kind, text in link.masks.items():
        masks[kind] = masks[kind] or _file_of(text)
    use_offscreen_without_display()
    apply_theme(make_application(), "dark")
    session = Session()
    try:
        # Made before the case is read, as in the window: the 3D pane follows the case.
        panes = PaneGrid(session)
        panes.resize(*(round(side) for side in link.size))
        panes.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        panes.show()
        _load(
            session, case or Path(link.path), truth or masks.get("truth"), prediction or masks.get("prediction"), None
        )
        show(session, panes, link)
        if at is not None:
            _go_to_voxel(session, at)
        _wait_for(lambda: _is_painted(session, panes))
        image = panes.grab().toImage()
        panes.close_scene()
        panes.close()
        panes.deleteLater()
        QCoreApplication.sendPostedEvents(panes, QEvent.Type.DeferredDelete)
        _save(image, out)
    finally:
        session.close()
        session.deleteLater()
        QCoreApplication.sendPostedEvents(session, QEvent.Type.DeferredDelete)


def _file_of(text: str) -> Path:
    """A mask that a view names: a plain file, whatever a stranger wrote there."""
    path = Path(text)
    if not path.is_file():
        raise FileMissing(f"{path} is no longer there", hint="Name the mask on the command line.", path=path)
    return path


def _is_painted(session: Session, panes: PaneGrid) -> bool:
    """Whether nothing is awaited that the panes show."""
    is_compared = session.layers.comparison is not None or None in (session.layers.truth, session.layers.prediction)
    scene = panes.panes["3d"]
    view = session.view
    if view.layout != "planes" or view.maximised not in (None, "3d"):
        return is_compared
    return is_compared and bool(getattr(scene, "is_settled", False))


def _wait_for(is_done: Callable[[], bool]) -> None:
    """Let the panes live until something is so."""
    loop, timer, patience = QEventLoop(), QTimer(interval=10), QTimer(singleShot=True, interval=_PATIENCE_MS)
    timer.timeout.connect(lambda: loop.quit() if is_done() else None)
    patience.timeout.connect(lambda: loop.exit(1))
    timer.start()
    patience.start()
    if loop.exec():
        raise DisplayError("the picture was not made within 60 s", hint="Is the machine overloaded?")


class _Page(QWidget):
    """What the picture shows."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        case = session.case
        title = QLabel("" if case is None else f"{case.name}    {session.view.sequence}")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        title.setFont(font)
        panes = QHBoxLayout()
        panes.setSpacing(3)
        for plane in PLANES:
            panes.addWidget(SliceView(session, plane), 1)
        side = QVBoxLayout()
        legend = Legend(session)
        legend.setFixedWidth(_LEGEND_WIDTH)
        side.addWidget(legend)
        side.addStretch(1)
        notice = QLabel(self.tr("For research. Not for clinical use."))
        notice.setWordWrap(True)
        side.addWidget(notice)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(panes, 1)
        row.addLayout(side)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(8)
        column.addWidget(title)
        column.addLayout(row, 1)


def _load(
    session: Session, case: Path, truth: Path | None, prediction: Path | None, at: tuple[int, int, int] | None
) -> None:
    loaded = load_for_display(find_case(case))
    if loaded.problem is not None and truth is None:
        raise loaded.problem
    mask = None if prediction is None else load_mask(prediction, loaded.case)
    session.take_case(loaded, prediction=mask)
    if truth is not None:
        session.layers.set_truth(load_mask(truth, loaded.case))
    if at is not None:
        _go_to_voxel(session, at)
    if session.layers.truth is not None and session.layers.prediction is not None:
        loop = QEventLoop()
        session.layers.comparison_ready.connect(loop.quit)
        session.background.failed.connect(loop.quit)
        if session.layers.comparison is None:
            loop.exec()


def _go_to_voxel(session: Session, at: tuple[int, int, int]) -> None:
    if session.case is None:
        return
    grid = session.case.grid
    if any(not 0 <= index < side for index, side in zip(at, grid.shape, strict=True)):
        sizes = "x".join(map(str, grid.shape))
        raise InputError(f"voxel {at} is outside the volume of {sizes} voxels", hint="Voxels count from 0.")
    x, y, z = grid.to_world(at)
    session.view.set_cursor((float(x), float(y), float(z)))


def _draw(page: QWidget) -> QImage:
    page.resize(_SIZE)
    page.ensurePolished()
    # A widget that was never shown lays itself out when it is told that it will be.
    page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    page.show()
    image = QImage(_SIZE * _SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(page.palette().color(QPalette.ColorRole.Window))
    page.render(image)
    page.close()
    page.deleteLater()
    return image


def _save(image: QImage, out: Path) -> None:
    if out.suffix.lower() != ".png":
        raise ExportError(f"{out} is not a PNG name", hint="Choose a name ending in .png.", path=out)
    write_png(image, out)
