"""The report of one case: key slices, 3D, volumes and figures, note and decision, provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtGui import QImage

from workstation.core.case import SEQUENCES
from workstation.core.key_slices import Slices
from workstation.core.labels import REGION_NAMES
from workstation.core.volume import LabelMap
from workstation.gui.colours import PALETTES
from workstation.gui.report.blocks import Block, Document, Facts, Gallery, Heading, Legend, Picture, Table, Text, plain
from workstation.gui.report.overlays import Overlay, comparison_overlay, empty_overlay, label_overlay
from workstation.gui.report.slices import PLANES, Convention, SlicePictures
from workstation.gui.report.words import NO_VALUE, decision_word, notice_word, number_word, plane_word, region_word, tr
from workstation.io.case_report import CaseFacts

Scene = Callable[[CaseFacts, str], QImage | None]


@dataclass(frozen=True, slots=True)
class Style:
    """How a report shows a case.

    Parameters
    ----------
    sequence : str
        What the slices show; empty takes FLAIR, else the last one there is.
    palette : {"standard", "colour-blind"}
    convention : Convention
    """

    sequence: str = ""
    palette: str = "standard"
    convention: Convention = field(default_factory=Convention)


def case_document(facts: CaseFacts, style: Style, *, scene: Scene) -> Document:
    """The report of a case.

    Parameters
    ----------
    facts : CaseFacts
    style : Style
    scene : callable
        Draws the 3D picture; gives None where that does not work.
    """
    blocks = [
        Heading(tr("Segmentation report"), 1),
        Facts(_case_facts(facts)),
        *_pictures(facts, style, scene),
        *_figures(facts),
        *_review(facts),
        *_provenance(facts),
    ]
    name = plain(facts.case.name, longest=120)
    footer = tr("{0}, made {1} by BraTS workstation {2}").format(
        name, facts.created.replace("T", " ").replace("+00:00", " UTC"), facts.versions.get("workstation", "")
    )
    return Document(tr("Segmentation report: {0}").format(name), footer, notice_word(), blocks)


def _case_facts(facts: CaseFacts) -> list[tuple[str, str]]:
    case, made = facts.case, facts.segmentation.get("model")
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, case.grid.shape))
    zooms = " \N{MULTIPLICATION SIGN} ".join(f"{zoom:.2f}" for zoom in case.grid.zooms)
    model = str(made.get("name", "")) if isinstance(made, Mapping) else ""
    return [
        (tr("Case"), plain(case.name)),
        (tr("Sequences"), plain(", ".join(case.sequences))),
        (tr("Voxels"), f"{shape}; {zooms} mm; {case.grid.axis_codes}"),
        (tr("Truth"), _mask_word(facts.truth)),
        (tr("Model"), plain(model) or tr("unknown") if facts.prediction else NO_VALUE),
        (tr("Prediction"), _mask_word(facts.prediction)),
    ]


def _mask_word(mask: LabelMap | None) -> str:
    return tr("none") if mask is None else tr("labels of {0}").format(mask.scheme.title)


def _pictures(facts: CaseFacts, style: Style, scene: Scene) -> list[Block]:
    sequence = style.sequence if style.sequence in facts.case.sequences else _default_sequence(facts)
    overlay = _overlay(facts, style)
    slices = SlicePictures(facts.case, sequence, overlay, style.convention)
    i, j, k = facts.case.grid.shape
    middle = (i // 2, j // 2, k // 2)
    largest = facts.compared.largest
    above = tr("Slices with the largest tumour area, {0}") if largest else tr("Middle slices, {0}")
    above = above.format(plain(sequence, longest=60))
    convention = {
        "radiological": tr("Radiological: the patient's right is on the left."),
        "neurological": tr("Neurological: the patient's right is on the right."),
    }[style.convention.side]
    view = scene(facts, style.palette)
    beside: Picture | Legend = (
        Legend(tr("3D"), (), tr("OpenGL does not work on this computer; the slices do not need it."))
        if view is None
        else Picture(view, tr("Masks in the head, obliquely from the front"))
    )
    cells: list[Picture | Legend] = [*_row(slices, largest or middle), beside]
    legend = Legend(overlay.legend.title, overlay.legend.keys, " ".join([overlay.legend.remark, convention]).strip())
    error = facts.compared.error
    if error is None:
        words = tr("Prediction and truth are equal.") if facts.truth and facts.prediction else ""
        blocks: list[Block] = [Heading(above), Gallery(cells), Gallery([legend])]
        return [*blocks, Text(words)] if words else blocks
    kind = tr("missed (FN)") if error.is_missed else tr("added (FP)")
    below = tr("Largest connected error: {0}, {1} ml").format(
        kind, number_word(error.voxels * facts.case.grid.voxel_ml, digits=2)
    )
    second: list[Picture | Legend] = [*_row(slices, error.slices), legend]
    return [Heading(above), Gallery(cells), Heading(below), Gallery(second)]


def _row(slices: SlicePictures, at: Slices) -> list[Picture]:
    pictures = []
    for plane in PLANES:
        number, count = slices.slice_number(plane, at)
        words = tr("{0}, slice {1} of {2}").format(plane_word(plane), number, count)
        pictures.append(Picture(slices.picture(plane, at), words))
    return pictures


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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures: its name in the results, its head, its digits."""

    name: str
    head: str
    digits: int


def score_columns(scores: Sequence[Mapping[str, float]]) -> list[Column]:
    """The columns of a table of figures, of those that any of the regions has."""
    known = [
        Column("dice", tr("Dice"), 3),
        Column("sensitivity", tr("Sens."), 3),
        Column("specificity", tr("Spec."), 4),
        Column("precision", tr("Prec."), 3),
        Column("hd95_mm", tr("HD95 mm"), 2),
        Column("assd_mm", tr("ASSD mm"), 2),
        Column("nsd_1mm", tr("NSD 1 mm"), 3),
        Column("nsd_2mm", tr("NSD 2 mm"), 3),
        Column("lesionwise_dice", tr("Lesion Dice"), 3),
        Column("truth_ml", tr("Truth ml"), 2),
        Column("prediction_ml", tr("Pred. ml"), 2),
    ]
    return [column for column in known if any(column.name in each for each in scores)]


def _figures(facts: CaseFacts) -> list[Block]:
    scores = facts.compared.scores
    if scores:
        columns = score_columns(list(scores.values()))
        rows = [
            [region_word(name), *(number_word(each.get(column.name), digits=column.digits) for column in columns)]
            for name, each in scores.items()
        ]
        rule = tr(
            "Dice = 2 TP / (2 TP + FP + FN). Where both masks are empty a ratio counts 1, where one is, 0, as in the "
            "BraTS challenge."
        )
        if any("hd95_mm" in each for each in scores.values()):
            rule += " " + tr("HD95: larger directed 95th percentile of surface distances; 374 mm if one mask is empty.")
        header = [tr("Region"), *(column.head for column in columns)]
        return [Heading(tr("Figures by region")), Table(header, rows), Text(rule, "small")]
    volumes = facts.compared.prediction_ml or facts.compared.truth_ml
    if not volumes:
        return []
    whose = tr("Prediction ml") if facts.compared.prediction_ml else tr("Truth ml")
    rows = [[region_word(name), number_word(volumes[name], digits=2)] for name in REGION_NAMES if name in volumes]
    missing = (
        tr("There is no truth to compare with.") if facts.truth is None else tr("There is no prediction to judge.")
    )
    return [Heading(tr("Volumes by region")), Table([tr("Region"), whose], rows), Text(missing, "quiet")]


def _review(facts: CaseFacts) -> list[Block]:
    review = facts.review
    if review is None:
        return []
    pairs = [(tr("Decision"), decision_word(review.decision))]
    if review.reviewer:
        pairs.append((tr("Reader"), plain(review.reviewer)))
    if review.date:
        pairs.append((tr("Date"), plain(review.date)))
    if review.reason:
        pairs.append((tr("Reason"), plain(review.reason)))
    note = [Text(plain(review.note))] if review.note.strip() else []
    return [Heading(tr("Review")), Facts(pairs), *note]


def _provenance(facts: CaseFacts) -> list[Block]:
    made: dict[str, Any] = dict(facts.segmentation)
    pairs: list[tuple[str, str]] = []
    model = made.get("model")
    if isinstance(model, Mapping):
        pairs.append((tr("Model"), plain(f"{model.get('name', '?')}, SHA-256 {model.get('sha256', '?')}")))
    if "threshold" in made:
        pairs.append((tr("Threshold"), plain(str(made["threshold"]))))
    preprocessing = made.get("preprocessing")
    if isinstance(preprocessing, Mapping) and preprocessing:
        words = "; ".join(f"{name} {value}" for name, value in preprocessing.items())
        pairs.append((tr("Preprocessing"), plain(words)))
    for name, versions in ((tr("Segmented with"), made.get("versions")), (tr("Reported with"), facts.versions)):
        if isinstance(versions, Mapping) and versions:
            pairs.append((name, plain(", ".join(f"{package} {number}" for package, number in versions.items()))))
    if facts.edits:
        pairs.append((tr("Edits"), plain("; ".join(facts.edits))))
    rows = [
        [plain(str(each.get("sequence", ""))), plain(str(each.get("file", ""))), str(each.get("sha256") or NO_VALUE)]
        for each in facts.sources
    ]
    table = Table([tr("Image"), tr("File"), "SHA-256"], rows, left_columns=3, is_small=True)
    return [Heading(tr("Provenance")), Facts(pairs, columns=1), table]
