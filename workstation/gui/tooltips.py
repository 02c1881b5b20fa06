"""Tooltips that show names of strangers' files: Qt takes what looks like markup for markup unless it is escaped."""

from __future__ import annotations

import html

from PySide6 import QtGui


def plain_tip(text: str) -> str:
    """A tooltip that shows a text as it is, line by line."""
    return f"<span>{html.escape(text).replace(chr(10), '<br>')}</span>"


def guarded_tip(text: str) -> str:
    """The text itself, or as `plain_tip` where Qt would take it for markup: lines are not broken anew."""
    return plain_tip(text) if QtGui.Qt.mightBeRichText(text) else text
