"""Words and numbers of reports."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from workstation import __version__

NO_VALUE = "\N{EN DASH}"


def tr(text: str) -> str:
    """A text in the user's language."""
    return QCoreApplication.translate("Report", text)


def number_word(value: float | None, *, digits: int) -> str:
    """A number; a dash where it is undefined."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def region_word(region: str) -> str:
    """A region with its short name."""
    words = {
        "WT": tr("Whole tumour (WT)"),
        "TC": tr("Tumour core (TC)"),
        "ET": tr("Enhancing tumour (ET)"),
        "RC": tr("Resection cavity (RC)"),
    }
    return words.get(region, tr("All labels"))


def plane_word(plane: str) -> str:
    """A plane's name."""
    return {"axial": tr("Axial"), "sagittal": tr("Sagittal"), "coronal": tr("Coronal")}[plane]


def decision_word(decision: str) -> str:
    """What a reader decided."""
    words = {
        "accepted": tr("Accepted"),
        "corrected": tr("Corrected"),
        "rejected": tr("Rejected"),
        "flagged": tr("Flagged"),
    }
    return words.get(decision, tr("None yet"))


def footer_word(name: str, created: str) -> str:
    """What a report is about, and when and by what it was made."""
    time = created.replace("T", " ").replace("+00:00", " UTC")
    return tr("{0}, made {1} by BraTS workstation {2}").format(name, time, __version__)


def notice_word() -> str:
    """What a report is not for."""
    return tr("For research. Not for clinical use, not a medical device.")
