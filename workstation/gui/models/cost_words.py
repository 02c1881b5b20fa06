"""An estimate in words: headline, rows of its tables, lines about time; no widget."""

from __future__ import annotations

import re
import time
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from workstation.core.estimate import Estimate, Trick
from workstation.core.servers import HEAD_ROOM, THIS_MACHINE, Fit
from workstation.gui.figures.words import size_word
from workstation.gui.measure.rows_table import Cell, Row
from workstation.gui.train.colours import term_colour
from workstation.gui.train.wording import (
    bytes_text,
    duration_text,
    flops_text,
    part_text,
    seconds_text,
    server_word,
    shape_text,
    share_text,
    term_word,
    when_text,
    whole_text,
)


def headline(estimate: Estimate) -> str:
    """The peak, in a few words."""
    return _tr("{0} at the peak of a training step").format(bytes_text(estimate.peak_bytes))


def verdict(estimate: Estimate) -> tuple[str, str]:
    """Whether it fits this machine, with its tone; empty where this machine is not among the servers."""
    here = next((fit for fit in estimate.fits if fit.server.name == THIS_MACHINE), None)
    if here is None:
        return "", "plain"
    if here.fits:
        return _tr("Fits this machine."), "good"
    one, several = _tr("not even one volume does"), _tr("at most a batch of {0} does")
    most = several.format(here.largest_batch) if here.largest_batch else one
    words = _tr("Does not fit this machine: {0}.").format(most)
    others = [fit.server for fit in estimate.fits if fit.fits]
    if others:
        server = min(others, key=lambda each: each.memory_bytes)
        words += " " + _tr("As it is, it fits on: {0}.").format(server_word(server.name))
    return words, "error"


def details(estimate: Estimate) -> str:
    """What else is worth knowing of the peak, in a line or two."""
    job = estimate.job
    parts = [_tr("{0} bytes per voxel.").format(whole_text(round(estimate.bytes_per_voxel)))]
    if job.mode != "plain":
        parts.append(_tr("Plain Keras would take {0}.").format(bytes_text(estimate.plain_peak_bytes)))
    if job.padded != job.shape:
        parts.append(_tr("Volumes are padded to {0}.").format(shape_text(job.padded)))
    counts = whole_text(estimate.parameters.total), whole_text(estimate.parameters.trainable)
    parts.append(_tr("{0} parameters, {1} trainable.").format(*counts))
    refined = estimate.memory_refinement
    if refined.runs:
        parts.append(_tr("Refined by {0} runs on this machine (x {1:.2f}).").format(refined.runs, refined.ratio))
    return " ".join(parts)


def term_titles() -> tuple[str, ...]:
    """Of the table of terms."""
    return _tr("Peak memory by cause"), _tr("Memory"), _tr("Share")


def term_rows(estimate: Estimate) -> list[Row]:
    """One row a term that counts, and their sum."""
    rows: list[Row] = [
        (
            Cell(term_word(name), colour=term_colour(name).name()),
            part_text(count, estimate.peak_bytes),
            share_text(count / estimate.peak_bytes),
        )
        for name, count in estimate.memory.terms.items()
        if count
    ]
    return [*rows, (_tr("Sum"), part_text(estimate.peak_bytes, estimate.peak_bytes), "")]


def server_titles() -> tuple[str, ...]:
    """Of the table of servers."""
    return _tr("Server"), _tr("Memory"), _tr("Share"), _tr("Fits"), _tr("Largest batch")


def server_row(fit: Fit) -> Row:
    """One server."""
    server = fit.server
    cores = _tr("{0} cores").format(server.cores) if server.cores else ""
    tip = _tr("Fits where it leaves {0:.0f} % of the memory free.").format(100 * HEAD_ROOM)
    return (
        Cell(server_word(server.name), tip=f"{server.name}  {cores}".strip()),
        f"{server.memory_bytes / 2**30:,.{0 if server.memory_bytes % 2**30 == 0 else 1}f} GiB",
        share_text(fit.share) if fit.share < 10 else _tr("over 10 times"),
        Cell(_tr("yes"), "good", tip) if fit.fits else Cell(_tr("no"), "error", tip),
        str(fit.largest_batch) if fit.largest_batch else Cell(_tr("none"), "error"),
    )


def trick_titles() -> tuple[str, ...]:
    """Of the table of savings."""
    return (
        *(_tr("What would save memory"), _tr("How"), _tr("Peak then"), _tr("Saved"), _tr("Share saved")),
        _tr("Time per volume"),
    )


def trick_row(trick: Trick) -> Row:
    """One way to need less."""
    names = {
        "smaller image": _tr("Smaller image"),
        "smaller batch": _tr("Smaller batch"),
        "tiles": _tr("Tiles"),
        "fewer filters": _tr("Fewer filters"),
        "keep less": _tr("Keep less"),
        "accumulation": _tr("Accumulate gradients"),
        "recompute": _tr("Compute blocks again"),
        "bfloat16": _tr("16 bits (bfloat16)"),
    }
    if trick.time_ratio is None:
        tip = _tr("Not measured on this machine. The engine refuses bfloat16 where the processor is slow with it.")
        ratio = Cell(_tr("not measured"), "faint", tip)
    else:
        about = "" if trick.is_measured else _tr("about ")
        measured, guessed = _tr("By the calibration of this machine"), _tr("By the work; calibrate to know better")
        tip = measured if trick.is_measured else guessed
        ratio = Cell(f"{about}\N{MULTIPLICATION SIGN} {trick.time_ratio:.2f}", tip=tip)
    whole = trick.peak_bytes + max(trick.saved_bytes, 0)
    is_saving = trick.saved_bytes > 0
    return (
        names.get(trick.name, trick.name),
        # "128x128x80" with the proper sign.
        re.sub(r"(?<=\d)x(?=\d)", "\N{MULTIPLICATION SIGN}", trick.change),
        part_text(trick.peak_bytes, whole),
        part_text(trick.saved_bytes, whole) if is_saving else "\N{EN DASH}",
        Cell(share_text(trick.saved_share) if is_saving else "\N{EN DASH}", "good" if is_saving else "faint"),
        ratio,
    )


def layer_titles() -> tuple[str, ...]:
    """Of the layer table, the paper's Table 1."""
    return (
        *(_tr("Layer"), _tr("Kind"), _tr("Output, voxels"), _tr("Channels"), _tr("Parameters")),
        *(_tr("Output of the batch"), _tr("Work, forward")),
    )


def layer_rows(estimate: Estimate) -> list[Row]:
    """One row a layer, and the sums; one unit in a column, a step below that of the sum, since a layer is a part."""
    memory, size = ("MiB", 2**20) if estimate.layer_bytes >= 100 * 2**20 else ("KiB", 2**10)
    work, flops = ("GFLOP", 1e9) if estimate.forward_flops >= 1e10 else ("MFLOP", 1e6)
    rows: list[Row] = [
        (
            layer.name,
            Cell(layer.kind, "faint"),
            size_word(layer.shape),
            str(layer.channels),
            whole_text(layer.parameters) if layer.parameters else "",
            f"{layer.bytes / size:,.1f} {memory}",
            f"{layer.flops / flops:,.1f} {work}" if layer.flops else "",
        )
        for layer in estimate.layers
    ]
    total = whole_text(estimate.parameters.total)
    sums = f"{estimate.layer_bytes / size:,.1f} {memory}", f"{estimate.forward_flops / flops:,.1f} {work}"
    return [*rows, (_tr("All layers"), "", "", "", total, *sums)]


def time_lines(estimate: Estimate, *, now: float | None = None) -> list[str]:
    """What is known of the time, line by line."""
    times = estimate.times
    work = _tr("Work of a step: {0}.").format(flops_text(estimate.executed_flops))
    if times.step_seconds is None:
        if estimate.calibrated:
            return [work, _tr("This mode and precision were not measured on this machine.")]
        return [work, _tr("How long it takes is not known before this machine is calibrated.")]
    rate = estimate.executed_flops / times.step_seconds / 1e9
    lines = [work, _tr("A step takes {0}, at {1:,.0f} GFLOP/s.").format(seconds_text(times.step_seconds), rate)]
    if times.epoch_seconds is None or times.total_seconds is None:
        return [*lines, _tr("Give the number of cases to see epochs.")]
    counts = times.steps, times.train_cases, times.validation_cases
    text = _tr("An epoch takes {0}: {1} steps on {2} cases, {3} to validate.")
    lines.append(text.format(duration_text(times.epoch_seconds), *counts))
    end = when_text((time.time() if now is None else now) + times.total_seconds)
    text = _tr("{0} epochs take {1}, until {2} if started now.")
    return [*lines, text.format(times.epochs, duration_text(times.total_seconds), end)]


def calibrated_words(estimate: Estimate) -> str:
    """When this machine was calibrated, and by how many runs times are refined; empty if it was not."""
    if not estimate.calibrated:
        return ""
    words = _tr("Calibrated {0}.").format(_local_time(estimate.calibrated))
    refined = estimate.time_refinement
    if refined.runs:
        words += " " + _tr("Refined by {0} runs (x {1:.2f}).").format(refined.runs, refined.ratio)
    return words


def _local_time(text: str) -> str:
    """A moment of a record, which is in UTC, as a clock here shows it; as it is written if it is none."""
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return text


def _tr(text: str) -> str:
    return QCoreApplication.translate("Cost", text)
