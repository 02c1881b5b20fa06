"""A document written as PDF or HTML, by the ending of its name."""

from __future__ import annotations

from pathlib import Path

from workstation.errors import ExportError
from workstation.gui.report.blocks import Document
from workstation.gui.report.flow import write_pdf
from workstation.gui.report.markup import html_of
from workstation.io.files import replacing

ENDINGS = (".pdf", ".html")


def require_ending(path: Path) -> None:
    """Raise ExportError where a name is none of a report's."""
    if path.suffix.lower() not in ENDINGS:
        raise ExportError(
            f"{path} is neither a PDF nor an HTML name", hint="Choose a name ending in .pdf or .html.", path=path
        )


def write_document(document: Document, path: Path) -> None:
    """Write a document; ExportError where its name has another ending or it cannot be written."""
    require_ending(path)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".pdf":
            write_pdf(document, temporary)
        else:
            temporary.write_text(html_of(document), encoding="utf-8")
