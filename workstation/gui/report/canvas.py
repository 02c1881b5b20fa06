"""A page or picture to paint on, measured in millimetres and points whatever its resolution."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPaintDevice, QPainter, QPen, QTextLayout, QTextOption

FAMILIES = ("DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial", "Helvetica")
# Names and notes may be in any of the world's scripts; Qt takes the letters that these lack from other fonts.
INK, QUIET, RULE, FAINT_RULE, BAND = (QColor(each) for each in ("#16191d", "#4d545d", "#8b929b", "#d5d9de", "#f1f3f5"))
BODY_PT, SMALL_PT, TINY_PT = 8.5, 7.0, 6.0
_MM_PER_INCH = 25.4
_LEADING = 1.28


class Canvas:
    """A painter with sizes in millimetres.

    Parameters
    ----------
    painter : QPainter
        Active.
    device : QPaintDevice
        What it paints on; its resolution says how large a millimetre is.
    """

    def __init__(self, painter: QPainter, device: QPaintDevice) -> None:
        self.painter = painter
        self._device = device
        self._dots_per_mm = device.logicalDpiX() / _MM_PER_INCH
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )

    def mm(self, length: float) -> float:
        """A length in the device's dots."""
        return length * self._dots_per_mm

    def font(self, size_pt: float = BODY_PT, *, is_bold: bool = False) -> QFont:
        """The report's font."""
        font = QFont()
        font.setFamilies(list(FAMILIES))
        font.setStyleHint(QFont.StyleHint.SansSerif)
        font.setPointSizeF(size_pt)
        font.setWeight(QFont.Weight.Bold if is_bold else QFont.Weight.Normal)
        # The same page on every screen: no rounding of letters to pixels.
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        return font

    def width(self, words: str, font: QFont) -> float:
        """Width of one line."""
        return QFontMetricsF(font, self._device).horizontalAdvance(words)

    def line_height(self, font: QFont) -> float:
        """From one line to the next."""
        return self._em(font) * _LEADING

    def _em(self, font: QFont) -> float:
        return font.pointSizeF() * self._device.logicalDpiY() / 72

    def lines(self, words: str, font: QFont, width: float) -> list[str]:
        """Words broken into lines of a width; a word that is wider itself is broken too."""
        lines: list[str] = []
        for paragraph in words.split("\n"):
            layout = QTextLayout(paragraph, font, self._device)
            option = QTextOption()
            option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
            layout.setTextOption(option)
            layout.beginLayout()
            found = []
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(width, 1.0))
                found.append((line.textStart(), line.textLength()))
            layout.endLayout()
            # QTextLayout counts in UTF-16.
            units = paragraph.encode("utf-16-le")
            lines += [units[2 * start : 2 * (start + length)].decode("utf-16-le").rstrip() for start, length in found]
        return lines or [""]

    def text(
        self,
        words: str,
        area: QRectF,
        font: QFont,
        *,
        colour: QColor = INK,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        """One line of words, with its middle in the middle of the area."""
        self.painter.setFont(font)
        self.painter.setPen(colour)
        flags = side.value | Qt.AlignmentFlag.AlignVCenter.value
        flags |= Qt.TextFlag.TextSingleLine.value | Qt.TextFlag.TextDontClip.value
        self.painter.drawText(area, flags, words)

    def rule(self, start: QPointF, end: QPointF, *, width_mm: float = 0.15, colour: QColor = RULE) -> None:
        """A thin line."""
        self.painter.setPen(QPen(colour, self.mm(width_mm), Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        self.painter.drawLine(start, end)
