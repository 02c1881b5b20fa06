"""Blocks on pages and as HTML: what breaks where, and that words of strangers stay words."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader
from PySide6.QtGui import QImage, QPainter, qGray
from pytestqt.qtbot import QtBot

from workstation.errors import ExportError
from workstation.gui.report.axes import Span
from workstation.gui.report.blocks import Document, Facts, Gallery, Heading, Key, Legend, Picture, Table, Text, plain
from workstation.gui.report.canvas import Canvas
from workstation.gui.report.contours import contours_of
from workstation.gui.report.flow import page_images, write_pdf
from workstation.gui.report.markup import html_of
from workstation.gui.report.writing import write_document

HOSTILE = "<script>alert('x')</script><b>&amp;\"'"
pytestmark = pytest.mark.usefixtures("qapp")


def document(*blocks: object) -> Document:
    return Document("Title", "footer words", "For research.", blocks)  # type: ignore[arg-type]


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def pdf_text(path: Path) -> list[str]:
    """The words of each page, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(path.read_bytes())).pages]


def dark_rows(image: QImage) -> np.ndarray:
    """Whether each row of a picture holds ink."""
    return np.array(
        [any(qGray(image.pixel(x, y)) < 160 for x in range(0, image.width(), 3)) for y in range(image.height())]
    )


def test_markup_in_names_is_shown_and_never_carried_out() -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    page = parsed(
        html_of(
            Document(
                HOSTILE,
                HOSTILE,
                HOSTILE,
                [
                    Heading(HOSTILE),
                    Text(HOSTILE),
                    Facts([(HOSTILE, HOSTILE)]),
                    Table([HOSTILE], [[HOSTILE]]),
                    Gallery([Picture(image, HOSTILE, HOSTILE), Legend(HOSTILE, [Key(HOSTILE, (1, 2, 3))], HOSTILE)]),
                ],
            )
        )
    )
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "b", "iframe", "object", "link"}
    assert page.text.count(HOSTILE) == 13
    assert next(attributes["alt"] for tag, attributes in page.tags if tag == "img") == HOSTILE
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_an_html_report_needs_no_other_file_and_forbids_scripts() -> None:
    page = html_of(document(Gallery([Picture(QImage(8, 8, QImage.Format.Format_RGB32), "a picture")])))
    sources = [attributes["src"] or "" for tag, attributes in parsed(page).tags if tag == "img"]
    assert sources
    assert all(each.startswith("data:image/png;base64,") for each in sources)
    policy = next(a["content"] for tag, a in parsed(page).tags if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("seg\u202egnp.exe", "seg\ufffdgnp.exe"),
        ("one\r\ntwo", "one\ntwo"),
        ("tab\there", "tab here"),
        ("Gliom \u00e4\u4e2d\u6587", "Gliom \u00e4\u4e2d\u6587"),
    ],
)
def test_control_characters_and_changes_of_direction_are_not_printed(words: str, shown: str) -> None:
    assert plain(words) == shown


def test_a_long_note_ends() -> None:
    assert len(plain("x" * 100_000)) == 4001


def test_a_pdf_holds_its_words_and_its_fonts(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    write_document(document(Heading("Heading"), Text(HOSTILE), Table(["Case", "Dice"], [["A", "0.5"]])), path)
    (text,) = pdf_text(path)
    for words in ("Heading", HOSTILE, "Dice", "0.5", "For research.", "footer words", "1 / 1"):
        assert words in text
    page = PdfReader(path).pages[0]
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert descriptors
    assert all("/FontFile2" in each or "/FontFile3" in each for each in descriptors)


def test_a_long_table_repeats_its_header_and_loses_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    rows = [[f"Case_{number:03d}", f"{number / 1000:.3f}"] for number in range(150)]
    assert write_pdf(document(Heading("Cases"), Table(["Name", "Dice"], rows)), path) == 3
    pages = pdf_text(path)
    assert all(page.count("Dice") == 1 for page in pages)
    assert [sum(f"Case_{number:03d}" in page for page in pages) for number in range(150)] == [1] * 150
    assert "2 / 3" in pages[1]


def test_a_heading_is_never_the_last_line_of_a_page(tmp_path: Path) -> None:
    for count in range(50, 75):
        path = tmp_path / f"{count}.pdf"
        write_pdf(document(Text("\n".join(["line"] * count)), Heading("Heading"), Table(["Name"], [["Row"]])), path)
        for page in pdf_text(path):
            assert ("Heading" in page) == ("Row" in page)


def test_long_names_are_broken_and_stay_within_the_margins() -> None:
    name = "Patient_" * 40
    (image,) = page_images(document(Heading(name), Facts([("Case", name)]), Table(["Case", "Dice"], [[name, "0.1"]])))
    margin = round(14 / 25.4 * 100)
    for x in [*range(margin), *range(image.width() - margin, image.width())]:
        assert all(qGray(image.pixel(x, y)) > 200 for y in range(0, image.height(), 2)), x


def test_a_page_is_the_same_every_time() -> None:
    made = document(Heading("Heading"), Text("words " * 200), Table(["a", "b"], [["c", "1"]] * 3))
    first, second = page_images(made), page_images(made)
    assert first == second
    assert dark_rows(first[0]).any()


def test_characters_beyond_the_basic_plane_are_not_cut(qtbot: QtBot) -> None:
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    canvas = Canvas(painter, image)
    words = "\U0001f9e0" * 30
    assert "".join(canvas.lines(words, canvas.font(), 60)) == words
    painter.end()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\.docx"):
        write_document(document(), tmp_path / "a.docx")
    assert not list(tmp_path.iterdir())


def test_a_contour_is_closed_and_as_long_as_the_border() -> None:
    mask = np.zeros((6, 6), dtype=bool)
    mask[1:4, 2:4] = True  # 3 by 2 pixels
    mask[4, 4] = True  # touches it by a corner
    mask[0, 0] = True
    contours = contours_of(mask)
    length = 0.0
    for contour in contours:
        points = [(each.x(), each.y()) for each in contour]
        assert points[0] == points[-1]
        length += sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(points))
    # Perimeters 10, 4 and 4.
    assert length == 18
    assert contours_of(np.zeros((3, 3), dtype=bool)) == []


@pytest.mark.parametrize(
    ("span", "ticks"),
    [(Span(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]), (Span(-12, 31), [-10, 0, 10, 20, 30]), (Span(0, 4), [0, 1, 2, 3, 4])],
)
def test_ticks_are_round_numbers(span: Span, ticks: list[float]) -> None:
    assert span.ticks == pytest.approx(ticks)
