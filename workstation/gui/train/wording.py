"""States, times and sizes in words, the same in the list, the details and the chip."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QLocale

from workstation.core.servers import THIS_MACHINE
from workstation.io.runs import RunStatus

_GIB = 2**30
_MIB = 2**20
# datetime ends with the year 9999.
_END_OF_CALENDAR = 7000 * 365.25 * 86400


def _tr(text: str) -> str:
    return QCoreApplication.translate("Train", text)


def state_word(state: str) -> str:
    """A state as people say it."""
    words = {
        "waiting": _tr("Waiting"),
        "preparing": _tr("Preparing"),
        "running": _tr("Running"),
        "paused": _tr("Paused"),
        "stopping": _tr("Stopping"),
        "finished": _tr("Finished"),
        "stopped": _tr("Stopped"),
        "failed": _tr("Failed"),
        "killed": _tr("Killed"),
        "lost": _tr("Lost"),
    }
    return words.get(state, state)


def kind_word(kind: str) -> str:
    """A kind of run as people say it."""
    words = {
        "train": _tr("Training"),
        "segment": _tr("Segmentation"),
        "profile": _tr("Memory profile"),
        "bench": _tr("Benchmark"),
        "seams": _tr("Seams of tiles"),
    }
    return words.get(kind, kind)


def preset_word(preset: str) -> str:
    """A preset as what goes in and what comes out."""
    words = {
        "flair-wt": _tr("FLAIR \N{RIGHTWARDS ARROW} whole tumour (WT)"),
        "four-regions": _tr("Four sequences \N{RIGHTWARDS ARROW} WT, TC, ET"),
    }
    return words.get(preset, preset)


def term_word(term: str) -> str:
    """A term of the memory estimate."""
    words = {
        "weights": _tr("Weights"),
        "gradients": _tr("Gradients"),
        "optimiser": _tr("Optimiser (Adam)"),
        "activations": _tr("Activations kept for the gradient"),
        "transient": _tr("Tensors at work at the peak"),
        "scratch": _tr("Scratch of one operation"),
        "allocator": _tr("Memory pool, beyond what is in use"),
        "pipeline": _tr("Batches read ahead"),
        "runtime": _tr("TensorFlow itself"),
        "used": _tr("In use by other programs"),
        "promised": _tr("Promised to other runs"),
    }
    return words.get(term, term)


def server_word(name: str) -> str:
    """A server by the name that people know it by."""
    words = {
        THIS_MACHINE: _tr("This machine"),
        "paper-192": _tr("The paper's small server"),
        "paper-384": _tr("The paper's middle server"),
        "paper-1536": _tr("The paper's large server"),
    }
    return words.get(name, name)


def memory_word(mode: str) -> str:
    """A memory mode of a training."""
    words = {"exact": _tr("Exact"), "low": _tr("Low memory"), "plain": _tr("Plain Keras")}
    return words.get(mode, mode)


def precision_word(precision: str) -> str:
    """A precision of activations."""
    words = {"float32": _tr("32 bits (float32)"), "bfloat16": _tr("16 bits (bfloat16)")}
    return words.get(precision, precision)


def normalisation_word(name: str) -> str:
    """A normalisation of a network."""
    words = {"batch": _tr("Batch (as in the paper)"), "group": _tr("Group"), "instance": _tr("Instance")}
    return words.get(name, name)


def decay_word(decay: str) -> str:
    """How a learning rate falls."""
    words = {"none": _tr("None"), "cosine": _tr("Cosine")}
    return words.get(decay, decay)


def progress_words(status: RunStatus) -> str:
    """How far a run is: "epoch 3 of 25", "2 of 5 cases", or what it is doing."""
    if status.kind == "train" and status.epochs and (status.epoch or status.state == "running"):
        return _tr("epoch {0} of {1}").format(max(1, status.epoch), status.epochs)
    if status.kind == "segment" and status.unit == "case" and status.total > 1:
        return _tr("{0} of {1} cases").format(int(status.done), int(status.total))
    if status.unit in ("measurement", "prediction") and status.total and not status.is_ended:
        return _tr("{0} of {1}: {2}").format(int(status.done), int(status.total), status.text)
    return status.text


def duration_text(seconds: float | None) -> str:
    """A duration in its two largest units: "2 h 05 min"; a dash if it is unknown."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "\N{EN DASH}"
    whole = round(seconds)
    if whole < 60:
        return _tr("{0} s").format(whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _tr("{0} min {1:02d} s").format(minutes, rest) if minutes < 10 else _tr("{0} min").format(minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _tr("{0} h {1:02d} min").format(hours, minutes)
    days, hours = divmod(hours, 24)
    return _tr("{0} d {1} h").format(days, hours)


def seconds_text(seconds: float | None) -> str:
    """A short time with its decimals, a longer one as `duration_text`; a dash if it is unknown."""
    if seconds is None or not math.isfinite(seconds) or not 0 <= seconds < 120:
        return duration_text(seconds)
    digits = 3 if seconds < 1 else 2 if seconds < 10 else 1
    return _tr("{0} s").format(f"{seconds:.{digits}f}")


def bytes_text(count: float) -> str:
    """A size in GiB, or MiB below a tenth of one; a dash for nothing."""
    if count <= 0:
        return "\N{EN DASH}"
    if count < _GIB / 10:
        megabytes = count / _MIB
        return f"{megabytes:.0f} MiB" if megabytes >= 10 else f"{megabytes:.1f} MiB"
    return f"{count / _GIB:.1f} GiB"


def part_text(count: float, whole: float) -> str:
    """A part of some memory in the unit of the whole, so that parts below each other can be compared by eye."""
    unit, size, digits = ("GiB", _GIB, 2) if whole >= _GIB else ("MiB", _MIB, 1)
    return f"{count / size:,.{digits}f} {unit}"


def share_text(share: float) -> str:
    """A share of a whole in percent; what is there, but rounds to nothing, is below 1 %."""
    return _tr("< 1 %") if 0 < share < 0.005 else _tr("{0:.0f} %").format(100 * share)


def flops_text(count: float) -> str:
    """Work in the largest unit below it."""
    for unit, size in (("PFLOP", 1e15), ("TFLOP", 1e12), ("GFLOP", 1e9)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e6:.1f} MFLOP"


def whole_text(number: int) -> str:
    """A whole number with the user's separators."""
    locale = QLocale()
    if locale.language() == QLocale.Language.C:
        # Minimal systems state no language; digits without separators are hard to read in any.
        locale = QLocale(QLocale.Language.English)
    return locale.toString(number)


def shape_text(shape: tuple[int, ...]) -> str:
    """Sides of a volume: 240 x 240 x 155 with the proper sign."""
    return " \N{MULTIPLICATION SIGN} ".join(str(side) for side in shape)


def dice_text(value: float | None) -> str:
    """A Dice coefficient with three digits; a dash if it is unknown."""
    return "\N{EN DASH}" if value is None or math.isnan(value) else f"{value:.3f}"


def when_text(seconds: float) -> str:
    """A moment in local time: the time alone if it is today."""
    if seconds >= _END_OF_CALENDAR:
        return _tr("after the year 9000")
    moment = datetime.fromtimestamp(seconds)
    return f"{moment:%H:%M}" if moment.date() == datetime.now().date() else f"{moment:%Y-%m-%d %H:%M}"
