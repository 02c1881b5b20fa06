"""The pictures of a case's report: slices where the tumour and where the error is largest, 3D, and their legend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtGui import QImage

from workstation.core.case import SEQUENCES
from workstation.core.key_slices import Slices
from workstation.gui.colours import PALETTES
from workstation.gui.report.blocks import Block, Gallery, Heading, Legend, Picture, Text, plain
from workstation.gui.report.overlays import Overlay, comparison_overlay, empty_overlay, label_overlay
from workstation.gui.report.slices import PLANES, Convention, SlicePictures
from workstation.gui.report.words import number_word, plane_word, tr
from workstation.io.case_report import CaseFacts

Scene = Callable[[CaseFacts, str], QImage | None]
"""Draws the 3D picture of a case in a palette; None where that does not work."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a report shows a case.

    Parameters
    ----------
    sequence : str
        What the slices show; where the case has no such one, FLAIR, else its last.
    palette : {"standard", "colour-blind"}
    convention : Convention
    """

    sequence: str = ""
    palette: str = "standard"
    convention: Convention = field(default_factory=Convention)


def picture_blocks(facts: CaseFacts, style: Style, scene: Scene) -> list[Block]:
    """Two rows: three planes with 3D and three planes with the legend; without an error three planes, then 3D."""
    sequence = style.sequence if style.sequence in facts.case.sequences else _default_sequence(facts)
    overlay = _overlay(facts, style)
    slices = SlicePictures(facts.case, sequence, overlay, style.convention)
    legend = _legend(overlay, style)
    beside = _beside(scene(facts, style.palette))
    i, j, k = facts.case.grid.shape
    largest, error = facts.compared.largest, facts.compared.error
    above = tr("Slices with the largest tumour area, {0}") if largest else tr("Middle slices, {0}")
    heading = Heading(above.format(plain(sequence, longest=60)))
    first: list[Picture | Legend] = [*_row(slices, largest or (i // 2, j // 2, k // 2))]
    if error is None:
        are_equal = facts.truth is not None and facts.prediction is not None
        words = [Text(tr("Prediction and truth are equal."))] if are_equal else []
        return [heading, Gallery(first, 3), Gallery([beside, legend], 3), *words]
    kind = tr("missed (FN)") if error.is_missed else tr("added (FP)")
    volume = number_word(error.voxels * facts.case.grid.voxel_ml, digits=2)
    below = Heading(tr("Largest connected error: {0}, {1} ml").format(kind, volume))
    return [heading, Gallery([*first, beside]), below, Gallery([*_row(slices, error.slices), legend])]


def _row(slices: SlicePictures, at: Slices) -> list[Picture]:
    pictures = []
    for plane in PLANES:
        number, count = slices.slice_number(plane, at)
        words = tr("{0}, slice {1} of {2}").format(plane_word(plane), number, count)
        pictures.append(Picture(slices.picture(plane, at), words))
    return pictures


def _beside(view: QImage | None) -> Picture | Legend:
    if view is None:
        return Legend(tr("3D"), (), tr("OpenGL does not work on this computer; the slices do not need it."))
    return Picture(view, tr("Masks in the head, obliquely from the front"))


def _legend(overlay: Overlay, style: Style) -> Legend:
    convention = {
        "radiological": tr("Radiological: the patient's right is on the left."),
        "neurological": tr("Neurological: the patient's right is on the right."),
    }[style.convention.side]
    remarks = [overlay.legend.remark, convention]
    return Legend(overlay.legend.title, overlay.legend.keys, "\n".join(remark for remark in remarks if remark))


def _default_sequence(facts: CaseFacts) -> str:
    names = list(facts.case.sequences)
    return SEQUENCES[-1] if SEQUENCES[-1] in names else names[-1]


def _overlay(facts: CaseFacts, style: Style) -> Overlay:
    if facts.truth is not None and facts.prediction is not None:
        return comparison_overlay(facts.truth, facts.prediction, facts.compared.region, PALETTES[style.palette])
    if facts.prediction is not None:
        return label_overlay(facts.prediction, tr("Prediction, by label"))
    if facts.truth is not None:
        return label_overlay(facts.truth, tr("Truth, by label"))
    return empty_overlay(facts.case.grid.shape)
