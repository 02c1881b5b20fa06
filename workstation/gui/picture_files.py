"""Pictures written as PNG: encoded in memory first, since Qt says of a full disk only sometimes that it is full."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from workstation.errors import ExportError
from workstation.io.files import replacing


def write_png(image: QImage, path: Path) -> None:
    """Write a picture; ExportError where it cannot be written."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise ExportError(f"{path} could not be written: the picture is empty", hint="Try it again.", path=path)
    with replacing(path) as temporary:
        temporary.write_bytes(buffer.data().data())
