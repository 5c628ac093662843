"""Frames brought to the size at which they are compared, and what sizes that differ rule out.

True frames of the published numbers are the largest centred square of the film's, at 256x256.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .pairs import ClipPair
from .per_frame import METRICS
from .videos import PUBLISHED_SIDE, ComparedClip


@dataclass(frozen=True)
class SquareClip(ComparedClip):
    """A video of which the largest centred square is seen, `size` pixels a side."""

    clip: ComparedClip
    size: int
    smooth: bool = True  # bilinear and antialiased; else the nearest pixel, for masks

    @property
    def named(self) -> bool:  # type: ignore[override]
        return self.clip.named

    @property
    def numbers(self) -> Sequence[int]:
        return self.clip.numbers

    def frames(self, count: int | None = None) -> Iterator[np.ndarray]:
        return (square(frame, self.size, self.smooth) for frame in self.clip.frames(count))


def squared(clips: dict[str, ComparedClip], size: int, smooth: bool = True) -> dict[str, ComparedClip]:
    """Returns videos at `size` pixels a side; 0: as they are. Raises ValueError for no size."""
    if size < 0 or size > 2**14:
        raise ValueError(
            f"the size is {size}; expected up to {2**14} pixels, for example {PUBLISHED_SIDE}, or 0 for as they are."
        )
    return {name: SquareClip(name, clip, size, smooth) for name, clip in clips.items()} if size else clips


def square(frame: np.ndarray, size: int, smooth: bool = True) -> np.ndarray:
    """Returns the largest centred square of a frame (H, W, 3) uint8 at (size, size, 3); untouched where it has that size."""
    height, width = frame.shape[:2]
    if (height, width) == (size, size):
        return frame
    side = min(height, width)
    top, left = round((height - side) / 2), round((width - side) / 2)
    picture = Image.fromarray(np.ascontiguousarray(frame[top : top + side, left : left + side]))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST))


def first_shape(clip: ComparedClip) -> tuple[int, int]:
    """Returns (height, width) of a video's first frame. Raises Unreadable."""
    return next(iter(clip.frames(1))).shape[:2]


def size_words(shape: tuple[int, int]) -> str:
    """Returns (height, width) as people write it."""
    return f"{shape[1]}x{shape[0]}"


ONE_SIZE = ("lpips", "lpips_disco", "akd", "mkr")  # what is not computed on frames of two sizes


def ruled_out(pairs: Iterable[ClipPair], keys: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Looks at the first frame of every video: returns (metric -> why it cannot be computed, what -> a line to know).

    Raises Unreadable for what cannot be read, before anything heavy.
    """
    missing: dict[str, str] = {}
    notes: dict[str, str] = {}
    for pair in pairs:
        made, true = first_shape(pair.made), first_shape(pair.true)
        for key in filter(METRICS.get, keys):
            least = METRICS[key].least
            if min(true) < least:
                needed = f"{key} needs frames of {least}x{least} or more."
                missing.setdefault(key, f"{pair.true.name} is {size_words(true)}; {needed}")
        differs = f"{pair.made.name} is {size_words(made)} in GENERATED and {size_words(true)} in TRUE"
        if made != true:
            for key in (key for key in keys if key in ONE_SIZE):
                missing.setdefault(key, f"{differs}; {key} compares frames of one size: give --size or --generated-size.")
            notes.setdefault(
                "sizes", f"{differs}; brought to the true size as published (OpenCV, bilinear, not antialiased)."
            )
        if true != (PUBLISHED_SIDE, PUBLISHED_SIDE):
            published = f"{size_words((PUBLISHED_SIDE, PUBLISHED_SIDE))} (--size {PUBLISHED_SIDE})"
            notes.setdefault("published", f"{pair.true.name} is {size_words(true)}; published numbers are of {published}.")
    return missing, notes
