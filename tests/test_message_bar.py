"""Problems stay until dismissed; notices lie over the window and leave."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workstation.errors import FileMissing
from workstation.gui.message_bar import MessageBar


def bar_in_window(qtbot: QtBot) -> tuple[QWidget, QWidget, MessageBar]:
    window, page, bar = QWidget(), QWidget(), MessageBar()
    column = QVBoxLayout(window)
    column.addWidget(bar)
    column.addWidget(page, 1)
    window.resize(600, 400)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window, page, bar


def test_a_notice_leaves_the_page_its_size(qtbot: QtBot) -> None:
    window, page, bar = bar_in_window(qtbot)
    size = page.size()
    bar.show_notice("Exported /a/very/long/path/" + "folder/" * 30 + "mask.nii.gz; read back and compared.")
    qtbot.waitUntil(bar.notice.isVisible)
    assert page.size() == size
    assert window.rect().contains(bar.notice.geometry())
    assert bar.notice.height() >= bar.notice.heightForWidth(bar.notice.width())
    assert bar.text == ""


def test_a_notice_does_not_displace_a_problem(qtbot: QtBot) -> None:
    window, _, bar = bar_in_window(qtbot)
    assert window.isVisible()
    bar.show_problem(FileMissing("x does not exist", hint="Look elsewhere."))
    bar.show_notice("Exported")
    assert bar.text == "x does not exist"


def test_a_problem_can_be_copied_with_its_hint(qtbot: QtBot) -> None:
    window, _, bar = bar_in_window(qtbot)
    assert window.isVisible()
    bar.show_problem(FileMissing("x does not exist", hint="Look elsewhere."))
    copy, dismiss = bar.findChildren(QToolButton)
    copy.click()
    assert QGuiApplication.clipboard().text() == "x does not exist\nLook elsewhere."
    dismiss.click()
    assert bar.text == ""


def test_markup_in_a_file_name_is_shown_as_it_is(qtbot: QtBot) -> None:
    window, _, bar = bar_in_window(qtbot)
    assert window.isVisible()
    bar.show_problem(FileMissing("<b>bold<img src=x> does not exist", hint="<i>hint</i>"))
    bar.show_notice("<b>bold<img src=x> exported")
    labels = [*bar.findChildren(QLabel), bar.notice]
    assert {label.text() for label in labels} >= {"<b>bold<img src=x> does not exist", "<b>bold<img src=x> exported"}
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
