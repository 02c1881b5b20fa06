"""A document on A4 pages: as PDF with its fonts inside, or as pictures of its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

from workstation import __version__
from workstation.errors import ExportError
from workstation.gui.report.blocks import Document
from workstation.gui.report.canvas import FAINT_RULE, QUIET, TINY_PT, Canvas
from workstation.gui.report.strips import Strip, strips_of
from workstation.io.files import not_written

PAGE_MM = (210.0, 297.0)
_MARGIN_MM = 15.0
_FOOTER_MM = 9.0
_PDF_DPI = 1200
_MM_PER_INCH = 25.4


def write_pdf(document: Document, path: Path) -> int:
    """Write a document as PDF.

    Returns
    -------
    int
        Its pages.

    Raises
    ------
    ExportError
        It cannot be written.
    """
    # In memory first: Qt does not say that the disk was full.
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    )
    writer.setResolution(_PDF_DPI)
    writer.setTitle(document.title)
    writer.setCreator(f"BraTS workstation {__version__}")
    painter = QPainter()
    if not painter.begin(writer):
        raise ExportError(f"{path} could not be written", hint="Check the folder and the disk.", path=path)
    # Slices are evidence: no blocks of a lossy compression.
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    canvas = Canvas(painter, writer)
    pages = _paginate(document, canvas)
    for number, page in enumerate(pages):
        if number:
            writer.newPage()
        _paint_page(document, canvas, page, number, len(pages))
    if not painter.end():
        raise ExportError(f"{path} could not be written", hint="Check that the disk is not full.", path=path)
    try:
        path.write_bytes(buffer.data().data())
    except OSError as error:
        raise not_written(path, error) from error
    return len(pages)


def page_images(document: Document, *, dpi: int = 100) -> list[QImage]:
    """The pages as pictures."""
    width, height = (round(side / _MM_PER_INCH * dpi) for side in PAGE_MM)
    count, images = 1, []
    number = 0
    while number < count:
        image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
        image.setDotsPerMeterX(round(dpi / _MM_PER_INCH * 1000))
        image.setDotsPerMeterY(round(dpi / _MM_PER_INCH * 1000))
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        canvas = Canvas(painter, image)
        pages = _paginate(document, canvas)
        count = len(pages)
        _paint_page(document, canvas, pages[number], number, count)
        painter.end()
        images.append(image)
        number += 1
    return images


Placed = list[tuple[float, Strip]]


def _paginate(document: Document, canvas: Canvas) -> list[Placed]:
    """The strips of each page with their tops."""
    top, bottom = canvas.mm(_MARGIN_MM), canvas.mm(PAGE_MM[1] - _MARGIN_MM - _FOOTER_MM)
    width = canvas.mm(PAGE_MM[0] - 2 * _MARGIN_MM)
    pages: list[Placed] = [[]]
    y = top
    strips = [strip for block in document.blocks for strip in strips_of(block, canvas, width)]
    for index, strip in enumerate(strips):
        needed = strip.height + _needed_after(strips, index)
        if y + needed > bottom and pages[-1]:
            pages.append([])
            y = top
            if strip.above is not None:
                pages[-1].append((y, strip.above))
                y += strip.above.height
        pages[-1].append((y, strip))
        y += strip.height
    return pages


def _needed_after(strips: list[Strip], index: int) -> float:
    """Height of what must stand on the same page below a strip."""
    needed = 0.0
    while index < len(strips) - 1 and strips[index].keeps_next:
        index += 1
        needed += strips[index].height
    return needed


def _paint_page(document: Document, canvas: Canvas, page: Placed, number: int, count: int) -> None:
    left, width = canvas.mm(_MARGIN_MM), canvas.mm(PAGE_MM[0] - 2 * _MARGIN_MM)
    for y, strip in page:
        strip.paint(QRectF(left, y, width, strip.height))
    _paint_footer(document, canvas, QRectF(left, 0, width, 0), f"{number + 1} / {count}")


def _paint_footer(document: Document, canvas: Canvas, place: QRectF, page_words: str) -> None:
    font, bold = canvas.font(TINY_PT + 0.5), canvas.font(TINY_PT + 0.5, is_bold=True)
    height = canvas.line_height(font)
    top = canvas.mm(PAGE_MM[1] - _MARGIN_MM - 6)
    canvas.rule(QPointF(place.left(), top), QPointF(place.right(), top), colour=FAINT_RULE)
    first = QRectF(place.left(), top + canvas.mm(1), place.width(), height)
    canvas.text(document.notice, first, bold)
    canvas.text(page_words, first, font, side=Qt.AlignmentFlag.AlignRight, colour=QUIET)
    line = canvas.lines(document.footer, font, place.width())[0]
    canvas.text(line, first.translated(0, height), font, colour=QUIET)


Painter = Callable[[Canvas, QRectF], None]


def plot_image(paint: Painter, *, width_mm: float, height_mm: float, dpi: int = 200) -> QImage:
    """A drawing as a picture, for HTML."""
    size = QSize(round(width_mm / _MM_PER_INCH * dpi), round(height_mm / _MM_PER_INCH * dpi))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(dpi / _MM_PER_INCH * 1000))
    image.setDotsPerMeterY(round(dpi / _MM_PER_INCH * 1000))
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint(Canvas(painter, image), QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return image
