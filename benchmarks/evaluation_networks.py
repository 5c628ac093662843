"""The evaluate command with networks that answer as wide as the published ones, after hardly any work.

    python -m benchmarks.evaluation_networks GENERATED TRUE --out DIR --networks DIR

What a run keeps of an answer is what can grow with the clips; what a network needs while it answers cannot. So the rows of
the table of networks are changed for this process, and their files (a few kilobytes) written into the folder. There is none
for joints: of these only the errors of frames stay, and finding them takes seconds a frame.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from magicanimate_core.command import cli
from magicanimate_core.evaluation.networks.table import NETWORKS

SIDE = 4  # a picture is looked at in so many rows and columns


class Glance(nn.Module):
    """Frames (N, 3, H, W) or clips (N, 3, T, H, W) -> (N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.answer = nn.Linear(3 * SIDE * SIDE, width)

    def forward(self, seen: Tensor) -> Tensor:
        still = seen.mean(2) if seen.ndim == 5 else seen
        return self.answer(F.adaptive_avg_pool2d(still, SIDE).flatten(1))


class Compared(nn.Module):
    """How far two batches of frames (N, 3, H, W) are apart, (N, 1, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 1, 1))

    def forward(self, a: Tensor, b: Tensor, normalize: bool = False) -> Tensor:
        return ((a - b) * self.weight).square().mean((1, 2, 3), keepdim=True) * (4 if normalize else 1)


STAND_INS: dict[str, Callable[[], nn.Module]] = {
    "inception": lambda: Glance(2048), "resnet3d": lambda: Glance(2048), "i3d": lambda: Glance(400),
    "identity": lambda: Glance(2048), "vgg": Compared,
}  # fmt: skip


def stand_in(folder: Path) -> None:
    """Puts the stand-ins into the table of this process, and their files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name, make in STAND_INS.items():
        NETWORKS[name] = replace(NETWORKS[name], build=make, wrap=lambda net: net)
        torch.save(make().state_dict(), folder / NETWORKS[name].file)


if __name__ == "__main__":
    words = sys.argv[1:]
    stand_in(Path(words[words.index("--networks") + 1]))
    sys.exit(cli.main(["evaluate", *words]))
