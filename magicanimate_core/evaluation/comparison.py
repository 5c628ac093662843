"""Every pair of frames, measured: one pair at a time is in memory, and of each only its numbers stay."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from .pairs import ClipPair
from .per_frame import FramePair, at_size, frame_values
from .sizes import size_words
from .videos import ComparedClip

MASK_LIGHT, MASK_DARK = 128, 1  # levels from the first on are foreground; brighter than the second, and darker, is unclear
Perceptual = Callable[
    [np.ndarray, np.ndarray], tuple[float, float]
]  # made, true (H, W, 3) uint8 -> LPIPS as published, correct


def compare(
    pairs: Sequence[ClipPair], keys: Sequence[str], masks: Mapping[str, ComparedClip] | None = None,
    perceptual: Perceptual | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Returns the values of these metrics for the frames of every pair, (F, K) by video; nan where one is not defined.

    Raises ValueError for a mask that does not fit and for frames that LPIPS does not compare, and Unreadable.
    """
    total, values = sum(pair.count for pair in pairs), {}
    with tqdm(total=total, desc="frames", unit="frame") as bar:
        for pair in pairs:
            rows = np.empty((pair.count, len(keys)))
            for row, frames in zip(rows, _frames(pair, masks, perceptual), strict=True):
                row[:] = frame_values(frames, keys)
                bar.update()
            values[pair.made.name] = rows
    return values


def _frames(pair: ClipPair, masks: Mapping[str, ComparedClip] | None, perceptual: Perceptual | None) -> Iterator[FramePair]:
    """The frames of a pair, at the true ones' size."""
    count, name = pair.count, pair.made.name
    streams = [pair.made.frames(count), pair.true.frames(count)]
    masked = masks[name].frames(count) if masks else iter([None] * count)
    for number, made, true, mask in zip(pair.true.numbers[:count], *streams, masked, strict=True):
        given = {}
        if mask is not None:
            given["mask"] = foreground(mask, true, f"frame {number} of {name}")
        if perceptual:
            given["perceptual"] = perceptual(made, true)
        yield FramePair(at_size(made, true), true, **given)


def foreground(mask: np.ndarray, true: np.ndarray, what: str) -> np.ndarray:
    """Returns where a mask (H, W, 3) uint8, black and white, or black and 1, shows the foreground, (H, W) bool.

    Raises ValueError for another size than that of `true` (H, W, 3), and for a mask that is neither black nor white.
    """
    if mask.shape != true.shape:
        raise ValueError(
            f"the mask of {what} is {size_words(mask.shape[:2])}, the frame {size_words(true.shape[:2])}; expected one size."
        )
    levels = mask.max(axis=2)  # (H, W)
    if MASK_DARK < levels.max() < MASK_LIGHT:
        raise ValueError(
            f"the mask of {what} is at most {levels.max()} bright; expected 0 and 255, white is the foreground."
        )
    return levels >= min(MASK_LIGHT, max(int(levels.max()), 1))


def check_masks(pairs: Sequence[ClipPair], masks: Mapping[str, ComparedClip]) -> None:
    """Raises ValueError where a frame that is compared has no mask, or one that does not fit. Looks at first frames."""
    for pair in pairs:
        name, count = pair.true.name, pair.count
        if name not in masks:
            raise ValueError(f"--masks has none of the video {name}; expected the names of TRUE.")
        mask = masks[name]
        same = list(mask.numbers[:count]) == list(pair.true.numbers[:count])
        if len(mask) < count or (mask.named and pair.true.named and not same):
            raise ValueError(f"--masks has not the frames of {name} that TRUE has; expected the same numbers.")
        first, true = (next(iter(clip.frames(1))) for clip in (mask, pair.true))
        foreground(first, true, f"the first frame of {name}")
