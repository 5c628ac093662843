"""Sizes of a run, and what every measurement gets to know. Imports no torch: ComfyUI wants to be first."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.host import Host

Numbers = dict[str, float | None]
Row = tuple[str, Numbers | str]  # a name and numbers, or the reason why there are none
Rows = Iterator[Row]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is measured. Lengths in frames, sides in pixels."""

    side: int = 512
    frames: int = 96
    steps: int = 5
    clips: tuple[int, ...] = (32, 96, 512)  # part 2
    window: int = 16
    overlap: int = 4
    profiled: int = 32  # part 3
    guided_side: int = 512  # part 5
    long_clips: tuple[int, ...] = (96, 512, 2000)  # part 6
    sides: tuple[int, ...] = (512, 768, 1024)  # part 7
    precise_steps: int = 25  # part 10
    matrix: int = 8192  # rows and columns of the product that tells the card's rate
    training_steps: int = 20
    demo_training_s: int = 530
    compiler: str = "inductor"
    part_limit_s: int = 570


FULL = Sizes()
TINY = Sizes(
    side=64, frames=16, steps=2, clips=(8, 16, 20), window=8, overlap=2, profiled=12, guided_side=128,
    long_clips=(8, 16, 24), sides=(64, 96, 128), precise_steps=2, matrix=256, training_steps=4, demo_training_s=45,
    compiler="eager",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a measurement gets to know."""

    tiny: bool
    part: int
    slug: str  # the process's name in names of files
    comfyui: Path
    work: Path  # weights and other files that are not results
    stem: Path  # of the result files: DIR/gpu_DATE_CARD
    device_flags: tuple[str, ...]  # ComfyUI's, for what the machine has
    matrix_tflops: float  # of the card's matrix products in a second
    host: Host | None = None  # where the measurement asked for a ComfyUI in its process

    @property
    def sizes(self) -> Sizes:
        return TINY if self.tiny else FULL

    @property
    def base(self) -> Path:
        """ComfyUI's base directory with the random weights."""
        return self.work / "comfyui"
