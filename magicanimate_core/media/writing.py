"""Videos and pictures, written frame by frame; they appear under their names when they are whole. PyAV."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from ..disk import whole
from .sound import Sound, track

# How colours are stored, by FFmpeg's numbers (ITU-T H.273): the matrix that FFmpeg takes where nothing is said, so that who
# reads no tags is right, too; curve and primaries of computer pictures; limited range
MATRIX, RGB_MATRIX, CURVE, PRIMARIES, LIMITED, FULL_RANGE = 6, 0, 1, 1, 1, 2


class Encoding(NamedTuple):
    """How a video is compressed."""

    codec: str
    pixels: str  # FFmpeg's name of the pixel format
    options: dict[str, str]  # of the codec
    keyframes: int | None = None  # at most so many frames are decoded to reach one; None: the codec's own rule
    container: str = "mp4"  # FFmpeg's name of the kind of file


# x264's macroblock tree is not the same twice; without it what is made again is the very same file
REPEATABLE = {"x264-params": "mbtree=0"}
RESULT = Encoding("libx264", "yuv420p", {"crf": "14"} | REPEATABLE)
INPUT = Encoding("libx264", "yuv420p", {"crf": "12"} | REPEATABLE)  # as clips come from elsewhere
# 4:2:0 takes as much room, for twice the error
SMOOTH = Encoding("libx264", "yuv444p", {"crf": "12"} | REPEATABLE, keyframes=24)
LOSSLESS = Encoding("libx264rgb", "rgb24", {"qp": "0"}, keyframes=24)  # flat colours take no more room this way

Write = Callable[[np.ndarray], None]  # appends a frame (H, W, 3) uint8 RGB


@contextmanager
def video_writer(
    path: Path, fps: Fraction | float, width: int, height: int, how: Encoding = RESULT, sound: Sound | None = None
) -> Iterator[Write]:
    """Gives a function that appends a frame (H, W, 3) uint8 to a video. fps: frames per second. sound: is put under it."""
    rate = fps if isinstance(fps, Fraction) else Fraction(fps).limit_denominator(1001)
    with whole(path) as part, av.open(str(part), "w", format=how.container) as container:
        stream = _add_stream(container, rate, width, height, how)
        with track(sound, container) as heard:
            frames = 0

            def write(frame: np.ndarray) -> None:  # (H, W, 3)
                nonlocal frames
                container.mux(stream.encode(_stored(frame, how)))
                frames += 1
                if heard:
                    heard.write(container, until=frames / rate)

            yield write
            container.mux(stream.encode())
            if heard:
                heard.write(container)


def _add_stream(container: OutputContainer, rate: Fraction, width: int, height: int, how: Encoding) -> VideoStream:
    """Adds a video to a file, with tags that say how its colours are stored."""
    stream = container.add_stream(how.codec, rate=rate, options=how.options)
    stream.width, stream.height, stream.pix_fmt = width, height, how.pixels
    rgb, coder = how.pixels.startswith("rgb"), stream.codec_context
    coder.colorspace, coder.color_range = (RGB_MATRIX, FULL_RANGE) if rgb else (MATRIX, LIMITED)
    coder.color_trc, coder.color_primaries = CURVE, PRIMARIES
    if how.keyframes is not None:
        coder.gop_size = how.keyframes
    return stream


def _stored(rgb: np.ndarray, how: Encoding) -> av.VideoFrame:
    """Returns a picture (H, W, 3) uint8 as it is encoded."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    if how.pixels == "rgb24":
        return frame
    return frame.reformat(format=how.pixels, dst_colorspace=MATRIX, src_color_range=FULL_RANGE, dst_color_range=LIMITED)


def write_picture(path: Path, rgb: np.ndarray) -> None:
    """Writes a picture (H, W, 3) uint8 RGB as PNG."""
    with whole(path) as part, av.open(str(part), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", rate=1)
        stream.height, stream.width, stream.pix_fmt = *rgb.shape[:2], "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode())
