"""The figures of a data set that its names tell: how many cases, what they have and lack, layout and labels."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from workstation.core.case import DataSet
from workstation.core.labels import LAYOUT_SCHEMES, SCHEMES
from workstation.gui.data.case_rows import overview_of
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, SMALL, font_of
from workstation.gui.train.labels import ToneLabel

_FIGURES = ("cases", "truth", "complete", "layout", "scheme")


class FigureStrip(QWidget):
    """A card of figures, and below it what is missing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = {name: QLabel("-") for name in _FIGURES}
        self.missing = ToneLabel("warning", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(NEAR)
        column.addWidget(self._card())
        column.addWidget(self.missing)

    def show_data_set(self, data_set: DataSet) -> None:
        """Count what a data set has."""
        overview = overview_of(data_set)
        schemes = {case.scheme_name or LAYOUT_SCHEMES.get(case.layout) for case in data_set.cases if case.truth}
        scheme = SCHEMES.get(next(iter(schemes)) or "") if len(schemes) == 1 else None
        words = {
            "cases": f"{overview.cases:,}",
            "truth": f"{overview.with_truth:,}",
            "complete": f"{overview.complete:,}",
            "layout": _layout_word(data_set.layout),
            "scheme": scheme.title if scheme else self.tr("told by the values"),
        }
        for name, text in words.items():
            self._figures[name].setText(text)
        lacks = ", ".join(f"{name} ({count:,})" for name, count in overview.missing.items())
        self.missing.say(self.tr("Cases that lack a sequence: {}.").format(lacks) if lacks else "")

    def _card(self) -> QFrame:
        strip = QFrame()
        strip.setObjectName("card")
        titles = (
            (self.tr("Cases"), self.tr("Folders or files that hold one examination each")),
            (self.tr("With truth"), self.tr("Cases with a reference mask")),
            (self.tr("Complete"), self.tr("Cases with a truth and all of T1, T1c, T2 and FLAIR")),
            (self.tr("Layout"), self.tr("Recognised by the names of the files")),
            (
                self.tr("Labels"),
                self.tr("Label scheme of the truths: stated by the layout, else told by the values of each mask"),
            ),
        )
        grid = QGridLayout(strip)
        grid.setContentsMargins(ROOMY + 4, NEAR + 2, ROOMY + 4, NEAR + 2)
        grid.setHorizontalSpacing(2 * PAGE)
        grid.setVerticalSpacing(1)
        for place, ((title, tip), value) in enumerate(zip(titles, self._figures.values(), strict=True)):
            name = QLabel(title)
            name.setObjectName("quiet")
            name.setFont(font_of(self.font(), SMALL))
            value.setFont(font_of(self.font(), LARGE, is_bold=True))
            for row, label in enumerate((value, name)):
                label.setToolTip(tip)
                grid.addWidget(label, row, place)
        grid.setColumnStretch(len(titles), 1)
        return strip


def _layout_word(layout: str) -> str:
    words = {
        "msd": "MSD Task01",
        "brats2021": "BraTS 2017-2021",
        "brats2023": "BraTS 2023",
        "nnunet": "nnU-Net",
        "mapping": "mapping.json",
    }
    return words.get(layout, layout)
