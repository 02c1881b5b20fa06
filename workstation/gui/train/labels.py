"""Labels whose colour says what they are and follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from workstation.gui.theme import tokens_of


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
        """Follow a change of theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._paint_tone()

    def showEvent(self, event: QShowEvent) -> None:
        """Paint again: the style sheet of the theme, applied just before the first showing, takes the colour away."""
        super().showEvent(event)
        self._paint_tone()

    def _paint_tone(self) -> None:
        # From the parent's palette: our own holds the tone painted last.
        parent = self.parentWidget()
        palette = QPalette(parent.palette() if parent is not None else QGuiApplication.palette())
        tokens = tokens_of(palette)
        tones = {"error": tokens.error, "warning": tokens.warning, "good": tokens.good, "faint": tokens.faint}
        palette.setColor(QPalette.ColorRole.WindowText, QColor(tones.get(self._tone, tokens.text)))
        self.setPalette(palette)
