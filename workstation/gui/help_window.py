"""The help: pages of resources/help, read without a network, with the keys that the actions have now.

A page is Markdown. "{key:go.next_error}" in it stands for the keys of that action.
"""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QTextBrowser, QWidget

from workstation.gui.actions import BY_ID, key_text
from workstation.gui.theme import NORMAL, font_of
from workstation.io.places import resources_folder

_SIZE = (1000, 760)
_LIST_WIDTH = 190
_MARGIN = 20
_KEY = re.compile(r"\{key:([a-z0-9_.]+)\}")


class HelpWindow(QDialog):
    """Beside the window, so that one can read and do; titles left, the page right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        self.resize(*_SIZE)
        self._pages = help_pages()
        self.titles = QListWidget()
        self.titles.setFixedWidth(_LIST_WIDTH)
        self.page = QTextBrowser()
        self.page.setOpenExternalLinks(False)
        self.page.setOpenLinks(False)
        self.page.document().setDocumentMargin(_MARGIN)
        self.page.setSearchPaths([str(resources_folder() / "help")])
        row = QHBoxLayout(self)
        row.addWidget(self.titles)
        row.addWidget(self.page, 1)
        self.titles.currentRowChanged.connect(self._show_page)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the first page, or the last one again, in the type and with the keys of now."""
        super().showEvent(event)
        if not self.titles.count():
            # Not before: rows are as high as the style makes them, which is known only now.
            self.titles.addItems([title_of(page) for page in self._pages])
            self.titles.setCurrentRow(0)
        else:
            self._show_page(self.titles.currentRow())

    def _show_page(self, row: int) -> None:
        font: QFont = font_of(self.font(), NORMAL)
        self.page.document().setDefaultFont(font)
        self.page.document().setBaseUrl(QUrl.fromLocalFile(f"{resources_folder() / 'help'}/"))
        self.page.setMarkdown(with_keys_of_now(self._pages[row].read_text(encoding="utf-8")))


def help_pages() -> list[Path]:
    """The pages, in their order."""
    return sorted((resources_folder() / "help").glob("*.md"))


def title_of(page: Path) -> str:
    """The page's heading."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def with_keys_of_now(text: str) -> str:
    """A page with the keys in the place of the actions' names; "(no key)" where one has none."""
    return _KEY.sub(lambda found: f"**{key_text(BY_ID[found[1]]) or '(no key)'}**", text)
