"""Frames of a clip by their numbers, without a list of them that would have to be copied to where the clip lies."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor


def stretches(frames: Sequence[int]) -> list[range]:
    """Returns the frames as ranges that follow one another.

    >>> stretches([6, 7, 0, 1])
    [range(6, 8), range(0, 2)]
    """
    found: list[range] = []
    for frame in frames:
        if found and found[-1].stop == frame:
            found[-1] = range(found[-1].start, frame + 1)
        else:
            found.append(range(frame, frame + 1))
    return found


def cut_at(frames: Sequence[int], cuts: Collection[int]) -> list[list[int]]:
    """Parts frames where one does not follow the one before, and before each of `cuts`.

    >>> cut_at([16, 17, 18, 19, 0, 1], {18})
    [[16, 17], [18, 19], [0, 1]]
    """
    parts: list[list[int]] = []
    for part in stretches(frames):
        for frame in part:
            if frame == part.start or frame in cuts:
                parts.append([])
            parts[-1].append(frame)
    return parts


def picked(clip: Tensor, frames: Sequence[int]) -> Tensor:
    """Returns clip[frames], (N, ...) -> (len(frames), ...): a view where the frames are neighbours, else a copy."""
    parts = [clip[part.start : part.stop] for part in stretches(frames)]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
