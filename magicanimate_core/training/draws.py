"""What a step trains on, by chance (Eq. 7). Functions of seed, step, part and process: a resumed run repeats them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..method.noise import TRAIN_TIMESTEPS
from .sections import Section, between, setting


def generator(*numbers: int) -> np.random.Generator:
    """Returns a stream of its own for every tuple of numbers."""
    return np.random.default_rng(numbers)


@dataclass(frozen=True, kw_only=True)
class Joint(Section):
    """Thresholds of image-video joint training (Sec. 3.4)."""

    name: ClassVar[str] = "joint"
    caption: ClassVar[str] = "image-video joint training; r ~ U(0, 1) is drawn for every batch"

    enabled: bool = setting(
        True,
        "false: none of it (Table 2c): stage 1 draws frames of clips only, stage 2 clips only. For one\n"
        'stage: stages: {"1": {joint: {enabled: false}}}',
    )
    tau_0: float = setting(
        0.2, "stage 1: r <= tau_0 takes pictures of the image set (itself as reference), else clips", between(0, 1)
    )
    tau_1: float = setting(0.2, "stage 2, Eq. 7: r <= tau_1 takes pictures, itself as reference", between(0, 1))
    tau_2: float = setting(
        0.4, "  tau_1 < r <= tau_2 one frame of a clip, another frame as reference; r > tau_2 a clip", between(0, 1)
    )

    def __post_init__(self) -> None:
        """Raises ValueError for thresholds that leave a kind less than nothing."""
        super().__post_init__()
        if self.tau_1 > self.tau_2:
            raise ValueError(f"joint.tau_1 is {self.tau_1}; expected at most tau_2, which is {self.tau_2}.")

    def needs_images(self, temporal: bool) -> bool:
        """Whether some batches are of the image set."""
        return self.enabled and (self.tau_1 if temporal else self.tau_0) > 0

    def kind(self, temporal: bool, r: float) -> str:
        """Says what r ~ U(0, 1) asks for: "image" (itself as reference), "frame" (another frame as reference) or "clip"."""
        if not self.enabled:
            return "clip" if temporal else "frame"
        if not temporal:
            return "image" if r <= self.tau_0 else "frame"
        if r <= self.tau_1:  # first line of Eq. 7
            return "image"
        return "frame" if r <= self.tau_2 else "clip"


def draw_timesteps(rng: np.random.Generator, count: int, shift: float = 1.0) -> Tensor:
    """Draws (count,) over the schedule; a shift above 1 draws more of high noise (Esser et al., 2024, Eq. 23)."""
    u = (rng.integers(0, TRAIN_TIMESTEPS, count) + 0.5) / TRAIN_TIMESTEPS
    return torch.from_numpy(TRAIN_TIMESTEPS * shift * u / (1 + (shift - 1) * u)).long()


def draw_frames(rng: np.random.Generator, length: int, count: int, strides: tuple[int, int]) -> list[int] | None:
    """Draws `count` frames at one of those `strides` that fit; None for a clip too short for the least."""
    least, most = strides
    most = min(most, (length - 1) // (count - 1) if count > 1 else most)
    if length < count or most < least:
        return None
    stride = int(rng.integers(least, most + 1))
    first = int(rng.integers(0, length - stride * (count - 1)))
    return [first + stride * i for i in range(count)]


def draw_reference(rng: np.random.Generator, length: int, targets: list[int]) -> int:
    """Draws another frame of the clip (Eq. 7: i != ref); where the targets are the whole clip, one of them."""
    others = sorted(set(range(length)) - set(targets)) or list(range(length))
    return int(rng.choice(others))
