"""Video files as pixels: frame-exact, at random or in order, from files or from the middle of a tar. PyAV."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor

from .animation import MovingPicture
from .blobs import PICTURE_SUFFIXES, Blob, Unreadable, unreadable
from .container import opened
from .display import displayed
from .index import Index, Indexed, read_index

Numbered = Iterator[tuple[int, av.VideoFrame]]  # frames with their numbers


class Video(Indexed):
    """A video file. Only what its index holds stays in memory; frames are decoded when they are asked for."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob

    @cached_property
    def index(self) -> Index:
        """Where the frames are, read once. Raises Unreadable."""
        return read_index(self.blob)

    def decode(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Gives frames (H, W, 3) uint8 RGB of ascending numbers, each decoded once. Raises Unreadable.

        What lies before them is skipped up to the nearest keyframe; consecutive frames are decoded in one go.
        """
        done, first = 0, None
        ways = [self._by_count] if self.index.times is None else [self._by_time, self._by_count]
        for frames_by in ways:  # a container that does not seek well is counted from where it failed
            for number, frame in frames_by(numbers[done:]):
                if frame.is_corrupt:
                    raise self._damaged(number)
                with unreadable(self.blob, "a video", av.error.FFmpegError):
                    picture = displayed(frame, self.index.pixel_ratio)
                first = picture.shape if first is None else first
                if picture.shape != first:
                    raise Unreadable(f"{self.blob.name} changes its size at frame {number}; cut it there.")
                yield picture
                done += 1
            if done == len(numbers):
                return
        raise self._damaged(numbers[done])

    def _damaged(self, number: int) -> Unreadable:
        return Unreadable(f"{self.blob.name} is damaged: frame {number} of {len(self)} cannot be decoded.")

    def _by_time(self, numbers: Sequence[int]) -> Numbered:
        """Gives frames by their timestamps; ends where one is not found. Raises Unreadable."""
        times, keys, last = self.index.times, self.index.keys, -1
        with opened(self.blob) as (container, stream):
            decoded = container.decode(stream)
            for number in numbers:
                key = keys[np.searchsorted(keys, number, side="right") - 1]
                if key > last + 1:  # nothing between the last frame and this keyframe is needed
                    container.seek(int(times[key]), stream=stream)
                    decoded = container.decode(stream)
                frame = next((frame for frame in decoded if frame.pts is None or frame.pts >= times[number]), None)
                if frame is None or frame.pts != times[number]:
                    return
                yield number, frame
                last = number

    def _by_count(self, numbers: Sequence[int]) -> Numbered:
        """Gives frames by decoding from the beginning; ends where there are no more. Raises Unreadable."""
        with opened(self.blob) as (container, stream):
            decoded = enumerate(container.decode(stream))
            for number in numbers:
                for i, frame in decoded:
                    if i == number:
                        yield number, frame
                        break


def open_video(path: Path) -> Video | MovingPicture:
    """Opens a video, or a picture as one of a frame or more. Raises nothing yet."""
    blob = Blob(path.name, path)
    return MovingPicture(blob) if path.suffix.lower() in PICTURE_SUFFIXES else Video(blob)


def read_frames(path: Path) -> tuple[Tensor, float]:
    """Returns all frames (F, H, W, 3) in [0, 1] and frames per second of a video or a picture, at a constant rate.

    Raises Unreadable.
    """
    video = open_video(path)
    frames = np.stack(video.read(video.shown))
    return torch.from_numpy(frames).float() / 255, float(video.fps)
