"""The figures: what is drawn of a result, that it is seen, and that it can be saved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from measured_results import bench_result, profile_result, seams_result
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.errors import ExportError, InputError
from workstation.gui.figures.figure import Figure, panels_of
from workstation.gui.figures.panels import COLOURS, BarPanel, Panel
from workstation.gui.figures.results import (
    GIB,
    beside_bytes,
    beside_seconds,
    lines_of,
    memory_bars,
    points_of,
    second_bars,
)
from workstation.gui.figures.saving import save_figure
from workstation.gui.theme import DARK, LIGHT, Tokens, apply_theme, dress

TESTS = Path(__file__).resolve().parent


def shown(qtbot: QtBot, kind: str, result: dict[str, object]) -> Figure:
    """The page of a result on the screen."""
    figure = Figure(kind, result)
    qtbot.addWidget(figure)
    figure.resize(1000, 900)
    with qtbot.waitExposed(figure):
        figure.show()
    return figure


def panels_in(figure: Figure) -> list[Panel]:
    return list(figure.panels.values())


def near(image: QImage, colour: QColor) -> int:
    """Pixels of about a colour."""
    wanted = (colour.red(), colour.green(), colour.blue())
    count = 0
    for y in range(0, image.height(), 2):
        for x in range(0, image.width(), 2):
            pixel = image.pixelColor(x, y)
            found = (pixel.red(), pixel.green(), pixel.blue())
            count += all(abs(a - b) < 12 for a, b in zip(wanted, found, strict=True))
    return count


def points_in(panel: Panel) -> int:
    return sum(len(item.getData()[0]) for item in panel.plot_items)


def test_a_line_is_one_mode_and_batch_over_rising_voxels() -> None:
    lines = lines_of(points_of(profile_result()))
    assert [(line.mode, line.batch) for line in lines] == [("exact", 1), ("exact", 2), ("low", 1), ("low", 2)]
    assert lines[1].voxels == (2 * 64**3, 2 * 96**3)
    assert lines[1].measured == (2 * 64**3 * 700, 2 * 96**3 * 700)


def test_the_error_is_calculated_by_measured_less_one() -> None:
    points = points_of(profile_result())
    assert {round(pair.error, 3) for pair in beside_bytes(points)} == {0.05}
    assert {round(pair.error, 3) for pair in beside_seconds(points)} == {-0.1}


def test_bars_stand_in_a_fixed_order_with_their_ratios() -> None:
    bars = second_bars(bench_result())
    assert [bar.name for bar in bars] == ["ours", "low", "plain", "plain_no_onednn", "peer"]
    assert [bar.share for bar in bars] == [None, 1.25, 0.5, 0.0625, None]
    assert [bar.value for bar in memory_bars(bench_result())][-1] is None


@pytest.mark.parametrize("kind", ["profile", "bench", "seams"])
def test_what_is_no_result_is_refused_in_words(kind: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        panels_of(kind, {"points": [{}], "step_seconds": 3, "ratios": None, "regions": {"WT": {}}})


def test_a_profile_shows_every_measured_point_in_each_plot(qtbot: QtBot) -> None:
    figure = shown(qtbot, "profile", profile_result(without=1))
    panels = panels_in(figure)
    assert len(panels) == 5
    assert [points_in(panel) for panel in panels] == [7] * 5


def test_the_memory_figure_names_its_lines_and_axes(qtbot: QtBot) -> None:
    figure = shown(qtbot, "profile", profile_result())
    panel = panels_in(figure)[0]
    words = [entry.word for entry in panel.legend.entries]
    assert words == ["exact, batch 1", "exact, batch 2", "low, batch 1", "low, batch 2", "calculated"]
    item = panel.plot.getPlotItem()
    assert item.getAxis("bottom").labelText == "Voxels of the batch (millions)"
    assert item.getAxis("left").labelText == "Peak memory (GiB)"
    (low, high), (bottom, top) = item.getViewBox().viewRange()
    assert (low, bottom) == (0, 0)
    assert high > 2 * 96**3 / 1e6
    assert top > 2 * 96**3 * 700 / GIB


def test_fitted_and_held_out_points_are_told_apart(qtbot: QtBot) -> None:
    figure = shown(qtbot, "profile", profile_result())
    panel = panels_in(figure)[1]
    assert [(entry.word, entry.is_hollow) for entry in panel.legend.entries][:4] == [
        ("exact, fitted", False),
        ("exact, held out", True),
        ("low, fitted", False),
        ("low, held out", True),
    ]
    ground = panel.palette().color(panel.backgroundRole().Base)
    brushes = [item.opts["symbolBrush"].color() for item in panel.plot_items]
    assert brushes == [COLOURS[0], ground, COLOURS[1], ground]


def test_the_error_of_each_point_stands_beside_it_in_percent(qtbot: QtBot) -> None:
    figure = shown(qtbot, "profile", profile_result())
    panels = panels_in(figure)
    assert panels[2].words == ["+5.0 %"] * 8
    assert panels[4].words == ["\N{MINUS SIGN}10.0 %"] * 8


def test_without_a_calibration_there_is_no_figure_of_time(qtbot: QtBot) -> None:
    assert len(shown(qtbot, "profile", profile_result(with_seconds=False)).panels) == 3


def test_bars_carry_value_and_ratio_and_what_was_not_measured_says_so(qtbot: QtBot) -> None:
    figure = shown(qtbot, "bench", bench_result())
    panel = panels_in(figure)[0]
    assert isinstance(panel, BarPanel)
    assert len(panel.plot_items) == 4
    words = [" ".join(text.split()) for text in panel.words]
    assert words == [
        "2 s",
        "2.5 s (1.25 times ours)",
        "4 s (2 times ours)",
        "32 s (16 times ours)",
        "not measured",
    ]


def test_the_change_by_distance_has_a_point_for_each_distance(qtbot: QtBot) -> None:
    figure = shown(qtbot, "seams", seams_result())
    (panel,) = panels_in(figure)
    assert points_in(panel) == 2 * 4


@pytest.mark.parametrize(("kind", "result"), [("profile", profile_result()), ("bench", bench_result())])
@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("around", ["dark", "light"])
def test_figures_are_seen_on_both_grounds(
    qtbot: QtBot, qapp: QApplication, kind: str, result: dict[str, object], tokens: Tokens, around: str
) -> None:
    apply_theme(qapp, around)
    figure = Figure(kind, result)
    qtbot.addWidget(figure)
    dress(figure, tokens)
    figure.resize(1000, 1200)
    with qtbot.waitExposed(figure):
        figure.show()
    for panel in figure.panels.values():
        image = panel.plot.grab().toImage()
        assert near(image, QColor(tokens.base)) > 1000
        assert near(image, COLOURS[0]) > 10


def test_a_legend_lies_below_its_plot_and_is_as_high_as_its_lines(qtbot: QtBot) -> None:
    figure = shown(qtbot, "profile", profile_result())
    panel = panels_in(figure)[0]
    assert panel.legend.geometry().top() >= panel.plot.geometry().bottom()
    one_line = panel.legend.height()
    panel.legend.setFixedWidth(180)
    qtbot.waitUntil(lambda: panel.legend.height() > 2 * one_line)


@pytest.mark.parametrize(
    ("kind", "result"), [("profile", profile_result()), ("bench", bench_result()), ("seams", seams_result())]
)
def test_a_figure_is_saved_as_png_in_twice_the_pixels(
    qtbot: QtBot, tmp_path: Path, kind: str, result: dict[str, object]
) -> None:
    image = QImage(str(save_figure(kind, result, tmp_path / "figure.png")))
    assert image.width() == 2400
    assert near(image.scaledToWidth(600), COLOURS[0]) > 5
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_other_names_than_png_are_refused(qtbot: QtBot, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="not a PNG name"):
        save_figure("bench", bench_result(), tmp_path / "figure.jpg")


def test_a_program_without_window_or_screen_saves_a_figure(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from measured_results import bench_result;"
        "from workstation.gui.figures.saving import save_figure;"
        "assert 'PySide6.QtWidgets' not in sys.modules and 'pyqtgraph' not in sys.modules;"
        "save_figure('bench', bench_result(), Path(sys.argv[1]));"
        "assert 'tensorflow' not in sys.modules and 'vtkmodules' not in sys.modules"
    )
    without = {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}
    environment = {name: value for name, value in os.environ.items() if name not in without}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    words = [sys.executable, "-c", program, str(tmp_path / "bench.png")]
    answer = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert not QImage(str(tmp_path / "bench.png")).isNull()
