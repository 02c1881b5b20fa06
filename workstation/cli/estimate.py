"""`workstation estimate`: what a training costs in memory and time, on which servers it fits, and what would save."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workstation.cli.output import (
    GIB,
    Outcome,
    ProgressLine,
    add_command,
    memory_unit,
    parse_at_least,
    parse_shape,
    percent,
    sides,
    table,
)

if TYPE_CHECKING:
    from workstation.core.estimate import Estimate, Job, Trick
    from workstation.core.servers import Server
    from workstation.io.machine_records import MachineRecords

# Words of the terms of `core/cost.py`, in its order.
_TERMS = {
    "weights": "weights",
    "gradients": "gradients of the weights",
    "optimiser": "optimiser (Adam)",
    "activations": "activations kept for the backward pass",
    "transient": "tensors at work at the peak",
    "scratch": "scratch of one operation",
    "allocator": "memory pool beyond what is in use",
    "pipeline": "batches read ahead",
    "runtime": "Python and TensorFlow",
}
_ADVICE = "run with --calibrate on the machine in question (about 10 s of steps, and TensorFlow's start)"
_MOST_CASES = 1_000_000
# Beyond, no day is named: that much is clear without one, and calendars end.
_CENTURY_SECONDS = 100 * 365.25 * 86400


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    parser = add_command(commands, "estimate", run_estimate, summary="memory and time of a training, before it starts")
    whole = parse_at_least(1)
    parser.add_argument("--preset", choices=("flair-wt", "four-regions"), default="flair-wt")
    parser.add_argument("--filters", type=whole, default=16, metavar="N", help="filters of the first block")
    parser.add_argument("--depth", type=whole, default=4, metavar="N", help="number of poolings")
    parser.add_argument("--normalisation", choices=("batch", "group", "instance"), default="batch")
    parser.add_argument("--size", type=parse_shape, default=(240, 240, 144), metavar="IxJxK")
    parser.add_argument("--batch", type=whole, default=1, metavar="N")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--memory", choices=("exact", "low", "plain"), default="exact", help="what a step keeps")
    parser.add_argument("--micro-batch", type=parse_at_least(0), default=0, metavar="N", help="volumes at work at once")
    parser.add_argument("--cases", type=parse_at_least(0), default=0, metavar="N", help="of the data set")
    parser.add_argument("--epochs", type=whole, default=25, metavar="N")
    parser.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="NAME[=BYTES]",
        help="a server to fit, by name or as in big=1.5TB; may be repeated; without it all known ones",
    )
    parser.add_argument("--calibrate", action="store_true", help="first measure how fast this machine is")


def run_estimate(options: argparse.Namespace) -> Outcome:
    """`workstation estimate`."""
    from workstation.core.estimate import Knowledge, make_estimate
    from workstation.io.machine_records import machine_records

    job = _job(options)
    servers = _servers(options.server)
    records = machine_records()
    if options.calibrate:
        _calibrate(records, with_bfloat16=options.precision == "bfloat16")
    calibration = records.calibration()
    knowledge = Knowledge(calibration, records.runs())
    estimate = make_estimate(job, epochs=options.epochs, servers=servers, knowledge=knowledge)
    finish = _finish(estimate)
    data = {
        "preset": options.preset,
        "machine": records.machine,
        **estimate.as_dict(),
        "finishes": finish.isoformat(timespec="minutes") if finish else None,
    }
    return Outcome(data, _text(options.preset, estimate, finish))


def _job(options: argparse.Namespace) -> Job:
    """What is asked for, checked as the request of a training."""
    from workstation.core.estimate import Job
    from workstation.core.request_fields import check_range
    from workstation.core.requests import TrainRequest

    check_range(options.cases, 0, _MOST_CASES, "cases")

    request = TrainRequest(
        data="any",
        preset=options.preset,
        size=sides(options.size),
        batch=options.batch,
        epochs=options.epochs,
        filters=options.filters,
        depth=options.depth,
        normalisation=options.normalisation,
        memory=options.memory,
        precision=options.precision,
        micro_batch=options.micro_batch,
    )
    return Job(
        request.plan,
        options.size,
        batch=request.batch,
        mode=request.memory,
        precision=request.precision,
        micro_batch=request.micro_batch,
        cases=options.cases,
    )


def _servers(wanted: list[str]) -> tuple[Server, ...]:
    """The servers to fit: those that were named or described, else this machine, the presets and the user's own."""
    from workstation.core.servers import PAPER_SERVERS, THIS_MACHINE, Server, named_servers, parse_server
    from workstation.engine.environment import machine_facts
    from workstation.errors import RequestError
    from workstation.io.server_profiles import read_servers, servers_file

    facts = machine_facts()
    here = Server(THIS_MACHINE, facts["memory"]["total_bytes"], facts["cpu"]["physical_cores"])
    known = named_servers([here], PAPER_SERVERS, read_servers())
    if not wanted:
        return known
    by_name = {server.name: server for server in known}
    found = []
    for text in wanted:
        if "=" not in text and text not in by_name:
            names = ", ".join(by_name)
            hint = f"Known: {names}. Others: NAME=BYTES, or name them in {servers_file()}."
            raise RequestError(f"There is no server {text!r}.", field="server", hint=hint)
        found.append(by_name[text] if text in by_name else parse_server(text))
    return named_servers(found)


def _calibrate(records: MachineRecords, *, with_bfloat16: bool) -> None:
    from workstation.core.requests import EngineSettings
    from workstation.engine.environment import prepare
    from workstation.io.places import choices_path

    line = ProgressLine()
    line.show("loading TensorFlow", fraction=0.0)
    with prepare(EngineSettings()):
        from workstation.engine.calibration import calibrate
        from workstation.engine.choices import Choices

        calibration = calibrate(
            records.machine,
            choices=Choices(choices_path()),
            with_bfloat16=with_bfloat16,
            report=lambda done, text: line.show(text, fraction=done),
        )
    records.write_calibration(calibration)
    line.end("calibrated")


def _finish(estimate: Estimate) -> datetime | None:
    seconds = estimate.times.total_seconds
    if seconds is None or seconds > _CENTURY_SECONDS:
        return None
    return datetime.now().astimezone() + timedelta(seconds=seconds)


def _text(preset: str, estimate: Estimate, finish: datetime | None) -> str:
    """The long table first, the answer last, where a terminal shows it."""
    parts = [
        _title(preset, estimate),
        _layer_table(estimate),
        _memory_table(estimate),
        _trick_table(estimate.tricks),
        _server_table(estimate),
        "\n".join([_verdict(estimate), *_time_lines(estimate, finish)]),
    ]
    return "\n\n".join(parts)


def _title(preset: str, estimate: Estimate) -> str:
    job = estimate.job
    words = [preset, sides(job.shape)]
    if job.padded != job.shape:
        words.append(f"padded to {sides(job.padded)}")
    words += [f"batch {job.batch}", f"memory {job.mode}", job.precision]
    if job.at_work < job.batch:
        words.append(f"micro-batches of {job.at_work}")
    plan = job.plan
    return ", ".join(words) + f"\n{plan.filters} filters, depth {plan.depth}, {plan.normalisation} norm"


def _layer_table(estimate: Estimate) -> str:
    # A layer is a small part of the whole, so the units are one below what the sums would have.
    memory, size = ("MiB", 2**20) if estimate.layer_bytes >= 100 * 2**20 else ("KiB", 2**10)
    work, flops = ("GFLOP", 1e9) if estimate.forward_flops >= 1e10 else ("MFLOP", 1e6)
    rows = [["layer", "kind", "output", "channels", "parameters", memory, work]]
    rows += [
        [
            layer.name,
            layer.kind,
            sides(layer.shape),
            str(layer.channels),
            f"{layer.parameters:,}" if layer.parameters else "",
            f"{layer.bytes / size:,.1f}",
            f"{layer.flops / flops:,.1f}" if layer.flops else "",
        ]
        for layer in estimate.layers
    ]
    sums = f"{estimate.layer_bytes / size:,.1f}", f"{estimate.forward_flops / flops:,.1f}"
    rows.append(["total", "", "", "", f"{estimate.parameters.total:,}", *sums])
    notes = (
        f"{estimate.parameters.trainable:,} parameters are trained. {memory} are of the layers' outputs, {work} of the "
        f"forward pass, both of the whole batch."
    )
    return table(rows, left_columns=2) + "\n" + notes


def _memory_table(estimate: Estimate) -> str:
    unit, size = memory_unit(estimate.peak_bytes)
    rows = [["peak of a training step", unit, "share"]]
    for name, count in estimate.memory.terms.items():
        if count:
            rows.append([_TERMS.get(name, name), f"{count / size:,.2f}", percent(count / estimate.peak_bytes)])
    rows.append(["sum", f"{estimate.peak_bytes / size:,.2f}", ""])
    notes = [f"{estimate.bytes_per_voxel:,.0f} bytes per voxel."]
    if estimate.job.mode != "plain":
        notes.append(f"Plain Keras would take {_amount(estimate.plain_peak_bytes)}.")
    refined = estimate.memory_refinement
    if refined.runs:
        notes.append(f"Refined by {refined.runs} runs on this machine (x{refined.ratio:.2f}).")
    return table(rows) + "\n" + " ".join(notes)


def _server_table(estimate: Estimate) -> str:
    from workstation.core.servers import HEAD_ROOM

    rows = [["server", "GiB", "cores", "takes", "fits", "largest batch"]]
    rows += [
        [
            fit.server.name,
            f"{fit.server.memory_bytes / GIB:,.1f}",
            str(fit.server.cores or ""),
            percent(fit.share),
            "yes" if fit.fits else "no",
            str(fit.largest_batch or "none"),
        ]
        for fit in estimate.fits
    ]
    return table(rows) + f"\nA job fits where it leaves {HEAD_ROOM:.0%} of the memory free."


def _trick_table(tricks: Iterable[Trick]) -> str:
    kept = list(tricks)
    if not kept:
        return "Nothing would save memory here."
    unit, size = memory_unit(max(trick.peak_bytes for trick in kept))
    rows = [["what would save", "how", unit, "saves", "", "time per volume"]]
    for trick in kept:
        saved, share = f"{trick.saved_bytes / size:,.2f}", percent(trick.saved_share)
        rows.append([trick.name, trick.change, f"{trick.peak_bytes / size:,.2f}", saved, share, _ratio(trick)])
    notes = []
    if any(trick.time_ratio is not None and not trick.is_measured for trick in kept):
        notes.append("~ by the amount of work alone; --calibrate measures this machine.")
    if any(trick.time_ratio is None for trick in kept):
        notes.append(f"? not measured here{_bfloat16_note()}.")
    return "\n".join([table(rows, left_columns=2), *notes])


def _ratio(trick: Trick) -> str:
    if trick.time_ratio is None:
        return "?"
    return f"{'' if trick.is_measured else '~'}x{trick.time_ratio:.2f}"


def _bfloat16_note() -> str:
    from workstation.engine.environment import machine_facts

    if {"bf16", "amx"} & set(machine_facts()["cpu"]["features"]):
        return ""
    return "; this processor has no bfloat16 (AVX512-BF16 or AMX), and a training would refuse it"


def _verdict(estimate: Estimate) -> str:
    """Whether it fits, in a line."""
    fitting = [fit.server.name for fit in estimate.fits if fit.fits]
    words = f"needs {_amount(estimate.peak_bytes)}: "
    if not fitting:
        return words + "fits none of these servers"
    without = [fit for fit in estimate.fits if not fit.fits]
    words += f"fits {', '.join(fitting)}"
    for fit in without:
        most = f"at most batch {fit.largest_batch}" if fit.largest_batch else "not even batch 1"
        words += f"; not {fit.server.name} ({most})"
    return words


def _time_lines(estimate: Estimate, finish: datetime | None) -> list[str]:
    times, job = estimate.times, estimate.job
    work = f"work of a step: {_flops(estimate.executed_flops)}"
    if times.step_seconds is None:
        unknown = f"no time is known for {job.precision}, memory {job.mode}" if estimate.calibrated else "time: unknown"
        return [work, f"{unknown}; {_ADVICE}"]
    rate = estimate.executed_flops / times.step_seconds / 1e9
    lines = [work, f"a step: {_duration(times.step_seconds)}, {rate:,.0f} GFLOP/s"]
    refined = estimate.time_refinement
    if refined.runs:
        lines[-1] += f" (refined by {refined.runs} runs on this machine, x{refined.ratio:.2f})"
    if times.epoch_seconds is None or times.total_seconds is None:
        lines.append("an epoch: give --cases")
        return lines
    lines.append(
        f"an epoch: {_duration(times.epoch_seconds)} "
        f"({times.steps} steps on {times.train_cases} cases, {times.validation_cases} to validate)"
    )
    ends = f", ending {finish:%Y-%m-%d %H:%M} if it started now" if finish else ""
    lines.append(f"{times.epochs} epochs: {_duration(times.total_seconds)}{ends}")
    return lines


def _duration(seconds: float) -> str:
    for size, unit in ((365.25 * 86400, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _amount(count: int) -> str:
    unit, size = memory_unit(count)
    return f"{count / size:,.1f} {unit}"


def _flops(count: int) -> str:
    for unit, size in (("TFLOP", 1e12), ("GFLOP", 1e9)):
        if count >= size:
            return f"{count / size:,.2f} {unit}"
    return f"{count / 1e6:,.2f} MFLOP"
