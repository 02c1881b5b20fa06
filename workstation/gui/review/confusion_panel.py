"""The confusion matrix of the labels; a click on a cell lights up its voxels in every pane and in 3D."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.gui.colours import PALETTES
from workstation.gui.review.mask_names import short_name
from workstation.gui.review.section import quiet_label
from workstation.gui.theme import SMALL, TIGHT, font_of, tokens_of
from workstation.session import commands
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.core.confusion import Confusion
    from workstation.core.labels import Label

# A cell with voxels is tinted at least this much, so that a few of them are not taken for none.
_LEAST_TINT, _MOST_TINT = 0.10, 0.55


class ConfusionCell(QAbstractButton):
    """One cell: its volume, and a ground that says what share of the truth's label it is.

    Parameters
    ----------
    share : float
        Of the row, 0 to 1.
    is_agreement : bool
        Whether both masks agree there.
    parent : QWidget
    """

    def __init__(self, share: float, *, is_agreement: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._share = share
        self._is_agreement = is_agreement
        self.lit_colour = QColor()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFont(font_of(self.font(), SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as the column allows."""
        return QSize(44, round(1.9 * self.fontMetrics().height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tinted ground, figure, and a frame while it is lit."""
        tokens = tokens_of(self.palette())
        painter = QPainter(self)
        area = self.rect().adjusted(0, 0, -1, -1)
        painter.fillRect(area, QColor(tokens.base))
        if self._share > 0:
            tint = QColor(tokens.good if self._is_agreement else tokens.error)
            tint.setAlphaF(_LEAST_TINT + (_MOST_TINT - _LEAST_TINT) * math.sqrt(self._share))
            painter.fillRect(area, tint)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.faint))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())
        if self.isChecked():
            _frame(painter, area, self.lit_colour)
        elif self.hasFocus() or self.underMouse():
            _frame(painter, area, QColor(tokens.link))
        painter.end()


def _frame(painter: QPainter, area: QRect, colour: QColor) -> None:
    painter.setPen(QPen(colour, 2))
    painter.drawRect(area.adjusted(1, 1, 0, 0))


class ConfusionPanel(QWidget):
    """The matrix: labels of the truth in rows, of the prediction in columns."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.cells: dict[tuple[int, int], ConfusionCell] = {}
        self.hint = quiet_label()
        self._matrix = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(TIGHT)
        self._column.addWidget(self._matrix)
        self._column.addWidget(self.hint)
        session.assessment.changed.connect(self._on_changed)
        session.layers.display_changed.connect(self._on_display)
        self.refresh()

    def refresh(self) -> None:
        """Show the session's matrix."""
        confusion = self._session.assessment.confusion
        self.cells = {}
        fresh = QWidget()
        if confusion is not None:
            self._fill(fresh, confusion)
        self._column.replaceWidget(self._matrix, fresh)
        self._matrix.deleteLater()
        self._matrix = fresh
        fresh.setVisible(confusion is not None)
        how = self.tr("Millilitres. Rows: truth, columns: prediction. Click a cell to light it up.")
        self.hint.setText(self.tr("Counting...") if confusion is None else how)
        self._on_display()

    def _fill(self, matrix: QWidget, confusion: Confusion) -> None:
        grid = QGridLayout(matrix)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        for column, label in enumerate(confusion.prediction_labels, start=1):
            grid.addWidget(self._title(label), 0, column, Qt.AlignmentFlag.AlignHCenter)
            grid.setColumnStretch(column, 1)
        for row, truth_label in enumerate(confusion.truth_labels):
            grid.addWidget(self._title(truth_label), row + 1, 0)
            for column in range(len(confusion.prediction_labels)):
                cell = self._cell(matrix, confusion, row, column)
                self.cells[row, column] = cell
                grid.addWidget(cell, row + 1, column + 1)

    def _title(self, label: Label | None) -> QLabel:
        title = QLabel(self.tr("none") if label is None else short_name(label))
        title.setObjectName("quiet")
        title.setFont(font_of(title.font(), SMALL))
        title.setToolTip(self._name(label))
        return title

    def _cell(self, matrix: QWidget, confusion: Confusion, row: int, column: int) -> ConfusionCell:
        voxels, in_row = int(confusion.voxels[row, column]), int(confusion.voxels[row].sum())
        truth_label, prediction_label = confusion.truth_labels[row], confusion.prediction_labels[column]
        is_background = truth_label is None and prediction_label is None
        # Of what lies outside the truth, the share of the whole volume says nothing: errors there have the least tint.
        share = 0.0 if is_background or not voxels else voxels / in_row
        cell = ConfusionCell(share, is_agreement=confusion.is_agreement(row, column), parent=matrix)
        volume_ml = voxels * confusion.voxel_ml
        cell.setText(_volume_text(volume_ml) if voxels and not is_background else "\N{MIDDLE DOT}")
        cell.setEnabled(bool(voxels) and not is_background)
        name = self.tr("{0}, taken for {1}").format(self._name(truth_label), self._name(prediction_label))
        tip = self.tr("{0}\n{1:,} voxels, {2:.3f} ml: {3:.2%} of the truth's {4}")
        cell.setToolTip(tip.format(name, voxels, volume_ml, voxels / in_row if in_row else 0, self._name(truth_label)))
        cell.setAccessibleName(name)
        values = (truth_label.value if truth_label else 0, prediction_label.value if prediction_label else 0)
        cell.clicked.connect(lambda checked: self._on_clicked(name, values, is_lit=checked))
        return cell

    def _name(self, label: Label | None) -> str:
        return self.tr("background") if label is None else f"{label.name} ({label.value})"

    def _on_clicked(self, name: str, values: tuple[int, int], *, is_lit: bool) -> None:
        if is_lit:
            commands.light_up_cell(self._session, name, truth_value=values[0], prediction_value=values[1])
        else:
            self._session.layers.set_highlight(None)

    def _on_changed(self, part: str) -> None:
        if part == "confusion":
            self.refresh()

    def _on_display(self) -> None:
        """Frame the cell that is lit."""
        layers = self._session.layers
        colour = QColor(*PALETTES[layers.palette].highlight)
        for cell in self.cells.values():
            cell.lit_colour = colour
            cell.setChecked(layers.highlight is not None and cell.accessibleName() == layers.highlight.name)
            cell.update()


def _volume_text(volume_ml: float) -> str:
    return f"{volume_ml:.0f}" if volume_ml >= 100 else f"{volume_ml:.1f}" if volume_ml >= 0.95 else f"{volume_ml:.3f}"
