"""How the memory of the queue is shared: one part for each run that runs, what it uses of it, and what is free."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from workstation.gui.train.colours import state_colour
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import bytes_text
from workstation.session.runs import Runs

_HEIGHT = 12
_RADIUS = 3.0
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bar.

    Parameters
    ----------
    name : str
        Of the run.
    reserved_bytes, used_bytes : int
    left, width : float
        Shares of the budget, 0 to 1.
    is_waiting : bool
        It is not reserved: where the next run would go, as far as there is room.
    """

    name: str
    reserved_bytes: int
    used_bytes: int
    left: float
    width: float
    is_waiting: bool = False


def parts_of(runs: Runs) -> list[Part]:
    """The parts of the bar in the order of the queue; empty where nothing is known yet."""
    queue = runs.queue
    budget = queue.limits.budget_bytes if queue else 0
    if queue is None or budget <= 0:
        return []
    parts: list[Part] = []
    left = 0.0
    for ticket in queue.running:
        status = runs.status(ticket.name)
        width = min(1.0 - left, ticket.bytes / budget)
        parts.append(Part(ticket.name, ticket.bytes, status.rss_bytes if status else 0, left, width))
        left += width
    for ticket in queue.waiting[:1]:
        wanted = budget if ticket.is_alone else min(budget, ticket.bytes)
        parts.append(Part(ticket.name, wanted, 0, left, min(1.0 - left, wanted / budget), is_waiting=True))
    return parts


class _Bar(QWidget):
    """The bar alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts: list[Part] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(200, _HEIGHT)

    def show_parts(self, parts: list[Part]) -> None:
        """Show other parts."""
        self.parts = parts
        self.update()

    def event(self, event: QEvent) -> bool:
        """Name the run under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            part = next((each for each in self.parts if self._rect(each).contains(event.pos().toPointF())), None)
            QToolTip.showText(event.globalPos(), "" if part is None else self._words(part), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, the parts, and in each what is in use."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)
        painter.setClipPath(outline)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Mid))
        for part in self.parts:
            rect = self._rect(part)
            if part.is_waiting:
                self._paint_waiting(painter, rect)
                continue
            colour = state_colour("running")
            faded = QColor(colour)
            faded.setAlphaF(0.45)
            painter.fillRect(rect, faded)
            used = QRectF(rect)
            used.setWidth(rect.width() * min(1.0, part.used_bytes / part.reserved_bytes) if part.reserved_bytes else 0)
            painter.fillRect(used, colour)

    def _paint_waiting(self, painter: QPainter, rect: QRectF) -> None:
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlphaF(0.55)
        painter.fillRect(rect, QBrush(colour, Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(colour, 1))
        painter.drawLine(QPointF(rect.right(), rect.top()), QPointF(rect.right(), rect.bottom()))

    def _rect(self, part: Part) -> QRectF:
        width = max(2.0, part.width * self.width() - _GAP)
        return QRectF(part.left * self.width(), 0, width, self.height())

    def _words(self, part: Part) -> str:
        if part.is_waiting:
            return self.tr("{0}: next, needs {1}").format(part.name, bytes_text(part.reserved_bytes))
        reserved, used = bytes_text(part.reserved_bytes), bytes_text(part.used_bytes)
        return self.tr("{0}: {1} reserved, {2} in use").format(part.name, reserved, used)


class ReservationBar(QWidget):
    """The bar and what it says, for above the list of runs.

    Parameters
    ----------
    runs : Runs
    parent : QWidget or None
    """

    def __init__(self, runs: Runs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self.bar = _Bar()
        self.words = ToneLabel("faint", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(4)
        column.addWidget(self.bar)
        column.addWidget(self.words)
        runs.queue_changed.connect(self._refresh)
        runs.status_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        queue = self._runs.queue
        self.setVisible(queue is not None)
        if queue is None:
            return
        self.bar.show_parts(parts_of(self._runs))
        self.words.say(self._text())

    def _text(self) -> str:
        queue = self._runs.queue
        if queue is None:
            return ""
        budget, free = bytes_text(queue.limits.budget_bytes), bytes_text(queue.free_bytes)
        if not queue.running:
            facts = [self.tr("Memory for runs: {0}, nothing reserved").format(budget)]
        else:
            reserved = bytes_text(queue.reserved_bytes)
            facts = [self.tr("Memory for runs: {0} of {1} reserved").format(reserved, budget)]
            used = sum(part.used_bytes for part in self.bar.parts)
            facts.append(self.tr("{0} in use").format(bytes_text(used)))
            facts.append(self.tr("{0} free").format(free))
        if len(queue.running) > 1:
            facts.append(self.tr("{0} runs share the processor").format(len(queue.running)))
        if queue.waiting:
            facts.append(self.tr("{0} waiting").format(len(queue.waiting)))
        return " \N{MIDDLE DOT} ".join(facts)
