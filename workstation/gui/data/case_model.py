"""The rows of the table of cases: a view on the data set and on what is known of it, filtered and sorted by number.

It keeps the numbers of the cases in the order shown and nothing else, so that two thousand rows are sorted in
milliseconds and a case that has just been examined changes one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from workstation.core.case import SEQUENCES, CaseFiles
from workstation.core.findings import SEVERITIES
from workstation.core.plain_text import one_line
from workstation.core.split import PARTS
from workstation.gui.data.case_pictures import CasePictures
from workstation.gui.data.case_rows import (
    folder_of,
    grid_text,
    labels_text,
    name_text,
    volume_of,
    volume_text,
    voxels_of,
)
from workstation.gui.tooltips import plain_tip
from workstation.session.scan import DataScan

_Index = QModelIndex | QPersistentModelIndex
Cell = tuple[str, str]
"""Words, and the name of a theme's colour."""
REGIONS = ("WT", "TC", "ET")
COLUMNS = ("name", *SEQUENCES, "truth", "grid", "labels", *REGIONS, "check", "part")
_MARKS = (*SEQUENCES, "truth")
_THERE, _ABSENT = "\N{CHECK MARK}", "\N{EN DASH}"
_TONES = {"error": "error", "warning": "warning", "note": "link"}
# Before words that follow a number, which ends where they begin.
_GAP = "\N{EM SPACE}"


class CaseTableModel(QAbstractTableModel):
    """Rows of cases.

    Parameters
    ----------
    scan : DataScan
        What is known of them.
    parent : QWidget or None
    """

    def __init__(self, scan: DataScan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scan = scan
        self._pictures = CasePictures()
        self._cases: Sequence[CaseFiles] = ()
        self._order: list[int] = []
        self._row_of: dict[int, int] = {}
        self._text = ""
        self._sorting = (0, False)
        self._part_of: Mapping[str, str] = {}
        # Words and tones by number of the case: worked out once, asked for with every paint.
        self._cells: dict[int, tuple[Cell, ...]] = {}
        self._make_words()

    def set_cases(self, cases: Sequence[CaseFiles]) -> None:
        """Replace all rows."""
        self._pictures.clear()
        self._cells.clear()
        self._cases = cases
        self._rebuild()

    def set_parts(self, part_of: Mapping[str, str]) -> None:
        """Show another split."""
        self._part_of = part_of
        self._cells.clear()
        self._announce(range(len(self._order)), ("part",))

    def set_filter(self, text: str) -> None:
        """Show only cases whose name contains the text, in whatever case."""
        self._text = text.casefold()
        self._rebuild()

    def refresh(self, indices: Iterable[int]) -> None:
        """Show what became known of some cases."""
        known = list(indices)
        for index in known:
            self._cells.pop(index, None)
        self._announce((self._row_of[index] for index in known if index in self._row_of), COLUMNS)

    def sort_again(self) -> None:
        """Sort by what is known by now."""
        self.sort(self._sorting[0], Qt.SortOrder.DescendingOrder if self._sorting[1] else Qt.SortOrder.AscendingOrder)

    def case(self, row: int) -> CaseFiles:
        """The case of a row."""
        return self._cases[self._order[row]]

    def number(self, row: int) -> int:
        """The number of a row's case in the data set."""
        return self._order[row]

    def row_of(self, name: str) -> int:
        """The row of a case; -1 if it is not shown."""
        return next((row for row, index in enumerate(self._order) if self._cases[index].name == name), -1)

    def cell(self, row: int, column: int) -> Cell:
        """What a cell says, and in which tone."""
        number = self._order[row]
        cells = self._cells.get(number)
        if cells is None:
            cells = self._cells[number] = tuple(
                (self._words(number, each), self._tone(number, each)) for each in COLUMNS
            )
        return cells[column]

    def picture(self, row: int) -> QPixmap | None:
        """The picture of a row's case; None before it was examined."""
        number = self._order[row]
        return self._pictures.picture(number, self._scan.facts[number]) if self._is_scanned else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of rows."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles of the columns, and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | side_of(COLUMNS[section])
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tips.get(COLUMNS[section])
        return self._titles[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, picture and tooltip of a cell; `CaseDelegate` paints it."""
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(row, column)[0]
        if role == Qt.ItemDataRole.DecorationRole and COLUMNS[column] == "name":
            return self.picture(row)
        return self._tip(self._order[row], COLUMNS[column]) if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; cases that are equal in it keep the order of their names."""
        self._sorting = (column, order == Qt.SortOrder.DescendingOrder)
        self.layoutAboutToBeChanged.emit()
        kept = [self._order[index.row()] for index in self.persistentIndexList()]
        former = self.persistentIndexList()
        self._arrange()
        moved = [self.index(self._row_of[number], index.column()) for number, index in zip(kept, former, strict=True)]
        self.changePersistentIndexList(former, moved)
        self.layoutChanged.emit()

    @property
    def _is_scanned(self) -> bool:
        """Whether what is known is of these cases."""
        return self._scan.cases is self._cases

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        shown = [index for index, case in enumerate(self._cases) if self._text in case.name.casefold()]
        column, is_reverse = self._sorting
        key = self._key(COLUMNS[column])
        self._order = sorted(shown, key=key, reverse=is_reverse)
        self._row_of = {index: row for row, index in enumerate(self._order)}

    def _key(self, column: str) -> Callable[[int], Any]:
        """What to sort a column by; what is not known yet comes last."""
        facts = self._scan.facts if self._is_scanned else [None] * len(self._cases)
        keys: dict[str, Callable[[int], Any]] = {
            "name": lambda index: self._cases[index].name.casefold(),
            "grid": lambda index: voxels_of(facts[index]),
            "labels": lambda index: labels_text(facts[index]),
            "check": self._rank,
            "part": lambda index: PARTS.index(part) if (part := self._part(index)) in PARTS else len(PARTS),
        }
        if column in REGIONS:
            return lambda index: -1.0 if (volume := volume_of(facts[index], column)) is None else volume
        return keys.get(column, lambda index: not self._has(index, column))

    def _rank(self, index: int) -> int:
        worst = self._scan.worst_of(index) if self._is_scanned else None
        if worst is not None:
            return SEVERITIES.index(worst)
        return len(SEVERITIES) + (not self._is_scanned or self._scan.facts[index] is None)

    def _words(self, index: int, column: str) -> str:
        facts = self._scan.facts[index] if self._is_scanned else None
        if column == "name":
            return name_text(self._cases[index])
        if column in _MARKS:
            return _THERE if self._has(index, column) else _ABSENT
        if column == "part":
            return self._part_words.get(self._part(index), _ABSENT)
        if column in REGIONS:
            return volume_text(facts, column)
        if column == "check":
            worst = self._scan.worst_of(index) if facts is not None else None
            return "" if facts is None else _GAP + self._check_words[worst or ""]
        return grid_text(facts) if column == "grid" else labels_text(facts)

    def _tone(self, index: int, column: str) -> str:
        if column == "check" and self._is_scanned and self._scan.facts[index] is not None:
            return _TONES.get(self._scan.worst_of(index) or "", "faint")
        return "warning" if column in _MARKS and not self._has(index, column) else "text"

    def _tip(self, index: int, column: str) -> str | None:
        case = self._cases[index]
        if column == "name":
            return plain_tip(f"{name_text(case)}\n{one_line(str(folder_of(case)))}")
        if column in _MARKS:
            reference = case.truth if column == "truth" else case.sequences.get(column)
            return plain_tip(one_line(reference.path.name)) if reference else self.tr("{} is missing").format(column)
        return None

    def _has(self, index: int, column: str) -> bool:
        case = self._cases[index]
        return case.truth is not None if column == "truth" else column in case.sequences

    def _part(self, index: int) -> str:
        return self._part_of.get(self._cases[index].name, "")

    def _announce(self, rows: Iterable[int], columns: Sequence[str]) -> None:
        """Say that cells changed, in runs of rows."""
        first, last = COLUMNS.index(columns[0]), COLUMNS.index(columns[-1])
        ordered = sorted(rows)
        while ordered:
            length = next((at for at, row in enumerate(ordered) if row != ordered[0] + at), len(ordered))
            self.dataChanged.emit(self.index(ordered[0], first), self.index(ordered[length - 1], last))
            ordered = ordered[length:]

    def _make_words(self) -> None:
        self._titles = (
            self.tr("Case"),
            *SEQUENCES,
            self.tr("Truth"),
            self.tr("Grid"),
            self.tr("Labels"),
            *(self.tr("{} ml").format(region) for region in REGIONS),
            _GAP + self.tr("Check-up"),
            self.tr("Part"),
        )
        self._tips = {
            "grid": self.tr("Voxels, voxel spacing and axes of the first sequence"),
            "labels": self.tr("Values that the truth holds beside 0"),
            "WT": self.tr("Volume of the whole tumour: voxels of its labels times the volume of a voxel"),
            "TC": self.tr("Volume of the tumour core"),
            "ET": self.tr("Volume of the enhancing tumour"),
            "check": self.tr("The worst that was found in the case by itself"),
            "part": self.tr("The part of the split beside the table"),
        }
        self._part_words = {
            "train": self.tr("training"),
            "validation": self.tr("validation"),
            "test": self.tr("test"),
        }
        self._check_words = {
            "": self.tr("no finding"),
            "note": self.tr("note"),
            "warning": self.tr("warning"),
            "error": self.tr("error"),
        }


def side_of(column: str) -> Qt.AlignmentFlag:
    """At which side of its column a word stands."""
    if column in _MARKS:
        return Qt.AlignmentFlag.AlignHCenter
    return Qt.AlignmentFlag.AlignRight if column in REGIONS else Qt.AlignmentFlag.AlignLeft
