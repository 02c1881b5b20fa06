"""The status bar: what is under the crosshair, what is being done, the mouse scheme, the running job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton, QWidget

from workstation.core.volume import LabelMap
from workstation.gui.actions import with_keys
from workstation.gui.review.mask_names import mask_name
from workstation.gui.theme import tokens_of
from workstation.gui.train.labels import ToneLabel
from workstation.session.images import DisplayImage
from workstation.session.session import Session

# Words may come a little after the picture, and nobody reads more than fifteen of them a second.
_FOLLOW_MS = 66
_GAP = 18
_NUMBER_GAP = 8
_WORD_GAP = 6
_SHORTEST_LABEL = 60
# Shorter work ends before anybody could read what it is.
_BUSY_AFTER_MS = 150


@dataclass(frozen=True, slots=True)
class Reading:
    """One column of the read-out.

    Parameters
    ----------
    name : str
        Stands quietly before the value; empty where a number goes on what is before it.
    value : str
        Right-aligned where `is_number`.
    widest : str
        The widest value that the column can have in this case; its width is the column's.
    is_number : bool
    """

    name: str
    value: str
    widest: str
    is_number: bool = True

    @property
    def gap(self) -> int:
        """Room before it."""
        return _GAP if self.name or not self.is_number else _NUMBER_GAP


class ReadOut(QWidget):
    """Voxel, position, intensities, class and labels under the crosshair, in columns that do not dance.

    Painted here: a QLabel lays the whole status bar out anew at every step of the crosshair.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._widths: TextWidths | None = None
        self._is_shown = True
        self.setToolTip(
            self.tr(
                "Under the crosshair: voxel (i j k of the file, counted from 0), position (RAS+, mm), intensity of\n"
                "every sequence, the entropy of the prediction where its map was opened (bits; 0 sure, 1 unsure),\n"
                "agreement of prediction and truth, and the label of both"
            )
        )
        self._following = QTimer(self)
        self._following.setSingleShot(True)
        self._following.setInterval(_FOLLOW_MS)
        self._following.timeout.connect(self.update)
        session.view.cursor_moved.connect(self._on_cursor)
        session.case_changed.connect(self.update)
        session.layers.masks_changed.connect(self.update)
        session.layers.comparison_ready.connect(self.update)
        # The map of where a model is unsure has come.
        session.view.sequence_changed.connect(self.update)

    def _on_cursor(self) -> None:
        if not self._following.isActive():
            self._following.start()

    def set_shown(self, *, shown: bool) -> None:
        """Say what is under the crosshair, or nothing; its room stays, so that what is beside it does not move."""
        if shown != self._is_shown:
            self._is_shown = shown
            self.update()

    @property
    def text(self) -> str:
        """What it says now, in one line."""
        words = [("   " if each.gap == _GAP else "", each.name, each.value) for each in self._readings()]
        return " ".join(part for parts in words for part in parts if part).strip()

    def _readings(self) -> list[Reading]:
        return read_out(self._session) if self._is_shown else []

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(400, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the columns; labels, which come last, share what room is left."""
        painter = QPainter(self)
        widths_of = self._widths_of()
        quiet, plain = tokens_of(self.palette()).faint, self.palette().color(QPalette.ColorRole.WindowText)
        readings = self._readings()
        widths = column_widths(readings, widths_of, self.width() - 6)
        # Texts at a point: Qt lays out a text in a rectangle in twice the time.
        baseline = (self.height() + widths_of.metrics.ascent() - widths_of.metrics.descent()) / 2
        x = 6.0 - _GAP
        for reading, width in zip(readings, widths, strict=True):
            x += reading.gap
            if reading.name:
                painter.setPen(quiet)
                painter.drawText(QPointF(x, baseline), reading.name)
                x += widths_of(reading.name) + _WORD_GAP
            painter.setPen(plain)
            text = reading.value
            if widths_of(text) > width:
                text = widths_of.metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QPointF(x + (width - widths_of(text) if reading.is_number else 0), baseline), text)
            x += width

    def _widths_of(self) -> TextWidths:
        if self._widths is None or self._widths.font != self.font():
            self._widths = TextWidths(self.font())
        return self._widths


class TextWidths:
    """Widths of texts in a font, each measured once.

    Parameters
    ----------
    font : QFont
    """

    _MOST = 4096

    def __init__(self, font: QFont) -> None:
        self.font = QFont(font)
        self.metrics = QFontMetricsF(font)
        self._known: dict[str, float] = {}

    def __call__(self, text: str) -> float:
        """The width of a text, logical pixels."""
        width = self._known.get(text)
        if width is None:
            if len(self._known) > self._MOST:
                self._known.clear()
            width = self._known[text] = self.metrics.horizontalAdvance(text)
        return width


def read_out(session: Session) -> list[Reading]:
    """What is under the crosshair; empty without a case."""
    case = session.case
    if case is None:
        return []
    cursor = session.view.cursor_mm
    voxel = case.grid.nearest_voxel(cursor)
    readings = []
    for number, side in enumerate(case.grid.shape):
        index = "-" if voxel is None else str(voxel[number])
        readings.append(Reading(_tr("voxel") if number == 0 else "", index, str(side - 1)))
    for number, position in enumerate(cursor):
        readings.append(Reading(_tr("RAS mm") if number == 0 else "", f"{position:.1f}", "-000.0"))
    for name, volume in case.sequences.items():
        value = "-" if voxel is None else _intensity(volume.data[voxel])
        readings.append(Reading(name, value, _widest_intensity(session.images.get(name))))
    entropy = session.entropy.volume
    if entropy is not None:
        bits = "-" if voxel is None else f"{entropy.data[voxel]:.3f}"
        readings.append(Reading(_tr("entropy"), bits, "0.000"))
    layers = session.layers
    if layers.truth is not None and layers.prediction is not None:
        classes = None if layers.comparison is None or voxel is None else layers.comparison.classes[voxel]
        readings.append(Reading("", ("-", "TP", "FP", "FN")[int(classes or 0)], "FN", is_number=False))
    for slot in layers.pair:
        mask = layers.mask(slot)
        if mask is not None:
            readings.append(_label(mask_name(slot).lower(), mask, voxel))
    return readings


def column_widths(readings: list[Reading], width_of: Callable[[str], float], room: float) -> list[float]:
    """Width of each value: of the widest one; where there is not enough room, labels take an equal share of it."""
    names = sum(width_of(each.name) + _WORD_GAP for each in readings if each.name)
    widths = [width_of(each.widest) + 1 for each in readings]
    labels = [number for number, each in enumerate(readings) if len(each.widest) > 2 and not each.is_number]
    missing = names + sum(widths) + sum(each.gap for each in readings) - _GAP - room
    if missing > 0 and labels:
        share = (sum(widths[number] for number in labels) - missing) / len(labels)
        for number in labels:
            widths[number] = max(_SHORTEST_LABEL, min(widths[number], share))
    return widths


def _intensity(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3f}"


def _widest_intensity(image: DisplayImage | None) -> str:
    low, high = (0.0, 9999.0) if image is None else image.range
    # Whole numbers are shown whole; a normalised image has fractions.
    is_whole = image is None or image.step >= 1 or image.sample.dtype.kind in "iu"
    return max((f"{end:.0f}" if is_whole else f"{end:.3f}" for end in (low, high)), key=len)


def _label(words: str, mask: LabelMap, voxel: tuple[int, int, int] | None) -> Reading:
    label = None if voxel is None else mask.scheme.labels.get(int(mask.data[voxel]))
    names = [f"{each.value} {each.name}" for each in mask.scheme.labels.values()]
    value = "-" if label is None else f"{label.value} {label.name}"
    return Reading(words, value, max(names, key=len, default="-"), is_number=False)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReadOut", text)


class StatusBar(QStatusBar):
    """Read-out left; what is being done, scheme and job right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.read_out = ReadOut(session)
        self.busy = QLabel()
        self.busy.setObjectName("quiet")
        self.busy.setTextFormat(Qt.TextFormat.PlainText)
        self.busy.hide()
        self.hidden_note = ToneLabel("warning", self)
        self.hidden_note.setWordWrap(False)
        self.scheme = QToolButton()
        self.scheme.setAutoRaise(True)
        self.scheme.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scheme.clicked.connect(self._change_scheme)
        session.pointer.changed.connect(self._on_pointer)
        self._on_pointer()
        self.addWidget(self.read_out, 1)
        self.addPermanentWidget(self.busy)
        self.addPermanentWidget(self.hidden_note)
        self.addPermanentWidget(self.scheme)
        self._busy_timer = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(self._say_busy)
        session.background.busy_changed.connect(self._on_busy)
        session.layers.display_changed.connect(self._on_masks)
        session.layers.masks_changed.connect(self._on_masks)

    def _on_pointer(self) -> None:
        pointer = self._session.pointer
        tools = {
            "ruler": self.tr("ruler"),
            "area": self.tr("area"),
            "scroll": self.tr("scroll"),
            "window": self.tr("window"),
            "pan": self.tr("pan"),
            "zoom": self.tr("zoom"),
            "crosshair": self.tr("crosshair"),
        }
        is_pacs = pointer.scheme == "pacs"
        words = self.tr("Mouse: PACS") if is_pacs else self.tr("Mouse: Research")
        tool = pointer.measure or (pointer.tool if is_pacs else "")
        self.scheme.setText(f"{words}, {tools[tool]}" if tool else words)
        tip = (
            self.tr("Left: the chosen tool; wheel: slice; right drag: window; middle: pan.")
            if is_pacs
            else self.tr("Left: crosshair; wheel: slice; right drag: zoom; middle: pan.")
        )
        tip += "\n" + self.tr("Click for the other scheme")
        self.scheme.setToolTip(with_keys(tip, "help.shortcuts"))

    def _change_scheme(self) -> None:
        pointer = self._session.pointer
        pointer.set_scheme("research" if pointer.scheme == "pacs" else "pacs")

    def _on_masks(self) -> None:
        """A clean slice is no clean case: say that masks are hidden for as long as they are."""
        layers = self._session.layers
        has_mask = layers.truth is not None or layers.prediction is not None
        words = with_keys(self.tr("Masks are hidden"), "masks.toggle") if layers.hidden and has_mask else ""
        if words != self.hidden_note.text():
            self.hidden_note.say(words)

    def _on_busy(self, words: str) -> None:
        if words:
            self._busy_timer.start()
        else:
            self._busy_timer.stop()
            self.busy.hide()

    def _say_busy(self) -> None:
        self.busy.setText(self._session.background.words)
        self.busy.show()
