"""Video files as pixels: frame-exact, at random or in order, from files or from the middle of a tar. PyAV."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import torch
from av.container import InputContainer
from av.video.stream import VideoStream
from torch import Tensor

from .blobs import PICTURE_SUFFIXES, Blob, Unreadable, unreadable
from .pictures import Pictures

DEFAULT_FPS = 25.0  # of videos that do not say, of folders of pictures; the published clips have it
ONE_FRAME_A_PACKET = {"h264", "hevc", "vp9", "av1", "mjpeg", "png", "gif", "ffv1"}  # others are counted by decoding

Numbered = Iterator[tuple[int, av.VideoFrame]]  # frames with their numbers


class _Index(NamedTuple):
    """Where a video's frames are."""

    count: int
    fps: Fraction
    times: np.ndarray | None  # (count,) timestamps in order of presentation; None: frames can only be counted
    keys: np.ndarray  # numbers of the frames that decoding can begin at


class Video:
    """A video file. Only what its index holds stays in memory; frames are decoded when they are asked for."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob

    def __len__(self) -> int:
        """Frames of the video. Raises Unreadable."""
        return self._index.count

    @property
    def fps(self) -> Fraction:
        """Frames per second, on average; DEFAULT_FPS where the file does not say. Raises Unreadable."""
        return self._index.fps

    def read(self, frames: Sequence[int]) -> list[np.ndarray]:
        """Returns frames (H, W, 3) uint8 RGB in the order asked for. Raises Unreadable."""
        numbers = sorted(set(frames))
        read = dict(zip(numbers, self.decode(numbers), strict=True))
        return [read[i] for i in frames]

    def decode(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Gives frames (H, W, 3) uint8 RGB of ascending numbers, each decoded once. Raises Unreadable.

        What lies before them is skipped up to the nearest keyframe; consecutive frames are decoded in one go.
        """
        done = 0
        ways = [self._by_count] if self._index.times is None else [self._by_time, self._by_count]
        for frames_by in ways:  # a container that does not seek well is counted from where it failed
            for number, frame in frames_by(numbers[done:]):
                if frame.is_corrupt:
                    raise self._damaged(number)
                yield frame.to_ndarray(format="rgb24")
                done += 1
            if done == len(numbers):
                return
        raise self._damaged(numbers[done])

    def _damaged(self, number: int) -> Unreadable:
        return Unreadable(f"{self.blob.name} is damaged: frame {number} of {len(self)} cannot be decoded.")

    @cached_property
    def _index(self) -> _Index:
        """Reads the packets, once, and decodes only where they do not tell. Raises Unreadable."""
        with _opened(self.blob) as (container, stream):
            fps = Fraction(stream.average_rate or DEFAULT_FPS)
            promised, exact = stream.frames, stream.codec_context.name in ONE_FRAME_A_PACKET
            packets = [(p.pts, p.is_keyframe, p.is_discard) for p in container.demux(stream) if p.size]
        if len(packets) < promised or not packets:
            raise Unreadable(f"{self.blob.name} is cut off: it has {len(packets)} of {promised or 'its'} frames.")
        packets = [(time, key) for time, key, discarded in packets if not discarded]  # by an edit list
        packets.sort(key=lambda packet: (packet[0] is None, packet[0] or 0))
        times, keys = [time for time, _ in packets], [i for i, (_, key) in enumerate(packets) if key]
        if not exact or None in times or len(set(times)) < len(times) or not keys or keys[0] != 0:
            return _Index(self._counted(), fps, None, np.zeros(1, int))
        return _Index(len(times), fps, np.array(times), np.array(keys))

    def _counted(self) -> int:
        """How many frames can be decoded. Raises Unreadable for none."""
        with _opened(self.blob) as (container, stream):
            count = sum(1 for _ in container.decode(stream))
        if not count:
            raise Unreadable(f"{self.blob.name} has no frames that can be decoded.")
        return count

    def _by_time(self, numbers: Sequence[int]) -> Numbered:
        """Gives frames by their timestamps; ends where one is not found. Raises Unreadable."""
        times, keys, last = self._index.times, self._index.keys, -1
        with _opened(self.blob) as (container, stream):
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
        with _opened(self.blob) as (container, stream):
            decoded = enumerate(container.decode(stream))
            for number in numbers:
                for i, frame in decoded:
                    if i == number:
                        yield number, frame
                        break


@contextmanager
def _opened(blob: Blob) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Opens a video at its first video stream. Raises Unreadable, also for what fails while it is open."""
    with unreadable(blob, "a video", av.error.FFmpegError):
        file = str(blob.path) if blob.size is None else io.BytesIO(blob.read())
        with av.open(file, metadata_errors="ignore") as container:
            if not container.streams.video:
                raise Unreadable(f"{blob.name} has no pictures, only {', '.join(s.type for s in container.streams)}.")
            yield container, container.streams.video[0]


def read_frames(path: Path) -> tuple[Tensor, float]:
    """Returns all frames (F, H, W, 3) in [0, 1] and frames per second of a video, or of a picture as one frame.

    Raises Unreadable.
    """
    blob = Blob(path.name, path)
    video = Pictures([blob], DEFAULT_FPS) if path.suffix.lower() in PICTURE_SUFFIXES else Video(blob)
    frames = np.stack(video.read(range(len(video))))
    return torch.from_numpy(frames).float() / 255, float(video.fps)
