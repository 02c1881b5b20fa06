"""Names of files and cases come from strangers: shown in one line, as text and nothing else."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text in which line breaks, control characters and marks that turn the writing direction are visible signs."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
