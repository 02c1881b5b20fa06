"""Tooltips that show names of strangers' files: Qt takes what looks like markup for markup unless it is escaped."""

from __future__ import annotations

import html


def plain_tip(text: str) -> str:
    """A tooltip that shows a text as it is, line by line."""
    return f"<span>{html.escape(text).replace(chr(10), '<br>')}</span>"
