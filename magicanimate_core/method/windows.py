"""Sliding windows over a long clip: which frames share a window, and how far a clip is padded (paper Sec. 3.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

OFFICIAL = "official"  # as the published code has it; also the name of its timesteps
GOLDEN = (5**0.5 - 1) / 2  # of a window: by so much windows move, which spreads their ends best, however few steps there are


def official_length(frames: int, length: int) -> int:
    """Returns the clip's length after edge padding: the next multiple of the window length, as the published code has it."""
    return -(-frames // length) * length


def official_windows(frames: int, length: int, overlap: int) -> list[list[int]]:
    """Makes a ring of windows: starts at every (length - overlap) frames, the last ones wrap to the first frames.

    >>> official_windows(8, 4, 1)
    [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 0, 1]]
    """
    if frames <= length:
        return [list(range(frames))]
    return [[(start + i) % frames for i in range(length)] for start in range(0, frames, length - overlap)]


def paper_windows(frames: int, length: int, overlap: int) -> list[list[int]]:
    """Makes segments at j(K - s), j = 0..ceil((N - K) / (K - s)); a short last one is padded with the first frames.

    >>> paper_windows(8, 4, 1)
    [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 0, 1]]
    >>> paper_windows(7, 4, 1)
    [[0, 1, 2, 3], [3, 4, 5, 6]]
    """
    stride = length - overlap
    segments = max(0, -(-(frames - length) // stride)) + 1
    return [[(j * stride + i) % frames for i in range(length)] for j in range(segments)]


@dataclass(frozen=True)
class Schedule:
    windows: Callable[[int, int, int], list[list[int]]]  # (frames, length, overlap) -> frame indices of each window
    padded_length: Callable[[int, int], int]  # (frames, length) -> frames that are denoised


SCHEDULES = {
    OFFICIAL: Schedule(official_windows, official_length),
    "paper": Schedule(paper_windows, lambda frames, length: frames),
}


def moved_on(windows: Sequence[list[int]], step: int, frames: int) -> list[list[int]]:
    """Moves windows along the ring of a clip, further at each step (0, 1, ...), so that no seam stays where it is.

    A clip in one window stays as it is: its frames have their places.

    >>> [moved_on([[0, 1, 2, 3], [4, 5, 6, 7]], step, 8)[0] for step in range(3)]
    [[0, 1, 2, 3], [2, 3, 4, 5], [1, 2, 3, 4]]
    """
    if len(windows) == 1:
        return list(windows)
    length = len(windows[0])
    by = round(step * length * GOLDEN) % length
    return [[(frame + by) % frames for frame in window] for window in windows]


def padded_length(schedule: str, frames: int, length: int) -> int:
    """Returns how many frames are denoised for a clip of `frames`; schedules that are not ours (the host's) never pad."""
    return SCHEDULES[schedule].padded_length(frames, length) if schedule in SCHEDULES else frames


def flat_weights(windows: Sequence[Sequence[int]]) -> list[list[float]]:
    """Lets every frame of a window count alike."""
    return [[1.0] * len(window) for window in windows]


def pyramid_weights(windows: Sequence[Sequence[int]]) -> list[list[float]]:
    """Lets frames count for more the nearer they are to the middle of their window."""
    return [[float(min(i, len(window) - 1 - i) + 1) for i in range(len(window))] for window in windows]


def first_window_weights(windows: Sequence[Sequence[int]]) -> list[list[float]]:
    """Lets a frame count in the first window that has it, and once there: nothing is averaged (Table 2d, "w/o").

    >>> first_window_weights([[0, 1, 2], [2, 3, 0]])
    [[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]
    """
    taken: set[int] = set()
    weights: list[list[float]] = []
    for window in windows:
        weights.append([])
        for frame in window:
            weights[-1].append(float(frame not in taken))
            taken.add(frame)
    return weights


NOT_FUSED = "none"
# the paper's, the host's most used, and the paper's ablation: what every frame counts for in each window of a clip
FUSE_METHODS = {"flat": flat_weights, "pyramid": pyramid_weights, NOT_FUSED: first_window_weights}


def share_out(count: int, rank: int, ranks: int) -> range:
    """Returns which of `count` windows a process takes: neighbours together, numbers as even as can be."""
    return range(count * rank // ranks, count * (rank + 1) // ranks)


def grouped(windows: Sequence[list[int]], per_call: int) -> list[tuple[list[int], int]]:
    """Returns the frames of every call of the net, and its windows' length: those that go together have one.

    >>> grouped([[0, 1], [2, 3], [4, 5]], 2)
    [([0, 1, 2, 3], 2), ([4, 5], 2)]
    """
    groups: list[list[list[int]]] = []
    for window in windows:
        if groups and len(groups[-1]) < per_call and len(groups[-1][0]) == len(window):
            groups[-1].append(window)
        else:
            groups.append([window])
    return [([frame for window in group for frame in window], len(group[0])) for group in groups]


def needed_later(batches: Sequence[Sequence[int]]) -> list[dict[int, int]]:
    """Returns for every batch those of its frames that a later batch asks for again, with the number of the next that does.

    >>> needed_later([[0, 1, 2], [2, 3, 4], [4, 5, 0]])
    [{0: 2, 2: 1}, {4: 2}, {}]
    """
    later: list[dict[int, int]] = []
    following: dict[int, int] = {}
    for number in reversed(range(len(batches))):
        later.append({frame: following[frame] for frame in batches[number] if frame in following})
        following |= dict.fromkeys(batches[number], number)
    return later[::-1]


class Fusion:
    """Averages what overlapping windows predict for a frame, weighted by its place in each (paper Sec. 3.3)."""

    def __init__(self, frames: int, numbers: int, dtype: torch.dtype, device: torch.device | str = "cpu") -> None:
        """frames: N of the clip. numbers: D, how many a frame's prediction has."""
        # a frame's weighted predictions and the sum of its weights in one row, so that processes add theirs up in one go
        self.sums = torch.zeros(frames, numbers + 1, dtype=dtype, device=device)  # (N, D + 1)

    def add(self, window: Sequence[int] | Tensor, predictions: Tensor, weights: Tensor) -> None:
        """Takes in a window's predictions (K, D) and what each frame counts for there (K,); a frame may stand twice."""
        weights = weights.to(self.sums)[:, None]  # (K, 1)
        rows = torch.cat([predictions.to(self.sums) * weights, weights], 1)  # (K, D + 1)
        self.sums.index_add_(0, torch.as_tensor(window, device=self.sums.device), rows)

    def mean(self) -> Tensor:
        """Returns the average of every frame, (N, D)."""
        return self.sums[:, :-1] / self.sums[:, -1:]


def pad_last(clip: Tensor, frames: int) -> Tensor:
    """Repeats a clip's last frame, (N, ...) -> (frames, ...)."""
    return clip[torch.arange(frames).clamp(max=clip.shape[0] - 1)]


def check_window(length: int, overlap: int, max_length: int | None = None) -> None:
    """Raises ValueError when the window cannot be used."""
    if length < 1:
        raise ValueError(f"context_length is {length}; a window needs at least 1 frame.")
    if not 0 <= overlap < length:
        raise ValueError(
            f"context_overlap is {overlap} but must lie in 0..{length - 1}: smaller than context_length ({length})."
        )
    if max_length is not None and length > max_length:
        raise ValueError(
            f"context_length is {length}, but the motion module knows positions for {max_length} frames only: "
            f"set context_length to {max_length} or less."
        )
