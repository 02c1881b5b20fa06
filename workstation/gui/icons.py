"""Icons that follow the palette: our own line drawings, coloured as they are painted.

They are `resources/icons/NAME.svg`, 24x24, drawn with `currentColor`. QtSvg renders them at the size and pixel ratio
asked for, so they are crisp on every screen, and a change of theme needs only a repaint. An icon font takes 0.2 to
0.4 s until its first icon (QtAwesome 1.4, measured); this takes 2 ms.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workstation.io.places import resources_folder

_FALLBACK = "file"
_DISABLED_OPACITY = 0.45
_APPLICATION_SIDES = (16, 24, 32, 48, 64, 128, 256)


class _PaletteIconEngine(QIconEngine):
    """Paints one drawing in the colour that the palette has for buttons' text at that moment.

    Parameters
    ----------
    name : str
    colour : QColor or None
        A colour of its own; None follows the palette.
    """

    def __init__(self, name: str, colour: QColor | None = None) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into `rect`, centred and square."""
        side = min(rect.width(), rect.height())
        square = QRectF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, side, side)
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(painter.opacity() * _DISABLED_OPACITY)
        _renderer(self._name, self._ink(mode, state).name()).render(painter, square)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The drawing alone, `size` in device pixels."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """The drawing for a screen of a pixel ratio.

        Qt 6.11 gives `size` in logical pixels, older ones in device pixels: they get more pixels than they need, and
        Qt finds the ratio from what it gets.
        """
        pixmap = self.pixmap(size * scale, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        """Another engine of the same drawing."""
        return _PaletteIconEngine(self._name, self._colour)

    def _ink(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        if self._colour is not None:
            return self._colour
        # Selected rows and checked buttons have the accent as their ground.
        is_on_accent = mode == QIcon.Mode.Selected or state == QIcon.State.On
        role = QPalette.ColorRole.HighlightedText if is_on_accent else QPalette.ColorRole.ButtonText
        return QGuiApplication.palette().color(QPalette.ColorGroup.Active, role)


def icon(name: str, *, colour: QColor | None = None) -> QIcon:
    """An icon by the name of its file without ".svg".

    Parameters
    ----------
    name : str
        One of `icon_names()`; another one gives a plain sheet of paper, so that a missing file never stops the window.
    colour : QColor or None
        None follows the palette.
    """
    return QIcon(_PaletteIconEngine(name, colour))


def icon_names() -> tuple[str, ...]:
    """The icons there are, by name."""
    return tuple(sorted(path.stem for path in (resources_folder() / "icons").glob("*.svg")))


def application_icon() -> QIcon:
    """The program's own icon, for the window and the task bar."""
    made = QIcon()
    renderer = QSvgRenderer(str(resources_folder() / "application.svg"))
    for side in _APPLICATION_SIDES:
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        made.addPixmap(pixmap)
    return made


@functools.lru_cache(maxsize=256)
def _renderer(name: str, ink: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", ink).encode()))


@functools.cache
def _drawing(name: str) -> str:
    folder = resources_folder() / "icons"
    path = folder / f"{name}.svg"
    return (path if path.is_file() else folder / f"{_FALLBACK}.svg").read_text(encoding="utf-8")
