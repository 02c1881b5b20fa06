"""The 3D U-Net as a plan that expands to a list of layers with shapes; nothing else defines the network.

Three things read the expansion: the Keras model (`engine/unet.py`), the parameter, FLOP and memory arithmetic
(`core/cost.py`), and the table and drawing in the window. A layer added here must be understood by all three.

References
----------
Ronneberger O, Fischer P, Brox T. U-Net. MICCAI 2015. Çiçek Ö et al. 3D U-Net. MICCAI 2016.
Addressing the memory bottleneck in AI model training for healthcare. Dell EMC, Intel, University of Florida, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from workstation.errors import RequestError

Shape = tuple[int, int, int]
LayerKind = Literal["input", "conv", "norm", "relu", "pool", "transpose", "nearest", "concat", "sigmoid"]

NORMALISATIONS = ("batch", "group", "instance")
MAX_GROUPS = 8
UPSAMPLINGS = ("transpose", "nearest")
INPUT_NAMES = ("T1", "T1c", "T2", "FLAIR")
OUTPUT_NAMES = ("WT", "TC", "ET")
MAX_FILTERS = 256
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class UNetPlan:
    """What distinguishes one U-Net from another.

    Parameters
    ----------
    filters : int
        Channels of the first block; each deeper block has twice as many.
    depth : int
        Number of poolings; shapes are multiples of 2**depth.
    inputs : tuple of str
        Sequences in the order of the input channels.
    outputs : tuple of str
        Regions in the order of the output channels, one sigmoid each.
    normalisation : {"batch", "group", "instance"}
        What follows each 3x3x3 convolution. Statistics are of a batch, of up to eight groups of channels of one volume,
        or of one channel of one volume; only with the last two does a sum over micro-batches equal the whole batch.
    upsampling : {"transpose", "nearest"}
        2x2x2 transposed convolution, or nearest neighbour without weights.

    Raises
    ------
    RequestError
        A value is out of range; `field` names it.
    """

    filters: int = 16
    depth: int = 4
    inputs: tuple[str, ...] = ("FLAIR",)
    outputs: tuple[str, ...] = ("WT",)
    normalisation: str = "batch"
    upsampling: str = "transpose"

    def __post_init__(self) -> None:
        if not 1 <= self.filters <= MAX_FILTERS:
            raise RequestError(f"Filters must be 1 to {MAX_FILTERS}, not {self.filters}.", field="filters")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise RequestError(f"Depth must be 1 to {MAX_DEPTH}, not {self.depth}.", field="depth")
        _check_names(self.inputs, INPUT_NAMES, "inputs")
        _check_names(self.outputs, OUTPUT_NAMES, "outputs")
        if self.normalisation not in NORMALISATIONS:
            raise RequestError(f"Unknown normalisation {self.normalisation!r}.", field="normalisation")
        if self.upsampling not in UPSAMPLINGS:
            raise RequestError(f"Unknown upsampling {self.upsampling!r}.", field="upsampling")

    @property
    def multiple(self) -> int:
        """What every side of a volume must be divisible by."""
        return int(2**self.depth)


def _check_names(names: tuple[str, ...], known: tuple[str, ...], field: str) -> None:
    if not names or len(set(names)) != len(names) or not set(names) <= set(known):
        listed = ", ".join(known)
        raise RequestError(f"{field.capitalize()} must be distinct names of {listed}, not {names}.", field=field)


PRESETS: Mapping[str, UNetPlan] = MappingProxyType(
    {
        "flair-wt": UNetPlan(),
        "four-regions": UNetPlan(inputs=("T1", "T1c", "T2", "FLAIR"), outputs=("WT", "TC", "ET")),
    }
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an expanded plan.

    Parameters
    ----------
    name : str
        Unique; the name of the Keras layer.
    kind : str
        One of `LayerKind`.
    inputs : tuple of str
        Names of the layers that it reads.
    channels_in, channels_out : int
        `channels_in` is the sum over the inputs.
    shape : (I, J, K)
        Voxels of its output.
    kernel : int
        Side of the kernel, or of the window of a pooling or upsampling; 0 where there is none.
    """

    name: str
    kind: LayerKind
    inputs: tuple[str, ...]
    channels_in: int
    channels_out: int
    shape: Shape
    kernel: int = 0

    @property
    def voxels(self) -> int:
        """Voxels of the output of one volume."""
        return self.shape[0] * self.shape[1] * self.shape[2]


def norm_groups(plan: UNetPlan, channels: int) -> int:
    """Groups of channels with common statistics: all alone for instance (and batch) norm, else at most eight."""
    if plan.normalisation != "group":
        return channels
    return max(groups for groups in range(1, min(MAX_GROUPS, channels) + 1) if channels % groups == 0)


def padded_shape(shape: Shape, multiple: int) -> Shape:
    """The smallest shape that holds `shape` and whose sides are multiples of `multiple`."""
    i, j, k = (-(-side // multiple) * multiple for side in shape)
    return i, j, k


def expand(plan: UNetPlan, shape: Shape) -> tuple[Layer, ...]:
    """The layers of a network in order of computation, for one volume.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
        Voxels of the volume, each side a positive multiple of 2**depth.

    Raises
    ------
    RequestError
        A side is not such a multiple.
    """
    if any(side <= 0 or side % plan.multiple for side in shape):
        sides = "x".join(map(str, shape))
        raise RequestError(
            f"A network of depth {plan.depth} needs sides that are multiples of {plan.multiple}, not {sides}.",
            field="size",
            hint=f"The nearest larger size is {'x'.join(map(str, padded_shape(shape, plan.multiple)))}.",
        )
    return _Expansion(plan, shape).run()


class _Expansion:
    """Writes the layers one after another, keeping the name, channels and shape of the last one."""

    def __init__(self, plan: UNetPlan, shape: Shape) -> None:
        self._plan = plan
        self._layers = [Layer("input", "input", (), len(plan.inputs), len(plan.inputs), shape)]

    def run(self) -> tuple[Layer, ...]:
        plan = self._plan
        skips: list[Layer] = []
        for level in range(plan.depth):
            skips.append(self._block(f"encoder{level}", plan.filters * 2**level))
            self._add("pool", f"pool{level}", kernel=2, scale=(1, 2))
        self._block("bottom", plan.filters * 2**plan.depth)
        for level in reversed(range(plan.depth)):
            channels = plan.filters * 2**level
            kept = channels if plan.upsampling == "transpose" else 0
            kind: LayerKind = "transpose" if plan.upsampling == "transpose" else "nearest"
            self._add(kind, f"up{level}", channels=kept, kernel=2, scale=(2, 1))
            self._add("concat", f"concat{level}", also=skips[level])
            self._block(f"decoder{level}", channels)
        self._add("conv", "output_conv", channels=len(plan.outputs), kernel=1)
        self._add("sigmoid", "output")
        return tuple(self._layers)

    def _block(self, name: str, channels: int) -> Layer:
        for half in ("a", "b"):
            self._add("conv", f"{name}{half}_conv", channels=channels, kernel=3)
            self._add("norm", f"{name}{half}_norm")
            self._add("relu", f"{name}{half}_relu")
        return self._layers[-1]

    def _add(
        self,
        kind: LayerKind,
        name: str,
        *,
        channels: int = 0,
        kernel: int = 0,
        scale: tuple[int, int] = (1, 1),
        also: Layer | None = None,
    ) -> None:
        """Append a layer that reads the last one (and `also`); `channels` 0 keeps their number."""
        last = self._layers[-1]
        read = (last,) if also is None else (last, also)
        channels_in = sum(layer.channels_out for layer in read)
        i, j, k = (side * scale[0] // scale[1] for side in last.shape)
        names = tuple(layer.name for layer in read)
        self._layers.append(Layer(name, kind, names, channels_in, channels or channels_in, (i, j, k), kernel))
