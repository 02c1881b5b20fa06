"""A view as a word that can be mailed: what is looked at and how, packed into letters, digits, "-" and "_".

    view1-<base64url of: 6 bytes of the SHA-256 of the rest, then zlib of JSON>

The digit is the version. A token comes from a stranger's mail as often as from this program, so nothing in it is
believed: its length is bounded before it is unpacked and while it is, every value has a type and a range, and what a
later program has added is left out. Names of files in it are only ever opened as images.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workstation.errors import ViewLinkError
from workstation.session.layers import KINDS, MODES, OUTLINES, PALETTES, REGION_CHOICES
from workstation.session.view import CONVENTIONS, LAYOUTS, LIGHTBOX_RANGE_MM, PANES, PLANES, Point

PREFIX = "view1-"
_TOKEN = re.compile(r"view(\d+)-([A-Za-z0-9_-]*)")
_LONGEST_TOKEN = 8_000
_LONGEST_JSON = 32_000
_DIGEST_BYTES = 6
_LONGEST_NAME, _LONGEST_PATH = 300, 4096
_MOST_ENTRIES = 32
_FARTHEST = 1e9
_FITTED = ("head", "slice", "")

_Check = Callable[[object], bool]
_HINT = "Copy the view again in the program that showed it (Copy view)."


@dataclass(frozen=True, slots=True)
class Frame:
    """How one pane lies over its slice.

    Parameters
    ----------
    fitted : {"head", "slice", ""}
        What is fitted into the pane; empty after zoom or pan.
    zoom : float
        Logical screen pixels per mm.
    middle_mm : tuple of float
        What is in the middle of the pane.
    """

    fitted: str
    zoom: float
    middle_mm: Point


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view of a case.

    Parameters
    ----------
    case, path : str
        Name of the case, and where it was.
    masks : mapping of str to str
        Files of "truth" and "prediction" that are not the case's own.
    cursor_mm : tuple of float
    sequence : str
    windows : mapping of str to tuple of float
        Lower and upper intensity by sequence.
    frames : mapping of str to Frame
        By pane.
    display : mapping of str to value
        Choices of `ViewState` and `Layers`; see `_DISPLAY`.
    size : tuple of float
        Width and height of all panes together, logical pixels.
    camera : tuple of float
        Focus, right and up of the 3D view's eye, then its height in mm; empty without one.
    """

    case: str
    path: str
    masks: Mapping[str, str]
    cursor_mm: Point
    sequence: str
    windows: Mapping[str, tuple[float, float]]
    frames: Mapping[str, Frame]
    display: Mapping[str, Any]
    size: tuple[float, float]
    camera: tuple[float, ...] = ()

    def token(self) -> str:
        """The view as one word."""
        packed = zlib.compress(json.dumps(asdict(self), separators=(",", ":"), allow_nan=False).encode(), 9)
        digest = hashlib.sha256(packed).digest()[:_DIGEST_BYTES]
        return PREFIX + base64.urlsafe_b64encode(digest + packed).decode().rstrip("=")


def find_token(text: str) -> str:
    """The first token in a text, such as a mail or a command line; empty without one."""
    found = _TOKEN.search(text[: 4 * _LONGEST_TOKEN])
    return found.group() if found else ""


def read_token(text: str) -> ViewLink:
    """The view that a token stands for.

    Raises
    ------
    ViewLinkError
        The text holds no token, one of another version, or one that was cut or changed.
    """
    found = _TOKEN.search(text[: 4 * _LONGEST_TOKEN])
    if found is None:
        raise ViewLinkError("this is no copied view", hint=f'A copied view begins with "{PREFIX}".')
    if found.group(1) != "1":
        hint = "Open it with the newer program that made it."
        raise ViewLinkError(f"the view is of version {found.group(1)[:9]}; this program reads version 1", hint=hint)
    if len(found.group()) > _LONGEST_TOKEN:
        raise ViewLinkError("the view is longer than any that this program writes", hint=_HINT)
    return _from_json(_unpack(found.group(2)))


def _unpack(body: str) -> bytes:
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ViewLinkError("the view was cut or changed", hint=_HINT) from error
    digest, packed = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if hashlib.sha256(packed).digest()[:_DIGEST_BYTES] != digest:
        raise ViewLinkError("the view was cut or changed", hint=_HINT)
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, _LONGEST_JSON)
    except zlib.error as error:
        raise ViewLinkError("the view cannot be unpacked", hint=_HINT) from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ViewLinkError("the view holds more than any that this program writes", hint=_HINT)
    return plain


def _from_json(plain: bytes) -> ViewLink:
    try:
        values = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise ViewLinkError("the view cannot be read", hint=_HINT) from error
    if not isinstance(values, dict):
        raise ViewLinkError("the view cannot be read", hint=_HINT)
    windows = _mapping(values, "windows", lambda value: _is_list(value, 2, _number(-_FARTHEST, _FARTHEST)))
    frames = _mapping(values, "frames", _is_frame)
    return ViewLink(
        case=_checked(values, "case", _text(_LONGEST_NAME)),
        path=_checked(values, "path", _text(_LONGEST_PATH)),
        masks=_known(_mapping(values, "masks", _text(_LONGEST_PATH)), KINDS),
        cursor_mm=_point(_checked(values, "cursor_mm", _is_point)),
        sequence=_checked(values, "sequence", _text(_LONGEST_NAME)),
        windows={name: (float(ends[0]), float(ends[1])) for name, ends in windows.items()},
        frames={
            name: Frame(each["fitted"], float(each["zoom"]), _point(each["middle_mm"])) for name, each in frames.items()
        },
        display=_display(values.get("display")),
        size=tuple(float(side) for side in _checked(values, "size", _is_size)),  # type: ignore[arg-type]
        camera=tuple(float(value) for value in _checked(values, "camera", _is_camera)),
    )


def _display(values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ViewLinkError("the view does not say how it is displayed", hint=_HINT)
    return {name: _checked(values, name, check) for name, check in _DISPLAY.items()}


def _checked(values: Mapping[str, Any], name: str, check: _Check) -> Any:
    if name not in values or not check(values[name]):
        raise ViewLinkError(f"the view has no usable {name.replace('_', ' ')}", hint=_HINT)
    return values[name]


def _mapping(values: Mapping[str, Any], name: str, check: _Check) -> dict[str, Any]:
    def is_mapping(value: object) -> bool:
        return (
            isinstance(value, dict)
            and len(value) <= _MOST_ENTRIES
            and all(len(key) <= _LONGEST_NAME and check(each) for key, each in value.items())
        )

    found: dict[str, Any] = _checked(values, name, is_mapping)
    return found


def _known(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _point(values: list[float]) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))


def _text(longest: int) -> _Check:
    return lambda value: isinstance(value, str) and len(value) <= longest and value.isprintable()


def _choice(known: tuple[str, ...]) -> _Check:
    return lambda value: isinstance(value, str) and value in known


def _number(low: float, high: float) -> _Check:
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= _FARTHEST
        and math.isfinite(value)
        and low <= value <= high
    )


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_list(value: object, count: int, check: _Check) -> bool:
    return isinstance(value, list) and len(value) == count and all(check(each) for each in value)


def _is_point(value: object) -> bool:
    return _is_list(value, 3, _number(-_FARTHEST, _FARTHEST))


def _is_size(value: object) -> bool:
    return _is_list(value, 2, _number(100, 10_000))


def _is_frame(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _choice(_FITTED)(value.get("fitted"))
        and _number(1e-3, 1e3)(value.get("zoom"))
        and _is_point(value.get("middle_mm"))
    )


def _is_camera(value: object) -> bool:
    """Ten numbers, of which the two directions are of length one and at right angles; or none."""
    if value == []:
        return True
    if not _is_list(value, 10, _number(-_FARTHEST, _FARTHEST)) or not isinstance(value, list):
        return False
    right, up = value[3:6], value[6:9]
    lengths = [math.dist((0, 0, 0), each) for each in (right, up)]
    along = sum(one * other for one, other in zip(right, up, strict=True))
    return all(abs(length - 1) < 1e-3 for length in lengths) and abs(along) < 1e-3 and 1 <= value[9] <= 1e4


_DISPLAY: Mapping[str, _Check] = {
    "convention": _choice(CONVENTIONS),
    "sagittal_nose": _choice(("left", "right")),
    "interpolation": _choice(("nearest", "linear")),
    "layout": _choice(LAYOUTS),
    "layout_plane": _choice(PLANES),
    # A pane or a sequence; one that the case does not have changes nothing.
    "maximised": _text(_LONGEST_NAME),
    "active": _choice(PANES),
    "are_annotations_visible": _is_flag,
    "is_crosshair_visible": _is_flag,
    "are_scene_planes_visible": _is_flag,
    "lightbox_mm": _number(*LIGHTBOX_RANGE_MM),
    "opacity": _number(0, 1),
    "outline": _choice(OUTLINES),
    "mode": _choice(MODES),
    "region": _choice(REGION_CHOICES),
    "palette": _choice(PALETTES),
    "is_hidden": _is_flag,
    "is_truth_visible": _is_flag,
    "is_prediction_visible": _is_flag,
}
