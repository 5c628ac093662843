"""A pose video in the windows that are animated, frame by frame, so that memory does not grow with its length."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .images import fit_poses, target_size
from .reading import Video, open_video
from .sound import Sound


class PoseClip:
    """A DensePose video, at a constant rate, of which at most `keep` frames are in memory.

    Windows go through a clip in order, and so does the decoder: it begins anew only for a frame that lies behind it, as the
    first one does after every step, or far ahead.
    """

    def __init__(self, path: Path, keep: int = 48) -> None:
        """Opens a video at its own size. Raises Unreadable."""
        self.path, self.keep = path, keep
        self.video = open_video(path)
        self.shown = self.video.shown  # the numbers of the frames in the file
        self.recent: dict[int, np.ndarray] = {}  # the frames in memory, (H, W, 3) uint8 by number, the oldest first
        self._next, self._decoder = 0, self._decode(0)
        self.resize(0, 0, "crop")
        self.size = self.width, self.height

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def fps(self) -> Fraction:
        """Frames per second."""
        return self.video.fps

    @property
    def sound(self) -> Sound | None:
        """What is heard while the frames are shown; None where there is nothing."""
        return Sound(self.path, self.video.index.start, len(self) / self.fps) if isinstance(self.video, Video) else None

    def resize(self, width: int, height: int, fit: str) -> None:
        """Gives frames at this size from now on (pixels; 0: the clip's own). Raises ValueError for no multiple of 8."""
        self.width, self.height = target_size(width, height, torch.from_numpy(self._frame(self.shown[0]))[None])
        self.fit = fit

    def __call__(self, frames: list[int]) -> Tensor:
        """Returns DensePose images (K, 3, height, width), RGB in [0, 1]. Raises Unreadable."""
        poses = torch.from_numpy(np.stack([self._frame(self.shown[i]) for i in frames]))  # (K, H, W, 3) uint8
        return fit_poses(poses, self.width, self.height, self.fit).movedim(-1, 1).float() / 255

    def _decode(self, first: int) -> Iterator[np.ndarray]:
        """Frames (H, W, 3) uint8 from number `first` on."""
        return self.video.decode(range(first, len(self.video)))

    def _frame(self, number: int) -> np.ndarray:
        """A frame of the file, (H, W, 3) uint8."""
        if number in self.recent:
            return self.recent[number]
        if not self._next <= number < self._next + self.keep:
            self._next, self._decoder = number, self._decode(number)
        while self._next <= number:
            self.recent[self._next] = next(self._decoder)
            self._next += 1
            if len(self.recent) > self.keep:
                del self.recent[next(iter(self.recent))]
        return self.recent[number]
