"""What the comparison says in figures: scores, errors, confused labels; made in threads, and only if somebody looks.

Each part is made when it is wanted and both masks are there, a moment after they came, so that slices and surfaces are
painted first. Other masks make what is under way stop. Reading errors one by one is also kept here: which one is being
looked at, and from which size on they are listed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.core.volume import LabelMap
from workstation.session.background import Background
from workstation.session.comparing import region_meant
from workstation.session.layers import Layers

if TYPE_CHECKING:
    from workstation.core.confusion import Confusion
    from workstation.core.error_atlas import ErrorAtlas, ErrorComponent
    from workstation.core.metrics import PairScores

Part = Literal["scores", "errors", "confusion"]
ErrorsOf = Literal["regions", "labels"]
PARTS: tuple[Part, ...] = ("scores", "errors", "confusion")
LEAST_VOXELS = 10
_DELAY_MS = 200


class Assessment(QObject):
    """Figures of the masks that are compared.

    Parameters
    ----------
    layers : Layers
    background : Background
    parent : QObject or None
    """

    changed = Signal(str)
    """The part whose figures came or went."""
    errors_changed = Signal()
    """Other errors are listed, or another one is looked at."""

    def __init__(self, layers: Layers, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._background = background
        self._wanted: set[Part] = set()
        self._found: dict[Part, object] = {}
        self._waiting: list[Callable[[], None]] = []
        self._delay = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._delay.timeout.connect(self._ask_wanted)
        self._least_voxels = LEAST_VOXELS
        self._errors_of: ErrorsOf = "regions"
        self._current: ErrorComponent | None = None
        self._left: ErrorComponent | None = None  # what was looked at before an edit
        layers.masks_changed.connect(self._on_masks)
        layers.display_changed.connect(self._on_display)
        self._shown_region = layers.region

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def scores(self) -> PairScores | None:
        """Metrics and lesions; None until they are there."""
        return self._found.get("scores")  # type: ignore[return-value]

    @property
    def atlas(self) -> ErrorAtlas | None:
        """Errors; None until they are there."""
        return self._found.get("errors")  # type: ignore[return-value]

    @property
    def confusion(self) -> Confusion | None:
        """Confused labels; None until they are there."""
        return self._found.get("confusion")  # type: ignore[return-value]

    @property
    def is_possible(self) -> bool:
        """Whether both masks are there."""
        return self._layers.truth is not None and self._layers.prediction is not None

    @property
    def region(self) -> str:
        """The region whose errors and lesions are listed: that of the comparison."""
        truth, prediction = self._layers.truth, self._layers.prediction
        if truth is None or prediction is None:
            return self._layers.region
        return region_meant(truth, prediction, self._layers.region)

    def set_wanted(self, part: Part, *, wanted: bool) -> None:
        """Say that somebody looks at a part, or no longer."""
        if not wanted:
            self._wanted.discard(part)
        elif part not in self._wanted:
            self._wanted.add(part)
            self._ask_soon()

    def when_errors(self, then: Callable[[], None]) -> None:
        """Look for errors, and call `then` when they are there; not if the masks change before."""
        self._waiting.append(then)
        self.set_wanted("errors", wanted=True)

    def hold(self) -> None:
        """Labels are being changed: what is being measured would be stale, and takes time from the pen.

        It is measured when the masks have changed.
        """
        self._delay.stop()
        for part in PARTS:
            if part not in self._found:
                self._background.forget(_topic(part))

    def close(self) -> None:
        """Want nothing any more."""
        self._wanted.clear()
        self._delay.stop()

    def _on_masks(self) -> None:
        self._found.clear()
        self._waiting.clear()
        # An edit changes some errors; the reader goes on from where the last one was looked at.
        self._left = (self._current or self._left) if "edited" in self._layers.pair else None
        self._current = None
        for part in PARTS:
            self._background.forget(_topic(part))
            self.changed.emit(part)
        self.errors_changed.emit()
        self._ask_soon()

    def _ask_soon(self) -> None:
        if self.is_possible and self._wanted - self._found.keys():
            self._delay.start()

    def _ask_wanted(self) -> None:
        if self._background.has_urgent:
            # What is seen comes before what is read: the comparison, the surfaces.
            self._delay.start()
            return
        for part in PARTS:
            # One that is being made is of these masks: others would have made it be forgotten.
            if part in self._wanted and part not in self._found and not self._background.is_asked(_topic(part)):
                self._ask(part)

    def _ask(self, part: Part) -> None:
        truth, prediction = self._layers.truth, self._layers.prediction
        if truth is None or prediction is None:
            return
        should_stop = self._background.stop_sign(_topic(part))
        question = partial(_measure, part, truth, prediction, should_stop)
        self._background.ask(_topic(part), question, partial(self._on_measured, part), is_urgent=False)

    def _on_measured(self, part: Part, found: object) -> None:
        self._found[part] = found
        self.changed.emit(part)
        if part == "errors":
            self._current = self._current or self._left_untouched()
            self.errors_changed.emit()
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

    # -- errors one by one --------------------------------------------------------------------------------------------

    @property
    def least_voxels(self) -> int:
        """Smaller errors are not listed."""
        return self._least_voxels

    def set_least_voxels(self, voxels: int) -> None:
        """List errors from another size on."""
        if voxels != self._least_voxels:
            self._least_voxels = voxels
            self.errors_changed.emit()

    @property
    def errors(self) -> tuple[ErrorComponent, ...]:
        """The listed errors of the shown region, or of all labels, the largest first; empty until they are there."""
        return tuple(error for error in self.every_error or () if error.voxels >= self._least_voxels)

    @property
    def every_error(self) -> tuple[ErrorComponent, ...] | None:
        """The same, however small; None until they are there, and where a mask does not say where the region is."""
        if self.atlas is None:
            return None
        if self._errors_of == "regions":
            return self.atlas.regions.get(self.region)
        return tuple(sorted(chain(*self.atlas.labels.values()), key=lambda error: -error.voxels))

    @property
    def errors_of(self) -> ErrorsOf:
        """Whether errors of the shown region are listed, or those of every label."""
        return self._errors_of

    def set_errors_of(self, what: ErrorsOf) -> None:
        """List the errors of the shown region, or those of every label."""
        if what != self._errors_of:
            self._errors_of = what
            self._current = None
            self.errors_changed.emit()

    @property
    def current_error(self) -> ErrorComponent | None:
        """The error that is being looked at."""
        return self._current

    def neighbour(self, by: int) -> ErrorComponent | None:
        """The next (1) or previous (-1) error, round and round; None where none is listed."""
        errors = self.errors
        if not errors:
            return None
        if self._current in errors:
            place = errors.index(self._current) + by
        else:
            # Between those larger than the one that was left, and the others.
            behind = sum(error.voxels > self._left.voxels for error in errors) if self._left is not None else 0
            place = behind if by > 0 else behind - 1
        return errors[place % len(errors)]

    def _left_untouched(self) -> ErrorComponent | None:
        """The error that was left, where an edit has not changed it."""
        left = self._left
        known = None if left is None else (left.kind, left.voxel, left.voxels)
        return next((each for each in self.errors if (each.kind, each.voxel, each.voxels) == known), None)

    def look_at(self, error: ErrorComponent | None) -> None:
        """Note which error is being looked at."""
        if error is not self._current:
            self._current = error
            self.errors_changed.emit()

    def _on_display(self) -> None:
        if self._layers.region != self._shown_region:
            self._shown_region = self._layers.region
            self._current = None
            self.errors_changed.emit()


def _topic(part: Part) -> str:
    return f"assessment {part}"


def _measure(part: Part, truth: LabelMap, prediction: LabelMap, should_stop: Callable[[], bool]) -> object:
    # Imported here, in a thread: SciPy takes a third of a second to load.
    if part == "scores":
        from workstation.core.metrics import measure_pair

        return measure_pair(truth, prediction, should_stop=should_stop)
    if part == "errors":
        from workstation.core.error_atlas import find_errors

        return find_errors(truth, prediction, should_stop=should_stop)
    from workstation.core.confusion import count_confusion

    return count_confusion(truth, prediction)
