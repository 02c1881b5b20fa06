"""Names of what is drawn: contestants, modes, sizes, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from workstation.core.measuring import MeasuredPoint
from workstation.core.network import Shape


def tr(text: str) -> str:
    """A text in the user's language."""
    return QCoreApplication.translate("Figures", text)


def contestant_word(name: str) -> str:
    """A contestant of a benchmark."""
    words = {
        "ours": tr("This program"),
        "low": tr("This program, low memory"),
        "plain": tr("Plain Keras, oneDNN on"),
        "plain_no_onednn": tr("Plain Keras, oneDNN off"),
        "peer": tr("PyTorch"),
    }
    return words.get(name, name)


def line_word(mode: str, precision: str, batch: int) -> str:
    """A line of a profile."""
    words = [mode, tr("batch {0}").format(batch)]
    if precision != "float32":
        words.insert(1, precision)
    return ", ".join(words)


def point_word(point: MeasuredPoint) -> str:
    """A point of a profile."""
    return f"{size_word(point.shape)}, {line_word(point.mode, point.precision, point.batch)}"


def size_word(shape: Shape) -> str:
    """Sides of a volume, without spaces."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape))


def percent_word(share: float) -> str:
    """An error with its sign: +4.2 %."""
    return f"{100 * share:+.1f} %".replace("-", "\N{MINUS SIGN}")


def machine_words(result: Mapping[str, Any]) -> str:
    """Where and when a result was measured; empty where it does not say, as one of another version may not."""
    machine = result.get("machine")
    if not isinstance(machine, Mapping) or not isinstance(machine.get("cpu"), Mapping):
        return ""
    cpu, versions = machine["cpu"], machine.get("versions")
    words = [str(cpu.get("model", ""))]
    if cpu.get("physical_cores"):
        words.append(tr("{0} cores").format(cpu["physical_cores"]))
    if isinstance(versions, Mapping):
        words += [f"{name} {versions[name]}" for name in ("tensorflow-cpu", "tensorflow", "keras") if name in versions]
    words.append(str(result.get("created", ""))[:10])
    return ", ".join(word for word in words if word)
