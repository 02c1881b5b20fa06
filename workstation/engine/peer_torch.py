"""The same network, loss and optimiser in PyTorch, measured by the protocol of `engine/measure.py`.

A stand-alone script for an interpreter that has PyTorch: `python peer_torch.py`, lines of JSON in and out. It imports
nothing of this program, and nothing of this program imports it. Layers, their order and their sizes are those of
`core/network.py`, with PyTorch's own fast settings for a processor: channels-last tensors and weights, every core.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.1  # the weight of the new statistics, one minus what Keras calls momentum
LOSS_EPSILON = 1e-4
LAYOUT = torch.channels_last_3d


class Unit(nn.Sequential):
    """3x3x3 convolution with bias, norm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, normalisation: str) -> None:
        super().__init__(
            nn.Conv3d(channels_in, channels_out, 3, padding=1),
            norm_of(normalisation, channels_out),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """Encoder of two units a level with 2x2x2 max pooling, decoder with 2x2x2 transposed convolutions and skips."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__()
        filters, depth, kind = plan["filters"], plan["depth"], plan["normalisation"]
        sides = [filters * 2**level for level in range(depth + 1)]
        before = [len(plan["inputs"]), *sides]
        self.down = nn.ModuleList(
            nn.Sequential(Unit(before[level], sides[level], kind), Unit(sides[level], sides[level], kind))
            for level in range(depth + 1)
        )
        is_learned = plan["upsampling"] == "transpose"
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(sides[level + 1], sides[level], 2, stride=2)
            if is_learned
            else nn.Upsample(scale_factor=2, mode="nearest")
            for level in range(depth)
        )
        self.joined = nn.ModuleList(
            nn.Sequential(
                Unit(sides[level] + sides[level + (not is_learned)], sides[level], kind),
                Unit(sides[level], sides[level], kind),
            )
            for level in range(depth)
        )
        self.pool = nn.MaxPool3d(2)
        self.output = nn.Conv3d(filters, len(plan["outputs"]), 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, C, I, J, K) images to (N, R, I, J, K) probabilities."""
        skips = []
        for block in self.down[:-1]:
            images = block(images)
            skips.append(images)
            images = self.pool(images)
        images = self.down[-1](images)
        for level in reversed(range(len(skips))):
            images = self.joined[level](torch.cat((self.up[level](images), skips[level]), dim=1))
        return torch.sigmoid(self.output(images))


def norm_of(normalisation: str, channels: int) -> nn.Module:
    """Batch norm, or group norm of at most eight groups, or of as many as there are channels."""
    if normalisation == "batch":
        return nn.BatchNorm3d(channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)
    groups = channels
    if normalisation == "group":
        groups = max(count for count in range(1, min(8, channels) + 1) if channels % count == 0)
    return nn.GroupNorm(groups, channels, eps=NORM_EPSILON)


def log_dice_loss(truth: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """As `engine/losses.py`: sums over space, means over samples and regions, logarithms last."""
    space = (2, 3, 4)
    both = (truth * prediction).sum(space)
    sums = truth.sum(space) + prediction.sum(space)
    return torch.log((sums + LOSS_EPSILON).mean()) - torch.log(2 * (both + LOSS_EPSILON).mean())


class Training:
    """A network, its optimiser and a made-up batch."""

    def __init__(self, request: dict[str, Any]) -> None:
        torch.manual_seed(request["seed"])
        plan = request["plan"]
        multiple = 2 ** plan["depth"]
        shape = [-(-side // multiple) * multiple for side in request["shape"]]
        self.model = UNet(plan).to(memory_format=LAYOUT).train()
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, eps=1e-7)
        axes = [torch.linspace(-1, 1, side) for side in shape]
        distance = sum(axis**2 for axis in torch.meshgrid(*axes, indexing="ij"))
        batch = request["batch"]
        truth = torch.stack([(distance < 0.16 * 0.36**region).float() for region in range(len(plan["outputs"]))])
        self.truth = truth.expand(batch, *truth.shape).contiguous()
        images = torch.randn(batch, len(plan["inputs"]), *shape)
        self.images = images.contiguous(memory_format=LAYOUT)

    def step(self) -> float:
        """Change the weights once; the loss of before."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = log_dice_loss(self.truth, self.model(self.images))
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())


def main() -> int:
    """Answer the lines of stdin; the exit code."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with whoever started this
    request = json.loads(sys.stdin.readline())
    os.nice(max(0, request["nice"] - os.nice(0)))
    if request["threads"]:
        torch.set_num_threads(request["threads"])
    if request["kind"] != "train":
        say(answers, {"error": "The peer only trains."})
        return 1
    training = Training(request)
    facts = {
        "baseline_bytes": resident_bytes("VmRSS"),
        "parameters": sum(weight.numel() for weight in training.model.parameters()),
        "onednn": torch.backends.mkldnn.is_available(),
        "machine": {
            "versions": {"torch": torch.__version__, "python": sys.version.split()[0]},
            "threads": {"intra": torch.get_num_threads()},
        },
    }
    try:
        for _ in range(request["warm_up"]):
            training.step()
        if not request["serves"]:
            times = [timed(training)["seconds"] for _ in range(request["steps"])]
            say(answers, {**facts, "seconds": times, "peak_bytes": resident_bytes("VmHWM")})
            return 0
        say(answers, {**facts, "peak_bytes": resident_bytes("VmHWM")})
        for line in sys.stdin:
            if json.loads(line).get("do") != "step":
                break
            say(answers, {**timed(training), "peak_bytes": resident_bytes("VmHWM")})
    except (MemoryError, RuntimeError) as error:  # PyTorch's allocator raises a RuntimeError
        say(answers, {"error": str(error).splitlines()[0], "kind": type(error).__name__})
        return 1
    say(answers, {"peak_bytes": resident_bytes("VmHWM")})
    return 0


def timed(training: Training) -> dict[str, float]:
    """One step and the seconds that it took."""
    start = time.perf_counter()
    loss = training.step()
    return {"seconds": time.perf_counter() - start, "loss": loss}


def resident_bytes(name: str) -> int:
    """A line of the kernel's account of this process: "VmRSS" now, "VmHWM" at its peak."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def say(answers: Any, answer: dict[str, Any]) -> None:
    """One line."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
