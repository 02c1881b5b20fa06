"""The preferences: what is chosen rarely and kept between starts. Every choice counts at once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.theme import NEAR, NORMAL, PAGE, ROOMY, choose_theme, chosen_theme, font_of
from workstation.session.session import Session
from workstation.session.view import CINE_RANGE, LIGHTBOX_RANGE_MM

Options = Sequence[tuple[str, str]]


class PreferencesDialog(QDialog):
    """Mouse, display and theme.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    keys_wanted = Signal()
    """The user wants to change keys."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Preferences"))
        self.scheme, self.tool = self._mouse_fields()
        self.convention, self.nose, self.interpolation, self.palette_field = self._display_fields()
        self.theme = _field(
            [("dark", self.tr("Dark")), ("light", self.tr("Light")), ("system", self.tr("As the system"))],
            chosen_theme(),
        )
        self.cine, self.lightbox = QSpinBox(), QDoubleSpinBox()
        self._prepare_numbers()
        keys = QPushButton(self.tr("Change keys..."))
        keys.setAutoDefault(False)
        keys.clicked.connect(self.keys_wanted)
        form = QFormLayout()
        form.setHorizontalSpacing(PAGE)
        form.setVerticalSpacing(NEAR)
        for number, (title, rows) in enumerate(self._sections(keys)):
            heading = QLabel(title)
            # More room above a group than within it.
            heading.setContentsMargins(0, ROOMY if number else 0, 0, 0)
            heading.setFont(font_of(heading.font(), NORMAL, is_bold=True))
            form.addRow(heading)
            for name, field in rows:
                form.addRow(name, field)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE, PAGE, PAGE, PAGE)
        column.setSpacing(PAGE)
        column.addLayout(form)
        column.addWidget(close)
        self._connect()

    def _sections(self, keys: QPushButton) -> list[tuple[str, list[tuple[str, QWidget]]]]:
        return [
            (
                self.tr("Mouse and keys"),
                [(self.tr("Mouse scheme"), self.scheme), (self.tr("Left button in PACS"), self.tool), ("", keys)],
            ),
            (
                self.tr("Display"),
                [
                    (self.tr("Convention"), self.convention),
                    (self.tr("Sagittal views"), self.nose),
                    (self.tr("Images"), self.interpolation),
                    (self.tr("Comparison colours"), self.palette_field),
                    (self.tr("Cine"), self.cine),
                    (self.tr("Lightbox"), self.lightbox),
                ],
            ),
            (self.tr("Window"), [(self.tr("Theme"), self.theme)]),
        ]

    def _mouse_fields(self) -> tuple[QComboBox, QComboBox]:
        pointer = self._session.pointer
        schemes = [
            ("research", self.tr("Research: left drag moves the crosshair, right drag zooms")),
            ("pacs", self.tr("PACS: left drag is the chosen tool, right drag sets the window")),
        ]
        tools = [
            ("scroll", self.tr("Scroll slices")),
            ("window", self.tr("Window and level")),
            ("pan", self.tr("Pan")),
            ("zoom", self.tr("Zoom")),
            ("crosshair", self.tr("Crosshair")),
        ]
        return _field(schemes, pointer.scheme), _field(tools, pointer.tool)

    def _display_fields(self) -> tuple[QComboBox, QComboBox, QComboBox, QComboBox]:
        view, layers = self._session.view, self._session.layers
        conventions = [
            ("radiological", self.tr("Radiological: patient right on screen left")),
            ("neurological", self.tr("Neurological: patient right on screen right")),
        ]
        noses = [("left", self.tr("Nose on the left")), ("right", self.tr("Nose on the right"))]
        kinds = [("linear", self.tr("Smooth (linear)")), ("nearest", self.tr("As voxels (nearest neighbour)"))]
        palettes = [
            ("standard", self.tr("Red, blue, purple")),
            ("colour-blind", self.tr("Vermilion, sky blue, yellow: for colour-blind readers")),
        ]
        return (
            _field(conventions, view.convention),
            _field(noses, view.sagittal_nose),
            _field(kinds, view.interpolation),
            _field(palettes, layers.palette),
        )

    def _prepare_numbers(self) -> None:
        view = self._session.view
        self.cine.setRange(*CINE_RANGE)
        self.cine.setSuffix(self.tr(" slices a second"))
        self.cine.setValue(view.cine_per_second)
        self.lightbox.setRange(*LIGHTBOX_RANGE_MM)
        self.lightbox.setDecimals(1)
        self.lightbox.setPrefix(self.tr("every "))
        self.lightbox.setSuffix(self.tr(" mm"))
        self.lightbox.setValue(view.lightbox_mm)

    def _connect(self) -> None:
        session = self._session
        for field, take in (
            (self.scheme, session.pointer.set_scheme),
            (self.tool, session.pointer.set_tool),
            (self.convention, session.view.set_convention),
            (self.nose, session.view.set_sagittal_nose),
            (self.interpolation, session.view.set_interpolation),
            (self.palette_field, session.layers.set_palette),
            (self.theme, choose_theme),
        ):
            field.currentIndexChanged.connect(lambda _row, field=field, take=take: take(str(field.currentData())))
        self.scheme.currentIndexChanged.connect(self._rest_tool)
        self.cine.valueChanged.connect(session.view.set_cine_per_second)
        self.lightbox.valueChanged.connect(session.view.set_lightbox_mm)
        self._rest_tool()

    def _rest_tool(self) -> None:
        self.tool.setEnabled(self.scheme.currentData() == "pacs")


def _field(options: Options, value: str) -> QComboBox:
    field = QComboBox()
    for each, words in options:
        field.addItem(words, each)
    field.setCurrentIndex(max(0, field.findData(value)))
    return field
