"""Clips as the networks of FID-VID and FVD get them: which frames, at what size, in which scale."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

CLIP_FRAMES = 16  # frames of a clip
NumberedFrames = Iterable[tuple[int, np.ndarray]]  # frames (H, W, 3) uint8 with their numbers in the video, in rising order


@dataclass(frozen=True)
class Look:
    """How a network sees grey levels: frames of size x size, (grey - mean) / scale."""

    size: int
    mean: tuple[float, float, float]
    scale: float

    def frame(self, frame: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (3, S, S) float32."""
        grey = resized(frame, self.size).astype(np.float64).transpose(2, 0, 1)
        return ((grey - np.reshape(self.mean, (3, 1, 1))) / self.scale).astype(np.float32)


RESNET_LOOK = Look(112, (114.7748, 107.7354, 99.4750), 1.0)  # the mean of ActivityNet's frames
I3D_LOOK = Look(224, (127.5, 127.5, 127.5), 127.5)


def resized(frame: np.ndarray, size: int) -> np.ndarray:
    """Returns (S, S, 3) float32: bicubic, antialiased, the aspect not kept; values may leave 0 to 255.

    frame: (H, W, 3) uint8. Each channel is an image of floats for Pillow: as bytes it would clip and round.
    """
    channels = (Image.fromarray(frame[..., c].astype(np.float32)) for c in range(3))
    return np.stack([np.asarray(c.resize((size, size), Image.Resampling.BICUBIC)) for c in channels], axis=-1)


def windows(frames: NumberedFrames, look: Look) -> Iterator[Tensor]:
    """Gives (3, 16, S, S) for every frame that 15 others follow without a gap in the numbers. Holds 16 frames.

    Raises ValueError where numbers do not rise.
    """
    ring: deque[np.ndarray] = deque(maxlen=CLIP_FRAMES)
    last = None
    for number, frame in frames:
        if last is not None and number <= last:
            raise ValueError(f"Frame {number} comes after frame {last}; expected frames in rising order.")
        if last is not None and number != last + 1:
            ring.clear()  # no window goes over a missing frame
        last = number
        ring.append(look.frame(frame))
        if len(ring) == CLIP_FRAMES:
            yield _clip(ring)


def segments(frames: NumberedFrames, look: Look) -> Iterator[Tensor]:
    """Gives (3, 16, S, S) for each 16 frames in turn; the last frame is repeated until they are 16. Holds 16 frames."""
    waiting: list[np.ndarray] = []
    for _, frame in frames:
        waiting.append(look.frame(frame))
        if len(waiting) == CLIP_FRAMES:
            yield _clip(waiting)
            waiting = []
    if waiting:
        yield _clip(waiting + waiting[-1:] * (CLIP_FRAMES - len(waiting)))


def whole_clip(frames: NumberedFrames, look: Look) -> Iterator[Tensor]:
    """Gives the video as one clip (3, T, S, S), of any length; nothing for a video without frames."""
    video = [look.frame(frame) for _, frame in frames]
    if video:
        yield _clip(video)


def _clip(frames: Iterable[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(list(frames), axis=1))  # (3, T, S, S)
