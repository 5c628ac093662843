"""A pose video read where the windows are, and a photo: frame by frame, so that memory does not grow with length. PyAV."""

from collections import OrderedDict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .images import DENSEPOSE_BACKGROUND, check_image, fit_image, target_size


class PoseClip:
    """A pose video, read where the windows are. Windows go through a clip in order, so decoding does, too."""

    def __init__(self, path: Path, keep: int = 48):
        self.path, self.keep = path, keep
        self._recent: OrderedDict[int, np.ndarray] = OrderedDict()  # frame -> (H, W, 3) uint8
        self._position, self._frames = 0, iter(())
        with self._open() as container:
            stream = container.streams.video[0]
            self.fps = Fraction(stream.average_rate or 25)
            self.count = sum(1 for _ in container.decode(stream))
        if not self.count:
            raise ValueError(f"{path.name} has no frames; expected a DensePose video.")
        self.size = target_size(0, 0, torch.from_numpy(self._frame(0))[None])
        self.width, self.height = self.size
        self.fit = "crop"

    def resize(self, width: int, height: int, fit: str) -> None:
        """Frames come at this size from now on (pixels; 0: the clip's own)."""
        (self.width, self.height), self.fit = target_size(width, height, torch.from_numpy(self._frame(0))[None]), fit

    def __len__(self) -> int:
        return self.count

    def __call__(self, frames: list[int]) -> Tensor:
        """DensePose images (n, 3, height, width), RGB in [0, 1]."""
        images = torch.from_numpy(np.stack([self._frame(i) for i in frames])).float() / 255  # (n, H, W, 3)
        return fit_image(images, self.width, self.height, self.fit, _nearest, DENSEPOSE_BACKGROUND).movedim(-1, 1)

    def _open(self):
        try:
            return av.open(str(self.path))
        except (av.error.FFmpegError, OSError) as error:
            raise ValueError(f"{self.path.name} cannot be read as a video ({error}); expected a DensePose video.") from error

    def _frame(self, index: int) -> np.ndarray:
        if index in self._recent:
            self._recent.move_to_end(index)
            return self._recent[index]
        if index < self._position or self._position == 0:  # back to the beginning, for the next step
            self._position, self._frames = 0, self._decode()
        while self._position <= index:
            image = next(self._frames)
            self._recent[self._position] = image
            self._position += 1
            if len(self._recent) > self.keep:
                self._recent.popitem(last=False)
        return self._recent[index]

    def _decode(self) -> Iterator[np.ndarray]:
        with self._open() as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")


def _nearest(pixels: Tensor, width: int, height: int) -> Tensor:
    return F.interpolate(pixels, (height, width), mode="nearest-exact")  # part labels must not be mixed


def _smooth(pixels: Tensor, width: int, height: int) -> Tensor:
    return F.interpolate(pixels, (height, width), mode="bicubic", antialias=True).clamp(0, 1)


def read_photo(path: Path) -> Tensor:
    """An image file as (1, H, W, 3) in [0, 1]."""
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
    except (av.error.FFmpegError, OSError, StopIteration, IndexError) as error:
        raise ValueError(f"{path.name} cannot be read as an image ({error}); expected a photo (PNG, JPEG, WebP).") from error
    channels = 4 if "a" in frame.format.name.replace("gray", "") and frame.format.name != "pal8" else 3
    image = torch.from_numpy(frame.to_ndarray(format="rgba" if channels == 4 else "rgb24"))[None].float() / 255
    check_image(image, path.name)
    return image


def fit_photo(image: Tensor, width: int, height: int, fit: str) -> Tensor:
    """The photo (1, H, W, 3) at the chosen size, as (1, 3, height, width)."""
    return fit_image(image, width, height, fit, _smooth, (0.5, 0.5, 0.5)).movedim(-1, 1)
