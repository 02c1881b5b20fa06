"""A document as one HTML file that needs no other: pictures inside, no script, every word escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageWriter

from workstation.gui.colours import hex_of
from workstation.gui.report.blocks import (
    Block,
    Document,
    Facts,
    Gallery,
    Heading,
    Key,
    Legend,
    Picture,
    Plot,
    Plots,
    Table,
    Text,
)
from workstation.gui.report.flow import plot_image
from workstation.gui.report.keys import paint_sample

# Nothing is loaded and nothing runs, whatever a name may hold.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 14px/1.45 "DejaVu Sans", "Noto Sans", Arial, sans-serif; color: #16191d; margin: 2rem auto;
  padding: 0 1rem; max-width: 60rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0 0 .6rem; } h2 { font-size: 1.1rem; margin: 1.4rem 0 .4rem; }
p { white-space: pre-line; } .quiet { color: #4d545d; font-size: .85em; } .small { color: #4d545d; font-size: .75em; }
.warning { color: #8a1f11; font-weight: bold; }
dl { display: grid; gap: .15rem 1rem; margin: .6rem 0; }
dt { color: #4d545d; } dd { margin: 0; font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9em; }
th { background: #f1f3f5; text-align: left; } th, td { padding: .25rem .5rem; border-bottom: 1px solid #d5d9de;
  vertical-align: top; } .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.row { display: grid; gap: .6rem; margin: .6rem 0; } figure { margin: 0; } img { width: 100%; display: block; }
figcaption { font-size: .75em; margin-top: .2rem; }
.legend { border: 1px solid #d5d9de; padding: .5rem; font-size: .8em; }
.legend li { list-style: none; display: flex; gap: .5rem; align-items: center; margin: .3rem 0; }
.legend ul { padding: 0; margin: .4rem 0; } .legend img { width: 2rem; flex: none; }
footer { border-top: 1px solid #d5d9de; margin-top: 2rem; padding-top: .5rem; font-size: .8em; color: #4d545d; }
@media (max-width: 40rem) { .row { grid-template-columns: repeat(2, 1fr) !important; } }
@media print { body { margin: 0; } }
"""
_PLOT_WIDTH_MM = 90.0


def html_of(document: Document) -> str:
    """The document as HTML."""
    body = "\n".join(_block(block) for block in document.blocks)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
<footer><strong>{escape(document.notice)}</strong><br>{escape(document.footer)}</footer>
</body>
</html>
"""


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{escape(block.words)}</h{block.level}>"
    if isinstance(block, Text):
        return f'<p class="{block.tone}">{escape(block.words)}</p>'
    if isinstance(block, Facts):
        pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in block.pairs)
        columns = f"grid-template-columns: repeat({block.columns}, max-content 1fr)"
        return f'<dl style="{columns}">{pairs}</dl>'
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Gallery):
        return _row([_cell(cell) for cell in block.cells], block.columns)
    return _row([_plot(plot, block) for plot in block.plots], len(block.plots))


def _table(block: Table) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        parts = []
        for number, cell in enumerate(cells):
            kind = "" if number < block.left_columns else ' class="n"'
            parts.append(f"<{tag}{kind}>{escape(cell)}</{tag}>")
        return f"<tr>{''.join(parts)}</tr>"

    rows = "".join(line(row, "td") for row in block.rows)
    return f'<div class="wide"><table><thead>{line(block.header, "th")}</thead><tbody>{rows}</tbody></table></div>'


def _row(cells: list[str], columns: int) -> str:
    return f'<div class="row" style="grid-template-columns: repeat({columns}, 1fr)">{"".join(cells)}</div>'


def _cell(cell: Picture | Legend | None) -> str:
    if isinstance(cell, Picture):
        caption = f"<figcaption>{escape(cell.caption)}</figcaption>" if cell.caption else ""
        return f'<figure><img alt="{escape(cell.description)}" src="{_data(cell.image)}">{caption}</figure>'
    if isinstance(cell, Legend):
        keys = "".join(_key(key) for key in cell.keys)
        remark = f'<p class="quiet">{escape(cell.remark)}</p>' if cell.remark else ""
        return f'<div class="legend"><strong>{escape(cell.title)}</strong><ul>{keys}</ul>{remark}</div>'
    return "<div></div>"


def _key(key: Key) -> str:
    sample = plot_image(lambda canvas, area: paint_sample(key, canvas, area), width_mm=8, height_mm=5)
    value = f'<br><span class="quiet">{escape(key.value)}</span>' if key.value else ""
    return f'<li><img alt="{hex_of(key.colour)}" src="{_data(sample)}"><span>{escape(key.words)}{value}</span></li>'


def _plot(plot: Plot, block: Plots) -> str:
    width = _PLOT_WIDTH_MM * 2 / len(block.plots)
    image = plot_image(plot.paint, width_mm=width, height_mm=block.height_mm)
    return f'<figure><img alt="{escape(plot.title)}" src="{_data(image)}"></figure>'


def _data(image: QImage) -> str:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    buffer.close()
    return "data:image/png;base64," + base64.b64encode(bytes(content.data())).decode()
