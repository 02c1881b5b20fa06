"""The rows of the worklist, and how one is painted: status, name, what it is sorted by, dots for the masks it has."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workstation.core.plain_text import one_line
from workstation.gui.colours import PALETTES
from workstation.gui.icons import icon
from workstation.gui.theme import Tokens, tokens_of
from workstation.gui.tooltips import plain_tip
from workstation.session.reading import status_word
from workstation.session.session import Session
from workstation.session.worklist_entries import Entry

_Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole
VALUE_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ICONS = {
    "unread": "unread",
    "accepted": "check-circle",
    "corrected": "corrected",
    "rejected": "reject",
    "flagged": "flag",
}
_ICON_SIDE = 16
_GAP = 6
_DOT = 7
_DOT_STEP = 12
_ROW_PADDING = 8


class CaseModel(QAbstractListModel):
    """Rows of entries, in the order of the worklist."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._entries: tuple[Entry, ...] = ()

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these; rows that stay where they are keep their selection."""
        is_same = [each.name for each in entries] == [each.name for each in self._entries]
        if not is_same:
            self.beginResetModel()
        self._entries = entries
        if not is_same:
            self.endResetModel()
        elif entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def entry(self, row: int) -> Entry:
        """The entry of a row."""
        return self._entries[row]

    def row_of(self, name: str) -> int:
        """The row of an entry by its name in the store; -1 if it is not shown."""
        return next((row for row, each in enumerate(self._entries) if each.name == name), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of cases shown."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, entry, the value that the list is sorted by, and all that is known in the tooltip."""
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(entry.name)
        if role == ENTRY_ROLE:
            return entry
        if role == VALUE_ROLE:
            return self._value(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(entry)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{one_line(entry.name)}, {status_word(entry.status)}"
        return None

    def _value(self, entry: Entry) -> str:
        sort = self._session.worklist.choice.sort
        if sort == "dice":
            return "-" if entry.dice is None else f"{entry.dice:.2f}"
        if sort == "volume":
            return "-" if entry.volume_ml is None else self.tr("{:.0f} ml").format(entry.volume_ml)
        if sort == "entropy":
            return "-" if entry.mean_entropy is None else f"{entry.mean_entropy:.4f}"
        return self.tr("differ") if sort == "disagreement" and entry.is_disputed else ""

    def _tip(self, entry: Entry) -> str:
        truth = self.tr("truth") if entry.files.truth else self.tr("no truth")
        prediction = self.tr("prediction") if entry.prediction else self.tr("no prediction")
        lines = [one_line(entry.name), "; ".join([", ".join(entry.files.sequences), truth, prediction])]
        words = status_word(entry.status)
        if entry.own.number:
            when = entry.own.decided_at[:16].replace("T", " ")
            words = self.tr("{status} by {reader}, {when} UTC").format(status=words, reader=entry.own.reader, when=when)
        lines.append(words + (f": {entry.own.reason}" if entry.own.reason else ""))
        if entry.own.note:
            lines.append(self.tr("Note: {}").format(entry.own.note))
        lines += [f"{each.reader}: {status_word(each.status)}" for each in entry.others]
        if entry.figures is not None and entry.figures.dice:
            lines.append(", ".join(f"Dice {name} {value:.3f}" for name, value in entry.figures.dice.items()))
        if entry.mean_entropy is not None:
            lines.append(self.tr("Mean entropy of the prediction: {0:.4f} bit").format(entry.mean_entropy))
        return plain_tip("\n".join(lines))


class CaseDelegate(QStyledItemDelegate):
    """Paints a row; the name is shortened in its middle where it would run into what stands behind it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        """The base paints the ground and the focus; name and signs are painted here."""
        super().initStyleOption(option, index)
        option.text = ""  # type: ignore[attr-defined]

    def name_rect(self, rect: QRect, value_width: int) -> QRect:
        """Where the name stands in a row."""
        left = rect.left() + _GAP + _ICON_SIDE + _GAP
        right = rect.right() - 2 * _DOT_STEP - _GAP - (value_width + _GAP if value_width else 0)
        return QRect(left, rect.top(), max(right - left, 0), rect.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """High enough for the sign."""
        size = super().sizeHint(option, index)
        line = option.fontMetrics.height()  # type: ignore[attr-defined]
        size.setHeight(max(line, _ICON_SIDE) + _ROW_PADDING)
        return size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Sign, name, value, dots."""
        super().paint(painter, option, index)
        entry: Entry = index.data(ENTRY_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        tokens = tokens_of(palette)
        ink = QColor(tokens.on_accent) if is_selected else None
        painter.save()
        sign = QRect(rect.left() + _GAP, rect.center().y() - _ICON_SIDE // 2 + 1, _ICON_SIDE, _ICON_SIDE)
        status_icon(entry.status, tokens, ink=ink).paint(painter, sign)
        metrics = option.fontMetrics  # type: ignore[attr-defined]
        value = str(index.data(VALUE_ROLE) or "")
        width = metrics.horizontalAdvance(value)
        room = self.name_rect(rect, width)
        name = metrics.elidedText(one_line(entry.name), Qt.TextElideMode.ElideMiddle, room.width())
        painter.setFont(option.font)  # type: ignore[attr-defined]
        painter.setPen(ink or QColor(tokens.text if entry.status == "unread" else tokens.faint))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        if value:
            painter.setPen(ink or QColor(tokens.text))
            spot = QRect(rect.right() - 2 * _DOT_STEP - _GAP - width, rect.top(), width + 1, rect.height())
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
        self._paint_dots(painter, entry, QRectF(rect), is_selected=is_selected)
        painter.restore()

    def _paint_dots(self, painter: QPainter, entry: Entry, rect: QRectF, *, is_selected: bool) -> None:
        colours = PALETTES[self._session.layers.palette]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # On the selection's own blue a blue dot needs a rim.
        painter.setPen(QColor(255, 255, 255, 230) if is_selected else QColor(0, 0, 0, 90))
        masks = ((entry.files.truth, colours.truth), (entry.prediction, colours.prediction))
        for place, (mask, colour) in enumerate(masks):
            if mask is not None:
                painter.setBrush(QColor(*colour))
                x = rect.right() - _DOT_STEP * (place + 1)
                painter.drawEllipse(QRectF(x, rect.center().y() - _DOT / 2, _DOT, _DOT))


def status_icon(status: str, tokens: Tokens, *, ink: QColor | None = None) -> QIcon:
    """The sign of a status in its colour, or in `ink`."""
    colours = {
        "unread": tokens.faint,
        "accepted": tokens.good,
        "corrected": tokens.link,
        "rejected": tokens.error,
        "flagged": tokens.warning,
    }
    return icon(STATUS_ICONS[status], colour=ink or QColor(colours[status]))
