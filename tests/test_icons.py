"""Icons are drawn in the palette's colour, crisp at any pixel ratio, and all of them can be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication

from workstation.gui.icons import application_icon, icon, icon_names
from workstation.gui.theme import DARK, LIGHT, apply_theme


def pixels(image: QImage) -> np.ndarray:
    """(height, width, 4) red, green, blue, alpha."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine() // 4, 4)


def ink(icon: QIcon, side: int = 64) -> tuple[int, ...]:
    """Colour of the most opaque pixel of an icon."""
    found = pixels(icon.pixmap(side, side).toImage()).reshape(-1, 4)
    return tuple(int(value) for value in found[found[:, 3].argmax()][:3])


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    apply_theme(qapp, "dark")
    yield qapp
    apply_theme(qapp, "dark")


@pytest.mark.parametrize("name", icon_names())
def test_every_drawing_leaves_ink(app: QApplication, name: str) -> None:
    share = (pixels(icon(name).pixmap(48, 48).toImage())[..., 3] > 128).mean()
    assert 0.01 < share < 0.5


def test_an_icon_follows_the_theme_it_was_made_before(app: QApplication) -> None:
    stop = icon("stop")
    assert ink(stop) == QColor(DARK.text).getRgb()[:3]
    apply_theme(app, "light")
    assert ink(stop) == QColor(LIGHT.text).getRgb()[:3]


def test_an_icon_keeps_a_colour_of_its_own(app: QApplication) -> None:
    assert ink(icon("stop", colour=QColor("#ff0000"))) == (255, 0, 0)


def test_a_disabled_icon_is_fainter(app: QApplication) -> None:
    normal, disabled = (
        pixels(icon("stop").pixmap(QSize(32, 32), 1.0, mode).toImage())[..., 3].max()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    )
    assert disabled < 0.6 * normal


def test_an_icon_has_twice_the_pixels_at_twice_the_ratio(app: QApplication) -> None:
    pixmap = icon("review").pixmap(QSize(24, 24), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (48, 2.0)


def test_a_misspelt_icon_is_a_sheet_of_paper(app: QApplication) -> None:
    one, other = (pixels(icon(name).pixmap(32, 32).toImage()) for name in ("no-such-icon", "file"))
    assert np.array_equal(one, other)


def test_an_icon_survives_copies(app: QApplication) -> None:
    copies = [QIcon(icon("data")) for _ in range(200)]
    assert {ink(copy, 24) for copy in copies} == {ink(icon("data"), 24)}


def test_the_application_icon_has_the_usual_sizes(app: QApplication) -> None:
    assert {size.width() for size in application_icon().availableSizes()} >= {16, 32, 48, 256}
