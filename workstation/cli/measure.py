"""Commands that measure the engine: profile, bench, seams.

Each leaves a folder: its result as JSON, a table as CSV (seams: maps as NIfTI), and its figures as a PNG, which
`workstation figure` and the window draw from the JSON too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workstation.cli.figure import draw_beside
from workstation.cli.output import (
    GIB,
    Outcome,
    ProgressLine,
    add_command,
    number,
    parse_at_least,
    parse_shape,
    sides,
    table,
)

_IDLE_CORES = 0.1
_CONTESTANTS = {
    "ours": "ours",
    "plain": "plain Keras",
    "plain_no_onednn": "plain Keras, oneDNN off",
    "low": "ours, low memory",
    "peer": "PyTorch",
}


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    profile = add_command(
        commands, "profile", run_profile, summary="measure memory and time over a grid, beside the estimates"
    )
    profile.add_argument("--sizes", default="", metavar="IxJxK,...", help="default: eight, from 64x64x64 to full size")
    profile.add_argument("--batches", type=_parse_numbers, default=(1, 2), metavar="N,...")
    profile.add_argument("--modes", default="exact,low", metavar="MODE,...", help="of exact, low, plain")
    profile.add_argument("--precisions", default="float32", metavar="NAME,...", help="of float32, bfloat16")
    profile.add_argument("--steps", type=parse_at_least(1), default=2, metavar="N", help="timed steps of each point")
    profile.add_argument("--quick", action="store_true", help="three small sizes, one step each")
    _add_common(profile, out="profile")

    bench = add_command(
        commands, "bench", run_bench, summary="the engine against plain Keras and PyTorch, in alternating pairs"
    )
    bench.add_argument("--size", type=parse_shape, default=(96, 96, 96), metavar="IxJxK")
    bench.add_argument("--batch", type=parse_at_least(1), default=1, metavar="N")
    bench.add_argument("--steps", type=parse_at_least(1), default=5, metavar="N", help="pairs with each rival")
    bench.add_argument("--quick", action="store_true", help="32x32x32, two pairs")
    bench.add_argument("--without-slow", action="store_true", help="leave out plain Keras without oneDNN")
    bench.add_argument("--rivals", default="", metavar="NAME,...", help="of plain, plain_no_onednn, low, peer")
    bench.add_argument("--peer", default="", metavar="PYTHON", help="a Python that has PyTorch; default: this one")
    bench.add_argument("--inference", action="store_true", help="also: files to mask on disk against the forward pass")
    bench.add_argument("--model", metavar="MODEL", help="for --inference: a model's name or folder, a finished run")
    bench.add_argument("--case", type=Path, metavar="CASE", help="for --inference: a case")
    _add_common(bench, out="bench")

    seams = add_command(commands, "seams", run_seams, summary="whole-volume against tiled prediction of a case")
    seams.add_argument("--model", required=True, metavar="MODEL", help="a model's name or folder, a finished run")
    seams.add_argument("--case", type=Path, required=True, metavar="CASE", help="a case's folder or image")
    seams.add_argument("--tile", type=parse_shape, default=(128, 128, 128), metavar="IxJxK")
    seams.add_argument("--overlap", type=parse_at_least(0), default=0, metavar="VOXELS")
    seams.add_argument("--weighting", choices=("uniform", "gaussian"), default="uniform")
    seams.add_argument("--threshold", type=float, default=0.0, metavar="P", help="default: the model's")
    seams.add_argument("--threads", type=parse_at_least(0), default=0, metavar="N", help="0: all cores")
    seams.add_argument("--out", type=Path, default=Path("seams"), metavar="FOLDER")


def run_profile(options: argparse.Namespace) -> Outcome:
    """`workstation profile`."""
    from workstation.core.measuring_requests import PROFILE_SIZES, QUICK_SIZES
    from workstation.core.requests import ProfileRequest
    from workstation.engine.profile import profile

    sizes = _words(options.sizes) or (QUICK_SIZES if options.quick else PROFILE_SIZES)
    request = ProfileRequest(
        sizes=sizes,
        batches=options.batches,
        modes=_words(options.modes),
        precisions=_words(options.precisions),
        warm_up=1,
        steps=1 if options.quick else options.steps,
        **_common(options),
    )
    line = ProgressLine()
    result = profile(request, out=options.out.resolve(), report=_reporter(line))
    line.end()
    result = _with_figure(result)
    return Outcome(result, profile_text(result))


def run_bench(options: argparse.Namespace) -> Outcome:
    """`workstation bench`."""
    from workstation.core.measuring_requests import RIVALS
    from workstation.core.requests import BenchRequest
    from workstation.engine.bench import bench
    from workstation.errors import RequestError
    from workstation.io.model_shelf import model_named

    rivals = _words(options.rivals) or RIVALS
    if options.without_slow:
        rivals = tuple(rival for rival in rivals if rival != "plain_no_onednn")
    if options.inference and not (options.model and options.case):
        raise RequestError("--inference needs --model and --case.", field="model")
    request = BenchRequest(
        size="32x32x32" if options.quick else sides(options.size),
        batch=options.batch,
        steps=2 if options.quick else options.steps,
        warm_up=1 if options.quick else 2,
        rivals=rivals,
        peer=options.peer,
        model=str(model_named(options.model).resolve()) if options.model else "",
        case=str(options.case.resolve()) if options.case else "",
        **_common(options),
    )
    line = ProgressLine()
    result = bench(request, out=options.out.resolve(), report=_reporter(line))
    line.end()
    result = _with_figure(result)
    return Outcome(result, bench_text(result), status=0 if result["step_seconds"]["ours"] else 1)


def run_seams(options: argparse.Namespace) -> Outcome:
    """`workstation seams`."""
    from workstation.core.requests import EngineSettings, SeamsRequest
    from workstation.engine.environment import prepare
    from workstation.io.model_shelf import model_named

    request = SeamsRequest(
        model=str(model_named(options.model)),
        case=str(options.case),
        tile=sides(options.tile),
        overlap=options.overlap,
        weighting=options.weighting,
        threshold=options.threshold,
        settings=EngineSettings(intra_threads=options.threads, nice=0),
    )
    line = ProgressLine()
    with prepare(request.settings):
        from workstation.engine.seams import seams

        result = seams(request, out=options.out.resolve(), report=_reporter(line))
    line.end()
    result = _with_figure(result)
    return Outcome(result, seams_text(result))


def profile_text(result: Mapping[str, Any]) -> str:
    """The points of a profile as a table, and the errors of the estimates."""
    rows = [
        ["size", "batch", "mode", "precision", "used to", "GiB", "estimated", "error", "s/step", "estimated", "error"]
    ]
    notes = []
    for point in result["points"]:
        size = sides(point["shape"])
        rows.append(
            [
                *(size, str(point["batch"]), point["mode"], point["precision"], "fit" if point["fitted"] else "check"),
                *_beside(point["measured_bytes"], point["estimated_bytes"], unit=GIB),
                *_beside(point["measured_seconds"], point["estimated_seconds"]),
            ]
        )
        if point["error"]:
            notes.append(f"{size}, batch {point['batch']}, {point['mode']}, {point['precision']}: {point['error']}")
    whats = {"bytes": "memory", "refined_bytes": "memory refined by this machine's runs", "seconds": "time"}
    for what, halves in result["summary"].items():
        for half, errors in halves.items():
            if errors["count"]:
                notes.append(
                    f"{whats.get(what, what)}, {errors['count']} {half.replace('_', ' ')} points: off by "
                    f"{errors['median_error']:.1%} in the median, {errors['largest_error']:.1%} at most"
                )
    return "\n".join([table(rows, left_columns=5), "", *notes, *_file_lines(result["files"])])


def bench_text(result: Mapping[str, Any]) -> str:
    """A comparison as a table, with its ratios."""
    size = sides(result["size"])
    lines = [f"{size}, batch {result['batch']}, on {result['machine']['cpu']['model']}", _contestants(result), ""]
    for pair, ratio in result["ratios"].items():
        above, below = (_CONTESTANTS.get(name, name) for name in pair.split("/"))
        lines.append(f"{above} / {below}: {number(ratio, digits=3)}")
    if result["share_of_forward_rate"] is not None:
        share, gflops = result["share_of_forward_rate"], result["forward_gflops"]
        lines.append(f"share of the forward convolution rate ({gflops:.0f} GFLOP/s): {share:.3f}")
    if result["inference"]:
        inference = result["inference"]
        seconds = (
            f"{number(inference['case_seconds'], digits=2)} s / {number(inference['forward_seconds'], digits=2)} s"
        )
        lines.append(f"files to mask / forward pass: {seconds} = {number(inference['ratio'], digits=3)}")
    if result["others_cores"] > _IDLE_CORES:
        lines.append(
            f"other programs kept {result['others_cores']:.2f} cores busy, which slows PyTorch most: measure again "
            "when the machine is idle"
        )
    remarks = dict.fromkeys(_not_alternating(result), "not alternating, both did not fit together")
    for name, text in (*remarks.items(), *result["errors"].items()):
        lines.append(f"{_CONTESTANTS.get(name, name)}: {text}")
    return "\n".join([*lines, *_file_lines(result["files"])])


def _contestants(result: Mapping[str, Any]) -> str:
    rows = [["", "s/step", "pairs", "peak GiB", "bytes/voxel", "above the start"]]
    for name, seconds in result["step_seconds"].items():
        per_voxel = result["bytes_per_voxel"][name]
        peak = result["peak_bytes"][name]
        pairs = result["pairs"].get(name, {"seconds": []})["seconds"]
        rows.append(
            [
                _CONTESTANTS.get(name, name),
                number(seconds, digits=3),
                str(len(pairs)) if pairs else "-",
                number(peak and peak / GIB, digits=2),
                *(
                    "-" if per_voxel[what] is None else f"{per_voxel[what]:,.0f}"
                    for what in ("total", "above_baseline")
                ),
            ]
        )
    return table(rows)


def seams_text(result: Mapping[str, Any]) -> str:
    """What tiles change, in words."""
    rows = [["region", "Dice whole", "Dice tiled", "between", "voxels differ", "most", "from a border"]]
    for name, region in result["regions"].items():
        rows.append(
            [
                name,
                *(number(region[key]) for key in ("whole", "tiled", "dice_between")),
                f"{region['voxels']:,}",
                number(region["max_probability"]),
                f"{region['distance_voxels']} voxels",
            ]
        )
    title = f"{result['tiles']} tiles, overlap {result['overlap']}"
    return "\n".join([title, table(rows), *_file_lines(result["files"])])


def _add_common(parser: argparse.ArgumentParser, *, out: str) -> None:
    parser.add_argument("--preset", choices=("flair-wt", "four-regions"), default="flair-wt")
    parser.add_argument("--filters", type=parse_at_least(1), default=16, metavar="N")
    parser.add_argument("--depth", type=parse_at_least(1), default=4, metavar="N")
    parser.add_argument("--normalisation", choices=("batch", "group", "instance"), default="batch")
    parser.add_argument("--threads", type=parse_at_least(0), default=0, metavar="N", help="0: all cores")
    parser.add_argument("--nice", type=parse_at_least(0), default=0, metavar="N", help="how far to stand back, 0 to 19")
    parser.add_argument("--cap", type=float, default=0.0, metavar="GIB", help="default: 90 %% of what is available")
    parser.add_argument("--out", type=Path, default=Path(out), metavar="FOLDER")


def _common(options: argparse.Namespace) -> dict[str, Any]:
    from workstation.core.requests import EngineSettings

    return {
        "preset": options.preset,
        "filters": options.filters,
        "depth": options.depth,
        "normalisation": options.normalisation,
        "cap_gib": options.cap,
        "settings": EngineSettings(intra_threads=options.threads, nice=options.nice),
    }


def _with_figure(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "files": {**result["files"], **draw_beside(result)}}


def _file_lines(files: Mapping[str, str]) -> list[str]:
    """Where everything is."""
    words = {"table": "table", "json": "result", "figure": "figure", "figure_error": "no figure"}
    return [f"{words.get(name, name.replace('_', ' '))}: {path}" for name, path in files.items()]


def _reporter(line: ProgressLine) -> Any:
    def report(done: int, total: int, text: str) -> None:
        line.show(text, fraction=done / total if total else None)

    return report


def _beside(measured: float | None, estimated: float | None, *, unit: float = 1) -> list[str]:
    """Measured, estimated, and by how much the estimate is off."""
    error = "-" if not measured or estimated is None else f"{estimated / measured - 1:+.1%}"
    return [*(number(value and value / unit, digits=2) for value in (measured, estimated)), error]


def _not_alternating(result: Mapping[str, Any]) -> list[str]:
    return [name for name, pairs in result["pairs"].items() if not pairs["alternating"]]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _parse_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in _words(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 1,2,4") from error
