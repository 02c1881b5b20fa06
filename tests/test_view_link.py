"""A view as a word: round trip, versions, and what a stranger may have made of it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import asdict
from typing import Any

import pytest

from workstation.errors import ViewLinkError
from workstation.session.view_link import PREFIX, Frame, ViewLink, find_token, read_token

LINK = ViewLink(
    case="Case_1",
    path="/data/Case_1",
    masks={"prediction": "/data/p.nii.gz"},
    cursor_mm=(1.5, -20.25, 33.0),
    sequence="FLAIR",
    windows={"FLAIR": (10.0, 900.0)},
    frames={"axial": Frame("", 2.5, (1.0, 2.0, 3.0)), "coronal": Frame("head", 1.0, (0.0, 0.0, 0.0))},
    display={
        "convention": "neurological",
        "sagittal_nose": "right",
        "interpolation": "nearest",
        "layout": "planes",
        "layout_plane": "axial",
        "maximised": "axial",
        "active": "axial",
        "are_annotations_visible": True,
        "is_crosshair_visible": False,
        "are_scene_planes_visible": False,
        "lightbox_mm": 8.0,
        "opacity": 0.4,
        "outline": "both",
        "mode": "errors",
        "region": "TC",
        "palette": "standard",
        "is_hidden": False,
        "is_truth_visible": True,
        "is_prediction_visible": True,
    },
    size=(1000.0, 800.0),
    camera=(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 250.0),
)


def token_of(values: object, *, packed: bytes | None = None) -> str:
    """A token with a right checksum around anything."""
    packed = zlib.compress(json.dumps(values).encode()) if packed is None else packed
    body = hashlib.sha256(packed).digest()[:6] + packed
    return PREFIX + base64.urlsafe_b64encode(body).decode().rstrip("=")


def changed(**changes: Any) -> dict[str, Any]:
    return {**asdict(LINK), **changes}


def test_a_view_comes_back_from_a_mail() -> None:
    token = LINK.token()
    assert len(token) < 700
    assert read_token(token) == LINK
    assert find_token(f"See this:\n  {token}\nBest, A.") == token
    assert read_token(f"workstation /data/Case_1 --view {token} --out x.png") == LINK


def test_what_a_later_program_adds_is_left_out() -> None:
    assert read_token(token_of(changed(mood="curious"))) == LINK


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no copied view"),
        ("hello", "no copied view"),
        ("view2-AAAA", "version 2"),
        ("view99999999999999-AAAA", "version 999999999"),
        (PREFIX, "cut or changed"),
        (PREFIX + "A", "cut or changed"),
        (LINK.token()[:-4], "cut or changed"),
        (LINK.token()[:40] + "x" + LINK.token()[41:], "cut or changed"),
        (PREFIX + "A" * 9000, "longer than any"),
        (token_of(None, packed=b"no zlib"), "cannot be unpacked"),
        (token_of(None, packed=zlib.compress(b"0" * 50_000_000)), "longer than any|holds more"),
        (token_of(None, packed=zlib.compress(b"[" * 30_000)), "cannot be read"),
        (token_of(None, packed=zlib.compress(b"\xff\xfe")), "cannot be read"),
        (token_of([1, 2]), "cannot be read"),
        (token_of({}), "no usable"),
    ],
)
def test_what_is_no_view_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ViewLinkError, match=words) as caught:
        read_token(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"case": 5}, "case"),
        ({"case": "x" * 301}, "case"),
        ({"path": "/data/\u0000"}, "path"),
        ({"masks": {"truth": 7}}, "masks"),
        ({"cursor_mm": [1, 2]}, "cursor"),
        ({"cursor_mm": [1, 2, 1e300]}, "cursor"),
        ({"cursor_mm": [1, 2, 10**400]}, "cursor"),
        ({"cursor_mm": [1, 2, True]}, "cursor"),
        ({"windows": {str(number): [0, 1] for number in range(40)}}, "windows"),
        ({"windows": {"FLAIR": [0, float("nan")]}}, "windows"),
        ({"frames": {"axial": {"fitted": "head", "zoom": 0, "middle_mm": [0, 0, 0]}}}, "frames"),
        ({"frames": {"axial": 3}}, "frames"),
        ({"display": []}, "displayed"),
        ({"display": {**LINK.display, "mode": "party"}}, "mode"),
        ({"display": {**LINK.display, "opacity": 3}}, "opacity"),
        ({"size": [1e8, 1e8]}, "size"),
        ({"camera": [0, 0, 0, 1, 0, 0, 1, 0, 0, 250]}, "camera"),
        ({"camera": [0, 0, 0, 2, 0, 0, 0, 0, 1, 250]}, "camera"),
    ],
)
def test_every_value_has_its_type_and_range(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ViewLinkError, match=words):
        read_token(token_of(changed(**changes)))
