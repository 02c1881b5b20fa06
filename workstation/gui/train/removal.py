"""The question before a run is removed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def may_remove(parent: QWidget, name: str, *, has_model: bool) -> bool:
    """Ask whether a run shall be removed; a run's checkpoints, log and model are gone for good then."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(_tr("Remove run"))
    box.setText(_tr("Remove {0}?").format(name))
    what = _tr("Its model, checkpoints, log and predictions are deleted.")
    box.setInformativeText(what if has_model else _tr("Its checkpoints, log and predictions are deleted."))
    remove = box.addButton(_tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is remove


def _tr(text: str) -> str:
    return QCoreApplication.translate("Train", text)
