"""The help: its pages, the keys they name, and the window that shows them."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workstation.gui.actions import BY_ID, key_text
from workstation.gui.help_window import HelpWindow, help_pages, title_of, with_keys_of_now
from workstation.gui.key_bindings import choose_keys
from workstation.gui.main_window import MainWindow
from workstation.io.places import resources_folder
from workstation.session.session import Session

MOST_BYTES = 2_000_000


@pytest.mark.parametrize("page", help_pages(), ids=lambda page: page.stem)
def test_a_page_names_actions_and_pictures_that_there_are(page) -> None:  # type: ignore[no-untyped-def]
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"{key:([^}]*)}", text)) <= set(BY_ID)
    assert "(no key)" not in with_keys_of_now(text)
    for name in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text):
        assert not QImage(str(page.parent / name)).isNull(), name


def test_the_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (resources_folder() / "help").iterdir()) < MOST_BYTES


def test_a_page_says_the_keys_of_now(qtbot: QtBot) -> None:
    choose_keys({"go.next_error": ("Ctrl+F7",)})
    try:
        assert with_keys_of_now("Press {key:go.next_error}.") == "Press **Ctrl+F7**."
    finally:
        choose_keys({"go.next_error": BY_ID["go.next_error"].keys})


def test_f1_opens_the_help_and_a_title_its_page(qtbot: QtBot) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    with qtbot.waitActive(window, timeout=20_000):
        window.show()
    QTest.keyClick(window, Qt.Key.Key_F1)
    shown = window.findChild(HelpWindow)
    assert shown is not None and shown.isVisible()
    assert [shown.titles.item(row).text() for row in range(shown.titles.count())] == [*map(title_of, help_pages())]
    qtbot.waitUntil(lambda: shown.page.toPlainText().startswith("Start here"))
    assert key_text(BY_ID["help.palette"]) in shown.page.toPlainText()
    shown.titles.setCurrentRow(2)
    assert shown.page.toPlainText().startswith("Compare")
    qtbot.waitUntil(shown.isActiveWindow, timeout=20_000)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not shown.isVisible())
    window.close()
