"""Python's garbage collector, run in the thread of the window only.

The collector runs in whichever thread happens to allocate. If that is a reading thread, widgets and watchers that only
wait in a circle of references are destroyed there, which Qt does not survive: it complains of socket notifiers in
another thread, and crashes. So automatic collection is off while there is a window, and a timer in its thread does it.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 500


class MainThreadCollector(QObject):
    """Collects from a timer by Python's own thresholds; lives as a child of the application."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(collect_if_due)
        self._timer.start()


def collect_if_due() -> None:
    """Collect the oldest generation whose threshold is passed, as the interpreter itself would."""
    for generation, (count, threshold) in reversed(
        list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))
    ):
        if 0 < threshold < count:
            gc.collect(generation)
            return
