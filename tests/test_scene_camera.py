"""The eye of the 3D pane: which side of the patient is where, and that projection and its inverse agree."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.gui.scene.camera import DEGREES_PER_PIXEL, DIRECTIONS, Camera

SIZE = (400.0, 300.0)
RIGHT, FRONT, HEAD = np.eye(3) * 50


def x_of(camera: Camera, point: np.ndarray) -> float:
    return float(camera.project(point, SIZE)[0])


def y_of(camera: Camera, point: np.ndarray) -> float:
    return float(camera.project(point, SIZE)[1])


@pytest.mark.parametrize(
    ("direction", "letters"),
    [("A", "RLSI"), ("P", "LRSI"), ("L", "APSI"), ("R", "PASI"), ("S", "LRAP"), ("I", "RLAP")],
)
def test_letters_at_left_right_upper_and_lower_edge(direction: str, letters: str) -> None:
    assert "".join(Camera.looking_from(direction).edge_letters) == letters


def test_from_the_front_the_patients_right_is_on_the_left() -> None:
    camera = Camera.looking_from("A")
    assert x_of(camera, RIGHT) < SIZE[0] / 2 < x_of(camera, -RIGHT)
    assert y_of(camera, HEAD) < SIZE[1] / 2 < y_of(camera, -HEAD)


@pytest.mark.parametrize(
    ("direction", "side"),
    list(zip(DIRECTIONS, (FRONT, -FRONT, -RIGHT, RIGHT, HEAD, -HEAD), strict=True)),
)
def test_the_eye_is_at_the_side_it_is_named_after(direction: str, side: np.ndarray) -> None:
    camera = Camera.looking_from(direction)
    assert camera.project(side, SIZE)[2] == pytest.approx(50)


def test_unproject_undoes_project() -> None:
    camera = Camera.looking_from("L").turned(33, -12).panned(5, 9, pane_height=300).zoomed(1.7)
    point = np.array([12.0, -30.0, 44.0])
    x, y, depth = camera.project(point, SIZE)
    assert camera.unproject(x, y, depth, SIZE) == pytest.approx(point)


def test_a_drag_takes_what_is_in_front_along() -> None:
    camera = Camera.looking_from("A")
    assert x_of(camera.turned(10, 0), FRONT) > x_of(camera, FRONT)
    assert y_of(camera.turned(0, 10), FRONT) > y_of(camera, FRONT)


def test_a_turn_by_90_degrees_to_the_right_shows_the_patients_right() -> None:
    camera = Camera.looking_from("A").turned(90 / DEGREES_PER_PIXEL, 0)
    assert camera.towards_eye == pytest.approx([1, 0, 0], abs=1e-9)


def test_many_turns_leave_right_and_up_square_and_of_length_one() -> None:
    camera = Camera.looking_from("S")
    for step in range(500):
        camera = camera.turned(3 + step % 5, 7 - step % 11)
    assert camera.right @ camera.up == pytest.approx(0, abs=1e-12)
    assert [np.linalg.norm(camera.right), np.linalg.norm(camera.up)] == pytest.approx([1, 1])


def test_a_pan_moves_the_focus_by_as_many_pixels() -> None:
    camera = Camera.looking_from("P")
    moved = camera.panned(20, 8, pane_height=SIZE[1])
    assert moved.project(camera.focus, SIZE)[:2] == pytest.approx([SIZE[0] / 2 + 20, SIZE[1] / 2 + 8])


def test_zoom_keeps_the_focus_and_doubles_distances() -> None:
    camera = Camera.looking_from("A")
    one, two = x_of(camera, RIGHT) - SIZE[0] / 2, x_of(camera.zoomed(2), RIGHT) - SIZE[0] / 2
    assert two == pytest.approx(2 * one)


@pytest.mark.parametrize("size", [(400.0, 300.0), (100.0, 600.0), (900.0, 50.0)])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_fitted_has_every_corner_in_view(size: tuple[float, float], direction: str) -> None:
    corners = np.array([[x, y, z] for x in (10.0, 150.0) for y in (-80.0, 90.0) for z in (0.0, 60.0)])
    seen = Camera.looking_from(direction).turned(40, 20).fitted(corners, size).project(corners, size)
    assert (seen[:, :2] >= 0).all()
    assert (seen[:, :2] <= size).all()


def test_an_oblique_view_has_two_letters_at_an_edge() -> None:
    camera = Camera.looking_from("A").turned(45 / DEGREES_PER_PIXEL, 0)
    assert sorted(camera.edge_letters[1]) == ["A", "L"]
