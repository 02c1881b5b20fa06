"""What the open masks are called, the same in panels, legend and status bar."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from workstation.core.labels import Label

_SHORT = {"core": "core", "oedema": "oedema", "enhancing": "enh.", "cavity": "cavity", "region": "tumour"}


def mask_name(slot: str) -> str:
    """Name of what was opened as "truth", as "prediction" or as "second" mask, or was "edited"."""
    names = {
        "truth": _tr("Truth"),
        "prediction": _tr("Prediction"),
        "second": _tr("Second mask"),
        "edited": _tr("Edited"),
    }
    return names[slot]


def short_name(label: Label) -> str:
    """A label in one short word, for the titles of narrow columns; its value where there is none."""
    return _SHORT.get(label.tissue, str(label.value))


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskNames", text)
