"""The report of one case: key slices, 3D, volumes and figures, note and decision, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workstation.core.labels import REGION_NAMES
from workstation.core.volume import LabelMap
from workstation.gui.report.blocks import Block, Document, Facts, Heading, Table, Text, plain
from workstation.gui.report.case_pictures import Scene, Style, picture_blocks
from workstation.gui.report.words import NO_VALUE, decision_word, footer_word, notice_word, number_word, region_word, tr
from workstation.io.case_report import CaseFacts


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
        *picture_blocks(facts, style, scene),
        *_figures(facts),
        *_review(facts),
        *_provenance(facts),
    ]
    name = plain(facts.case.name, longest=80)
    return Document(
        tr("Segmentation report: {0}").format(name), footer_word(name, facts.created), notice_word(), blocks
    )


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
        Column("hd95_mm", tr("HD95\nmm"), 2),
        Column("assd_mm", tr("ASSD\nmm"), 2),
        Column("nsd_1mm", tr("NSD\n1 mm"), 3),
        Column("nsd_2mm", tr("NSD\n2 mm"), 3),
        Column("lesionwise_dice", tr("Lesion\nDice"), 3),
        Column("truth_ml", tr("Truth\nml"), 2),
        Column("prediction_ml", tr("Pred.\nml"), 2),
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
        return [Heading(tr("Figures by region")), Table(header, rows, is_small=True), Text(rule, "small")]
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
