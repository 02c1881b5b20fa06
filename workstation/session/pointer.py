"""What the mouse does in the slices: the scheme of bindings, the tool of the left button, what is being measured."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

SCHEMES = ("research", "pacs")
TOOLS = ("scroll", "window", "pan", "zoom", "crosshair")
"""What the left button can be given in the PACS scheme."""
MEASURES = ("ruler", "area")


class Pointer(QObject):
    """State of the mouse; each setter announces a change once, and only if it is one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scheme = "research"
        self._tool = TOOLS[0]
        self._measure: str | None = None

    @property
    def scheme(self) -> str:
        """ "research" or "pacs"."""
        return self._scheme

    def set_scheme(self, scheme: str) -> None:
        """Choose a scheme."""
        if scheme in SCHEMES and scheme != self._scheme:
            self._scheme = scheme
            self.changed.emit()

    @property
    def tool(self) -> str:
        """The tool of the left button in the PACS scheme, one of `TOOLS`."""
        return self._tool

    def set_tool(self, tool: str) -> None:
        """Choose the tool of the left button in the PACS scheme; what is being measured is put away."""
        if tool in TOOLS and (tool != self._tool or self._measure is not None):
            self._tool = tool
            self._measure = None
            self.changed.emit()

    @property
    def measure(self) -> str | None:
        """What the plain left button draws in both schemes, "ruler" or "area"; None if it does what it always does."""
        return self._measure

    def set_measure(self, measure: str | None) -> None:
        """Take a measuring tool, or put it away."""
        if measure != self._measure and (measure is None or measure in MEASURES):
            self._measure = measure
            self.changed.emit()
