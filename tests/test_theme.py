"""The themes: contrast of every text on every ground (WCAG 2.2), and switching live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.theme import DARK, LIGHT, Tokens, apply_theme, palette_of, tokens_of

READABLE = 4.5
ROLE = QPalette.ColorRole


def luminance(colour: QColor) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    apply_theme(qapp, "dark")


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
@pytest.mark.parametrize("ground", ["window", "base", "raised"])
@pytest.mark.parametrize("word", ["text", "faint", "link", "error", "warning", "good"])
def test_every_text_is_readable_on_every_ground(tokens: Tokens, ground: str, word: str) -> None:
    assert contrast(QColor(getattr(tokens, word)), QColor(getattr(tokens, ground))) >= READABLE


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
def test_text_on_the_accent_and_on_images_is_readable(tokens: Tokens) -> None:
    assert contrast(QColor(tokens.on_accent), QColor(tokens.accent)) >= READABLE
    assert contrast(QColor(tokens.on_pane), QColor(tokens.pane)) >= READABLE


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
def test_messages_are_readable_on_their_grounds(tokens: Tokens) -> None:
    assert contrast(QColor(tokens.text), QColor(tokens.error_ground)) >= READABLE
    assert contrast(QColor(tokens.text), QColor(tokens.good_ground)) >= READABLE


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
@pytest.mark.parametrize(
    ("word", "ground"),
    [
        (ROLE.WindowText, ROLE.Window),
        (ROLE.Text, ROLE.Base),
        (ROLE.Text, ROLE.AlternateBase),
        (ROLE.PlaceholderText, ROLE.Base),
        (ROLE.ButtonText, ROLE.Button),
        (ROLE.HighlightedText, ROLE.Highlight),
        (ROLE.ToolTipText, ROLE.ToolTipBase),
        (ROLE.Link, ROLE.Base),
    ],
    ids=lambda role: role.name,
)
def test_pairs_of_the_palette_are_readable(tokens: Tokens, word: ROLE, ground: ROLE) -> None:
    palette = palette_of(tokens)
    assert contrast(palette.color(word), palette.color(ground)) >= READABLE


def test_disabled_words_are_fainter_than_enabled_ones() -> None:
    palette = palette_of(DARK)
    ground = palette.color(ROLE.Window)
    disabled = palette.color(QPalette.ColorGroup.Disabled, ROLE.WindowText)
    assert contrast(disabled, ground) < contrast(palette.color(ROLE.WindowText), ground)


@pytest.mark.parametrize(("name", "tokens"), [("light", LIGHT), ("dark", DARK)])
def test_a_theme_reaches_widgets_at_once(app: QApplication, name: str, tokens: Tokens) -> None:
    apply_theme(app, name)
    assert tokens_of(app.palette()) is tokens
    assert app.palette().color(ROLE.Window) == QColor(tokens.window)
    widget = QWidget()
    widget.resize(4, 4)
    assert widget.grab().toImage().pixelColor(1, 1) == QColor(tokens.window)


def test_system_follows_the_colour_scheme_live(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = Qt.ColorScheme.Light
    # The offscreen platform has no scheme of its own, so the answer of the desktop is played here.
    monkeypatch.setattr("PySide6.QtGui.QStyleHints.colorScheme", lambda _hints: scheme)
    apply_theme(app, "system")
    assert tokens_of(app.palette()) is LIGHT
    scheme = Qt.ColorScheme.Dark
    app.styleHints().colorSchemeChanged.emit(scheme)
    assert tokens_of(app.palette()) is DARK


def test_a_chosen_theme_ignores_the_system(app: QApplication) -> None:
    apply_theme(app, "light")
    app.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert tokens_of(app.palette()) is LIGHT


def test_digits_have_one_width(app: QApplication, qtbot: QtBot) -> None:
    apply_theme(app, "dark")
    assert any(tag.toString() == b"tnum" for tag in app.font().featureTags())


def test_an_unknown_theme_is_refused(app: QApplication) -> None:
    with pytest.raises(ValueError, match="sepia"):
        apply_theme(app, "sepia")
