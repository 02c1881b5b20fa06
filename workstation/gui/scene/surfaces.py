"""Surfaces of masks and of the head, in RAS mm: made in a thread by VTK's filters, handed over as plain arrays.

A mask is cropped to its box, turned towards RAS by permutation and flips, netted in voxel indices, and its points go
through the affine last, so that oblique grids come out right. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workstation.core.boxes import Box, occupied_box
from workstation.core.comparison import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, compare
from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.core.volume import LabelMap, Volume
from workstation.gui.scene.camera import Camera
from workstation.session.comparing import mask_of

SMOOTHING_ITERATIONS = 16
# How far smoothing may take a point. VTK's own 2 lets a ball of 3 voxels radius lose 59 % of its volume; with a half it
# loses 22 %, and one of 8 voxels 4 %. The light falls on the smoother shape all the same.
SMOOTHING_REACH_VOXELS = 0.5
_SHADING_REACH_VOXELS = 2.0
HIGHLIGHT = "highlight"
# Tissues from the outside in: a face between two of them belongs to the inner one.
_INWARD = ("oedema", "region", "unknown", "cavity", "enhancing", "core")
_SHELLS = {FALSE_POSITIVE: "prediction", FALSE_NEGATIVE: "truth", TRUE_POSITIVE: "agreement"}
_HEAD_STRIDE = 2
_HEAD_SIGMA_VOXELS = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles in world space.

    Parameters
    ----------
    points : (n, 3) float32 ndarray
        RAS mm.
    triangles : (m, 3) int64 ndarray
        Indices of points, counter-clockwise seen from outside.
    normals : (n, 3) float32 ndarray
        Of the points, outwards, of length one.
    """

    points: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray

    @property
    def corners_mm(self) -> np.ndarray:
        """The eight corners of its box, (8, 3)."""
        ends = np.stack([self.points.min(axis=0), self.points.max(axis=0)])
        return np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceQuestion:
    """What is to be shown; the answer is a mapping of part to `Surface`.

    Parameters
    ----------
    truth, prediction : LabelMap or None
        On one grid.
    mode : {"labels", "comparison", "errors"}
        Comparison: shells "prediction" and "truth" of what is in one alone, and "agreement" of what is in both; where
        there is one mask, its surface. Errors: the same without the agreement. Labels: one part for each colour of the
        prediction's scheme, or of the truth's where there is no prediction.
    region : {"all", "WT", "TC", "ET"}
    highlight : (I, J, K) bool ndarray or None
        What is lit up: the last part, `HIGHLIGHT`.
    """

    truth: LabelMap | None
    prediction: LabelMap | None
    mode: str
    region: str
    highlight: np.ndarray | None = None

    def answer(self) -> dict[str, Surface]:
        """Make the surfaces; parts without a voxel are left away."""
        # What work is done on a whole volume is mostly done on nothing.
        given = [mask for mask in (self.truth, self.prediction) if mask is not None]
        box = occupied_box(*(mask.data for mask in given)) if given else None
        cut = [None if mask is None or box is None else _cut(mask, box) for mask in (self.truth, self.prediction)]
        parts = replace(self, truth=cut[0], prediction=cut[1])._mask_parts()
        grid_of = self.truth or self.prediction
        if self.highlight is not None and grid_of is not None:
            lit = mask_surface(self.highlight, grid_of.grid.affine)
            if lit is not None:
                parts[HIGHLIGHT] = lit
        return parts

    def _mask_parts(self) -> dict[str, Surface]:
        if self.mode == "labels":
            shown = self.prediction or self.truth
            return {} if shown is None else label_surfaces(shown, self.region)
        masks = {
            kind: mask_of(mask, self.region)
            for kind, mask in (("truth", self.truth), ("prediction", self.prediction))
            if mask is not None
        }
        grid_of = self.truth or self.prediction
        if grid_of is None:
            return {}
        if len(masks) == 2:
            classes = compare(masks["truth"], masks["prediction"])
            if self.mode == "errors":
                classes = np.where(classes == TRUE_POSITIVE, 0, classes).astype(np.uint8)
            shells = _shared_surfaces(classes, grid_of.grid.affine, (FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_POSITIVE))
            return {_SHELLS[value]: shell for value, shell in shells.items()}
        made = {kind: mask_surface(mask, grid_of.grid.affine) for kind, mask in masks.items()}
        return {kind: surface for kind, surface in made.items() if surface is not None}


def _cut(mask: LabelMap, box: Box) -> LabelMap:
    """What a label map holds in a box, where it is."""
    start = np.eye(4)
    start[:3, 3] = [side.start for side in box]
    data = mask.data[box]
    return replace(mask, data=data, grid=Grid(data.shape, mask.grid.affine @ start))


def mask_surface(mask: np.ndarray, affine: np.ndarray) -> Surface | None:
    """The surface of a mask; None if it is empty.

    Parameters
    ----------
    mask : (I, J, K) bool ndarray
    affine : (4, 4) ndarray
        Voxel index to RAS mm.
    """
    cropped = _crop(mask.view(np.uint8), affine)
    if cropped is None:
        return None
    net = _nets(cropped[0], labels=(1,))
    return _surface(net.points, net.triangles, cropped[1], shading_points=net.shading_points)


def label_surfaces(label_map: LabelMap, region: str) -> dict[str, Surface]:
    """One surface for each colour of a label map, all from one pass, so that neighbours share their border exactly."""
    data = np.where(mask_of(label_map, region), label_map.data, 0)
    scheme = label_map.scheme.labels
    inwards = sorted(scheme, key=lambda value: _INWARD.index(scheme[value].tissue))
    surfaces = _shared_surfaces(data, label_map.grid.affine, inwards)
    return {scheme[value].colour: surface for value, surface in surfaces.items()}


def _shared_surfaces(data: np.ndarray, affine: np.ndarray, inwards: Sequence[int]) -> dict[int, Surface]:
    """One surface for each value, from the outside in; a face between two values belongs to the inner one."""
    cropped = _crop(data, affine)
    if cropped is None:
        return {}
    there = set(np.flatnonzero(np.bincount(cropped[0].ravel())).tolist())
    present = [value for value in inwards if value in there]
    rank = np.full(256, -1)
    rank[present] = np.arange(len(present))
    net = _nets(cropped[0], labels=tuple(present))
    sides = net.sides
    owner = np.where(rank[sides[:, 0]] > rank[sides[:, 1]], sides[:, 0], sides[:, 1])
    surfaces = {}
    for value in present:
        mine = owner == value
        # Nets wind a face as its first side sees it; the owner may be the second.
        is_second = sides[mine, 0] != value
        own = net.triangles[mine]
        own[is_second] = own[is_second][:, ::-1]
        if own.size:
            surfaces[value] = _surface(net.points, own, cropped[1], shading_points=net.shading_points)
    return surfaces


def head_surface(volume: Volume) -> Surface | None:
    """A smooth outline of the head at half resolution; None if the image is empty.

    Skull-stripped images are zero around the brain; where hardly a voxel is, what is brighter than the mean counts.
    """
    data = volume.data[::_HEAD_STRIDE, ::_HEAD_STRIDE, ::_HEAD_STRIDE]
    mask = data != 0
    if mask.mean() > 0.9:
        mask = data > data.mean()
    stride = np.diag([_HEAD_STRIDE, _HEAD_STRIDE, _HEAD_STRIDE, 1.0])
    cropped = _crop(mask.view(np.uint8), volume.grid.affine @ stride, margin=3)
    if cropped is None:
        return None
    points, triangles = _smooth_hull(cropped[0].astype(np.float32))
    return _surface(points, triangles, cropped[1]) if triangles.size else None


def pick(
    surfaces: Mapping[str, Surface], camera: Camera, position: tuple[float, float], size: tuple[float, float]
) -> np.ndarray | None:
    """The nearest point, RAS mm, of any surface under a pane position; None beside all of them."""
    best = -np.inf
    for surface in surfaces.values():
        seen = camera.project(surface.points, size)
        a, b, c = (seen[surface.triangles[:, corner]] for corner in range(3))
        # Barycentric coordinates of the position in every triangle that is not seen edge on.
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
        x, y = position[0] - a[:, 0], position[1] - a[:, 1]
        area = np.where(np.abs(area) > 1e-9, area, np.nan)
        v = (x * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * y) / area
        w = ((b[:, 0] - a[:, 0]) * y - x * (b[:, 1] - a[:, 1])) / area
        hit = (v >= 0) & (w >= 0) & (v + w <= 1)
        depth = a[hit, 2] + v[hit] * (b[hit, 2] - a[hit, 2]) + w[hit] * (c[hit, 2] - a[hit, 2])
        best = max(best, float(depth.max(initial=-np.inf)))
    return camera.unproject(*position, best, size) if np.isfinite(best) else None


def _crop(data: np.ndarray, affine: np.ndarray, *, margin: int = 1) -> tuple[np.ndarray, np.ndarray] | None:
    """The box of what is not zero, turned towards RAS, in a margin of zeros; and its affine. None if all is zero."""
    place = occupied_box(data)
    if place is None:
        return None
    lower, upper = [each.start for each in place], [each.stop for each in place]
    transform = transform_to_ras(affine)
    box = np.pad(reorient(data[place], transform), margin)
    # First voxel of the turned box, in indices of `data`, one margin further out along each of the new axes.
    turn, start = np.eye(4), np.array([*lower, 1.0])
    turn[:3, :3] = 0
    for new_axis, (axis, is_flipped) in enumerate(zip(transform.axes, transform.flips, strict=True)):
        turn[axis, new_axis] = -1 if is_flipped else 1
        start[axis] = upper[axis] - 1 + margin if is_flipped else lower[axis] - margin
    turn[:, 3] = start
    return box, affine @ turn


@dataclass(frozen=True, slots=True, eq=False)
class _Net:
    """Points in voxel indices, the same smoothed further, triangles, and the labels on both sides of each (0: none)."""

    points: np.ndarray
    shading_points: np.ndarray
    triangles: np.ndarray
    sides: np.ndarray


def _nets(box: np.ndarray, *, labels: tuple[int, ...]) -> _Net:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

    nets = vtkSurfaceNets3D()
    nets.SetInputData(_image(box))
    nets.SetBackgroundLabel(0)
    for index, label in enumerate(labels):
        nets.SetLabel(index, label)
    nets.SmoothingOn()
    nets.GetSmoother().SetNumberOfIterations(SMOOTHING_ITERATIONS)
    nets.SetOutputMeshTypeToTriangles()
    points = []
    # Both passes have the same points in the same order.
    for reach in (_SHADING_REACH_VOXELS, SMOOTHING_REACH_VOXELS):
        nets.SetConstraintScale(reach)
        nets.Update()
        points.append(np.array(vtk_to_numpy(nets.GetOutput().GetPoints().GetData()), dtype=np.float64))
    mesh = nets.GetOutput()
    triangles = np.array(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()), dtype=np.int64).reshape(-1, 3)
    sides = np.array(vtk_to_numpy(mesh.GetCellData().GetArray("BoundaryLabels"))).astype(np.int64)
    return _Net(points[1], points[0], triangles, sides)


def _smooth_hull(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points in voxel indices and triangles of a mask's blurred border."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
    from vtkmodules.vtkImagingGeneral import vtkImageGaussianSmooth

    blur, edges = vtkImageGaussianSmooth(), vtkFlyingEdges3D()
    blur.SetInputData(_image(mask))
    blur.SetStandardDeviations(*[_HEAD_SIGMA_VOXELS] * 3)
    blur.SetRadiusFactors(2.0, 2.0, 2.0)
    edges.SetInputConnection(blur.GetOutputPort())
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.Update()
    mesh = edges.GetOutput()
    if not mesh.GetNumberOfCells():
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
    points = np.array(vtk_to_numpy(mesh.GetPoints().GetData()), dtype=np.float64)
    return points, np.array(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()), dtype=np.int64).reshape(-1, 3)


def _image(box: np.ndarray) -> object:
    """A VTK image on a copy of an (I, J, K) array, one unit a voxel."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    image = vtkImageData()
    image.SetDimensions(*box.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(box.ravel(order="F"), deep=True))
    return image


def _surface(
    points: np.ndarray, triangles: np.ndarray, affine: np.ndarray, *, shading_points: np.ndarray | None = None
) -> Surface:
    """Into the world, without the points that no triangle uses, with normals (of `shading_points`, if given)."""
    used = np.unique(triangles)
    new_index = np.zeros(len(points), dtype=np.int64)
    new_index[used] = np.arange(len(used))
    triangles = new_index[triangles]
    world, shaded = (
        each[used] @ affine[:3, :3].T + affine[:3, 3]
        for each in (points, points if shading_points is None else shading_points)
    )
    a, b, c = (shaded[triangles[:, corner]] for corner in range(3))
    # Its length is twice the area, so larger triangles weigh more.
    facing = np.cross(b - a, c - a)
    normals = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(facing[:, axis], 3), minlength=len(used)) for axis in range(3)],
        axis=1,
    )
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return Surface(world.astype(np.float32), triangles, normals.astype(np.float32))
