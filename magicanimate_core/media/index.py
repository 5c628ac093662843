"""Where a video file's frames are, by its packets, and by decoding only where they do not tell. PyAV."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from .blobs import Blob, Unreadable
from .container import missing_bytes, opened
from .timing import DEFAULT_FPS, constant_rate, even_edges, shown

ONE_FRAME_A_PACKET = {"h264", "hevc", "vp9", "av1", "mjpeg", "png", "gif", "ffv1"}  # others are counted by decoding


class Index(NamedTuple):
    """Where a video's frames are, and how they are shown."""

    edges: np.ndarray  # (count + 1,) seconds, as in timing
    fps: Fraction  # frames per second; of unequal frames, those they are brought to
    times: np.ndarray | None  # (count,) timestamps in order of presentation; None: frames can only be counted
    keys: np.ndarray  # numbers of the frames that decoding can begin at
    start: Fraction  # seconds at which the first frame is shown, by the file's clock
    pixel_ratio: Fraction | None  # width / height of a pixel


class Indexed:
    """Frames by number, and when they are shown: `index` and `decode` are what each kind of file does in its way."""

    index: Index

    def decode(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Gives frames (H, W, 3) uint8 RGB of ascending numbers. Raises Unreadable."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Frames in the file. Raises Unreadable."""
        return len(self.index.edges) - 1

    @property
    def fps(self) -> Fraction:
        """Frames per second; of unequal frames, those that `shown` is for. Raises Unreadable."""
        return self.index.fps

    @property
    def edges(self) -> np.ndarray:
        """(F + 1,) seconds after the first at which frames begin, and the end of the last. Raises Unreadable."""
        return self.index.edges

    @property
    def shown(self) -> list[int]:
        """The numbers of the frames that are seen at `fps` frames a second: each once, if all last equally long."""
        return shown(self.index.edges, self.index.fps)

    def read(self, frames: Sequence[int]) -> list[np.ndarray]:
        """Returns frames (H, W, 3) uint8 RGB in the order asked for. Raises Unreadable."""
        numbers = sorted(set(frames))
        read = dict(zip(numbers, self.decode(numbers), strict=True))
        return [read[i] for i in frames]


class _Packet(NamedTuple):
    """A frame that is compressed, times in the stream's units."""

    time: int | None
    key: bool
    lasts: int
    cut: bool  # by an edit list


def read_index(blob: Blob) -> Index:
    """Reads the packets, once, and decodes only where they do not tell. Raises Unreadable, also for what is cut off."""
    with opened(blob) as (container, stream):
        name, unit, ratio = stream.codec_context.name, stream.time_base, stream.sample_aspect_ratio
        said = [rate for rate in (stream.average_rate, stream.guessed_rate, Fraction(DEFAULT_FPS)) if rate]
        untimed = container.format.name == "avi"  # its frames have no times but their order, and the first one is at 0
        packets = _packets(blob, container, stream)
    times, keys = [packet.time for packet in packets], [i for i, packet in enumerate(packets) if packet.key]
    exact = name in ONE_FRAME_A_PACKET and None not in times and len(set(times)) == len(times) and keys and keys[0] == 0
    if not exact:
        times, keys = _decoded_times(blob), [0]
    edges = _edges(times, packets[-1].lasts, unit, said[0])
    begin = 0 if untimed else times[0] or 0
    return Index(edges, constant_rate(edges, said), np.array(times) if exact else None, np.array(keys), begin * unit, ratio)


def _packets(blob: Blob, container: InputContainer, stream: VideoStream) -> list[_Packet]:
    """Lists the packets that are shown, in order of presentation. Raises Unreadable for a file that is cut off."""
    filled = [  # without what is in them: all of a long film's would be gigabytes
        _Packet(packet.pts, packet.is_keyframe, packet.duration or 0, packet.is_discard)
        for packet in container.demux(stream)
        if packet.size
    ]
    counted = "mp4" in container.format.name and stream.frames  # an AVI's count has empty packets in it: frames shown longer
    if not filled or (counted and len(filled) < counted):
        raise Unreadable(f"{blob.name} is cut off: it has {len(filled)} of {counted or 'its'} frames.")
    if not counted and missing_bytes(blob):
        raise Unreadable(f"{blob.name} is cut off: its end is missing, after {len(filled)} frames.")
    return sorted(
        (packet for packet in filled if not packet.cut), key=lambda packet: (packet.time is None, packet.time or 0)
    )


def _decoded_times(blob: Blob) -> list[int | None]:
    """Times of all frames that can be decoded. Raises Unreadable for none."""
    with opened(blob) as (container, stream):
        times = [frame.pts for frame in container.decode(stream)]
    if not times:
        raise Unreadable(f"{blob.name} has no frames that can be decoded.")
    return times


def _edges(times: Sequence[int | None], last: int, unit: Fraction, rate: Fraction) -> np.ndarray:
    """When frames begin and the last one ends, (F + 1,) seconds. last: how long that one lasts; unit: of a timestamp."""
    if None in times or any(b <= a for a, b in zip(times, times[1:], strict=False)):  # type: ignore[operator]
        return even_edges(len(times), rate)
    begins = np.array([float((time - times[0]) * unit) for time in times])  # type: ignore[operator]
    lasting = np.diff(begins) if len(begins) > 1 else np.array([float(1 / rate)])
    usual = min(lasting[-1], np.median(lasting))  # where the last one does not say, or hardly a tick
    return np.append(begins, begins[-1] + max(float(last * unit), usual))
