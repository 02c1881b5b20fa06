"""Words over images, with a shadow that keeps them readable on bright tissue; laid out once and kept as small pictures.

A pane is painted anew at every step of the wheel, and Qt takes longer to lay out its dozen words than to paint its
slice. Pictures, not pixmaps, so that threads may use them too.
"""

from __future__ import annotations

import functools
import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

_SHADOW = QColor(0, 0, 0, 200)


def draw_label(painter: QPainter, area: QRectF, side: Qt.AlignmentFlag, text: str, colour: QColor) -> None:
    """Draw a text in the painter's font at a side of an area.

    Parameters
    ----------
    painter : QPainter
    area : QRectF
    side : Qt.AlignmentFlag
        Two flags, one for each direction.
    text : str
        One line; nothing is drawn of an empty one.
    colour : QColor
    """
    if not text:
        return
    device = painter.device()
    picture = _label(text, painter.font().key(), painter.font(), colour.rgb(), device.devicePixelRatioF())
    size = picture.deviceIndependentSize()
    x, y = area.left(), area.top()
    if side & Qt.AlignmentFlag.AlignRight:
        x = area.right() - size.width()
    elif side & Qt.AlignmentFlag.AlignHCenter:
        x = area.center().x() - size.width() / 2
    if side & Qt.AlignmentFlag.AlignBottom:
        y = area.bottom() - size.height()
    elif side & Qt.AlignmentFlag.AlignVCenter:
        y = area.center().y() - size.height() / 2
    # On whole pixels the picture is copied, not resampled.
    painter.drawImage(QPointF(math.floor(x), math.floor(y)), picture)


class _Font(QFont):
    """A font that takes no part in the key of a cache: its own `key()` does."""

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Font)


# Some 13 kB each at the usual size: while a case is scrolled through, most are never wanted again.
@functools.lru_cache(maxsize=256)
def _made(text: str, key: str, font: _Font, colour: int, ratio: float) -> QImage:
    metrics = QFontMetricsF(font)
    width, height = math.ceil(metrics.horizontalAdvance(text)) + 2, math.ceil(metrics.height()) + 1
    picture = QImage(math.ceil(width * ratio), math.ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setFont(font)
    baseline = metrics.ascent()
    painter.setPen(_SHADOW)
    painter.drawText(QPointF(1, baseline + 1), text)
    painter.setPen(QColor.fromRgb(colour))
    painter.drawText(QPointF(0, baseline), text)
    painter.end()
    return picture


def _label(text: str, key: str, font: QFont, colour: int, ratio: float) -> QImage:
    return _made(text, key, _Font(font), colour, ratio)
