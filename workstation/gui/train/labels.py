"""Labels whose colour says what they are and follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from workstation.gui.theme import tokens_of

_THEME_EVENTS = (QEvent.Type.ApplicationPaletteChange, QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class ToneLabel(QLabel):
    """A wrapped line of text in a tone: "error", "warning", "good", "faint" or "plain".

    It takes no place while it is empty.

    Parameters
    ----------
    tone : str
    parent : QWidget or None
    """

    def __init__(self, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setVisible(False)
        self._paint_tone()

    def say(self, text: str, tone: str = "") -> None:
        """Show a text, in another tone if one is given; an empty one hides the label."""
        if tone and tone != self._tone:
            self._tone = tone
            self._paint_tone()
        self.setText(text)
        self.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme, which comes as a new palette and a new style sheet in either order."""
        super().changeEvent(event)
        if event.type() in _THEME_EVENTS:
            self._paint_tone()

    def showEvent(self, event: QShowEvent) -> None:
        """Paint again: a style sheet that is applied just before the first showing takes the colour away."""
        super().showEvent(event)
        self._paint_tone()

    def _paint_tone(self) -> None:
        # From the application's palette: our own holds the colour painted last, our parent's may be late.
        palette = QPalette(QGuiApplication.palette())
        tokens = tokens_of(palette)
        tones = {"error": tokens.error, "warning": tokens.warning, "good": tokens.good, "faint": tokens.faint}
        colour = QColor(tones.get(self._tone, tokens.text))
        # Setting a palette is itself a change of palette: without this question it would never end.
        if self.palette().color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
