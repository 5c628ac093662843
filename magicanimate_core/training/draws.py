"""What a step trains on, by chance (Eq. 7). Functions of seed, step, part and process: a resumed run repeats them."""

from dataclasses import dataclass

import numpy as np


def generator(*numbers: int) -> np.random.Generator:
    """A stream of its own for every tuple of numbers."""
    return np.random.default_rng(numbers)


@dataclass(frozen=True)
class Joint:
    """Thresholds of image-video joint training (Sec. 3.4)."""

    tau_0: float = 0.2  # stage 1: r <= tau_0 takes a picture of the image set
    tau_1: float = 0.2  # stage 2: r <= tau_1 takes a picture of the image set
    tau_2: float = 0.4  # stage 2: tau_1 < r <= tau_2 takes one frame of a clip, r > tau_2 a clip

    def kind(self, stage: int, r: float) -> str:
        """What r ~ U(0, 1) asks for: "image" (itself as reference) or "frame" (another frame as reference) or "clip"."""
        if stage == 1:
            return "image" if r <= self.tau_0 else "frame"
        if r <= self.tau_1:  # first line of Eq. 7
            return "image"
        return "frame" if r <= self.tau_2 else "clip"


def pick_frames(rng: np.random.Generator, length: int, count: int, strides: tuple[int, int]) -> list[int] | None:
    """`count` frames at one stride, drawn from those of `strides` that fit; None for a clip too short for the least."""
    least, most = strides
    most = min(most, (length - 1) // (count - 1) if count > 1 else most)
    if length < count or most < least:
        return None
    stride = int(rng.integers(least, most + 1))
    first = int(rng.integers(0, length - stride * (count - 1)))
    return [first + stride * i for i in range(count)]


def pick_reference(rng: np.random.Generator, length: int, targets: list[int]) -> int:
    """Another frame of the clip (Eq. 7: i != ref); where the targets are the whole clip, one of them."""
    others = sorted(set(range(length)) - set(targets)) or list(range(length))
    return int(rng.choice(others))
