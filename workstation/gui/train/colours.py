"""Colours of curves, states and terms: mid tones, so that one set is told from either theme's ground."""

from __future__ import annotations

from PySide6.QtGui import QColor

# Blue and orange, as Okabe and Ito's, are told apart by colour-blind readers too.
TRAINING = QColor("#3d9be0")
VALIDATION = QColor("#e08a1e")
BEST = QColor("#1fa67a")
REGIONS = (QColor("#c9a227"), QColor("#b07fd0"), QColor("#d0709a"))

_STATES = {
    "waiting": QColor("#8b949e"),
    "preparing": QColor("#27b3c9"),
    "running": QColor("#27b3c9"),
    "paused": QColor("#c9a227"),
    "stopping": QColor("#c9a227"),
    "finished": QColor("#1fa67a"),
    "stopped": QColor("#8b949e"),
    "failed": QColor("#e0524d"),
    "killed": QColor("#e0524d"),
    "lost": QColor("#e0524d"),
}
_TERMS = {
    "weights": QColor("#b07fd0"),
    "gradients": QColor("#d0709a"),
    "optimiser": QColor("#c9a227"),
    "activations": QColor("#3d9be0"),
    "transient": QColor("#e08a1e"),
    "scratch": QColor("#27b3c9"),
    "allocator": QColor("#7a6ad8"),
    "pipeline": QColor("#1fa67a"),
    "runtime": QColor("#8b949e"),
    # Not of the training itself: what stands in its way.
    "used": QColor("#5d6570"),
    "promised": QColor("#a08a5a"),
}


def term_colour(term: str) -> QColor:
    """Of a term of the memory estimate."""
    return _TERMS.get(term, _TERMS["runtime"])


def state_colour(state: str) -> QColor:
    """Of a run's state, for a dot or a frame."""
    return _STATES.get(state, _STATES["waiting"])
