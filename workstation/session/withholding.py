"""The prediction of the open case, held back while the reader must not see it, and which file it is.

A held prediction is in no layer, so that no legend, read-out, export or surface can betray it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workstation.core.review import Decision, ReviewedMask
from workstation.core.volume import LabelMap
from workstation.errors import ReviewError
from workstation.io.files import sha256_of
from workstation.io.review_figures import fingerprint_of
from workstation.session.layers import Layers


class Withholding:
    """Gives a prediction to the layers, or keeps it.

    Parameters
    ----------
    layers : Layers
        Where a prediction is shown once it may be.
    """

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._held: LabelMap | None = None
        self._seen: set[str] = set()
        self._path: Path | None = None
        self._stamp = ""

    @property
    def is_holding(self) -> bool:
        """Whether there is a prediction that is not shown yet."""
        return self._held is not None

    @property
    def has_prediction(self) -> bool:
        """Whether there is a prediction, shown or not."""
        return self._held is not None or self._layers.mask("prediction") is not None

    @property
    def judged(self) -> tuple[Path | None, str]:
        """The file of the prediction, and its stamp when it came; without one, None and an empty stamp."""
        mask = self._held or self._layers.mask("prediction")
        path = _path_of(mask) if mask is not None else None
        return path, self._stamp if path == self._path else ""

    def was_seen(self, case: str) -> bool:
        """Whether this reader has seen the prediction of a case since the data set was opened."""
        return case in self._seen

    def forget(self) -> None:
        """Let go of the prediction."""
        self._held = None

    def forget_seen(self) -> None:
        """Forget of which cases a prediction was seen: another reader has seen none."""
        self._seen.clear()

    def admit(self, mask: LabelMap, case: str | None, *, holds: bool) -> LabelMap | None:
        """A prediction that has come, if it may be shown; else it is held."""
        self._path = _path_of(mask)
        self._stamp = fingerprint_of(self._path)
        self._held = mask if holds else None
        if holds:
            return None
        self._note_seen(case)
        return mask

    def follow(self, case: str | None, *, holds: bool) -> None:
        """Hold the prediction that is shown, or show the one that is held, as the rule is now."""
        held, shown = self._held, self._layers.mask("prediction")
        if held is not None and not holds:
            self._held = None
            self._layers.show_mask("prediction", held)
            self._note_seen(case)
        elif held is None and shown is not None and holds:
            self._held = shown
            self._layers.set_prediction(None)

    def _note_seen(self, case: str | None) -> None:
        if case is not None:
            self._seen.add(case)


def with_mask(decision: Decision, path: Path | None, stamp: str) -> Decision:
    """The decision with the hash of the mask it is about; takes as long as reading the file.

    Raises
    ------
    ReviewError
        The file is not the one that was looked at: its stamp is another one.
    FileMissing
        It is gone.
    """
    if path is None:
        return decision
    if stamp and fingerprint_of(path) != stamp:
        raise ReviewError(
            f"{path} was written anew since it was opened",
            hint="Nothing was decided. Open the case again, look at the new mask, and decide then.",
            path=path,
        )
    return replace(decision, mask=ReviewedMask(str(path), sha256_of(path)))


def _path_of(mask: LabelMap) -> Path | None:
    return mask.source.path if mask.source else None
