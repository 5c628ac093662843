"""Videos and pictures read at random, frame-exact, from files or from the middle of a tar."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from ..disk import disguise

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
VIDEOS = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif")
ONE_FRAME_A_PACKET = {"h264", "hevc", "vp9", "av1", "mjpeg", "png", "gif", "ffv1"}  # others are counted by decoding


class Unreadable(Exception):
    """Why a file cannot be used, as a sentence that begins with the file's name."""


class Blob(NamedTuple):
    """A file, or the part of a tar that holds one."""

    name: str
    path: Path
    offset: int = 0
    size: int | None = None  # bytes; None: the whole file

    def read(self, size: int | None = None) -> bytes:
        """All bytes, or the first `size`."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read(*([] if self.size is None else [self.size]) if size is None else [size])
        if size is None and self.size is not None and len(data) < self.size:
            raise Unreadable(f"{self.name} is cut off: {self.path.name} ends after {len(data)} of its {self.size} bytes.")
        return data


class _Index(NamedTuple):
    """Where a video's frames are."""

    count: int
    fps: float | None
    times: np.ndarray | None  # (count,) timestamps in order of presentation; None: frames can only be counted
    keys: np.ndarray  # indices of frames that decoding can begin at


class Video:
    """A video file. Frames are decoded from the nearest keyframe before them."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob

    def __len__(self) -> int:
        return self._index.count

    @property
    def fps(self) -> float | None:
        return self._index.fps

    def read(self, frames: Sequence[int]) -> list[np.ndarray]:
        """Frames (H, W, 3) uint8 RGB in the order asked for. Raises Unreadable."""
        wanted = sorted(set(frames))
        found = self._seek(wanted) if self._index.times is not None else {}
        if len(found) < len(wanted):  # a container that does not seek well
            found = self._count(wanted)
        missing = [i for i in wanted if i not in found]
        if missing:
            raise Unreadable(f"{self.blob.name} is damaged: frame {missing[0]} of {len(self)} cannot be decoded.")
        return [found[i] for i in frames]

    @cached_property
    def _index(self) -> _Index:
        with _opened(self.blob) as (container, stream):
            fps = float(stream.average_rate) if stream.average_rate else None
            promised, exact = stream.frames, stream.codec_context.name in ONE_FRAME_A_PACKET
            packets = [(p.pts, p.is_keyframe, p.is_discard) for p in container.demux(stream) if p.size]
        if len(packets) < promised or not packets:
            raise Unreadable(f"{self.blob.name} is cut off: it has {len(packets)} of {promised or 'its'} frames.")
        packets = [(time, key) for time, key, discarded in packets if not discarded]  # by an edit list
        packets.sort(key=lambda packet: (packet[0] is None, packet[0] or 0))
        times, keys = [time for time, _ in packets], [i for i, (_, key) in enumerate(packets) if key]
        if not exact or None in times or len(set(times)) < len(times) or not keys or keys[0] != 0:
            with _opened(self.blob) as (container, stream):
                return _Index(sum(1 for _ in container.decode(stream)), fps, None, np.zeros(1, int))
        return _Index(len(times), fps, np.array(times), np.array(keys))

    def _seek(self, wanted: list[int]) -> dict[int, np.ndarray]:
        index, found = self._index, {}
        starts = index.keys[np.searchsorted(index.keys, wanted, side="right") - 1]
        with _opened(self.blob) as (container, stream):
            for start in sorted(set(starts.tolist())):
                group = {int(index.times[i]): i for i, own in zip(wanted, starts, strict=True) if own == start}
                if start:
                    container.seek(int(index.times[start]), stream=stream)
                for frame in container.decode(stream):
                    if frame.pts in group:
                        found[group[frame.pts]] = self._pixels(frame, group[frame.pts])
                    if frame.pts is None or frame.pts >= max(group):
                        break
        return found

    def _count(self, wanted: list[int]) -> dict[int, np.ndarray]:
        found = {}
        with _opened(self.blob) as (container, stream):
            for i, frame in enumerate(container.decode(stream)):
                if i in wanted:
                    found[i] = self._pixels(frame, i)
                if i >= wanted[-1]:
                    break
        return found

    def _pixels(self, frame: av.VideoFrame, i: int) -> np.ndarray:
        if frame.is_corrupt:
            raise Unreadable(f"{self.blob.name} is damaged: frame {i} of {len(self)} cannot be decoded.")
        return frame.to_ndarray(format="rgb24")


class Pictures:
    """One picture file a frame."""

    fps = None

    def __init__(self, blobs: Sequence[Blob]) -> None:
        self.blobs = tuple(blobs)

    def __len__(self) -> int:
        return len(self.blobs)

    def read(self, frames: Sequence[int]) -> list[np.ndarray]:
        """Frames (H, W, 3) uint8 RGB in the order asked for. Raises Unreadable."""
        found = {i: read_picture(self.blobs[i]) for i in set(frames)}
        return [found[i] for i in frames]


def read_picture(blob: Blob) -> np.ndarray:
    """An image file as (H, W, 3) uint8 RGB. Raises Unreadable, also when something shows through it."""
    with _reading(blob, "a picture"):
        data = np.frombuffer(blob.read(), np.uint8)
        if data.size == 0:
            raise Unreadable(f"{blob.name} is empty; expected a picture.")
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise Unreadable(f"{blob.name} cannot be read as a picture{_hint(blob)}.")
        if bytes(data[:4]) == b"\x89PNG" and data[25] in (4, 6):  # the colour types with alpha
            if cv2.imdecode(data, cv2.IMREAD_UNCHANGED)[..., -1].min() < np.iinfo(np.uint8).max:
                raise Unreadable(f"{blob.name} is transparent in places; put it on a background first (RGB).")
    return image


@contextmanager
def _reading(blob: Blob, what: str) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, cv2.error, OSError, ValueError) as error:
        raise Unreadable(f"{blob.name} cannot be read as {what} ({error}){_hint(blob)}.") from error


@contextmanager
def _opened(blob: Blob) -> Iterator[tuple]:
    """(container, first video stream)"""
    with _reading(blob, "a video"):
        file = str(blob.path) if blob.size is None else io.BytesIO(blob.read())
        with av.open(file, metadata_errors="ignore") as container:
            if not container.streams.video:
                raise Unreadable(f"{blob.name} has no pictures, only {', '.join(s.type for s in container.streams)}.")
            yield container, container.streams.video[0]


def _hint(blob: Blob) -> str:
    """What such files often are."""
    try:
        known = disguise(blob.read(200))
    except OSError:
        return ""
    return f": it is {known}" if known else ""
