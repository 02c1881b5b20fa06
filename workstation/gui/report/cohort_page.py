"""The report of a cohort: summary, box plots, agreement of volumes, and all cases, the worst first."""

from __future__ import annotations

from workstation.gui.report.blocks import Block, Document, Facts, Heading, Plots, Table, Text, plain
from workstation.gui.report.plots import AgreementPlot, BoxPlots
from workstation.gui.report.words import NO_VALUE, decision_word, footer_word, notice_word, number_word, region_word, tr
from workstation.io.cohort_report import CohortFacts, CohortRow


def cohort_document(facts: CohortFacts) -> Document:
    """The report of a cohort."""
    name = plain(facts.name, longest=80)
    blocks: list[Block] = [Heading(tr("Cohort report"), 1), Facts(_cohort_facts(facts))]
    if facts.is_stopped:
        blocks.append(Text(tr("Stopped before the last case: this is a part of the data set."), "warning"))
    blocks += _summaries(facts) + _plots(facts) + _cases(facts) + _unscored(facts)
    return Document(tr("Cohort report: {0}").format(name), footer_word(name, facts.created), notice_word(), blocks)


def _cohort_facts(facts: CohortFacts) -> list[tuple[str, str]]:
    scored = len(facts.scored)
    return [
        (tr("Data set"), plain(facts.name)),
        (tr("Cases"), str(len(facts.rows))),
        (tr("Predictions"), plain(facts.predictions)),
        (tr("Scored"), str(scored)),
        (tr("Made with"), plain(", ".join(f"{name} {number}" for name, number in facts.versions.items()))),
        (tr("Not scored"), str(len(facts.rows) - scored)),
    ]


def _summaries(facts: CohortFacts) -> list[Block]:
    figures = [("dice", tr("Dice"), 3), ("hd95_mm", tr("HD95 (mm)"), 2), ("nsd_1mm", tr("NSD at 1 mm"), 3)]
    header = [tr("Figure"), tr("Region"), "n", tr("Mean"), tr("Median"), tr("1st\nquartile"), tr("3rd\nquartile")]
    header += [tr("Lowest"), tr("Highest")]
    rows = []
    for figure, words, digits in figures:
        for region in facts.regions:
            found = facts.box(region, figure).summary
            if found.count:
                values = (found.mean, found.median, found.q1, found.q3, found.lowest, found.highest)
                numbers = [number_word(value, digits=digits) for value in values]
                rows.append([words, region_word(region), str(found.count), *numbers])
    if not rows:
        return [Text(tr("No case could be scored."), "warning")]
    return [Heading(tr("Summary")), Table(header, rows, left_columns=2, is_small=True)]


def _plots(facts: CohortFacts) -> list[Block]:
    if not facts.scored:
        return []
    groups = [(region, facts.box(region, "dice"), facts.values(region, "dice")) for region in facts.regions]
    plots: list[BoxPlots | AgreementPlot] = [BoxPlots(tr("Dice by region"), tr("Dice"), groups)]
    for region in facts.regions:
        title = tr("Volume, {0}").format(region_word(region))
        plots.append(AgreementPlot(title, tr("ml"), facts.agreement(region)))
    rows: list[Block] = [Plots(plots[start : start + 2]) for start in range(0, len(plots), 2)]
    words = tr(
        "Box: quartiles and median; whiskers to the outermost case within 1.5 interquartile ranges; every case a "
        "point. Volumes after Bland and Altman (Lancet 1986): bias is the mean difference, limits of agreement (95 %) "
        "are bias \N{PLUS-MINUS SIGN} 1.96 standard deviations (n \N{MINUS SIGN} 1)."
    )
    return [Heading(tr("Spread and agreement")), *rows, Text(words, "small")]


def _cases(facts: CohortFacts) -> list[Block]:
    if not facts.scored:
        return []
    has_distance = any("hd95_mm" in each for row in facts.scored for each in row.scores.values())
    has_review = any(row.review is not None for row in facts.rows)
    first = facts.regions[0]
    header = [tr("Case"), *([tr("Decision")] if has_review else [])]
    header += [tr("Dice\n{0}").format(region) for region in facts.regions]
    header += [tr("HD95\n{0}").format(region) for region in facts.regions if has_distance]
    header += [tr("Truth {0}\nml").format(first), tr("Pred. {0}\nml").format(first)]
    rows = []
    for row in facts.scored:
        decision = [decision_word(row.review.decision) if row.review else NO_VALUE] if has_review else []
        numbers = [_figure(row, region, "dice", 3) for region in facts.regions]
        numbers += [_figure(row, region, "hd95_mm", 1) for region in facts.regions if has_distance]
        numbers += [_figure(row, first, "truth_ml", 2), _figure(row, first, "prediction_ml", 2)]
        rows.append([plain(row.case), *decision, *numbers])
    words = tr("By mean Dice over the regions. HD95 in mm.") if has_distance else tr("By mean Dice over the regions.")
    table = Table(header, rows, left_columns=2 if has_review else 1, is_small=True)
    return [Heading(tr("Cases, the worst first")), Text(words, "quiet"), table]


def _figure(row: CohortRow, region: str, figure: str, digits: int) -> str:
    return number_word(row.scores.get(region, {}).get(figure), digits=digits)


def _unscored(facts: CohortFacts) -> list[Block]:
    rows = [[plain(row.case), plain(_problem_word(row.problem))] for row in facts.rows if not row.scores]
    if not rows:
        return []
    return [Heading(tr("Not scored")), Table([tr("Case"), tr("Why")], rows, left_columns=2, is_small=True)]


def _problem_word(problem: str) -> str:
    words = {
        "no truth": tr("no truth"),
        "no prediction": tr("no prediction"),
        "several predictions": tr("several predictions"),
    }
    return words.get(problem, problem)
