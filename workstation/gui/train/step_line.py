"""A line of steps in a plot, thinned to the columns of pixels that it is drawn in.

pyqtgraph's own line looks through all its points whenever it gets one more, and keeps copies of them. This one is told
only that its series has grown; it asks the series for an outline when it is painted.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from workstation.gui.train.series import StepCurve

_ROOM = 0.1
_Bounds = tuple[float, float] | tuple[None, None]


class StepLine(pg.PlotCurveItem):
    """The line.

    Parameters
    ----------
    **look
        Pen and name, as pyqtgraph takes them.
    """

    def __init__(self, **look: object) -> None:
        self._curve: StepCurve | None = None
        self._shown: tuple[object, ...] = ()
        self._is_log = False
        super().__init__(connect="finite", **look)

    def show_curve(self, curve: StepCurve) -> None:
        """Draw this curve, unless it is what is drawn already."""
        shown = (curve.series, curve.series.changes, curve.place, curve.steps_per_epoch, curve.scale)
        if shown != self._shown:
            self._shown, self._curve = shown, curve
            # What the base takes for data says only that there is some: `getData` answers what is drawn.
            self.updateData(curve.series.column(0), curve.series.column(curve.place))

    def setLogMode(self, x: bool, y: bool) -> None:  # pyqtgraph's own name and arguments
        """Draw decimal logarithms of the values; those that have none are left out."""
        del x
        if y != self._is_log:
            self._is_log = y
            self.path = None
            self.invalidateBounds()
            self.informViewBoundsChanged()
            self.update()

    def getData(self) -> tuple[np.ndarray, np.ndarray]:
        """What is drawn in the present view."""
        box = self.getViewBox()
        if self._curve is None or box is None:
            return np.empty(0), np.empty(0)
        (first, last), pixels = box.viewRange()[0], round(box.width() * self._pixels_of_a_point())
        epochs, values = self._curve.outline(first, last, pixels=pixels)
        return epochs, _logarithms(values) if self._is_log else values

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: object = None) -> _Bounds:
        """First and last epoch, or least and greatest value, of the whole curve."""
        if self._curve is None or not self._curve.series.count:
            return None, None
        if ax == 0:
            return self._curve.first_epoch, self._curve.last_epoch
        bounds = self._curve.bounds(above=0.0) if self._is_log else self._curve.bounds()
        if bounds is None:
            return None, None
        least, greatest = _logarithms(np.array(bounds)).tolist() if self._is_log else bounds
        # A value that never changes is shown with its own size as the scale, not in a range of 1.
        room = _ROOM * abs(least) if least == greatest else 0.0
        return least - room, greatest + room

    def viewTransformChanged(self) -> None:
        """Another range or width has other columns."""
        self.path = None
        super().viewTransformChanged()

    def _pixels_of_a_point(self) -> float:
        widget = self.getViewWidget()
        return float(widget.devicePixelRatioF()) if widget is not None else 1.0


def _logarithms(values: np.ndarray) -> np.ndarray:
    return np.log10(values, out=np.full_like(values, np.nan), where=values > 0)
