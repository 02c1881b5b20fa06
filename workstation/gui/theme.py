"""Dark, light and system theme: Fusion with a palette of our own, and a small style sheet where a palette cannot reach.

Everything a widget needs follows from its palette: `tokens_of(widget.palette())` names the theme's colours, so nothing
has to remember which theme is on. Image panes are near-black in both themes; a bright ground would hide faint contrast.
Colours of truth, prediction and agreement are in `gui/colours.py`.
"""

from __future__ import annotations

import string
from dataclasses import asdict, dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from workstation.io.places import resources_folder
from workstation.session.settings import settings

THEMES = ("dark", "light", "system")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme as "#rrggbb"; every text colour has a contrast of 4.5 and more on the three grounds.

    Parameters
    ----------
    name : {"dark", "light"}
    window, base, raised : str
        Grounds: of the window, of lists and fields, of buttons.
    pane : str
        Ground of images and of the 3D scene.
    line : str
        Borders and separators.
    text, faint : str
        Words, and words that may be overlooked.
    disabled : str
        Words of what cannot be used now; exempt from contrast rules.
    on_pane : str
        Words over an image.
    accent, on_accent : str
        The one colour that says "chosen" or "go on here", and words on it.
    link, error, warning, good : str
        Words with a meaning.
    error_ground, good_ground : str
        Grounds of messages; `text` stands on them.
    """

    name: str
    window: str
    base: str
    raised: str
    pane: str
    line: str
    text: str
    faint: str
    disabled: str
    on_pane: str
    accent: str
    on_accent: str
    link: str
    error: str
    warning: str
    good: str
    error_ground: str
    good_ground: str


DARK = Tokens(
    name="dark",
    window="#1b1e23",
    base="#14161a",
    raised="#2a2e35",
    pane="#08090b",
    line="#3a3f48",
    text="#e3e6ea",
    faint="#a3abb6",
    disabled="#69717c",
    on_pane="#d7dce2",
    accent="#2a72c4",
    on_accent="#ffffff",
    link="#7ab8ff",
    error="#ff8f87",
    warning="#f0c04a",
    good="#5fd3a5",
    error_ground="#4a2222",
    good_ground="#173a2d",
)
LIGHT = Tokens(
    name="light",
    window="#f2f3f5",
    base="#ffffff",
    raised="#e6e8ec",
    pane="#0c0d0f",
    line="#c3c8d0",
    text="#1b1f24",
    faint="#525b66",
    disabled="#9299a3",
    on_pane="#d7dce2",
    accent="#1c66b8",
    on_accent="#ffffff",
    link="#0f58a8",
    error="#b3261e",
    warning="#7a5200",
    good="#0b6246",
    error_ground="#fbe1df",
    good_ground="#dcf2e8",
)

# Distances in logical pixels: between parts of one thing, between things, around groups, around pages.
TIGHT, NEAR, ROOMY, PAGE = 4, 8, 12, 20
# Sizes of type relative to the system's.
SMALL, NORMAL, LARGE, TITLE = 0.88, 1.0, 1.2, 1.55


class _Theme(QObject):
    """Keeps the application in the chosen theme; lives as a child of the application."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.setObjectName("theme")
        self._app = app
        self.chosen = "dark"
        app.setStyle("Fusion")
        app.setFont(_with_tabular_digits(app.font()))
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def choose(self, name: str) -> None:
        """Switch to a theme and follow the system from now on if it is "system"."""
        self.chosen = name
        scheme = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}.get(name, Qt.ColorScheme.Unknown)
        # Title bars and native dialogs follow this; our own palette does not wait for it, because the call has no
        # effect on bare X, some desktops and the offscreen platform.
        self._app.styleHints().setColorScheme(scheme)
        self._paint()

    def _on_scheme_changed(self) -> None:
        if self.chosen == "system":
            self._paint()

    def _paint(self) -> None:
        tokens = self._tokens()
        if self._app.property("themeName") == tokens.name:
            return
        self._app.setProperty("themeName", tokens.name)
        palette = palette_of(tokens)
        self._app.setPalette(palette)
        QToolTip.setPalette(palette)
        self._app.setStyleSheet(_style_sheet(tokens))

    def _tokens(self) -> Tokens:
        if self.chosen == "system":
            is_light = self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
            return LIGHT if is_light else DARK
        return LIGHT if self.chosen == "light" else DARK


def apply_theme(app: QApplication, name: str) -> None:
    """Put the application into a theme; call it again to change it, nothing has to be restarted.

    Parameters
    ----------
    app : QApplication
    name : {"dark", "light", "system"}
        "system" follows the desktop's colour scheme, live; a desktop that states none gets the dark theme.

    Raises
    ------
    ValueError
        There is no such theme.
    """
    if name not in THEMES:
        raise ValueError(f"{name!r} is not one of {THEMES}")
    (_theme_of(app) or _Theme(app)).choose(name)


def applied_theme() -> str:
    """The theme that the application was put into last; dark at first. Asked often, so it reads no file."""
    app = QApplication.instance()
    theme = _theme_of(app) if isinstance(app, QApplication) else None
    return "dark" if theme is None else theme.chosen


def _theme_of(app: QApplication) -> _Theme | None:
    theme = app.findChild(QObject, "theme", Qt.FindChildOption.FindDirectChildrenOnly)
    return theme if isinstance(theme, _Theme) else None


def dress(widget: QWidget, tokens: Tokens) -> None:
    """Show one widget and what is in it by now in a theme, whatever the application's is."""
    widget.setStyleSheet(_style_sheet(tokens))
    palette = palette_of(tokens)
    # Below a style sheet no palette is inherited.
    for each in (widget, *widget.findChildren(QWidget)):
        each.setPalette(palette)


def chosen_theme() -> str:
    """The theme that the user chose; dark at first."""
    name = str(settings().value("theme", "dark"))
    return name if name in THEMES else "dark"


def choose_theme(name: str) -> None:
    """Put the program into a theme, and remember it."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        settings().setValue("theme", name)
        apply_theme(app, name)


def tokens_of(palette: QPalette) -> Tokens:
    """The theme that a widget's palette belongs to."""
    window = palette.color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < palette.color(QPalette.ColorRole.WindowText).lightness() else LIGHT


def palette_of(tokens: Tokens) -> QPalette:
    """The palette of a theme, for all three groups."""
    role = QPalette.ColorRole
    is_dark = tokens.name == "dark"
    raised = QColor(tokens.raised)
    colours = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.base,
        role.AlternateBase: "#191c21" if is_dark else "#f6f7f9",
        role.Text: tokens.text,
        role.PlaceholderText: tokens.faint,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.error,
        role.ToolTipBase: tokens.raised if is_dark else tokens.base,
        role.ToolTipText: tokens.text,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent,
        role.Link: tokens.link,
        role.LinkVisited: tokens.link,
        # Fusion draws edges from these.
        role.Light: raised.lighter(125 if is_dark else 104).name(),
        role.Midlight: raised.lighter(112 if is_dark else 102).name(),
        role.Mid: tokens.line,
        role.Dark: raised.darker(150 if is_dark else 115).name(),
        role.Shadow: "#000000" if is_dark else "#8a9099",
    }
    palette = QPalette()
    for each, colour in colours.items():
        palette.setColor(QPalette.ColorGroup.All, each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(tokens.disabled))
    for each in (role.Highlight, role.Accent):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(tokens.line))
    return palette


def font_of(base: QFont, size: float, *, is_bold: bool = False) -> QFont:
    """A font of one of the sizes `SMALL` to `TITLE`, relative to `base`."""
    font = QFont(base)
    if base.pointSizeF() > 0:
        font.setPointSizeF(base.pointSizeF() * size)
    else:
        font.setPixelSize(round(base.pixelSize() * size))
    if is_bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def _with_tabular_digits(font: QFont) -> QFont:
    """The font with digits of one width, so that numbers do not dance while they change."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _style_sheet(tokens: Tokens) -> str:
    folder = resources_folder() / "style"
    template = string.Template((folder / "style.qss").read_text(encoding="utf-8"))
    return template.substitute(asdict(tokens), folder=folder.as_posix())
