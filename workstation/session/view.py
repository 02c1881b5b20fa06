"""How the open case is looked at: cursor, sequence, windows, conventions. Views join here and never know each other."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from workstation.session.images import DisplayImage

PLANES = ("axial", "sagittal", "coronal")
PANES = (*PLANES, "3d")
LAYOUTS = ("planes", "sequences", "lightbox")
CONVENTIONS = ("radiological", "neurological")
CINE_RANGE = (1, 30)
LIGHTBOX_RANGE_MM = (1.0, 50.0)
Point = tuple[float, float, float]


class ViewState(QObject):
    """State of the views; each setter announces a change once, and only if it is one."""

    cursor_moved = Signal()
    sequence_changed = Signal()
    window_changed = Signal(str)
    """Name of the sequence whose window is another."""
    convention_changed = Signal()
    decoration_changed = Signal()
    layout_changed = Signal()
    """Layout, its plane, the distance of a lightbox's slices, or the pane that fills the centre is another."""
    scene_changed = Signal()
    """Something else is wanted in the 3D view."""
    fit_requested = Signal()
    reset_requested = Signal()
    centre_requested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cursor_mm: Point = (0.0, 0.0, 0.0)
        self._sequence = ""
        self._windows: dict[str, tuple[float, float]] = {}
        self._percentiles: dict[str, tuple[float, float]] = {}
        self._images: Mapping[str, DisplayImage] = {}
        self._convention = "radiological"
        self._sagittal_nose = "left"
        self._are_annotations_visible = True
        self._is_crosshair_visible = True
        self._interpolation = "linear"
        self._maximised: str | None = None
        self._layout = "planes"
        self._layout_plane = "axial"
        self._lightbox_mm = 8.0
        self._cine_per_second = 12
        self._are_scene_planes_visible = False
        self._is_scene_volume_visible = False

    @property
    def cursor_mm(self) -> Point:
        """World position of the crosshair, RAS+ mm."""
        return self._cursor_mm

    def set_cursor(self, position_mm: Point) -> None:
        """Move the crosshair."""
        position = (float(position_mm[0]), float(position_mm[1]), float(position_mm[2]))
        if position != self._cursor_mm:
            self._cursor_mm = position
            self.cursor_moved.emit()

    @property
    def sequence(self) -> str:
        """The sequence shown; empty without a case."""
        return self._sequence

    def set_sequence(self, name: str) -> None:
        """Show another sequence; a name that the case does not have changes nothing."""
        if name in self._images and name != self._sequence:
            self._sequence = name
            self.sequence_changed.emit()

    @property
    def sequences(self) -> tuple[str, ...]:
        """The sequences of the case, in their fixed order."""
        return tuple(self._images)

    def window(self, sequence: str) -> tuple[float, float]:
        """Lower and upper intensity shown of a sequence; (0, 1) if the case does not have it."""
        return self._windows.get(sequence, (0.0, 1.0))

    def set_window(self, sequence: str, low: float, high: float) -> None:
        """Set a window; kept as percentiles for the next cases."""
        image = self._images.get(sequence)
        if image is None:
            return
        high = max(high, low + max(image.step, 1e-6))
        if (low, high) != self._windows.get(sequence):
            self._windows[sequence] = (low, high)
            self._percentiles[sequence] = image.percentiles_of((low, high))
            self.window_changed.emit(sequence)

    def reset_window(self, sequence: str) -> None:
        """Go back to the window that an image opens with."""
        image = self._images.get(sequence)
        if image is not None:
            self.set_window(sequence, *image.first_window)
            self._percentiles.pop(sequence, None)

    def take_images(self, images: Mapping[str, DisplayImage]) -> None:
        """Take over another case's images: windows by the kept percentiles, the sequence kept where it is there."""
        self._images = images
        self._windows = {
            name: image.window_of(self._percentiles[name]) if name in self._percentiles else image.first_window
            for name, image in images.items()
        }
        if self._sequence not in images:
            self._sequence = "FLAIR" if "FLAIR" in images else next(iter(images), "")
            self.sequence_changed.emit()
        if self._layout == "sequences" and self._maximised not in images:
            self.set_maximised(None)

    @property
    def convention(self) -> str:
        """ "radiological" (patient right on screen left) or "neurological"."""
        return self._convention

    def set_convention(self, convention: str) -> None:
        """Choose the side that the patient's right is shown on."""
        if convention in CONVENTIONS and convention != self._convention:
            self._convention = convention
            self.convention_changed.emit()

    @property
    def sagittal_nose(self) -> str:
        """The side that the nose is on in sagittal views: "left" or "right"."""
        return self._sagittal_nose

    def set_sagittal_nose(self, side: str) -> None:
        """Choose the side that the nose is shown on."""
        if side in ("left", "right") and side != self._sagittal_nose:
            self._sagittal_nose = side
            self.convention_changed.emit()

    @property
    def crosshair_visible(self) -> bool:
        """Whether the crosshair lines are drawn."""
        return self._is_crosshair_visible and self._are_annotations_visible

    @property
    def crosshair_switched_on(self) -> bool:
        """Whether the crosshair lines are drawn while annotations are."""
        return self._is_crosshair_visible

    def toggle_crosshair(self) -> None:
        """Show or hide the crosshair lines."""
        self._is_crosshair_visible = not self._is_crosshair_visible
        self.decoration_changed.emit()

    @property
    def annotations_visible(self) -> bool:
        """Whether titles and the crosshair are drawn; orientation letters always are."""
        return self._are_annotations_visible

    def toggle_annotations(self) -> None:
        """Show or hide titles and the crosshair."""
        self._are_annotations_visible = not self._are_annotations_visible
        self.decoration_changed.emit()

    @property
    def interpolation(self) -> str:
        """How images are enlarged: "nearest" or "linear"; masks are always nearest."""
        return self._interpolation

    def set_interpolation(self, kind: str) -> None:
        """Choose how images are enlarged."""
        if kind in ("nearest", "linear") and kind != self._interpolation:
            self._interpolation = kind
            self.decoration_changed.emit()

    @property
    def layout(self) -> str:
        """ "planes" (three and 3D), "sequences" (four of one plane) or "lightbox" (many slices of one plane)."""
        return self._layout

    @property
    def layout_plane(self) -> str:
        """The plane of the layouts that show one plane."""
        return self._layout_plane

    def set_layout(self, layout: str, plane: str | None = None) -> None:
        """Choose what the centre shows; all panes of it come back."""
        plane = self._layout_plane if plane is None else plane
        if layout not in LAYOUTS or plane not in PLANES:
            return
        if (layout, plane, None) != (self._layout, self._layout_plane, self._maximised):
            self._layout, self._layout_plane, self._maximised = layout, plane, None
            self.layout_changed.emit()

    @property
    def maximised(self) -> str | None:
        """The pane that fills the centre ("axial", "sagittal", "coronal", "3d", or a sequence); None shows all."""
        return self._maximised

    def set_maximised(self, pane: str | None) -> None:
        """Let one pane of the layout fill the centre, or show all."""
        known = {"planes": PANES, "sequences": self.sequences}.get(self._layout, ())
        if pane != self._maximised and (pane is None or pane in known):
            self._maximised = pane
            self.layout_changed.emit()

    @property
    def lightbox_mm(self) -> float:
        """Distance of the slices of the lightbox, mm; at least one slice."""
        return self._lightbox_mm

    def set_lightbox_mm(self, distance_mm: float) -> None:
        """Choose the distance of the slices of the lightbox; clipped to `LIGHTBOX_RANGE_MM`."""
        distance_mm = _clipped(distance_mm, LIGHTBOX_RANGE_MM)
        if distance_mm != self._lightbox_mm:
            self._lightbox_mm = distance_mm
            self.layout_changed.emit()
            self.decoration_changed.emit()

    @property
    def cine_per_second(self) -> int:
        """Slices a second of the cine."""
        return self._cine_per_second

    def set_cine_per_second(self, count: float) -> None:
        """Choose the speed of the cine; clipped to `CINE_RANGE`."""
        count = round(_clipped(count, CINE_RANGE))
        if count != self._cine_per_second:
            self._cine_per_second = count
            self.decoration_changed.emit()

    @property
    def scene_planes_visible(self) -> bool:
        """Whether the 3D view shows the three slices in space."""
        return self._are_scene_planes_visible

    def toggle_scene_planes(self) -> None:
        """Show or hide the slices in the 3D view."""
        self._are_scene_planes_visible = not self._are_scene_planes_visible
        self.scene_changed.emit()

    @property
    def scene_volume_visible(self) -> bool:
        """Whether the 3D view shows the shown sequence as a volume, where a graphics card can."""
        return self._is_scene_volume_visible

    def toggle_scene_volume(self) -> None:
        """Show or hide the volume in the 3D view."""
        self._is_scene_volume_visible = not self._is_scene_volume_visible
        self.scene_changed.emit()


def _clipped(value: float, ends: tuple[float, float]) -> float:
    return min(max(value, ends[0]), ends[1])
