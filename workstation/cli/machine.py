"""Commands about this machine and the network: info, network."""

from __future__ import annotations

import argparse
from typing import Any

from workstation import __version__
from workstation.cli.output import GIB, Outcome, add_command, parse_at_least, parse_shape, table


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    add_command(commands, "info", run_info, summary="versions, CPU features, oneDNN, threads, memory")
    network = add_command(commands, "network", run_network, summary="layers, parameters, work and memory of a network")
    network.add_argument("--preset", choices=("flair-wt", "four-regions"), default="flair-wt")
    network.add_argument("--size", type=parse_shape, default=(240, 240, 144), metavar="IxJxK")
    network.add_argument("--batch", type=parse_at_least(1), default=1, metavar="N")
    network.add_argument(
        "--filters", type=parse_at_least(1), default=16, metavar="N", help="filters of the first block"
    )
    network.add_argument("--depth", type=parse_at_least(1), default=4, metavar="N", help="number of poolings")


def run_info(options: argparse.Namespace) -> Outcome:
    """`workstation info`."""
    from workstation.core.requests import EngineSettings
    from workstation.engine.environment import describe, prepare

    with prepare(EngineSettings()):
        facts: dict[str, Any] = {"workstation": __version__, **describe()}
    return Outcome(facts, "\n".join(_lines_of(facts)))


def run_network(options: argparse.Namespace) -> Outcome:
    """`workstation network`."""
    import dataclasses

    from workstation.core.cost import count_parameters, estimate_train_bytes, layer_costs
    from workstation.core.network import PRESETS

    plan = dataclasses.replace(PRESETS[options.preset], filters=options.filters, depth=options.depth)
    total, trainable, fixed = count_parameters(plan)
    layers = layer_costs(plan, options.size, batch=options.batch)
    estimate = estimate_train_bytes(plan, options.size, batch=options.batch)
    rows = [["layer", "kind", "output", "parameters", "GFLOP", "MiB"]]
    rows += [
        [
            layer.name,
            layer.kind,
            "x".join(map(str, layer.shape)),
            f"{layer.parameters:,}",
            f"{layer.flops / 1e9:,.2f}",
            f"{layer.bytes / 2**20:,.1f}",
        ]
        for layer in layers
    ]
    summary = [
        f"parameters: {total:,} total, {trainable:,} trainable, {fixed:,} not",
        f"forward: {sum(layer.flops for layer in layers) / 1e12:.3f} TFLOP",
        f"training, estimated peak: {estimate.peak_bytes / GIB:.1f} GiB",
    ]
    data = {
        "preset": options.preset,
        "size": list(options.size),
        "batch": options.batch,
        "parameters": {"total": total, "trainable": trainable, "fixed": fixed},
        "layers": [dataclasses.asdict(layer) for layer in layers],
        "train_peak_bytes": estimate.peak_bytes,
        "terms": dict(estimate.terms),
    }
    return Outcome(data, table(rows, left_columns=2) + "\n\n" + "\n".join(summary))


def _lines_of(facts: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines_of(value, indent + "  ")]
        elif isinstance(value, list | tuple):
            lines.append(f"{indent}{name}: {', '.join(map(str, value)) or 'none'}")
        elif name.endswith("_bytes"):
            lines.append(f"{indent}{name.removesuffix('_bytes')}: {value / GIB:.1f} GiB")
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines
